//! The values of an author's graph for one assignment of its sites.

use std::collections::HashMap;

use aleator_engine::graph::{Expr, NodeId, Stops, substitute_with};

use crate::graph::Graph;

/// Weights of the sites that are enumerated or whose samples have weights, by site.
pub(crate) type Weights<'g> = HashMap<usize, Expr<'g>>;

/// All values for one assignment of the sites.
#[derive(Clone, Default)]
pub(crate) struct Environment<'g> {
    /// The values of the author's nodes.
    pub values: HashMap<NodeId, Expr<'g>>,
    /// The weights of sites, by site.
    pub weights: Weights<'g>,
    /// The values of the groups of terms, once the objective has been assembled.
    pub groups: Vec<Expr<'g>>,
    /// Whether derivatives with respect to the values pass through the author's `stop_gradient`.
    pub stops: Stops,
}

impl<'g> Environment<'g> {
    /// The value of the author's node.
    pub fn at(&mut self, graph: &'g Graph, node: NodeId) -> Expr<'g> {
        substitute_with(graph.engine(), node, &mut self.values, self.stops)
    }
}
