//! Relaxed one-hot categorical, the concrete or Gumbel-softmax distribution: z a vector of K positive numbers with sum 1
//! (`maddison2017concrete`, `jang2017categorical`).
//!
//! ```text
//! z = softmax((φ + γ)/τ),   γₖ = −log(−log uₖ)
//! log p(z) = log Γ(K) + (K − 1) log τ + Σₖ (wₖ − log zₖ) − K log Σₖ e^(wₖ),   wₖ = φₖ − τ log zₖ
//! ```
//!
//! Parameters: τ (`temperature`), positive and finite; φ (`logits`), finite, whose last axis is the event, as for z. The moments
//! have no closed form. An element that would be less than the smallest normal number is that number.

use std::sync::Arc;

use aleator_engine::graph::{Expr, Shape};

use super::argument::Argument;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::special::away_from_zero;

/// log p as a function of τ, w = φ − τ log z, and the sum of the w − log z.
fn log_density<'g>(temperature: Expr<'g>, w: Expr<'g>, terms: Expr<'g>) -> Expr<'g> {
    let categories = w.shape().from_end(0);
    let log_factorial: f64 = (1..categories).map(|i| (i as f64).ln()).sum();
    let k = categories as f64;
    terms + log_factorial + (k - 1.0) * temperature.log() - k * w.logsumexp(-1)
}

/// The RelaxedOneHotCategorical family.
#[derive(Clone, Copy, Debug)]
pub struct RelaxedOneHotCategorical;

impl RelaxedOneHotCategorical {
    /// τ (`temperature`) > 0 and φ (`logits`), whose last axis is the event.
    pub fn new<'g>(
        temperature: impl Into<Argument<'g>>,
        logits: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(Arc::new(RelaxedOneHotCategorical), [temperature.into(), logits.into()])
    }

    /// G, one for each category.
    fn gumbel<'g>(self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        -(-noise.uniform(&self.event_shape(parameters)).log()).log()
    }
}

impl Family for RelaxedOneHotCategorical {
    fn name(&self) -> &'static str {
        "RelaxedOneHotCategorical"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "temperature", constraint: Constraint::Positive, event_rank: 0 },
            Parameter { name: "logits", constraint: Constraint::Real, event_rank: 1 },
        ]
    }

    fn support(&self) -> Support {
        Support::Simplex
    }

    fn event_shape(&self, parameters: &[Expr<'_>]) -> Shape {
        parameters[1].shape().trailing(1)
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [temperature, logits] = unpack(parameters);
        let gumbel = self.gumbel(parameters, noise);
        away_from_zero(((logits + gumbel) / temperature.unsqueeze(-1)).softmax())
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [temperature, logits] = unpack(parameters);
        let positive = z.greater(0.0);
        let log_z = positive.select(z, 1.0).log();
        let w = logits - temperature.unsqueeze(-1) * log_z;
        log_density(temperature, w, positive.select(w - log_z, f64::NEG_INFINITY).sum_axes(-1))
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        // x = (φ₀ + G)/τ₀ and log z = log_softmax x are held. A number that is added to all wₖ changes nothing, so
        // φ − τ x stands for φ − τ log z: −G − (τ − τ₀) x + (φ − φ₀).
        let [temperature, logits] = unpack(parameters);
        let temperature = temperature.unsqueeze(-1);
        let gumbel = self.gumbel(parameters, noise);
        let x = ((logits + gumbel) / temperature).stop_gradient();
        let w = (logits - logits.stop_gradient()) - gumbel - (temperature - temperature.stop_gradient()) * x;
        let log_z = x.log_softmax();
        log_density(temperature.squeeze(-1), w, (w - log_z).sum_axes(-1))
    }

    fn mean<'g>(&self, _: &[Expr<'g>]) -> Option<Expr<'g>> {
        None
    }

    fn variance<'g>(&self, _: &[Expr<'g>]) -> Option<Expr<'g>> {
        None
    }

    fn entropy<'g>(&self, _: &[Expr<'g>]) -> Option<Expr<'g>> {
        None
    }
}
