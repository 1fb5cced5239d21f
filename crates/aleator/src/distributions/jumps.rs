//! Jumps of counts: how fast a count crosses the step to its neighbour when a parameter moves.
//!
//! ```text
//! E F(z) = F(0) + Σₖ P(z ≥ k) (F(k) − F(k − 1))
//! ∂η E F = Σₖ ∂η P(z ≥ k) (F(k) − F(k − 1))
//!        = E[up(z) (F(z + 1) − F(z))],        up(z) = ∂η P(z ≥ z + 1)/P(z)       each step is taken from below,
//!        = E[down(z) (F(z) − F(z − 1))],      down(z) = ∂η P(z ≥ z)/P(z)         or from above
//! ```
//!
//! A sample by inversion of a uniform number is such a count: if η moves, the numbers at the ends of an interval change sides.
//!
//! | family                     | up(z)        | down(z)     |
//! |----------------------------|--------------|-------------|
//! | Bernoulli, p               | (1 − z)/q    | z/p         |
//! | Binomial, p                | (n − z)/q    | z/p         |
//! | Poisson, λ                 | 1            | z/λ         |
//! | Geometric, p               | −(z + 1)/p   | −z/(p q)    |
//! | NegativeBinomial, p        | (z + r)/q    | z/(p q)     |
//!
//! From logits, all of them are multiplied by p q.
//!
//! Reference: `arya2022automatic`.

use std::fmt;

use aleator_engine::graph::Expr;

/// The rates of the jumps of a count at a sample, by the derivative of one parameter.
#[derive(Clone, Copy, Debug)]
pub struct JumpRates<'g> {
    /// up(z), 0 where there is no step above.
    pub up: Expr<'g>,
    /// down(z), 0 where there is no step below.
    pub down: Expr<'g>,
    /// 1 where only steps up are taken by the derivative at an end of the parameter's domain.
    pub only_up: Expr<'g>,
    /// 1 where only steps down are.
    pub only_down: Expr<'g>,
}

/// The jumps of a family of counts. Parameters are those of [`Family`](super::Family).
pub trait Jumps: fmt::Debug + Send + Sync {
    /// The index of the parameter with respect to which the rates are the derivative.
    fn parameter(&self) -> usize;
    /// Whether the count rises with the parameter.
    fn rises(&self) -> bool {
        true
    }
    /// The rates at a sample z.
    fn rates<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> JumpRates<'g>;
}
