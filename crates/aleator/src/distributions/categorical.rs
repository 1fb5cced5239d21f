//! Categorical: z ∈ {0, …, n − 1}, an index.
//!
//! ```text
//! log p(z) = φ_z − logsumexp φ              from logits
//!          = log w_z − log Σₖ wₖ            from probs w
//! z = argmaxₖ (log pₖ + γₖ),   γₖ = −log(−log uₖ)      (Gumbel-max)
//! entropy = −Σₖ pₖ log pₖ,   mode = argmaxₖ pₖ
//! ```
//!
//! Parameter: φ (`logits`), numbers less than ∞, −∞ for outcomes that never happen; or w (`probs`), weights ≥ 0, divided by their
//! sum. The last axis is the event: n numbers give one index. An index has no mean and no relaxation; use
//! [`OneHotCategorical`](super::OneHotCategorical) for these.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::coordinates;
use super::family::{Constraint, Distribution, Family, Parameter, Support};
use super::noise::Noise;
use super::special::place;

/// The categorical family over indices, by logits or by (not necessarily normalised) probabilities.
#[derive(Clone, Copy, Debug)]
pub enum Categorical {
    /// p = softmax(φ)
    Logits,
    /// p, normalised by its sum
    Probs,
}

impl Categorical {
    /// φ, the unnormalised log-probabilities; the last axis is the event.
    pub fn from_logits<'g>(logits: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Categorical::Logits), [logits.into()])
    }

    /// p, the probabilities, normalised by their sum; the last axis is the event.
    pub fn from_probs<'g>(probs: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Categorical::Probs), [probs.into()])
    }

    pub(super) fn specification(self) -> &'static [Parameter] {
        match self {
            Categorical::Logits => {
                &[Parameter { name: "logits", constraint: Constraint::LogWeights, event_rank: 1 }]
            }
            Categorical::Probs => {
                &[Parameter { name: "probs", constraint: Constraint::Weights, event_rank: 1 }]
            }
        }
    }

    /// Normalised probabilities.
    pub(super) fn probabilities<'g>(self, x: Expr<'g>) -> Expr<'g> {
        match self {
            Categorical::Logits => x.softmax(),
            Categorical::Probs => x / x.sum_axes(-1).unsqueeze(-1),
        }
    }

    /// Log-probabilities. They are −∞ with derivative 0 where a weight is 0, instead of a derivative 0 · ∞.
    pub(super) fn log_probabilities<'g>(self, x: Expr<'g>) -> Expr<'g> {
        match self {
            Categorical::Logits => x.log_softmax(),
            Categorical::Probs => {
                let never = place(x).equal(0.0);
                let log_weights = never.select(f64::NEG_INFINITY, never.select(1.0, x).log());
                log_weights - x.sum_axes(-1).log().unsqueeze(-1)
            }
        }
    }

    /// log p of the outcome that a 0/1 mask along the last axis selects; the other outcomes have no effect.
    pub(super) fn log_prob_of<'g>(self, x: Expr<'g>, mask: Expr<'g>) -> Expr<'g> {
        match self {
            Categorical::Logits => mask.select(x.log_softmax(), 0.0).sum_axes(-1),
            Categorical::Probs => mask.select(x, 0.0).sum_axes(-1).log() - x.sum_axes(-1).log(),
        }
    }

    /// Σₖ zₖ log pₖ, with 0 · ∞ = 0.
    pub(super) fn linear_log_prob<'g>(self, x: Expr<'g>, z: Expr<'g>) -> Expr<'g> {
        let log_p = self.log_probabilities(x);
        let never = log_p.equal(f64::NEG_INFINITY);
        let at_never = z.equal(0.0).select(0.0, f64::NEG_INFINITY);
        never.select(at_never, z * never.select(0.0, log_p)).sum_axes(-1)
    }

    /// The values of w at which the probability of an outcome is 0 and has a nonzero derivative.
    pub(super) fn edges_of(self) -> Option<(usize, &'static [f64])> {
        matches!(self, Categorical::Probs).then_some((0, &[0.0]))
    }

    /// The probability of the outcome that a 0/1 mask along the last axis selects: w_z / Σₖ wₖ.
    pub(super) fn mass_of<'g>(self, x: Expr<'g>, mask: Expr<'g>) -> Option<Expr<'g>> {
        let weight = || mask.select(x, 0.0).sum_axes(-1) / x.sum_axes(-1);
        matches!(self, Categorical::Probs).then(weight)
    }

    /// log pₖ + γₖ, the Gumbel-perturbed log-probabilities.
    pub(super) fn perturbed<'g>(self, x: Expr<'g>, noise: &mut Noise<'g>) -> Expr<'g> {
        let n = x.shape().from_end(0);
        let gumbel = -(-noise.uniform(&[n]).log()).log();
        self.log_probabilities(x) + gumbel
    }

    /// −Σ p log p, with 0 log 0 = 0.
    pub(super) fn entropy_of<'g>(self, x: Expr<'g>) -> Expr<'g> {
        let p = self.probabilities(x);
        let log_p = place(p).equal(0.0).select(0.0, self.log_probabilities(x));
        -(p * log_p).sum_axes(-1)
    }
}

/// The size of the event.
pub(super) fn categories(parameters: &[Expr<'_>]) -> usize {
    parameters[0].shape().from_end(0)
}

impl Family for Categorical {
    fn name(&self) -> &'static str {
        "Categorical"
    }

    fn parameters(&self) -> &'static [Parameter] {
        self.specification()
    }

    fn support(&self) -> Support {
        Support::Indices
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        self.perturbed(parameters[0], noise).argmax()
    }

    fn is_reparameterized(&self) -> bool {
        false
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        self.log_prob_of(parameters[0], z.one_hot(categories(parameters)))
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        coordinates::of_exact_draw(self, parameters, noise)
    }

    fn mean<'g>(&self, _: &[Expr<'g>]) -> Option<Expr<'g>> {
        None
    }

    fn variance<'g>(&self, _: &[Expr<'g>]) -> Option<Expr<'g>> {
        None
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(self.entropy_of(parameters[0]))
    }

    fn outcomes(&self, parameters: &[Expr<'_>]) -> Option<Vec<Vec<f64>>> {
        Some((0..categories(parameters)).map(|k| vec![k as f64]).collect())
    }

    fn outcome_count(&self, parameters: &[Expr<'_>]) -> Option<usize> {
        Some(categories(parameters))
    }

    fn masses<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(self.probabilities(parameters[0]))
    }

    fn log_masses<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(self.log_probabilities(parameters[0]))
    }

    fn edges(&self) -> Option<(usize, &'static [f64])> {
        self.edges_of()
    }

    fn mass<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Option<Expr<'g>> {
        self.mass_of(parameters[0], z.one_hot(categories(parameters)))
    }

    fn mode<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(parameters[0].argmax())
    }
}
