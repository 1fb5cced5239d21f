//! Inverse Gamma: z > 0, 1/g of a Gamma g.
//!
//! ```text
//! z = 1/g,   g ~ Gamma(α, β)
//! log p(z) = α log β − (α + 1) log z − β/z − log Γ(α)
//!          = −D(α, β/z) − log z + ½ log α − ½ log 2π − δ(α)          with Stirling's formula, see `special`
//! E z = β/(α − 1) for α > 1, else ∞,   Var z = (β/(α − 1))²/(α − 2) for α > 2, else ∞
//! entropy = α + log β + log Γ(α) − (1 + α) ψ(α) = ½ log 2π − ³⁄₂ log α + log β + δ(α) − (1 + α) r(α)
//! ```
//!
//! Parameters: α (`concentration`) and β (`rate`), positive and finite. Samples, their derivatives at a fixed probability, and transforms
//! are those of log g = −log z, see the Gamma family. A sample whose g would be less than the smallest normal number has that g.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::family::{Distribution, Family, Parameter, Support, unpack};
use super::gamma::{Gamma, log_density_of_log, log_quantile_derivative, transformed_log};
use super::implicit::{ImplicitReparameterization, with_derivatives};
use super::noise::Noise;
use super::special::{
    HALF_LOG_TAU, away_from_zero, deviance_by_log, digamma_minus_log, moment_above, place, stirling_error,
};
use super::transformation::{Transform, Transformation, Transformed};
use super::weak_derivative::{Place, Triple, WeakDerivative};

/// The inverse Gamma family.
#[derive(Clone, Copy, Debug)]
pub struct InverseGamma;

impl InverseGamma {
    /// α (`concentration`) and β (`rate`), both > 0.
    pub fn new<'g>(
        concentration: impl Into<Argument<'g>>,
        rate: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(Arc::new(InverseGamma), [concentration.into(), rate.into()])
    }
}

impl Family for InverseGamma {
    fn name(&self) -> &'static str {
        "InverseGamma"
    }

    fn parameters(&self) -> &'static [Parameter] {
        Gamma.parameters()
    }

    fn support(&self) -> Support {
        Support::Positive
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        away_from_zero(1.0 / Gamma.sample(parameters, noise))
    }

    fn is_reparameterized(&self) -> bool {
        false
    }

    fn transformation(&self) -> Option<&dyn Transformation> {
        Some(self)
    }

    fn implicit_reparameterization(&self) -> Option<&dyn ImplicitReparameterization> {
        Some(self)
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [alpha, rate] = unpack(parameters);
        let positive = z.greater(0.0);
        let z = positive.select(z, 1.0);
        let (m, log_m) = (rate / z, rate.log() - z.log());
        // β/z may be greater than every number, and the density is then 0.
        let none = place(m).equal(f64::INFINITY);
        let exponent = deviance_by_log(alpha, none.select(alpha, m), none.select(alpha.log(), log_m));
        let inside = 0.5 * alpha.log() - HALF_LOG_TAU - stirling_error(alpha) - exponent - z.log();
        (positive * !none).select(inside, f64::NEG_INFINITY)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [alpha, rate] = unpack(parameters);
        let log_g = noise.log_gamma(&[], alpha).stop_gradient() - rate.stop_gradient().log();
        log_density_of_log(alpha, log_g + rate.log()) + log_g
    }

    /// log z, standardized by its mean and standard deviation.
    fn support_bijector<'g>(&self, parameters: &[Expr<'g>], x: Expr<'g>) -> Option<(Expr<'g>, Expr<'g>)> {
        let [alpha, rate] = unpack(parameters);
        let width = alpha.polygamma(1).sqrt();
        let z = (rate.log() - alpha.digamma() + width * x).exp();
        Some((z, width * z))
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [alpha, rate] = unpack(parameters);
        Some(moment_above(1.0, alpha, |alpha| rate / (alpha - 1.0)))
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [alpha, rate] = unpack(parameters);
        Some(moment_above(2.0, alpha, |alpha| (rate / (alpha - 1.0)).square() / (alpha - 2.0)))
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [alpha, rate] = unpack(parameters);
        let rest = stirling_error(alpha) - (1.0 + alpha) * digamma_minus_log(alpha);
        Some(rate.log() - 1.5 * alpha.log() + HALF_LOG_TAU + rest)
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }
}

/// Those of the Gamma, with 1/z in place of z.
impl WeakDerivative for InverseGamma {
    fn values(&self, parameter: usize) -> Option<usize> {
        Gamma.values(parameter)
    }

    fn triples<'g>(
        &self,
        parameter: usize,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
    ) -> Vec<Triple<'g>> {
        let inverse = |place: Place<'g>| match place {
            Place::Sample => Place::Sample,
            Place::At(g) => Place::At(away_from_zero(1.0 / g)),
        };
        let triples = Gamma.triples(parameter, parameters, noise).into_iter();
        triples
            .map(|t| Triple { positive: inverse(t.positive), negative: inverse(t.negative), ..t })
            .collect()
    }
}

/// A part of g that is smaller than every number that g can be, relative to g.
const TINY: f64 = 1e-10;

impl ImplicitReparameterization for InverseGamma {
    /// dz/dα = −z d(log g)/dα,   dz/dβ = z/β
    fn implicit_sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [alpha, rate] = unpack(parameters);
        let g = Gamma.sample(parameters, noise).stop_gradient();
        let z = away_from_zero(1.0 / g);
        // A sample whose g is replaced by the smallest normal number does not move.
        let moves = g.greater(away_from_zero(TINY * g));
        let relative = log_quantile_derivative(alpha, g.log() + rate.stop_gradient().log());
        let derivative = |d: Expr<'g>| moves.select(d, 0.0);
        with_derivatives(z, [(alpha, derivative(-z * relative)), (rate, derivative(z / rate))])
    }
}

impl Transformation for InverseGamma {
    fn has(&self, transform: Transform) -> bool {
        Gamma.has(transform)
    }

    fn transformed<'g>(
        &self,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
        transform: Transform,
    ) -> Transformed<'g> {
        let [alpha, rate] = unpack(parameters);
        // The density of ε is the same for log g and for −log g.
        let (log_g, log_density) = transformed_log(alpha, &[], noise, transform);
        Transformed { value: (rate.log() - log_g).exp(), log_density }
    }
}
