//! Laplace: z ∈ ℝ.
//!
//! ```text
//! z = μ − b sign(v) log(1 − 2|v|),   v = u − ½
//! log p(z) = −|z − μ|/b − log 2b
//! E z = μ,   Var z = 2b²,   entropy = 1 + log 2b
//! ```
//!
//! Parameters: μ (`loc`), finite; b (`scale`), positive and finite. The density has a kink at μ, where its derivative by
//! μ is taken as 0.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::coordinates::standardized;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;

/// The Laplace family.
#[derive(Clone, Copy, Debug)]
pub struct Laplace;

impl Laplace {
    /// μ (`loc`) and b (`scale`) > 0.
    #[allow(clippy::new_ret_no_self)]
    pub fn new<'g>(loc: impl Into<Argument<'g>>, scale: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Laplace), [loc.into(), scale.into()])
    }
}

/// log 2u below the median and −log 2(1 − u) above: each exact in its tail.
fn standard<'g>(noise: &mut Noise<'g>) -> Expr<'g> {
    let u = noise.uniform(&[]);
    u.less(0.5).select((2.0 * u).log(), -(2.0 * (1.0 - u)).log())
}

/// log p by x = (z − μ)/b and b.
fn log_density<'g>(x: Expr<'g>, scale: Expr<'g>) -> Expr<'g> {
    -x.abs() - (2.0 * scale).log()
}

impl Family for Laplace {
    fn name(&self) -> &'static str {
        "Laplace"
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
        Some(2.0 * scale.square())
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [_, scale] = unpack(parameters);
        Some(1.0 + (2.0 * scale).log())
    }
}
