//! xʸ, with the conventions of IEEE 754 and NumPy.
//!
//! Exponents -1, 1, 2, 3 and 4 are computed by a division or repeated products. Other exponents use the crate `libm` (error below
//! 1 ulp, the same on every machine). Therefore pow(x, 0) = pow(1, y) = 1 even for NaN, and powers of a negative base are NaN
//! unless the exponent is an integer. The function is not vectorised, except for the exponents above if they are constants.

use super::format::Format;

/// The general power of a format.
pub trait Power: Format {
    /// xʸ
    fn general_power(x: Self, y: Self) -> Self;
}

impl Power for f32 {
    fn general_power(x: f32, y: f32) -> f32 {
        libm::powf(x, y)
    }
}

impl Power for f64 {
    fn general_power(x: f64, y: f64) -> f64 {
        libm::pow(x, y)
    }
}

#[inline(always)]
pub(super) fn pow<T: Power>(x: T, y: T) -> T {
    let one = T::from_f64(1.0);
    if y == T::from_f64(2.0) {
        x * x
    } else if y == one {
        x
    } else if y == -one {
        one / x
    } else if y == T::from_f64(3.0) {
        x * x * x
    } else if y == T::from_f64(4.0) {
        (x * x) * (x * x)
    } else {
        T::general_power(x, y)
    }
}
