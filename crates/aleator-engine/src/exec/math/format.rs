//! The two number formats: constants, sign and exponent arithmetic, written without branches.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// The properties of a binary floating-point format that the functions of this folder use.
pub trait Format:
    Copy
    + Send
    + Sync
    + PartialOrd
    + Default
    + Debug
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
{
    /// Positive infinity.
    const INFINITY: Self;
    /// A quiet NaN.
    const NAN: Self;
    /// The smallest positive normal number.
    const MIN_POSITIVE: Self;
    /// The largest number below 1.
    const LARGEST_BELOW_ONE: Self;

    /// The nearest number of this format.
    fn from_f64(x: f64) -> Self;
    /// The same number in double precision.
    fn to_f64(self) -> f64;
    /// |x|
    fn abs(self) -> Self;
    /// The magnitude of `self` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// The largest integer not above x.
    fn floor(self) -> Self;
    /// √x, correctly rounded.
    fn sqrt(self) -> Self;

    /// The nearest integer, ties to even; for |x| below 2²¹ (`f32`) or 2⁵⁰ (`f64`).
    fn round_small(self) -> Self;
    /// 2ᵏ for an integer k from -126 to 127 (`f32`) or -1022 to 1023 (`f64`).
    fn power_of_two(k: Self) -> Self;
    /// (m, k) with x = m 2ᵏ and √½ ≤ m < √2, for positive normal x.
    fn split(self) -> (Self, Self);

    /// Whether [`Format::unit_interval`] reads its second word.
    const USES_LOW_WORD: bool;
    /// A number in the open interval (0, 1), uniform if the words are.
    ///
    /// `f32`: (n + ½) 2⁻²³ with n the upper 23 bits of `high`. `f64`: (n + ½) 2⁻⁵² with n all bits of `high`, then the upper 20
    /// bits of `low`. Therefore, the `f32` is the midpoint of the interval of length 2⁻²³ that contains the `f64` from the same
    /// words.
    fn unit_interval(high: u32, low: u32) -> Self;
}

macro_rules! impl_format {
    ($float:ident, $bits:ident, sqrt_half: $sqrt_half:literal, low_word: $low_word:literal, |$high:ident, $low:ident| $unit:expr) => {
        impl Format for $float {
            const INFINITY: Self = $float::INFINITY;
            const NAN: Self = $float::NAN;
            const MIN_POSITIVE: Self = $float::MIN_POSITIVE;
            const LARGEST_BELOW_ONE: Self = 1.0 - $float::EPSILON / 2.0;

            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $float
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn abs(self) -> Self {
                self.abs()
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                self.copysign(sign)
            }
            #[inline(always)]
            fn floor(self) -> Self {
                self.floor()
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                self.sqrt()
            }

            #[inline(always)]
            fn round_small(self) -> Self {
                (self + Self::ROUND) - Self::ROUND
            }
            #[inline(always)]
            fn power_of_two(k: Self) -> Self {
                let integer = (k + Self::ROUND).to_bits(); // k, below bits that the shift drops
                $float::from_bits(integer.wrapping_add(Self::BIAS) << Self::MANTISSA)
            }
            #[inline(always)]
            fn split(self) -> (Self, Self) {
                // Scale subnormals up, then move √½ to the bottom of a binade.
                let subnormal = self < $float::MIN_POSITIVE;
                let x = if subnormal { self * Self::TWO_TO_MANTISSA } else { self };
                let bits = x.to_bits().wrapping_add(Self::ONE - Self::SQRT_HALF);
                let m = $float::from_bits((bits & (Self::IMPLICIT_BIT - 1)) + Self::SQRT_HALF);
                // An integer below 2^mantissa, put into the mantissa of 2^mantissa, is that number plus 2^mantissa.
                let biased = $float::from_bits(Self::TWO_TO_MANTISSA.to_bits() | (bits >> Self::MANTISSA));
                let bias =
                    if subnormal { Self::BIAS + Self::MANTISSA as $bits } else { Self::BIAS } as $float;
                (m, biased - (Self::TWO_TO_MANTISSA + bias))
            }

            const USES_LOW_WORD: bool = $low_word;
            #[inline(always)]
            fn unit_interval($high: u32, $low: u32) -> Self {
                $unit
            }
        }

        impl Layout for $float {
            type Bits = $bits;
            const MANTISSA: u32 = $float::MANTISSA_DIGITS - 1;
            const IMPLICIT_BIT: $bits = 1 << Self::MANTISSA;
            const ONE: $bits = $float::to_bits(1.0);
            const BIAS: $bits = Self::ONE >> Self::MANTISSA;
            const SQRT_HALF: $bits = $float::to_bits($sqrt_half);
            const TWO_TO_MANTISSA: $float = Self::IMPLICIT_BIT as $float;
            const ROUND: $float = 1.5 * Self::TWO_TO_MANTISSA;
        }
    };
}

/// Constants of the bit patterns.
trait Layout: Sized {
    type Bits;
    /// Bits of the mantissa that are stored.
    const MANTISSA: u32;
    const IMPLICIT_BIT: Self::Bits;
    const ONE: Self::Bits;
    const BIAS: Self::Bits;
    /// A number just below √½, whose low bits are zero.
    const SQRT_HALF: Self::Bits;
    const TWO_TO_MANTISSA: Self;
    /// Added to a small number, it leaves the nearest integer in the low bits of the sum.
    const ROUND: Self;
}

impl_format!(f32, u32, sqrt_half: 0.70710677, low_word: false, |high, _low| {
    // 1 + n 2⁻²³, less 1 - 2⁻²⁴; both and the difference are exact.
    f32::from_bits(f32::ONE | (high >> 9)) - (1.0 - f32::EPSILON / 2.0)
});
impl_format!(f64, u64, sqrt_half: 0.7071067811865475, low_word: true, |high, low| {
    f64::from_bits(f64::ONE | (u64::from(high) << 20) | u64::from(low >> 12)) - (1.0 - f64::EPSILON / 2.0)
});

/// c₀ + c₁ x + c₂ x² + ... by Horner's rule, the coefficients in that order.
///
/// This is a macro because the compiler does not always unroll a loop over a table, and only an unrolled loop is vectorised.
macro_rules! polynomial {
    ($x:ident; $c:expr $(,)?) => { $c };
    ($x:ident; $c:expr, $($further:expr),+ $(,)?) => { polynomial!($x; $($further),+) * $x + $c };
}

pub(super) use polynomial;
