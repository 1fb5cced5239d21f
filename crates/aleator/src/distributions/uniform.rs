//! Uniform on an interval: z ∈ [a, b].
//!
//! ```text
//! z = a + (b − a) u
//! log p(z) = −log(b − a) inside, −∞ outside
//! E z = (a + b)/2,   Var z = (b − a)²/12,   entropy = log(b − a)
//! ```
//!
//! Parameters: a (`low`) < b (`high`), finite. Both ends belong to the support, because a sample may round to either. The support
//! depends on the parameters, so the score function does not estimate the derivative of an expectation.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::weak_derivative::{Place, Triple, WeakDerivative};

/// The Uniform family.
#[derive(Clone, Copy, Debug)]
pub struct Uniform;

impl Uniform {
    /// `low` < `high`.
    pub fn new<'g>(low: impl Into<Argument<'g>>, high: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Uniform), [low.into(), high.into()])
    }
}

impl Family for Uniform {
    fn name(&self) -> &'static str {
        "Uniform"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "low", constraint: Constraint::Real, event_rank: 0 },
            Parameter { name: "high", constraint: Constraint::Real, event_rank: 0 },
        ]
    }

    fn support(&self) -> Support {
        Support::Interval { low: 0, high: Some(1) }
    }

    fn jointly_violated<'g>(&self, parameters: &[Expr<'g>]) -> Option<(Expr<'g>, &'static str)> {
        Some((!parameters[0].less(parameters[1]), "`low` must be less than `high`"))
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [low, high] = unpack(parameters);
        low + (high - low) * noise.uniform(&[])
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [low, high] = unpack(parameters);
        let inside = low.less_equal(z) * z.less_equal(high);
        inside.select(-(high - low).log(), f64::NEG_INFINITY)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [low, high] = unpack(parameters);
        // The same at every draw.
        -(high - low).log() + 0.0 * noise.uniform(&[])
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [low, high] = unpack(parameters);
        Some(0.5 * (low + high))
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [low, high] = unpack(parameters);
        Some((high - low).square() / 12.0)
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [low, high] = unpack(parameters);
        Some((high - low).log())
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }
}

/// The density moves at the ends only: ∂p/∂b = (δ_b − p)/(b − a), ∂p/∂a = (p − δ_a)/(b − a).
impl WeakDerivative for Uniform {
    fn values(&self, _: usize) -> Option<usize> {
        Some(1)
    }

    fn triples<'g>(&self, parameter: usize, parameters: &[Expr<'g>], _: &mut Noise<'g>) -> Vec<Triple<'g>> {
        let [low, high] = unpack(parameters);
        let constant = 1.0 / (high - low);
        vec![match parameter {
            0 => Triple { constant, positive: Place::Sample, negative: Place::At(low) },
            _ => Triple { constant, positive: Place::At(high), negative: Place::Sample },
        }]
    }
}
