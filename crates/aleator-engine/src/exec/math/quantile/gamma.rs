//! ∂y/∂α at a fixed probability, y = log z, z ~ Gamma(α, 1).
//!
//! ```text
//! p(y) = e^(αy − z) / Γ(α),   z = e^y,   s(y) = y − ψ(α)
//! y < ψ(α):    ∫₀^∞ (t − s) e^(−αt + z(1 − e^−t)) dt          =  ∫₀^∞ (t − s) e^(−(α − z) t − z (e^−t − 1 + t)) dt
//! y ≥ ψ(α):    ∫₀^∞ (t + s) e^(αt − z(e^t − 1)) dt            =  ∫₀^∞ (t + s) e^(−(z − α) t − z (e^t − 1 − t)) dt
//! α < 1, z < 1:  Σₙ cₙ (ψ(α + n + 1) − y),   cₙ = zⁿ / (α (α + 1) ... (α + n))
//! α > 10⁹:     z'/z,   z' = 1 + w/(2√α) − (w² − 1)/(6α) + ...,   w = (z − α)/√α
//! ```
//!
//! The series is that of F = z^α e^−z Σₙ zⁿ/Γ(α + n + 1), differentiated term by term; in its domain the terms other than the first
//! few are positive and decrease like 1/n!. The last line follows from Cornish and Fisher's expansion of the quantile,
//! z = α + √α x + (x² − 1)/3 + ... with the normal quantile x. With the second forms of the integrals, nothing large cancels.

use super::super::gamma::polygamma;
use super::digamma::{LARGE, log_excess};
use super::tail::{Bend, exp_excess, length, tail};

/// The smallest α for which the asymptotic expansion is used.
const HUGE: f64 = 1e9;

/// The largest number of terms of the series.
const TERMS: usize = 40;

pub(super) fn log_gamma(alpha: f64, y: f64) -> f64 {
    if !(alpha > 0.0 && alpha < f64::INFINITY) || y.is_nan() {
        return f64::NAN;
    }
    if alpha > HUGE {
        return of_huge(alpha, y);
    }
    if alpha < 1.0 && y < 0.0 {
        return series(alpha, y);
    }
    let z = libm::exp(y);
    let score = score(alpha, y, z);
    if score < 0.0 {
        let slope = alpha - z;
        let f = |t: f64| (t - score) * libm::exp(-slope * t - z * exp_excess(-t));
        tail(length(slope.max(0.0), z), Bend::NONE, f)
    } else {
        let slope = z - alpha;
        let f = |t: f64| (t + score) * libm::exp(-slope * t - z * exp_excess(t));
        tail(length(slope.max(0.0), z), Bend::NONE, f)
    }
}

/// y − ψ(α). For a large α, this difference of large numbers is computed from z, as the rest of the integrand is.
fn score(alpha: f64, y: f64, z: f64) -> f64 {
    if alpha < LARGE {
        return y - polygamma(0, alpha);
    }
    let distance = (z - alpha) / alpha;
    let log_ratio = if distance.abs() < 0.5 { libm::log1p(distance) } else { y - libm::log(alpha) };
    log_ratio + log_excess(alpha)
}

fn series(alpha: f64, y: f64) -> f64 {
    let z = libm::exp(y);
    // log Γ has the derivative ψ(α + n + 1) = ψ(α + 1) + 1/(α + 1) + ... + 1/(α + n).
    let mut factor = polygamma(0, alpha + 1.0) - y;
    let (mut coefficient, mut sum) = (1.0, factor);
    for n in 1..TERMS {
        let a = alpha + n as f64;
        coefficient *= z / a;
        factor += 1.0 / a;
        let term = coefficient * factor;
        sum += term;
        if term.abs() <= 1e-18 * sum.abs() {
            break;
        }
    }
    sum / alpha
}

fn of_huge(alpha: f64, y: f64) -> f64 {
    let distance = libm::expm1(y - libm::log(alpha));
    let w = libm::sqrt(alpha) * distance;
    let slope = 1.0 + 0.5 * distance - (w * w - 1.0) / (6.0 * alpha);
    slope / alpha / (1.0 + distance)
}
