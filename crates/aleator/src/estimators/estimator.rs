//! What an estimator is: a rewrite of a site into a value and a surrogate term.
//!
//! ```text
//! objective   J = E Σ costs
//! surrogate   S = Σ costs(values) + Σ_sites surrogate(site),      ∇θ S  estimates  ∇θ J
//! ```
//!
//! Both methods get expressions and return expressions. Nothing in the crate's own estimators uses anything that an
//! estimator written elsewhere cannot.

use std::fmt;

use aleator_engine::graph::Expr;

use super::properties::Properties;
use crate::distributions::Distribution;
use crate::error::Result;
use crate::graph::{Cone, Draw, Site};

/// What is known of a site before any expression is built.
pub struct SiteInfo<'a, 'g> {
    /// The site's name.
    pub name: &'a str,
    /// Its distribution, with its parameters in the author's graph.
    pub distribution: &'a Distribution<'g>,
    /// Number of independent draws: the elements of its batch axes.
    pub draws: usize,
    /// How many of these draws have to be enumerated together: those whose costs mix.
    pub coupled_draws: usize,
}

/// A gradient estimator that can serve a site.
pub trait Estimator: fmt::Debug + Send + Sync {
    /// Name, bias, requirements, reference.
    fn properties(&self) -> &'static Properties;

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

    /// The surrogate term, of shape sample axes + batch (each element is summed); `None` where the derivative through
    /// the value is all.
    fn surrogate<'g>(&self, _site: &Site<'g>, _cone: &Cone<'_, 'g>) -> Result<Option<Expr<'g>>> {
        Ok(None)
    }
}

/// The estimator with its options, such as `gumbel_softmax(temperature=0.5)`.
pub fn describe(estimator: &dyn Estimator) -> String {
    let options: Vec<String> =
        estimator.options().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let name = estimator.properties().name;
    if options.is_empty() { name.to_string() } else { format!("{name}({})", options.join(", ")) }
}
