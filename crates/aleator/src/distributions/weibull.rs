//! Weibull: z > 0.
//!
//! ```text
//! z = λ (−log u)^(1/k)
//! log p(z) = log k − log z + k log(z/λ) − (z/λ)ᵏ
//! E z = λ Γ(1 + 1/k),   Var z = λ² (Γ(1 + 2/k) − Γ(1 + 1/k)²),   entropy = γ (1 − 1/k) + log(λ/k) + 1
//! ```
//!
//! Parameters: λ (`scale`) and k (`concentration`), positive and finite. A sample that would be less than the smallest normal
//! number (possible for k below ¹⁄₂₀) is that number.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::coordinates::standardized;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::special::{EULER_GAMMA, away_from_zero};
use super::weak_derivative::{Place, Triple, WeakDerivative, exponential};

/// log E (z/λ)ⁿ = log Γ(1 + n/k)
fn log_moment<'g>(n: f64, concentration: Expr<'g>) -> Expr<'g> {
    (1.0 + n / concentration).lgamma()
}

/// log(−log u)
fn log_exponential<'g>(noise: &mut Noise<'g>) -> Expr<'g> {
    (-noise.uniform(&[]).log()).log()
}

/// log p as a function of x = k log(z/λ), k and log z.
fn log_density<'g>(x: Expr<'g>, concentration: Expr<'g>, log_z: Expr<'g>) -> Expr<'g> {
    concentration.log() - log_z + x - x.exp()
}

/// The Weibull family.
#[derive(Clone, Copy, Debug)]
pub struct Weibull;

impl Weibull {
    /// λ (`scale`) and k (`concentration`), both > 0.
    pub fn new<'g>(
        scale: impl Into<Argument<'g>>,
        concentration: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(Arc::new(Weibull), [scale.into(), concentration.into()])
    }
}

impl Family for Weibull {
    fn name(&self) -> &'static str {
        "Weibull"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "scale", constraint: Constraint::Positive, event_rank: 0 },
            Parameter { name: "concentration", constraint: Constraint::Positive, event_rank: 0 },
        ]
    }

    fn support(&self) -> Support {
        Support::Positive
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [scale, concentration] = unpack(parameters);
        away_from_zero(scale * (log_exponential(noise) / concentration).exp())
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [scale, concentration] = unpack(parameters);
        let positive = z.greater(0.0);
        let log_z = positive.select(z, 1.0).log();
        let x = concentration * (log_z - scale.log());
        positive.select(log_density(x, concentration, log_z), f64::NEG_INFINITY)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        // log z has location log λ and scale 1/k.
        let [scale, concentration] = unpack(parameters);
        let (epsilon, loc, width) = (log_exponential(noise), scale.log(), 1.0 / concentration);
        let log_z = (loc + width * epsilon).stop_gradient();
        log_density(standardized(epsilon, loc, width), concentration, log_z)
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [scale, concentration] = unpack(parameters);
        Some(scale * log_moment(1.0, concentration).exp())
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [scale, concentration] = unpack(parameters);
        let (first, second) = (log_moment(1.0, concentration), log_moment(2.0, concentration));
        Some((scale * first.exp()).square() * (second - 2.0 * first).expm1())
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [scale, concentration] = unpack(parameters);
        Some(EULER_GAMMA * (1.0 - 1.0 / concentration) + scale.log() - concentration.log() + 1.0)
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }
}

/// (z/λ)ᵏ is exponential. The derivative by the concentration is not known in this form.
impl WeakDerivative for Weibull {
    fn values(&self, parameter: usize) -> Option<usize> {
        (parameter == 0).then_some(1)
    }

    fn triples<'g>(&self, _: usize, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Vec<Triple<'g>> {
        let [scale, concentration] = unpack(parameters);
        let log_sum = (exponential(noise) + exponential(noise)).log();
        let larger = away_from_zero(scale * (log_sum / concentration).exp());
        let constant = concentration / scale;
        vec![Triple { constant, positive: Place::At(larger), negative: Place::Sample }]
    }
}
