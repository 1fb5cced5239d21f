//! Beta: 0 < z < 1.
//!
//! ```text
//! log p(z) = (a − 1) log z + (b − 1) log(1 − z) − log B(a, b),    B(a, b) = Γ(a) Γ(b) / Γ(n),   n = a + b
//!          = −D(a, n z) − D(b, n (1 − z)) − log z (1 − z) + ½ log(ab/n) − ½ log 2π − δ(a) − δ(b) + δ(n)
//! E z = a/n,   Var z = ab / (n² (n + 1))
//! entropy = log B(a, b) − (a − 1) ψ(a) − (b − 1) ψ(b) + (n − 2) ψ(n)
//!         = ½ log(2πab/n³) + δ(a) + δ(b) − δ(n) − (a − 1) r(a) − (b − 1) r(b) + (n − 2) r(n)
//! ```
//!
//! Transforms of y = logit z:
//!
//! ```text
//! standardize   y = ψ(a) − ψ(b) + ε √(ψ₁(a) + ψ₁(b))
//! rejection     y = log g₁ − log g₀,   g₁ ~ Gamma(a, 1), g₀ ~ Gamma(b, 1) by rejection
//! ```
//!
//! The second forms, with Stirling's formula (see `special`), are accurate for large a and b. Parameters: a (`concentration1`)
//! and b (`concentration0`), positive and finite. Samples are exact, by rejection: quotients of Gamma variates, computed from
//! their logarithms. Their derivatives at a fixed probability are operations of the engine. A sample that would round to 0 or 1 is the adjacent number instead. With
//! tiny b this happens often, and then log(1 − z) is only known to be below −36.

use std::sync::Arc;

use aleator_engine::graph::{Expr, Quantile};

use super::argument::Argument;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::gamma::transformed_log;
use super::implicit::{ImplicitReparameterization, with_derivatives};
use super::noise::Noise;
use super::special::{
    HALF_LOG_TAU, away_from_zero, below_one, deviance, deviance_by_log, digamma_minus_log, stirling_error,
};
use super::transformation::{Transform, Transformation, Transformed, whitened};

/// ½ log(ab/n) − ½ log 2π − δ(a) − δ(b) + δ(n)
fn normalizer<'g>(a: Expr<'g>, b: Expr<'g>) -> Expr<'g> {
    let n = a + b;
    let errors = stirling_error(n) - stirling_error(a) - stirling_error(b);
    0.5 * (a.log() + b.log() - n.log()) - HALF_LOG_TAU + errors
}

/// log of the density of y = logit z, which is p(z) z (1 − z).
fn log_density_of_logit<'g>(a: Expr<'g>, b: Expr<'g>, y: Expr<'g>) -> Expr<'g> {
    let n = a + b;
    let part = |x: Expr<'g>, y: Expr<'g>| deviance_by_log(x, n * y.sigmoid(), n.log() - (-y).softplus());
    normalizer(a, b) - part(a, y) - part(b, -y)
}

/// The Beta family.
#[derive(Clone, Copy, Debug)]
pub struct Beta;

impl Beta {
    /// a (`concentration1`) and b (`concentration0`), both > 0.
    pub fn new<'g>(
        concentration1: impl Into<Argument<'g>>,
        concentration0: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(Arc::new(Beta), [concentration1.into(), concentration0.into()])
    }
}

impl Family for Beta {
    fn name(&self) -> &'static str {
        "Beta"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "concentration1", constraint: Constraint::Positive, event_rank: 0 },
            Parameter { name: "concentration0", constraint: Constraint::Positive, event_rank: 0 },
        ]
    }

    fn support(&self) -> Support {
        Support::UnitInterval
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [a, b] = unpack(parameters);
        noise.beta(a, b)
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
        let [a, b] = unpack(parameters);
        let n = a + b;
        let inside = z.greater(0.0) * z.less(1.0);
        let z = inside.select(z, 0.5);
        let deviances = deviance(a, n * z) + deviance(b, n * (1.0 - z));
        let log_prob = normalizer(a, b) - deviances - z.log() - (-z).log1p();
        inside.select(log_prob, f64::NEG_INFINITY)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [a, b] = unpack(parameters);
        let y = noise.logit_beta(a, b).stop_gradient();
        // Less log z + log(1 − z).
        log_density_of_logit(a, b, y) + y.softplus() + (-y).softplus()
    }

    /// logit z, standardized by its mean and standard deviation.
    fn support_bijector<'g>(&self, parameters: &[Expr<'g>], x: Expr<'g>) -> Option<(Expr<'g>, Expr<'g>)> {
        let [a, b] = unpack(parameters);
        let width = (a.polygamma(1) + b.polygamma(1)).sqrt();
        let logit = a.digamma() - b.digamma() + width * x;
        Some((logit.sigmoid(), width * logit.sigmoid() * (-logit).sigmoid()))
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [a, b] = unpack(parameters);
        Some(a / (a + b))
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [a, b] = unpack(parameters);
        let n = a + b;
        Some((a / n) * (b / n) / (n + 1.0))
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [a, b] = unpack(parameters);
        let n = a + b;
        let logarithms = 0.5 * (a.log() + b.log() - 3.0 * n.log()) + HALF_LOG_TAU;
        let errors = stirling_error(a) + stirling_error(b) - stirling_error(n);
        let digammas = (n - 2.0) * digamma_minus_log(n)
            - (a - 1.0) * digamma_minus_log(a)
            - (b - 1.0) * digamma_minus_log(b);
        Some(logarithms + errors + digammas)
    }
}

/// A part of z that is smaller than every number that z can be, relative to z.
const TINY: f64 = 1e-10;

impl ImplicitReparameterization for Beta {
    fn implicit_sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [a, b] = unpack(parameters);
        let y = noise.clone().logit_beta(a, b).stop_gradient();
        let z = self.sample(parameters, noise).stop_gradient();
        // A sample that is replaced by the number next to an end does not move.
        let moves = z.greater(away_from_zero(TINY * z)) * z.less(below_one(z + 1.0));
        let slope = y.sigmoid() * (-y).sigmoid();
        let derivative = |first: Expr<'g>, second: Expr<'g>, y: Expr<'g>| {
            let inputs = [first.stop_gradient(), second.stop_gradient(), y];
            moves.select(slope * first.graph().quantile_derivative(Quantile::LogitBeta, &inputs), 0.0)
        };
        with_derivatives(z, [(a, derivative(a, b, y)), (b, -derivative(b, a, -y))])
    }
}

impl Transformation for Beta {
    fn has(&self, transform: Transform) -> bool {
        matches!(transform, Transform::Standardize | Transform::Rejection { .. })
    }

    fn transformed<'g>(
        &self,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
        transform: Transform,
    ) -> Transformed<'g> {
        let [a, b] = unpack(parameters);
        if let Transform::Rejection { .. } = transform {
            let (one, log_q1) = transformed_log(a, &[], noise, transform);
            let (zero, log_q0) = transformed_log(b, &[], noise, transform);
            return Transformed { value: (one - zero).sigmoid(), log_density: log_q1 + log_q0 };
        }
        let scale = (a.polygamma(1) + b.polygamma(1)).sqrt();
        let (y, log_slope) = whitened(noise.logit_beta(a, b), a.digamma() - b.digamma(), scale);
        Transformed { value: y.sigmoid(), log_density: log_density_of_logit(a, b, y) + log_slope }
    }
}
