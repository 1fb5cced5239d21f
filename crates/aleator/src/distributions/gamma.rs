//! Gamma: z > 0.
//!
//! ```text
//! log p(z) = α log λ + (α − 1) log z − λ z − log Γ(α)
//!          = −D(α, λz) − log z + ½ log α − ½ log 2π − δ(α)           with Stirling's formula, see `special`
//! E z = α/λ,   Var z = α/λ²,   entropy = α − log λ + log Γ(α) + (1 − α) ψ(α)
//!                                      = ½ log 2πα − log λ + δ(α) + (1 − α) r(α)
//! ```
//!
//! Parameters: α (`concentration`) and λ (`rate`), positive and finite. A draw is an exact one by rejection
//! (`marsaglia2000simple`), without a pathwise derivative. Where it would be less than the smallest normal number (for α =
//! 10⁻³ half of them are) it is that number.

use std::sync::Arc;

use aleator_engine::graph::{Expr, IntoExpr};

use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::special::{HALF_LOG_TAU, deviance, digamma_minus_log, stirling_error};

/// The Gamma family.
#[derive(Clone, Copy, Debug)]
pub struct Gamma;

impl Gamma {
    /// α (`concentration`) and λ (`rate`), both > 0.
    #[allow(clippy::new_ret_no_self)]
    pub fn new<'g>(concentration: Expr<'g>, rate: impl IntoExpr<'g>) -> Distribution<'g> {
        let rate = rate.into_expr(concentration.graph());
        Distribution::new(Arc::new(Gamma), vec![concentration, rate])
    }
}

impl Family for Gamma {
    fn name(&self) -> &'static str {
        "Gamma"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "concentration", constraint: Constraint::Positive, event_rank: 0 },
            Parameter { name: "rate", constraint: Constraint::Positive, event_rank: 0 },
        ]
    }

    fn support(&self) -> Support {
        Support::Positive
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [concentration, rate] = unpack(parameters);
        noise.gamma(concentration, rate)
    }

    fn is_reparameterized(&self) -> bool {
        false
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [concentration, rate] = unpack(parameters);
        let positive = z.greater(0.0);
        let z = positive.select(z, 1.0);
        let normalizer = 0.5 * concentration.log() - HALF_LOG_TAU - stirling_error(concentration);
        let inside = normalizer - deviance(concentration, rate * z) - z.log();
        positive.select(inside, f64::NEG_INFINITY)
    }

    /// log z, less its mean and by its standard deviation.
    fn chart<'g>(&self, parameters: &[Expr<'g>], x: Expr<'g>) -> Option<(Expr<'g>, Expr<'g>)> {
        let [concentration, rate] = unpack(parameters);
        let width = concentration.polygamma(1).sqrt();
        let z = (concentration.digamma() - rate.log() + width * x).exp();
        Some((z, width * z))
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [concentration, rate] = unpack(parameters);
        Some(concentration / rate)
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [concentration, rate] = unpack(parameters);
        Some(concentration / rate / rate)
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [concentration, rate] = unpack(parameters);
        let rest = stirling_error(concentration) + (1.0 - concentration) * digamma_minus_log(concentration);
        Some(0.5 * concentration.log() + HALF_LOG_TAU - rate.log() + rest)
    }
}
