//! Continuous Bernoulli: z between 0 and 1, with a density proportional to pᶻ (1 − p)¹⁻ᶻ.
//!
//! ```text
//! φ = logit p,   x = φ/2,   g(x) = log(sinh(x)/x)
//! log p(z) = φ (z − ½) − g(x)
//! z = log(1 + u (e^φ − 1))/φ,   z = u at φ = 0
//! E z = ½ + ½ g'(x),   Var z = ¼ g''(x),   entropy = g(x) − x g'(x)
//! g'(x) = coth x − 1/x,   g''(x) = 1/x² − 1/sinh² x
//! ```
//!
//! At φ = 0 (p = ½) it is uniform, and all formulas are 0/0 there. For |x| < 1, g and its derivatives are computed from their series
//!
//! ```text
//! g(x) = Σₙ cₙ x²ⁿ/(2n),   cₙ = (−1)ⁿ⁺¹ 2 ζ(2n)/π²ⁿ                      |x| < π
//! ```
//!
//! and farther away from e^(−2|x|). The sample is computed from the end at which the density is greatest: with a = |φ| and v the
//! probability of the part between them, its distance is s = −log(1 − v (1 − e⁻ᵃ))/a, which for small a is the product v E L of the
//! functions E = (1 − e⁻ᵃ)/a and L = −log(1 − y)/y at y = v a E, by their series.
//!
//! By hand, for φ = log 4: p(0) = φ/(e^φ − 1) = log(4)/3, and p(1) = 4 p(0), with the mean 4/3 − 1/log 4.
//! Parameter: φ (`logits`), finite, or p (`probs`), greater than 0 and less than 1. The density includes the ends, 0 and 1.
//! Reference: `loaiza2019continuous`.

use std::f64::consts::PI;
use std::sync::{Arc, OnceLock};

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::coordinates;
use super::family::{Constraint, Distribution, Family, Parameter, Support};
use super::noise::Noise;
use super::special::{away_from_zero, below_one, place};

/// The continuous Bernoulli family, by logits or by probabilities.
#[derive(Clone, Copy, Debug)]
pub enum ContinuousBernoulli {
    /// φ
    Logits,
    /// p = σ(φ)
    Probs,
}

impl ContinuousBernoulli {
    /// φ, the logits.
    pub fn from_logits<'g>(logits: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(ContinuousBernoulli::Logits), [logits.into()])
    }

    /// p, with 0 < p < 1.
    pub fn from_probs<'g>(probs: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(ContinuousBernoulli::Probs), [probs.into()])
    }

    /// φ
    pub(super) fn logits<'g>(self, parameters: &[Expr<'g>]) -> Expr<'g> {
        match self {
            ContinuousBernoulli::Logits => parameters[0],
            ContinuousBernoulli::Probs => parameters[0].log() - (-parameters[0]).log1p(),
        }
    }
}

/// The number of terms of the series: (1/π)³⁶ is below 10⁻¹⁷.
const TERMS: usize = 18;

/// cₙ, n = 1, 2, …
fn series() -> &'static [f64] {
    static SERIES: OnceLock<Vec<f64>> = OnceLock::new();
    SERIES.get_or_init(|| {
        let zeta = |n: usize| match n {
            1 => PI.powi(2) / 6.0,
            2 => PI.powi(4) / 90.0,
            _ => (1..=600).rev().map(|k| f64::from(k).powi(-(2 * n as i32))).sum(),
        };
        let sign = |n: usize| if n % 2 == 1 { 1.0 } else { -1.0 };
        (1..=TERMS).map(|n| sign(n) * 2.0 * zeta(n) / PI.powi(2 * n as i32)).collect()
    })
}

/// Σₖ tₖ yᵏ
fn polynomial<'g>(terms: impl DoubleEndedIterator<Item = f64>, y: Expr<'g>) -> Expr<'g> {
    terms.rev().fold(y.graph().scalar(0.0), |sum, term| sum * y + term)
}

/// The same number, which is at least 1. To those who search for poles the maximum shows that it is not 0, and it is never one of equal
/// numbers.
fn at_least_half(a: Expr<'_>) -> Expr<'_> {
    a.maximum(0.5)
}

/// One of two formulas: the first one for |x| < 1 from x, the second one from a = |x| and e^(−2a).
fn near_or_far<'g>(
    x: Expr<'g>,
    near: impl Fn(Expr<'g>) -> Expr<'g>,
    far: impl Fn(Expr<'g>, Expr<'g>) -> Expr<'g>,
) -> Expr<'g> {
    let is_near = place(x).abs().less(1.0);
    let a = at_least_half(is_near.select(1.0, x.abs()));
    is_near.select(near(is_near.select(x, 0.0)), far(a, (-2.0 * a).exp())).is_continuous_in([x])
}

