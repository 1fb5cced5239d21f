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
    /// W as Glorot has it, b = 0.
    pub fn new(name: impl Into<String>, inputs: usize, outputs: usize) -> Self {
        Linear { name: name.into(), inputs, outputs, weight: Init::Glorot, bias: Init::Constant(0.0) }
    }

    /// Another start for b.
    pub fn with_bias(self, bias: Init) -> Self {
        Linear { bias, ..self }
    }

    /// Another start for W.
    pub fn with_weight(self, weight: Init) -> Self {
        Linear { weight, ..self }
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// `name.weight` and `name.bias`.
    pub fn specs(&self) -> Vec<Spec> {
        vec![
            Spec::new(format!("{}.weight", self.name), [self.inputs, self.outputs], self.weight.clone()),
            Spec::new(format!("{}.bias", self.name), [self.outputs], self.bias.clone()),
        ]
    }

    /// Of `x` with shape `[.., rows, inputs]`: `[.., rows, outputs]`.
    pub fn apply<'g>(&self, parameters: &Parameters<'g>, x: Expr<'g>) -> Expr<'g> {
        x.matmul(parameters.get(&format!("{}.weight", self.name)))
            + parameters.get(&format!("{}.bias", self.name))
    }
}
