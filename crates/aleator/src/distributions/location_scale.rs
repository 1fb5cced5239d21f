//! Families of location and scale: z = μ + σ ε, where the law of ε has no parameters.
//!
//! ```text
//! z = μ + σ ε
//! log p(z) = log p_ε(x) − log σ,   x = (z − μ)/σ
//! ```
//!
//! Parameters: μ (`loc`), finite; σ (`scale`), positive and finite. A family states the law of ε and its moments; everything else
//! is the same for all of them.

use std::fmt;

use aleator_engine::graph::Expr;

use super::coordinates::standardized;
use super::family::{Constraint, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::transformation::Transformation;
use super::weak_derivative::WeakDerivative;

/// The law of ε, and the moments of z.
pub trait LocationScale: fmt::Debug + Send + Sync {
    /// The name of the family.
    const NAME: &'static str;

    /// ε
    fn standard<'g>(noise: &mut Noise<'g>) -> Expr<'g>;

    /// log p(z), as a function of x = (z − μ)/σ and σ.
    fn log_density<'g>(x: Expr<'g>, scale: Expr<'g>) -> Expr<'g>;

    /// E z, if it exists.
    fn mean<'g>(loc: Expr<'g>, scale: Expr<'g>) -> Option<Expr<'g>>;

    /// Var z, if it exists.
    fn variance(scale: Expr<'_>) -> Option<Expr<'_>>;

    /// −E log p(z)
    fn entropy(scale: Expr<'_>) -> Expr<'_>;

    /// z = μ + σ ε
    fn sample<'g>(loc: Expr<'g>, scale: Expr<'g>, noise: &mut Noise<'g>) -> Expr<'g> {
        loc + scale * Self::standard(noise)
    }

    /// log p(z)
    fn log_prob<'g>(loc: Expr<'g>, scale: Expr<'g>, z: Expr<'g>) -> Expr<'g> {
        Self::log_density((z - loc) / scale, scale)
    }

    /// See [`Family::transformation`].
    fn transformation(&self) -> Option<&dyn Transformation> {
        None
    }

    /// See [`Family::weak_derivative`].
    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        None
    }
}

impl<F: LocationScale> Family for F {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "loc", constraint: Constraint::Real, event_rank: 0 },
            Parameter { name: "scale", constraint: Constraint::Positive, event_rank: 0 },
        ]
    }

    fn support(&self) -> Support {
        Support::Real
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [loc, scale] = unpack(parameters);
        F::sample(loc, scale, noise)
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [loc, scale] = unpack(parameters);
        F::log_prob(loc, scale, z)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [loc, scale] = unpack(parameters);
        F::log_density(standardized(F::standard(noise), loc, scale), scale)
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [loc, scale] = unpack(parameters);
        F::mean(loc, scale)
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [_, scale] = unpack(parameters);
        F::variance(scale)
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let [_, scale] = unpack(parameters);
        Some(F::entropy(scale))
    }

    fn transformation(&self) -> Option<&dyn Transformation> {
        LocationScale::transformation(self)
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        LocationScale::weak_derivative(self)
    }
}
