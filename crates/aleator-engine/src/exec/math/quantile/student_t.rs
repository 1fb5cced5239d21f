//! ∂y/∂ν at a fixed probability, y = log |t| of Student's t.
//!
//! ```text
//! w = t²/ν,   v = w/(1 + w) ~ Beta(½, ν/2),   s = ∂ν log p(t) = ½ (C(ν) + v/ν − q(v)),
//! C(ν) = ψ((ν+1)/2) − ψ(ν/2) − 1/ν,   q(v) = −log(1 − v) − v = Σₖ vᵏ/k, k ≥ 2
//! ```
//!
//! s is positive up to a value of |t|, and negative beyond. The integrals are over u = logit v = 2y − log ν, and dy = du/2. The tail
//! beyond u > 0 has the density e^(−νu/2), which is long for small ν; there the integral beyond y is taken even where s is positive
//! at y, which loses a factor of at most 2/ν in precision.

use super::beta::{Density, softplus};
use super::digamma::half_step_excess;

/// Above this logit, the integral is that over the upper tail.
const RIGHT: f64 = 2.0;

pub(super) fn log_student_t(nu: f64, y: f64) -> f64 {
    if !(nu > 0.0 && nu < f64::INFINITY) || y.is_nan() {
        return f64::NAN;
    }
    let u = 2.0 * y - libm::log(nu);
    let excess = half_step_excess(nu);
    let score = |u: f64| {
        let v = libm::exp(-softplus(-u));
        0.5 * (excess + v / nu - log_excess(v, u))
    };
    let density = Density::new(0.5, 0.5 * nu, u);
    0.5 * if score(u) > 0.0 && u < RIGHT { -density.below(score) } else { density.above(score) }
}

/// −log(1 − v) − v, with u = logit v.
fn log_excess(v: f64, u: f64) -> f64 {
    if v > 0.3 {
        return softplus(u) - v;
    }
    let (mut power, mut sum, mut k) = (v * v, 0.0, 2.0);
    while power > 1e-18 * sum && k < 60.0 {
        sum += power / k;
        power *= v;
        k += 1.0;
    }
    sum
}
