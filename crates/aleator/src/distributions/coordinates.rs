//! The coordinates in which a sample is computed, for log-densities without rounding errors of the sample.
//!
//! A sample is z = T(ε; θ₀), where θ₀ equals θ in value and is held fixed. The log-density as a function of θ requires T⁻¹(z; θ).
//! If this is computed from the rounded z, it is inaccurate where samples concentrate: for Beta(0.05, 0.05), half of the samples
//! round to 0 or to 1, and the score at the rounded value is wrong by orders of magnitude. Then E\[score\] is not 0, and the bias
//! grows with the level of the cost. If T⁻¹ is computed as
//!
//! ```text
//! (z − μ)/σ,   z = μ₀ + σ₀ ε          =  ε σ₀/σ + (μ₀ − μ)/σ              location and scale
//! log z, logit z, log(−log z)         from the logarithms that the sampler works with
//! ```
//!
//! its value is exactly ε (or that logarithm), and derivatives of every order are correct: σ₀/σ is 1 and μ₀ − μ is 0, however
//! large μ is compared with σ.

use aleator_engine::graph::Expr;

use super::family::Family;
use super::noise::Noise;

/// The number of representable numbers that one standard deviation must span, so that a count is represented accurately enough.
pub(super) const STEPS: f64 = 128.0;

/// (z − μ)/σ of the fixed sample z = μ₀ + σ₀ ε.
pub(super) fn standardized<'g>(epsilon: Expr<'g>, loc: Expr<'g>, scale: Expr<'g>) -> Expr<'g> {
    let epsilon = epsilon.stop_gradient();
    epsilon * (scale.stop_gradient() / scale) + (loc.stop_gradient() - loc) / scale
}

/// [`Family::log_prob_of_draw`] for families whose values are floating-point numbers, so that samples are not rounded.
pub(super) fn of_exact_draw<'g>(
    family: &dyn Family,
    parameters: &[Expr<'g>],
    noise: &mut Noise<'g>,
) -> Expr<'g> {
    let z = family.sample(parameters, noise).stop_gradient();
    family.log_prob(parameters, z)
}

/// The same for counts with the given standard deviation. If counts are so large that they are rounded, the score cannot be
/// computed and is NaN.
pub(super) fn of_count<'g>(
    family: &dyn Family,
    parameters: &[Expr<'g>],
    noise: &mut Noise<'g>,
    deviation: Expr<'g>,
) -> Expr<'g> {
    let z = family.sample(parameters, noise).stop_gradient();
    family.log_prob(parameters, z) * held(z, deviation)
}

/// 1 where a count with that standard deviation is represented accurately enough, else NaN.
pub(super) fn held<'g>(z: Expr<'g>, deviation: Expr<'g>) -> Expr<'g> {
    // Whole numbers are held exactly as long as the next one is.
    let step = (deviation.stop_gradient() / STEPS).maximum(1.0);
    (z + step).greater(z).select(1.0, f64::NAN)
}
