//! Binomial: z ∈ {0, …, n}, the number of successes in n trials.
//!
//! ```text
//! log p(z) = log (n over z) + z log p + (n − z) log q,    p = σ(φ),  q = 1 − p = σ(−φ)
//!          = −D(z, n p) − D(n − z, n q) + c(z)                        with Stirling's formula, see `special`
//! c(z) = δ(n) − δ(z) − δ(n − z) − ½ log(2π z (n − z)/n) for 0 < z < n, 0 at the ends
//! P(0) = 1 − n t,   P(1) = n t to first order at t = p = 0, and of the failures at t = q = 0
//! E z = n p,   Var z = n p q,   mode = min(⌊(n + 1) p⌋, n)
//! ```
//!
//! Parameters: n (`total_count`), a non-negative integer, with respect to which nothing is differentiated; φ (`logits`), finite,
//! or p (`probs`) in [0, 1], including 0 and 1. Samples are exact, by inversion if n min(p, q) < 10 and by rejection otherwise
//! (`hormann1993generation`). If n is constant and not too large, the outcomes can be enumerated, and the entropy is a sum over
//! them.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::coordinates;
use super::family::{Constraint, Distribution, Family, Parameter, Support, constant, unpack};
use super::jumps::{JumpRates, Jumps};
use super::noise::Noise;
use super::quadratic_variance::{QuadraticVariance, in_proportion};
use super::special::{HALF_LOG_TAU, deviance_by_log, is_count, place, stirling_error};
use super::weak_derivative::{Place, Triple, WeakDerivative, count_beyond};

/// The Binomial family, by logits or by probabilities.
#[derive(Clone, Copy, Debug)]
pub enum Binomial {
    /// p = σ(φ)
    Logits,
    /// p
    Probs,
}

/// p, q = 1 − p, and their logarithms.
pub(super) struct Odds<'g> {
    pub p: Expr<'g>,
    pub q: Expr<'g>,
    pub log_p: Expr<'g>,
    pub log_q: Expr<'g>,
}

impl<'g> Odds<'g> {
    pub(super) fn of_logits(logits: Expr<'g>) -> Self {
        let (log_p, log_q) = (-(-logits).softplus(), -logits.softplus());
        Odds { p: logits.sigmoid(), q: (-logits).sigmoid(), log_p, log_q }
    }

    /// Logarithms of 0 are −∞ with derivative 0, instead of a derivative 0 · ∞.
    pub(super) fn of_probs(p: Expr<'g>) -> Self {
        let (never, always) = (place(p).equal(0.0), place(p).equal(1.0));
        let log_p = never.select(f64::NEG_INFINITY, never.select(1.0, p).log());
        let log_q = always.select(f64::NEG_INFINITY, (-always.select(0.0, p)).log1p());
        Odds { p, q: 1.0 - p, log_p, log_q }
    }
}

/// The largest number of outcomes of one draw that are enumerated.
const MOST_OUTCOMES: usize = 1 << 20;
/// The largest number of outcomes over which the entropy is summed.
const MOST_TERMS: usize = 1 << 12;

impl Binomial {
    /// n (`total_count`) and φ, the logits of a success.
    pub fn from_logits<'g>(
        total_count: impl Into<Argument<'g>>,
        logits: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(Arc::new(Binomial::Logits), [total_count.into(), logits.into()])
    }

    /// n (`total_count`) and p, the probability of a success.
    pub fn from_probs<'g>(
        total_count: impl Into<Argument<'g>>,
        probs: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(Arc::new(Binomial::Probs), [total_count.into(), probs.into()])
    }

    fn odds<'g>(self, x: Expr<'g>) -> Odds<'g> {
        match self {
            Binomial::Logits => Odds::of_logits(x),
            Binomial::Probs => Odds::of_probs(x),
        }
    }
}

