//! The estimator that an author chooses for a site. The graph stores it; only the rewriting interprets it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// An estimator that the author of a graph named for a site: its name for diagrams, and the estimator itself as an opaque value.
/// The module `rewrite` stores it and reads it back.
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

    /// The stored value, if it has this type.
    pub fn value<T: Any>(&self) -> Option<&T> {
        self.value.downcast_ref()
    }
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
