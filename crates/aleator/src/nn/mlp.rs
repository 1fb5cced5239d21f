//! Linear layers with activations between them.

use aleator_engine::graph::Expr;

use super::{Activation, Init, Linear, Parameters, Spec};

/// A multi-layer perceptron. Without hidden layers, it is a linear map.
#[derive(Clone, Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
    activation: Activation,
}

impl Mlp {
    /// A perceptron from `inputs` through layers of `hidden` units to `outputs`. The layers have the names `name.0`, `name.1`,
    /// and so on, or `name` if there is only one.
    pub fn new(name: &str, inputs: usize, hidden: &[usize], outputs: usize, activation: Activation) -> Self {
        let sizes: Vec<usize> = std::iter::once(inputs).chain(hidden.iter().copied()).collect();
        let ends = hidden.iter().copied().chain([outputs]);
        let named = |i: usize| if hidden.is_empty() { name.to_string() } else { format!("{name}.{i}") };
        let layers =
            sizes.iter().zip(ends).enumerate().map(|(i, (&from, to))| Linear::new(named(i), from, to));
        Mlp { layers: layers.collect(), activation }
    }

    /// Sets the initial values of the bias of the last layer.
    pub fn with_last_bias(mut self, bias: Init) -> Self {
        if let Some(last) = self.layers.pop() {
            self.layers.push(last.with_bias(bias));
        }
        self
    }

    /// Sets the initial values of all weights.
    pub fn with_weights(self, init: &Init) -> Self {
        let layers = self.layers.into_iter().map(|layer| layer.with_weight(init.clone())).collect();
        Mlp { layers, ..self }
    }

    /// The parameters of all layers.
    pub fn specs(&self) -> Vec<Spec> {
        self.layers.iter().flat_map(Linear::specs).collect()
    }

    /// The output, of shape `[.., rows, outputs]`, for `x` of shape `[.., rows, inputs]`.
    pub fn apply<'g>(&self, parameters: &Parameters<'g>, x: Expr<'g>) -> Expr<'g> {
        let mut layers = self.layers.iter();
        let Some(first) = layers.next() else { return x };
        layers.fold(first.apply(parameters, x), |x, layer| layer.apply(parameters, self.activation.apply(x)))
    }
}
