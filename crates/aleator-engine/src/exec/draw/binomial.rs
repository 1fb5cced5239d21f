//! Binomial variates: k ~ Binomial(n, p) with p ≤ ½, else n − k of the other outcome.
//!
//! ```text
//! n p < 10:   inversion, summing the mass from 0 upwards
//! n p ≥ 10:   Hörmann's transformed rejection with a squeeze (BTRS, `hormann1993generation`): with u ∈ (−½, ½), v ∈ (0, 1),
//!             σ = √(n p q),  b = 1.15 + 2.53 σ,  a = −0.0873 + 0.0248 b + 0.01 p,  α = (2.83 + 5.1/b) σ,  s = ½ − |u|,
//!             k = ⌊(2a/s + b) u + n p + ½⌋;   accept at once if s ≥ 0.07 and v ≤ 0.92 − 4.2/b, else if
//!             log(v α / (a/s² + b)) ≤ log Binomial(k; n, p) − log Binomial(m; n, p),   m = ⌊(n + 1) p⌋ the mode
//! ```

use super::mass::log_binomial;
use super::{ATTEMPTS, Sequence};
use crate::exec::math::Real;

/// Binomial(n, p), q = 1 − p
pub(super) fn binomial(n: f64, p: f64, q: f64, random: &mut Sequence) -> f64 {
    let whole = (0.0..f64::INFINITY).contains(&n) && n == f64::floor(n);
    if !(whole && (0.0..=1.0).contains(&p) && (0.0..=1.0).contains(&q)) {
        f64::NAN
    } else if p <= q {
        rarer(n, p, q, random)
    } else {
        n - rarer(n, q, p, random)
    }
}

fn rarer(n: f64, p: f64, q: f64, random: &mut Sequence) -> f64 {
    if n * p < 10.0 { by_inversion(n, p, q, random.uniform()) } else { by_rejection(n, p, q, random) }
}

fn by_inversion(n: f64, p: f64, q: f64, mut u: f64) -> f64 {
    let (mut k, mut mass) = (0.0, Real::exp(n * Real::log1p(-p)));
    let odds = p / q;
    // What is left of the mass beyond 10⁻²⁰ is less than u resolves.
    while u > mass && k < n && (k < n * p || mass > 1e-20) {
        u -= mass;
        mass *= (n - k) / (k + 1.0) * odds;
        k += 1.0;
    }
    k
}

fn by_rejection(n: f64, p: f64, q: f64, random: &mut Sequence) -> f64 {
    let sigma = (n * p * q).sqrt();
    let b = 1.15 + 2.53 * sigma;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let alpha = (2.83 + 5.1 / b) * sigma;
    let squeeze = 0.92 - 4.2 / b;
    let mode = f64::floor((n + 1.0) * p);
    for _ in 0..ATTEMPTS {
        let u = random.uniform() - 0.5;
        let v = random.uniform();
        let s = 0.5 - u.abs();
        let k = f64::floor((2.0 * a / s + b) * u + n * p + 0.5);
        if s >= 0.07 && v <= squeeze {
            return k;
        }
        if k < 0.0 || k > n {
            continue;
        }
        let bound = log_binomial(k, n, p, q) - log_binomial(mode, n, p, q);
        if Real::log(v * alpha / (a / (s * s) + b)) <= bound {
            return k;
        }
    }
    f64::NAN
}
