//! ∂z/∂κ at a fixed probability, z an angle of the von Mises distribution about 0.
//!
//! ```text
//! p(z) = e^(κ cos z) / (2π I₀(κ)),   s(z) = cos z − A,   A = I₁(κ)/I₀(κ);   an odd function of z
//! z > 0, s(z) > 0:   −∫₀^z s(x) p(x)/p(z) dx
//! z > 0, s(z) ≤ 0:    ∫_z^π s(x) p(x)/p(z) dx
//! p(x)/p(z) = exp(−2κ sin((x − z)/2) sin((x + z)/2)),   s(x) = (1 − A) − 2 sin²(x/2)
//! 1 − A:  the trapezoidal rule for ∫ (1 − cos x) p(x) dx with 64 nodes for κ < 50, and the asymptotic series of I₀ beyond
//! ```

use std::f64::consts::PI;

use super::tail::{Bend, length, panel, tail_until};

/// The smallest κ for which the asymptotic series is used.
const LARGE: f64 = 50.0;

/// Half of the number of nodes of the trapezoidal rule.
const HALF_NODES: usize = 32;

pub(super) fn von_mises(kappa: f64, z: f64) -> f64 {
    if !(0.0..f64::INFINITY).contains(&kappa) || z.is_nan() {
        return f64::NAN;
    }
    let angle = z.abs().min(PI);
    let rest = one_minus_ratio(kappa);
    let square = |x: f64| x * x;
    let score = |x: f64| rest - 2.0 * square(libm::sin(0.5 * x));
    let ratio =
        |x: f64| libm::exp(-2.0 * kappa * libm::sin(0.5 * (x - angle)) * libm::sin(0.5 * (x + angle)));
    let derivative = if score(angle) > 0.0 {
        let f = |x: f64| score(x) * ratio(x);
        -panel(0.0, 0.5 * angle, &f) - panel(0.5 * angle, angle, &f)
    } else {
        let length = length(kappa * libm::sin(angle), kappa * libm::cos(angle).max(0.0));
        let bend = Bend { until: PI, width: 1.0 };
        tail_until(PI - angle, length, bend, |t| score(angle + t) * ratio(angle + t))
    };
    derivative.copysign(-z)
}

/// 1 − I₁(κ)/I₀(κ)
fn one_minus_ratio(kappa: f64) -> f64 {
    if kappa < LARGE {
        let (mut total, mut sum) = (0.0, 0.0);
        for j in 0..=HALF_NODES {
            let sine = libm::sin(0.5 * PI * j as f64 / HALF_NODES as f64);
            let distance = 2.0 * sine * sine;
            let weight = if j.is_multiple_of(HALF_NODES) { 0.5 } else { 1.0 } * libm::exp(-kappa * distance);
            total += weight;
            sum += weight * distance;
        }
        return sum / total;
    }
    // With I₀ = e^κ (2πκ)^(−½) Σ cₖ κ⁻ᵏ:  I₁/I₀ = (log I₀)′ = 1 − 1/(2κ) − Σ k cₖ κ⁻ᵏ⁻¹ / Σ cₖ κ⁻ᵏ.
    let (mut term, mut total, mut sum) = (1.0, 1.0, 0.0);
    for k in 1..15 {
        let k = f64::from(k);
        term *= (2.0 * k - 1.0) * (2.0 * k - 1.0) / (8.0 * k * kappa);
        total += term;
        sum += k * term;
    }
    (0.5 + sum / total) / kappa
}
