//! The integral of a weight times a ratio of densities over a tail.
//!
//! ```text
//! ∫₀^∞ w(t) e^(h(t)) dt,    h concave, h(0) = 0
//! ```
//!
//! Gauss and Legendre's rule with 16 nodes on panels `[0, L], [L, 2L], [2L, 4L], ...`, where L is about the distance over which
//! h falls by 1, until the panels contribute nothing.

/// The positive nodes and their weights on [−1, 1]. The rule is symmetric.
const RULE: [(f64, f64); 8] = [
    (0.09501250983763744, 0.1894506104550685),
    (0.2816035507792589, 0.18260341504492358),
    (0.45801677765722737, 0.16915651939500254),
    (0.6178762444026438, 0.14959598881657674),
    (0.755404408355003, 0.12462897125553388),
    (0.8656312023878318, 0.09515851168249279),
    (0.9445750230732326, 0.062253523938647894),
    (0.9894009349916499, 0.027152459411754096),
];

/// The largest number of panels.
const PANELS: usize = 64;

/// A panel that contributes less than this part of the integral is the last one.
const NEGLIGIBLE: f64 = 1e-18;

/// ∫ f over [a, b].
pub(super) fn panel(a: f64, b: f64, f: &impl Fn(f64) -> f64) -> f64 {
    let (middle, half) = (0.5 * (a + b), 0.5 * (b - a));
    half * RULE.iter().map(|&(x, w)| w * (f(middle - half * x) + f(middle + half * x))).sum::<f64>()
}

/// ∫₀^∞ f, for a positive f that decays as described above with this length.
pub(super) fn tail(length: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (mut sum, mut a, mut b) = (0.0, 0.0, length);
    for _ in 0..PANELS {
        let part = panel(a, b, &f);
        sum += part;
        if part <= NEGLIGIBLE * sum || part.is_nan() {
            break;
        }
        (a, b) = (b, 2.0 * b);
    }
    sum
}

/// The t > 0 at which slope t + curvature t²/2 = 1, for a curvature that is not negative.
pub(super) fn length(slope: f64, curvature: f64) -> f64 {
    2.0 / (slope + libm::sqrt(slope * slope + 2.0 * curvature))
}

/// eᵗ − 1 − t
pub(super) fn exp_excess(t: f64) -> f64 {
    if t.abs() > 0.5 {
        return libm::expm1(t) - t;
    }
    // Σ tᵏ/k!, k = 2, 3, ...
    let (mut term, mut sum, mut k) = (0.5 * t * t, 0.0, 3.0);
    while term.abs() > 1e-18 * sum && k < 24.0 {
        sum += term;
        term *= t / k;
        k += 1.0;
    }
    sum
}
