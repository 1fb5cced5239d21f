//! Logistic: z ∈ ℝ.
//!
//! ```text
//! z = μ + s logit u
//! log p(z) = −x − log s − 2 softplus(−x),   x = (z − μ)/s
//! E z = μ,   Var z = π² s²/3,   entropy = log s + 2
//! ```

use std::f64::consts::PI;
use std::sync::Arc;

use aleator_engine::graph::{Expr, IntoExpr};

use super::family::{Constraint, Distribution, Family, Parameter, Support};
use super::noise::Noise;

/// The Logistic family.
#[derive(Clone, Copy, Debug)]
pub struct Logistic;

impl Logistic {
    /// μ (`loc`) and s (`scale`) > 0.
    #[allow(clippy::new_ret_no_self)]
    pub fn new<'g>(loc: Expr<'g>, scale: impl IntoExpr<'g>) -> Distribution<'g> {
        let scale = scale.into_expr(loc.graph());
        Distribution::new(Arc::new(Logistic), vec![loc, scale])
    }
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
        let loc = parameters[0];
        let scale = parameters[1];
        loc + scale * noise.uniform(&[]).logit()
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let loc = parameters[0];
        let scale = parameters[1];
        // Symmetric in x; |x| keeps both terms small.
        let x = ((z - loc) / scale).abs();
        -x - scale.log() - 2.0 * (-x).softplus()
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let loc = parameters[0];
        Some(loc)
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let scale = parameters[1];
        Some((PI * PI / 3.0) * scale.square())
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let scale = parameters[1];
        Some(scale.log() + 2.0)
    }
}
