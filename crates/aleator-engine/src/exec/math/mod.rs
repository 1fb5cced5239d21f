//! Elementary and special functions, for `f32` and `f64`, with the same bits on every instruction set.
//!
//! Every function of [`Real`] except the trigonometric ones, `lgamma`, `polygamma` and `pow` is free of branches and of
//! table look-ups, so that a plain loop over slices becomes SIMD code wherever it is inlined into a function compiled
//! for wider registers (`pulp::Arch::dispatch`). Products and sums are written separately, never as `mul_add`: a fused
//! operation would round differently from one machine to another, or call a library where there is none.
//!
//! The coefficients come from `tests/data/math_coefficients.py` unless a file names another source; the errors that the
//! files state are in units in the last place (ulp) of the exact result, measured against mpmath.

mod erf;
mod exp;
mod format;
mod gamma;
mod log;
mod logistic;
mod normal_quantile;
mod pow;
mod real;
mod trig;

#[cfg(test)]
mod tests;

pub use real::Real;