/// n-th coefficients of g, g' and g'' with a factor of the power.
fn coefficients(factor: fn(f64) -> f64) -> impl DoubleEndedIterator<Item = f64> {
    series().iter().enumerate().map(move |(i, c)| c * factor(2.0 * (i + 1) as f64))
}

/// g(x) = log(sinh(x)/x)
pub(super) fn log_sinhc<'g>(x: Expr<'g>) -> Expr<'g> {
    let near = |x: Expr<'g>| x.square() * polynomial(coefficients(|n| 1.0 / n), x.square());
    near_or_far(x, near, |a, q| a + (-q).log1p() - (2.0 * a).log())
}

/// g'(x) = coth x − 1/x
pub(super) fn langevin<'g>(x: Expr<'g>) -> Expr<'g> {
    let near = |x: Expr<'g>| x * polynomial(coefficients(|_| 1.0), x.square());
    let sign = place(x).less(0.0).select(-1.0, 1.0);
    near_or_far(x, near, move |a, q| sign * (1.0 + 2.0 * q / (1.0 - q) - 1.0 / a))
}

/// g''(x) = 1/x² − 1/sinh² x
fn langevin_slope<'g>(x: Expr<'g>) -> Expr<'g> {
    let near = |x: Expr<'g>| polynomial(coefficients(|n| n - 1.0), x.square());
    near_or_far(x, near, |a, q| 1.0 / a.square() - 4.0 * q / (1.0 - q).square())
}

/// The a below which samples are computed from series.
const SMALL: f64 = 0.05;

/// s
fn distance<'g>(a: Expr<'g>, v: Expr<'g>) -> Expr<'g> {
    let is_small = place(a).less(SMALL);
    let small = {
        let a = is_small.select(a, 0.0);
        // (1 − e⁻ᵃ)/a = Σ (−a)ᵏ/(k + 1)!
        let factorials = (0..10).scan(1.0, |f, k| {
            *f /= f64::from(k + 1);
            Some(*f)
        });
        let e = polynomial(factorials.collect::<Vec<f64>>().into_iter(), -a);
        let logarithm = polynomial((0..13).map(|k| 1.0 / f64::from(k + 1)), v * a * e);
        v * e * logarithm
    };
    let a = is_small.select(1.0, a);
    is_small.select(small, -(v * (-a).expm1()).log1p() / a)
}

impl Family for ContinuousBernoulli {
    fn name(&self) -> &'static str {
        "ContinuousBernoulli"
    }

    fn parameters(&self) -> &'static [Parameter] {
        match self {
            ContinuousBernoulli::Logits => {
                &[Parameter { name: "logits", constraint: Constraint::Real, event_rank: 0 }]
            }
            ContinuousBernoulli::Probs => {
                &[Parameter { name: "probs", constraint: Constraint::Probability, event_rank: 0 }]
            }
        }
    }

    fn support(&self) -> Support {
        Support::UnitInterval
    }

    fn jointly_violated<'g>(&self, parameters: &[Expr<'g>]) -> Option<(Expr<'g>, &'static str)> {
        let p = parameters[0];
        let at_end = p.equal(0.0) + p.equal(1.0);
        matches!(self, ContinuousBernoulli::Probs)
            .then_some((at_end, "`probs` must be greater than 0 and less than 1"))
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let (logits, u) = (self.logits(parameters), noise.uniform(&[]));
        let rises = place(logits).greater(0.0);
        let s = distance(rises.select(logits, -logits), rises.select(1.0 - u, u));
        below_one(away_from_zero(rises.select(1.0 - s, s)))
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let logits = self.logits(parameters);
        let inside = z.greater_equal(0.0) * z.less_equal(1.0);
        let z = inside.select(z, 0.5);
        // Where the density is steep, from its greater end.
        let steep = place(logits).abs().greater(2.0);
        let a = at_least_half(steep.select(logits.abs(), 2.0));
        let from_end = place(logits).greater(0.0).select(1.0 - z, z);
        let far = a.log() - (-(-a).exp()).log1p() - a * from_end;
        let near = {
            let logits = steep.select(0.0, logits);
            logits * (z - 0.5) - log_sinhc(0.5 * logits)
        };
        let density = steep.select(far, near).is_continuous_in([logits, z]);
        inside.select(density, f64::NEG_INFINITY)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        coordinates::of_exact_draw(self, parameters, noise)
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(0.5 + 0.5 * langevin(0.5 * self.logits(parameters)))
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(0.25 * langevin_slope(0.5 * self.logits(parameters)))
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let near = |x: Expr<'g>| x.square() * polynomial(coefficients(|n| 1.0 / n - 1.0), x.square());
        let far = |a: Expr<'g>, q: Expr<'g>| 1.0 + (-q).log1p() - (2.0 * a).log() - 2.0 * a * q / (1.0 - q);
        Some(near_or_far(0.5 * self.logits(parameters), near, far))
    }
}
