//! What is wrong with a call that adds to a graph.

use aleator::graph::{Expr, Graph};
use pyo3::prelude::*;

use crate::errors::{exception, raise};

/// A mistake in the arguments of a call, or one that the library found.
pub enum Mistake {
    /// The exception's class, and its message.
    Text(&'static str, String),
    /// The library's.
    Library(aleator::Error),
}

impl From<aleator::Error> for Mistake {
    fn from(error: aleator::Error) -> Self {
        Mistake::Library(error)
    }
}

impl Mistake {
    /// The exception.
    pub fn raise(self, py: Python<'_>) -> PyErr {
        match self {
            Mistake::Text(class, text) => exception(py, class, text),
            Mistake::Library(error) => raise(py, &error),
        }
    }
}

/// The expression of a node.
pub fn expr(graph: &Graph, id: usize) -> Result<Expr<'_>, Mistake> {
    let no_node = || Mistake::Text("AleatorError", format!("there is no node {id}"));
    graph.engine().id_at(id).map(|id| graph.expr(id)).ok_or_else(no_node)
}

/// The expressions of nodes.
pub fn exprs<'g>(graph: &'g Graph, ids: &[usize]) -> Result<Vec<Expr<'g>>, Mistake> {
    ids.iter().map(|&id| expr(graph, id)).collect()
}
