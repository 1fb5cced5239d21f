//! What an estimator is: a rewrite of a site into a value and terms of the gradient.
//!
//! ```text
//! objective   J = E Σ costs
//! estimate    ĝ = ∇θ Σ costs(values) + Σ_sites Σ_terms weightᵀ ∂expr/∂θ
//! ```
//!
//! A term is an expression to differentiate and the weight it is multiplied by: (log p(z), F(z) − b) for a score. The
//! weight takes no part in the derivative, so nothing has to be stopped, and the estimate itself can be
//! differentiated again, by an estimator's own parameters say.
//!
//! Both methods get expressions and return expressions. Nothing in the crate's own estimators uses anything that an
//! estimator written elsewhere cannot.

use std::fmt;

use aleator_engine::graph::{Expr, Shape};

use super::properties::{Properties, Smoothness};
use crate::distributions::Distribution;
use crate::error::Result;
use crate::graph::{Cone, Draw, Site};

/// What is known of a site before any expression is built.
pub struct SiteInfo<'a, 'g> {
    /// The site's name.
    pub name: &'a str,
    /// Its distribution, with its parameters in the author's graph.
    pub distribution: &'a Distribution<'g>,
    /// The axes of independent draws.
    pub batch: &'a Shape,
    /// Number of independent draws: the elements of its batch axes.
    pub draws: usize,
    /// How many of these draws have to be enumerated together: those whose costs mix.
    pub coupled_draws: usize,
    /// Whether its support moves with the parameters of the graph: a score has expectation zero only where it does not.
    pub support_moves: bool,
    /// Whether a cost is undefined between the outcomes of the draw, as `v[z]` is.
    pub undefined_between: bool,
}

impl SiteInfo<'_, '_> {
    /// Whether costs may be evaluated between the outcomes of the draw; the reason if not.
    pub(super) fn defined_between(&self) -> Result<(), String> {
        if !self.undefined_between {
            return Ok(());
        }
        Err("it indexes a tensor, and there is no element between two outcomes, where this estimator evaluates the cost; write \
             `v[0] + (v[1] - v[0]) * z` or a sum over a one-hot site, or use enumeration, reinforce_loo or score_function"
            .into())
    }
}

/// A gradient estimator that can serve a site.
pub trait Estimator: fmt::Debug + Send + Sync {
    /// Name, bias, requirements, reference.
    fn properties(&self) -> &'static Properties;

    /// What it asks of F besides its values, with these options.
    fn smoothness(&self) -> Smoothness {
        self.properties().smoothness
    }

    /// Its options, as name and canonical value; empty where all are at their defaults and unremarkable.
    fn options(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Whether it can serve the site; the reason if not.
    fn serves(&self, site: &SiteInfo<'_, '_>) -> Result<(), String>;

    /// The fewest samples K it can work with.
    fn min_samples(&self) -> usize {
        1
    }

    /// Cost evaluations per sample beyond the main one.
    fn extra_evaluations(&self) -> usize {
        0
    }

    /// For estimators that evaluate every outcome: how many there are at this site. Each then stands on an axis of
    /// its own in front of the samples.
    fn alternatives(&self, _site: &SiteInfo<'_, '_>) -> Result<Option<usize>, String> {
        Ok(None)
    }

    /// The value to use for the site, from its noise. Also called when an earlier site's estimator evaluates what
    /// lies downstream at other parameters.
    fn draw<'g>(&self, site: &Site<'g>) -> Result<Draw<'g>>;

    /// What is added to the derivative through the value.
    fn terms<'g>(&self, _site: &Site<'g>, _cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        Ok(Vec::new())
    }
}

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

/// The estimator with its options, such as `gumbel_softmax(temperature=0.5)`.
pub fn describe(estimator: &dyn Estimator) -> String {
    let options: Vec<String> =
        estimator.options().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let name = estimator.properties().name;
    if options.is_empty() { name.to_string() } else { format!("{name}({})", options.join(", ")) }
}
