//! Derivatives, graph to graph: what they return are expressions of the same graph, so they nest to any order.
//!
//! Each operation has its rules in one file of `rules`: elementwise operations give their partial derivatives, from
//! which both modes follow; the others give the derivative of their result along tangents of their inputs (forward)
//! and along a cotangent of their result (reverse).

mod forward;
mod reverse;
mod rules;

pub use forward::jvp;
pub use reverse::{grad, vjp};

use crate::graph::{Graph, NodeId, Op};

/// Which nodes may carry a derivative by `sources`: those that depend on one other than through a `stop_gradient`. What
/// lies behind it needs no rule, so a black box may stand there.
fn carriers(graph: &Graph, sources: &[NodeId]) -> Vec<bool> {
    let mut carries = vec![false; graph.len()];
    for source in sources {
        carries[source.index()] = true;
    }
    let first = sources.iter().map(|s| s.index() + 1).min().unwrap_or(usize::MAX);
    for (index, id) in graph.ids().enumerate().skip(first) {
        let through = graph.with_node(id, |node| {
            node.op != Op::StopGradient && node.inputs.iter().any(|input| carries[input.index()])
        });
        carries[index] |= through;
    }
    carries
}
