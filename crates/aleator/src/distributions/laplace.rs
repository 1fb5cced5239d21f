//! Laplace: z ∈ ℝ.
//!
//! ```text
//! z = μ − b sign(v) log(1 − 2|v|),   v = u − ½
//! log p(z) = −|z − μ|/b − log 2b
//! E z = μ,   Var z = 2b²,   entropy = 1 + log 2b
//! ```
//!
//! Parameters: μ (`loc`), finite; b (`scale`), positive and finite. The density has a kink at μ, where the derivative with
//! respect to μ is defined as 0.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::family::Distribution;
use super::location_scale::LocationScale;
use super::noise::Noise;
use super::symmetric::Symmetric;
use super::weak_derivative::WeakDerivative;

/// The Laplace family.
#[derive(Clone, Copy, Debug)]
pub struct Laplace;

impl Laplace {
    /// μ (`loc`) and b (`scale`) > 0.
    pub fn new<'g>(loc: impl Into<Argument<'g>>, scale: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Laplace), [loc.into(), scale.into()])
    }
}

impl LocationScale for Laplace {
    const NAME: &'static str = "Laplace";

    /// log 2u below the median and −log 2(1 − u) above: each is exact in its tail.
    fn standard<'g>(noise: &mut Noise<'g>) -> Expr<'g> {
        let u = noise.uniform(&[]);
        u.less(0.5).select((2.0 * u).log(), -(2.0 * (1.0 - u)).log())
    }

    fn log_density<'g>(x: Expr<'g>, scale: Expr<'g>) -> Expr<'g> {
        -x.abs() - (2.0 * scale).log()
    }

    fn mean<'g>(loc: Expr<'g>, _: Expr<'g>) -> Option<Expr<'g>> {
        Some(loc)
    }

    fn variance(scale: Expr<'_>) -> Option<Expr<'_>> {
        Some(2.0 * scale.square())
    }

    fn entropy(scale: Expr<'_>) -> Expr<'_> {
        1.0 + (2.0 * scale).log()
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }
}

impl Symmetric for Laplace {
    const PEAK: f64 = 0.5;

    /// |x| − log v
    fn level<'g>(x: Expr<'g>, v: Expr<'g>) -> Expr<'g> {
        x.abs() - v.log()
    }
}