/// The probability of `count` rare events to first order in m = `expected`, at m = 0: 1 − m for no event, m for one.
pub(super) fn first_order<'g>(count: Expr<'g>, expected: Expr<'g>) -> Expr<'g> {
    count.equal(0.0).select(1.0 - expected, count.equal(1.0).select(expected, 0.0))
}

/// c(z), 0 ≤ z ≤ n: what is left of log (n over z) when the large terms are parts of deviances.
pub(super) fn coefficient<'g>(n: Expr<'g>, z: Expr<'g>) -> Expr<'g> {
    let rest = n - z;
    let interior = place(z).greater(0.0) * place(rest).greater(0.0);
    let inner = |count: Expr<'g>| place(count).greater(0.0).select(count, 1.0);
    let errors = stirling_error(inner(n)) - stirling_error(inner(z)) - stirling_error(inner(rest));
    let width = inner(z).log() + inner(rest).log() - inner(n).log();
    interior.select(errors - HALF_LOG_TAU - 0.5 * width, 0.0)
}

/// −Σ p log p, with 0 log 0 = 0, for a family on {0, …, n} whose first parameter is n, if it is constant and not too large.
pub(super) fn entropy_of_counts<'g>(family: &dyn Family, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
    let terms = largest_count(parameters[0])? + 1;
    if terms > MOST_TERMS {
        return None;
    }
    // The outcomes on a last axis of their own.
    let last = |e: &Expr<'g>| if e.rank() == 0 { *e } else { e.unsqueeze(-1) };
    let parameters: Vec<Expr<'g>> = parameters.iter().map(last).collect();
    let log_p = family.log_prob(&parameters, parameters[0].graph().iota(terms));
    let never = log_p.equal(f64::NEG_INFINITY);
    let log_p = never.select(0.0, log_p);
    Some(-never.select(0.0, log_p.exp() * log_p).sum_axes(-1))
}

/// The largest element of a constant; `None` for other expressions and for numbers that are not counts.
pub(super) fn largest_count(e: Expr<'_>) -> Option<usize> {
    let largest = constant(e)?.into_iter().fold(f64::NAN, f64::max);
    (largest >= 0.0 && largest < MOST_OUTCOMES as f64).then_some(largest as usize)
}

