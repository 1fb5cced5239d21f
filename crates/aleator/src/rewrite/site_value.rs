//! What stands in a site's place: a draw, or its outcomes as alternatives.

use aleator_engine::graph::Expr;

/// What an estimator puts in place of a site: a value, and, where it stands for several alternatives, their weights.
#[derive(Clone, Copy, Debug)]
pub struct SiteValue<'g> {
    /// The value, of shape sample + batch + event (alternatives in front).
    pub value: Expr<'g>,
    /// Weights by which costs downstream are multiplied and summed over the alternatives, of shape sample + batch.
    pub weight: Option<Expr<'g>>,
    /// Where the alternatives are the outcomes of one categorical draw, one after another: how they stand for one.
    pub(crate) places: Option<Places<'g>>,
}

impl<'g> SiteValue<'g> {
    /// A single value.
    pub fn value(value: Expr<'g>) -> Self {
        SiteValue { value, weight: None, places: None }
    }

    /// Alternatives on the site's own axis, with their weights.
    pub fn weighted(value: Expr<'g>, weight: Expr<'g>) -> Self {
        SiteValue { value, weight: Some(weight), places: None }
    }
}

/// How alternatives stand for the outcomes of one categorical draw: alternative k for outcome k where it is entered, for
/// the most probable one elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places<'g> {
    /// 1 for each alternative that is entered, of shape `[alternatives] + sample + batch`.
    pub entered: Expr<'g>,
    /// The most probable outcome as a number, of shape sample + batch.
    pub mode: Expr<'g>,
}
