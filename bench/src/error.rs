//! What can go wrong while measuring.

use std::fmt;

/// A message for the person who runs the benchmark.
#[derive(Debug)]
pub struct Error(pub String);

/// The driver's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<aleator::Error> for Error {
    fn from(error: aleator::Error) -> Self {
        Error(error.to_string())
    }
}

impl From<aleator_engine::Error> for Error {
    fn from(error: aleator_engine::Error) -> Self {
        Error(error.to_string())
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error(error.to_string())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error(error.to_string())
    }
}
