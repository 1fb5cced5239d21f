//! Poisson: z ∈ {0, 1, 2, …}.
//!
//! ```text
//! log p(z) = z log λ − λ − log z!
//!          = −D(z, λ) − ½ log 2πz − δ(z) for z > 0, −λ for z = 0          with Stirling's formula, see `special`
//! P(0) = 1 − λ,   P(1) = λ to first order at λ = 0
//! E z = λ,   Var z = λ
//! ```
//!
//! Parameter: λ (`rate`), non-negative and finite. Samples are exact, by inversion for λ < 10 and by rejection otherwise
//! (`hormann1993transformed`). The entropy has no closed form. Above λ ≈ 10²⁷ (10⁹ in single precision), the difference between a
//! sample and λ is lost to rounding, and the score is NaN.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::binomial::first_order;
use super::coordinates;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::jumps::{JumpRates, Jumps};
use super::noise::Noise;
use super::quadratic_variance::{QuadraticVariance, in_proportion};
use super::special::{HALF_LOG_TAU, deviance, is_count, place, stirling_error};
use super::weak_derivative::{Place, Triple, WeakDerivative, count_beyond};

/// The Poisson family.
#[derive(Clone, Copy, Debug)]
pub struct Poisson;

impl Poisson {
    /// λ (`rate`) ≥ 0.
    pub fn new<'g>(rate: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Poisson), [rate.into()])
    }
}

impl Family for Poisson {
    fn name(&self) -> &'static str {
        "Poisson"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[Parameter { name: "rate", constraint: Constraint::NotNegative, event_rank: 0 }]
    }

    fn support(&self) -> Support {
        Support::Counts
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [rate] = unpack(parameters);
        noise.poisson(rate)
    }

    fn is_reparameterized(&self) -> bool {
        false
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let possible = is_count(z);
        let log_prob = self.log_prob_of_count(parameters, possible.select(z, 0.0));
        possible.select(log_prob, f64::NEG_INFINITY)
    }

    fn log_prob_of_count<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [rate] = unpack(parameters);
        let none = place(z).equal(0.0);
        let positive = none.select(1.0, z);
        let normalizer = none.select(0.0, -HALF_LOG_TAU - 0.5 * positive.log() - stirling_error(positive));
        normalizer - deviance(z, rate)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        coordinates::of_count(self, parameters, noise, parameters[0].sqrt())
    }

    fn edges(&self) -> Option<(usize, &'static [f64])> {
        Some((0, &[0.0]))
    }

    /// To first order at λ = 0.
    fn mass<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Option<Expr<'g>> {
        let [rate] = unpack(parameters);
        let none = place(rate).equal(0.0);
        let inside = self.log_prob(&[none.select(1.0, rate)], z).exp();
        Some(none.select(first_order(z, rate), inside))
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [rate] = unpack(parameters);
        Some(rate)
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [rate] = unpack(parameters);
        Some(rate)
    }

    fn entropy<'g>(&self, _: &[Expr<'g>]) -> Option<Expr<'g>> {
        None
    }

    fn quadratic_variance(&self) -> Option<&dyn QuadraticVariance> {
        Some(self)
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }

    fn jumps(&self) -> Option<&dyn Jumps> {
        Some(self)
    }
}

impl Jumps for Poisson {
    fn parameter(&self) -> usize {
        0
    }

    fn rates<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> JumpRates<'g> {
        let [rate] = unpack(parameters);
        JumpRates {
            up: 1.0 + 0.0 * rate,
            down: z.greater(0.0).select(z / rate, 0.0),
            only_up: rate.equal(0.0),
            only_down: 0.0 * rate,
        }
    }
}

impl WeakDerivative for Poisson {
    fn values(&self, _: usize) -> Option<usize> {
        Some(1)
    }

    fn triples<'g>(&self, _: usize, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Vec<Triple<'g>> {
        let z = self.sample(parameters, noise);
        let one = z.graph().scalar(1.0);
        vec![Triple { constant: one, positive: Place::At(count_beyond(z, one)), negative: Place::Sample }]
    }
}

impl QuadraticVariance for Poisson {
    fn weight<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [rate] = unpack(parameters);
        0.5 * (in_proportion(z, rate) + 1.0)
    }
}
