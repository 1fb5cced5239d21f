//! Reverse mode: vector-Jacobian products.

use std::collections::HashMap;

use super::{flow, rules};
use crate::graph::{Expr, NodeId};

/// The derivative of the sum of all elements of `y` with respect to each of `wrt`. These may be any nodes, and each is treated as
/// a whole: if one lies on the path to another, the derivative passes through it. The results have the shapes of `wrt`, and are
/// zero where `y` does not depend on the node.
pub fn grad<'g>(y: Expr<'g>, wrt: &[Expr<'g>]) -> Vec<Expr<'g>> {
    let ones = y.graph().full(y.shape(), 1.0);
    vjp(&[(y, ones)], wrt)
}

/// Σ over pairs (y, cotangent) of cotangentᵀ ∂y/∂x, for each x of `wrt`.
///
/// ```text
/// x̄ = Σ over users u of x:  (∂u/∂x)ᵀ ū,   from the last node to the first
/// ```
///
/// A cotangent has the shape of its y. An operation without a derivative on the path is an error of the graph.
pub fn vjp<'g>(pairs: &[(Expr<'g>, Expr<'g>)], wrt: &[Expr<'g>]) -> Vec<Expr<'g>> {
    let Some(graph) = wrt.first().map(|x| x.graph()) else { return Vec::new() };
    let sources: Vec<NodeId> = wrt.iter().map(|x| x.id()).collect();
    let sinks: Vec<NodeId> = pairs.iter().map(|(y, _)| y.id()).collect();
    let active = flow::active(graph, &sources, &sinks);
    let mut adjoints: HashMap<NodeId, Expr<'g>> = HashMap::new();
    for (y, cotangent) in pairs {
        if active.contains(y.id()) {
            accumulate(&mut adjoints, y.id(), *cotangent);
        }
    }
    for id in active.iter().rev() {
        let Some(&cotangent) = adjoints.get(&id) else { continue };
        let node = graph.node(id);
        let wanted: Vec<bool> = node.inputs.iter().map(|i| active.contains(*i)).collect();
        if !wanted.contains(&true) {
            continue;
        }
        let inputs: Vec<Expr<'g>> = node.inputs.iter().map(|&i| graph.expr(i)).collect();
        let contributions = rules::pull_back(&node.op, &inputs, graph.expr(id), cotangent, &wanted);
        for (input, contribution) in node.inputs.iter().zip(contributions) {
            if let Some(contribution) = contribution {
                accumulate(&mut adjoints, *input, contribution);
            }
        }
    }
    wrt.iter().map(|x| adjoints.get(&x.id()).copied().unwrap_or_else(|| graph.full(x.shape(), 0.0))).collect()
}

fn accumulate<'g>(adjoints: &mut HashMap<NodeId, Expr<'g>>, id: NodeId, term: Expr<'g>) {
    adjoints.entry(id).and_modify(|sum| *sum = *sum + term).or_insert(term);
}
