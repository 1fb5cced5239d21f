//! Where a graph is undefined between the outcomes of a discrete site.
//!
//! ```text
//! v[b]  is  where(b is whole and inside, Σᵢ where(i = b, vᵢ, 0), NaN):    at E b there is no such element
//! ```
//!
//! An estimator that evaluates a cost at a mean or at a relaxation cannot serve such a site. Followed are the values that can
//! lie between whole numbers: not what a floor or a comparison makes of them, and not what a later site draws.

use aleator_engine::graph::{Binary, NodeId, Op, Unary};

use crate::graph::Graph;

/// Whether something that a cost needs is undefined (NaN) where the value of a discrete site, `value`, is not whole. `needed`
/// says of each node whether a cost is computed from it.
pub(crate) fn undefined_between(graph: &Graph, value: NodeId, needed: &[bool]) -> bool {
    let engine = graph.engine();
    // Values that may be fractions; and what was decided by looking at one.
    let mut fraction = vec![false; needed.len().max(value.index() + 1)];
    let mut decided = fraction.clone();
    fraction[value.index()] = true;
    for index in value.index() + 1..needed.len() {
        if !needed[index] {
            continue;
        }
        let (_, node) = engine.nodes_at(index);
        let of = |flags: &[bool]| node.inputs.iter().any(|i| flags[i.index()]);
        let (from_fraction, from_decision) = (of(&fraction), of(&decided));
        if !(from_fraction || from_decision) {
            continue;
        }
        let whole = matches!(
            node.op,
            Op::Unary(Unary::Floor | Unary::Sign)
                | Op::Binary(Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne)
                | Op::ArgMax
                | Op::Hole(_)
        );
        if matches!(node.op, Op::Select)
            && decided[node.inputs[0].index()]
            && node.inputs[1..].iter().any(|&side| is_nan(graph, side))
        {
            return true;
        }
        let compares = matches!(node.op, Op::Binary(Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne));
        fraction[index] = from_fraction && !whole;
        decided[index] = (from_decision && !matches!(node.op, Op::Hole(_))) || (from_fraction && compares);
    }
    false
}

/// Whether a node is the constant NaN, whatever shape it was given.
fn is_nan(graph: &Graph, mut node: NodeId) -> bool {
    loop {
        let (op, inputs) = graph.engine().with_node(node, |n| (n.op.clone(), n.inputs.clone()));
        match op {
            Op::Scalar(bits) => return f64::from_bits(bits).is_nan(),
            Op::Reshape { .. } | Op::Broadcast { .. } => node = inputs[0],
            _ => return false,
        }
    }
}
