//! Von Mises variates about 0, by the method of Best and Fisher (`best1979efficient`).
//!
//! ```text
//! τ = 1 + √(1 + 4κ²),  ρ = (τ − √2τ)/(2κ),  r = (1 + ρ²)/(2ρ)
//! w = cos πu₁,  f = (1 + r w)/(r + w),  c = κ (r − f);   accept if c (2 − c) > u₂ or log(c/u₂) + 1 − c ≥ 0
//! z = ± arccos f
//! ```
//!
//! The proposal is a wrapped Cauchy variate. For large κ, r and f are close to 1, so the code computes r − 1 = (1 − ρ)²/(2ρ) and
//! 1 − f = (r − 1)(1 − w)/(r + w), with z = ± 2 arcsin √((1 − f)/2); for small κ, it computes τ − 2 directly. At least 65% of the
//! proposals are accepted.

use std::f64::consts::PI;

use super::{ATTEMPTS, Sequence};
use crate::exec::math::Real;

/// VonMises(0, κ)
pub(super) fn von_mises(kappa: f64, random: &mut Sequence) -> f64 {
    if !(0.0..f64::INFINITY).contains(&kappa) {
        return f64::NAN;
    }
    // The uniform distribution to the last bit.
    if kappa < 1e-17 {
        return PI * (2.0 * random.uniform() - 1.0);
    }
    let root = libm::hypot(1.0, 2.0 * kappa);
    let tau = 1.0 + root;
    // (τ − √2τ)/(2κ) with τ − 2 = 4κ²/τ
    let rho = 2.0 * kappa / tau * (tau.sqrt() / (tau.sqrt() + 2f64.sqrt()));
    let distance = if kappa < 1.0 {
        1.0 - rho
    } else {
        // (1 − ρ) 2κ = 2κ − root + √2τ − 1, where 2κ − root = −1/(2κ + root)
        ((2.0 * tau).sqrt() - 1.0 - 1.0 / (2.0 * kappa + root)) / (2.0 * kappa)
    };
    let excess = distance * distance / (2.0 * rho);
    for _ in 0..ATTEMPTS {
        let half_angle = 0.5 * PI * random.uniform();
        let (sine, cosine) = (Real::sin(half_angle), Real::cos(half_angle));
        // 1 − w = 2 sin², 1 + w = 2 cos²
        let one_minus_f = excess * 2.0 * sine * sine / (excess + 2.0 * cosine * cosine);
        let c = kappa * (excess + one_minus_f);
        let u = random.uniform();
        if c * (2.0 - c) > u || Real::log(c / u) + 1.0 - c >= 0.0 {
            let z = 2.0 * libm::asin((0.5 * one_minus_f).sqrt().min(1.0));
            return if random.uniform() < 0.5 { -z } else { z };
        }
    }
    f64::NAN
}
