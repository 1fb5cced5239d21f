//! Parameters that reach a black box without a random node between: the objective has no derivative along such a path.

use aleator_engine::graph::{NodeId, Op, ancestors};

use crate::graph::Graph;

/// The first black box on the way from a parameter to a cost that does not lead through a random node or a stopped gradient, and the
/// parameter.
pub(crate) fn parameter_into_black_box(graph: &Graph) -> Option<(String, String)> {
    let engine = graph.engine();
    let costs: Vec<NodeId> = graph.costs().iter().map(|cost| cost.node).collect();
    let needed = ancestors(engine, &costs);
    let params = graph.params();
    // For each node, a parameter on which it depends directly.
    let mut direct: Vec<Option<usize>> = vec![None; needed.len()];
    for index in (0..needed.len()).filter(|&index| needed[index]) {
        let (id, node) = engine.nodes_at(index);
        let inherited = || node.inputs.iter().find_map(|input| direct[input.index()]);
        direct[index] = match &node.op {
            Op::Input(_) => params.iter().position(|param| param.node == id),
            Op::Hole(_) | Op::StopGradient => None,
            Op::External(external) if external.derivative.is_none() => match inherited() {
                Some(param) => return Some((params[param].name.clone(), external.name.clone())),
                None => None,
            },
            _ => inherited(),
        };
    }
    None
}
