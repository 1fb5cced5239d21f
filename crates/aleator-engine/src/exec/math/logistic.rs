//! The logistic function and its relatives: sigmoid, softplus, tanh.
//!
//! ```text
//! sigmoid x  = 1 / (1 + e⁻ˣ)  = [x ≥ 0 ? 1 : e] / (1 + e),        e = exp(-|x|)
//! softplus x = log(1 + eˣ)    = max(x, 0) + log(1 + e)
//! tanh x     = ± t / (t + 2),                                     t = exp(2 |x|) - 1
//! ```
//!
//! e is even in x: all logistic functions of x and of -x share it. It lies in [0, 1], so there is no overflow and no cancellation
//! for any |x|. On this interval, log(1 + e) needs no argument reduction: it uses the formula of `log.rs` with a longer T.
//!
//! | largest error, ulp | f32  | f64  |
//! |--------------------|------|------|
//! | `sigmoid`          | 2.31 | 1.79 |
//! | `softplus`         | 1.96 | 1.52 |
//! | `tanh`             | 2.51 | 2.06 |

use super::exp::{self, exp, expm1};
use super::format::polynomial;
use super::log::log_near_one;

/// The constants and the polynomial of a format.
pub trait Constants: exp::Constants {
    /// T(z) for 0 ≤ z ≤ 1/9
    fn t(z: Self) -> Self;
    /// For x at or above this number, tanh x rounds to 1.
    const TANH_IS_ONE: Self;
}

impl Constants for f32 {
    #[inline(always)]
    fn t(z: f32) -> f32 {
        polynomial!(z; 0.6666641, 0.400217, 0.27999141, 0.2802446)
    }
    const TANH_IS_ONE: f32 = 10.0;
}

impl Constants for f64 {
    #[inline(always)]
    fn t(z: f64) -> f64 {
        polynomial!(z;
            0.6666666666666631, 0.4000000000015724, 0.28571428547854166, 0.2222222396971839,
            0.18181743925229382, 0.15386559919182907, 0.1330097361002015, 0.12106086232808799,
            0.0834010102990984, 0.17018577024990633,
        )
    }
    const TANH_IS_ONE: f64 = 20.0;
}

/// e = exp(-|x|)
#[inline(always)]
pub(super) fn exp_neg_abs<T: Constants>(x: T) -> T {
    exp(-x.abs())
}

/// sigmoid x, given e.
#[inline(always)]
pub(super) fn sigmoid<T: Constants>(x: T, e: T) -> T {
    let one = T::from_f64(1.0);
    let numerator = if x < T::default() { e } else { one };
    numerator / (one + e)
}

/// softplus x, given e.
#[inline(always)]
pub(super) fn softplus<T: Constants>(x: T, e: T) -> T {
    let (half_square, correction) = log_near_one(e, T::t);
    let positive_part = if x > T::default() { x } else { T::default() };
    positive_part + (e - (half_square - correction))
}

#[inline(always)]
pub(super) fn tanh<T: Constants>(x: T) -> T {
    let magnitude = if x.abs() > T::TANH_IS_ONE { T::TANH_IS_ONE } else { x.abs() };
    let t = expm1(magnitude + magnitude);
    (t / (t + T::from_f64(2.0))).copysign(x)
}
