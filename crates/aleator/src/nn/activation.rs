//! Activations: elementwise functions between linear layers.

use aleator_engine::graph::Expr;

/// An elementwise function. References: `clevert2016fast` (ELU), `hendrycks2016gaussian` (GELU, SiLU).
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
    /// max(x, x / 100); its derivative at 0 is the mean of both sides
    LeakyRelu,
    /// x if x > 0, else eˣ − 1
    Elu,
    /// x Φ(x), with the distribution function of the standard Normal
    Gelu,
    /// log(1 + eˣ)
    Softplus,
}

impl Activation {
    /// All activations that are not the identity, by name.
    pub const NAMED: [(&str, Activation); 8] = [
        ("tanh", Activation::Tanh),
        ("relu", Activation::Relu),
        ("leaky-relu", Activation::LeakyRelu),
        ("elu", Activation::Elu),
        ("gelu", Activation::Gelu),
        ("silu", Activation::Silu),
        ("softplus", Activation::Softplus),
        ("sigmoid", Activation::Sigmoid),
    ];

    /// The name.
    pub fn name(self) -> &'static str {
        Self::NAMED.iter().find(|(_, other)| *other == self).map_or("identity", |(name, _)| name)
    }

    /// The function at `x`, elementwise.
    pub fn apply(self, x: Expr<'_>) -> Expr<'_> {
        match self {
            Activation::Identity => x,
            Activation::Tanh => x.tanh(),
            Activation::Relu => x.relu(),
            Activation::Sigmoid => x.sigmoid(),
            Activation::Silu => x * x.sigmoid(),
            Activation::LeakyRelu => x.maximum(0.01 * x),
            // At 0, ½ of each side: the derivative is 1.
            Activation::Elu => x.maximum(0.0) + x.minimum(0.0).expm1(),
            Activation::Gelu => x * (0.5 * (1.0 + (x * std::f64::consts::FRAC_1_SQRT_2).erf())),
            Activation::Softplus => x.softplus(),
        }
    }
}
