//! Exponential: z ≥ 0.
//!
//! ```text
//! z = −log u / λ
//! log p(z) = log λ − λ z for z ≥ 0, −∞ below
//! E z = 1/λ,   Var z = 1/λ²,   entropy = 1 − log λ
//! ```
//!
//! Parameter: λ (`rate`), positive and finite.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::weak_derivative::{Place, Triple, WeakDerivative, exponential};

/// The Exponential family.
#[derive(Clone, Copy, Debug)]
pub struct Exponential;

impl Exponential {
    /// λ (`rate`) > 0.
    pub fn new<'g>(rate: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Exponential), [rate.into()])
    }
}

/// e = −log u ~ Exponential(1)
fn standard<'g>(noise: &mut Noise<'g>) -> Expr<'g> {
    -noise.uniform(&[]).log()
}

impl Family for Exponential {
    fn name(&self) -> &'static str {
        "Exponential"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[Parameter { name: "rate", constraint: Constraint::Positive, event_rank: 0 }]
    }

    fn support(&self) -> Support {
        Support::Positive
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [rate] = unpack(parameters);
        standard(noise) / rate
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [rate] = unpack(parameters);
        z.less(0.0).select(f64::NEG_INFINITY, rate.log() - rate * z)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [rate] = unpack(parameters);
        // λ z = e λ/λ₀
        rate.log() - standard(noise).stop_gradient() * (rate / rate.stop_gradient())
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [rate] = unpack(parameters);
        Some(1.0 / rate)
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [rate] = unpack(parameters);
        Some(1.0 / rate.square())
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [rate] = unpack(parameters);
        Some(1.0 - rate.log())
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }
}

impl WeakDerivative for Exponential {
    fn values(&self, _: usize) -> Option<usize> {
        Some(1)
    }

    fn triples<'g>(&self, _: usize, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Vec<Triple<'g>> {
        let [rate] = unpack(parameters);
        let sum = exponential(noise) + exponential(noise);
        vec![Triple { constant: 1.0 / rate, positive: Place::Sample, negative: Place::At(sum / rate) }]
    }
}
