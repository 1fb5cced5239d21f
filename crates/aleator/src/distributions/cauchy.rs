//! Cauchy: z ∈ ℝ.
//!
//! ```text
//! z = μ − σ / tan πv,   v = u below ½ and u − 1 above
//! log p(z) = −log πσ − log(1 + ((z − μ)/σ)²)
//! E z and Var z do not exist,   entropy = log 4πσ
//! ```
//!
//! Parameters: μ (`loc`), finite; σ (`scale`), positive and finite.

use std::f64::consts::PI;
use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::coordinates::standardized;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::special::log1p_square;

/// The Cauchy family.
#[derive(Clone, Copy, Debug)]
pub struct Cauchy;

impl Cauchy {
    /// μ (`loc`) and σ (`scale`) > 0.
    #[allow(clippy::new_ret_no_self)]
    pub fn new<'g>(loc: impl Into<Argument<'g>>, scale: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Cauchy), [loc.into(), scale.into()])
    }
}

/// tan πu, by the distance to the nearer end.
fn tangent<'g>(noise: &mut Noise<'g>) -> Expr<'g> {
    let u = noise.uniform(&[]);
    let v = u.less(0.5).select(u, u - 1.0);
    (PI * v).tan()
}

impl Family for Cauchy {
    fn name(&self) -> &'static str {
        "Cauchy"
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
        loc - scale / tangent(noise)
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [loc, scale] = unpack(parameters);
        -(PI * scale).log() - log1p_square(z - loc, scale)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [loc, scale] = unpack(parameters);
        let x = standardized(-1.0 / tangent(noise), loc, scale);
        -(PI * scale).log() - log1p_square(x, x.graph().scalar(1.0))
    }

    fn mean<'g>(&self, _: &[Expr<'g>]) -> Option<Expr<'g>> {
        None
    }

    fn variance<'g>(&self, _: &[Expr<'g>]) -> Option<Expr<'g>> {
        None
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [_, scale] = unpack(parameters);
        Some((4.0 * PI * scale).log())
    }
}
