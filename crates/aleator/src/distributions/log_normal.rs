//! Log-normal: z = eˣ with x normal.
//!
//! ```text
//! z = exp(μ + σ ε),   ε = Φ⁻¹(u)
//! log p(z) = −½ ((log z − μ)/σ)² − log σ − ½ log 2π − log z
//! E z = exp(μ + σ²/2),   Var z = (exp σ² − 1) exp(2μ + σ²),   entropy = μ + ½ + ½ log 2π + log σ
//! ```

use std::f64::consts::PI;
use std::sync::Arc;

use aleator_engine::graph::{Expr, IntoExpr};

use super::family::{Constraint, Distribution, Family, Parameter, Support};
use super::noise::Noise;

/// The LogNormal family.
#[derive(Clone, Copy, Debug)]
pub struct LogNormal;

impl LogNormal {
    /// μ (`loc`) and σ (`scale`) > 0 of log z.
    #[allow(clippy::new_ret_no_self)]
    pub fn new<'g>(loc: Expr<'g>, scale: impl IntoExpr<'g>) -> Distribution<'g> {
        let scale = scale.into_expr(loc.graph());
        Distribution::new(Arc::new(LogNormal), vec![loc, scale])
    }
}

impl Family for LogNormal {
    fn name(&self) -> &'static str {
        "LogNormal"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "loc", constraint: Constraint::Real, event_rank: 0 },
            Parameter { name: "scale", constraint: Constraint::Positive, event_rank: 0 },
        ]
    }

    fn support(&self) -> Support {
        Support::Positive
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let loc = parameters[0];
        let scale = parameters[1];
        (loc + scale * noise.uniform(&[]).normal_quantile()).exp()
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let loc = parameters[0];
        let scale = parameters[1];
        let log_z = z.log();
        let standardized = (log_z - loc) / scale;
        -0.5 * standardized.square() - scale.log() - 0.5 * (2.0 * PI).ln() - log_z
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let loc = parameters[0];
        let scale = parameters[1];
        Some((loc + 0.5 * scale.square()).exp())
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let loc = parameters[0];
        let scale = parameters[1];
        Some(scale.square().expm1() * (2.0 * loc + scale.square()).exp())
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let loc = parameters[0];
        let scale = parameters[1];
        Some(loc + scale.log() + (0.5 + 0.5 * (2.0 * PI).ln()))
    }
}
