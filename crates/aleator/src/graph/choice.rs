//! What an author chooses for a site. The graph keeps it for whoever knows what it means.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// An estimator that the author of a graph named for a site: its name for diagrams, and the estimator itself, of which the graph
/// knows nothing. The room of estimators' rewriting puts it in and takes it out.
#[derive(Clone)]
pub struct Choice {
    name: &'static str,
    value: Arc<dyn Any + Send + Sync>,
}

impl Choice {
    pub fn new(name: &'static str, value: impl Any + Send + Sync) -> Self {
        Choice { name, value: Arc::new(value) }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The value, if it has this type.
    pub fn value<T: Any>(&self) -> Option<&T> {
        self.value.downcast_ref()
    }
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
