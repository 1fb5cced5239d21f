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

/// Where log p bends other than as its slope and curvature at 0 say, and over which distance.
#[derive(Clone, Copy)]
pub(super) struct Bend {
    /// Beyond this distance it is nearly linear.
    pub until: f64,
    /// The longest panel before that.
    pub width: f64,
}

impl Bend {
    /// No such bend.
    pub const NONE: Bend = Bend { until: 0.0, width: f64::INFINITY };
}

/// ∫₀^∞ f, for an f that decays as described above with this length.
pub(super) fn tail(length: f64, bend: Bend, f: impl Fn(f64) -> f64) -> f64 {
    tail_until(f64::INFINITY, length, bend, f)
}

/// The same up to an end.
pub(super) fn tail_until(end: f64, length: f64, bend: Bend, f: impl Fn(f64) -> f64) -> f64 {
    let longest = |a: f64, length: f64| if a < bend.until { length.min(bend.width) } else { length };
    let (mut sum, mut a, mut size) = (0.0, 0.0, longest(0.0, length));
    for _ in 0..PANELS {
        let b = end.min(a + size);
        let part = panel(a, b, &f);
        sum += part;
        if part.abs() <= NEGLIGIBLE * f64::abs(sum) || part.is_nan() || b == end {
            break;
        }
        a = b;
        // [0, L], [L, 2L], [2L, 4L], ...
        size = longest(a, a);
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
