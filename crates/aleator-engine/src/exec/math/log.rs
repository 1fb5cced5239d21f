//! log x and log(1 + x).
//!
//! ```text
//! x = 2ᵏ (1 + f),   √½ ≤ 1 + f < √2
//! log x = k log 2 + log(1 + f)
//! log(1 + f) = 2 atanh s = f - (f²/2 - s (f²/2 + s² T(s²))),   s = f / (2 + f)
//! ```
//!
//! The second form of log(1 + f) keeps f, which is exact, as its leading term (FreeBSD's `e_log.c` describes it). For log(1 + x),
//! the rounding error of 1 + x is added to f; for k = 0, f is x.
//!
//! | largest error, ulp | f32  | f64  |
//! |--------------------|------|------|
//! | `log`              | 0.83 | 0.74 |
//! | `log1p`            | 1.37 | 1.29 |

use super::exp;
use super::format::{Format, polynomial};

/// The polynomial of a format.
pub trait Constants: exp::Constants {
    /// T(z) for 0 ≤ z ≤ (3 - √8)²
    fn t(z: Self) -> Self;
}

impl Constants for f32 {
    #[inline(always)]
    fn t(z: f32) -> f32 {
        polynomial!(z; 0.66666777, 0.39977496, 0.29873073)
    }
}

impl Constants for f64 {
    #[inline(always)]
    fn t(z: f64) -> f64 {
        polynomial!(z;
            0.6666666666666735, 0.39999999999411096, 0.2857142874326251, 0.22222198476002283,
            0.18183569739013575, 0.15313903266026258, 0.14797507525346593,
        )
    }
}

/// k log 2 + log(1 + f)
#[inline(always)]
fn log_from_parts<T: Constants>(k: T, f: T) -> T {
    let (half_square, correction) = log_near_one(f, T::t);
    k * T::LOG2_HIGH - ((half_square - (correction + k * T::LOG2_LOW)) - f)
}

/// f²/2 and s (f²/2 + s² T(s²)). log(1 + f) is f minus the first plus the second.
#[inline(always)]
pub(super) fn log_near_one<T: Format>(f: T, t: fn(T) -> T) -> (T, T) {
    let s = f / (T::from_f64(2.0) + f);
    let z = s * s;
    let half_square = T::from_f64(0.5) * f * f;
    (half_square, s * (half_square + z * t(z)))
}

/// Corrects `value`, the logarithm of `x`, if x is 0, negative, infinite or NaN.
#[inline(always)]
fn mend<T: Format>(value: T, x: T) -> T {
    let zero = T::default();
    let value = if x < T::INFINITY { value } else { x };
    let value = if x == zero { -T::INFINITY } else { value };
    if x < zero { T::NAN } else { value }
}

#[inline(always)]
pub(super) fn log<T: Constants>(x: T) -> T {
    let (m, k) = x.split();
    mend(log_from_parts(k, m - T::from_f64(1.0)), x)
}

#[inline(always)]
pub(super) fn log1p<T: Constants>(x: T) -> T {
    let (zero, one) = (T::default(), T::from_f64(1.0));
    let sum = one + x;
    let lost = if x > one { one - (sum - x) } else { x - (sum - one) };
    let (m, k) = sum.split();
    // Where 1 is lost beside x, so is what rounding lost; and 2⁻ᵏ may be out of range there.
    let scaled_loss = if k < T::ONE_IS_LOST { lost * T::power_of_two(-k) } else { zero };
    let f = if k == zero { x } else { (m - one) + scaled_loss };
    mend(log_from_parts(k, f).copysign(x), sum)
}
