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

/// A time limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// The limit after the given time from now; no limit for `None`.
    pub fn after(limit: Option<Duration>) -> Self {
        Deadline(limit.map(|limit| Instant::now() + limit))
    }

    /// # Errors
    /// Returns an error if the time has passed.
    pub fn check(self) -> Result<(), Unknown> {
        match self.0 {
            Some(end) if Instant::now() > end => Err("it takes too long".into()),
            _ => Ok(()),
        }
    }
}
