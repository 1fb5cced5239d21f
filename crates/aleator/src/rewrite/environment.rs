//! The values of an author's graph at one setting of its sites.

use std::collections::HashMap;

use aleator_engine::graph::{Expr, NodeId, Stops, substitute_with};

use crate::graph::Graph;

/// Weights of the enumerated sites, by site.
pub(crate) type Weights<'g> = HashMap<usize, Expr<'g>>;

/// Everything that has a value at one setting of the sites.
#[derive(Clone, Default)]
pub(crate) struct Environment<'g> {
    /// The author's nodes with their values here.
    pub values: HashMap<NodeId, Expr<'g>>,
    /// Weights of the enumerated sites, by site.
    pub weights: Weights<'g>,
    /// The values of the groups of terms, once the objective was put together.
    pub groups: Vec<Expr<'g>>,
    /// Whether derivatives by the values pass through the author's `stop_gradient`.
    pub stops: Stops,
}

impl<'g> Environment<'g> {
    /// The author's node at these values.
    pub fn at(&mut self, graph: &'g Graph, node: NodeId) -> Expr<'g> {
        substitute_with(graph.engine(), node, &mut self.values, self.stops)
    }
}
