//! The one error type of the engine.

use crate::graph::Shape;

/// What can go wrong when a graph is built, differentiated, compiled or run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Operands whose shapes do not fit together.
    #[error("{operation}: {problem}")]
    Shape {
        /// The operation's name.
        operation: String,
        /// What was expected and what was found.
        problem: String,
    },
    /// An argument that makes no sense beside the others.
    #[error("{operation}: {problem}")]
    Argument {
        /// The operation's name.
        operation: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// Expressions of two graphs in one operation.
    #[error("`{operation}` is given expressions of two graphs: write a computation in one graph")]
    MixedGraphs {
        /// The operation's name.
        operation: String,
    },
    /// A derivative was asked of an operation that has none.
    #[error(
        "`{operation}` has no derivative; use an estimator that needs none (such as the score function, or `relax(use_cost = false)`) or `stop_gradient`"
    )]
    NoDerivative {
        /// The operation's or the black box's name.
        operation: String,
    },
    /// A program would need more memory than allowed.
    #[error(
        "{what} would need {needed} of memory, more than the limit of {limit}; use smaller shapes or fewer samples"
    )]
    Memory {
        /// What is too large.
        what: String,
        /// Human-readable size.
        needed: String,
        /// Human-readable limit.
        limit: String,
    },
    /// A placeholder was left in a graph that is to be run.
    #[error("`{0}` has no value: it must be replaced before the graph is compiled")]
    Hole(String),
    /// Data that is no graph.
    #[error("{place}: {problem}")]
    Import {
        /// Where: a line, a node or an output.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// A black box failed.
    #[error("the black box `{name}` failed: {reason}")]
    External {
        /// The black box's name.
        name: String,
        /// What it says of its failure.
        reason: String,
    },
    /// An input of the wrong size was given to a program.
    #[error("input `{name}` has {got} elements, expected {expected}")]
    Input {
        /// The input's name.
        name: String,
        /// Elements expected.
        expected: usize,
        /// Elements given.
        got: usize,
    },
}

impl Error {
    pub(crate) fn shape(operation: &str, problem: impl Into<String>) -> Self {
        Error::Shape { operation: operation.into(), problem: problem.into() }
    }

    pub(crate) fn operands(operation: &str, a: &Shape, b: &Shape) -> Self {
        Error::shape(operation, format!("shapes {a} and {b} do not broadcast against each other"))
    }
}

/// A byte count as a person writes it.
pub fn human_bytes(bytes: u128) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}
