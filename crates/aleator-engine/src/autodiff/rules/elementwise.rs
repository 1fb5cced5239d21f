//! Partial derivatives of the elementwise operations.
//!
//! ```text
//! expm1′ x = eˣ                                not y + 1, which is 0 where y rounds to −1
//! σ′ x     = σ(x) σ(−x)                        not y (1 − y), which is 0 where y rounds to 1
//! tanh′ x  = 1 − y²           |x| < ½          whose derivative, −2 y y′, keeps its digits at 0
//!          = 4 σ(2x) σ(−2x)   elsewhere        not 1 − y², which is 0 where y rounds to ±1
//! ```
//!
//! With these formulas, the first two derivatives keep their precision in the tails, as far as the number format allows.

use std::f64::consts::PI;

use crate::graph::{Binary, Expr, Op, Unary};

/// Below this magnitude, 1 − tanh² x is as exact as the product of the tails.
const NEAR_ZERO: f64 = 0.5;

/// A partial derivative: ±1, which needs no operation, a reciprocal or an expression.
pub enum Partial<'g> {
    /// 1
    One,
    /// −1
    MinusOne,
    /// 1/x, which may overflow where ȳ/x does not.
    Over(Expr<'g>),
    /// Any other expression.
    Is(Expr<'g>),
}

/// ∂f/∂x · t
pub fn scale<'g>(partial: Partial<'g>, along: Expr<'g>) -> Expr<'g> {
    match partial {
        Partial::One => along,
        Partial::MinusOne => -along,
        Partial::Over(x) => along / x,
        Partial::Is(d) => along * d,
    }
}

/// ∂y/∂xᵢ; `None` if it is zero wherever it exists (steps and comparisons).
pub fn partial<'g>(op: &Op, i: usize, x: &[Expr<'g>], y: Expr<'g>) -> Option<Partial<'g>> {
    match op {
        Op::Unary(u) => unary(*u, x[0], y),
        Op::Binary(b) => binary(*b, i, x[0], x[1], y),
        _ => None,
    }
}

fn unary<'g>(op: Unary, x: Expr<'g>, y: Expr<'g>) -> Option<Partial<'g>> {
    Some(Partial::Is(match op {
        Unary::Neg => return Some(Partial::MinusOne),
        Unary::Sign | Unary::Floor => return None,
        Unary::Abs => x.sign(),
        Unary::Exp => y,
        Unary::Expm1 => x.exp(),
        Unary::Log => return Some(Partial::Over(x)),
        Unary::Log1p => 1.0 / (x + 1.0),
        Unary::Sqrt => 0.5 / y,
        Unary::Sin => x.cos(),
        Unary::Cos => -x.sin(),
        Unary::Tan => y.square() + 1.0,
        Unary::Tanh => square_of_sech(x, y),
        Unary::Sigmoid => y * (-x).sigmoid(),
        Unary::Softplus => x.sigmoid(),
        Unary::Erf => (-x.square()).exp() * (2.0 / PI.sqrt()),
        // 1 / φ(y), the density at the quantile.
        Unary::NormalQuantile => (y.square() * 0.5).exp() * (2.0 * PI).sqrt(),
        Unary::Lgamma => x.polygamma(0),
        Unary::Polygamma(n) => x.polygamma(n + 1),
    }))
}

/// 1 / cosh² x, with y = tanh x.
fn square_of_sech<'g>(x: Expr<'g>, y: Expr<'g>) -> Expr<'g> {
    let twice = 2.0 * x;
    y.abs().less(NEAR_ZERO.tanh()).select(1.0 - y.square(), 4.0 * twice.sigmoid() * (-twice).sigmoid())
}

fn binary<'g>(op: Binary, i: usize, a: Expr<'g>, b: Expr<'g>, y: Expr<'g>) -> Option<Partial<'g>> {
    Some(Partial::Is(match (op, i) {
        (Binary::Add, _) | (Binary::Sub, 0) => return Some(Partial::One),
        (Binary::Sub, _) => return Some(Partial::MinusOne),
        (Binary::Mul, 0) => b,
        (Binary::Mul, _) => a,
        (Binary::Div, 0) => 1.0 / b,
        (Binary::Div, _) => -(y / b),
        (Binary::Pow, 0) => b * a.pow(lower_exponent(a, b)),
        // y log a, and 0 at a = 0 (where log a is infinite but y vanishes).
        (Binary::Pow, _) => y * a.equal(0.0).select(0.0, a.equal(0.0).select(1.0, a).log()),
        // x / (x² + y²) and −y / (x² + y²)
        (Binary::Atan2, 0) => over_square_of_radius(b, a, b),
        (Binary::Atan2, _) => -over_square_of_radius(a, a, b),
        // Equal arguments share the derivative.
        (Binary::Max, 0) => b.less(a) + a.equal(b) * 0.5,
        (Binary::Max, _) => a.less(b) + a.equal(b) * 0.5,
        (Binary::Min, 0) => a.less(b) + a.equal(b) * 0.5,
        (Binary::Min, _) => b.less(a) + a.equal(b) * 0.5,
        (Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne, _) => return None,
    }))
}

/// z / (x² + y²), without underflow of the squares; where they overflow, 0.
fn over_square_of_radius<'g>(z: Expr<'g>, y: Expr<'g>, x: Expr<'g>) -> Expr<'g> {
    // Within the range of both number formats.
    let scale = y.abs().maximum(x.abs()).minimum(1e38);
    z / scale / ((y / scale).square() + (x / scale).square()) / scale
}

/// b − 1, for b a^(b−1); but 0 at a = b = 0, where b a^(b−1) would be 0 · ∞ and the derivative is 0.
fn lower_exponent<'g>(a: Expr<'g>, b: Expr<'g>) -> Expr<'g> {
    match b.graph().scalar_value(b.id()) {
        Some(b) if b != 0.0 => a.graph().scalar(b - 1.0),
        _ => (a.equal(0.0) * b.equal(0.0)).select(0.0, b - 1.0),
    }
}

/// y = c ? a : b  ⇒  ā = c ? ȳ : 0,  b̄ = c ? 0 : ȳ
pub fn select_pull_back<'g>(x: &[Expr<'g>], cotangent: Expr<'g>, wanted: &[bool]) -> Vec<Option<Expr<'g>>> {
    vec![
        None,
        wanted[1].then(|| x[0].select(cotangent, 0.0).sum_to(&x[1].shape())),
        wanted[2].then(|| x[0].select(0.0, cotangent).sum_to(&x[2].shape())),
    ]
}

/// ẏ = c ? ȧ : ḃ
pub fn select_push_forward<'g>(x: &[Expr<'g>], tangents: &[Option<Expr<'g>>]) -> Option<Expr<'g>> {
    let zero = x[0].graph().scalar(0.0);
    if tangents[1].is_none() && tangents[2].is_none() {
        return None;
    }
    Some(x[0].select(tangents[1].unwrap_or(zero), tangents[2].unwrap_or(zero)))
}
