//! Elementwise operations on tiles: plain loops, which become SIMD code inside `pulp`'s dispatch. Loops with calls do not, so all
//! functions and closures are inlined.

use super::math::Real;
use crate::graph::fold::{binary, unary};
use crate::graph::{Binary, Unary};

/// The largest number of elements of a tile.
pub(crate) const MAX_TILE: usize = 1024;

/// An operand: one number per element, or one for all.
#[derive(Clone, Copy)]
pub(crate) enum Argument<'a, T> {
    Slice(&'a [T]),
    Splat(T),
}

/// Functions that can be computed from x and exp(-|x|).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logistic {
    Sigmoid,
    Softplus,
}

/// out = x
#[inline(always)]
pub(crate) fn copy<T: Real>(out: &mut [T], x: Argument<'_, T>) {
    match x {
        Argument::Slice(x) => out.copy_from_slice(x),
        Argument::Splat(x) => out.fill(x),
    }
}

#[inline(always)]
fn map<T: Real>(out: &mut [T], x: Argument<'_, T>, f: impl Fn(T) -> T) {
    match x {
        Argument::Slice(x) => {
            for (out, &x) in out.iter_mut().zip(x) {
                *out = f(x);
            }
        }
        Argument::Splat(x) => out.fill(f(x)),
    }
}

/// out = op(x)
#[inline(always)]
pub(crate) fn apply_unary<T: Real>(op: Unary, out: &mut [T], x: Argument<'_, T>) {
    macro_rules! vectorised {
        ($($op:ident)*) => {
            match op {
                $(Unary::$op => map(out, x, #[inline(always)] |x| unary(Unary::$op, x)),)*
                Unary::Sin | Unary::Cos | Unary::Tan | Unary::Lgamma | Unary::Polygamma(_) => {
                    one_by_one(op, out, x);
                }
            }
        };
    }
    vectorised!(Neg Abs Sign Floor Exp Expm1 Log Log1p Sqrt Tanh Sigmoid Softplus Erf NormalQuantile);
}

/// out = exp(-|x|)
#[inline(always)]
pub(crate) fn exp_neg_abs<T: Real>(out: &mut [T], x: Argument<'_, T>) {
    map(out, x, T::exp_neg_abs);
}

/// out = op(x), given exp(-|x|)
#[inline(always)]
pub(crate) fn apply_logistic<T: Real>(
    op: Logistic,
    out: &mut [T],
    x: Argument<'_, T>,
    exp_neg_abs: Argument<'_, T>,
) {
    match op {
        Logistic::Sigmoid => zip(out, x, exp_neg_abs, T::sigmoid_given),
        Logistic::Softplus => zip(out, x, exp_neg_abs, T::softplus_given),
    }
}

/// Functions with branches, which have no vector form.
#[inline(never)]
fn one_by_one<T: Real>(op: Unary, out: &mut [T], x: Argument<'_, T>) {
    map(out, x, |x| unary(op, x));
}

#[inline(always)]
fn zip<T: Real>(out: &mut [T], x: Argument<'_, T>, y: Argument<'_, T>, f: impl Fn(T, T) -> T) {
    match (x, y) {
        (Argument::Slice(x), Argument::Slice(y)) => {
            for ((out, &x), &y) in out.iter_mut().zip(x).zip(y) {
                *out = f(x, y);
            }
        }
        (Argument::Slice(x), Argument::Splat(y)) => {
            for (out, &x) in out.iter_mut().zip(x) {
                *out = f(x, y);
            }
        }
        (Argument::Splat(x), Argument::Slice(y)) => {
            for (out, &y) in out.iter_mut().zip(y) {
                *out = f(x, y);
            }
        }
        (Argument::Splat(x), Argument::Splat(y)) => out.fill(f(x, y)),
    }
}

/// out = op(x, y)
#[inline(always)]
pub(crate) fn apply_binary<T: Real>(op: Binary, out: &mut [T], x: Argument<'_, T>, y: Argument<'_, T>) {
    macro_rules! vectorised {
        ($($op:ident)*) => {
            match op {
                $(Binary::$op => zip(out, x, y, #[inline(always)] |x, y| binary(Binary::$op, x, y)),)*
                Binary::Pow => powers(out, x, y),
                Binary::Atan2 => angles(out, x, y),
            }
        };
    }
    vectorised!(Add Sub Mul Div Max Min Lt Le Eq Ne);
}

#[inline(never)]
fn powers<T: Real>(out: &mut [T], x: Argument<'_, T>, y: Argument<'_, T>) {
    zip(out, x, y, |x, y| x.pow(y));
}

#[inline(never)]
fn angles<T: Real>(out: &mut [T], y: Argument<'_, T>, x: Argument<'_, T>) {
    zip(out, y, x, |y, x| y.atan2(x));
}

/// out = x where c is not 0, else y
#[inline(always)]
pub(crate) fn select<T: Real>(out: &mut [T], c: Argument<'_, T>, x: Argument<'_, T>, y: Argument<'_, T>) {
    let zero = T::default();
    let c = match c {
        Argument::Splat(c) => return copy(out, if c != zero { x } else { y }),
        Argument::Slice(c) => c,
    };
    match (x, y) {
        (Argument::Slice(x), Argument::Slice(y)) => {
            for (((out, &c), &x), &y) in out.iter_mut().zip(c).zip(x).zip(y) {
                *out = if c != zero { x } else { y };
            }
        }
        (Argument::Slice(x), Argument::Splat(y)) => {
            for ((out, &c), &x) in out.iter_mut().zip(c).zip(x) {
                *out = if c != zero { x } else { y };
            }
        }
        (Argument::Splat(x), Argument::Slice(y)) => {
            for ((out, &c), &y) in out.iter_mut().zip(c).zip(y) {
                *out = if c != zero { x } else { y };
            }
        }
        (Argument::Splat(x), Argument::Splat(y)) => {
            for (out, &c) in out.iter_mut().zip(c) {
                *out = if c != zero { x } else { y };
            }
        }
    }
}
