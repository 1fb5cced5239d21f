//! The derivative of a quantile by a parameter at a fixed probability.
//!
//! ```text
//! F(y; θ) = P,  P fixed:     ∂y/∂θ = −∂θF(y; θ) / p(y; θ) = −∫_{−∞}^y s(x) p(x)/p(y) dx = ∫_y^∞ s(x) p(x)/p(y) dx,
//!                            s = ∂θ log p,   ∫ s p = 0
//! ```
//!
//! For each law here, s has one change of sign. Integrated from y to the end of the support on y's own side of it, no part of
//! the integral cancels another, so the relative error is that of the integrand. The coordinate y is chosen such that log p is
//! concave: log z for a Gamma variate, logit z for a Beta variate, log |t| for Student's t. Where that makes the range very long
//! compared with a bend of log p (concentrations below 1), power series are used instead.
//!
//! Everything is computed in double precision and rounded once. Outside of the domain, the result is NaN.
//!
//! | function     | domain in which the relative error is below 10⁻¹⁰ (`tests/data/quantile_reference.py`)  |
//! |--------------|------------------------------------------------------------------------------------------|
//! | `log_gamma`  | 10⁻³ ≤ α ≤ 10¹², probabilities from 10⁻¹² to 1 − 10⁻¹²                                    |
//!
//! Reference: `figurnov2018implicit`.

mod gamma;
mod tail;
#[cfg(test)]
mod tests;

use crate::graph::Quantile;

/// The derivative by the first parameter; `x` are the parameters and the value.
pub(crate) fn derivative(quantile: Quantile, x: impl Fn(usize) -> f64) -> f64 {
    match quantile {
        Quantile::LogGamma => gamma::log_gamma(x(0), x(1)),
    }
}
