//! Samples as transforms of a variable whose distribution still depends on the parameters.
//!
//! ```text
//! z = T(ε; θ),   ε = T⁻¹(z; θ) ~ q(ε; θ),   q(ε; θ) = p(T(ε; θ); θ) |det ∂T/∂ε|
//! ∇E F(z) = E[∇F(T(ε; θ)) at fixed ε] + E[F(z) ∇ log q(ε; θ)]
//! ```
//!
//! ε is computed from a sample z by inverting T. If a transform removes all of the dependence on θ (mean and scale of a Normal),
//! there is no score; if it removes nothing, there is no derivative through T.
//!
//! | transform      | ε of a Normal   | of the others                                                             |
//! |----------------|-----------------|---------------------------------------------------------------------------|
//! | standardize    | (z − μ)/σ       | log z or logit z, less its mean, divided by its standard deviation        |
//! | location       | z − μ           | (LogNormal) the same of log z                                             |
//! | shifted scale  | (z − μ)/σ + μ   | (LogNormal) the same of log z                                             |
//! | rejection      |                 | what a sampler by rejection accepts: Gamma, and Beta and Dirichlet of it  |
//!
//! References: `ruiz2016generalized`, `naesseth2017reparameterization`.

use std::fmt;

use aleator_engine::graph::Expr;

use super::noise::Noise;

/// The kind of transform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transform {
    /// ε has mean 0 and standard deviation 1, possibly approximately.
    #[default]
    Standardize,
    /// ε has mean 0.
    Location,
    /// ε has standard deviation 1 and the mean of z.
    ShiftedScale,
    /// ε is the proposal of a rejection sampler, after shape augmentation.
    Rejection {
        /// B, the number of steps of shape augmentation: the concentration of the sampler is larger by B.
        augmentation: u32,
    },
}

/// A sample as T(ε; θ), and the density of ε.
#[derive(Clone, Copy, Debug)]
pub struct Transformed<'g> {
    /// T(ε; θ), of shape sample + batch + event, differentiable at fixed ε.
    pub value: Expr<'g>,
    /// log q(ε; θ), of shape sample + batch, differentiable at fixed ε.
    pub log_density: Expr<'g>,
}

/// The formulas of a family with transforms. Parameters and noise are those of [`Family`](super::Family).
pub trait Transformation: fmt::Debug + Send + Sync {
    /// Whether the family has this transform.
    fn has(&self, transform: Transform) -> bool;
    /// The sample as a function of ε. It equals that of [`Family::sample`](super::Family::sample) up to rounding, except for
    /// rejection, which uses a different sampler.
    fn transformed<'g>(
        &self,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
        transform: Transform,
    ) -> Transformed<'g>;
}

/// y = T(ε), where ε is y standardized by the given mean and standard deviation, and log |dT/dε|, computed from a sample of y.
pub(super) fn whitened<'g>(drawn: Expr<'g>, mean: Expr<'g>, deviation: Expr<'g>) -> (Expr<'g>, Expr<'g>) {
    let epsilon = ((drawn - mean) / deviation).stop_gradient();
    (mean + deviation * epsilon, deviation.log())
}

/// y = μ + σ ε, by one of the transforms of families with a location and a scale.
pub(super) struct OfStandard<'g> {
    /// T(ε; θ).
    pub value: Expr<'g>,
    /// (T − μ)/σ, with the bits of ε.
    pub standardized: Expr<'g>,
    /// log |dT/dε|
    pub log_slope: Expr<'g>,
}

/// y from its standard variable ε, which is accurate even if μ is large compared with σ.
pub(super) fn of_standard<'g>(
    epsilon: Expr<'g>,
    loc: Expr<'g>,
    scale: Expr<'g>,
    transform: Transform,
) -> OfStandard<'g> {
    let (fixed_loc, fixed_scale) = (loc.stop_gradient(), scale.stop_gradient());
    let epsilon = epsilon.stop_gradient();
    let (standardized, log_slope) = match transform {
        Transform::Standardize | Transform::Rejection { .. } => (epsilon, scale.log()),
        // The variable z − μ is held.
        Transform::Location => (epsilon * (fixed_scale / scale), 0.0 * fixed_scale),
        // The variable ε + μ is held.
        Transform::ShiftedScale => (epsilon + (fixed_loc - loc), scale.log()),
    };
    OfStandard { value: loc + scale * standardized, standardized, log_slope }
}
