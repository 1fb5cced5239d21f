//! Samples with derivatives by the parameters at a fixed value of the distribution function.
//!
//! ```text
//! F(z; θ) = U,   U uniform and free of θ:     dz/dθ = −∂θF(z; θ) / p(z; θ)
//! ```
//!
//! A sample z may be drawn in any way: given z, U is known, and z is a differentiable function of U and θ. The derivative is put
//! on a constant sample, z + Σᵢ dz/dθᵢ (θᵢ − θᵢ₀), where θ₀ is θ without its derivative. The value is z, since the differences are 0.
//!
//! Reference: `figurnov2018implicit`.

use std::fmt;

use aleator_engine::graph::Expr;

use super::noise::Noise;

/// The formulas of a family whose distribution function can be differentiated. Parameters and noise are those of
/// [`Family`](super::Family).
pub trait ImplicitReparameterization: fmt::Debug + Send + Sync {
    /// [`Family::sample`](super::Family::sample), with its first derivatives by the parameters. They are constant: higher
    /// derivatives are not those of a sample.
    fn implicit_sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g>;
    /// The probability that crosses an end of the support, if the derivatives move some.
    fn flux<'g>(&self, _parameters: &[Expr<'g>]) -> Option<Flux<'g>> {
        None
    }
}

/// Probability that leaves the support at the end `to` and enters it at the end `from`, as on a circle.
///
/// ```text
/// ∂θ ∫ f p dz = E[f′(z) dz/dθ] + (f(from) − f(to)) p(to) v(to),    v = dz/dθ as a function of z
/// ```
///
/// because ∂θp = −(p v)′.
#[derive(Clone, Copy, Debug)]
pub struct Flux<'g> {
    /// The end at which probability enters.
    pub from: f64,
    /// The end at which probability leaves.
    pub to: f64,
    /// An expression whose derivative by the parameters is p(to) v(to), of the shape of the batch.
    pub crossing: Expr<'g>,
}

/// A constant with the given derivatives by parameters: pairs of a parameter and the derivative by it.
pub(super) fn with_derivatives<'g, const N: usize>(
    value: Expr<'g>,
    derivatives: [(Expr<'g>, Expr<'g>); N],
) -> Expr<'g> {
    derivatives.into_iter().fold(value.stop_gradient(), |z, (parameter, derivative)| {
        // Infinite derivatives occur only where they overflow; their product with 0 would be NaN.
        let derivative = derivative.stop_gradient();
        let derivative = derivative.abs().less(f64::INFINITY).select(derivative, 0.0);
        z + derivative * (parameter - parameter.stop_gradient())
    })
}
