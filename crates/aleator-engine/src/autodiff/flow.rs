//! Which nodes a derivative can pass through at all: not those behind steps, comparisons and `stop_gradient`.

use crate::graph::{Binary, Graph, NodeId, Op, Unary};

/// Whether ∂y/∂xᵢ of y = op(x) is more than zero everywhere it exists.
fn passes(op: &Op, i: usize) -> bool {
    match op {
        Op::Unary(Unary::Sign | Unary::Floor) | Op::ArgMax | Op::StopGradient | Op::Hole(_) => false,
        Op::Binary(Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne) => false,
        Op::Select => i > 0,
        _ => true,
    }
}

/// The nodes that have a derivative by some of `sources`, those included; indexed by node.
pub fn downstream(graph: &Graph, sources: &[NodeId]) -> Vec<bool> {
    let mut reached = vec![false; graph.len()];
    for source in sources {
        reached[source.index()] = true;
    }
    for id in graph.ids() {
        reached[id.index()] |= graph.with_node(id, |n| {
            n.inputs.iter().enumerate().any(|(i, input)| reached[input.index()] && passes(&n.op, i))
        });
    }
    reached
}

/// The nodes by which some of `sinks` have a derivative, those included; indexed by node.
pub fn upstream(graph: &Graph, sinks: &[NodeId]) -> Vec<bool> {
    let mut reached = vec![false; graph.len()];
    for sink in sinks {
        reached[sink.index()] = true;
    }
    for index in (0..reached.len()).rev() {
        if !reached[index] {
            continue;
        }
        let (_, node) = graph.nodes_at(index);
        for (i, input) in node.inputs.iter().enumerate() {
            reached[input.index()] |= passes(&node.op, i);
        }
    }
    reached
}
