//! Dirichlet-multinomial: z ∈ {0, …, n}ᵏ with Σ z = n, a Multinomial whose probabilities are a Dirichlet.
//!
//! ```text
//! z ~ Multinomial(n, p),   p ~ Dirichlet(α)
//! log p(z) = log n!/Πᵢ zᵢ! + log B(z + α) − log B(α),   B(α) = Πᵢ Γ(αᵢ)/Γ(s),   s = Σᵢ αᵢ
//!          = c(z) − Σᵢ (D(zᵢ, n ρᵢ) + D(αᵢ, s ρᵢ)) + e(z),   ρ = (z + α)/(n + s)         with Stirling's formula, see `special`
//! e(z) = ½ log (n + s)/s − δ(n + s) + δ(s) + Σᵢ (½ log αᵢ/(zᵢ + αᵢ) + δ(zᵢ + αᵢ) − δ(αᵢ))
//! E z = n α/s,   Var zᵢ = n (αᵢ/s)(1 − αᵢ/s)(n + s)/(s + 1)
//! ```
//!
//! c(z) is in `compositions`. For k = 2, z₁ is BetaBinomial(n, α₁, α₂), with the same formula. By hand, for n = 1: P(zᵢ = 1) = αᵢ/s.
//!
//! Parameters: n (`total_count`), a non-negative integer, with respect to which nothing is differentiated; α (`concentration`), positive and
//! finite; its last axis is the event, as for z. Samples are exact. If n is constant and there are not too many outcomes, they can be
//! enumerated, and the entropy is a sum over them.

use std::sync::Arc;

use aleator_engine::graph::{Expr, Shape};

use super::argument::Argument;
use super::compositions::{self, beside_vector, coefficient, is_composition};
use super::coordinates;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::special::{deviance_by_log, stirling_error};

/// The Dirichlet-multinomial family.
#[derive(Clone, Copy, Debug)]
pub struct DirichletMultinomial;

impl DirichletMultinomial {
    /// n (`total_count`) and α (`concentration`), elements > 0; the last axis is the event.
    pub fn new<'g>(
        total_count: impl Into<Argument<'g>>,
        concentration: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(Arc::new(DirichletMultinomial), [total_count.into(), concentration.into()])
    }
}

impl Family for DirichletMultinomial {
    fn name(&self) -> &'static str {
        "DirichletMultinomial"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "total_count", constraint: Constraint::Count, event_rank: 0 },
            Parameter { name: "concentration", constraint: Constraint::Positive, event_rank: 1 },
        ]
    }

    fn support(&self) -> Support {
        Support::Compositions
    }

    fn event_shape(&self, parameters: &[Expr<'_>]) -> Shape {
        parameters[1].shape().trailing(1)
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [n, alpha] = unpack(parameters);
        let p = noise.log_gamma(&self.event_shape(parameters), alpha).softmax();
        compositions::draw(n, p, noise)
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
        let (n, alpha) = (beside_vector(parameters[0]), parameters[1]);
        let s = alpha.sum_axes(-1).unsqueeze(-1);
        let (sum, total) = (z + alpha, n + s);
        let (share, log_share) = (sum / total, sum.log() - total.log());
        let log_n = n.equal(0.0).select(1.0, n).log();
        let of_counts = deviance_by_log(z, n * share, log_n + log_share);
        let of_concentrations = deviance_by_log(alpha, s * share, s.log() + log_share);
        let remainders = 0.5 * (alpha.log() - sum.log()) + stirling_error(sum) - stirling_error(alpha);
        let of_totals = 0.5 * (total.log() - s.log()) - stirling_error(total) + stirling_error(s);
        let terms = remainders - of_counts - of_concentrations;
        coefficient(n, z) + terms.sum_axes(-1) + of_totals.squeeze(-1)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        coordinates::of_exact_draw(self, parameters, noise)
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let alpha = parameters[1];
        Some(beside_vector(parameters[0]) * (alpha / alpha.sum_axes(-1).unsqueeze(-1)))
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let (n, alpha) = (beside_vector(parameters[0]), parameters[1]);
        let s = alpha.sum_axes(-1).unsqueeze(-1);
        Some(n * (alpha / s) * ((s - alpha) / s) * ((n + s) / (1.0 + s)))
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

    fn mode<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        compositions::mode(self, parameters)
    }
}
