//! From a graph to values: dead nodes are removed, and reshapes, transposes, broadcasts, slices and `stop_gradient` become views
//! of the values that are computed. Operations that have no kernel of their own become several values: the softmax functions
//! (`softmax`), `one_hot`, and a batched product whose matrices are the rows of one (`graph/rows`).

use std::collections::HashMap;

use super::called::called;
use super::exp_neg_abs::SharedExponentials;
use super::softmax::{Function, SharedSoftmax};
use super::values::{Kind, Lowered};
use super::views::View;
use crate::error::Error;
use crate::graph::{Binary, Graph, Node, NodeId, NodeSet, Op, Shape, axes_of_rows};

/// The values on which `outputs` depend.
pub(crate) fn lower(graph: &Graph, outputs: &[NodeId]) -> Result<Lowered, Error> {
    let needed = NodeSet::ancestors(graph, outputs);
    let mut lowered = Lowered { values: Vec::with_capacity(needed.len()), outputs: Vec::new() };
    // Indexed by the position of a node in `needed`.
    let mut views: Vec<View> = Vec::with_capacity(needed.len());
    let place = |id: NodeId| needed.position(id).unwrap_or_else(|| unreachable!("inputs come first"));
    let mut exponentials = SharedExponentials::new(graph, &needed);
    let mut shared = Shared::default();
    for id in needed.iter() {
        let view = graph.with_node(id, |node| {
            let inputs = node.inputs.iter().map(|i| views[place(*i)].clone()).collect();
            match exponentials.shared(graph, node) {
                Some((op, argument)) => {
                    Ok(exponentials.lower(op, argument, &mut lowered, inputs, &views[place(argument)]))
                }
                None => lower_node(graph, &mut lowered, &mut shared, node, inputs),
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

/// Values that several operations use.
#[derive(Default)]
struct Shared {
    softmax: SharedSoftmax,
    /// The contiguous copies of views that cannot be reshaped.
    copies: HashMap<View, View>,
    /// The numbers 0, 1, …, n − 1 by n.
    places: HashMap<usize, View>,
}

impl Shared {
    /// A reshape of a view, or of a copy of it.
    fn reshape(&mut self, view: &View, to: &Shape, lowered: &mut Lowered) -> View {
        view.reshape(to).unwrap_or_else(|| {
            let copy = self.copies.entry(view.clone()).or_insert_with(|| {
                let dims = Shape::from(view.dims.clone());
                lowered.push(Kind::Copy, vec![view.clone()], dims)
            });
            View { dims: to.to_vec(), strides: to.strides(), ..copy.clone() }
        })
    }

    /// 1 at the position `x` of `n`, along a new last axis.
    fn one_hot(&mut self, x: View, n: usize, shape: &Shape, lowered: &mut Lowered) -> View {
        let places =
            self.places.entry(n).or_insert_with(|| lowered.push(Kind::Iota, vec![], [n].into())).clone();
        lowered.push_pointwise(Kind::Binary(Binary::Eq), vec![x.with(&[0]), places], shape)
    }

    /// A matrix product, as one with more rows where that is possible.
    fn product(&mut self, [a, b]: [View; 2], shape: &Shape, lowered: &mut Lowered) -> View {
        let (left, right) = (Shape::from(a.dims.clone()), Shape::from(b.dims.clone()));
        let axes = axes_of_rows(&left, &right);
        if axes == 0 {
            return lowered.push(Kind::MatMul, vec![a, b], shape.clone());
        }
        let rows = (0..=axes).map(|axis| left.from_end(axis + 1)).product();
        let lead = left.leading(left.rank() - axes - 2);
        let a = self.reshape(&a, &lead.join(&[rows, left.from_end(0)]), lowered);
        let squeezed = axes.min(right.rank() - 2);
        let lead = right.leading(right.rank() - squeezed - 2);
        let b = self.reshape(&b, &lead.join(&right.trailing(2)), lowered);
        let lead = shape.leading(shape.rank() - axes - 2);
        let product = lowered.push(Kind::MatMul, vec![a, b], lead.join(&[rows, shape.from_end(0)]));
        View { dims: shape.to_vec(), strides: shape.strides(), ..product }
    }
}

fn lower_node(
    graph: &Graph,
    lowered: &mut Lowered,
    shared: &mut Shared,
    node: &Node,
    mut inputs: Vec<View>,
) -> Result<View, Error> {
    let shape = &node.shape;
    let kind = match &node.op {
        Op::StopGradient => return Ok(inputs.remove(0)),
        Op::Reshape { .. } => return Ok(shared.reshape(&inputs[0], shape, lowered)),
        Op::Broadcast { .. } => return Ok(inputs.remove(0).broadcast(shape)),
        Op::Permute(order) => return Ok(inputs.remove(0).permute(order)),
        Op::Slice { axis, start, len } => return Ok(inputs.remove(0).slice(*axis, *start, *len)),
        Op::LogSumExp(axes) => {
            return Ok(shared.softmax.lower(Function::LogSumExp, axes, inputs.remove(0), lowered));
        }
        Op::LogSoftmax(axes) => {
            return Ok(shared.softmax.lower(Function::LogSoftmax, axes, inputs.remove(0), lowered));
        }
        Op::Softmax(axes) => {
            return Ok(shared.softmax.lower(Function::Softmax, axes, inputs.remove(0), lowered));
        }
        Op::OneHot(n) => return Ok(shared.one_hot(inputs.remove(0), *n, shape, lowered)),
        Op::MatMul => {
            return Ok(shared.product([inputs[0].clone(), inputs[1].clone()], shape, lowered));
        }
        Op::Hole(number) => return Err(Error::Hole(graph.hole_name(*number))),
        Op::Poison => return Err(Error::Hole("a failed operation".into())),
        Op::Input(slot) => Kind::Input(*slot as usize),
        Op::Scalar(bits) => Kind::Scalar(f64::from_bits(*bits)),
        Op::Tensor(data) => Kind::Tensor(data.0.clone()),
        Op::Iota => Kind::Iota,
        Op::Uniform { stream } => Kind::Uniform(*stream),
        Op::Draw { law, stream, shape } => Kind::Draw { law: *law, stream: *stream, noise: shape.clone() },
        Op::QuantileDerivative(quantile) => Kind::QuantileDerivative(*quantile),
        Op::Unary(u) => Kind::Unary(*u),
        Op::Binary(b) => Kind::Binary(*b),
        Op::Select => Kind::Select,
        Op::Reduce(reduction, axes) => Kind::Reduce(*reduction, axes.clone()),
        Op::ArgMax => Kind::ArgMax,
        Op::CumSum { reverse } => Kind::CumSum { reverse: *reverse },
        Op::Pad { axis, before, .. } => Kind::Pad { axis: *axis, before: *before },
        Op::Concat { axis } => Kind::Concat { axis: *axis },
        Op::External(external) => Kind::External(called(external, &inputs)?),
    };
    if kind.is_pointwise() {
        return Ok(lowered.push_pointwise(kind, inputs, shape));
    }
    if matches!(kind, Kind::Draw { .. } | Kind::QuantileDerivative(_)) {
        inputs = inputs.into_iter().map(|view| view.broadcast(shape)).collect();
    }
    Ok(lowered.push(kind, inputs, shape.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autodiff::vjp;

    /// The shapes of the matrix products from which some outputs are computed.
    fn products(graph: &Graph, outputs: &[NodeId]) -> Vec<Vec<usize>> {
        let lowered = lower(graph, outputs).unwrap();
        let products = lowered.values.iter().filter(|value| matches!(value.kind, Kind::MatMul));
        products.map(|value| value.shape.to_vec()).collect()
    }

    #[test]
    fn batches_with_one_matrix_are_one_product_and_so_are_their_derivatives() {
        let graph = Graph::new();
        let (x, w) = (graph.input("x", [7, 6, 4, 5]), graph.input("w", [5, 2]));
        let y = x.matmul(w);
        let c = graph.input("c", y.shape());
        let [by_x, by_w] = vjp(&[(y, c)], &[x, w])[..] else { panic!() };
        assert_eq!(products(&graph, &[y.id()]), [[168, 2]]);
        assert_eq!(products(&graph, &[by_x.id()]), [[168, 5]]);
        assert_eq!(products(&graph, &[by_w.id()]), [[5, 2]]);
        // No copy of an operand is needed.
        let all = lower(&graph, &[y.id(), by_x.id(), by_w.id()]).unwrap();
        assert!(!all.values.iter().any(|value| matches!(value.kind, Kind::Copy | Kind::Reduce(..))));
        // One matrix for each index of an outer axis.
        let w = graph.input("w of each", [7, 1, 5, 2]);
        assert_eq!(products(&graph, &[x.matmul(w).id()]), [[7, 24, 2]]);
    }
}
