//! The library's one error type.

use std::fmt;
use std::panic::Location;
use std::path::{Path, PathBuf};

#[cfg(feature = "data")]
use crate::data::DataError;
use crate::nearest::nearest;

/// What can go wrong between writing a graph down and reading an estimate.
///
/// [`Debug`](fmt::Debug) shows the same sentence as [`Display`](fmt::Display), so that a `main` that returns a [`Result`] prints it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The tensor engine refused: shapes, memory, a missing derivative.
    #[error(transparent)]
    Engine(#[from] aleator_engine::Error),
    /// A graph holds an error: an operation on it failed while it was built.
    #[error("{error}{}", in_source(*.location))]
    Graph {
        /// The first error.
        error: aleator_engine::Error,
        /// The place in your source of the operation that failed, if it is known.
        location: Option<&'static Location<'static>>,
    },
    /// A data file could not be used.
    #[cfg(feature = "data")]
    #[error(transparent)]
    Data(#[from] DataError),
    /// An estimator cannot serve a site.
    #[error("`{estimator}` cannot be used at the site `{site}` ({distribution}): {reason}")]
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
    /// A parameter reaches a black box without a random node between, and the objective has no derivative there.
    #[error(
        "the parameter `{parameter}` reaches the black box `{black_box}` without a random node between, and a black box has no \
         derivative; draw what it gets, `tried ~ Normal({parameter}, 1)`, and pass `tried` instead"
    )]
    ParameterIntoBlackBox {
        /// Parameter name.
        parameter: String,
        /// Name of the black box.
        black_box: String,
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
        "`{estimator}` at `{site}` needs at least {needed} samples, got {got}; use `samples = {needed}` or more"
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
    /// A name that nothing of its kind has.
    #[error("unknown {kind} `{name}`{}", remedy(.kind, .name, .known))]
    UnknownName {
        /// What was looked for: `parameter` or `data`.
        kind: &'static str,
        /// The name that was given.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A parameter or data that no cost depends on, so that a program does not hold its values.
    #[error("no cost depends on `{name}`: the program does not hold its values")]
    Unused {
        /// Its name.
        name: String,
    },
    /// A mistake in a text of the language.
    #[error("{}{message}{}", at(.file, *.place), help.as_ref().map(|help| format!("; {help}")).unwrap_or_default())]
    Source {
        /// The file that the text came from.
        file: Option<PathBuf>,
        /// Line and column, counted from 1; `None` where the mistake belongs to the text as a whole.
        place: Option<(usize, usize)>,
        /// What is wrong.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// A computation that was told to stop: see [`interruptible`](crate::interruptible).
    #[error("interrupted")]
    Interrupted,
    /// Anything else a caller passed that cannot be used.
    #[error("{0}")]
    Invalid(String),
    /// A value that should be finite is not.
    #[error("{0}")]
    NotFinite(String),
}

impl Error {
    /// The black box that failed, or that has no derivative where one is needed (or another operation without one).
    pub fn black_box(&self) -> Option<&str> {
        match self {
            Error::ParameterIntoBlackBox { black_box, .. } => Some(black_box),
            Error::Engine(error) | Error::Graph { error, .. } => match error {
                aleator_engine::Error::NoDerivative { operation: name }
                | aleator_engine::Error::External { name, .. } => Some(name),
                _ => None,
            },
            _ => None,
        }
    }

    pub(crate) fn unknown_name<'a>(
        kind: &'static str,
        name: &str,
        known: impl Iterator<Item = &'a str>,
    ) -> Self {
        Error::UnknownName { kind, name: name.into(), known: known.map(Into::into).collect() }
    }

    /// The error that a graph holds. A place in the sources of this crate is of no use to a reader.
    pub(crate) fn of_graph(
        error: aleator_engine::Error,
        location: Option<&'static Location<'static>>,
    ) -> Self {
        let own = Path::new(file!()).parent().unwrap_or(Path::new(""));
        Error::Graph { error, location: location.filter(|l| !Path::new(l.file()).starts_with(own)) }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Error::Invalid(message.into())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The nearest of the known names, or all of them.
fn remedy(kind: &str, name: &str, known: &[String]) -> String {
    let names = || known.iter().map(String::as_str);
    match nearest(name, names()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if known.is_empty() => format!("; the graph has no {kind}"),
        None => format!("; the graph has {}", names().collect::<Vec<_>>().join(", ")),
    }
}

/// A place in Rust code, after a message about it.
fn in_source(location: Option<&Location<'_>>) -> String {
    location.map_or_else(String::new, |l| format!(", at {}:{}", l.file(), l.line()))
}

/// A place in a text, in front of a message about it.
fn at(file: &Option<PathBuf>, place: Option<(usize, usize)>) -> String {
    let file = file.as_ref().map(|file| file.display().to_string());
    match (file, place) {
        (Some(file), Some((line, column))) => format!("{file}:{line}:{column}: "),
        (Some(file), None) => format!("{file}: "),
        (None, Some((line, column))) => format!("line {line}, column {column}: "),
        (None, None) => String::new(),
    }
}

/// The library's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;
