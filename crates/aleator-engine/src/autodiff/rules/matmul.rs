//! Derivatives of the matrix product Y = A B.
//!
//! ```text
//! Ẏ = Ȧ B + A Ḃ,      Ā = Ȳ Bᵀ,      B̄ = Aᵀ Ȳ      (summed over broadcast batch axes)
//! ```

use crate::graph::Expr;

pub fn pull_back<'g>(x: &[Expr<'g>], cotangent: Expr<'g>, wanted: &[bool]) -> Vec<Option<Expr<'g>>> {
    let (a, b) = (x[0], x[1]);
    vec![
        wanted[0].then(|| product(cotangent, b.transpose()).sum_to(&a.shape())),
        wanted[1].then(|| product(a.transpose(), cotangent).sum_to(&b.shape())),
    ]
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
