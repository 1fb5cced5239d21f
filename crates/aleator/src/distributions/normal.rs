//! Normal: z ∈ ℝ.
//!
//! ```text
//! z = μ + σ ε,   ε = Φ⁻¹(u)
//! log p(z) = −½ ((z − μ)/σ)² − log σ − ½ log 2π
//! E z = μ,   Var z = σ²,   entropy = ½ + ½ log 2π + log σ
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
use super::transformation::{OfStandard, Transform, Transformation, Transformed, of_standard};

/// The Normal family.
#[derive(Clone, Copy, Debug)]
pub struct Normal;

impl Normal {
    /// μ (`loc`) and σ (`scale`) > 0.
    #[allow(clippy::new_ret_no_self)]
    pub fn new<'g>(loc: impl Into<Argument<'g>>, scale: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Normal), [loc.into(), scale.into()])
    }
}

/// ε ~ N(0, 1)
pub(super) fn standard<'g>(noise: &mut Noise<'g>) -> Expr<'g> {
    noise.uniform(&[]).normal_quantile()
}

/// log p by x = (z − μ)/σ and σ.
pub(super) fn log_density<'g>(x: Expr<'g>, scale: Expr<'g>) -> Expr<'g> {
    -0.5 * x.square() - scale.log() - 0.5 * (2.0 * PI).ln()
}

impl Family for Normal {
    fn name(&self) -> &'static str {
        "Normal"
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

    fn transformation(&self) -> Option<&dyn Transformation> {
        Some(self)
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
        Some(scale.square())
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [_, scale] = unpack(parameters);
        Some(0.5 + 0.5 * (2.0 * PI).ln() + scale.log())
    }
}

impl Transformation for Normal {
    fn has(&self, transform: Transform) -> bool {
        !matches!(transform, Transform::Rejection { .. })
    }

    fn transformed<'g>(
        &self,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
        transform: Transform,
    ) -> Transformed<'g> {
        let [loc, scale] = unpack(parameters);
        let OfStandard { value, standardized, log_slope } =
            of_standard(standard(noise), loc, scale, transform);
        Transformed { value, log_density: log_density(standardized, scale) + log_slope }
    }
}
