//! Elementary and special functions, for `f32` and `f64`, with the same bits on every instruction set.
//!
//! Every function of [`Real`] except the trigonometric ones, `lgamma`, `polygamma` and `pow` is free of branches, loops and table
//! look-ups, so that a plain loop over slices becomes SIMD code if it is inlined into a function that is compiled for wide
//! registers. Implement that function as a type with `pulp::WithSimd` and `#[inline(always)]`: `pulp::Arch::dispatch` accepts
//! closures too, but the compiler does not inline large ones, and they then run at the baseline width.
//!
//! Products and sums are written separately, never as `mul_add`: a fused operation would round differently on different machines,
//! or call a library function on machines without it.
//!
//! The coefficients come from `tests/data/math_coefficients.py` unless a file names another source. The errors that the
//! files state are in units in the last place (ulp) of the exact result: the largest of 20,000 points for each function
//! and format against mpmath (`tests/data/math_reference.py 20000`; 6,000 for those that are not vectorised), and for the
//! vectorised `f32` functions of 70 million points, every 61st bit pattern, against `f64`.

mod erf;
mod exp;
mod format;
mod gamma;
mod log;
mod logistic;
mod normal_quantile;
mod pow;
mod quantile;
mod real;
mod trig;

#[cfg(test)]
mod tests;

pub use format::Format;
pub(crate) use normal_quantile::table as quantile_table;
pub use quantile::derivative as quantile_derivative;
pub use real::Real;
