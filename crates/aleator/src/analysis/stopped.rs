//! Stopped gradients between a sample and a cost: what a derivative along the sample leaves out.

use aleator_engine::graph::{NodeId, Op, Reduction, ancestors};

use super::steps::takes_few_values;
use super::way::is_a_maximum;
use crate::graph::{Graph, SiteDef};

/// The first stopped gradient between a site's value and a cost or the law of a later site, that a value passes. A maximum
/// that is held, which logsumexp and norms shift and scale by, changes no value.
pub(crate) fn stopped(graph: &Graph, site: &SiteDef) -> Option<NodeId> {
    let engine = graph.engine();
    let costs: Vec<NodeId> = graph.costs().iter().map(|c| c.node).collect();
    let needed = ancestors(engine, &costs);
    let end = costs.iter().map(|c| c.index() + 1).max().unwrap_or(0);
    let mut depends = vec![false; end.max(site.value.index() + 1)];
    let mut held: Vec<Option<NodeId>> = vec![None; depends.len()];
    depends[site.value.index()] = true;
    for index in site.value.index() + 1..end {
        let (id, node) = engine.nodes_at(index);
        let inputs = match &node.op {
            Op::Select => &node.inputs[1..],
            _ => &node.inputs[..],
        };
        let (smooth, stop) =
            (inputs.iter().any(|i| depends[i.index()]), inputs.iter().find_map(|i| held[i.index()]));
        if !needed[index] || takes_few_values(&node.op) {
            continue;
        }
        (depends[index], held[index]) = match &node.op {
            Op::StopGradient if is_a_maximum(graph, inputs[0]) => (false, None),
            Op::StopGradient => (false, stop.or(smooth.then_some(id))),
            Op::Reduce(Reduction::Max, _) => (smooth, None),
            Op::Hole(_) if stop.is_some() => return stop,
            Op::Hole(_) => {
                let sites = graph.sites();
                let later = sites.iter().find(|later| later.value == id);
                (smooth && later.is_some_and(|later| later.family.is_reparameterized()), None)
            }
            _ => (smooth, stop),
        };
        if held[index].is_some() && costs.contains(&id) {
            return held[index];
        }
    }
    None
}
