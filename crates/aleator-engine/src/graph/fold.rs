//! Constant folding of scalars, with the same functions that a program uses.

use super::op::{Binary, Unary};
use crate::exec::math::Real;

/// f(x)
#[inline(always)]
pub fn unary<T: Real>(op: Unary, x: T) -> T {
    match op {
        Unary::Neg => -x,
        Unary::Abs => x.abs(),
        Unary::Sign => x.sign(),
        Unary::Floor => x.floor(),
        Unary::Exp => x.exp(),
        Unary::Expm1 => x.expm1(),
        Unary::Log => x.log(),
        Unary::Log1p => x.log1p(),
        Unary::Sqrt => x.sqrt(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Tan => x.tan(),
        Unary::Tanh => x.tanh(),
        Unary::Sigmoid => x.sigmoid(),
        Unary::Softplus => x.softplus(),
        Unary::Erf => x.erf(),
        Unary::NormalQuantile => x.normal_quantile(),
        Unary::Lgamma => x.lgamma(),
        Unary::Polygamma(n) => x.polygamma(n),
    }
}

impl Unary {
    /// Evaluates the function at a number, with the result that a program computes.
    pub fn at(self, x: f64) -> f64 {
        unary(self, x)
    }
}

impl Binary {
    /// Evaluates the function at two numbers, with the result that a program computes.
    pub fn at(self, x: f64, y: f64) -> f64 {
        binary(self, x, y)
    }
}

/// f(x, y)
#[inline(always)]
pub fn binary<T: Real>(op: Binary, x: T, y: T) -> T {
    let truth = |b: bool| T::from_f64(if b { 1.0 } else { 0.0 });
    match op {
        Binary::Add => x + y,
        Binary::Sub => x - y,
        Binary::Mul => x * y,
        Binary::Div => x / y,
        Binary::Pow => x.pow(y),
        Binary::Atan2 => x.atan2(y),
        Binary::Max => x.max(y),
        Binary::Min => x.min(y),
        Binary::Lt => truth(x < y),
        Binary::Le => truth(x <= y),
        Binary::Eq => truth(x == y),
        Binary::Ne => truth(x != y),
    }
}
