//! Dirichlet: z a vector of K positive numbers with sum 1.
//!
//! ```text
//! z = softmax(log g),   gₖ ~ Gamma(αₖ, 1)
//! log p(z) = Σₖ (αₖ − 1) log zₖ − log B(α),    B(α) = Πₖ Γ(αₖ) / Γ(n),   n = Σₖ αₖ
//!          = Σₖ (½ log αₖ − D(αₖ, n zₖ) − log zₖ − δ(αₖ)) − ½ log n − (K−1)/2 log 2π + δ(n)
//! E z = α/n,   Var zₖ = αₖ (n − αₖ) / (n² (n + 1))
//! entropy = log B(α) + (n − K) ψ(n) − Σₖ (αₖ − 1) ψ(αₖ)
//!         = Σₖ (½ log αₖ + δ(αₖ) − (αₖ − 1) r(αₖ)) + (½ − K) log n + (K−1)/2 log 2π − δ(n) + (n − K) r(n)
//! ```
//!
//! Transforms: those of each log gₖ separately (a transform of log z would have no inverse).
//!
//! The second forms, with Stirling's formula (see `special`), are accurate for large α. Parameter: α (`concentration`), positive
//! and finite; the last axis is the event, as for z. Samples are exact, by rejection, with derivatives at fixed probabilities of the
//! Gamma variates, which are drawn as logarithms. An element that would be less than the smallest normal number is that number. The density is
//! with respect to K − 1 of the numbers; `log_prob` does not check that Σ z = 1.

use std::sync::Arc;

use aleator_engine::graph::{Expr, Shape};

use super::argument::Argument;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::gamma::{Gamma, log_quantile_derivative, transformed_log};
use super::implicit::{ImplicitReparameterization, with_derivatives};
use super::noise::Noise;
use super::special::{
    HALF_LOG_TAU, away_from_zero, deviance, deviance_by_log, digamma_minus_log, stirling_error,
};
use super::transformation::{Transform, Transformation, Transformed};

/// n = Σ α and K.
fn total<'g>(concentration: Expr<'g>) -> (Expr<'g>, f64) {
    (concentration.sum_axes(-1), concentration.shape().from_end(0) as f64)
}

/// −½ log n − (K−1)/2 log 2π + δ(n)
fn normalizer<'g>(n: Expr<'g>, k: f64) -> Expr<'g> {
    stirling_error(n) - 0.5 * n.log() - (k - 1.0) * HALF_LOG_TAU
}

/// The Dirichlet family.
#[derive(Clone, Copy, Debug)]
pub struct Dirichlet;

impl Dirichlet {
    /// α (`concentration`), elements > 0; the last axis is the event.
    pub fn new<'g>(concentration: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Dirichlet), [concentration.into()])
    }
}

impl Family for Dirichlet {
    fn name(&self) -> &'static str {
        "Dirichlet"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[Parameter { name: "concentration", constraint: Constraint::Positive, event_rank: 1 }]
    }

    fn support(&self) -> Support {
        Support::Simplex
    }

    fn event_shape(&self, parameters: &[Expr<'_>]) -> Shape {
        parameters[0].shape().trailing(1)
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [concentration] = unpack(parameters);
        let event = self.event_shape(parameters);
        away_from_zero(noise.log_gamma(&event, concentration).softmax())
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
        let [a] = unpack(parameters);
        let (n, k) = total(a);
        let positive = z.greater(0.0);
        let z = positive.select(z, 1.0);
        let terms = 0.5 * a.log() - deviance(a, n.unsqueeze(-1) * z) - z.log() - stirling_error(a);
        positive.select(terms, f64::NEG_INFINITY).sum_axes(-1) + normalizer(n, k)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [a] = unpack(parameters);
        let (n, k) = total(a);
        let log_z = noise.log_gamma(&self.event_shape(parameters), a).log_softmax().stop_gradient();
        let log_m = n.log().unsqueeze(-1) + log_z;
        let terms = 0.5 * a.log() - deviance_by_log(a, log_m.exp(), log_m) - log_z - stirling_error(a);
        terms.sum_axes(-1) + normalizer(n, k)
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [a] = unpack(parameters);
        Some(a / total(a).0.unsqueeze(-1))
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [a] = unpack(parameters);
        let n = total(a).0.unsqueeze(-1);
        let mean = a / n;
        Some(mean * ((n - a) / n) / (n + 1.0))
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [a] = unpack(parameters);
        let (n, k) = total(a);
        let terms = 0.5 * a.log() + stirling_error(a) - (a - 1.0) * digamma_minus_log(a);
        let of_total = (0.5 - k) * n.log() - stirling_error(n) + (n - k) * digamma_minus_log(n);
        Some(terms.sum_axes(-1) + of_total + (k - 1.0) * HALF_LOG_TAU)
    }
}

/// Each gₖ at its own fixed probability. The elements of z are then correlated as they should be: z is an exact transform of
/// independent uniform numbers.
impl ImplicitReparameterization for Dirichlet {
    fn implicit_sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [a] = unpack(parameters);
        let y = noise.log_gamma(&self.event_shape(parameters), a).stop_gradient();
        away_from_zero(with_derivatives(y, [(a, log_quantile_derivative(a, y))]).softmax())
    }
}

impl Transformation for Dirichlet {
    fn has(&self, transform: Transform) -> bool {
        Gamma.has(transform)
    }

    fn transformed<'g>(
        &self,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
        transform: Transform,
    ) -> Transformed<'g> {
        let event = self.event_shape(parameters);
        let (y, log_densities) = transformed_log(parameters[0], &event, noise, transform);
        Transformed { value: away_from_zero(y.softmax()), log_density: log_densities.sum_axes(-1) }
    }
}
