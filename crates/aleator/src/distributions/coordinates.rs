//! The coordinates in which a draw is made, for log-densities that rounding does not reach.
//!
//! A draw is z = T(ε; θ₀), at the parameters θ₀ = θ in value, which are held. Its log-density as a function of θ needs
//! T⁻¹(z; θ). Computed from the rounded z, that is lost where draws crowd: for Beta(0.05, 0.05) every second z rounds to 0 or
//! to 1, and the score there, which should be ±10² and more, is that of the last number before the end. As E\[score\] = 0 fails,
//! the bias grows with the level of the cost. Computed as
//!
//! ```text
//! (z − μ)/σ,   z = μ₀ + σ₀ ε          =  ε σ₀/σ + (μ₀ − μ)/σ              location and scale
//! log z, logit z, log(−log z)         from the logarithms that the sampler works with
//! ```
//!
//! it is ε (or that logarithm) to the last bit in value and has the right derivatives of every order: σ₀/σ is 1 and μ₀ − μ
//! is 0, however large μ is beside σ.

use aleator_engine::graph::Expr;

use super::family::Family;
use super::noise::Noise;

/// Into how many steps of the number format a standard deviation must reach, for a count to be held well enough.
const STEPS: f64 = 128.0;

/// (z − μ)/σ of the held draw z = μ₀ + σ₀ ε.
pub(super) fn standardized<'g>(epsilon: Expr<'g>, loc: Expr<'g>, scale: Expr<'g>) -> Expr<'g> {
    let epsilon = epsilon.stop_gradient();
    epsilon * (scale.stop_gradient() / scale) + (loc.stop_gradient() - loc) / scale
}

/// [`Family::log_prob_of_draw`] where every value of the support is a floating-point number, so that a draw is held
/// exactly.
pub(super) fn of_exact_draw<'g>(
    family: &dyn Family,
    parameters: &[Expr<'g>],
    noise: &mut Noise<'g>,
) -> Expr<'g> {
    let z = family.sample(parameters, noise).stop_gradient();
    family.log_prob(parameters, z)
}

/// The same for counts of a standard deviation. Where counts are so large that the number format has few or none between
/// them that a draw could take, its score is lost: it is NaN, for a number that looks like one would be wrong.
pub(super) fn of_count<'g>(
    family: &dyn Family,
    parameters: &[Expr<'g>],
    noise: &mut Noise<'g>,
    deviation: Expr<'g>,
) -> Expr<'g> {
    let z = family.sample(parameters, noise).stop_gradient();
    family.log_prob(parameters, z) * held(z, deviation)
}

/// 1 where a number of that standard deviation is held well enough, NaN where it is not.
pub(super) fn held<'g>(z: Expr<'g>, deviation: Expr<'g>) -> Expr<'g> {
    // Whole numbers are held exactly as long as the next one is.
    let step = (deviation.stop_gradient() / STEPS).maximum(1.0);
    (z + step).greater(z).select(1.0, f64::NAN)
}
