//! The reason why an integral is not known.

use std::time::{Duration, Instant};

/// The reason why there is no exact answer, if one could be expected.
pub(crate) enum Unknown {
    /// The problem is not of a kind for which an exact answer is computed.
    NotOfTheKind,
    /// A reason to report.
    Because(String),
}

impl From<&str> for Unknown {
    fn from(reason: &str) -> Self {
        Unknown::Because(reason.into())
    }
}

/// A limit of the time, and of the number of operations of one integral.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    end: Option<Instant>,
    operations: Option<usize>,
}

impl Deadline {
    /// The limit after the given time from now; no limit for `None`.
    pub fn after(limit: Option<Duration>) -> Self {
        Deadline { end: limit.map(|limit| Instant::now() + limit), operations: None }
    }

    /// The same limit of time, and one of the operations of each integral, which does not depend on the machine.
    pub fn with_operations(self, operations: Option<usize>) -> Self {
        Deadline { operations, ..self }
    }

    /// The largest number of operations of an integral, below `most`.
    pub fn operations(self, most: usize) -> usize {
        self.operations.map_or(most, |operations| operations.min(most))
    }

    /// # Errors
    /// Returns an error if the time has passed.
    pub fn check(self) -> Result<(), Unknown> {
        match self.end {
            Some(end) if Instant::now() > end => Err("it takes too long".into()),
            _ => Ok(()),
        }
    }
}
