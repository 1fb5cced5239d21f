//! Derivatives of the linear operations that move elements. The forward derivative is the operation itself, applied to the
//! tangent; the reverse derivative is its transpose, applied to the cotangent.

use crate::graph::{Expr, FromEnd, Op, concat};

pub fn pull_back<'g>(op: &Op, x: &[Expr<'g>], cotangent: Expr<'g>, wanted: &[bool]) -> Vec<Option<Expr<'g>>> {
    let graph = cotangent.graph();
    let one = |e| vec![Some(e)];
    match op {
        Op::Reshape { .. } => one(cotangent.reshape(x[0].shape())),
        Op::Broadcast { .. } => one(cotangent.sum_to(&x[0].shape())),
        Op::Permute(order) => {
            let mut back = vec![0; order.len()];
            for (i, &o) in order.iter().enumerate() {
                back[o] = i;
            }
            one(cotangent.permute(&back))
        }
        Op::Slice { axis, start, len } => {
            let after = x[0].shape().from_end(*axis) - start - len;
            one(graph.apply(Op::Pad { axis: *axis, before: *start, after }, &[cotangent]))
        }
        Op::Pad { axis, before, .. } => {
            one(cotangent.slice(FromEnd(*axis), *before, x[0].shape().from_end(*axis)))
        }
        Op::CumSum { reverse } => one(graph.apply(Op::CumSum { reverse: !reverse }, &[cotangent])),
        Op::Concat { axis } => {
            let mut start = 0;
            x.iter()
                .zip(wanted)
                .map(|(part, &wanted)| {
                    let len = part.shape().from_end(*axis);
                    start += len;
                    wanted.then(|| cotangent.slice(FromEnd(*axis), start - len, len).sum_to(&part.shape()))
                })
                .collect()
        }
        // Not an operation that moves elements.
        _ => vec![None; x.len()],
    }
}

pub fn push_forward<'g>(op: &Op, x: &[Expr<'g>], tangents: &[Option<Expr<'g>>]) -> Option<Expr<'g>> {
    let graph = x.first()?.graph();
    match op {
        Op::Reshape { .. }
        | Op::Broadcast { .. }
        | Op::Permute(_)
        | Op::Slice { .. }
        | Op::Pad { .. }
        | Op::CumSum { .. } => Some(graph.apply(op.clone(), &[tangents[0]?])),
        Op::Concat { axis } => {
            let parts: Vec<Expr<'g>> = x
                .iter()
                .zip(tangents)
                .map(|(part, t)| t.unwrap_or_else(|| graph.full(part.shape(), 0.0)))
                .collect();
            concat(&parts, FromEnd(*axis))
        }
        _ => None,
    }
}
