//! From a graph to values: dead nodes are removed, and reshapes, transposes, broadcasts, slices and `stop_gradient` become views
//! of the values that are computed.

use std::collections::HashMap;

use super::exp_neg_abs::SharedExponentials;
use super::values::{Kind, Lowered};
use super::views::View;
use crate::error::Error;
use crate::graph::{Graph, Node, NodeId, NodeSet, Op, Shape};

/// The values on which `outputs` depend.
pub(crate) fn lower(graph: &Graph, outputs: &[NodeId]) -> Result<Lowered, Error> {
    let needed = NodeSet::ancestors(graph, outputs);
    let mut lowered = Lowered { values: Vec::with_capacity(needed.len()), outputs: Vec::new() };
    // Indexed by the position of a node in `needed`.
    let mut views: Vec<View> = Vec::with_capacity(needed.len());
    let place = |id: NodeId| needed.position(id).unwrap_or_else(|| unreachable!("inputs come first"));
    let mut exponentials = SharedExponentials::new(graph, &needed);
    for id in needed.iter() {
        let view = graph.with_node(id, |node| {
            let inputs = node.inputs.iter().map(|i| views[place(*i)].clone()).collect();
            match exponentials.shared(graph, node) {
                Some((op, argument)) => {
                    Ok(exponentials.lower(op, argument, &mut lowered, inputs, &views[place(argument)]))
                }
                None => lower_node(graph, &mut lowered, node, inputs),
            }
        })?;
        views.push(view);
    }
    let mut copies: HashMap<NodeId, usize> = HashMap::new();
    for &id in outputs {
        let view = views[place(id)].clone();
        let source = &lowered.values[view.value];
        let shape = Shape::from(view.dims.clone());
        let value = if view.is_identity(source.shape.numel()) && !source.is_given() {
            view.value
        } else {
            *copies.entry(id).or_insert_with(|| lowered.push(Kind::Copy, vec![view], shape.clone()).value)
        };
        lowered.outputs.push((value, shape));
    }
    Ok(lowered)
}

fn lower_node(
    graph: &Graph,
    lowered: &mut Lowered,
    node: &Node,
    mut inputs: Vec<View>,
) -> Result<View, Error> {
    let shape = &node.shape;
    let kind = match &node.op {
        Op::StopGradient => return Ok(inputs.remove(0)),
        Op::Reshape { .. } => {
            let view = inputs.remove(0);
            return Ok(match view.reshape(shape) {
                Some(reshaped) => reshaped,
                None => {
                    let dims = Shape::from(view.dims.clone());
                    let mut copy = lowered.push(Kind::Copy, vec![view], dims);
                    (copy.dims, copy.strides) = (shape.to_vec(), shape.strides());
                    copy
                }
            });
        }
        Op::Broadcast { .. } => return Ok(inputs.remove(0).broadcast(shape)),
        Op::Permute(order) => return Ok(inputs.remove(0).permute(order)),
        Op::Slice { axis, start, len } => return Ok(inputs.remove(0).slice(*axis, *start, *len)),
        Op::Hole(number) => return Err(Error::Hole(graph.hole_name(*number))),
        Op::Poison => return Err(Error::Hole("a failed operation".into())),
        Op::Input(slot) => Kind::Input(*slot as usize),
        Op::Scalar(bits) => Kind::Scalar(f64::from_bits(*bits)),
        Op::Tensor(data) => Kind::Tensor(data.0.clone()),
        Op::Iota => Kind::Iota,
        Op::Uniform { stream } => Kind::Uniform(*stream),
        Op::Draw { law, stream, shape } => Kind::Draw { law: *law, stream: *stream, noise: shape.clone() },
        Op::Unary(u) => Kind::Unary(*u),
        Op::Binary(b) => Kind::Binary(*b),
        Op::Select => Kind::Select,
        Op::Reduce(reduction, axes) => Kind::Reduce(*reduction, axes.clone()),
        Op::ArgMax => Kind::ArgMax,
        Op::CumSum { reverse } => Kind::CumSum { reverse: *reverse },
        Op::MatMul => Kind::MatMul,
        Op::Pad { axis, before, .. } => Kind::Pad { axis: *axis, before: *before },
        Op::Concat { axis } => Kind::Concat { axis: *axis },
        Op::External(external) => Kind::External(external.clone()),
    };
    if kind.is_pointwise() {
        return Ok(lowered.push_pointwise(kind, inputs, shape));
    }
    if matches!(kind, Kind::Draw { .. }) {
        inputs = inputs.into_iter().map(|view| view.broadcast(shape)).collect();
    }
    Ok(lowered.push(kind, inputs, shape.clone()))
}
