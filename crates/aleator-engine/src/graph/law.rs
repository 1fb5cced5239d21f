//! Laws: distributions that are sampled by rejection, because the inverse of their distribution function is expensive.

/// The distribution of an [`Op::Draw`](super::Op::Draw). The inputs of the operation are its parameters, in this order.
///
/// If a parameter is NaN or outside the stated domain, the draw is NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Law {
    /// Density λᵅ zᵅ⁻¹ e^(−λz) / Γ(α), with α > 0 and λ > 0, both finite. A draw is at least the smallest normal number.
    Gamma,
    /// log z of a z ~ Gamma(α, 1), with finite α > 0. It is the draw that [`Law::Gamma`] makes from the same noise; for small α,
    /// z itself underflows.
    LogGamma,
    /// Density zᵃ⁻¹ (1 − z)ᵇ⁻¹ / B(a, b), with a > 0 and b > 0, both finite. A draw is at least the smallest normal number and at
    /// most the largest number below 1.
    Beta,
    /// logit z of a z ~ Beta(a, b). It is the draw that [`Law::Beta`] makes from the same noise; for small a and b, z itself
    /// rounds to 0 or 1.
    LogitBeta,
    /// Mass λᵏ e^(−λ) / k!, with finite λ ≥ 0.
    Poisson,
    /// Mass (n over k) pᵏ qⁿ⁻ᵏ, with n (an integer, not negative, finite), p and q = 1 − p. Both p and q are parameters, so that
    /// neither loses precision to rounding.
    Binomial,
    /// Density e^(κ cos z) / (2π I₀(κ)) on [−π, π], with finite κ ≥ 0.
    VonMises,
}

impl Law {
    /// The number of parameters.
    pub fn parameters(self) -> usize {
        match self {
            Law::LogGamma | Law::Poisson | Law::VonMises => 1,
            Law::Gamma | Law::Beta | Law::LogitBeta => 2,
            Law::Binomial => 3,
        }
    }
}
