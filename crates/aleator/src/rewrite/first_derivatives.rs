//! A graph whose costs are first derivatives: what must not jump where second derivatives are estimated.
//!
//! ```text
//! J = E |z − θ|,   z drawn from a density p:   J″ = 2 p(θ),   but ∂²|z − θ| = 0 almost everywhere
//! ```
//!
//! A kink of a cost is a jump of its first derivative. A second derivative that is computed under the expectation ignores it, as a first
//! derivative ignores a jump of the cost. The conditions for second derivatives are therefore those of first derivatives, of a
//! graph that has the first derivatives among its costs.

use aleator_engine::autodiff::vjp;
use aleator_engine::graph::{Expr, NodeId};

use crate::graph::Graph;

/// A copy of the graph with further costs: the derivatives of its costs, and of the parameters of its distributions, with respect to
/// its parameters and to the values of these sites.
pub(crate) fn with_first_derivatives(graph: &Graph, sites: &[usize]) -> Graph {
    let copy = graph.clone();
    add_first_derivatives(&copy, sites);
    copy
}

fn add_first_derivatives(graph: &Graph, sites: &[usize]) {
    let all = graph.sites();
    let by: Vec<(String, NodeId)> = graph
        .params()
        .into_iter()
        .map(|param| (param.name, param.node))
        .chain(sites.iter().map(|&site| (all[site].name.clone(), all[site].value)))
        .collect();
    let wrt: Vec<Expr<'_>> = by.iter().map(|&(_, node)| graph.expr(node)).collect();
    let whole = |node: NodeId| {
        let e = graph.expr(node);
        (e, e.graph().full(e.shape(), 1.0))
    };
    let costs: Vec<_> = graph.costs().iter().map(|cost| whole(cost.node)).collect();
    let of_sites = all.iter().flat_map(|site| {
        let name = |i: usize| format!("parameter {i} of {}", site.name);
        site.parameters.iter().enumerate().map(move |(i, &node)| (name(i), node))
    });
    let others = of_sites.map(|(name, node)| (name, vec![whole(node)]));
    for (what, pairs) in [("costs".to_string(), costs)].into_iter().chain(others) {
        for ((name, node), derivative) in by.iter().zip(vjp(&pairs, &wrt)) {
            // A constant has nothing that could jump.
            if pairs.iter().all(|(e, _)| e.id() != *node) {
                graph.cost(&format!("derivative of the {what} by {name}"), derivative);
            }
        }
    }
}
