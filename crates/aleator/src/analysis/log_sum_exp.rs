//! Finding the ℓ of a cost log Σₖ e^{ℓₖ} over independent copies of a site, in the author's graph.
//!
//! The site influences its costs only through L = log Σₖ e^{ℓₖ} if every path from the site to a cost passes through the node ℓ,
//! with the copies along an axis, and if every path from ℓ to a cost passes through the node L.
//!
//! L is the operation `logsumexp`, or it is written with a logarithm of a sum of exponentials along that axis. Such a formula may
//! also scale the sum by a constant, as a mean does, and have a shift m (for example the maximum) that is subtracted before and
//! added after:
//!
//! ```text
//! L = m + log Σₖ e^(ℓₖ − m)
//! ```

use aleator_engine::graph::{Binary, Node, NodeId, Op, Reduction, Unary, ancestors, dependents};

use super::graph_analysis::Analysis;
use crate::graph::Graph;

/// The node ℓ and its axis of copies, counted from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogSumExp {
    pub node: NodeId,
    pub axis: usize,
    /// The node L.
    pub end: NodeId,
    /// Whether the sum is over other axes as well.
    pub over_others: bool,
}

/// The ℓ of a site whose copies are along its first batch axis.
pub(crate) fn find(graph: &Graph, analysis: &Analysis, site: usize) -> Option<LogSumExp> {
    let engine = graph.engine();
    let def = &analysis.sites[site];
    let influences = &analysis.influences;
    let copies = def.batch.rank().checked_sub(1)?;
    let costs: Vec<NodeId> = graph.costs().iter().map(|c| c.node).collect();
    let needed = ancestors(engine, &costs);
    let depend_on_site = (def.value.index() + 1..needed.len())
        .filter(|&i| needed[i])
        .map(|i| engine.nodes_at(i))
        .filter(|(id, _)| influences.reaches(site, *id))
        .collect::<Vec<_>>();
    let fits = |Formula { node, axes, ends }: Formula| {
        let axis = influences.map(site, node)?[copies]?;
        let end = ends.iter().copied().find(|&end| all_ways_pass(graph, node, end))?;
        let fits = axes.contains(&axis)
            && all_ways_pass(graph, def.value, node)
            && !reaches_a_later_site(graph, analysis, site, node);
        fits.then_some(LogSumExp { node, axis, end, over_others: axes.len() > 1 })
    };
    depend_on_site.iter().find_map(|(id, node)| match &node.op {
        Op::LogSumExp(axes) => fits(Formula { node: node.inputs[0], axes: axes.clone(), ends: vec![*id] }),
        Op::Unary(Unary::Log) => {
            written(graph, analysis, site, *id, &depend_on_site).into_iter().find_map(fits)
        }
        _ => None,
    })
}

/// A formula for log Σₖ e^{ℓₖ}.
struct Formula {
    /// ℓ
    node: NodeId,
    /// The axes of ℓ over which the sum is taken.
    axes: Vec<usize>,
    /// The nodes that may be the whole formula.
    ends: Vec<NodeId>,
}

/// The formulas to which a logarithm of a sum of exponentials may belong.
fn written(
    graph: &Graph,
    analysis: &Analysis,
    site: usize,
    log: NodeId,
    depend_on_site: &[(NodeId, Node)],
) -> Vec<Formula> {
    let engine = graph.engine();
    let Some((summed, axes)) = sum_below(graph, engine.node(log).inputs[0]) else { return Vec::new() };
    let exponent = match engine.node(summed) {
        n if n.op == Op::Unary(Unary::Exp) => n.inputs[0],
        _ => return Vec::new(),
    };
    let formula = |Candidate { node, shifts }: Candidate| {
        let mut moving = shifts.into_iter().filter(|m| analysis.influences.reaches(site, *m));
        let ends: Vec<NodeId> = match (moving.next(), moving.next()) {
            (None, _) => vec![log],
            (Some(shift), None) => depend_on_site
                .iter()
                .filter(|(_, node)| adds_again(graph, node, log, shift))
                .map(|(id, _)| *id)
                .collect(),
            _ => return None,
        };
        Some(Formula { node, axes: axes.clone(), ends })
    };
    candidates(graph, exponent).into_iter().filter_map(formula).collect()
}

/// The node without reshapes that follow it.
fn reshaped(graph: &Graph, mut id: NodeId) -> NodeId {
    loop {
        let node = graph.engine().node(id);
        match node.op {
            Op::Reshape { .. } => id = node.inputs[0],
            _ => return id,
        }
    }
}

/// Whether a node is m + log Σ e^(ℓ − m), with one m for each sum.
fn adds_again(graph: &Graph, node: &Node, log: NodeId, shift: NodeId) -> bool {
    let [a, b] = node.inputs[..] else { return false };
    let (a, b, m) = (reshaped(graph, a), reshaped(graph, b), reshaped(graph, shift));
    let elements = |id: NodeId| graph.expr(id).shape().numel();
    node.op == Op::Binary(Binary::Add)
        && ((a, b) == (log, m) || (a, b) == (m, log))
        && elements(m) == elements(log)
}

/// The sum of which a logarithm is taken, possibly scaled by a constant or reshaped.
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

/// A candidate for ℓ, and what is subtracted from it before it is exponentiated.
struct Candidate {
    node: NodeId,
    shifts: Vec<NodeId>,
}

/// The candidates for ℓ if `exponent` is exponentiated: the exponent itself, or the value from which something was subtracted.
fn candidates(graph: &Graph, exponent: NodeId) -> Vec<Candidate> {
    let engine = graph.engine();
    let mut shifts = Vec::new();
    let mut all = vec![Candidate { node: exponent, shifts: Vec::new() }];
    let mut next = exponent;
    loop {
        let node = engine.node(next);
        match node.op {
            Op::Binary(Binary::Sub) => shifts.push(node.inputs[1]),
            Op::Reshape { .. } => {}
            _ => return all,
        }
        next = node.inputs[0];
        all.push(Candidate { node: next, shifts: shifts.clone() });
    }
}

/// Whether every path from one node to a cost passes through another node.
fn all_ways_pass(graph: &Graph, from: NodeId, through: NodeId) -> bool {
    let engine = graph.engine();
    let costs = graph.costs();
    let end = costs.iter().map(|c| c.node.index() + 1).max().unwrap_or(0).max(from.index() + 1);
    let mut around = vec![false; end];
    around[from.index()] = from != through;
    for i in from.index() + 1..end {
        let (id, node) = engine.nodes_at(i);
        around[i] = id != through && node.inputs.iter().any(|n| around[n.index()]);
    }
    costs.iter().all(|c| !around[c.node.index()])
}

/// Whether the node depends on a site other than this one.
fn reaches_a_later_site(graph: &Graph, analysis: &Analysis, site: usize, node: NodeId) -> bool {
    let behind = dependents(graph.engine(), &[node]);
    let depends = |value: NodeId| behind.get(value.index()).is_some_and(|&b| b);
    analysis.sites.iter().enumerate().any(|(i, s)| i != site && depends(s.value))
}
