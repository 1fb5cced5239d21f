//! Functions that are composed of operations. Their derivatives follow automatically.

use super::axes::{Axes, FromEnd};
use super::expr::{Expr, IntoExpr, concat};
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

    /// log(1 / (1 + e⁻ˣ))
    #[track_caller]
    pub fn log_sigmoid(self) -> Self {
        -(-self).softplus()
    }

    /// The hyperbolic sine, which overflows only where the result does.
    ///
    /// ```text
    /// sinh x = 2 t / (1 − t²),  t = tanh(x/2)      |x| < 1, where the second derivative, sinh x, keeps its digits
    ///        = 2 sinh(x/2) cosh(x/2)               elsewhere
    /// ```
    #[track_caller]
    pub fn sinh(self) -> Self {
        let half = 0.5 * self;
        let near = self.is_below(1.0);
        let t = near.select(half, 0.0).tanh();
        near.select(2.0 * t / (1.0 - t.square()), half.half_of_difference() * (half.exp() + (-half).exp()))
            .is_continuous_in([self])
    }

    /// cosh x = 1 + 2 sinh²(x/2)
    #[track_caller]
    pub fn cosh(self) -> Self {
        1.0 + 2.0 * (0.5 * self).half_of_difference().square()
    }

    /// (eˣ − e⁻ˣ) / 2
    fn half_of_difference(self) -> Self {
        0.5 * (self.expm1() - (-self).expm1())
    }

    /// The arc sine, from −π/2 to π/2; NaN outside of [−1, 1].
    #[track_caller]
    pub fn asin(self) -> Self {
        self.atan2(self.other_leg())
    }

    /// The arc cosine, from 0 to π; NaN outside of [−1, 1].
    #[track_caller]
    pub fn acos(self) -> Self {
        self.other_leg().atan2(self)
    }

    /// The arc tangent, from −π/2 to π/2.
    #[track_caller]
    pub fn atan(self) -> Self {
        self.atan2(1.0)
    }

    /// √(1 − x²). Below ½ the derivative of 1 − x² keeps its digits, and above it the value of the product.
    fn other_leg(self) -> Self {
        let square = self.is_below(0.5).select(1.0 - self.square(), (1.0 - self) * (1.0 + self));
        square.is_continuous_in([self]).sqrt()
    }

    /// Whether |x| < `limit`: chooses between two formulas of one function, between which nothing jumps.
    fn is_below(self, limit: f64) -> Self {
        self.stop_gradient().abs().less(limit)
    }

    /// The inverse of the error function; ±∞ at ±1, NaN outside of [−1, 1].
    ///
    /// ```text
    /// erf⁻¹ x = Φ⁻¹((1 + x)/2) / √2 = y₀,   near 0 improved by steps of Newton's method: y₁ = y₀ − (erf y₀ − x) / (2/√π e^(−y₀²))
    /// ```
    ///
    /// The second step is for the second derivative, 2 y (y')², which has the digits of the y from which it is computed.
    #[track_caller]
    pub fn erfinv(self) -> Self {
        let start = (0.5 * (1.0 + self)).normal_quantile() * std::f64::consts::FRAC_1_SQRT_2;
        // (1 + x)/2 drops what is small beside 1.
        let near = self.is_below(0.5);
        let x = near.select(self, 0.0);
        let step = |y: Self| y - (y.erf() - x) / (std::f64::consts::FRAC_2_SQRT_PI * (-y.square()).exp());
        near.select(step(step(near.select(start, 0.0))), start).is_continuous_in([self])
    }

    /// x log y, and 0 at x = 0 for every y.
    #[track_caller]
    pub fn xlogy(self, y: impl IntoExpr<'g>) -> Self {
        let y = y.into_expr(self.graph());
        // At x = 0 the product is continuous in x; the stopped gradient says so to those who look for jumps.
        let none = self.stop_gradient().equal(0.0);
        self * none.select(1.0, y).log()
    }

    /// Differences of neighbours along the last axis, which becomes one shorter.
    #[track_caller]
    pub fn diff(self) -> Self {
        match self.shape().last() {
            Some(&n) if n > 0 => self.slice(-1, 1, n - 1) - self.slice(-1, 0, n - 1),
            _ => self.no_elements("diff"),
        }
    }

    /// Running products along the last axis, in log₂ n steps: after the step of distance d, element i is the product of the last 2d
    /// elements up to i.
    #[track_caller]
    pub fn cumprod(self) -> Self {
        let Some(&n) = self.shape().last() else { return self.no_elements("cumprod") };
        let mut product = self;
        let mut distance = 1;
        while distance < n {
            let ones = self.graph().full([distance], 1.0).broadcast_like(product, distance);
            let before = concat(&[ones, product.slice(-1, 0, n - distance)], -1);
            product = product * before.unwrap_or(product);
            distance *= 2;
        }
        product
    }

    /// A vector with the leading axes of another expression, and `n` elements.
    fn broadcast_like(self, other: Self, n: usize) -> Self {
        let shape = other.shape();
        self.broadcast_to(shape.leading(shape.rank() - 1).join(&[n]))
    }

    pub(super) fn no_elements(self, operation: &str) -> Self {
        let problem = format!("it needs a last axis with an element, got shape {}", self.shape());
        self.graph().fail(Error::shape(operation, problem))
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
