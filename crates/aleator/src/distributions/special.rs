//! What is left of log Γ when its large terms have cancelled, so that log-densities of large counts and concentrations
//! keep their digits (`loader2000fast`).
//!
//! ```text
//! log Γ(x) = (x − ½) log x − x + ½ log 2π + δ(x),    δ(x) = Σₖ B₂ₖ / (2k (2k−1) x²ᵏ⁻¹) + …       (Stirling, Binet)
//! ψ(x) = log x + r(x),                               r(x) = −1/(2x) − Σₖ B₂ₖ / (2k x²ᵏ) − …
//! D(x, m) = x log(x/m) − x + m  =  x (t − log(1 + t)),   t = (m − x)/x                      (half the deviance)
//! log I₀(κ) = log 1/N Σⱼ e^(κ cos θⱼ),   θⱼ = 2πj/N          κ < 50: the trapezoidal rule of I₀'s integral
//!           = κ − ½ log 2πκ + log Σₖ ((2k−1)!!)² / (k! (8κ)ᵏ)      κ ≥ 50
//! ```
//!
//! Below x = 10, δ and r are taken from log Γ and ψ themselves. With N = 64 the rule's error is 2 I₆₄(κ), at most 10⁻¹⁷ of
//! I₀ for κ < 50. Each function may be differentiated to any order.

use std::f64::consts::{PI, TAU};

use aleator_engine::graph::Expr;

/// ½ log 2π
pub(super) const HALF_LOG_TAU: f64 = 0.918_938_533_204_672_8;

/// Where the series of δ and r begin to serve.
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
    let large = x.greater_equal(LARGE);
    let reciprocal = 1.0 / large.select(x, LARGE);
    let coefficients: Vec<f64> = BERNOULLI.iter().enumerate().map(|(i, b)| b / (2 * i + 1) as f64).collect();
    let series = reciprocal * polynomial(&coefficients, reciprocal.square());
    let small = large.select(LARGE, x);
    large.select(series, small.lgamma() - (small - 0.5) * small.log() + small - HALF_LOG_TAU)
}

/// r(x) = ψ(x) − log x, x > 0
pub(super) fn digamma_minus_log(x: Expr<'_>) -> Expr<'_> {
    let large = x.greater_equal(LARGE);
    let reciprocal = 1.0 / large.select(x, LARGE);
    let square = reciprocal.square();
    let series = -0.5 * reciprocal - square * polynomial(&BERNOULLI, square);
    let small = large.select(LARGE, x);
    large.select(series, small.digamma() - small.log())
}

/// D(x, m), x ≥ 0; D(0, m) = m.
pub(super) fn deviance<'g>(x: Expr<'g>, m: Expr<'g>) -> Expr<'g> {
    let none = x.equal(0.0);
    let x = none.select(1.0, x);
    let t = (m - x) / x;
    // Far from 0 the quotient loses what the logarithms keep. (The inner selections keep 0 · ∞ out of derivatives.)
    let near = t.abs().less(0.5);
    let far = (none + near).select(1.0, m).log() - (none + near).select(1.0, x).log();
    let log_ratio = near.select(near.select(t, 0.0).log1p(), far);
    none.select(m, (m - x) - x * log_ratio)
}

/// Where the asymptotic series of I₀ begins to serve.
const LARGE_KAPPA: f64 = 50.0;

/// log I₀(κ), κ ≥ 0
pub(super) fn log_bessel_i0(kappa: Expr<'_>) -> Expr<'_> {
    const N: usize = 64;
    let graph = kappa.graph();
    let large = kappa.greater_equal(LARGE_KAPPA);
    let asymptotic = {
        let kappa = large.select(kappa, LARGE_KAPPA);
        let coefficients: Vec<f64> = (0..14)
            .scan(1.0, |term: &mut f64, k: i32| {
                let this = *term;
                *term *= f64::from(2 * k + 1).powi(2) / (8.0 * f64::from(k + 1));
                Some(this)
            })
            .collect();
        kappa - 0.5 * (TAU * kappa).log() + polynomial(&coefficients, 1.0 / kappa).log()
    };
    // The circle is symmetric: half of it, where the two ends count once.
    let cosines: Vec<f64> = (0..=N / 2).map(|j| (2.0 * PI * j as f64 / N as f64).cos()).collect();
    let weights: Vec<f64> =
        (0..=N / 2).map(|j| if j % (N / 2) == 0 { 1.0 } else { 2.0 } / N as f64).collect();
    let n = cosines.len();
    let small = large.select(0.0, kappa).unsqueeze(0);
    let row = |values: Vec<f64>| graph.tensor([n], values);
    let terms = (small * (row(cosines) - 1.0)).exp() * row(weights);
    let integral = large.select(0.0, kappa) + terms.sum_axes(&[0]).log();
    large.select(asymptotic, integral)
}

/// Whether it is 0, 1, 2, …
pub(super) fn is_count(z: Expr<'_>) -> Expr<'_> {
    z.greater_equal(0.0) * z.equal(z.floor()) * z.less(f64::INFINITY)
}
