//! One-hot categorical: z ∈ {e₁, …, eₙ}, a unit vector.
//!
//! ```text
//! p = softmax φ  =  w / Σₖ wₖ
//! log p(z) = log pₖ where z = eₖ
//! X = log p + γ,   γ = −log(−log u)
//! z = one_hot(argmax X)              the hard draw (Gumbel-max)
//! ζ = softmax(X / τ)                 its relaxation, from the same u (Gumbel-softmax)
//! E z = p,   Var zₖ = pₖ (1 − pₖ),   entropy = −Σₖ pₖ log pₖ,   mode = one_hot(argmax p)
//! ```
//!
//! Parameter: φ (`logits`) or w (`probs`), as for [`Categorical`](super::Categorical). Its last axis is the event, and
//! that of z.

use std::sync::Arc;

use aleator_engine::graph::{Expr, Shape};

use super::categorical::{Categorical, categories};
use super::family::{Distribution, Family, Parameter, Support};
use super::noise::Noise;

/// The categorical family over one-hot vectors.
#[derive(Clone, Copy, Debug)]
pub struct OneHotCategorical(Categorical);

impl OneHotCategorical {
    /// By logits.
    pub const LOGITS: OneHotCategorical = OneHotCategorical(Categorical::Logits);
    /// By probabilities.
    pub const PROBS: OneHotCategorical = OneHotCategorical(Categorical::Probs);

    /// φ, the unnormalised log-probabilities; the last axis is the event.
    pub fn from_logits(logits: Expr<'_>) -> Distribution<'_> {
        Distribution::new(Arc::new(Self::LOGITS), vec![logits])
    }

    /// p, the probabilities, normalised by their sum; the last axis is the event.
    pub fn from_probs(probs: Expr<'_>) -> Distribution<'_> {
        Distribution::new(Arc::new(Self::PROBS), vec![probs])
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
        self.0.log_prob_of(parameters[0], z)
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

    fn relaxed_sample<'g>(
        &self,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
        temperature: Expr<'g>,
    ) -> Option<Expr<'g>> {
        let perturbed = self.0.perturbed(parameters[0], noise);
        Some((perturbed / temperature).softmax())
    }

    fn outcomes(&self, parameters: &[Expr<'_>]) -> Option<Vec<Vec<f64>>> {
        let n = categories(parameters);
        Some((0..n).map(|k| (0..n).map(|i| if i == k { 1.0 } else { 0.0 }).collect()).collect())
    }

    fn mode<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(parameters[0].argmax().one_hot(categories(parameters)))
    }
}
