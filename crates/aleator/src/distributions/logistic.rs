//! Logistic: z ∈ ℝ.
//!
//! ```text
//! z = μ + s logit u
//! log p(z) = −softplus(x) − softplus(−x) − log s,   x = (z − μ)/s
//! E z = μ,   Var z = π² s²/3,   entropy = log s + 2
//! ```
//!
//! Parameters: μ (`loc`), finite; s (`scale`), positive and finite.

use std::f64::consts::PI;
use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::family::Distribution;
use super::location_scale::LocationScale;
use super::noise::Noise;
use super::symmetric::Symmetric;
use super::weak_derivative::WeakDerivative;

/// The Logistic family.
#[derive(Clone, Copy, Debug)]
pub struct Logistic;

impl Logistic {
    /// μ (`loc`) and s (`scale`) > 0.
    pub fn new<'g>(loc: impl Into<Argument<'g>>, scale: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Logistic), [loc.into(), scale.into()])
    }
}

impl LocationScale for Logistic {
    const NAME: &'static str = "Logistic";

    /// logit u
    fn standard<'g>(noise: &mut Noise<'g>) -> Expr<'g> {
        noise.uniform(&[]).logit()
    }

    fn log_density<'g>(x: Expr<'g>, scale: Expr<'g>) -> Expr<'g> {
        -x.softplus() - (-x).softplus() - scale.log()
    }

    fn mean<'g>(loc: Expr<'g>, _: Expr<'g>) -> Option<Expr<'g>> {
        Some(loc)
    }

    fn variance(scale: Expr<'_>) -> Option<Expr<'_>> {
        Some((PI * PI / 3.0) * scale.square())
    }

    fn entropy(scale: Expr<'_>) -> Expr<'_> {
        scale.log() + 2.0
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }
}

impl Symmetric for Logistic {
    const PEAK: f64 = 0.25;

    /// With f(x) = y at s (1 − s) = y, s = σ(m): m = log (1 − 2y + √(1 − 4y)) − log 2y
    fn level<'g>(x: Expr<'g>, v: Expr<'g>) -> Expr<'g> {
        let log_y = v.log() - x.softplus() - (-x).softplus();
        let y = log_y.exp();
        (1.0 - 2.0 * y + (1.0 - 4.0 * y).maximum(0.0).sqrt()).log() - (2f64.ln() + log_y)
    }
}
