//! Geometric: z ∈ {0, 1, 2, …}, the failures before the first success.
//!
//! ```text
//! z = ⌊log u / log q⌋,    p = σ(φ),  q = 1 − p = σ(−φ)
//! log p(z) = log p + z log q
//! P(0) = 1 − q,   P(1) = q to first order at q = 0
//! E z = q/p,   Var z = q/p²,   entropy = −log p − (q/p) log q
//! ```
//!
//! Parameter: φ (`logits`), finite; or p (`probs`) in (0, 1]. If p is so small that a sample overflows, the sample is infinite,
//! and the score is computed from z log q = log u · (log q/log q₀), where log(−log q) equals log p up to rounding.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::binomial::{Odds, first_order};
use super::family::{Constraint, Distribution, Family, Parameter, Support};
use super::jumps::{JumpRates, Jumps};
use super::noise::Noise;
use super::quadratic_variance::{QuadraticVariance, in_proportion};
use super::special::{is_count, place};
use super::weak_derivative::{Place, Triple, WeakDerivative, count_beyond};

/// The Geometric family, by logits or by probabilities.
#[derive(Clone, Copy, Debug)]
pub enum Geometric {
    /// p = σ(φ)
    Logits,
    /// p
    Probs,
}

impl Geometric {
    /// φ, the logits of a success.
    pub fn from_logits<'g>(logits: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Geometric::Logits), [logits.into()])
    }

    /// p, the probability of a success.
    pub fn from_probs<'g>(probs: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Geometric::Probs), [probs.into()])
    }

    fn odds<'g>(self, x: Expr<'g>) -> Odds<'g> {
        match self {
            Geometric::Logits => Odds::of_logits(x),
            Geometric::Probs => Odds::of_probs(x),
        }
    }

    /// q/p
    fn failures_per_success<'g>(self, x: Expr<'g>) -> Expr<'g> {
        match self {
            Geometric::Logits => (-x).exp(),
            Geometric::Probs => (1.0 - x) / x,
        }
    }
}

impl Family for Geometric {
    fn name(&self) -> &'static str {
        "Geometric"
    }

    fn parameters(&self) -> &'static [Parameter] {
        match self {
            Geometric::Logits => &[Parameter { name: "logits", constraint: Constraint::Real, event_rank: 0 }],
            Geometric::Probs => {
                &[Parameter { name: "probs", constraint: Constraint::PositiveProbability, event_rank: 0 }]
            }
        }
    }

    fn support(&self) -> Support {
        Support::Counts
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let Odds { log_q, .. } = self.odds(parameters[0]);
        (noise.uniform(&[]).log() / log_q).floor()
    }

    fn is_reparameterized(&self) -> bool {
        false
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let possible = is_count(z);
        let log_prob = self.log_prob_of_count(parameters, possible.select(z, 0.0));
        possible.select(log_prob, f64::NEG_INFINITY)
    }

    fn log_prob_of_count<'g>(&self, parameters: &[Expr<'g>], failures: Expr<'g>) -> Expr<'g> {
        let Odds { log_p, log_q, .. } = self.odds(parameters[0]);
        // At p = 1 the only outcome is z = 0, whose factor log q = −∞ must not meet.
        let log_q = place(failures).equal(0.0).select(0.0, log_q);
        log_p + failures * log_q
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let log_u = noise.clone().uniform(&[]).log();
        let z = self.sample(parameters, noise).stop_gradient();
        let Odds { log_p, .. } = self.odds(parameters[0]);
        let beyond = log_p + log_u * (log_p - log_p.stop_gradient()).exp();
        z.less(f64::INFINITY).select(self.log_prob(parameters, z), beyond)
    }

    fn edges(&self) -> Option<(usize, &'static [f64])> {
        matches!(self, Geometric::Probs).then_some((0, &[1.0]))
    }

    /// To first order at p = 1.
    fn mass<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Option<Expr<'g>> {
        let Geometric::Probs = self else { return None };
        let certain = place(parameters[0]).equal(1.0);
        let inside = self.log_prob(&[certain.select(0.5, parameters[0])], z).exp();
        Some(certain.select(first_order(z, 1.0 - parameters[0]), inside))
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(self.failures_per_success(parameters[0]))
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let ratio = self.failures_per_success(parameters[0]);
        Some(ratio * (1.0 + ratio))
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let x = parameters[0];
        let Odds { log_p, log_q, .. } = self.odds(x);
        let uncertain = match self {
            // (q/p) log q is −1 to the last bit below φ = −80, where its factors leave the range of numbers.
            Geometric::Logits => {
                let x = x.maximum(-80.0);
                -(-x).exp() * x.softplus()
            }
            Geometric::Probs => {
                let certain = place(x).equal(1.0);
                self.failures_per_success(x) * certain.select(0.0, log_q)
            }
        };
        Some(-log_p - uncertain)
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

impl Jumps for Geometric {
    fn parameter(&self) -> usize {
        0
    }

    fn rises(&self) -> bool {
        false
    }

    fn rates<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> JumpRates<'g> {
        let Odds { p, q, .. } = self.odds(parameters[0]);
        let (up, down) = match self {
            Geometric::Logits => (-(z + 1.0) * q, -z),
            Geometric::Probs => (-(z + 1.0) / p, -(z / p / q)),
        };
        let down = z.greater(0.0).select(down, 0.0);
        JumpRates { up, down, only_up: q.equal(0.0), only_down: 0.0 * p }
    }
}

/// ∂p (p qᶻ) = (p qᶻ − p² z q^(z−1))/p: a Geometric less the sum of two and 1.
impl WeakDerivative for Geometric {
    fn values(&self, _: usize) -> Option<usize> {
        Some(1)
    }

    fn triples<'g>(&self, _: usize, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Vec<Triple<'g>> {
        let Odds { p, q, .. } = self.odds(parameters[0]);
        let constant = match self {
            Geometric::Logits => q,
            Geometric::Probs => 1.0 / p,
        };
        let z = self.sample(parameters, noise);
        let more = count_beyond(z, 1.0 + self.sample(parameters, noise));
        vec![Triple { constant, positive: Place::Sample, negative: Place::At(more) }]
    }
}

impl QuadraticVariance for Geometric {
    fn weight<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let (x, mean) = (parameters[0], self.failures_per_success(parameters[0]));
        let (p, q) = match self {
            Geometric::Logits => (x.sigmoid(), (-x).sigmoid()),
            Geometric::Probs => (x, 1.0 - x),
        };
        0.5 * ((1.0 + q) * in_proportion(z, mean) + p)
    }
}
