//! The number types for which programs are compiled.

use super::format::Format;
use super::{erf, exp, gamma, log, logistic, normal_quantile, pow, trig};

/// `f32` or `f64`, with the functions of graph operations.
///
/// Call these functions where the type is a parameter `T: Real`. On a concrete `f32` or `f64`, the methods of the standard
/// library with the same name (`exp`, `sin`, `abs`, ...) take precedence. They are neither vectorised nor the same on every
/// machine. For concrete types, write `Real::exp(x)`.
pub trait Real:
    Format
    + exp::Constants
    + log::Constants
    + logistic::Constants
    + erf::Constants
    + normal_quantile::Quantile
    + gamma::LogGamma
    + trig::Trigonometric
    + pow::Power
{
    /// Whether x is NaN.
    #[inline(always)]
    #[expect(clippy::eq_op, reason = "NaN is what differs from itself")]
    fn is_nan(self) -> bool {
        self != self
    }

    /// Whether x is neither infinite nor NaN.
    #[inline(always)]
    fn is_finite(self) -> bool {
        Format::abs(self) < Self::INFINITY
    }

    /// -1, 1, or x itself where x is ±0 or NaN.
    #[inline(always)]
    fn sign(self) -> Self {
        let (zero, one) = (Self::default(), Self::from_f64(1.0));
        let negative_or_self = if self < zero { -one } else { self };
        if self > zero { one } else { negative_or_self }
    }

    /// The larger of the two; NaN if either is.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        if self > other || self.is_nan() { self } else { other }
    }

    /// The smaller of the two; NaN if either is.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        if self < other || self.is_nan() { self } else { other }
    }

    /// eˣ
    #[inline(always)]
    fn exp(self) -> Self {
        exp::exp(self)
    }

    /// eˣ - 1, accurate near 0.
    #[inline(always)]
    fn expm1(self) -> Self {
        exp::expm1(self)
    }

    /// The natural logarithm; -∞ at ±0 and NaN below.
    #[inline(always)]
    fn log(self) -> Self {
        log::log(self)
    }

    /// log(1 + x), accurate near 0; -∞ at -1 and NaN below.
    #[inline(always)]
    fn log1p(self) -> Self {
        log::log1p(self)
    }

    /// 1 / (1 + e⁻ˣ)
    #[inline(always)]
    fn sigmoid(self) -> Self {
        self.sigmoid_given(self.exp_neg_abs())
    }

    /// log(1 + eˣ)
    #[inline(always)]
    fn softplus(self) -> Self {
        self.softplus_given(self.exp_neg_abs())
    }

    /// exp(-|x|), which sigmoid and softplus of x and of -x share.
    #[inline(always)]
    fn exp_neg_abs(self) -> Self {
        logistic::exp_neg_abs(self)
    }

    /// 1 / (1 + e⁻ˣ), given e = exp(-|x|) of x or of -x: the same bits as without.
    #[inline(always)]
    fn sigmoid_given(self, exp_neg_abs: Self) -> Self {
        logistic::sigmoid(self, exp_neg_abs)
    }

    /// log(1 + eˣ), given e = exp(-|x|) of x or of -x: the same bits as without.
    #[inline(always)]
    fn softplus_given(self, exp_neg_abs: Self) -> Self {
        logistic::softplus(self, exp_neg_abs)
    }

    /// The hyperbolic tangent.
    #[inline(always)]
    fn tanh(self) -> Self {
        logistic::tanh(self)
    }

    /// The error function.
    #[inline(always)]
    fn erf(self) -> Self {
        erf::erf(self)
    }

    /// The quantile function of the standard normal distribution; ∓∞ at 0 and 1, NaN outside.
    #[inline(always)]
    fn normal_quantile(self) -> Self {
        normal_quantile::normal_quantile(self)
    }

    /// log |Γ(x)|; +∞ at the poles.
    #[inline(always)]
    fn lgamma(self) -> Self {
        gamma::LogGamma::lgamma(self)
    }

    /// The derivative of order n + 1 of log Γ: digamma for n = 0, trigamma for n = 1.
    #[inline(always)]
    fn polygamma(self, n: u32) -> Self {
        Self::from_f64(gamma::polygamma(n, self.to_f64()))
    }

    /// The sine of x radians.
    #[inline(always)]
    fn sin(self) -> Self {
        trig::Trigonometric::sin(self)
    }

    /// The cosine of x radians.
    #[inline(always)]
    fn cos(self) -> Self {
        trig::Trigonometric::cos(self)
    }

    /// The tangent of x radians.
    #[inline(always)]
    fn tan(self) -> Self {
        trig::Trigonometric::tan(self)
    }

    /// The angle of the point (y, x) in radians, from −π to π; y is `self`.
    #[inline(always)]
    fn atan2(self, x: Self) -> Self {
        trig::Trigonometric::atan2(self, x)
    }

    /// xʸ as in IEEE 754.
    #[inline(always)]
    fn pow(self, exponent: Self) -> Self {
        pow::pow(self, exponent)
    }
}

impl Real for f32 {}
impl Real for f64 {}
