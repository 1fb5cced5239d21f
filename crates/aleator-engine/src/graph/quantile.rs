//! Quantiles whose derivatives by a parameter are operations.

/// The quantile of an [`Op::QuantileDerivative`](super::Op::QuantileDerivative). The inputs of the operation are the parameters of
/// the law and a value, in this order; the result is the derivative of the value by the first parameter where the probability of
/// smaller values and the other parameters are fixed.
///
/// If a parameter is NaN or outside the stated domain, or the value is NaN, the result is NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Quantile {
    /// y = log z of a z ~ Gamma(α, 1), with finite α > 0: ∂y/∂α of (α, y). The derivative of z is z times this.
    LogGamma,
    /// y = logit z of a z ~ Beta(a, b), with finite a > 0 and b > 0: ∂y/∂a of (a, b, y). The derivative by b is minus this of
    /// (b, a, −y), and that of z is z (1 − z) times this.
    LogitBeta,
    /// y = log |t| of Student's t with finite ν > 0 degrees of freedom: ∂y/∂ν of (ν, y). The derivative of t is t times this.
    LogStudentT,
    /// An angle z in [−π, π] with density e^(κ cos z) / (2π I₀(κ)), with finite κ ≥ 0: ∂z/∂κ of (κ, z).
    VonMises,
}

impl Quantile {
    /// The number of inputs: the parameters and the value.
    pub fn inputs(self) -> usize {
        match self {
            Quantile::LogGamma | Quantile::LogStudentT | Quantile::VonMises => 2,
            Quantile::LogitBeta => 3,
        }
    }
}
