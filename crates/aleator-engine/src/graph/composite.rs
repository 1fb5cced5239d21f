//! Functions that are composed of operations. Their derivatives follow automatically.

use super::axes::{Axes, FromEnd};
use super::expr::{Expr, IntoExpr};
use super::op::Reduction;
use crate::error::Error;

/// A range of numbers whose squares, sums of many squares, and reciprocals of these are far from the limits of either number
/// format.
const MODERATE: f64 = 1e12;

impl<'g> Expr<'g> {
    /// log(x / (1 − x))
    #[track_caller]
    pub fn logit(self) -> Self {
        self.log() - (-self).log1p()
    }

    /// max(x, 0), with the derivative ½ at 0.
    #[track_caller]
    pub fn relu(self) -> Self {
        self.maximum(0.0)
    }

    /// ψ(x), the derivative of log Γ.
    #[track_caller]
    pub fn digamma(self) -> Self {
        self.polygamma(0)
    }

    /// Clamps to `[low, high]`. If the interval is empty, this is an error if its ends are constants, and gives NaN otherwise.
    #[track_caller]
    pub fn clamp(self, low: impl IntoExpr<'g>, high: impl IntoExpr<'g>) -> Self {
        let graph = self.graph();
        let (low, high) = (low.into_expr(graph), high.into_expr(graph));
        let clamped = self.maximum(low).minimum(high);
        match (graph.scalar_value(low.id()), graph.scalar_value(high.id())) {
            (Some(low), Some(high)) if low > high => {
                let problem = format!("the lower bound {low} exceeds the upper bound {high}; exchange them");
                graph.fail(Error::Argument { operation: "clamp".into(), problem })
            }
            (Some(_), Some(_)) => clamped,
            _ => high.stop_gradient().less(low.stop_gradient()).select(f64::NAN, clamped),
        }
    }

    /// √Σ x² over one axis or several, without overflow and underflow of the squares. The derivative x/√Σ x² is defined as
    /// 0 (a subgradient) at x = 0.
    ///
    /// ```text
    /// √Σ x² = s √Σ (x/s)²,   s = 1 where m = max |x| is moderate, else m, in either number format
    /// ```
    pub fn norm(self, axes: impl Axes) -> Self {
        match self.positions("norm", axes) {
            Ok(axes) => self.norm_over(&axes),
            Err(error) => self.graph().fail(error),
        }
    }

    fn norm_over(self, axes: &[usize]) -> Self {
        // `finite_max` is 0 if all numbers are 0 or if one is infinite. In both cases the scale has no effect on the result.
        let max = self.stop_gradient().abs().finite_max(axes);
        let moderate = max.equal(0.0) + max.greater(MODERATE.recip()) * max.less(MODERATE);
        let normal = max.maximum(f64::MIN_POSITIVE);
        // Derivatives need 1/s. In the narrower format the bound is 0, so the smallest normal number of that format is used
        // instead.
        let invertible = (1.0 / normal).less(f64::INFINITY).select(normal, f64::from(f32::MIN_POSITIVE));
        let scale = moderate.select(1.0, invertible);
        let squares = (self / scale).square().sum_axes(FromEnd(axes));
        let zero = squares.stop_gradient().equal(0.0);
        let root = zero.select(0.0, zero.select(1.0, squares).sqrt());
        drop_axes(scale, axes) * root
    }

    /// The maximum along axes counted from the end, which remain as axes of size 1. Infinities are replaced by 0, so that the
    /// maximum can be subtracted. It has no derivative.
    fn finite_max(self, axes: &[usize]) -> Self {
        let max = keep_axes(self.reduce(Reduction::Max, FromEnd(axes)), axes).stop_gradient();
        max.abs().less(f64::INFINITY).select(max, 0.0)
    }

    /// Σ x y along the last axis of vectors (and, with leading axes, of each pair of vectors).
    pub fn dot(self, other: Expr<'g>) -> Self {
        (self * other).sum_axes(-1)
    }
}

/// Inserts axes of size 1 where `axes` (counted from the end of the result) were reduced.
pub(crate) fn keep_axes<'g>(reduced: Expr<'g>, axes: &[usize]) -> Expr<'g> {
    let mut axes = axes.to_vec();
    axes.sort_unstable();
    axes.into_iter().fold(reduced, |e, axis| e.unsqueeze(FromEnd(axis)))
}

fn drop_axes<'g>(kept: Expr<'g>, axes: &[usize]) -> Expr<'g> {
    let mut axes = axes.to_vec();
    axes.sort_unstable();
    axes.into_iter().rev().fold(kept, |e, axis| e.squeeze(FromEnd(axis)))
}
