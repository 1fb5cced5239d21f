//! Relaxed Bernoulli, the binary concrete distribution: 0 < z < 1 (`maddison2017concrete`, `jang2017categorical`).
//!
//! ```text
//! z = σ((φ + logit u)/τ)
//! log p(z) = log τ − log z (1 − z) − softplus(w) − softplus(−w),   w = τ logit z − φ
//! ```
//!
//! Parameters: τ (`temperature`), positive and finite; φ (`logits`), finite. The moments have no closed form. A sample that would
//! round to 0 or 1 is the adjacent number.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::special::{away_from_zero, below_one};

/// log p as a function of τ, w = τ logit z − φ, log z and log(1 − z).
fn log_density<'g>(temperature: Expr<'g>, w: Expr<'g>, log_z: Expr<'g>, log_rest: Expr<'g>) -> Expr<'g> {
    temperature.log() - log_z - log_rest - w.softplus() - (-w).softplus()
}

/// The RelaxedBernoulli family.
#[derive(Clone, Copy, Debug)]
pub struct RelaxedBernoulli;

impl RelaxedBernoulli {
    /// τ (`temperature`) > 0 and φ (`logits`).
    pub fn new<'g>(
        temperature: impl Into<Argument<'g>>,
        logits: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(Arc::new(RelaxedBernoulli), [temperature.into(), logits.into()])
    }
}

impl Family for RelaxedBernoulli {
    fn name(&self) -> &'static str {
        "RelaxedBernoulli"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "temperature", constraint: Constraint::Positive, event_rank: 0 },
            Parameter { name: "logits", constraint: Constraint::Real, event_rank: 0 },
        ]
    }

    fn support(&self) -> Support {
        Support::UnitInterval
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [temperature, logits] = unpack(parameters);
        let z = ((logits + noise.uniform(&[]).logit()) / temperature).sigmoid();
        below_one(away_from_zero(z))
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [temperature, logits] = unpack(parameters);
        let inside = z.greater(0.0) * z.less(1.0);
        let z = inside.select(z, 0.5);
        let (log_z, log_rest) = (z.log(), (-z).log1p());
        let w = temperature * (log_z - log_rest) - logits;
        inside.select(log_density(temperature, w, log_z, log_rest), f64::NEG_INFINITY)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        // x = logit z = (φ₀ + L)/τ₀ is held; w = τ x − φ = L + (τ − τ₀) x + (φ₀ − φ).
        let [temperature, logits] = unpack(parameters);
        let logistic = noise.uniform(&[]).logit();
        let x = ((logits + logistic) / temperature).stop_gradient();
        let w =
            logistic + (temperature - temperature.stop_gradient()) * x + (logits.stop_gradient() - logits);
        log_density(temperature, w, -(-x).softplus(), -x.softplus())
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
