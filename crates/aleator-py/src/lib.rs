//! The extension module `aleator._aleator`: the library for the Python package, which is in `python/aleator`.
//!
//! Python's expressions are numbers of nodes, so what is written here in Rust is thin: a [`graph::PyGraph`] applies operations by
//! name, a [`program::PyProgram`] runs, and reports are handed over as JSON. Everything that is a matter of convenience is Python.
//!
//! Two rules keep threads from waiting for each other for ever. The graph's lock is held for short times, and nothing calls Python
//! meanwhile. The program's lock, which is held while black boxes in Python run, is only waited for by threads that have given up
//! the interpreter.

#![deny(unsafe_code)]

mod black_box;
mod catalogue;
mod distributions;
mod errors;
mod graph;
mod interrupt;
mod mistake;
mod operations;
mod optimizer;
mod program;
mod reports;
mod values;
mod xla;

use pyo3::prelude::*;

/// The compiled part of aleator; use the package `aleator`.
#[pymodule(gil_used = false)]
mod _aleator {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::catalogue::{describe_estimator, distributions, estimators, functions};
    #[pymodule_export]
    use super::graph::PyGraph;
    #[pymodule_export]
    use super::interrupt::{forget_helpers, shut_down};
    #[pymodule_export]
    use super::optimizer::PyOptimizer;
    #[pymodule_export]
    use super::program::{PyEstimate, PyProgram, surrogate};
    #[pymodule_export]
    use super::reports::{certify, compare, exact, grad, hessian, lint, optimize, plan};
    #[pymodule_export]
    use super::xla::{xla_call, xla_number};

    /// Sets the module's constants.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
