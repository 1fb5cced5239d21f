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
}

/// A constant with the given derivatives by parameters: pairs of a parameter and the derivative by it.
pub(super) fn with_derivatives<'g, const N: usize>(
    value: Expr<'g>,
    derivatives: [(Expr<'g>, Expr<'g>); N],
) -> Expr<'g> {
    derivatives.into_iter().fold(value.stop_gradient(), |z, (parameter, derivative)| {
        z + derivative.stop_gradient() * (parameter - parameter.stop_gradient())
    })
}
