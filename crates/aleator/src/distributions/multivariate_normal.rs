//! Multivariate Normal: z ∈ ℝⁿ.
//!
//! ```text
//! z = μ + L ε,   ε ~ N(0, I)
//! log p(z) = −½ |y|² − Σᵢ log Lᵢᵢ − n/2 log 2π,   L y = z − μ          (forward substitution)
//! E z = μ,   Var zᵢ = Σⱼ Lᵢⱼ²,   entropy = Σᵢ log Lᵢᵢ + n/2 (1 + log 2π)
//! ```
//!
//! Parameters: μ (`loc`), finite, whose last axis is the event, as for z; L (`scale_tril`), `[n, n]` in its last axes, lower
//! triangular with a positive diagonal: the Cholesky factor of the covariance L Lᵀ.

use std::sync::Arc;

use aleator_engine::graph::{Expr, Shape};

use super::argument::Argument;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::special::HALF_LOG_TAU;

/// The diagonal of the last two axes.
pub(super) fn diagonal(matrix: Expr<'_>) -> Expr<'_> {
    let n = matrix.shape().from_end(0);
    let places = matrix.graph().iota(n);
    // Elsewhere there are zeros.
    places.one_hot(n).select(matrix, 0.0).sum_axes(-1)
}

/// L y. Elements above the diagonal are 0 and no parameters: nothing has a derivative by them.
fn product<'g>(scale_tril: Expr<'g>, y: Expr<'g>) -> Expr<'g> {
    let places = scale_tril.graph().iota(scale_tril.shape().from_end(0));
    let above = places.unsqueeze(-1).less(places.unsqueeze(-2));
    (above.select(0.0, scale_tril) * y.unsqueeze(-2)).sum_axes(-1)
}

/// L⁻¹ x by forward substitution; the elements are returned separately, each with a last axis of size 1.
pub(super) fn solve<'g>(scale_tril: Expr<'g>, x: Expr<'g>) -> Vec<Expr<'g>> {
    let n = scale_tril.shape().from_end(0);
    let mut rest = x;
    let step = |i: usize| {
        let column = scale_tril.slice(-1, i, 1).squeeze(-1).slice(-1, i, n - i);
        let y = rest.slice(-1, 0, 1) / column.slice(-1, 0, 1);
        rest = (rest - column * y).slice(-1, 1, n - i - 1);
        y
    };
    (0..n).map(step).collect()
}

/// log p as a function of y = L⁻¹(z − μ) and L.
fn log_density<'g>(y: &[Expr<'g>], scale_tril: Expr<'g>) -> Expr<'g> {
    let normalizer = diagonal(scale_tril).log().sum_axes(-1) + y.len() as f64 * HALF_LOG_TAU;
    match y.iter().map(|y| y.square()).reduce(|sum, square| sum + square) {
        Some(squares) => -0.5 * squares.squeeze(-1) - normalizer,
        None => -normalizer,
    }
}

/// The MultivariateNormal family.
#[derive(Clone, Copy, Debug)]
pub struct MultivariateNormal;

impl MultivariateNormal {
    /// μ (`loc`) and L (`scale_tril`).
    pub fn new<'g>(loc: impl Into<Argument<'g>>, scale_tril: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(MultivariateNormal), [loc.into(), scale_tril.into()])
    }

    /// ε, of the site's shape and the event's.
    fn standard<'g>(self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        noise.uniform(&self.event_shape(parameters)).normal_quantile()
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
                "the last axes of `scale_tril` must be [{n}, {n}] for a `loc` of shape {vector}, got shape {matrix}"
            )
        })
    }

    fn event_shape(&self, parameters: &[Expr<'_>]) -> Shape {
        parameters[1].shape().trailing(1)
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [loc, scale_tril] = unpack(parameters);
        loc + product(scale_tril, self.standard(parameters, noise))
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [loc, scale_tril] = unpack(parameters);
        log_density(&solve(scale_tril, z - loc), scale_tril)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        // L⁻¹(z − μ) = ε + L⁻¹((L₀ − L) ε + μ₀ − μ): nothing is left of the rest in value.
        let [loc, scale_tril] = unpack(parameters);
        let epsilon = self.standard(parameters, noise).stop_gradient();
        let rest = product(scale_tril.stop_gradient() - scale_tril, epsilon) + (loc.stop_gradient() - loc);
        let shifts = solve(scale_tril, rest);
        let standardized: Vec<Expr<'g>> =
            shifts.into_iter().enumerate().map(|(i, y)| epsilon.slice(-1, i, 1) + y).collect();
        log_density(&standardized, scale_tril)
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [loc, _] = unpack(parameters);
        Some(loc)
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [_, scale_tril] = unpack(parameters);
        Some(scale_tril.square().sum_axes(-1))
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [_, scale_tril] = unpack(parameters);
        let n = scale_tril.shape().from_end(0) as f64;
        Some(diagonal(scale_tril).log().sum_axes(-1) + n * (0.5 + HALF_LOG_TAU))
    }
}
