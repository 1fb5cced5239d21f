//! The remainders of log Γ after its large terms have cancelled, so that log-densities of large counts and concentrations are
//! accurate (`loader2000fast`).
//!
//! ```text
//! log Γ(x) = (x − ½) log x − x + ½ log 2π + δ(x),    δ(x) = Σₖ B₂ₖ / (2k (2k−1) x²ᵏ⁻¹) + …       (Stirling, Binet)
//! ψ(x) = log x + r(x),                               r(x) = −1/(2x) − Σₖ B₂ₖ / (2k x²ᵏ) − …
//! D(x, m) = x log(x/m) − x + m  =  x (t − log(1 + t)),   t = (m − x)/x                      (half the deviance)
//! log I₀(κ) = log 1/N Σⱼ e^(κ cos θⱼ),   θⱼ = 2πj/N          κ < 50: the trapezoidal rule of I₀'s integral
//!           = κ − ½ log 2πκ + log Σₖ ((2k−1)!!)² / (k! (8κ)ᵏ)      κ ≥ 50
//! ```
//!
//! Below x = 10, δ and r are computed from log Γ and ψ. With N = 64, the error of the trapezoidal rule is 2 I₆₄(κ), at most 10⁻¹⁷
//! of I₀ for κ < 50. Each function can be differentiated to any order.

use std::f64::consts::{PI, TAU};

use aleator_engine::graph::{Expr, Graph};

/// ½ log 2π
pub(super) const HALF_LOG_TAU: f64 = 0.918_938_533_204_672_8;

/// Euler's constant γ.
pub(super) const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

/// The smallest x for which the series of δ and r are used.
const LARGE: f64 = 10.0;

/// B₂ₖ / (2k), k = 1, 2, …
const BERNOULLI: [f64; 8] = [
    1.0 / 12.0,
    -1.0 / 120.0,
    1.0 / 252.0,
    -1.0 / 240.0,
    1.0 / 132.0,
    -691.0 / 32760.0,
    1.0 / 12.0,
    -3617.0 / 8160.0,
];

/// Σ cₖ sᵏ
fn polynomial<'g>(coefficients: &[f64], s: Expr<'g>) -> Expr<'g> {
    let zero = s.graph().scalar(0.0);
    coefficients.iter().rev().fold(zero, |sum, &c| sum * s + c)
}

/// δ(x), x > 0
pub(super) fn stirling_error(x: Expr<'_>) -> Expr<'_> {
    let large = place(x).greater_equal(LARGE);
    let reciprocal = 1.0 / large.select(x, LARGE);
    let coefficients: Vec<f64> = BERNOULLI.iter().enumerate().map(|(i, b)| b / (2 * i + 1) as f64).collect();
    let series = reciprocal * polynomial(&coefficients, reciprocal.square());
    let small = large.select(LARGE, x);
    large
        .select(series, small.lgamma() - (small - 0.5) * small.log() + small - HALF_LOG_TAU)
        .is_continuous_in([x])
}

/// r(x) = ψ(x) − log x, x > 0
pub(super) fn digamma_minus_log(x: Expr<'_>) -> Expr<'_> {
    let large = place(x).greater_equal(LARGE);
    let reciprocal = 1.0 / large.select(x, LARGE);
    let square = reciprocal.square();
    let series = -0.5 * reciprocal - square * polynomial(&BERNOULLI, square);
    let small = large.select(LARGE, x);
    large.select(series, small.digamma() - small.log()).is_continuous_in([x])
}

/// D(x, m), x ≥ 0; D(0, m) = m.
pub(super) fn deviance<'g>(x: Expr<'g>, m: Expr<'g>) -> Expr<'g> {
    let (none, empty) = (place(x).equal(0.0), place(m).equal(0.0));
    let known = none + empty;
    let log_m = empty.select(f64::NEG_INFINITY, known.select(1.0, m).log());
    deviance_by_log(x, m, log_m)
}

/// D(x, m) from log m, which may be more accurate than m; m may be 0.
pub(super) fn deviance_by_log<'g>(x: Expr<'g>, m: Expr<'g>, log_m: Expr<'g>) -> Expr<'g> {
    let none = place(x).equal(0.0);
    let positive = place(x).less_equal(0.0).select(1.0, x);
    let t = (m - positive) / positive;
    // Far from 0 the quotient loses what the logarithms keep. (The inner selection keeps 0 · ∞ out of derivatives.)
    let near = place(t).abs().less(0.5);
    let log_ratio = near.select(near.select(t, 0.0).log1p(), log_m - positive.log());
    none.select(m, (m - positive) - positive * log_ratio).is_continuous_in([x, m, log_m])
}

