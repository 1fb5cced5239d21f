//! Derivatives of L = log Σ eˣ, of y = x − L, and of s = eˣ / Σ eˣ. Sums are over the axes of the operation.
//!
//! ```text
//! ∂L/∂xⱼ  = e^xⱼ / Σ eˣ = sⱼ             L̇ = Σ s ẋ                x̄ = s L̄
//! ∂yᵢ/∂xⱼ = [i = j] − sⱼ                 ẏ = ẋ − Σ s ẋ            x̄ = ȳ − s Σ ȳ
//! ∂sᵢ/∂xⱼ = sᵢ ∂yᵢ/∂xⱼ                   ṡ = s (ẋ − Σ s ẋ)        x̄ = s (s̄ − Σ s s̄)        (s = eʸ)
//! ```
//!
//! The derivatives are operations on s, so derivatives of any order follow. When the graph is lowered, s of x shares
//! exp(x − max x) with L and y of the same x.

use crate::graph::{Expr, FromEnd, Op, keep_axes};

/// s of x.
fn softmax<'g>(x: Expr<'g>, axes: &[usize]) -> Expr<'g> {
    x.graph().apply(Op::Softmax(axes.to_vec()), &[x])
}

/// Σ over the axes, which remain with size 1.
fn sum<'g>(x: Expr<'g>, axes: &[usize]) -> Expr<'g> {
    keep_axes(x.sum_axes(FromEnd(axes)), axes)
}

/// x̄ of L.
pub fn pull_back_of_log_sum_exp<'g>(axes: &[usize], x: Expr<'g>, cotangent: Expr<'g>) -> Expr<'g> {
    softmax(x, axes) * keep_axes(cotangent, axes)
}

/// L̇
pub fn push_forward_of_log_sum_exp<'g>(axes: &[usize], x: Expr<'g>, tangent: Expr<'g>) -> Expr<'g> {
    (softmax(x, axes) * tangent).sum_axes(FromEnd(axes))
}

/// x̄ of y.
pub fn pull_back_of_log_softmax<'g>(axes: &[usize], x: Expr<'g>, cotangent: Expr<'g>) -> Expr<'g> {
    cotangent - softmax(x, axes) * sum(cotangent, axes)
}

/// ẏ
pub fn push_forward_of_log_softmax<'g>(axes: &[usize], x: Expr<'g>, tangent: Expr<'g>) -> Expr<'g> {
    tangent - sum(softmax(x, axes) * tangent, axes)
}

/// x̄ of s.
pub fn pull_back<'g>(axes: &[usize], s: Expr<'g>, cotangent: Expr<'g>) -> Expr<'g> {
    s * (cotangent - sum(s * cotangent, axes))
}

/// ṡ, by the same symmetric matrix.
pub fn push_forward<'g>(axes: &[usize], s: Expr<'g>, tangent: Expr<'g>) -> Expr<'g> {
    pull_back(axes, s, tangent)
}
