//! Sigmoid and softplus of x and of -x are all computed from x and e = exp(-|x|) (`exec/math/logistic.rs`). If a graph contains
//! two of them, as the density of a Bernoulli variable and its derivative do, e is computed only once.

use std::collections::HashMap;

use super::values::{Kind, Lowered};
use super::views::View;
use crate::exec::tile::Logistic;
use crate::graph::{Graph, Node, NodeId, NodeSet, Op, Shape, Unary};

/// The functions that share exp(-|x|).
pub(crate) struct SharedExponentials {
    /// For each x: the number of functions, and exp(-|x|) once it has been computed.
    functions: HashMap<NodeId, (usize, Option<View>)>,
}

impl SharedExponentials {
    pub fn new(graph: &Graph, needed: &NodeSet) -> Self {
        let mut functions = HashMap::new();
        for id in needed.iter() {
            if let Some((_, x)) = graph.with_node(id, |node| logistic(graph, node)) {
                functions.entry(x).or_insert((0, None)).0 += 1;
            }
        }
        SharedExponentials { functions }
    }

    /// The function and x, if a node is such a function.
    pub fn shared(&self, graph: &Graph, node: &Node) -> Option<(Logistic, NodeId)> {
        logistic(graph, node).filter(|(_, x)| self.functions.get(x).is_some_and(|(count, _)| *count > 1))
    }

    /// Computes the function of `inputs`, which are x or -x.
    pub fn lower(
        &mut self,
        op: Logistic,
        x: NodeId,
        lowered: &mut Lowered,
        mut inputs: Vec<View>,
        of: &View,
    ) -> View {
        let (_, exponential) = self.functions.entry(x).or_default();
        let shape = Shape::from(of.dims.clone());
        let exponential = exponential
            .get_or_insert_with(|| lowered.push_pointwise(Kind::ExpNegAbs, vec![of.clone()], &shape));
        inputs.push(exponential.clone());
        lowered.push_pointwise(Kind::Logistic(op), inputs, &shape)
    }
}

/// Whether a node is a logistic function of x or of -x, and the x.
fn logistic(graph: &Graph, node: &Node) -> Option<(Logistic, NodeId)> {
    let op = match node.op {
        Op::Unary(Unary::Sigmoid) => Logistic::Sigmoid,
        Op::Unary(Unary::Softplus) => Logistic::Softplus,
        _ => return None,
    };
    let mut x = node.inputs[0];
    while let Some(inner) =
        graph.with_node(x, |n| matches!(n.op, Op::Unary(Unary::Neg) | Op::StopGradient).then(|| n.inputs[0]))
    {
        x = inner;
    }
    Some((op, x))
}
