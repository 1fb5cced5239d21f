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
//! | function        | domain of the comparison with 80 digits, whose relative errors are below 5 · 10⁻¹²          |
//! |-----------------|------------------------------------------------------------------------------------------------|
//! | `log_gamma`     | 10⁻³ ≤ α ≤ 10⁶                                                                                 |
//! | `logit_beta`    | 10⁻³ ≤ a, b ≤ 20;  one of them up to 10³, or 10⁶ beside 10⁻² to 2;  a = b = 10⁴                |
//! | `log_student_t` | 10⁻² ≤ ν ≤ 10⁶                                                                                 |
//! | `von_mises`     | 10⁻⁶ ≤ κ ≤ 10³, |z| ≤ 6/√(1 + κ)                                                               |
//!
//! Probabilities are from 10⁻¹² to 1 − 10⁻¹². The numbers are those of `tests/data/quantile_reference.py`.
//!
//! Reference: `figurnov2018implicit`.

mod beta;
mod digamma;
mod gamma;
mod student_t;
mod tail;
#[cfg(test)]
mod tests;
mod von_mises;

use crate::graph::Quantile;

/// The derivative of a [`Quantile`] by its first parameter at a fixed probability; `x` are the parameters and the value.
pub fn derivative(quantile: Quantile, x: impl Fn(usize) -> f64) -> f64 {
    match quantile {
        Quantile::LogGamma => gamma::log_gamma(x(0), x(1)),
        Quantile::LogitBeta => beta::logit_beta(x(0), x(1), x(2)),
        Quantile::LogStudentT => student_t::log_student_t(x(0), x(1)),
        Quantile::VonMises => von_mises::von_mises(x(0), x(1)),
    }
}
