//! Integrals of the normal density from the place of an interval that is nearest to its mean, for distributions on part of the line.
//!
//! ```text
//! I(t, h) = ∫₀ʰ e^(−w(s)) ds,   w(s) = t s + s²/2,   t ≥ 0                  by Gauss and Legendre's rule of 28 nodes
//! φ(t + s) = φ(t) e^(−w(s)),    Φ(−t) = φ(t) M(t),   M(t) = I(t, ∞)        Mills' ratio
//! log M(t + s)/M(t) = log(1 + ∫ e^(−w(y)) (e^(−s y) − 1) dy / M(t))
//! ```
//!
//! The integrand falls from 1 to e⁻⁴⁰ at s* = 80/(t + √(t² + 80)); what is beyond is no part of any number. On [0, min(h, s*)] the exponent
//! is at most 40, where the error of the rule is below 10⁻¹⁷. Nothing cancels: all terms are positive, at a distance of 30 standard deviations as
//! near the mean, in intervals of any width. All functions can be differentiated to any order.
//!
//! By hand: I(0, ∞) = √(π/2), and I(t, h) → (1 − e^(−th))/t for large t.

use std::f64::consts::PI;
use std::sync::OnceLock;

use aleator_engine::graph::{Expr, Graph};

use super::special::{HALF_LOG_TAU, place};
use super::weak_derivative::length;

/// The number of nodes.
const NODES: usize = 28;
/// w(s*)
const LARGEST_EXPONENT: f64 = 40.0;
/// A t that makes no difference beside √80.
const LEAST: f64 = 1e-30;

/// The nodes and weights of the rule for ∫₀¹.
fn rule() -> &'static [(f64, f64)] {
    static RULE: OnceLock<Vec<(f64, f64)>> = OnceLock::new();
    RULE.get_or_init(|| {
        let n = NODES as f64;
        // Pₙ and its derivative at x, by the recurrence.
        let legendre = |x: f64| {
            let (mut before, mut p) = (1.0, x);
            for k in 2..=NODES {
                let k = k as f64;
                (before, p) = (p, ((2.0 * k - 1.0) * x * p - (k - 1.0) * before) / k);
            }
            (p, n * (x * p - before) / (x * x - 1.0))
        };
        let node = |i: usize| {
            let mut x = (PI * (i as f64 + 0.75) / (n + 0.5)).cos();
            for _ in 0..8 {
                let (p, slope) = legendre(x);
                x -= p / slope;
            }
            let (_, slope) = legendre(x);
            (0.5 * (1.0 - x), 1.0 / ((1.0 - x * x) * slope * slope))
        };
        (0..NODES).map(node).collect()
    })
}

/// The nodes s of [0, min(h, s*)] and w e^(−w(s)), with the width, on a last axis.
pub(super) struct Nodes<'g> {
    /// s
    pub places: Expr<'g>,
    /// The weights times the integrand.
    pub weights: Expr<'g>,
}

impl<'g> Nodes<'g> {
    /// Of I(t, h).
    pub(super) fn of(t: Expr<'g>, h: Expr<'g>) -> Self {
        let end = far(t);
        let h = place(h).less(place(end)).select(h, end);
        Self::up_to(t, h)
    }

    /// Of M(t).
    fn of_tail(t: Expr<'g>) -> Self {
        Self::up_to(t, far(t))
    }

    /// Of ∫₀ʰ e^(−w(s)) ds where the exponent is at most 40, for t of any sign.
    pub(super) fn up_to(t: Expr<'g>, h: Expr<'g>) -> Self {
        let row = |of| row(t.graph(), of);
        let places = h.unsqueeze(-1) * row(|(s, _)| *s);
        let exponent = places * (t.unsqueeze(-1) + 0.5 * places);
        Nodes { places, weights: h.unsqueeze(-1) * row(|(_, w)| *w) * (-exponent).exp() }
    }

    /// ∫ e^(−w(s)) f(s) ds
    pub(super) fn integral(&self, f: impl Fn(Expr<'g>) -> Expr<'g>) -> Expr<'g> {
        (self.weights * f(self.places)).sum_axes(-1)
    }

    /// I(t, h)
    pub(super) fn total(&self) -> Expr<'g> {
        self.weights.sum_axes(-1)
    }
}

/// The nodes x of [0, 1] and the weights of a mean of e^(−w(x)), on a last axis.
pub(super) struct Unit<'g> {
    /// x
    places: Expr<'g>,
    /// The weights of the rule.
    weights: Expr<'g>,
    /// w(x)
    exponent: Expr<'g>,
}

impl<'g> Unit<'g> {
    /// With the exponent at nodes on a last axis, at most 40, in the graph.
    pub(super) fn of(graph: &'g Graph, exponent: impl Fn(Expr<'g>) -> Expr<'g>) -> Self {
        let places = row(graph, |(s, _)| *s);
        Unit { places, weights: row(graph, |(_, w)| *w), exponent: exponent(places) }
    }

    /// log ∫₀¹ e^(−w(x)) dx. Its derivatives are accurate for small w, too: they are means of those of w.
    pub(super) fn log_mean(&self) -> Expr<'g> {
        (self.weights * (-self.exponent).exp()).sum_axes(-1).log()
    }

    /// E f(x), x with density proportional to e^(−w(x)).
    pub(super) fn expect(&self, f: impl Fn(Expr<'g>) -> Expr<'g>) -> Expr<'g> {
        let weights = self.weights * (-self.exponent).exp();
        (weights * f(self.places)).sum_axes(-1) / weights.sum_axes(-1)
    }
}

/// A part of the rule on one axis.
fn row<'g>(graph: &'g Graph, of: fn(&(f64, f64)) -> f64) -> Expr<'g> {
    graph.tensor([NODES], rule().iter().map(of).collect())
}

/// s*. The least t says to those who search for poles that there is none; it is not 0, where t often is and a maximum would have a kink.
fn far(t: Expr<'_>) -> Expr<'_> {
    let t = t.maximum(LEAST);
    2.0 * LARGEST_EXPONENT / (t + length(t, t.graph().scalar((2.0 * LARGEST_EXPONENT).sqrt())))
}

/// Mills' ratio M(t), t ≥ 0, with the logarithms of its quotients.
pub(super) struct Mills<'g> {
    nodes: Nodes<'g>,
    /// M(t)
    pub ratio: Expr<'g>,
}

impl<'g> Mills<'g> {
    pub(super) fn of(t: Expr<'g>) -> Self {
        let nodes = Nodes::of_tail(t);
        Mills { ratio: nodes.total(), nodes }
    }

    /// log M(t + s)/M(t), accurate for small s.
    pub(super) fn log_quotient(&self, s: Expr<'g>) -> Expr<'g> {
        let s = s.unsqueeze(-1);
        (self.nodes.integral(|y| (-s * y).expm1()) / self.ratio).log1p()
    }
}

/// Φ(x)
pub(super) fn normal_cdf(x: Expr<'_>) -> Expr<'_> {
    let below = place(x).less(0.0);
    let t = below.select(-x, x);
    let tail = (-0.5 * t.square() - HALF_LOG_TAU).exp() * Mills::of(t).ratio;
    below.select(tail, 1.0 - tail)
}
