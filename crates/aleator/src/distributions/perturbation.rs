//! Discrete samples as discontinuous functions of a continuous variable, the basis of relaxations.
//!
//! ```text
//! z = H(X),   X = log-odds + noise                     the hard draw
//! ζ = relax(X; τ)                                      its relaxation, from the same noise
//! X̃ ~ p(X | z),   ζ̃ = relax(X̃; τ)                      the relaxation, given the draw
//! ```
//!
//! X̃ is a differentiable function of the parameters and of additional noise v that does not depend on them. An estimator that
//! ignores the dependence of X̃ on the parameters is biased.
//!
//! | coupling    | v                                                                                         |
//! |-------------|-------------------------------------------------------------------------------------------|
//! | independent | fresh                                                                                     |
//! | common      | computed from the noise of X, so that X̃ = X in value; uniform and independent of z still  |
//!
//! Reference: `tucker2017rebar`.

use std::fmt;

use aleator_engine::graph::Expr;

use super::noise::Noise;

/// The source of the noise v of a conditional sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coupling {
    /// The noise of the sample itself.
    #[default]
    Common,
    /// Independent noise.
    Independent,
}

/// The formulas of a family with a relaxation. Parameters and noise are those of [`Family`](super::Family).
pub trait Perturbation: fmt::Debug + Send + Sync {
    /// The log-odds to which noise is added, of shape batch + event.
    fn log_odds<'g>(&self, parameters: &[Expr<'g>]) -> Expr<'g>;
    /// X, computed from the noise of [`Family::sample`](super::Family::sample); H(X) is that sample.
    fn perturbed<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g>;
    /// X̃ given the sample `value`, which was computed from this noise.
    fn perturbed_given<'g>(
        &self,
        parameters: &[Expr<'g>],
        noise: &mut Noise<'g>,
        value: Expr<'g>,
        coupling: Coupling,
    ) -> Expr<'g>;
    /// ζ = relax(X; τ), of the shape of the value.
    fn relax<'g>(&self, perturbed: Expr<'g>, temperature: Expr<'g>) -> Expr<'g>;
}

/// Replaces ∞ where ∞ divided by a temperature would have the derivative 0 · ∞.
pub(super) const HUGE: f64 = 1e30;
/// Noise that is computed by subtraction may round to 0, where its logarithm must not be −∞.
pub(super) const TINY: f64 = 1e-30;
