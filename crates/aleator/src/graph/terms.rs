//! The objective as a sum of terms.
//!
//! The objective is E[Σ all elements of all costs]. Sums, differences, constant factors and reshapings do not hide
//! from us which part of a cost a sample influences: walking back from the costs through these linear operations gives
//!
//! ```text
//! Σ costs = Σ_t c_t Σ T_t,      c_t constants, T_t nodes
//! ```
//!
//! so that `cost f = sum((b - t)^2)` and `cost f = (b - t)^2` are the same objective to every estimator.
//!
//! A sum is only taken apart where both sides are random. What is added to a random cost without being random itself
//! (the talk's constant c) belongs to that cost, and is part of what a score multiplies.

use std::collections::BTreeMap;

use aleator_engine::graph::{Binary, Expr, NodeId, Op, Reduction, Unary, dependents};

use super::model::{Graph, SiteDef};
use crate::distributions::Support;

/// `coefficient · Σ node`
#[derive(Clone, Copy, Debug)]
pub struct Term {
    /// A node of the graph; all its elements are summed.
    pub node: NodeId,
    /// The constant in front.
    pub coefficient: f64,
}

/// The terms of the given costs, in the order of their nodes.
pub fn terms(graph: &Graph, costs: &[NodeId]) -> Vec<Term> {
    let engine = graph.engine();
    let sites = graph.sites();
    let values: Vec<NodeId> = sites.iter().map(|s| s.value).collect();
    let depends = dependents(engine, &values);
    let random = |e: Expr<'_>| depends[e.id().index()];
    let mut pending: BTreeMap<NodeId, f64> = BTreeMap::new();
    for cost in costs {
        *pending.entry(*cost).or_default() += 1.0;
    }
    let mut terms = Vec::new();
    // From the last node to the first: when a node comes up, all its users have been dealt with.
    while let Some((id, c)) = pending.pop_last() {
        let node = engine.node(id);
        let input = |i: usize| engine.expr(node.inputs[i]);
        // How often an element of an operand counts in the sum of the broadcast result.
        let repeats = |e: Expr<'_>| node.shape.numel() as f64 / e.shape().numel() as f64;
        let passes = |e: Expr<'_>| e.shape().numel() > 0;
        let parts: Option<Vec<(Expr<'_>, f64)>> = match &node.op {
            Op::Unary(Unary::Neg) => Some(vec![(input(0), -c)]),
            Op::Binary(op @ (Binary::Add | Binary::Sub)) if random(input(0)) == random(input(1)) => {
                let sign = if *op == Binary::Add { c } else { -c };
                Some(vec![(input(0), c * repeats(input(0))), (input(1), sign * repeats(input(1)))])
            }
            Op::Binary(Binary::Mul) => match (constant(input(0)), constant(input(1))) {
                (Some(k), _) => Some(vec![(input(1), c * k)]),
                (_, Some(k)) => Some(vec![(input(0), c * k)]),
                _ => None,
            },
            Op::Binary(Binary::Div) => constant(input(1)).map(|k| vec![(input(0), c / k)]),
            // The sum over a draw's own axis stays whole: its elements belong together.
            Op::Reduce(Reduction::Sum, axes) if axes[..] == [0] && of_one_hot(input(0), &sites) => None,
            Op::Reduce(Reduction::Sum, _) | Op::Reshape { .. } | Op::Permute(_) => Some(vec![(input(0), c)]),
            Op::Broadcast { .. } => Some(vec![(input(0), c * repeats(input(0)))]),
            Op::Concat { .. } => {
                let total: usize = node.inputs.iter().map(|&i| engine.expr(i).shape().numel()).sum();
                (total == node.shape.numel()).then(|| (0..node.inputs.len()).map(|i| (input(i), c)).collect())
            }
            _ => None,
        };
        match parts {
            Some(parts) if parts.iter().all(|(e, c)| passes(*e) && c.is_finite()) => {
                for (e, c) in parts {
                    *pending.entry(e.id()).or_default() += c;
                }
            }
            _ => terms.push(Term { node: id, coefficient: c }),
        }
    }
    terms.reverse();
    terms
}

/// Whether it is a one-hot vector times something.
fn of_one_hot(e: Expr<'_>, sites: &[SiteDef]) -> bool {
    let graph = e.graph();
    let one_hot = |id: &NodeId| sites.iter().any(|s| s.value == *id && s.family.support() == Support::OneHot);
    graph.with_node(e.id(), |n| n.op == Op::Binary(Binary::Mul) && n.inputs.iter().any(one_hot))
}

fn constant(e: Expr<'_>) -> Option<f64> {
    e.graph().scalar_value(e.id()).filter(|k| k.is_finite())
}
