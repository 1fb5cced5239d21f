//! The terms of a gradient estimate.

use aleator_engine::graph::Expr;

use super::site::Site;

/// weightᵀ ∂expr/∂θ: a term of the gradient estimate. Both have sample axes + batch in front (and event axes, if the expression
/// is a value or a parameter of the site). The term is averaged over the samples.
#[derive(Clone, Copy, Debug)]
pub struct GradientTerm<'g> {
    /// The expression to differentiate.
    pub expr: Expr<'g>,
    /// The weight that multiplies the derivative.
    pub weight: Expr<'g>,
    /// The number of trailing event axes of both.
    pub event_rank: usize,
}

impl<'g> GradientTerm<'g> {
    /// A score: ∇θ log p(z), of shape sample + batch, multiplied by a weight that broadcasts against it.
    pub fn score(log_prob: Expr<'g>, weight: Expr<'g>) -> Self {
        GradientTerm { expr: log_prob, weight, event_rank: 0 }
    }

    /// The derivative through a value of the site, of shape sample + batch + event, along `weight`.
    pub fn value(site: &Site<'g>, value: Expr<'g>, weight: Expr<'g>) -> Self {
        GradientTerm { expr: value, weight, event_rank: site.event_shape().rank() }
    }
}
