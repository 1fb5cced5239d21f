//! sin, cos and tan.
//!
//! From the crate `libm` (a port of musl's), which reduces large arguments exactly and has no machine-dependent
//! paths, unlike the functions of the standard library, which the operating system provides. Not vectorised.
//! Errors are below 1 ulp.

/// The three functions, by format.
pub trait Trigonometric {
    /// The sine of x radians.
    fn sin(x: Self) -> Self;
    /// The cosine of x radians.
    fn cos(x: Self) -> Self;
    /// The tangent of x radians.
    fn tan(x: Self) -> Self;
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
}
