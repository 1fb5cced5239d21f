//! Linear layers with activations between them.

use aleator_engine::graph::Expr;

use super::{Activation, Init, Linear, Parameters, Spec};

/// A multi-layer perceptron; without hidden layers, a linear map.
#[derive(Clone, Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
    activation: Activation,
}

impl Mlp {
    /// From `inputs` through layers of `hidden` units to `outputs`. Its layers are called `name.0`, `name.1`, and so on, or
    /// just `name` if there is one.
    pub fn new(name: &str, inputs: usize, hidden: &[usize], outputs: usize, activation: Activation) -> Self {
        let sizes: Vec<usize> = std::iter::once(inputs).chain(hidden.iter().copied()).collect();
        let ends = hidden.iter().copied().chain([outputs]);
        let named = |i: usize| if hidden.is_empty() { name.to_string() } else { format!("{name}.{i}") };
        let layers =
            sizes.iter().zip(ends).enumerate().map(|(i, (&from, to))| Linear::new(named(i), from, to));
        Mlp { layers: layers.collect(), activation }
    }

    /// Another start for the last layer's bias.
    pub fn with_last_bias(mut self, bias: Init) -> Self {
        if let Some(last) = self.layers.pop() {
            self.layers.push(last.with_bias(bias));
        }
        self
    }

    /// Another start for all weights.
    pub fn with_weights(self, init: &Init) -> Self {
        let layers = self.layers.into_iter().map(|layer| layer.with_weight(init.clone())).collect();
        Mlp { layers, ..self }
    }

    /// All layers' parameters.
    pub fn specs(&self) -> Vec<Spec> {
        self.layers.iter().flat_map(Linear::specs).collect()
    }

    /// Of `x` with shape `[.., rows, inputs]`: `[.., rows, outputs]`.
    pub fn apply<'g>(&self, parameters: &Parameters<'g>, x: Expr<'g>) -> Expr<'g> {
        let mut layers = self.layers.iter();
        let Some(first) = layers.next() else { return x };
        layers.fold(first.apply(parameters, x), |x, layer| layer.apply(parameters, self.activation.apply(x)))
    }
}
