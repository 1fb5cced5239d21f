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
use super::coordinates::standardized;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::special::EULER_GAMMA;

/// The Gumbel family.
#[derive(Clone, Copy, Debug)]
pub struct Gumbel;

impl Gumbel {
    /// μ (`loc`) and β (`scale`) > 0.
    #[allow(clippy::new_ret_no_self)]
    pub fn new<'g>(loc: impl Into<Argument<'g>>, scale: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Gumbel), [loc.into(), scale.into()])
    }
}

/// −log(−log u)
fn standard<'g>(noise: &mut Noise<'g>) -> Expr<'g> {
    -(-noise.uniform(&[]).log()).log()
}

/// log p by x = (z − μ)/β and β.
fn log_density<'g>(x: Expr<'g>, scale: Expr<'g>) -> Expr<'g> {
    -(x + (-x).exp()) - scale.log()
}

impl Family for Gumbel {
    fn name(&self) -> &'static str {
        "Gumbel"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "loc", constraint: Constraint::Real, event_rank: 0 },
            Parameter { name: "scale", constraint: Constraint::Positive, event_rank: 0 },
        ]
    }

    fn support(&self) -> Support {
        Support::Real
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [loc, scale] = unpack(parameters);
        loc + scale * standard(noise)
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [loc, scale] = unpack(parameters);
        log_density((z - loc) / scale, scale)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [loc, scale] = unpack(parameters);
        log_density(standardized(standard(noise), loc, scale), scale)
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [loc, scale] = unpack(parameters);
        Some(loc + EULER_GAMMA * scale)
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [_, scale] = unpack(parameters);
        Some((PI * PI / 6.0) * scale.square())
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [_, scale] = unpack(parameters);
        Some(scale.log() + (EULER_GAMMA + 1.0))
    }
}
