//! The values of constant expressions, which contain only numbers and no parameters, data or draws.

use std::collections::HashMap;

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::Program;
use aleator_engine::graph::{Graph, NodeId, Op, ancestors};

/// The largest number of elements of a constant that is evaluated.
const MOST_ELEMENTS: usize = 1 << 16;

/// The values of those nodes that are constant and not too large.
pub(crate) fn constant_values(engine: &Graph, nodes: &[NodeId]) -> HashMap<NodeId, Vec<f64>> {
    let needed = ancestors(engine, nodes);
    let mut constant = vec![false; needed.len()];
    for i in (0..needed.len()).filter(|&i| needed[i]) {
        let (_, node) = engine.nodes_at(i);
        constant[i] = match node.op {
            Op::Scalar(_) | Op::Tensor(_) | Op::Iota => true,
            Op::Input(_)
            | Op::Uniform { .. }
            | Op::Draw { .. }
            | Op::Hole(_)
            | Op::External(_)
            | Op::Poison => false,
            _ => node.inputs.iter().all(|input| constant[input.index()]),
        };
    }
    let small = |id: &NodeId| engine.expr(*id).shape().numel() <= MOST_ELEMENTS;
    let mut wanted: Vec<NodeId> =
        nodes.iter().copied().filter(|id| constant[id.index()] && small(id)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return HashMap::new();
    }
    // If it cannot be computed, it is unknown.
    let Ok(mut program) = Program::<f64>::compile(engine, &wanted, &CompileOptions::default()) else {
        return HashMap::new();
    };
    program.run(0, 0);
    wanted.iter().enumerate().map(|(i, id)| (*id, program.output(i).to_vec())).collect()
}
