//! Forward mode: Jacobian-vector products.

use std::collections::HashMap;

use super::{flow, rules};
use crate::graph::{Expr, NodeId};

/// ∂y/∂x · tangent, summed over the pairs (x, tangent), for each y of `outputs`.
///
/// ```text
/// u̇ = Σ over inputs x of u:  ∂u/∂x · ẋ,   from the first node to the last
/// ```
///
/// A tangent has the shape of its x, and a result has the shape of its y. The result is zero if y does not depend on any x.
pub fn jvp<'g>(outputs: &[Expr<'g>], pairs: &[(Expr<'g>, Expr<'g>)]) -> Vec<Expr<'g>> {
    let Some(graph) = outputs.first().map(|y| y.graph()) else { return Vec::new() };
    let sources: Vec<NodeId> = pairs.iter().map(|(x, _)| x.id()).collect();
    let sinks: Vec<NodeId> = outputs.iter().map(|y| y.id()).collect();
    let mut own: HashMap<NodeId, Vec<Expr<'g>>> = HashMap::new();
    for (x, tangent) in pairs {
        own.entry(x.id()).or_default().push(*tangent);
    }
    let mut tangents: HashMap<NodeId, Expr<'g>> = HashMap::new();
    for id in flow::active(graph, &sources, &sinks).iter() {
        let node = graph.node(id);
        let own = own.get(&id).into_iter().flatten().copied();
        let inputs: Vec<Expr<'g>> = node.inputs.iter().map(|&i| graph.expr(i)).collect();
        let along: Vec<Option<Expr<'g>>> = node.inputs.iter().map(|i| tangents.get(i).copied()).collect();
        let through = if along.iter().any(Option::is_some) {
            rules::push_forward(&node.op, &inputs, graph.expr(id), &along)
        } else {
            None
        };
        if let Some(total) = own.chain(through).reduce(|a, b| a + b) {
            tangents.insert(id, total);
        }
    }
    outputs
        .iter()
        .map(|y| tangents.get(&y.id()).copied().unwrap_or_else(|| graph.full(y.shape(), 0.0)))
        .collect()
}