impl Family for Binomial {
    fn name(&self) -> &'static str {
        "Binomial"
    }

    fn parameters(&self) -> &'static [Parameter] {
        const TOTAL_COUNT: Parameter =
            Parameter { name: "total_count", constraint: Constraint::Count, event_rank: 0 };
        match self {
            Binomial::Logits => {
                &[TOTAL_COUNT, Parameter { name: "logits", constraint: Constraint::Real, event_rank: 0 }]
            }
            Binomial::Probs => &[
                TOTAL_COUNT,
                Parameter { name: "probs", constraint: Constraint::Probability, event_rank: 0 },
            ],
        }
    }

    fn support(&self) -> Support {
        Support::BoundedCounts
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [n, x] = unpack(parameters);
        let Odds { p, q, .. } = self.odds(x);
        noise.binomial(n, p, q)
    }

    fn is_reparameterized(&self) -> bool {
        false
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let possible = is_count(z);
        let log_prob = self.log_prob_of_count(parameters, possible.select(z, 0.0));
        possible.select(log_prob, f64::NEG_INFINITY)
    }

    fn log_prob_of_count<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [n, x] = unpack(parameters);
        let n = n.stop_gradient();
        let Odds { p, q, log_p, log_q } = self.odds(x);
        let possible = place(z).less_equal(n);
        let z = possible.select(z, 0.0);
        let rest = n - z;
        let correction = coefficient(n, z);
        let log_n = n.equal(0.0).select(1.0, n).log();
        let successes = deviance_by_log(z, n * p, log_n + log_p);
        let failures = deviance_by_log(rest, n * q, log_n + log_q);
        possible.select(correction - successes - failures, f64::NEG_INFINITY)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [n, x] = unpack(parameters);
        let Odds { p, q, .. } = self.odds(x);
        coordinates::of_count(self, parameters, noise, n.sqrt() * (p * q).sqrt())
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [n, x] = unpack(parameters);
        Some(n * self.odds(x).p)
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [n, x] = unpack(parameters);
        let Odds { p, q, .. } = self.odds(x);
        Some(n.stop_gradient() * p * q)
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        entropy_of_counts(self, parameters)
    }

    fn outcomes(&self, parameters: &[Expr<'_>]) -> Option<Vec<Vec<f64>>> {
        Some((0..=largest_count(parameters[0])?).map(|k| vec![k as f64]).collect())
    }

    fn outcome_count(&self, parameters: &[Expr<'_>]) -> Option<usize> {
        Some(largest_count(parameters[0])? + 1)
    }

    fn edges(&self) -> Option<(usize, &'static [f64])> {
        matches!(self, Binomial::Probs).then_some((1, &[0.0, 1.0]))
    }

    /// To first order at p = 0 and p = 1.
    fn mass<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Option<Expr<'g>> {
        let Binomial::Probs = self else { return None };
        let [n, p] = unpack(parameters);
        let (never, always) = (place(p).equal(0.0), place(p).equal(1.0));
        let at_end = never + always;
        let (count, rare) = (never.select(z, n - z), n.stop_gradient() * never.select(p, 1.0 - p));
        let inside = self.log_prob(&[n, at_end.select(0.5, p)], z).exp();
        Some(at_end.select(first_order(count, rare), inside))
    }

    fn mode<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [n, x] = unpack(parameters);
        Some(((n + 1.0) * self.odds(x).p).floor().minimum(n))
    }

    fn quadratic_variance(&self) -> Option<&dyn QuadraticVariance> {
        Some(self)
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }

    fn jumps(&self) -> Option<&dyn Jumps> {
        Some(self)
    }
}

impl Jumps for Binomial {
    fn parameter(&self) -> usize {
        1
    }

    fn rates<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> JumpRates<'g> {
        let [n, x] = unpack(parameters);
        let Odds { p, q, .. } = self.odds(x);
        let (up, down) = match self {
            Binomial::Logits => ((n - z) * p, z * q),
            Binomial::Probs => ((n - z) / q, z / p),
        };
        JumpRates {
            up: z.less(n).select(up, 0.0),
            down: z.greater(0.0).select(down, 0.0),
            only_up: p.equal(0.0),
            only_down: q.equal(0.0),
        }
    }
}

/// ∂p E F = n E\[F(y + 1) − F(y)\], y ~ Binomial(n − 1, p). Of the n trials of z, one is left out: it was a success with the
/// probability z/n, hence y = z − 1 or y = z. The mean of the two is taken.
impl WeakDerivative for Binomial {
    fn values(&self, parameter: usize) -> Option<usize> {
        (parameter == 1).then_some(2)
    }

    fn triples<'g>(&self, _: usize, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Vec<Triple<'g>> {
        let [n, x] = unpack(parameters);
        let Odds { p, q, .. } = self.odds(x);
        let slope = match self {
            Binomial::Logits => p * q,
            Binomial::Probs => p.graph().scalar(1.0),
        };
        let z = self.sample(parameters, noise);
        let one = z.graph().scalar(1.0);
        let fewer = z.greater(0.0).select(count_beyond(z, -one), z);
        let more = z.less(n).select(count_beyond(z, one), z);
        vec![
            Triple { constant: z * slope, positive: Place::Sample, negative: Place::At(fewer) },
            Triple { constant: (n - z) * slope, positive: Place::At(more), negative: Place::Sample },
        ]
    }
}

impl QuadraticVariance for Binomial {
    fn weight<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [n, x] = unpack(parameters);
        let (Odds { p, q, .. }, n) = (self.odds(x), n.stop_gradient());
        0.5 * (in_proportion(z, n * p) + in_proportion(n - z, n * q))
    }
}
