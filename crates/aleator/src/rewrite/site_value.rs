//! The value of a site: a draw, or its outcomes as alternatives.

use aleator_engine::graph::Expr;

/// The value that an estimator uses for a site and, if it has several alternatives, their weights.
#[derive(Clone, Copy, Debug)]
pub struct SiteValue<'g> {
    /// The value, of shape sample + batch + event (alternatives in front).
    pub value: Expr<'g>,
    /// The weights by which downstream costs are multiplied before they are summed over the alternatives, of shape sample +
    /// batch.
    pub weight: Option<Expr<'g>>,
    /// If the alternatives are the outcomes of one categorical draw, in order: how they map to outcomes.
    pub(crate) places: Option<Places<'g>>,
    /// What replaces log q(value) of this site wherever the author's graph contains it: the same number with another derivative.
    pub(crate) log_prob: Option<Expr<'g>>,
}

impl<'g> SiteValue<'g> {
    /// A single value.
    pub fn value(value: Expr<'g>) -> Self {
        SiteValue { value, weight: None, places: None, log_prob: None }
    }

    /// Alternatives along the site's own axis, with their weights.
    pub fn weighted(value: Expr<'g>, weight: Expr<'g>) -> Self {
        SiteValue { value, weight: Some(weight), places: None, log_prob: None }
    }

    /// The same value; `log_prob`, of shape sample + batch, replaces log q(value) of this site wherever the author's graph contains
    /// it. It must be the same number, but may have another derivative.
    pub fn with_log_prob(self, log_prob: Expr<'g>) -> Self {
        SiteValue { log_prob: Some(log_prob), ..self }
    }
}

/// How alternatives map to the outcomes of one categorical draw: alternative k is outcome k if it is included, and the most
/// probable outcome otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places<'g> {
    /// 1 for each alternative that is included, of shape `[alternatives] + sample + batch`.
    pub entered: Expr<'g>,
    /// The most probable outcome as a number, of shape sample + batch.
    pub mode: Expr<'g>,
}
