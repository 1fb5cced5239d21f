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
}

impl Quantile {
    /// The number of inputs: the parameters and the value.
    pub fn inputs(self) -> usize {
        match self {
            Quantile::LogGamma => 2,
        }
    }
}
