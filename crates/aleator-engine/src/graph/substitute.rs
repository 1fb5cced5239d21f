//! Evaluating a graph again with some of its nodes replaced.
//!
//! The replacements may have additional leading axes. These pass through every operation, because operations act on trailing axes
//! only. Nodes that do not depend on a replaced node are shared, not copied.

use std::collections::HashMap;

use super::arena::{Graph, NodeId};
use super::expr::Expr;
use super::op::Op;

/// What happens to a `stop_gradient` downstream of a replaced node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stops {
    /// It stops derivatives as before.
    #[default]
    Stay,
    /// It is replaced by its argument, so that derivatives with respect to the replacements pass through.
    Open,
}

/// Returns `id` with the replacements applied. `replaced` maps every visited node to its replacement.
pub fn substitute<'g>(graph: &'g Graph, id: NodeId, replaced: &mut HashMap<NodeId, Expr<'g>>) -> Expr<'g> {
    substitute_with(graph, id, replaced, Stops::Stay)
}

/// The same; `stops` says what happens to each `stop_gradient` whose argument changes.
pub fn substitute_with<'g>(
    graph: &'g Graph,
    id: NodeId,
    replaced: &mut HashMap<NodeId, Expr<'g>>,
    stops: Stops,
) -> Expr<'g> {
    let mut stack = vec![id];
    while let Some(&top) = stack.last() {
        if replaced.contains_key(&top) {
            stack.pop();
            continue;
        }
        let before = stack.len();
        graph.with_node(top, |n| stack.extend(n.inputs.iter().filter(|i| !replaced.contains_key(*i))));
        if stack.len() > before {
            continue;
        }
        let changed = graph.with_node(top, |n| {
            let changed = n.inputs.iter().any(|i| replaced[i].id() != *i);
            changed.then(|| (n.op.clone(), n.inputs.iter().map(|i| replaced[i]).collect::<Vec<_>>()))
        });
        let expr = match changed {
            None => graph.expr(top),
            Some((Op::StopGradient, inputs)) if stops == Stops::Open => inputs[0],
            Some((op, inputs)) => graph.apply(op, &inputs),
        };
        replaced.insert(top, expr);
        stack.pop();
    }
    replaced[&id]
}
