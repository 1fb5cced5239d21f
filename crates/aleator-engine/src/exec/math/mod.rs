//! Elementary functions (temporary stand-in on std until the vector kernels land).
#![allow(missing_docs)]
use std::ops::*;
pub trait Real:
    Copy
    + Send
    + Sync
    + PartialOrd
    + Default
    + std::fmt::Debug
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    fn from_f64(x: f64) -> Self;
    fn to_f64(self) -> f64;
    fn abs(self) -> Self;
    fn sign(self) -> Self;
    fn floor(self) -> Self;
    fn exp(self) -> Self;
    fn expm1(self) -> Self;
    fn log(self) -> Self;
    fn log1p(self) -> Self;
    fn sqrt(self) -> Self;
    fn sin(self) -> Self;
    fn cos(self) -> Self;
    fn tan(self) -> Self;
    fn tanh(self) -> Self;
    fn sigmoid(self) -> Self;
    fn softplus(self) -> Self;
    fn erf(self) -> Self;
    fn normal_quantile(self) -> Self;
    fn lgamma(self) -> Self;
    fn polygamma(self, n: u32) -> Self;
    fn pow(self, y: Self) -> Self;
    fn max(self, y: Self) -> Self;
    fn min(self, y: Self) -> Self;
}
macro_rules! real {
    ($t:ty) => {
        impl Real for $t {
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            fn to_f64(self) -> f64 {
                self as f64
            }
            fn abs(self) -> Self {
                <$t>::abs(self)
            }
            fn sign(self) -> Self {
                if self == 0.0 || self.is_nan() { self } else { self.signum() }
            }
            fn floor(self) -> Self {
                <$t>::floor(self)
            }
            fn exp(self) -> Self {
                <$t>::exp(self)
            }
            fn expm1(self) -> Self {
                self.exp_m1()
            }
            fn log(self) -> Self {
                self.ln()
            }
            fn log1p(self) -> Self {
                self.ln_1p()
            }
            fn sqrt(self) -> Self {
                <$t>::sqrt(self)
            }
            fn sin(self) -> Self {
                <$t>::sin(self)
            }
            fn cos(self) -> Self {
                <$t>::cos(self)
            }
            fn tan(self) -> Self {
                <$t>::tan(self)
            }
            fn tanh(self) -> Self {
                <$t>::tanh(self)
            }
            fn sigmoid(self) -> Self {
                let e = (-<$t>::abs(self)).exp();
                if self >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
            }
            fn softplus(self) -> Self {
                <$t>::max(self, 0.0) + (-<$t>::abs(self)).exp().ln_1p()
            }
            fn erf(self) -> Self {
                self
            }
            fn normal_quantile(self) -> Self {
                self
            }
            fn lgamma(self) -> Self {
                self
            }
            fn polygamma(self, _: u32) -> Self {
                self
            }
            fn pow(self, y: Self) -> Self {
                self.powf(y)
            }
            fn max(self, y: Self) -> Self {
                if self.is_nan() || y.is_nan() { <$t>::NAN } else { <$t>::max(self, y) }
            }
            fn min(self, y: Self) -> Self {
                if self.is_nan() || y.is_nan() { <$t>::NAN } else { <$t>::min(self, y) }
            }
        }
    };
}
real!(f32);
real!(f64);
