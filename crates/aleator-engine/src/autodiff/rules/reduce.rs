//! Derivatives of reductions. Axes count from the end of the input.
//!
//! ```text
//! Σ:        ẏ = Σ ẋ                              x̄ = ȳ, broadcast
//! max, min: ẏ = Σ w ẋ,  w = 1[x = y] / count     x̄ = w ȳ
//! Π:        ẏ = Σᵢ ẋᵢ Π_{j≠i} xⱼ                 x̄ᵢ = ȳ Π_{j≠i} xⱼ      (right where some xⱼ = 0)
//! ```

use crate::graph::{Expr, FromEnd, Reduction, keep_axes};

pub fn pull_back<'g>(
    reduction: Reduction,
    axes: &[usize],
    x: Expr<'g>,
    y: Expr<'g>,
    cotangent: Expr<'g>,
) -> Option<Expr<'g>> {
    let cotangent = keep_axes(cotangent, axes);
    Some(match weights(reduction, axes, x, y) {
        None => cotangent.broadcast_to(x.shape()),
        Some(w) => cotangent * w,
    })
}

pub fn push_forward<'g>(
    reduction: Reduction,
    axes: &[usize],
    x: Expr<'g>,
    y: Expr<'g>,
    tangent: Expr<'g>,
) -> Option<Expr<'g>> {
    Some(match weights(reduction, axes, x, y) {
        None => tangent.sum_axes(FromEnd(axes)),
        Some(w) => (w * tangent).sum_axes(FromEnd(axes)),
    })
}

/// ∂y/∂x, in the shape of x; `None` stands for 1.
fn weights<'g>(reduction: Reduction, axes: &[usize], x: Expr<'g>, y: Expr<'g>) -> Option<Expr<'g>> {
    match reduction {
        Reduction::Sum => None,
        Reduction::Max | Reduction::Min => {
            let attained = x.equal(keep_axes(y, axes));
            Some(attained / keep_axes(attained.sum_axes(FromEnd(axes)), axes))
        }
        Reduction::Prod => Some(axes_last(x, axes, products_of_others)),
    }
}

/// Applies `f` to x with the reduced axes flattened into the last one, and restores the layout of x in the result.
fn axes_last<'g>(x: Expr<'g>, axes: &[usize], f: impl Fn(Expr<'g>) -> Expr<'g>) -> Expr<'g> {
    let shape = x.shape();
    let rank = shape.rank();
    let reduced = |i: usize| axes.contains(&(rank - 1 - i));
    let order: Vec<usize> =
        (0..rank).filter(|&i| !reduced(i)).chain((0..rank).filter(|&i| reduced(i))).collect();
    let moved = x.permute(&order);
    let moved_shape = moved.shape();
    let n: usize = moved_shape.trailing(axes.len()).iter().product();
    let others = f(moved.reshape_last(axes.len(), [n])).reshape_last(1, moved_shape.trailing(axes.len()));
    let mut back = vec![0; rank];
    for (i, &o) in order.iter().enumerate() {
        back[o] = i;
    }
    others.permute(&back)
}

/// Π_{j≠i} xⱼ along the last axis, without division: x is arranged in a square with ones on the diagonal.
fn products_of_others(x: Expr<'_>) -> Expr<'_> {
    let n = x.shape().from_end(0);
    let places = x.graph().iota(n);
    let diagonal = places.one_hot(n).with_rank(x.rank() + 1);
    diagonal.select(1.0, x.unsqueeze(-2)).reduce(Reduction::Prod, -1)
}
