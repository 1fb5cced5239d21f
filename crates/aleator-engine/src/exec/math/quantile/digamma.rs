//! Differences of digamma functions, without cancellation.
//!
//! ```text
//! log x − ψ(x) = 1/(2x) + Σₖ B₂ₖ/(2k) x⁻²ᵏ                                                           x ≥ 15
//! ψ(a + b) − ψ(a) = Σ_{j < m} b / ((a + j) (a + b + j)) + the same of a + m
//!                 = log(1 + b/a) + b / (2 a (a + b)) + Σₖ B₂ₖ/(2k) (a⁻²ᵏ − (a + b)⁻²ᵏ)                 a ≥ 15
//! ψ((ν + 1)/2) − ψ(ν/2) − 1/ν = C(ν) = 1/(ν (ν + 1)) − C(ν + 1)
//!                                    = Σₖ (4ᵏ − 1) B₂ₖ / (k ν²ᵏ)                                      ν ≥ 20
//! ```

/// B₂ₖ, k = 1, 2, ...
const BERNOULLI: [f64; 10] = [
    1.0 / 6.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    5.0 / 66.0,
    -691.0 / 2730.0,
    7.0 / 6.0,
    -3617.0 / 510.0,
    43867.0 / 798.0,
    -174611.0 / 330.0,
];

/// The smallest argument for which the asymptotic series of ψ are used.
pub(super) const LARGE: f64 = 15.0;

/// log x − ψ(x), for x ≥ `LARGE`.
pub(super) fn log_excess(x: f64) -> f64 {
    let square = 1.0 / (x * x);
    let term = |(k, bernoulli): (usize, &f64)| bernoulli / (2 * (k + 1)) as f64;
    let series = BERNOULLI.iter().enumerate().map(term).rev().fold(0.0, |sum, c| sum * square + c);
    0.5 / x + series * square
}

/// ψ(a + b) − ψ(a), for positive a and b.
pub(super) fn difference(mut a: f64, b: f64) -> f64 {
    let mut sum = 0.0;
    while a < LARGE {
        sum += b / (a + b) / a;
        a += 1.0;
    }
    let n = a + b;
    let log_ratio = libm::log1p(b / a);
    let (square, mut power, mut series) = (1.0 / (a * a), 1.0, 0.0);
    for (k, bernoulli) in BERNOULLI.iter().enumerate() {
        let twice = 2.0 * (k + 1) as f64;
        power *= square;
        series -= bernoulli / twice * power * libm::expm1(-twice * log_ratio);
    }
    sum + (log_ratio + 0.5 * (b / n) / a + series)
}

/// ψ((ν + 1)/2) − ψ(ν/2) − 1/ν, for positive ν.
pub(super) fn half_step_excess(nu: f64) -> f64 {
    let steps = if nu < 20.0 { (20.0 - nu).ceil() as usize } else { 0 };
    let end = nu + steps as f64;
    let square = 1.0 / (end * end);
    let (mut power, mut fours, mut sum) = (1.0, 1.0, 0.0);
    for (k, bernoulli) in BERNOULLI.iter().enumerate() {
        power *= square;
        fours *= 4.0;
        sum += (fours - 1.0) * bernoulli / (k + 1) as f64 * power;
    }
    for j in (0..steps).rev() {
        let nu = nu + j as f64;
        sum = 1.0 / (nu * (nu + 1.0)) - sum;
    }
    sum
}
