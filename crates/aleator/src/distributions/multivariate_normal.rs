//! Multivariate Normal: z ∈ ℝⁿ.
//!
//! ```text
//! z = μ + L ε,   ε ~ N(0, I)
//! log p(z) = −½ |y|² − Σᵢ log Lᵢᵢ − n/2 log 2π,   L y = z − μ          (forward substitution)
//! E z = μ,   Var zᵢ = Σⱼ Lᵢⱼ²,   entropy = Σᵢ log Lᵢᵢ + n/2 (1 + log 2π)
//! ```
//!
//! Parameters: μ (`loc`), finite, whose last axis is the event and that of z; L (`scale_tril`), `[n, n]` in its last axes, lower
//! triangular with a positive diagonal: the Cholesky factor of the covariance L Lᵀ.

use std::sync::Arc;

use aleator_engine::graph::{Expr, IntoExpr, Shape};

use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::special::HALF_LOG_TAU;

/// The diagonal of the last two axes.
fn diagonal(matrix: Expr<'_>) -> Expr<'_> {
    let n = matrix.shape().from_end(0);
    let places = matrix.graph().iota(n);
    // Elsewhere there are zeros.
    places.one_hot(n).select(matrix, 0.0).sum_axes(&[0])
}

/// The MultivariateNormal family.
#[derive(Clone, Copy, Debug)]
pub struct MultivariateNormal;

impl MultivariateNormal {
    /// μ (`loc`) and L (`scale_tril`).
    #[allow(clippy::new_ret_no_self)]
    pub fn new<'g>(loc: Expr<'g>, scale_tril: impl IntoExpr<'g>) -> Distribution<'g> {
        let scale_tril = scale_tril.into_expr(loc.graph());
        Distribution::new(Arc::new(MultivariateNormal), vec![loc, scale_tril])
    }
}

impl Family for MultivariateNormal {
    fn name(&self) -> &'static str {
        "MultivariateNormal"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "loc", constraint: Constraint::Real, event_rank: 1 },
            Parameter { name: "scale_tril", constraint: Constraint::LowerCholesky, event_rank: 2 },
        ]
    }

    fn support(&self) -> Support {
        Support::RealVector
    }

    fn misshapen(&self, parameters: &[Expr<'_>]) -> Option<String> {
        let [loc, scale_tril] = parameters else { return None };
        let (vector, matrix) = (loc.shape(), scale_tril.shape());
        let n = vector.from_end(0);
        (matrix.from_end(0) != n || matrix.from_end(1) != n).then(|| {
            format!(
                "`scale_tril` must end in [{n}, {n}] beside a `loc` of shape {vector}, got shape {matrix}"
            )
        })
    }

    fn event_shape(&self, parameters: &[Expr<'_>]) -> Shape {
        parameters[1].shape().trailing(1)
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [loc, scale_tril] = unpack(parameters);
        let event = self.event_shape(parameters);
        let normal = noise.uniform(&event).normal_quantile();
        loc + (scale_tril * normal.unsqueeze(1)).sum_axes(&[0])
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [loc, scale_tril] = unpack(parameters);
        let n = scale_tril.shape().from_end(0);
        // One column after another is taken out of what is left of z − μ.
        let mut rest = z - loc;
        let mut squares = None;
        for i in 0..n {
            let column = scale_tril.slice(0, i, 1).squeeze(0).slice(0, i, n - i);
            let y = rest.slice(0, 0, 1) / column.slice(0, 0, 1);
            squares = Some(squares.map_or(y.square(), |sum: Expr<'g>| sum + y.square()));
            rest = (rest - column * y).slice(0, 1, n - i - 1);
        }
        let normalizer = diagonal(scale_tril).log().sum_axes(&[0]) + n as f64 * HALF_LOG_TAU;
        match squares {
            Some(squares) => -0.5 * squares.squeeze(0) - normalizer,
            None => -normalizer,
        }
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [loc, _] = unpack(parameters);
        Some(loc)
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [_, scale_tril] = unpack(parameters);
        Some(scale_tril.square().sum_axes(&[0]))
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [_, scale_tril] = unpack(parameters);
        let n = scale_tril.shape().from_end(0) as f64;
        Some(diagonal(scale_tril).log().sum_axes(&[0]) + n * (0.5 + HALF_LOG_TAU))
    }
}
