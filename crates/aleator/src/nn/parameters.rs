//! Parameters by name, as expressions of a graph.

use std::collections::HashMap;

use aleator_engine::graph::Expr;

use super::Tensor;
use crate::graph::Graph;

/// The parameters of a model in a graph, by name.
pub struct Parameters<'g> {
    graph: &'g Graph,
    learned: bool,
    by_name: HashMap<String, Expr<'g>>,
}

impl<'g> Parameters<'g> {
    /// Creates parameters of the graph for learned tensors, and states of the graph for the others.
    pub fn to_learn(graph: &'g Graph, tensors: &[Tensor]) -> Self {
        Self::with(graph, true, tensors, |t| match t.learned {
            true => graph.param_tensor(&t.name, &t.shape, t.values.clone()),
            false => graph.state(&t.name, &t.shape, t.values.clone()),
        })
    }

    /// Creates data for all tensors, with respect to which nothing is differentiated.
    pub fn given(graph: &'g Graph, tensors: &[Tensor]) -> Self {
        Self::with(graph, false, tensors, |t| graph.data(&t.name, &t.shape, t.values.clone()))
    }

    /// If two tensors have the same name, the graph holds an error.
    fn with(graph: &'g Graph, learned: bool, tensors: &[Tensor], add: impl Fn(&Tensor) -> Expr<'g>) -> Self {
        let mut by_name = HashMap::new();
        for tensor in tensors {
            if by_name.insert(tensor.name.clone(), add(tensor)).is_some() {
                fail(graph, &tensor.name, "two parameters have this name");
            }
        }
        Parameters { graph, learned, by_name }
    }

    /// Whether the parameters are learned. In evaluation they are data.
    pub fn are_learned(&self) -> bool {
        self.learned
    }

    /// The names, in alphabetical order.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.by_name.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// The graph to which the parameters belong.
    pub fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// The parameter of that name. If there is none, the graph holds an error.
    pub fn get(&self, name: &str) -> Expr<'g> {
        let found = self.by_name.get(name).copied();
        found.unwrap_or_else(|| {
            fail(self.graph, name, "there is no parameter of this name: is its layer in the specs?")
        })
    }
}

fn fail<'g>(graph: &'g Graph, name: &str, problem: &str) -> Expr<'g> {
    graph.engine().fail(aleator_engine::Error::Shape { operation: name.into(), problem: problem.into() })
}
