//! Gumbel (of maxima): z ∈ ℝ.
//!
//! ```text
//! z = μ − β log(−log u)
//! log p(z) = −(x + e⁻ˣ) − log β,   x = (z − μ)/β
//! E z = μ + γβ (γ Euler's constant),   Var z = π² β²/6,   entropy = log β + γ + 1
//! ```
//!
//! Parameters: μ (`loc`), finite, the mode; β (`scale`), positive and finite.

use std::f64::consts::PI;
use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::family::{Distribution, unpack};
use super::location_scale::LocationScale;
use super::noise::Noise;
use super::special::EULER_GAMMA;
use super::symmetric::held_beside;
use super::weak_derivative::{Place, Triple, WeakDerivative, exponential};

/// The Gumbel family.
#[derive(Clone, Copy, Debug)]
pub struct Gumbel;

impl Gumbel {
    /// μ (`loc`) and β (`scale`) > 0.
    pub fn new<'g>(loc: impl Into<Argument<'g>>, scale: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Gumbel), [loc.into(), scale.into()])
    }
}

impl LocationScale for Gumbel {
    const NAME: &'static str = "Gumbel";

    /// −log(−log u)
    fn standard<'g>(noise: &mut Noise<'g>) -> Expr<'g> {
        -(-noise.uniform(&[]).log()).log()
    }

    fn log_density<'g>(x: Expr<'g>, scale: Expr<'g>) -> Expr<'g> {
        -(x + (-x).exp()) - scale.log()
    }

    fn mean<'g>(loc: Expr<'g>, scale: Expr<'g>) -> Option<Expr<'g>> {
        Some(loc + EULER_GAMMA * scale)
    }

    fn variance(scale: Expr<'_>) -> Option<Expr<'_>> {
        Some((PI * PI / 6.0) * scale.square())
    }

    fn entropy(scale: Expr<'_>) -> Expr<'_> {
        scale.log() + (EULER_GAMMA + 1.0)
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }
}

/// e^(−z/β) is exponential with the rate e^(μ/β). The derivative by the scale is not known in this form.
impl WeakDerivative for Gumbel {
    fn values(&self, parameter: usize) -> Option<usize> {
        (parameter == 0).then_some(1)
    }

    fn triples<'g>(&self, _: usize, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Vec<Triple<'g>> {
        let [loc, scale] = unpack(parameters);
        let both = exponential(noise) + exponential(noise);
        vec![Triple {
            constant: held_beside(loc, scale) / scale,
            positive: Place::Sample,
            negative: Place::At(loc - scale * both.log()),
        }]
    }
}
