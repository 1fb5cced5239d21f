//! Whether a graph is undefined between the outcomes of a discrete site.
//!
//! ```text
//! v[b]  is  where(b is whole and inside, Σᵢ where(i = b, vᵢ, 0), NaN):    at E b there is no such element
//! ```
//!
//! An estimator that evaluates a cost at a mean or at a relaxation does not support such a site. The analysis follows the values
//! that may lie between integers. It does not follow the results of a floor or a comparison, nor the draws of a later site.

use aleator_engine::graph::{Binary, NodeId, Op, Unary};

use crate::graph::Graph;

/// For each node, whether a node that a cost needs is undefined (NaN) if the value of the node is not an integer. `needed` says
/// for each node whether a cost is computed from it. This takes one backward pass from the costs.
pub(crate) fn undefined_between(graph: &Graph, needed: &[bool]) -> Vec<bool> {
    let engine = graph.engine();
    // Whether a value that may be fractional, or a decision based on such a value, leads from the node to NaN.
    let mut fraction = vec![false; needed.len()];
    let mut decided = vec![false; needed.len()];
    for index in (0..needed.len()).rev().filter(|&i| needed[i]) {
        let (_, node) = engine.nodes_at(index);
        let compares =
            matches!(node.op, Op::Binary(Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne) | Op::OneHot(_));
        let whole =
            compares || matches!(node.op, Op::Unary(Unary::Floor | Unary::Sign) | Op::ArgMax | Op::Hole(_));
        let of_fraction = if compares { decided[index] } else { !whole && fraction[index] };
        let of_decision = !matches!(node.op, Op::Hole(_)) && decided[index];
        let chooses_nan =
            matches!(node.op, Op::Select) && node.inputs[1..].iter().any(|&side| is_nan(graph, side));
        for (position, input) in node.inputs.iter().enumerate() {
            fraction[input.index()] |= of_fraction;
            decided[input.index()] |= of_decision || chooses_nan && position == 0;
        }
    }
    fraction
}

/// Whether a node is the constant NaN, in any shape.
fn is_nan(graph: &Graph, mut node: NodeId) -> bool {
    loop {
        let copied = graph.engine().with_node(node, |n| match n.op {
            Op::Scalar(bits) => Err(f64::from_bits(bits).is_nan()),
            Op::Reshape { .. } | Op::Broadcast { .. } => Ok(n.inputs[0]),
            _ => Err(false),
        });
        match copied {
            Ok(input) => node = input,
            Err(is_nan) => return is_nan,
        }
    }
}
