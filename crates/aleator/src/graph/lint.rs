//! Where a cost jumps as a function of a sample: what makes a pathwise derivative wrong without any error.

use aleator_engine::graph::{Binary, NodeId, Op, Unary, ancestors};

use super::model::{Graph, SiteDef};

/// An operation through which a cost depends on a sample in steps.
#[derive(Clone, Debug)]
pub struct Jump {
    /// The operation, as it is written.
    pub operation: String,
    /// Its node.
    pub node: NodeId,
}

/// The first step (comparison, choice, floor, sign, argmax, black box) on a way from the site's value to a cost. Where the way
/// leads through a later discrete site, its probabilities may still be smooth: that way is not followed further.
pub fn jump(graph: &Graph, site: &SiteDef) -> Option<Jump> {
    let engine = graph.engine();
    let costs: Vec<NodeId> = graph.costs().iter().map(|c| c.node).collect();
    let needed = ancestors(engine, &costs);
    let sites = graph.sites();
    let end = costs.iter().map(|c| c.index() + 1).max().unwrap_or(0);
    let mut smooth = vec![false; end.max(site.value.index() + 1)];
    smooth[site.value.index()] = true;
    for index in site.value.index() + 1..end {
        let (id, node) = engine.nodes_at(index);
        if !needed[index] || !node.inputs.iter().any(|i| smooth[i.index()]) {
            continue;
        }
        match &node.op {
            Op::Unary(Unary::Sign | Unary::Floor)
            | Op::Binary(Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne)
            | Op::ArgMax
            | Op::External(_) => return Some(Jump { operation: node.op.name(), node: id }),
            // A choice by the sample, whatever the condition is made of. (That both sides may meet is not seen.)
            Op::Select if smooth[node.inputs[0].index()] => {
                return Some(Jump { operation: node.op.name(), node: id });
            }
            Op::StopGradient => {}
            Op::Hole(_) => {
                smooth[index] = sites.iter().any(|s| s.value == id && s.family.is_reparameterized());
            }
            _ => smooth[index] = true,
        }
    }
    None
}