/// The argument of a condition that chooses between formulas of one function, or the value at an end of its domain. Nothing jumps there,
/// which the stopped gradient says to those who search for jumps along a derivative; a condition has no derivative in any case. Control
/// variates are also computed between the outcomes of what is stopped: the function's result says by `is_continuous_in` that its
/// formulas meet.
pub(super) fn place(x: Expr<'_>) -> Expr<'_> {
    x.stop_gradient()
}

/// eᵗ − 1 − t ≥ 0, accurate at small t. (−1 − log r + r at r = eᵗ.)
pub(super) fn exp_excess(t: Expr<'_>) -> Expr<'_> {
    t.expm1() - t
}

/// A moment that is infinite unless α is greater than `order`.
pub(super) fn moment_above<'g>(
    order: f64,
    alpha: Expr<'g>,
    moment: impl Fn(Expr<'g>) -> Expr<'g>,
) -> Expr<'g> {
    let exists = place(alpha).greater(order);
    exists.select(moment(exists.select(alpha, order + 1.0)), f64::INFINITY)
}

/// Replaces negative values, which are rounding errors, by 0. Derivatives do not change.
pub(super) fn at_least_zero(x: Expr<'_>) -> Expr<'_> {
    let value = x.stop_gradient();
    value.less(0.0).select(x - value, x)
}

/// log(1 + (x/s)²), s > 0, without overflow of the quotient or its square. Far from 0, the maximum only says that |x| is positive.
pub(super) fn log1p_square<'g>(x: Expr<'g>, s: Expr<'g>) -> Expr<'g> {
    let ratio = x / s;
    let far = place(ratio).abs().greater(1e8);
    let near = far.select(0.0, ratio).square().log1p();
    let log_of_far = far.select(x, 1.0).abs().maximum(f64::MIN_POSITIVE).log();
    far.select(2.0 * (log_of_far - s.log()), near).is_continuous_in([x, s])
}

/// log B(x, y) = log Γ(x) + log Γ(y) − log Γ(x + y)
///
/// ```text
/// with n = x + y:   −x log(n/x) − y log(n/y) + ½ log(2πn/(xy)) + δ(x) + δ(y) − δ(n)
/// ```
pub(super) fn log_beta<'g>(x: Expr<'g>, y: Expr<'g>) -> Expr<'g> {
    let n = x + y;
    let powers = -x * (y / x).log1p() - y * (x / y).log1p();
    let errors = stirling_error(x) + stirling_error(y) - stirling_error(n);
    powers + 0.5 * (n.log() - x.log() - y.log()) + HALF_LOG_TAU + errors
}

/// The smallest κ for which the asymptotic series of I₀ is used.
const LARGE_KAPPA: f64 = 50.0;

/// cos θⱼ − 1 and the weights of the trapezoidal rule on half of the circle. The two ends have half the weight.
fn circle(graph: &Graph) -> (Expr<'_>, Expr<'_>) {
    const N: usize = 64;
    let nodes = 0..=N / 2;
    let cosine = |j: usize| -2.0 * (PI * j as f64 / N as f64).sin().powi(2);
    let weight = |j: usize| if j.is_multiple_of(N / 2) { 1.0 } else { 2.0 } / N as f64;
    let row = |values: Vec<f64>| graph.tensor([values.len()], values);
    (row(nodes.clone().map(cosine).collect()), row(nodes.map(weight).collect()))
}

/// ((2k−1)!!)² / (k! 8ᵏ)
fn asymptotic_coefficients() -> Vec<f64> {
    let next = |term: &f64, k: u32| term * f64::from(2 * k + 1).powi(2) / (8.0 * f64::from(k + 1));
    let mut coefficients = vec![1.0];
    for k in 0..14 {
        coefficients.extend(coefficients.last().map(|term| next(term, k)));
    }
    coefficients
}

/// log I₀(κ) − κ, κ ≥ 0
pub(super) fn log_bessel_i0_minus(kappa: Expr<'_>) -> Expr<'_> {
    let large = place(kappa).greater_equal(LARGE_KAPPA);
    let asymptotic = {
        let kappa = large.select(kappa, LARGE_KAPPA);
        polynomial(&asymptotic_coefficients(), 1.0 / kappa).log() - 0.5 * (TAU * kappa).log()
    };
    let (cosines, weights) = circle(kappa.graph());
    let terms = (large.select(0.0, kappa).unsqueeze(-1) * cosines).exp() * weights;
    large.select(asymptotic, terms.sum_axes(-1).log()).is_continuous_in([kappa])
}

/// 1 − I₁(κ)/I₀(κ), κ ≥ 0: one minus the derivative of log I₀.
pub(super) fn one_minus_bessel_ratio(kappa: Expr<'_>) -> Expr<'_> {
    let large = place(kappa).greater_equal(LARGE_KAPPA);
    let asymptotic = {
        let reciprocal = 1.0 / large.select(kappa, LARGE_KAPPA);
        let coefficients = asymptotic_coefficients();
        let derivative: Vec<f64> =
            coefficients.iter().enumerate().skip(1).map(|(k, c)| k as f64 * c).collect();
        let ratio = polynomial(&derivative, reciprocal) / polynomial(&coefficients, reciprocal);
        reciprocal * (0.5 + reciprocal * ratio)
    };
    let (cosines, weights) = circle(kappa.graph());
    let terms = (large.select(0.0, kappa).unsqueeze(-1) * cosines).exp() * weights;
    let mean = (terms * -cosines).sum_axes(-1) / terms.sum_axes(-1);
    large.select(asymptotic, mean).is_continuous_in([kappa])
}

/// 1 if the number is 0, 1, 2, …, else 0.
pub(super) fn is_count(z: Expr<'_>) -> Expr<'_> {
    z.greater_equal(0.0) * z.equal(z.floor()) * z.less(f64::INFINITY)
}

// The following keep a draw that rounds to the border of its support inside of it, in either number format: a bound that
// the narrower format rounds to the border itself changes nothing there, and then the equality is what holds.

/// The maximum of x and the smallest normal number.
pub(super) fn away_from_zero(z: Expr<'_>) -> Expr<'_> {
    let z = z.maximum(f64::MIN_POSITIVE);
    z.equal(0.0).select(f64::from(f32::MIN_POSITIVE), z)
}

/// The minimum of x and the largest number below 1.
pub(super) fn below_one(z: Expr<'_>) -> Expr<'_> {
    let z = z.minimum(1.0 - f64::EPSILON / 2.0);
    z.equal(1.0).select(1.0 - f64::from(f32::EPSILON) / 2.0, z)
}

/// Clamps x to finite numbers.
pub(super) fn finite(z: Expr<'_>) -> Expr<'_> {
    let z = z.maximum(f64::MIN).minimum(f64::MAX);
    z.abs().equal(f64::INFINITY).select(z.sign() * f64::from(f32::MAX), z)
}
