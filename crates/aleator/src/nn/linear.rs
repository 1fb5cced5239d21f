//! A linear layer: y = x W + b.

use aleator_engine::graph::Expr;

use super::{Init, Parameters, Spec};

/// x W + b, with W of shape `[inputs, outputs]`.
#[derive(Clone, Debug)]
pub struct Linear {
    name: String,
    inputs: usize,
    outputs: usize,
    weight: Init,
    bias: Init,
}

impl Linear {
    /// A layer from `inputs` to `outputs` numbers. W is initialised by Glorot's rule, b is 0.
    pub fn new(name: impl Into<String>, inputs: usize, outputs: usize) -> Self {
        Linear { name: name.into(), inputs, outputs, weight: Init::Glorot, bias: Init::Constant(0.0) }
    }

    /// Sets the initial values of b.
    pub fn with_bias(self, bias: Init) -> Self {
        Linear { bias, ..self }
    }

    /// Sets the initial values of W.
    pub fn with_weight(self, weight: Init) -> Self {
        Linear { weight, ..self }
    }

    /// The number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The parameters `name.weight` and `name.bias`.
    pub fn specs(&self) -> Vec<Spec> {
        vec![
            Spec::new(format!("{}.weight", self.name), [self.inputs, self.outputs], self.weight.clone()),
            Spec::new(format!("{}.bias", self.name), [self.outputs], self.bias.clone()),
        ]
    }

    /// The output, of shape `[.., rows, outputs]`, for `x` of shape `[.., rows, inputs]`.
    pub fn apply<'g>(&self, parameters: &Parameters<'g>, x: Expr<'g>) -> Expr<'g> {
        x.matmul(parameters.get(&format!("{}.weight", self.name)))
            + parameters.get(&format!("{}.bias", self.name))
    }
}
