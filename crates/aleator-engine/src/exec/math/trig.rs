//! sin, cos, tan and atan2.
//!
//! These functions are those of the crate `libm`, a port of musl. It reduces large arguments exactly and has no machine-dependent
//! paths, whereas the functions of the standard library are provided by the operating system. They are not vectorised. Errors are
//! below 1 ulp.

/// The functions, by format.
pub trait Trigonometric {
    /// The sine of x radians.
    fn sin(x: Self) -> Self;
    /// The cosine of x radians.
    fn cos(x: Self) -> Self;
    /// The tangent of x radians.
    fn tan(x: Self) -> Self;
    /// The angle of the point (y, x) in radians.
    fn atan2(y: Self, x: Self) -> Self;
}

impl Trigonometric for f32 {
    #[inline(always)]
    fn sin(x: f32) -> f32 {
        libm::sinf(x)
    }
    #[inline(always)]
    fn cos(x: f32) -> f32 {
        libm::cosf(x)
    }
    #[inline(always)]
    fn tan(x: f32) -> f32 {
        libm::tanf(x)
    }
    #[inline(always)]
    fn atan2(y: f32, x: f32) -> f32 {
        libm::atan2f(y, x)
    }
}

impl Trigonometric for f64 {
    #[inline(always)]
    fn sin(x: f64) -> f64 {
        libm::sin(x)
    }
    #[inline(always)]
    fn cos(x: f64) -> f64 {
        libm::cos(x)
    }
    #[inline(always)]
    fn tan(x: f64) -> f64 {
        libm::tan(x)
    }
    #[inline(always)]
    fn atan2(y: f64, x: f64) -> f64 {
        libm::atan2(y, x)
    }
}
