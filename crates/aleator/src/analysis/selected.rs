//! Elements at computed places, as `v[k]` and log-densities of categories select them.
//!
//! ```text
//! Σᵢ where(i = k, xᵢ, 0) = x_k,   k ∈ {0, …, n − 1}
//! v[argmax v] = max v
//! ```

use aleator_engine::graph::{Binary, NodeId, Op, Reduction, Unary};

use crate::graph::Graph;

/// A sum of x at a place and of zeros at all others.
pub(super) struct Selected {
    /// x
    pub of: NodeId,
    /// The place, a number for each sum.
    pub place: NodeId,
    /// The number of places.
    pub count: usize,
    /// The axis of the places, counted from the end.
    pub axis: usize,
}

/// The element that a node selects, if it is a sum of x at one place and of zeros.
pub(super) fn selected(graph: &Graph, id: NodeId) -> Option<Selected> {
    let engine = graph.engine();
    let (axis, summed) = engine.with_node(id, |node| match &node.op {
        Op::Reduce(Reduction::Sum, axes) if axes.len() == 1 => Some((axes[0], node.inputs[0])),
        _ => None,
    })?;
    let (condition, of, zero) = engine.with_node(summed, |node| match (&node.op, &node.inputs[..]) {
        (Op::Select, [condition, x, zero]) => Some((*condition, *x, *zero)),
        _ => None,
    })?;
    let (place, along, count) = place_of(graph, condition)?;
    // A condition on a single place may be broadcast to several elements, which are then summed.
    let all = engine.expr(summed).shape().from_end(axis) == count;
    (all && along == axis && engine.scalar_value(zero) == Some(0.0)).then_some(Selected {
        of,
        place,
        count,
        axis,
    })
}

/// The k of a condition i = k for the places i = 0, …, n − 1 along an axis: k, the axis and n.
fn place_of(graph: &Graph, condition: NodeId) -> Option<(NodeId, usize, usize)> {
    let engine = graph.engine();
    let node = engine.node(condition);
    match node.op {
        Op::OneHot(n) => Some((node.inputs[0], 0, n)),
        // A column that has the places along its only axis.
        Op::Reshape { .. } => {
            let (place, along, n) = place_of(graph, node.inputs[0])?;
            let (from, to) = (engine.expr(node.inputs[0]).shape(), &node.shape);
            let axis = to.iter().rev().position(|&size| size == n)?;
            (along == 0 && from.numel() == n && to.numel() == n).then_some((place, axis, n))
        }
        Op::Binary(Binary::Eq) => {
            let [a, b] = node.inputs[..] else { return None };
            let column = |id: NodeId| {
                let mut below = engine.node(id);
                let shape = below.shape.clone();
                while let Op::Reshape { .. } = below.op {
                    below = engine.node(below.inputs[0]);
                }
                let n = shape.numel();
                let axis = shape.iter().rev().position(|&size| size == n)?;
                (below.op == Op::Iota).then_some((axis, n))
            };
            let ((axis, n), place) = column(a).map(|c| (c, b)).or_else(|| Some((column(b)?, a)))?;
            (engine.expr(place).shape().from_end(axis) == 1).then_some((place, axis, n))
        }
        _ => None,
    }
}

/// The vector of which a node is the largest or the smallest element, written as the element at an argmax. It is as continuous as the
/// vector.
///
/// ```text
/// v[argmax v] = max v,   v[argmax(−v)] = min v
/// ```
pub(super) fn at_argmax(graph: &Graph, id: NodeId) -> Option<NodeId> {
    let Selected { of, place, axis: 0, .. } = selected(graph, id)? else { return None };
    let engine = graph.engine();
    let argmax = engine.node(unshaped(graph, place));
    if argmax.op != Op::ArgMax {
        return None;
    }
    // Each row has the place of its own largest element.
    let (places, rows) = (engine.expr(place).shape(), &argmax.shape);
    let own = places == *rows || places.to_vec() == [rows.to_vec(), vec![1]].concat();
    if rows.numel() != 1 && !own {
        return None;
    }
    let compared = argmax.inputs[0];
    let is_negated = || engine.with_node(compared, |n| n.op == Op::Unary(Unary::Neg) && n.inputs[0] == of);
    (compared == of || is_negated()).then_some(of)
}

/// The x and the axes of a norm √Σ x², which is computed with a scale s as s √Σ (x/s)².
pub(crate) fn norm_of(graph: &Graph, id: NodeId) -> Option<(NodeId, Vec<usize>)> {
    let engine = graph.engine();
    let node = engine.node(id);
    let [a, b] = node.inputs[..] else { return None };
    if node.op != Op::Binary(Binary::Mul) {
        return None;
    }
    [(a, b), (b, a)].into_iter().find_map(|(scale, root)| {
        let root = engine.node(unshaped(graph, root));
        let square_root = engine.node(*root.inputs.get(2).filter(|_| root.op == Op::Select)?);
        let inside = engine.node(*square_root.inputs.first()?);
        let sum = engine.node(*inside.inputs.get(2).filter(|_| inside.op == Op::Select)?);
        let (x, axes) = squared(graph, &sum)?;
        let ratio = engine.node(x);
        let scaled = ratio.op == Op::Binary(Binary::Div)
            && square_root.op == Op::Unary(Unary::Sqrt)
            && engine.scalar_value(root.inputs[1]) == Some(0.0)
            && unshaped(graph, ratio.inputs[1]) == unshaped(graph, scale);
        // All numbers under one root have the scale of this root.
        let shape = |id: NodeId| engine.expr(id).shape();
        let (divisor, numbers) = (shape(*ratio.inputs.get(1)?), shape(*ratio.inputs.first()?));
        let sizes = (0..numbers.rank()).map(|axis| (axis, numbers.from_end(axis), divisor.from_end(axis)));
        let own = sizes.into_iter().all(|(axis, n, own)| own == if axes.contains(&axis) { 1 } else { n })
            && shape(scale).numel() == divisor.numel();
        (scaled && own).then_some((ratio.inputs[0], axes))
    })
}

/// The x and the axes of Σ x².
pub(super) fn squared(graph: &Graph, sum: &aleator_engine::graph::Node) -> Option<(NodeId, Vec<usize>)> {
    let Op::Reduce(Reduction::Sum, axes) = &sum.op else { return None };
    let product = graph.engine().node(sum.inputs[0]);
    let is_square = product.op == Op::Binary(Binary::Mul) && product.inputs[0] == product.inputs[1];
    is_square.then(|| (product.inputs[0], axes.clone()))
}

/// The node below reshapes and broadcasts.
fn unshaped(graph: &Graph, mut id: NodeId) -> NodeId {
    while let Some(below) = graph.engine().with_node(id, |node| match node.op {
        Op::Reshape { .. } | Op::Broadcast { .. } => Some(node.inputs[0]),
        _ => None,
    }) {
        id = below;
    }
    id
}
