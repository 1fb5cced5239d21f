//! Gamma: z > 0.
//!
//! ```text
//! log p(z) = α log λ + (α − 1) log z − λ z − log Γ(α)
//!          = −D(α, λz) − log z + ½ log α − ½ log 2π − δ(α)           with Stirling's formula, see `special`
//! E z = α/λ,   Var z = α/λ²,   entropy = α − log λ + log Γ(α) + (1 − α) ψ(α)
//!                                      = ½ log 2πα − log λ + δ(α) + (1 − α) r(α)
//! ```
//!
//! Transforms of y = log z:
//!
//! ```text
//! standardize   y = ψ(α) − log λ + ε √ψ₁(α)
//! rejection     y = log h(ε; α + B) + Σᵢ log(uᵢ) / (α + i) − log λ,   i = 0 … B − 1
//!               h(ε; a) = (a − ⅓)(1 + ε/√(9a − 3))³,  a > ⅓            (Marsaglia and Tsang)
//! ```
//!
//! If z ~ Gamma(α + 1), then u^(1/α) z ~ Gamma(α); this is applied B times. The u do not depend on θ, so q is the density of the
//! ε for which h(ε; α + B) ~ Gamma(α + B).
//!
//! Parameters: α (`concentration`) and λ (`rate`), positive and finite. Samples are exact, by rejection (`marsaglia2000simple`),
//! with derivatives at a fixed probability: dz/dλ = −z/λ, and dz/dα is an operation of the engine. A sample that would be less than the
//! smallest normal number (half of the samples for α = 10⁻³) is that number, and does not move.

use std::sync::Arc;

use aleator_engine::graph::{Expr, Quantile};

use super::argument::Argument;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::implicit::{ImplicitReparameterization, with_derivatives};
use super::noise::Noise;
use super::special::{
    HALF_LOG_TAU, away_from_zero, deviance, deviance_by_log, digamma_minus_log, stirling_error,
};
use super::transformation::{Transform, Transformation, Transformed, whitened};
use super::weak_derivative::{Place, Triple, WeakDerivative, exponential};

/// The Gamma family.
#[derive(Clone, Copy, Debug)]
pub struct Gamma;

impl Gamma {
    /// α (`concentration`) and λ (`rate`), both > 0.
    pub fn new<'g>(
        concentration: impl Into<Argument<'g>>,
        rate: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(Arc::new(Gamma), [concentration.into(), rate.into()])
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

    fn transformation(&self) -> Option<&dyn Transformation> {
        Some(self)
    }

    fn implicit_reparameterization(&self) -> Option<&dyn ImplicitReparameterization> {
        Some(self)
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [concentration, rate] = unpack(parameters);
        let positive = z.greater(0.0);
        let z = positive.select(z, 1.0);
        let normalizer = 0.5 * concentration.log() - HALF_LOG_TAU - stirling_error(concentration);
        let inside = normalizer - deviance(concentration, rate * z) - z.log();
        positive.select(inside, f64::NEG_INFINITY)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [concentration, rate] = unpack(parameters);
        // log z, of which the sampler makes z, and log λz.
        let log_z = noise.log_gamma(&[], concentration).stop_gradient() - rate.stop_gradient().log();
        log_density_of_log(concentration, log_z + rate.log()) - log_z
    }

    /// log z, standardized by its mean and standard deviation.
    fn support_bijector<'g>(&self, parameters: &[Expr<'g>], x: Expr<'g>) -> Option<(Expr<'g>, Expr<'g>)> {
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

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }
}

/// By the rate; the derivative by the concentration is not known in this form.
impl WeakDerivative for Gamma {
    fn values(&self, parameter: usize) -> Option<usize> {
        (parameter == 1).then_some(1)
    }

    fn triples<'g>(&self, _: usize, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Vec<Triple<'g>> {
        let [concentration, rate] = unpack(parameters);
        let z = self.sample(parameters, noise);
        let more = z + exponential(noise) / rate;
        let constant = concentration / rate;
        vec![Triple { constant, positive: Place::Sample, negative: Place::At(more) }]
    }
}

/// log of the density of y = log g, g ~ Gamma(α, 1).
pub(super) fn log_density_of_log<'g>(alpha: Expr<'g>, y: Expr<'g>) -> Expr<'g> {
    0.5 * alpha.log() - HALF_LOG_TAU - stirling_error(alpha) - deviance_by_log(alpha, y.exp(), y)
}

/// Standardised y = log g, g ~ Gamma(α, 1), from a draw of y, with log q(ε).
fn standardized<'g>(alpha: Expr<'g>, drawn: Expr<'g>) -> (Expr<'g>, Expr<'g>) {
    let (y, log_slope) = whitened(drawn, alpha.digamma(), alpha.polygamma(1).sqrt());
    (y, log_density_of_log(alpha, y) + log_slope)
}

/// y = log g, g ~ Gamma(α, 1), as a transform, with log q(ε), elementwise over the site and `event`.
pub(super) fn transformed_log<'g>(
    alpha: Expr<'g>,
    event: &[usize],
    noise: &mut Noise<'g>,
    transform: Transform,
) -> (Expr<'g>, Expr<'g>) {
    let Transform::Rejection { augmentation } = transform else {
        return standardized(alpha, noise.log_gamma(event, alpha));
    };
    let a = alpha + f64::from(augmentation);
    // h(ε; a) = d (1 + c ε)³
    let (d, c) = (a - 1.0 / 3.0, 1.0 / (9.0 * a - 3.0).sqrt());
    let drawn = noise.log_gamma(event, a);
    let epsilon = (((drawn - d.log()) / 3.0).expm1() / c).stop_gradient();
    let log_root = (c * epsilon).log1p();
    let log_h = d.log() + 3.0 * log_root;
    // log q = log density of log h + log d(log h)/dε
    let log_density = log_density_of_log(a, log_h) + (3.0 * c).log() - log_root;
    let boosted =
        (0..augmentation).fold(log_h, |y, i| y + noise.uniform(event).log() / (alpha + f64::from(i)));
    (boosted, log_density)
}

/// d log g/dα at a fixed probability, g ~ Gamma(α, 1), from y = log g.
pub(super) fn log_quantile_derivative<'g>(alpha: Expr<'g>, y: Expr<'g>) -> Expr<'g> {
    let inputs = [alpha.stop_gradient(), y.stop_gradient()];
    alpha.graph().quantile_derivative(Quantile::LogGamma, &inputs)
}

/// A part of z that is smaller than every number that z can be, relative to z.
const TINY: f64 = 1e-10;

impl ImplicitReparameterization for Gamma {
    fn implicit_sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [alpha, rate] = unpack(parameters);
        let z = self.sample(parameters, noise).stop_gradient();
        // A sample that is replaced by the smallest normal number does not move.
        let moves = z.greater(away_from_zero(TINY * z));
        let relative = log_quantile_derivative(alpha, z.log() + rate.stop_gradient().log());
        let derivative = |d: Expr<'g>| moves.select(d, 0.0);
        with_derivatives(z, [(alpha, derivative(z * relative)), (rate, derivative(-z / rate))])
    }
}

impl Transformation for Gamma {
    fn has(&self, transform: Transform) -> bool {
        matches!(transform, Transform::Standardize | Transform::Rejection { .. })
    }

    fn transformed<'g>(
        &self,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
        transform: Transform,
    ) -> Transformed<'g> {
        let [alpha, rate] = unpack(parameters);
        let (y, log_density) = transformed_log(alpha, &[], noise, transform);
        Transformed { value: (y - rate.log()).exp(), log_density }
    }
}
