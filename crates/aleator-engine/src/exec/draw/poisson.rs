//! Poisson variates.
//!
//! ```text
//! λ < 10:   inversion, summing the mass from 0 upwards
//! λ ≥ 10:   Hörmann's transformed rejection with a squeeze (PTRS, `hormann1993transformed`): with u ∈ (−½, ½), v ∈ (0, 1),
//!           b = 0.931 + 2.53 √λ,  a = −0.059 + 0.02483 b,  1/α = 1.1239 + 1.1328/(b − 3.4),  s = ½ − |u|,
//!           k = ⌊(2a/s + b) u + λ + 0.43⌋;   accept at once if s ≥ 0.07 and v ≤ 0.9277 − 3.6224/(b − 2), else if
//!           log(v /α / (a/s² + b)) ≤ log Poisson(k; λ)
//! ```
//!
//! Above 2⁵³, a draw is rounded to a representable number.

use super::mass::log_poisson;
use super::{ATTEMPTS, Sequence};
use crate::exec::math::Real;

/// Poisson(λ)
pub(super) fn poisson(rate: f64, random: &mut Sequence) -> f64 {
    if !(0.0..f64::INFINITY).contains(&rate) {
        f64::NAN
    } else if rate < 10.0 {
        by_inversion(rate, random.uniform())
    } else {
        by_rejection(rate, random)
    }
}

fn by_inversion(rate: f64, mut u: f64) -> f64 {
    let (mut k, mut mass) = (0.0, Real::exp(-rate));
    // What is left of the mass beyond 10⁻²⁰ is less than u resolves.
    while u > mass && (k < rate || mass > 1e-20) {
        u -= mass;
        k += 1.0;
        mass *= rate / k;
    }
    k
}

fn by_rejection(rate: f64, random: &mut Sequence) -> f64 {
    let b = 0.931 + 2.53 * rate.sqrt();
    let a = -0.059 + 0.02483 * b;
    let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    let squeeze = 0.9277 - 3.6224 / (b - 2.0);
    for _ in 0..ATTEMPTS {
        let u = random.uniform() - 0.5;
        let v = random.uniform();
        let s = 0.5 - u.abs();
        let k = f64::floor((2.0 * a / s + b) * u + rate + 0.43);
        if s >= 0.07 && v <= squeeze {
            return k;
        }
        if k < 0.0 || (s < 0.013 && v > s) {
            continue;
        }
        if Real::log(v * inverse_alpha / (a / (s * s) + b)) <= log_poisson(k, rate) {
            return k;
        }
    }
    f64::NAN
}
