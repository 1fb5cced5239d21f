//! Counts whose variance is a quadratic function of their mean, and the weights with which derivatives are exact for quadratic costs.
//!
//! ```text
//! Var z = V(m),   m = E z,   p(z) ∝ exp(η z) with dm/dη = V                              a natural exponential family
//! ∂m E F(z) = Cov(F(z), z)/V = E[w(z) F'(z)]  for quadratic F,      w(z) = 1 + V'(m) (z − m)/(2 V(m))
//! ```
//!
//! Derivation: w = a + b z has to be right for F = z and z². The first says a + b m = 1. The second says E[w 2z] = 2 (m + b V), and
//! Cov(z², z)/V = 2m + V'(m), because the third central moment is V V'. Hence b = V'/(2V). The mean of w is 1. Without differences of
//! nearly equal numbers:
//!
//! | family                          | V(m)      | w(z)                              |
//! |---------------------------------|-----------|-----------------------------------|
//! | Poisson(m)                      | m         | ½ (z/m + 1)                       |
//! | Binomial(n, p), Bernoulli(p)    | m − m²/n  | ½ (z/(n p) + (n − z)/(n q))       |
//! | NegativeBinomial(r, p), m = r p/q | m + m²/r | ½ ((1 + p) z/m + q)               |
//! | Geometric(p): r = 1, with q for p | m + m²   | ½ ((1 + q) z/m + p)               |
//!
//! By hand, for a coin: E[w F'] = ½ (F'(1) + F'(0)), which is F(1) − F(0) for a quadratic F.
//! Derived here; the families are those of `morris1982natural`.

use std::fmt;

use aleator_engine::graph::Expr;

/// The weight w of a family of counts.
pub trait QuadraticVariance: fmt::Debug {
    /// w(z), of the shape of the count z. Where all draws are equal, it is 1 at them.
    fn weight<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g>;
}

/// A count in proportion to its mean, which is 1 if the count is never anything but 0.
pub(super) fn in_proportion<'g>(count: Expr<'g>, mean: Expr<'g>) -> Expr<'g> {
    let never = mean.equal(0.0);
    never.select(1.0, count / never.select(1.0, mean))
}
