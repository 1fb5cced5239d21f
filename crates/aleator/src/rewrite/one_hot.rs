//! The first use of a one-hot vector in a cost: it often selects a row of another value, and outcome k then needs no product.
//!
//! ```text
//! Σⱼ zⱼ vⱼ = v_k,     z @ W = W_k,     Σⱼ where(j = k, xⱼ, 0) = x_k          for z = e_k, or an index k
//! ```
//!
//! If the n outcomes are alternatives, the values of such a node are v itself, with its axis moved to the position of the
//! alternatives: n numbers instead of n².

use aleator_engine::graph::{Binary, Expr, FromEnd, Node, NodeId, Op, Reduction};

use super::environment::Environment;
use super::outcomes::last_to_axis;
use super::site_value::Places;
use crate::distributions::Support;
use crate::graph::{Graph, SiteDef};

/// A node that selects from another node along an axis, and what takes the place of the axis.
struct Pick {
    node: NodeId,
    from: NodeId,
    /// The axis of `from` along which the node selects, counted from the end.
    axis: usize,
    /// Whether an axis of size 1 remains in its place.
    keeps: bool,
}

/// Sets the values of the nodes that select by the site's outcome, if the node from which they select is known, that is, does not
/// depend on this or a later site (`depends`). `below` are the nodes from which the costs are computed. The alternatives are
/// `axis` axes in front of a value's own axes.
pub(super) fn rows_of_uses<'g>(
    graph: &'g Graph,
    site: &SiteDef,
    below: &[NodeId],
    depends: impl Fn(NodeId) -> bool,
    axis_of_alternatives: usize,
    places: Places<'g>,
    environment: &mut Environment<'g>,
) {
    let picks = picks(graph, site, below);
    if picks.is_empty() {
        return;
    }
    for Pick { node, from, axis, keeps } in picks {
        if depends(from) {
            continue;
        }
        let core = graph.expr(node).rank() - usize::from(keeps);
        let behind = core + axis_of_alternatives;
        let rows = environment.at(graph, from);
        let rows = rows.with_rank(rows.rank().max(behind + 1));
        // Make the selected axis the last one.
        let order: Vec<usize> = (1..=axis).chain([0]).collect();
        let rows = rows.permute(&order);
        // The most probable outcome takes the place of outcomes that are not included.
        let batch = site.batch.rank();
        let at = |e: Expr<'g>| (batch..core).fold(e, |e, _| e.unsqueeze(FromEnd(batch)));
        let likeliest = at(places.mode).one_hot(rows.shape().from_end(0)).select(rows, 0.0).sum_axes(-1);
        let picked = at(places.entered).select(last_to_axis(rows, behind), likeliest);
        let picked = if keeps { picked.unsqueeze(FromEnd(axis)) } else { picked };
        environment.values.insert(node, picked);
    }
}

/// The nodes that select by the outcome of a categorical site.
fn picks(graph: &Graph, site: &SiteDef, below: &[NodeId]) -> Vec<Pick> {
    let engine = graph.engine();
    let (one_hot, single) = (site.family.support() == Support::OneHot, site.batch.rank() == 0);
    let is_outcome = |id: NodeId| is_copy_of(graph, id, |_, id| id == site.value);
    // 1 where the position along the axis is the outcome: z itself, or the one-hot vector of k along the axis.
    let marks = |id: NodeId, axis: usize| {
        let node = engine.node(id);
        match node.op {
            _ if one_hot => axis == 0 && id == site.value,
            Op::OneHot(_) | Op::Reshape { .. } => {
                let along = node.shape.numel() == node.shape.from_end(axis);
                let n = node.shape.from_end(axis);
                let marks_outcome =
                    |op: &Op, id: NodeId| *op == Op::OneHot(n) && is_outcome(engine.node(id).inputs[0]);
                single && along && is_copy_of(graph, id, marks_outcome)
            }
            _ => false,
        }
    };
    let pick = |node: NodeId| {
        let Node { op, inputs, .. } = engine.node(node);
        match op {
            Op::Reduce(Reduction::Sum, axes) if axes.len() == 1 => {
                let (axis, product) = (axes[0], engine.node(inputs[0]));
                let from = match (&product.op, &product.inputs[..]) {
                    (Op::Binary(Binary::Mul), &[mark, from]) if marks(mark, axis) => from,
                    (Op::Binary(Binary::Mul), &[from, mark]) if marks(mark, axis) => from,
                    (Op::Select, &[mark, from, no])
                        if marks(mark, axis) && is_copy_of(graph, no, |op, _| *op == Op::Scalar(0)) =>
                    {
                        from
                    }
                    _ => return None,
                };
                let whole = engine.expr(from).shape().from_end(axis) == product.shape.from_end(axis);
                whole.then_some(Pick { node, from, axis, keeps: false })
            }
            Op::MatMul if one_hot && single => {
                let (row, from) = (inputs[0], inputs[1]);
                let of_vector = engine.expr(row).rank() == 2 && engine.expr(from).rank() == 2;
                (of_vector && is_outcome(row)).then_some(Pick { node, from, axis: 1, keeps: true })
            }
            _ => None,
        }
    };
    let first = below.partition_point(|&id| id <= site.value);
    below[first..].iter().copied().filter_map(pick).collect()
}

/// Whether `is` holds for a node, up to additional axes of size 1 and repetition along axes.
fn is_copy_of(graph: &Graph, mut id: NodeId, is: impl Fn(&Op, NodeId) -> bool) -> bool {
    loop {
        let node = graph.engine().node(id);
        match node.op {
            op if is(&op, id) => return true,
            Op::Reshape { .. } | Op::Broadcast { .. } => id = node.inputs[0],
            _ => return false,
        }
    }
}
