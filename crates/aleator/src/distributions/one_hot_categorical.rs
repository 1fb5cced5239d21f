//! One-hot categorical: z ∈ {e₁, …, eₙ}, a unit vector.
//!
//! ```text
//! p = softmax φ  =  w / Σₖ wₖ
//! log p(z) = Σₖ zₖ log pₖ,   0 · ∞ = 0:   log pₖ where z = eₖ, and linear between the outcomes, as a cost of a relaxed z
//! X = log p + γ,   γ = −log(−log u)
//! z = one_hot(argmax X)              the hard draw (Gumbel-max)
//! ζ = softmax(X / τ)                 its relaxation, from the same u (Gumbel-softmax)
//!
//! X given z = e_b, with Eₖ ~ Exponential(1) independent of z: the largest X is a standard Gumbel, the others stay below,
//! X̃_b = −log E_b
//! X̃ᵢ  = −log(Eᵢ / pᵢ + E_b)          i ≠ b
//! independent:   E = −log v
//! common:        E_b = (−log u_b)/p_b = e^(−X_b),   Eᵢ = −log uᵢ − pᵢ e^(−X_b)
//!
//! E z = p,   Var zₖ = pₖ (1 − pₖ),   entropy = −Σₖ pₖ log pₖ,   mode = one_hot(argmax p)
//! ```
//!
//! Parameter: φ (`logits`) or w (`probs`), as for [`Categorical`](super::Categorical). The last axis is the event, as for z.

use std::sync::Arc;

use aleator_engine::graph::{Expr, Shape};

use super::argument::Argument;
use super::categorical::{Categorical, categories};
use super::family::{Distribution, Family, Parameter, Support};
use super::noise::Noise;
use super::perturbation::{Coupling, HUGE, Perturbation, TINY};

/// The categorical family over one-hot vectors.
#[derive(Clone, Copy, Debug)]
pub struct OneHotCategorical(Categorical);

impl OneHotCategorical {
    /// By logits.
    pub const LOGITS: OneHotCategorical = OneHotCategorical(Categorical::Logits);
    /// By probabilities.
    pub const PROBS: OneHotCategorical = OneHotCategorical(Categorical::Probs);

    /// φ, the unnormalised log-probabilities; the last axis is the event.
    pub fn from_logits<'g>(logits: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Self::LOGITS), [logits.into()])
    }

    /// p, the probabilities, normalised by their sum; the last axis is the event.
    pub fn from_probs<'g>(probs: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Self::PROBS), [probs.into()])
    }
}

impl Family for OneHotCategorical {
    fn name(&self) -> &'static str {
        "OneHotCategorical"
    }

    fn parameters(&self) -> &'static [Parameter] {
        self.0.specification()
    }

    fn support(&self) -> Support {
        Support::OneHot
    }

    fn event_shape(&self, parameters: &[Expr<'_>]) -> Shape {
        [categories(parameters)].into()
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        self.0.perturbed(parameters[0], noise).argmax().one_hot(categories(parameters))
    }

    fn is_reparameterized(&self) -> bool {
        false
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        self.0.linear_log_prob(parameters[0], z)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        self.0.log_prob_of(parameters[0], self.sample(parameters, noise).stop_gradient())
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(self.0.probabilities(parameters[0]))
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let p = self.0.probabilities(parameters[0]);
        Some(p * (1.0 - p))
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(self.0.entropy_of(parameters[0]))
    }

    fn perturbation(&self) -> Option<&dyn Perturbation> {
        Some(self)
    }

    fn outcomes(&self, parameters: &[Expr<'_>]) -> Option<Vec<Vec<f64>>> {
        let n = categories(parameters);
        Some((0..n).map(|k| (0..n).map(|i| if i == k { 1.0 } else { 0.0 }).collect()).collect())
    }

    fn outcome_count(&self, parameters: &[Expr<'_>]) -> Option<usize> {
        Some(categories(parameters))
    }

    fn masses<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(self.0.probabilities(parameters[0]))
    }

    fn log_masses<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(self.0.log_probabilities(parameters[0]))
    }

    fn edges(&self) -> Option<(usize, &'static [f64])> {
        self.0.edges_of()
    }

    fn mass<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Option<Expr<'g>> {
        // Of the outcome alone: a product with the other probabilities would multiply an infinite cost by 0.
        let of_outcome = || self.0.log_prob_of(parameters[0], z).exp();
        Some(self.0.mass_of(parameters[0], z).unwrap_or_else(of_outcome))
    }

    fn mode<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(parameters[0].argmax().one_hot(categories(parameters)))
    }
}

impl Perturbation for OneHotCategorical {
    fn log_odds<'g>(&self, parameters: &[Expr<'g>]) -> Expr<'g> {
        self.0.log_probabilities(parameters[0])
    }

    fn perturbed<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        self.0.perturbed(parameters[0], noise)
    }

    fn perturbed_given<'g>(
        &self,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
        z: Expr<'g>,
        coupling: Coupling,
    ) -> Expr<'g> {
        let log_p = self.0.log_probabilities(parameters[0]);
        let n = categories(parameters);
        let chosen = |e: Expr<'g>| z.select(e, 0.0).sum_axes(-1).unsqueeze(-1);
        let first = -noise.uniform(&[n]).log();
        let e = match coupling {
            Coupling::Common => {
                let p = self.0.probabilities(parameters[0].stop_gradient());
                let smallest = chosen(first / z.select(p, 1.0));
                z.select(smallest, first - p * smallest).maximum(TINY).stop_gradient()
            }
            Coupling::Independent => -noise.uniform(&[n]).log(),
        };
        let log_e = e.log();
        let log_chosen = chosen(log_e);
        // log(Eᵢ/pᵢ + E_b) = log E_b + softplus(log Eᵢ − log pᵢ − log E_b)
        z.select(-log_e, -log_chosen - (log_e - log_p - log_chosen).softplus())
    }

    fn relax<'g>(&self, x: Expr<'g>, temperature: Expr<'g>) -> Expr<'g> {
        (x.maximum(-HUGE) / temperature).softmax()
    }
}
