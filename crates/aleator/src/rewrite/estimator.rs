//! The trait of estimators: an estimator rewrites a site into a value and terms of the gradient.
//!
//! ```text
//! objective   J = E Σ costs
//! estimate    ĝ = ∇θ Σ costs(values) + Σ_sites Σ_terms weightᵀ ∂expr/∂θ
//! ```
//!
//! A term is an expression to differentiate and the weight that multiplies the derivative: (log p(z), F(z) − b) for a score. The
//! weight is never differentiated, so nothing has to be stopped, and the estimate itself can be differentiated again, for example
//! with respect to an estimator's own parameters.
//!
//! `draw` and `terms` take expressions and return expressions. The estimators of this crate use nothing that is unavailable to an
//! estimator outside it.

use std::fmt;
use std::sync::Arc;

use super::any_order::AnyOrder;
use super::cone::Cone;
use super::options::OptionValue;
use super::properties::{Properties, Smoothness};
use super::rewriter::PlannedDraws;
use super::site::Site;
use super::site_value::SiteValue;
use super::term::GradientTerm;
use crate::analysis::SiteInfo;
use crate::error::Result;

/// A gradient estimator for a site.
pub trait Estimator: fmt::Debug + Send + Sync {
    /// Returns the name, bias, requirements and reference of the estimator.
    fn properties(&self) -> &'static Properties;

    /// Returns what the estimator uses of F besides its values, with the current options.
    fn smoothness(&self) -> Smoothness {
        self.properties().smoothness
    }

    /// The values of the options, in the order in which [`describe`] names them.
    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        Vec::new()
    }

    /// Checks whether the estimator supports the site, and returns the reason if it does not.
    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String>;

    /// Returns the smallest number of samples K that the estimator accepts.
    fn min_samples(&self) -> usize {
        1
    }

    /// Checks whether the estimator accepts this number of samples K, which is at least [`Estimator::min_samples`], at a site that it
    /// supports, and returns the reason if it does not.
    fn accepts_samples(&self, _site: &SiteInfo<'_, '_>, _samples: usize) -> Result<(), String> {
        Ok(())
    }

    /// Returns the number of cost evaluations per sample in addition to the main one, at this site with K samples.
    fn extra_evaluations(&self, _site: &SiteInfo<'_, '_>, _samples: usize) -> usize {
        0
    }

    /// Returns whether the estimate also contains the outcomes that are not drawn, such as those of probability 0 whose probability
    /// has a derivative.
    fn visits_every_outcome(&self) -> bool {
        false
    }

    /// How the estimate is differentiated more than once; `None` if there is no proof for the second derivatives of this estimator.
    fn any_order(&self) -> Option<AnyOrder> {
        None
    }

    /// For estimators that evaluate every outcome: returns the number of outcomes at this site. They are placed along a separate
    /// axis in front of the samples.
    fn alternatives(&self, _site: &SiteInfo<'_, '_>) -> Result<Option<usize>, String> {
        Ok(None)
    }

    /// Returns the value to use for the site, computed from its noise: an exact sample, unless the estimator defines another
    /// value. This method is also called when the estimator of an earlier site evaluates the downstream nodes at other parameters.
    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        Ok(SiteValue::value(site.sample()))
    }

    /// Returns the terms that are added to the derivative through the value.
    fn terms<'g>(&self, _site: &Site<'g>, _cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        Ok(Vec::new())
    }
}

/// Formats the estimator with its options, such as `gumbel_softmax(temperature=0.5)`.
pub fn describe(estimator: &dyn Estimator) -> String {
    let Properties { name, options: specs, .. } = estimator.properties();
    let shown = |(name, value): &(&'static str, OptionValue)| {
        specs.iter().find(|spec| spec.name == *name).is_none_or(|spec| spec.shows(value))
    };
    let options = estimator.options();
    let options: Vec<String> = options
        .iter()
        .filter(|option| shown(option))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if options.is_empty() { name.to_string() } else { format!("{name}({})", options.join(", ")) }
}

/// A plan as the cone of another site uses it.
pub(super) struct Planned<'a>(pub &'a [Arc<dyn Estimator>]);

impl PlannedDraws for Planned<'_> {
    fn draw<'g>(&self, number: usize, site: &Site<'g>) -> Result<SiteValue<'g>> {
        self.0[number].draw(site)
    }

    fn name(&self, number: usize) -> &'static str {
        self.0[number].properties().name
    }

    fn visits_every_outcome(&self, number: usize) -> bool {
        self.0[number].visits_every_outcome()
    }
}
