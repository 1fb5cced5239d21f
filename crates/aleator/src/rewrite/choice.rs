//! Estimators named in a graph.

use std::sync::Arc;

use super::estimator::Estimator;
use crate::distributions::Distribution;
use crate::graph::{Choice, Sampled, SiteDef};

impl Sampled<'_> {
    /// Sets the estimator of this site.
    pub fn via(self, estimator: impl Estimator + 'static) -> Self {
        self.via_shared(Arc::new(estimator))
    }

    /// Sets the estimator of this site from a shared pointer.
    pub fn via_shared(self, estimator: Arc<dyn Estimator>) -> Self {
        self.choose(Choice::new(estimator.properties().name, estimator))
    }
}

impl<'g> Distribution<'g> {
    /// Sets the estimator of the site that is drawn from this distribution.
    pub fn via(self, estimator: impl Estimator + 'static) -> Sampled<'g> {
        Sampled::from(self).via(estimator)
    }
}

impl SiteDef {
    /// The estimator that the graph's author chose for the site.
    pub fn estimator(&self) -> Option<&Arc<dyn Estimator>> {
        self.choice.as_ref()?.value()
    }
}
