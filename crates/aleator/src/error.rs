//! The library's one error type.

use crate::data::DataError;

/// What can go wrong between writing a graph down and reading an estimate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The tensor engine refused: shapes, memory, a missing derivative.
    #[error(transparent)]
    Engine(#[from] aleator_engine::Error),
    /// A data file could not be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// An estimator cannot serve a site.
    #[error("`{estimator}` cannot serve the site `{site}` ({distribution}): {reason}")]
    Unsuitable {
        /// Estimator name.
        estimator: String,
        /// Site name.
        site: String,
        /// Distribution name.
        distribution: String,
        /// Why, and what can.
        reason: String,
    },
    /// A distribution's parameter is outside its domain.
    #[error("{parameter} of `{site}` ({distribution}) must be {constraint}")]
    Domain {
        /// Parameter name.
        parameter: String,
        /// Site name.
        site: String,
        /// Distribution name.
        distribution: String,
        /// What was expected, and what was found.
        constraint: String,
    },
    /// A number of samples that an estimator cannot use.
    #[error(
        "`{estimator}` at `{site}` needs at least {needed} samples, got {got}; pass --samples {needed} or more"
    )]
    Samples {
        /// Estimator name.
        estimator: String,
        /// Site name.
        site: String,
        /// Smallest number accepted.
        needed: usize,
        /// Number given.
        got: usize,
    },
    /// A graph without a cost.
    #[error("there is no cost to differentiate: add one, such as `cost loss = (z - 1)^2`")]
    NoCost,
    /// Anything else a caller passed that cannot be used.
    #[error("{0}")]
    Invalid(String),
    /// A value that should be finite is not.
    #[error("{0}")]
    NotFinite(String),
}

impl Error {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Error::Invalid(message.into())
    }
}

/// The library's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;
