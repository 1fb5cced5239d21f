//! Functions written with the operations: their derivatives follow by themselves.

use super::expr::Expr;
use super::op::Reduction;

impl<'g> Expr<'g> {
    /// log(x / (1 − x))
    pub fn logit(self) -> Self {
        self.log() - (-self).log1p()
    }

    /// max(x, 0), with the derivative ½ at 0.
    pub fn relu(self) -> Self {
        self.maximum(0.0)
    }

    /// ψ(x), the derivative of log Γ.
    pub fn digamma(self) -> Self {
        self.polygamma(0)
    }

    /// Within `[low, high]`.
    pub fn clamp(self, low: Expr<'g>, high: Expr<'g>) -> Self {
        self.maximum(low).minimum(high)
    }

    /// The largest along axes counted from the end, which stay as axes of size 1, with 0 in place of infinities, so
    /// that it can be subtracted; no derivative.
    fn finite_max(self, axes: &[usize]) -> Self {
        let max = keep_axes(self.reduce(Reduction::Max, axes), axes).stop_gradient();
        max.abs().less(f64::INFINITY).select(max, 0.0)
    }

    /// log Σ eˣ over axes counted from the end, stable for any x.
    ///
    /// ```text
    /// log Σ eˣ = m + log Σ e^(x − m),   m = max x (0 where the maximum is infinite)
    /// ```
    pub fn logsumexp(self, axes: &[usize]) -> Self {
        let max = self.finite_max(axes);
        let sum = (self - max).exp().sum_axes(axes);
        drop_axes(max, axes) + sum.log()
    }

    /// x − log Σ eˣ along the last axis.
    pub fn log_softmax(self) -> Self {
        let shifted = self - self.finite_max(&[0]);
        shifted - shifted.exp().sum_axes(&[0]).unsqueeze(0).log()
    }

    /// eˣ / Σ eˣ along the last axis.
    pub fn softmax(self) -> Self {
        let e = (self - self.finite_max(&[0])).exp();
        e / e.sum_axes(&[0]).unsqueeze(0)
    }

    /// Σ x y along the last axis of vectors (and, with leading axes, of each pair of vectors).
    pub fn dot(self, other: Expr<'g>) -> Self {
        (self * other).sum_axes(&[0])
    }

    /// Rows of the identity: 1 at place `self` of `n`, on a new last axis.
    pub fn one_hot(self, n: usize) -> Self {
        let places = self.graph().iota(n);
        let places = places.with_rank(self.rank() + 1);
        self.unsqueeze(0).equal(places)
    }
}

/// Puts axes of size 1 back where `axes` (counted from the end of the result) were reduced.
pub(crate) fn keep_axes<'g>(reduced: Expr<'g>, axes: &[usize]) -> Expr<'g> {
    let mut axes = axes.to_vec();
    axes.sort_unstable();
    axes.into_iter().fold(reduced, |e, axis| e.unsqueeze(axis))
}

fn drop_axes<'g>(kept: Expr<'g>, axes: &[usize]) -> Expr<'g> {
    let mut axes = axes.to_vec();
    axes.sort_unstable();
    axes.into_iter().rev().fold(kept, |e, axis| e.squeeze(axis))
}
