//! Activations: elementwise functions between linear layers.

use aleator_engine::graph::Expr;

/// An elementwise function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// x
    Identity,
    /// tanh x
    #[default]
    Tanh,
    /// max(0, x); its derivative at 0 is ½, the mean of both sides
    Relu,
    /// 1 / (1 + e⁻ˣ)
    Sigmoid,
    /// x σ(x), also called swish
    Silu,
}

impl Activation {
    /// The function at `x`, elementwise.
    pub fn apply(self, x: Expr<'_>) -> Expr<'_> {
        match self {
            Activation::Identity => x,
            Activation::Tanh => x.tanh(),
            Activation::Relu => x.relu(),
            Activation::Sigmoid => x.sigmoid(),
            Activation::Silu => x * x.sigmoid(),
        }
    }
}
