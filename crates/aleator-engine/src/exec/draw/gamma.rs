//! Gamma and Beta variates, by the method of Marsaglia and Tsang (`marsaglia2000simple`).
//!
//! ```text
//! α ≥ 1:   d = α − ⅓,  c = 1/√(9d),  x ~ N(0, 1),  v = (1 + c x)³;   accept if v > 0 and
//!          log u < x²/2 + d − d v + d log v          (surely if u < 1 − 0.0331 x⁴);   z = d v
//! α < 1:   log z = log z' + (log u)/α,   z' ~ Gamma(α + 1)
//! Beta:    z = σ(log z₁ − log z₂),   z₁ ~ Gamma(a),  z₂ ~ Gamma(b)
//! ```
//!
//! With y = c x, v − 1 = y (3 + y (3 + y)) and log v = 3 log(1 + y), so that there is no cancellation for large α. For small α,
//! logarithms are used throughout. At least 95% of the proposals are accepted.

use super::{ATTEMPTS, Sequence};
use crate::exec::math::Real;

/// A standard Gamma variate, z = d (1 + y)³ e^boost.
struct Standard {
    d: f64,
    y: f64,
    boost: f64,
}

impl Standard {
    fn draw(alpha: f64, random: &mut Sequence) -> Option<Self> {
        if !(alpha > 0.0 && alpha < f64::INFINITY) {
            return None;
        }
        // Finite even if α is the smallest number.
        let boost = if alpha < 1.0 { (Real::log(random.uniform()) / alpha).max(-1e300) } else { 0.0 };
        let d = if alpha < 1.0 { alpha + 1.0 } else { alpha } - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        for _ in 0..ATTEMPTS {
            let x = random.normal();
            let y = c * x;
            let u = random.uniform();
            let square = x * x;
            if y <= -1.0 {
                continue;
            }
            let fits = || {
                let bound = 0.5 * square + d * (3.0 * Real::log1p(y) - y * (3.0 + y * (3.0 + y)));
                Real::log(u) < bound
            };
            if u < 1.0 - 0.0331 * square * square || fits() {
                return Some(Standard { d, y, boost });
            }
        }
        None
    }

    fn log(&self) -> f64 {
        Real::log(self.d) + 3.0 * Real::log1p(self.y) + self.boost
    }
}

/// log z, z ~ Gamma(α, 1)
pub(super) fn log_gamma(alpha: f64, random: &mut Sequence) -> f64 {
    Standard::draw(alpha, random).map_or(f64::NAN, |z| z.log())
}

/// Gamma(α, λ)
pub(super) fn gamma(alpha: f64, rate: f64, random: &mut Sequence) -> f64 {
    if !(rate > 0.0 && rate < f64::INFINITY) {
        return f64::NAN;
    }
    match Standard::draw(alpha, random) {
        // Without the detour of the logarithm, which would cost digits where d is large.
        Some(Standard { d, y, boost: 0.0 }) => d * (1.0 + y).powi(3) / rate,
        Some(z) => Real::exp(z.log() - Real::log(rate)),
        None => f64::NAN,
    }
}

/// logit z, z ~ Beta(a, b)
pub(super) fn logit_beta(a: f64, b: f64, random: &mut Sequence) -> f64 {
    let z1 = log_gamma(a, random);
    let z2 = log_gamma(b, random);
    z1 - z2
}
