//! Negative binomial: z ∈ {0, 1, 2, …}, the successes before the r-th failure.
//!
//! ```text
//! log p(z) = log Γ(z + r) − log z! − log Γ(r) + r log q + z log p,    p = σ(φ),  q = 1 − p = σ(−φ)
//!          = −D(z, n p) − D(r, n q) + c(z),   n = z + r                   with Stirling's formula, see `special`
//! c(z) = δ(n) − δ(z) − δ(r) − ½ log(2π z n/r) for z > 0, 0 at z = 0
//! P(0) = 1 − r p,   P(1) = r p to first order at p = 0
//! z ~ Poisson(g p/q),   g ~ Gamma(r, 1)
//! E z = r p/q,   Var z = r p/q²
//! ```
//!
//! Parameters: r (`total_count`), positive and finite, not necessarily an integer; φ (`logits`), finite, or p (`probs`) in [0,
//! 1). As in torch.distributions, z counts the successes, each of which has probability p. The entropy has no closed form. A
//! sample that overflows is infinite, and the score is computed from z q = g, which is accurate near p = 1: log p(z) = (r − 1)
//! log z + r log q − log Γ(r) − g q/q₀.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::binomial::{Odds, first_order};
use super::coordinates::held;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::jumps::{JumpRates, Jumps};
use super::noise::Noise;
use super::quadratic_variance::{QuadraticVariance, in_proportion};
use super::special::{HALF_LOG_TAU, deviance_by_log, is_count, place, stirling_error};
use super::weak_derivative::{Place, Triple, WeakDerivative, count_beyond};

/// The negative binomial family, by logits or by probabilities.
#[derive(Clone, Copy, Debug)]
pub enum NegativeBinomial {
    /// p = σ(φ)
    Logits,
    /// p
    Probs,
}

impl NegativeBinomial {
    /// r (`total_count`) > 0 and φ, the logits of a success.
    pub fn from_logits<'g>(
        total_count: impl Into<Argument<'g>>,
        logits: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(Arc::new(NegativeBinomial::Logits), [total_count.into(), logits.into()])
    }

    /// r (`total_count`) > 0 and p < 1, the probability of a success.
    pub fn from_probs<'g>(
        total_count: impl Into<Argument<'g>>,
        probs: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(Arc::new(NegativeBinomial::Probs), [total_count.into(), probs.into()])
    }

    fn odds<'g>(self, x: Expr<'g>) -> Odds<'g> {
        match self {
            NegativeBinomial::Logits => Odds::of_logits(x),
            NegativeBinomial::Probs => Odds::of_probs(x),
        }
    }

    /// p/q
    fn successes_per_failure<'g>(self, x: Expr<'g>) -> Expr<'g> {
        match self {
            NegativeBinomial::Logits => x.exp(),
            NegativeBinomial::Probs => x / (1.0 - x),
        }
    }
}

