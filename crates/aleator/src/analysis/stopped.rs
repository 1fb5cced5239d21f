//! Stopped gradients between a sample and a cost, which a derivative along the sample does not include.

use aleator_engine::graph::{NodeId, Op, Reduction, ancestors};

use super::way::is_a_maximum;
use crate::graph::{Graph, SiteDef};

/// For each node, the first stopped gradient through which its value passes on the way to a cost or to the distribution of a
/// later site. A stopped maximum, by which norms scale and a sum of exponentials may be shifted, does not change the value and is not
/// included.
pub(crate) struct Stopped {
    first: Vec<Option<NodeId>>,
}

impl Stopped {
    /// Analyses a graph in its current state, in one backward pass from the costs.
    pub fn of(graph: &Graph) -> Self {
        let engine = graph.engine();
        let costs: Vec<NodeId> = graph.costs().iter().map(|c| c.node).collect();
        let needed = ancestors(engine, &costs);
        let sites = graph.sites().into_iter();
        let passed: Vec<NodeId> =
            sites.filter(|site| site.family.is_reparameterized()).map(|site| site.value).collect();
        let mut first: Vec<Option<NodeId>> = vec![None; needed.len()];
        // Whether a value that has passed a stopped gradient reaches a cost or a distribution from the node.
        let mut arrives = vec![false; needed.len()];
        costs.iter().for_each(|cost| arrives[cost.index()] = true);
        for index in (0..needed.len()).rev().filter(|&i| needed[i]) {
            let (id, node) = engine.nodes_at(index);
            if node.op.takes_few_values() {
                continue;
            }
            let inputs = match &node.op {
                Op::Select => &node.inputs[1..],
                _ => &node.inputs[..],
            };
            // What is found from an input on, and whether a stopped value continues there.
            let (found, held) = match &node.op {
                Op::StopGradient if is_a_maximum(graph, inputs[0]) => (None, false),
                Op::StopGradient => (arrives[index].then_some(id), arrives[index]),
                Op::Reduce(Reduction::Max, _) => (first[index], false),
                Op::Hole(_) => (first[index].filter(|_| passed.binary_search(&id).is_ok()), true),
                _ => (first[index], arrives[index]),
            };
            for input in inputs {
                let before = &mut first[input.index()];
                *before = before.iter().copied().chain(found).min();
                arrives[input.index()] |= held;
            }
        }
        Stopped { first }
    }

    /// The first stopped gradient downstream of a site's value.
    pub fn behind(&self, site: &SiteDef) -> Option<NodeId> {
        *self.first.get(site.value.index())?
    }
}
