//! Parameters by name, as expressions of a graph.

use std::collections::HashMap;

use aleator_engine::graph::Expr;

use super::Tensor;
use crate::graph::Graph;

/// The parameters of a model in a graph.
pub struct Parameters<'g> {
    graph: &'g Graph,
    by_name: HashMap<String, Expr<'g>>,
}

impl<'g> Parameters<'g> {
    /// As parameters that the graph's objective is differentiated by.
    pub fn to_learn(graph: &'g Graph, tensors: &[Tensor]) -> Self {
        let add = |t: &Tensor| graph.param_tensor(&t.name, &t.shape, t.values.clone());
        Parameters { graph, by_name: tensors.iter().map(|t| (t.name.clone(), add(t))).collect() }
    }

    /// As data, which nothing is differentiated by.
    pub fn given(graph: &'g Graph, tensors: &[Tensor]) -> Self {
        let add = |t: &Tensor| graph.data(&t.name, &t.shape, t.values.clone());
        Parameters { graph, by_name: tensors.iter().map(|t| (t.name.clone(), add(t))).collect() }
    }

    /// The graph they are in.
    pub fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// The parameter of that name. A name that is not there poisons the graph.
    pub fn get(&self, name: &str) -> Expr<'g> {
        self.by_name.get(name).copied().unwrap_or_else(|| {
            self.graph.engine().fail(aleator_engine::Error::Input { name: name.into(), expected: 1, got: 0 })
        })
    }
}
