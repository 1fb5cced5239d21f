//! Derivatives of the matrix product Y = A B.
//!
//! ```text
//! Ẏ = Ȧ B + A Ḃ,      Ā = Ȳ Bᵀ,      B̄ = Aᵀ Ȳ      (summed over broadcast batch axes)
//! ```
//!
//! If the matrices B are repeated along the innermost batch axes, the matrices along these axes of A, one below the other, are
//! one matrix with more rows. B̄ is then one product of A and Ȳ in this form, in place of a sum of products:
//!
//! ```text
//! Aᵣ = [A₁; A₂; …],   Ȳᵣ = [Ȳ₁; Ȳ₂; …]:      B̄ = Σᵢ Aᵢᵀ Ȳᵢ = Aᵣᵀ Ȳᵣ
//! ```
//!
//! Y and Ā are put in this form when the graph is lowered.

use crate::graph::{Expr, Shape, axes_of_rows};

pub fn pull_back<'g>(x: &[Expr<'g>], cotangent: Expr<'g>, wanted: &[bool]) -> Vec<Option<Expr<'g>>> {
    let (a, b) = (x[0], x[1]);
    vec![
        wanted[0].then(|| product(cotangent, b.transpose()).sum_to(&a.shape())),
        wanted[1].then(|| {
            let shape = b.shape();
            let axes = axes_of_rows(&a.shape(), &shape);
            let sum = product(as_rows(a, axes).transpose(), as_rows(cotangent, axes));
            let matrix = Shape::from(vec![1; axes]).join(&shape.trailing(2));
            sum.reshape_last(2, matrix).sum_to(&shape)
        }),
    ]
}

/// The matrices along the innermost `axes` batch axes, one below the other.
fn as_rows(x: Expr<'_>, axes: usize) -> Expr<'_> {
    let shape = x.shape();
    let rows = (0..=axes).map(|axis| shape.from_end(axis + 1)).product();
    x.reshape_last(axes + 2, [rows, shape.from_end(0)])
}

pub fn push_forward<'g>(x: &[Expr<'g>], tangents: &[Option<Expr<'g>>]) -> Option<Expr<'g>> {
    let left = tangents[0].map(|t| product(t, x[1]));
    let right = tangents[1].map(|t| product(x[0], t));
    left.into_iter().chain(right).reduce(|a, b| a + b)
}

fn product<'g>(a: Expr<'g>, b: Expr<'g>) -> Expr<'g> {
    let rank = a.rank().max(b.rank());
    a.with_rank(rank).matmul(b.with_rank(rank))
}
