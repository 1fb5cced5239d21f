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
use std::sync::Arc;

use super::cone::Cone;
use super::properties::{Properties, Smoothness};
use super::rewriter::PlannedDraws;
use super::site::Site;
use super::site_value::SiteValue;
use super::term::GradientTerm;
use crate::analysis::SiteInfo;
use crate::error::Result;

/// A gradient estimator that can serve a site.
pub trait Estimator: fmt::Debug + Send + Sync {
    /// Name, bias, requirements, reference.
    fn properties(&self) -> &'static Properties;

    /// What it asks of F besides its values, with these options.
    fn smoothness(&self) -> Smoothness {
        self.properties().smoothness
    }

    /// The options, as name and canonical value; empty where all are at their defaults and unremarkable.
    fn options(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Whether it can serve the site; the reason if not.
    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String>;

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
    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>>;

    /// What is added to the derivative through the value.
    fn terms<'g>(&self, _site: &Site<'g>, _cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        Ok(Vec::new())
    }
}

/// The estimator with its options, such as `gumbel_softmax(temperature=0.5)`.
pub fn describe(estimator: &dyn Estimator) -> String {
    let options: Vec<String> =
        estimator.options().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let name = estimator.properties().name;
    if options.is_empty() { name.to_string() } else { format!("{name}({})", options.join(", ")) }
}

/// A plan as another site's cone asks for it.
pub(super) struct Planned<'a>(pub &'a [Arc<dyn Estimator>]);

impl PlannedDraws for Planned<'_> {
    fn draw<'g>(&self, number: usize, site: &Site<'g>) -> Result<SiteValue<'g>> {
        self.0[number].draw(site)
    }

    fn name(&self, number: usize) -> &'static str {
        self.0[number].properties().name
    }
}
