//! Multinomial: z ∈ {0, …, n}ᵏ with Σ z = n, how often each of k outcomes occurs in n trials.
//!
//! ```text
//! log p(z) = log n!/Πᵢ zᵢ! + Σᵢ zᵢ log pᵢ
//!          = c(z) − Σᵢ D(zᵢ, n pᵢ)                      with Stirling's formula, see `compositions` and `special`
//! P(z) = n!/Πᵢ zᵢ! · Πᵢ pᵢ^zᵢ                           where a weight is 0, for the derivatives there
//! E z = n p,   Var zᵢ = n pᵢ (1 − pᵢ)
//! ```
//!
//! The linear parts of the deviances cancel, as Σ z = n Σ p. For k = 2, z₁ is Binomial(n, p₁); for n = 1, z is one-hot.
//!
//! Parameters: n (`total_count`), a non-negative integer, with respect to which nothing is differentiated; φ (`logits`), not all −∞, or p
//! (`probs`), non-negative weights that are divided by their sum; their last axis is the event, as for z. Samples are exact. If n is constant
//! and there are not too many outcomes, they can be enumerated, and the entropy is a sum over them.

use std::sync::Arc;

use aleator_engine::graph::{Expr, Reduction, Shape};

use super::argument::Argument;
use super::categorical::Categorical;
use super::compositions::{self, beside_vector, coefficient, is_composition};
use super::coordinates;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::special::{deviance_by_log, place};

/// The multinomial family, by logits or by probabilities.
#[derive(Clone, Copy, Debug)]
pub enum Multinomial {
    /// φ
    Logits,
    /// p
    Probs,
}

impl Multinomial {
    /// n (`total_count`) and φ, the unnormalised log-probabilities; the last axis is the event.
    pub fn from_logits<'g>(
        total_count: impl Into<Argument<'g>>,
        logits: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(Arc::new(Multinomial::Logits), [total_count.into(), logits.into()])
    }

    /// n (`total_count`) and p, the probabilities, normalised by their sum; the last axis is the event.
    pub fn from_probs<'g>(
        total_count: impl Into<Argument<'g>>,
        probs: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(Arc::new(Multinomial::Probs), [total_count.into(), probs.into()])
    }

    /// The law of one trial.
    pub(super) fn trial(self) -> Categorical {
        match self {
            Multinomial::Logits => Categorical::Logits,
            Multinomial::Probs => Categorical::Probs,
        }
    }
}

const TOTAL_COUNT: Parameter =
    Parameter { name: "total_count", constraint: Constraint::Count, event_rank: 0 };

impl Family for Multinomial {
    fn name(&self) -> &'static str {
        "Multinomial"
    }

    fn parameters(&self) -> &'static [Parameter] {
        match self {
            Multinomial::Logits => &[
                TOTAL_COUNT,
                Parameter { name: "logits", constraint: Constraint::LogWeights, event_rank: 1 },
            ],
            Multinomial::Probs => {
                &[TOTAL_COUNT, Parameter { name: "probs", constraint: Constraint::Weights, event_rank: 1 }]
            }
        }
    }

    fn support(&self) -> Support {
        Support::Compositions
    }

    fn event_shape(&self, parameters: &[Expr<'_>]) -> Shape {
        parameters[1].shape().trailing(1)
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [n, x] = unpack(parameters);
        compositions::draw(n, self.trial().probabilities(x), noise)
    }

    fn is_reparameterized(&self) -> bool {
        false
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let possible = is_composition(parameters[0], z);
        let log_prob = self.log_prob_of_count(parameters, possible.unsqueeze(-1).select(z, 0.0));
        possible.select(log_prob, f64::NEG_INFINITY)
    }

    fn log_prob_of_count<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let (n, x) = (beside_vector(parameters[0]), parameters[1]);
        let log_n = n.equal(0.0).select(1.0, n).log();
        let log_m = log_n + self.trial().log_probabilities(x);
        let deviances = deviance_by_log(z, n * self.trial().probabilities(x), log_m);
        coefficient(n, z) - deviances.sum_axes(-1)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        coordinates::of_exact_draw(self, parameters, noise)
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(beside_vector(parameters[0]) * self.trial().probabilities(parameters[1]))
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let p = self.trial().probabilities(parameters[1]);
        Some(beside_vector(parameters[0]) * p * (1.0 - p))
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        compositions::entropy(self, parameters)
    }

    fn outcomes(&self, parameters: &[Expr<'_>]) -> Option<Vec<Vec<f64>>> {
        compositions::outcomes(parameters[0], parameters[1].shape().from_end(0))
    }

    fn outcome_count(&self, parameters: &[Expr<'_>]) -> Option<usize> {
        compositions::count(parameters[0], parameters[1].shape().from_end(0))
    }

    fn edges(&self) -> Option<(usize, &'static [f64])> {
        matches!(self, Multinomial::Probs).then_some((1, &[0.0]))
    }

    fn mass<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Option<Expr<'g>> {
        let Multinomial::Probs = self else { return None };
        let (n, w) = (beside_vector(parameters[0]), parameters[1]);
        let any_at_edge = place(w).equal(0.0).reduce(Reduction::Max, -1);
        let away = any_at_edge.unsqueeze(-1).select(1.0, w);
        let inside = self.log_prob(&[parameters[0], away], z).exp();
        let some = z.greater(0.0);
        let p = self.trial().probabilities(w);
        let powers = some.select(p.pow(some.select(z, 1.0)), 1.0).reduce(Reduction::Prod, -1);
        let ways = ((n + 1.0).lgamma().squeeze(-1) - (z + 1.0).lgamma().sum_axes(-1)).exp();
        Some(any_at_edge.select(ways * powers, inside))
    }

    fn mode<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        compositions::mode(self, parameters)
    }
}
