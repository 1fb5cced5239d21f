//! Where a graph uses the log-density of a site at its own draw, and how it enters the costs.
//!
//! ```text
//! F(z, L),   L = log q(z; θ)      the score ∂θ log q enters the derivative with the factor ∂F/∂L
//! ```
//!
//! Equal expressions are one node, so that the nodes of L are those of the family's own formula of log q at the site's parameters and
//! its draw. A density that is written in another way is not found.
//!
//! The factor ∂F/∂L does not depend on z if every operation between L and the costs is linear in L and nothing that multiplies L
//! depends on z or on draws behind it. Earlier and unrelated draws may multiply it.

use std::collections::HashSet;

use aleator_engine::graph::{Binary, NodeId, Op, Reduction, Unary, ancestors};

use super::influence::Influences;
use crate::distributions::Distribution;
use crate::graph::{Graph, SiteDef};

/// The nodes of a graph that are log q(z) of a site at its own draw. `nodes` are those from which the costs are computed, in order.
pub(crate) fn own_densities(graph: &Graph, site: &SiteDef, nodes: &[NodeId]) -> Vec<NodeId> {
    let value = graph.expr(site.value);
    // The parameters with the axes of the site, and as the author may have passed them.
    let aligned: Vec<NodeId> = site.parameters.clone();
    let written: Vec<NodeId> = aligned.iter().map(|&p| without_leading_ones(graph, p)).collect();
    let density = |parameters: Vec<NodeId>| {
        let parameters = parameters.into_iter().map(|p| graph.expr(p)).collect();
        Distribution::new(site.family.clone(), parameters).log_prob(value).id()
    };
    let mut found: Vec<NodeId> = [aligned, written].into_iter().map(density).collect();
    found.sort_unstable();
    found.dedup();
    found.retain(|id| *id != site.value && nodes.binary_search(id).is_ok());
    found
}

/// The value of which a parameter is a copy with additional leading axes of size 1.
fn without_leading_ones(graph: &Graph, mut id: NodeId) -> NodeId {
    loop {
        let node = graph.engine().node(id);
        let Op::Reshape { .. } = node.op else { return id };
        let before = graph.expr(node.inputs[0]).shape();
        let more = node.shape.rank().checked_sub(before.rank());
        match more {
            Some(more) if more > 0 && node.shape[..more].iter().all(|&n| n == 1) => {
                if node.shape[more..] != before[..] {
                    return id;
                }
                id = node.inputs[0];
            }
            _ => return id,
        }
    }
}

/// What makes the factor of a value in the costs depend on a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// This node is not linear in the value.
    Nonlinear(NodeId),
    /// This node multiplies or selects the value by something that depends on the site.
    Factor(NodeId),
    /// A parameter of this site depends on the value.
    Parameter(NodeId),
}

/// Whether some nodes enter others, `to`, with factors that do not depend on a site; if not, the first obstacle.
pub(crate) fn enters_linearly(
    graph: &Graph,
    influences: &Influences,
    site: usize,
    from: &[NodeId],
    to: &[NodeId],
) -> Result<(), Obstacle> {
    let engine = graph.engine();
    let needed = ancestors(engine, to);
    let Some(first) = from.iter().map(|id| id.index()).min() else { return Ok(()) };
    // The nodes through which the derivative with respect to `from` passes.
    let mut passed: HashSet<NodeId> = from.iter().copied().collect();
    for index in (first..needed.len()).filter(|&i| needed[i]) {
        let (id, node) = engine.nodes_at(index);
        let carries = |i: usize| passed.contains(&node.inputs[i]);
        if passed.contains(&id) || !(0..node.inputs.len()).any(carries) {
            continue;
        }
        let free = |i: usize| !influences.reaches(site, node.inputs[i]);
        let linear = match &node.op {
            Op::StopGradient => continue,
            op if op.takes_few_values() => continue,
            Op::Hole(_) => return Err(Obstacle::Parameter(id)),
            Op::Unary(Unary::Neg)
            | Op::Binary(Binary::Add | Binary::Sub)
            | Op::Reduce(Reduction::Sum, _)
            | Op::CumSum { .. }
            | Op::Reshape { .. }
            | Op::Broadcast { .. }
            | Op::Permute(_)
            | Op::Slice { .. }
            | Op::Pad { .. }
            | Op::Concat { .. } => true,
            Op::Binary(Binary::Mul) | Op::MatMul => match (carries(0), carries(1)) {
                (true, true) => false,
                (true, false) if free(1) => true,
                (false, true) if free(0) => true,
                _ => return Err(Obstacle::Factor(id)),
            },
            Op::Binary(Binary::Div) if carries(1) => false,
            Op::Binary(Binary::Div) => match free(1) {
                true => true,
                false => return Err(Obstacle::Factor(id)),
            },
            // A condition has no derivative.
            Op::Select if !carries(1) && !carries(2) => continue,
            Op::Select => match free(0) {
                true => true,
                false => return Err(Obstacle::Factor(id)),
            },
            _ => false,
        };
        if !linear {
            return Err(Obstacle::Nonlinear(id));
        }
        passed.insert(id);
    }
    Ok(())
}
