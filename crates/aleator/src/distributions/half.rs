//! The positive half of a family that is symmetric about 0: z = |x|, x of that family with location 0.
//!
//! ```text
//! z = σ |ε|
//! log p(z) = log 2 + log p_x(z) for z ≥ 0, −∞ below
//! entropy = entropy of x − log 2
//! ```
//!
//! |ε| falls as its uniform number u rises, so that large values are computed from small numbers, which are accurate. A density that
//! falls on both sides of 0 falls on one; the weak derivative by the scale is that of `symmetric`, with m = |M|.
//!
//! Parameter: σ (`scale`), positive and finite: the scale of x.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::coordinates::standardized;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::symmetric::Symmetric;
use super::weak_derivative::{Place, Triple, WeakDerivative};

/// A symmetric family with a positive half of its own name.
pub trait Folded: Symmetric {
    /// The name of the half.
    const HALF: &'static str;

    /// |ε|, falling with u.
    fn folded<'g>(noise: &mut Noise<'g>) -> Expr<'g>;

    /// E |x|, if it exists.
    fn folded_mean(scale: Expr<'_>) -> Option<Expr<'_>>;

    /// Var |x|, if it exists.
    fn folded_variance(scale: Expr<'_>) -> Option<Expr<'_>>;
}

/// The positive half of a family.
#[derive(Clone, Copy, Debug)]
pub struct Half<F>(pub(super) F);

impl<F: Folded + Default + 'static> Half<F> {
    /// σ (`scale`) > 0.
    pub fn new<'g>(scale: impl Into<Argument<'g>>) -> Distribution<'g> {
        Distribution::of(Arc::new(Half(F::default())), [scale.into()])
    }
}

/// μ = 0
fn origin<'g>(scale: Expr<'g>) -> Expr<'g> {
    scale.graph().scalar(0.0)
}

impl<F: Folded> Family for Half<F> {
    fn name(&self) -> &'static str {
        F::HALF
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[Parameter { name: "scale", constraint: Constraint::Positive, event_rank: 0 }]
    }

    fn support(&self) -> Support {
        Support::Positive
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [scale] = unpack(parameters);
        scale * F::folded(noise)
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [scale] = unpack(parameters);
        let inside = z.greater_equal(0.0);
        let whole = F::log_prob(origin(scale), scale, inside.select(z, 0.0));
        inside.select(whole + 2f64.ln(), f64::NEG_INFINITY)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [scale] = unpack(parameters);
        let x = standardized(F::folded(noise), origin(scale), scale);
        F::log_density(x, scale) + 2f64.ln()
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        F::folded_mean(parameters[0])
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        F::folded_variance(parameters[0])
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        Some(<F as super::LocationScale>::entropy(parameters[0]) - 2f64.ln())
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }
}

impl<F: Folded> WeakDerivative for Half<F> {
    fn values(&self, _: usize) -> Option<usize> {
        Some(1)
    }

    fn triples<'g>(&self, _: usize, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Vec<Triple<'g>> {
        let [scale] = unpack(parameters);
        let x = F::folded(noise);
        let larger = scale * F::level(x, noise.uniform(&[]));
        vec![Triple { constant: 1.0 / scale, positive: Place::At(larger), negative: Place::Sample }]
    }
}