impl Family for NegativeBinomial {
    fn name(&self) -> &'static str {
        "NegativeBinomial"
    }

    fn parameters(&self) -> &'static [Parameter] {
        const TOTAL_COUNT: Parameter =
            Parameter { name: "total_count", constraint: Constraint::Positive, event_rank: 0 };
        const PROBS: Parameter =
            Parameter { name: "probs", constraint: Constraint::ProbabilityBelowOne, event_rank: 0 };
        match self {
            NegativeBinomial::Logits => {
                &[TOTAL_COUNT, Parameter { name: "logits", constraint: Constraint::Real, event_rank: 0 }]
            }
            NegativeBinomial::Probs => &[TOTAL_COUNT, PROBS],
        }
    }

    fn support(&self) -> Support {
        Support::Counts
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [r, x] = unpack(parameters);
        let Odds { log_p, log_q, .. } = self.odds(x);
        let log_rate = noise.log_gamma(&[], r) + log_p - log_q;
        let rate = log_rate.exp();
        let finite = rate.less(f64::INFINITY);
        finite.select(noise.poisson(finite.select(rate, 0.0)), f64::INFINITY)
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
        let [r, x] = unpack(parameters);
        let Odds { p, q, log_p, log_q } = self.odds(x);
        let n = z + r;
        let (none, log_n) = (place(z).equal(0.0), n.log());
        let positive = none.select(1.0, z);
        let errors = stirling_error(n) - stirling_error(positive) - stirling_error(r);
        let width = positive.log() + log_n - r.log();
        let correction = none.select(0.0, errors - HALF_LOG_TAU - 0.5 * width);
        let successes = deviance_by_log(z, n * p, log_n + log_p);
        let failures = deviance_by_log(r, n * q, log_n + log_q);
        correction - successes - failures
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [r, x] = unpack(parameters);
        let Odds { p, q, log_p, log_q } = self.odds(x);
        let log_gamma = noise.clone().log_gamma(&[], r).stop_gradient();
        let z = self.sample(parameters, noise).stop_gradient();
        let finite = z.less(f64::INFINITY);
        let log_z = finite.select(0.0, log_gamma + log_p - log_q).stop_gradient();
        let rest = log_gamma.exp() * (log_q - log_q.stop_gradient()).exp();
        let beyond = (r - 1.0) * log_z + r * log_q - r.lgamma() - rest;
        let is_held = finite.select(held(z, (r * p).sqrt() / q), held(r, r.sqrt()));
        finite.select(self.log_prob(parameters, z), beyond) * is_held.stop_gradient()
    }

    fn edges(&self) -> Option<(usize, &'static [f64])> {
        matches!(self, NegativeBinomial::Probs).then_some((1, &[0.0]))
    }

    /// To first order at p = 0.
    fn mass<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Option<Expr<'g>> {
        let NegativeBinomial::Probs = self else { return None };
        let [r, p] = unpack(parameters);
        let never = place(p).equal(0.0);
        let inside = self.log_prob(&[r, never.select(0.5, p)], z).exp();
        Some(never.select(first_order(z, r * p), inside))
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [r, x] = unpack(parameters);
        Some(r * self.successes_per_failure(x))
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [r, x] = unpack(parameters);
        let ratio = self.successes_per_failure(x);
        Some(r * ratio * (1.0 + ratio))
    }

    fn entropy<'g>(&self, _: &[Expr<'g>]) -> Option<Expr<'g>> {
        None
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

impl Jumps for NegativeBinomial {
    fn parameter(&self) -> usize {
        1
    }

    fn rates<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> JumpRates<'g> {
        let [r, x] = unpack(parameters);
        let Odds { p, q, .. } = self.odds(x);
        let (up, down) = match self {
            NegativeBinomial::Logits => ((z + r) * p, z),
            NegativeBinomial::Probs => ((z + r) / q, z / p / q),
        };
        let down = z.greater(0.0).select(down, 0.0);
        JumpRates { up, down, only_up: p.equal(0.0), only_down: 0.0 * p }
    }
}

/// ∂p P(z; r) = r/q (P(z − 1; r + 1) − P(z; r)), and a count of r + 1 failures is one of r and one of 1, which is geometric. The
/// derivative by r is not known in this form.
impl WeakDerivative for NegativeBinomial {
    fn values(&self, parameter: usize) -> Option<usize> {
        (parameter == 1).then_some(1)
    }

    fn triples<'g>(&self, _: usize, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Vec<Triple<'g>> {
        let [r, x] = unpack(parameters);
        let Odds { p, q, log_p, .. } = self.odds(x);
        let constant = match self {
            NegativeBinomial::Logits => r * p,
            NegativeBinomial::Probs => r / q,
        };
        let z = self.sample(parameters, noise);
        let geometric = (noise.uniform(&[]).log() / log_p).floor();
        let more = count_beyond(z, 1.0 + geometric);
        vec![Triple { constant, positive: Place::At(more), negative: Place::Sample }]
    }
}

impl QuadraticVariance for NegativeBinomial {
    fn weight<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [r, x] = unpack(parameters);
        let (p, q) = match self {
            NegativeBinomial::Logits => (x.sigmoid(), (-x).sigmoid()),
            NegativeBinomial::Probs => (x, 1.0 - x),
        };
        0.5 * ((1.0 + p) * in_proportion(z, r * self.successes_per_failure(x)) + q)
    }
}
