//! The value of a site: a draw, its outcomes as alternatives, or samples with weights.
//!
//! ```text
//! a draw            E F(z) = E 1/K Σₖ F(zₖ)
//! alternatives      E F(z) = Σ_a w_a F(z_a)              along the site's own axis; w is differentiated
//! weighted samples  E F(z) = E 1/K Σₖ wₖ F(zₖ)           for every F; w is constant
//! ```

use aleator_engine::graph::Expr;

/// The value that an estimator uses for a site and, if it has several alternatives or its samples are no plain draws, their weights.
#[derive(Clone, Copy, Debug)]
pub struct SiteValue<'g> {
    /// The value, of shape sample + batch + event (alternatives in front).
    pub value: Expr<'g>,
    /// The weights by which downstream costs are multiplied before they are summed over the alternatives and averaged over the
    /// samples, of shape sample + batch, with size 1 along the batch axes whose elements are combined by costs.
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
    ///
    /// For an estimator without [`alternatives`](super::Estimator::alternatives), these are the K samples, which need not be
    /// independent or follow p. Each must satisfy E wₖ F(zₖ) = E F(z) for every F, independently of other sites, with weights that are
    /// constant under differentiation (see [`Site::joint`](super::Site::joint)): objective and gradient multiply what depends on the site by them.
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
