//! Finding the ℓ of a cost log Σₖ e^{ℓₖ} over independent copies of a site, in the author's graph.
//!
//! The site reaches its costs through the copies' ℓₖ alone where every way from the site to a cost passes through the
//! node ℓ, its copies side by side on an axis, and ℓ is next exponentiated, summed along that axis and turned back by a
//! logarithm. Shifting by a maximum and scaling by a constant in between are part of the pattern.

use aleator_engine::graph::{Binary, NodeId, Op, Reduction, Unary, ancestors};

use super::model::Graph;
use super::surrogate::Analysis;

/// ℓ and its axis of copies, counted from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogSumExp {
    pub node: NodeId,
    pub axis: usize,
}

/// The ℓ of a site, whose copies stand on its first batch axis.
pub(crate) fn find(graph: &Graph, analysis: &Analysis, site: usize) -> Option<LogSumExp> {
    let engine = graph.engine();
    let def = &analysis.sites[site];
    let influence = &analysis.influence[site];
    let copies = def.batch.rank().checked_sub(1)?;
    let costs: Vec<NodeId> = graph.costs().iter().map(|c| c.node).collect();
    let needed = ancestors(engine, &costs);
    (def.value.index() + 1..needed.len())
        .filter(|&i| needed[i])
        .filter_map(|i| {
            let (id, node) = engine.nodes_at(i);
            let is_log = node.op == Op::Unary(Unary::Log) && influence.reaches(id);
            let (summed, axes) = is_log.then(|| sum_below(graph, node.inputs[0])).flatten()?;
            let exponent = match engine.node(summed) {
                n if n.op == Op::Unary(Unary::Exp) => n.inputs[0],
                _ => return None,
            };
            candidates(graph, exponent).into_iter().find_map(|node| {
                let axis = influence.map(node)?[copies]?;
                let fits = axes.contains(&axis) && passes_all(graph, analysis, site, node);
                fits.then_some(LogSumExp { node, axis })
            })
        })
        .next()
}

/// The sum that a logarithm is taken of, perhaps scaled by a constant or reshaped.
fn sum_below(graph: &Graph, mut id: NodeId) -> Option<(NodeId, Vec<usize>)> {
    let engine = graph.engine();
    loop {
        let node = engine.node(id);
        id = match &node.op {
            Op::Reduce(Reduction::Sum, axes) => return Some((node.inputs[0], axes.clone())),
            Op::Reshape { .. } => node.inputs[0],
            Op::Binary(Binary::Mul | Binary::Div) => {
                let constant = |i: usize| engine.scalar_value(node.inputs[i]).is_some();
                match (constant(0), constant(1)) {
                    (_, true) => node.inputs[0],
                    (true, _) if node.op == Op::Binary(Binary::Mul) => node.inputs[1],
                    _ => return None,
                }
            }
            _ => return None,
        };
    }
}

/// What ℓ may be where `exponent` is exponentiated: itself, or what a maximum was subtracted from.
fn candidates(graph: &Graph, exponent: NodeId) -> Vec<NodeId> {
    let engine = graph.engine();
    let mut all = vec![exponent];
    let mut next = exponent;
    loop {
        let node = engine.node(next);
        match node.op {
            Op::Binary(Binary::Sub) | Op::Reshape { .. } => next = node.inputs[0],
            _ => return all,
        }
        all.push(next);
    }
}

/// Whether every way from the site to a cost passes through the node, and no later site is behind it.
fn passes_all(graph: &Graph, analysis: &Analysis, site: usize, through: NodeId) -> bool {
    let engine = graph.engine();
    let start = analysis.sites[site].value;
    let costs = graph.costs();
    let end = costs.iter().map(|c| c.node.index() + 1).max().unwrap_or(0);
    let mut around = vec![false; end.max(start.index() + 1).max(through.index() + 1)];
    let mut behind = around.clone();
    // The site itself may be ℓ.
    around[start.index()] = start != through;
    behind[through.index()] = true;
    for i in start.index() + 1..around.len() {
        let (id, node) = engine.nodes_at(i);
        around[i] = id != through && node.inputs.iter().any(|n| around[n.index()]);
        behind[i] |= node.inputs.iter().any(|n| behind[n.index()]);
    }
    costs.iter().all(|c| !around[c.node.index()])
        && analysis.sites.iter().all(|s| s.value == start || !behind.get(s.value.index()).is_some_and(|&b| b))
}
