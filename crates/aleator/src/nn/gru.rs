//! The gated recurrent unit.
//!
//! ```text
//! r = σ(x W_r + b_r + h U_r + c_r),   u = σ(x W_u + b_u + h U_u + c_u)
//! n = tanh(x W_n + b_n + r (h U_n + c_n)),   h' = (1 − u) n + u h
//! ```
//!
//! The three parts are concatenated in this order: W has shape `[inputs, 3 width]`, and U has shape `[width, 3 width]`. The reset
//! gate is applied after the product with U, as in PyTorch and cuDNN. Reference: `cho2014learning`.

use aleator_engine::graph::Expr;

use super::{Linear, Parameters, Spec};

/// One step of a recurrent layer.
#[derive(Clone, Debug)]
pub struct GruCell {
    input: Linear,
    state: Linear,
    width: usize,
}

impl GruCell {
    /// A unit with `inputs` inputs and a state of `width` numbers.
    pub fn new(name: &str, inputs: usize, width: usize) -> Self {
        GruCell {
            input: Linear::new(format!("{name}.input"), inputs, width.saturating_mul(3)),
            state: Linear::new(format!("{name}.state"), width, width.saturating_mul(3)),
            width,
        }
    }

    /// The parameters `name.input.weight`, `name.input.bias`, `name.state.weight` and `name.state.bias`.
    pub fn specs(&self) -> Vec<Spec> {
        [self.input.specs(), self.state.specs()].concat()
    }

    /// The next state, of shape `[.., rows, width]`, computed from `x` of shape `[.., rows, inputs]` and the state `h`.
    pub fn apply<'g>(&self, parameters: &Parameters<'g>, x: Expr<'g>, h: Expr<'g>) -> Expr<'g> {
        let (from_x, from_h) = (self.input.apply(parameters, x), self.state.apply(parameters, h));
        let part = |e: Expr<'g>, i: usize| e.slice(-1, i * self.width, self.width);
        let reset = (part(from_x, 0) + part(from_h, 0)).sigmoid();
        let update = (part(from_x, 1) + part(from_h, 1)).sigmoid();
        let new = (part(from_x, 2) + reset * part(from_h, 2)).tanh();
        (1.0 - update) * new + update * h
    }
}
