//! The library's errors as Python's exceptions, and panics as bug reports.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use aleator::Error;
use aleator_engine::Error as EngineError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::black_box::Failures;

/// The exception class of `aleator.errors` for an error.
fn class(error: &Error) -> &'static str {
    match error {
        Error::Engine(error) | Error::Graph { error, .. } => match error {
            EngineError::Shape { .. } | EngineError::Input { .. } => "ShapeError",
            EngineError::MixedGraphs { .. } => "MixedGraphsError",
            EngineError::NoDerivative { .. } => "NoDerivativeError",
            EngineError::Memory { .. } => "OutOfMemoryError",
            EngineError::External { .. } => "BlackBoxError",
            _ => "AleatorError",
        },
        Error::ParameterIntoBlackBox { .. } => "NoDerivativeError",
        Error::Unsuitable { .. } | Error::Samples { .. } => "UnsuitableError",
        Error::Domain { .. } => "DomainError",
        Error::NoCost => "NoCostError",
        Error::UnknownName { .. } => "UnknownNameError",
        // An estimator's text is no file that a user would have to look into.
        Error::Source { file: None, place: None, .. } => "AleatorError",
        Error::Source { .. } => "SourceError",
        Error::NotFinite(_) => "NotFiniteError",
        _ => "AleatorError",
    }
}

/// What the library says, in Python's words.
fn message(error: &Error) -> String {
    let text = match error {
        Error::NoCost => "the graph has no cost to differentiate: add one with `g.cost(name, expr)`".into(),
        other => other.to_string(),
    };
    text.replace("`samples = ", "`samples=")
}

/// The site or black box that an error is about.
fn subject(error: &Error) -> Option<&str> {
    match error {
        Error::Unsuitable { site, .. } | Error::Samples { site, .. } | Error::Domain { site, .. } => {
            Some(site)
        }
        other => other.black_box(),
    }
}

/// An exception of `aleator.errors`.
pub fn exception(py: Python<'_>, class: &str, message: impl Into<String>) -> PyErr {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let make = || {
        let module = MODULE.get_or_try_init(py, || py.import("aleator.errors").map(Bound::unbind))?;
        module.bind(py).getattr(class)?.call1((message.into(),))
    };
    make().map_or_else(|error| error, PyErr::from_value)
}

/// The exception for an error of the library.
pub fn raise(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, class(error), message(error))
}

/// The same for an error that is found after the graph was written: it ends with the place in the user's code that it is about, and
/// the exception of a black box is its cause.
pub fn raise_caused(py: Python<'_>, error: &Error, failures: &Failures) -> PyErr {
    let place = subject(error).and_then(|name| failures.place(name));
    let place = place.map_or_else(String::new, |place| format!(", at {place}"));
    let raised = exception(py, class(error), message(error) + &place);
    let Error::Engine(EngineError::External { name, .. }) = error else { return raised };
    match failures.take(name) {
        Some(cause) if cause.is_instance_of::<pyo3::exceptions::PyException>(py) => {
            raised.set_cause(py, Some(cause));
            raised
        }
        // KeyboardInterrupt and SystemExit are nobody's failure.
        Some(cause) => cause,
        None => raised,
    }
}

/// Calls the library. A panic there is a bug, and is reported as one.
pub fn guard<R>(py: Python<'_>, call: impl FnOnce() -> R) -> PyResult<R> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic| bug(py, &*panic))
}

/// The exception for a panic of the library.
pub fn bug(py: Python<'_>, panic: &(dyn Any + Send)) -> PyErr {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    let message = format!(
        "this is a bug in aleator {}; please report it with the program that shows it. The message was: {text}",
        env!("CARGO_PKG_VERSION")
    );
    exception(py, "InternalError", message)
}
