//! ∂y/∂a at a fixed probability, y = logit z, z ~ Beta(a, b).
//!
//! ```text
//! p(y) = zᵃ (1 − z)ᵇ / B(a, b),   z = σ(y),   s(y) = log z + D,   D = ψ(n) − ψ(a),   n = a + b
//! p(y + t) / p(y) = e^(a t) / (1 + z (eᵗ − 1))ⁿ            where y + t ≤ 0
//!                 = e^(−b t) / (1 + (1 − z) (e^−t − 1))ⁿ   elsewhere
//! a < 1, z < ½ min(1, 1/n):   −Σₖ cₖ (log z + ψ(n + k) − ψ(a + 1 + k)) / a,   cₖ = zᵏ (n)ₖ / (a + 1)ₖ
//! ```
//!
//! The series is that of F = zᵃ (1 − z)ᵇ / (a B(a, b)) Σₖ cₖ, differentiated term by term. All of its terms are positive and decrease
//! at least like 2⁻ᵏ. log p(y) bends where z or 1 − z is about 1/n, and is linear beyond.

use super::digamma::difference;
use super::tail::{Bend, length, tail};

/// The largest number of terms of the series.
const TERMS: usize = 80;

pub(super) fn logit_beta(a: f64, b: f64, y: f64) -> f64 {
    let positive = |x: f64| x > 0.0 && x < f64::INFINITY;
    if !(positive(a) && positive(b)) || y.is_nan() {
        return f64::NAN;
    }
    let density = Density::new(a, b, y);
    let rise = difference(a, b);
    if a < 1.0 && density.z < 0.5 && density.z * (a + b) < 0.5 {
        return density.series(rise);
    }
    let score = |y: f64| rise - softplus(-y);
    if score(y) < 0.0 { density.below(|y| -score(y)) } else { density.above(score) }
}

/// log(1 + eˣ)
pub(super) fn softplus(x: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}

/// The density of y = logit z at a point.
pub(super) struct Density {
    a: f64,
    b: f64,
    y: f64,
    /// σ(y) and σ(−y).
    z: f64,
    rest: f64,
}

impl Density {
    pub fn new(a: f64, b: f64, y: f64) -> Self {
        let small = libm::exp(-y.abs());
        let (less, more) = (small / (1.0 + small), 1.0 / (1.0 + small));
        let (z, rest) = if y < 0.0 { (less, more) } else { (more, less) };
        Density { a, b, y, z, rest }
    }

    /// p(y + t) / p(y)
    fn ratio(&self, t: f64) -> f64 {
        let n = self.a + self.b;
        libm::exp(if self.y + t <= 0.0 {
            self.a * t - n * libm::log1p(self.z * libm::expm1(t))
        } else {
            -self.b * t - n * libm::log1p(self.rest * libm::expm1(-t))
        })
    }

    /// The derivative of log p at y.
    fn slope(&self) -> f64 {
        self.a * self.rest - self.b * self.z
    }

    /// The distance over which log p falls by about 1, and where it bends last, in a direction in which y is this.
    fn scales(&self, slope: f64, y: f64) -> (f64, Bend) {
        let n = self.a + self.b;
        let bend = Bend { until: y + libm::log(n.max(1.0)) + 36.0, width: 2.0 };
        (length(slope.max(0.0), n * self.z * self.rest), bend)
    }

    /// ∫ weight(x) p(x)/p(y) dx, x < y.
    pub fn below(&self, weight: impl Fn(f64) -> f64) -> f64 {
        let (length, bend) = self.scales(self.slope(), self.y);
        tail(length, bend, |t| weight(self.y - t) * self.ratio(-t))
    }

    /// ∫ weight(x) p(x)/p(y) dx, x > y.
    pub fn above(&self, weight: impl Fn(f64) -> f64) -> f64 {
        let (length, bend) = self.scales(-self.slope(), -self.y);
        tail(length, bend, |t| weight(self.y + t) * self.ratio(t))
    }

    fn series(&self, rise: f64) -> f64 {
        let (a, n) = (self.a, self.a + self.b);
        let mut factor = softplus(-self.y) + (1.0 / a - rise);
        let (mut coefficient, mut sum) = (1.0, factor);
        for k in 0..TERMS {
            let (above, below) = (n + k as f64, a + 1.0 + k as f64);
            coefficient *= self.z * (above / below);
            factor -= (1.0 - self.b) / (above * below);
            let term = coefficient * factor;
            sum += term;
            if term <= 1e-18 * sum {
                break;
            }
        }
        sum / a
    }
}
