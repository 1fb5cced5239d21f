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

use aleator_engine::graph::{Expr, IntoExpr};

use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::transformation::{Transform, Transformation, Transformed, from_drawn};

/// The Normal family.
#[derive(Clone, Copy, Debug)]
pub struct Normal;

impl Normal {
    /// μ (`loc`) and σ (`scale`) > 0.
    #[allow(clippy::new_ret_no_self)]
    pub fn new<'g>(loc: Expr<'g>, scale: impl IntoExpr<'g>) -> Distribution<'g> {
        let scale = scale.into_expr(loc.graph());
        Distribution::new(Arc::new(Normal), vec![loc, scale])
    }
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
        loc + scale * noise.uniform(&[]).normal_quantile()
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn transformation(&self) -> Option<&dyn Transformation> {
        Some(self)
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [loc, scale] = unpack(parameters);
        let standardized = (z - loc) / scale;
        -0.5 * standardized.square() - scale.log() - 0.5 * (2.0 * PI).ln()
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
        let (value, log_slope) = from_drawn(self.sample(parameters, noise), loc, scale, transform);
        Transformed { value, log_density: self.log_prob(parameters, value) + log_slope }
    }
}
