//! Log-normal: z > 0, eˣ with x normal.
//!
//! ```text
//! z = exp(μ + σ ε),   ε = Φ⁻¹(u)
//! log p(z) = −½ ((log z − μ)/σ)² − log σ − ½ log 2π − log z for z > 0, −∞ below
//! E z = exp(μ + σ²/2),   Var z = (exp σ² − 1) exp(2μ + σ²),   entropy = μ + ½ + ½ log 2π + log σ
//! ```
//!
//! Parameters: μ (`loc`), finite, and σ (`scale`), positive and finite: the mean and the standard deviation of log z.

use std::f64::consts::PI;
use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::coordinates::standardized;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::location_scale::LocationScale;
use super::noise::Noise;
use super::normal::Normal;
use super::transformation::{Transform, Transformation, Transformed};
use super::weak_derivative::{Place, Triple, WeakDerivative};

/// The LogNormal family.
#[derive(Clone, Copy, Debug)]
pub struct LogNormal;

impl LogNormal {
    /// μ (`loc`) and σ (`scale`) > 0 of log z.
    pub fn new<'g>(loc: impl Into<Argument<'g>>, scale: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(LogNormal), [loc.into(), scale.into()])
    }
}

impl Family for LogNormal {
    fn name(&self) -> &'static str {
        "LogNormal"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "loc", constraint: Constraint::Real, event_rank: 0 },
            Parameter { name: "scale", constraint: Constraint::Positive, event_rank: 0 },
        ]
    }

    fn support(&self) -> Support {
        Support::Positive
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [loc, scale] = unpack(parameters);
        (loc + scale * Normal::standard(noise)).exp()
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn transformation(&self) -> Option<&dyn Transformation> {
        Some(self)
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [loc, scale] = unpack(parameters);
        let positive = z.greater(0.0);
        let log_z = positive.select(z, 1.0).log();
        positive.select(Normal::log_density((log_z - loc) / scale, scale) - log_z, f64::NEG_INFINITY)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [loc, scale] = unpack(parameters);
        let epsilon = Normal::standard(noise);
        let log_z = (loc + scale * epsilon).stop_gradient();
        Normal::log_density(standardized(epsilon, loc, scale), scale) - log_z
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [loc, scale] = unpack(parameters);
        Some((loc + 0.5 * scale.square()).exp())
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [loc, scale] = unpack(parameters);
        Some(scale.square().expm1() * (2.0 * loc + scale.square()).exp())
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [loc, scale] = unpack(parameters);
        Some(loc + scale.log() + (0.5 + 0.5 * (2.0 * PI).ln()))
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }
}

/// Those of the Normal, with log z in place of z.
impl WeakDerivative for LogNormal {
    fn values(&self, parameter: usize) -> Option<usize> {
        Normal.values(parameter)
    }

    fn triples<'g>(
        &self,
        parameter: usize,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
    ) -> Vec<Triple<'g>> {
        let of_log = |place: Place<'g>| match place {
            Place::Sample => Place::Sample,
            Place::At(log_z) => Place::At(log_z.exp()),
        };
        let triples = Normal.triples(parameter, parameters, noise).into_iter();
        triples.map(|t| Triple { positive: of_log(t.positive), negative: of_log(t.negative), ..t }).collect()
    }
}

impl Transformation for LogNormal {
    fn has(&self, transform: Transform) -> bool {
        Normal.has(transform)
    }

    fn transformed<'g>(
        &self,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
        transform: Transform,
    ) -> Transformed<'g> {
        // The density of ε is the same for log z.
        let of_log = Normal.transformed(parameters, noise, transform);
        Transformed { value: of_log.value.exp(), ..of_log }
    }
}
