//! Which sites have scores: whose laws depend on the parameters of the graph while the values of other sites are held fixed.

use aleator_engine::graph::Op;

use crate::graph::{Graph, SiteDef};

/// For each site, whether its score ∇ log p(z) may differ from 0: a parameter of its law has a derivative with respect to those of
/// the graph, directly or through draws that are differentiated, which `follows` tells by number. At all other draws the value is
/// held fixed. In one forward pass.
pub(crate) fn scored(graph: &Graph, sites: &[SiteDef], follows: impl Fn(usize) -> bool) -> Vec<bool> {
    let engine = graph.engine();
    let mut moved = vec![false; engine.len()];
    graph.params().iter().for_each(|param| moved[param.node.index()] = true);
    let mut held = vec![false; engine.len()];
    sites.iter().enumerate().for_each(|(i, site)| held[site.value.index()] = !follows(i));
    for id in engine.ids() {
        let through = !held[id.index()]
            && engine.with_node(id, |node| {
                node.op != Op::StopGradient
                    && !node.op.takes_few_values()
                    && node.inputs.iter().any(|input| moved[input.index()])
            });
        moved[id.index()] |= through;
    }
    sites.iter().map(|site| site.parameters.iter().any(|p| moved[p.index()])).collect()
}
