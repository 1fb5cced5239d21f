//! The terms of a gradient estimate.

use aleator_engine::graph::Expr;

use super::site::Site;

/// weightᵀ ∂expr/∂θ: a term of the gradient estimate. Both have sample axes + batch in front (and event axes, where the
/// expression is a value or a parameter of the site); the mean over samples is taken.
#[derive(Clone, Copy, Debug)]
pub struct GradientTerm<'g> {
    /// What is differentiated.
    pub expr: Expr<'g>,
    /// What its derivative is multiplied by.
    pub weight: Expr<'g>,
    /// How many last axes of both are event axes.
    pub event_rank: usize,
}

impl<'g> GradientTerm<'g> {
    /// A score: ∇θ log p(z), of shape sample + batch, times a weight that broadcasts against it.
    pub fn score(log_prob: Expr<'g>, weight: Expr<'g>) -> Self {
        GradientTerm { expr: log_prob, weight, event_rank: 0 }
    }

    /// The derivative through a value of the site, of shape sample + batch + event, along `weight`.
    pub fn value(site: &Site<'g>, value: Expr<'g>, weight: Expr<'g>) -> Self {
        GradientTerm { expr: value, weight, event_rank: site.event_shape().rank() }
    }
}
