//! Draws as a transform of a variable whose law still depends on the parameters.
//!
//! ```text
//! z = T(ε; θ),   ε = T⁻¹(z; θ) ~ q(ε; θ),   q(ε; θ) = p(T(ε; θ); θ) |det ∂T/∂ε|
//! ∇E F(z) = E[∇F(T(ε; θ)) at fixed ε] + E[F(z) ∇ log q(ε; θ)]
//! ```
//!
//! ε is drawn by drawing z and going back. A transform that takes out all of the dependence on θ (mean and scale of a
//! Normal) leaves no score; one that takes out nothing leaves no derivative through T.
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

/// Which transform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transform {
    /// To mean 0 and standard deviation 1, as far as it goes.
    #[default]
    Standardize,
    /// To mean 0.
    Location,
    /// To standard deviation 1, around the mean.
    ShiftedScale,
    /// To the proposal of a rejection sampler, after this many steps of shape augmentation.
    Rejection {
        /// B: the sampler's concentration is larger by this.
        augmentation: u32,
    },
}

/// A draw by way of ε.
#[derive(Clone, Copy, Debug)]
pub struct Transformed<'g> {
    /// T(ε; θ), of shape sample + batch + event, differentiable at fixed ε.
    pub value: Expr<'g>,
    /// log q(ε; θ), of shape sample + batch, differentiable at fixed ε.
    pub log_density: Expr<'g>,
}

/// The formulas of a family with transforms. Parameters and noise are those of [`Family`](super::Family).
pub trait Transformation: fmt::Debug + Send + Sync {
    /// Whether it has this one.
    fn has(&self, transform: Transform) -> bool;
    /// The draw of [`Family::sample`](super::Family::sample) (to rounding), but for rejection that of another sampler.
    fn transformed<'g>(
        &self,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
        transform: Transform,
    ) -> Transformed<'g>;
}

/// y = T(ε) for a y of this mean and standard deviation, whitened by them, and log |dT/dε|, from a draw of y.
pub(super) fn whitened<'g>(drawn: Expr<'g>, mean: Expr<'g>, deviation: Expr<'g>) -> (Expr<'g>, Expr<'g>) {
    let epsilon = ((drawn - mean) / deviation).stop_gradient();
    (mean + deviation * epsilon, deviation.log())
}

/// y = μ + σ ε by one of the transforms that a location and a scale have.
pub(super) struct OfStandard<'g> {
    /// T of the transform's variable.
    pub value: Expr<'g>,
    /// (T − μ)/σ, with ε's bits.
    pub standardized: Expr<'g>,
    /// log |dT/dε|
    pub log_slope: Expr<'g>,
}

/// y from its standard variable ε, which holds what y itself loses where μ is large beside σ.
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
