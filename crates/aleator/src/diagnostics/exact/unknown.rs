//! Why there is no exact answer.

use std::time::{Duration, Instant};

/// Why there is no exact answer where one could be expected.
pub(super) enum Unknown {
    /// It is none of the kinds that can be had.
    NotOfTheKind,
    /// There is something to say about it.
    Because(String),
}

impl From<&str> for Unknown {
    fn from(reason: &str) -> Self {
        Unknown::Because(reason.into())
    }
}

/// The end of the time that may be spent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Option<Instant>);

impl Deadline {
    /// So much time from now on; any time at all for `None`.
    pub fn after(limit: Option<Duration>) -> Self {
        Deadline(limit.map(|limit| Instant::now() + limit))
    }

    /// # Errors
    /// If it has passed.
    pub fn check(self) -> Result<(), Unknown> {
        match self.0 {
            Some(end) if Instant::now() > end => Err("it takes too long".into()),
            _ => Ok(()),
        }
    }
}
