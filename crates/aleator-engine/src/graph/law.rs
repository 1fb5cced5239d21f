//! Laws that are drawn from by rejection, where no inverse of the distribution function is cheap.

/// The distribution of an [`Op::Draw`](super::Op::Draw). Its parameters are the operation's inputs, in this order.
///
/// Outside of the domain that is given with each, and at NaN, a draw is NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Law {
    /// Density λᵅ zᵅ⁻¹ e^(−λz) / Γ(α), by α > 0 and λ > 0, both finite. A draw is at least the smallest normal number.
    Gamma,
    /// log z of a z ~ Gamma(α, 1), by α > 0, finite, the same that [`Law::Gamma`] draws from the same noise: z itself underflows
    /// where α is small.
    LogGamma,
    /// Density zᵃ⁻¹ (1 − z)ᵇ⁻¹ / B(a, b), by a > 0 and b > 0, both finite. A draw is at least the smallest normal
    /// number and at most the largest below 1.
    Beta,
    /// logit z of a z ~ Beta(a, b), the same that [`Law::Beta`] draws from the same noise: z itself rounds to 0 or 1 where a and b
    /// are small.
    LogitBeta,
    /// Mass λᵏ e^(−λ) / k!, by λ ≥ 0, finite.
    Poisson,
    /// Mass (n over k) pᵏ qⁿ⁻ᵏ, by n (whole, not negative, finite), p and q = 1 − p: both are parameters, so that
    /// neither is rounded away beside the other.
    Binomial,
    /// Density e^(κ cos z) / (2π I₀(κ)) on [−π, π], by κ ≥ 0, finite.
    VonMises,
}

impl Law {
    /// How many parameters it has.
    pub fn parameters(self) -> usize {
        match self {
            Law::LogGamma | Law::Poisson | Law::VonMises => 1,
            Law::Gamma | Law::Beta | Law::LogitBeta => 2,
            Law::Binomial => 3,
        }
    }
}
