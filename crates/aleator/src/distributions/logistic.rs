//! Logistic: z ∈ ℝ.
//!
//! ```text
//! z = μ + s logit u
//! log p(z) = −softplus(x) − softplus(−x) − log s,   x = (z − μ)/s
//! E z = μ,   Var z = π² s²/3,   entropy = log s + 2
//! ```
//!
//! Parameters: μ (`loc`), finite; s (`scale`), positive and finite.

use std::f64::consts::PI;
use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::coordinates::standardized;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;

/// The Logistic family.
#[derive(Clone, Copy, Debug)]
pub struct Logistic;

impl Logistic {
    /// μ (`loc`) and s (`scale`) > 0.
    #[allow(clippy::new_ret_no_self)]
    pub fn new<'g>(loc: impl Into<Argument<'g>>, scale: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Logistic), [loc.into(), scale.into()])
    }
}

/// logit u
fn standard<'g>(noise: &mut Noise<'g>) -> Expr<'g> {
    noise.uniform(&[]).logit()
}

/// log p by x = (z − μ)/s and s.
fn log_density<'g>(x: Expr<'g>, scale: Expr<'g>) -> Expr<'g> {
    -x.softplus() - (-x).softplus() - scale.log()
}

impl Family for Logistic {
    fn name(&self) -> &'static str {
        "Logistic"
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
        let [loc, _] = unpack(parameters);
        Some(loc)
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [_, scale] = unpack(parameters);
        Some((PI * PI / 3.0) * scale.square())
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [_, scale] = unpack(parameters);
        Some(scale.log() + 2.0)
    }
}
