//! eˣ and eˣ - 1.
//!
//! ```text
//! x = k log 2 + r,   |r| ≤ ½ log 2,   k an integer
//! eˣ     = 2ᵏ (1 + r + r² Q(r))
//! eˣ - 1 = 2ᵏ ((r + r² Q(r)) + (1 - 2⁻ᵏ))
//! ```
//!
//! log 2 is the sum of two constants, the first of which has so few bits that its product with k is exact. The scale is applied
//! as two powers of two, so that results near overflow are correct and subnormal results are rounded once.
//!
//! | largest error, ulp | f32  | f64  |
//! |--------------------|------|------|
//! | `exp`              | 1.01 | 1.00 |
//! | `expm1`            | 1.67 | 1.70 |

use super::format::{Format, polynomial};

/// The constants and the polynomial of a format.
pub trait Constants: Format {
    /// 1 / log 2
    const LOG2_INVERSE: Self;
    /// The leading bits of log 2.
    const LOG2_HIGH: Self;
    /// log 2 - `LOG2_HIGH`
    const LOG2_LOW: Self;
    /// Below, eˣ rounds to 0.
    const LOWEST: Self;
    /// Above, eˣ overflows.
    const HIGHEST: Self;
    /// Above this number, 2⁻ᵏ is negligible in (eˣ - 1) 2⁻ᵏ; below its negative, eˣ - 1 rounds to -1.
    const ONE_IS_LOST: Self;
    /// Q(r)
    fn q(r: Self) -> Self;
}

impl Constants for f32 {
    const LOG2_INVERSE: f32 = std::f32::consts::LOG2_E;
    const LOG2_HIGH: f32 = 0.693_359_4;
    const LOG2_LOW: f32 = -2.121_944_4e-4;
    const LOWEST: f32 = -104.0;
    const HIGHEST: f32 = 89.0;
    const ONE_IS_LOST: f32 = 32.0;
    #[inline(always)]
    fn q(r: f32) -> f32 {
        polynomial!(r; 0.5, 0.16666542, 0.04166628, 0.008366644, 0.0013946555)
    }
}

impl Constants for f64 {
    const LOG2_INVERSE: f64 = std::f64::consts::LOG2_E;
    const LOG2_HIGH: f64 = 0.6931471805592082;
    const LOG2_LOW: f64 = 7.371002565167799e-13;
    const LOWEST: f64 = -746.0;
    const HIGHEST: f64 = 710.0;
    const ONE_IS_LOST: f64 = 64.0;
    #[inline(always)]
    fn q(r: f64) -> f64 {
        polynomial!(r;
            0.5000000000000006, 0.16666666666666685, 0.04166666666657295, 0.008333333333314461,
            0.0013888888932614921, 0.0001984126990335405, 2.4801504146284847e-05, 2.755722763534982e-06,
            2.76264512401521e-07, 2.5114581877177254e-08,
        )
    }
}

/// k and r.
#[inline(always)]
fn reduce<T: Constants>(x: T) -> (T, T) {
    let k = (x * T::LOG2_INVERSE).round_small();
    (k, x - k * T::LOG2_HIGH - k * T::LOG2_LOW)
}

/// eʳ - 1 for a reduced argument.
#[inline(always)]
fn expm1_reduced<T: Constants>(r: T) -> T {
    r + r * r * T::q(r)
}

/// x 2ᵏ
#[inline(always)]
fn scale<T: Constants>(x: T, k: T) -> T {
    let half = (k * T::from_f64(0.5)).round_small();
    x * T::power_of_two(half) * T::power_of_two(k - half)
}

/// x within [low, high]; NaN stays NaN.
#[inline(always)]
fn clamp<T: Format>(x: T, low: T, high: T) -> T {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

#[inline(always)]
pub(super) fn exp<T: Constants>(x: T) -> T {
    let (k, r) = reduce(clamp(x, T::LOWEST, T::HIGHEST));
    scale(T::from_f64(1.0) + expm1_reduced(r), k)
}

#[inline(always)]
pub(super) fn expm1<T: Constants>(x: T) -> T {
    let (k, r) = reduce(clamp(x, -T::ONE_IS_LOST, T::HIGHEST));
    let inverse_scale = T::power_of_two(if k > T::ONE_IS_LOST { -T::ONE_IS_LOST } else { -k });
    let scaled = expm1_reduced(r) + (T::from_f64(1.0) - inverse_scale);
    scale(scaled, k).copysign(x) // -0 for -0
}
