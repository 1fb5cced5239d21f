//! Gumbel–Rao: straight-through Gumbel-softmax, with its noise integrated out given the draw.
//!
//! ```text
//! forward:   F(z),  z = H(X) hard,  X = log-odds + noise
//! backward:  ∂z/∂θ := 1/M Σₘ J_τ(X̃ₘ) ∂φ,     X̃ₘ ~ p(X | z),    J_τ(x) = ∂ relax(x; τ)/∂x
//! ```
//!
//! | property       | value                                                                    |
//! |----------------|--------------------------------------------------------------------------|
//! | bias           | **biased**: that of straight-through Gumbel-softmax at the same τ        |
//! | distributions  | Bernoulli, OneHotCategorical                                             |
//! | needs of F     | differentiable at the outcomes                                           |
//! | evaluations    | K                                                                        |
//!
//! Derivation: the derivative of F at z does not depend on X otherwise than through z, so the mean of the straight-through
//! Gumbel-softmax estimate given z is ∂F(z) E[J_τ(X) | z] ∂φ, which M conditional draws estimate without a further evaluation of F
//! (Rao–Blackwell). The conditional draws X̃ are held fixed as noise: the derivative is that of relax(φ + noise) at φ + noise = X̃,
//! not the one through the dependence of X̃ on φ, which is that of REBAR. With M = 1 the estimate has the distribution of
//! straight-through Gumbel-softmax.
//! Choose it instead of [`StraightThroughGumbelSoftmax`](super::StraightThroughGumbelSoftmax), above all at low τ.
//! Reference: `paulus2021rao`.

use super::gumbel_softmax::has_relaxation;
use super::hard_forward::{finite_log_odds, with_derivative_of};
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Estimator, OptionSpec, OptionValue, Properties, Site, SiteInfo, SiteValue,
    Smoothness,
};

/// A hard forward pass, and the mean derivative of conditional relaxations in the backward pass.
#[derive(Clone, Copy, Debug)]
pub struct GumbelRao {
    /// τ > 0
    pub temperature: f64,
    /// M, the number of conditional draws.
    pub draws: usize,
}

impl Default for GumbelRao {
    fn default() -> Self {
        GumbelRao { temperature: 0.5, draws: 10 }
    }
}

/// The largest number of conditional draws.
const MOST_DRAWS: usize = 4096;

/// The options.
const OPTIONS: &[OptionSpec] =
    &[OptionSpec::temperature(0.5).always_shown(), OptionSpec::count("draws", 10, MOST_DRAWS).always_shown()];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "gumbel_rao",
    aliases: &[],
    bias: Bias::Biased,
    summary: "straight-through Gumbel-softmax, with the mean derivative over relaxations that agree with the draw",
    formula: "grad F(z + mean zeta_m - sg(mean zeta_m)), zeta_m = softmax(X_m / tau), X_m ~ p(X | z)",
    distributions: "Bernoulli, OneHotCategorical",
    requires: "F differentiable at the outcomes",
    evaluations: "K",
    smoothness: Smoothness::AtSample,
    advice: "biased; the mean of straight_through_gumbel_softmax with a smaller variance",
    options: OPTIONS,
    reference: "paulus2021rao",
};

impl GumbelRao {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        GumbelRao { temperature: options.number("temperature"), draws: options.count("draws") }
    }
}

impl Estimator for GumbelRao {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        vec![("temperature", self.temperature.into()), ("draws", self.draws.into())]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_relaxation(site)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        let z = site.sample();
        let phi = finite_log_odds(site)?;
        // φ + noise, with the value X̃ and the derivative ∂φ.
        let x = site.perturbed_given_draws(z, self.draws)?.stop_gradient() + (phi - phi.stop_gradient());
        Ok(with_derivative_of(z, site.relax(x, self.temperature)?.mean_axes(0)))
    }
}
