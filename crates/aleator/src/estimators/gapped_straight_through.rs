//! Gapped straight-through (GST).
//!
//! ```text
//! forward:   F(z),  z hard
//! backward:  ∂z/∂θ := ∂ softmax((φ + sg(m₁ − m₂))/τ)/∂θ
//!
//! m₁ = (max φ − φ) ⊙ z                          raises the drawn outcome to the largest φ
//! m₂ = max(φ − max φ + gap, 0) ⊙ (1 − z)        lowers the others until they are the gap below it
//! ```
//!
//! | property       | value                                                        |
//! |----------------|--------------------------------------------------------------|
//! | bias           | **biased**                                                   |
//! | distributions  | Bernoulli, OneHotCategorical                                 |
//! | needs of F     | differentiable at the outcomes                               |
//! | evaluations    | K                                                            |
//!
//! Straight-through Gumbel-softmax perturbs φ by noise that makes the drawn outcome the largest. Here the perturbation is a function
//! of the draw, which removes the variance of the noise. The perturbation is held fixed; only φ is differentiated. A Bernoulli is
//! the one-hot vector (1 − z, z) with the log-odds (0, φ), for which the perturbed log-odds is max(φ, gap) where z = 1 and
//! min(φ, −gap) where z = 0.
//! Choose it instead of [`StraightThroughGumbelSoftmax`](super::StraightThroughGumbelSoftmax) if its variance is too large.
//! Reference: `fan2022training`.

use aleator_engine::graph::{FromEnd, Reduction};

use super::gumbel_softmax::has_relaxation;
use super::hard_forward::{finite_log_odds, with_derivative_of};
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Estimator, OptionSpec, OptionValue, Properties, Site, SiteInfo, SiteValue,
    Smoothness,
};

/// A hard forward pass, and the derivative of a relaxation that agrees with the draw in the backward pass.
#[derive(Clone, Copy, Debug)]
pub struct GappedStraightThrough {
    /// τ > 0
    pub temperature: f64,
    /// The smallest distance of the drawn outcome from the others, ≥ 0.
    pub gap: f64,
}

impl Default for GappedStraightThrough {
    fn default() -> Self {
        GappedStraightThrough { temperature: 0.5, gap: 1.0 }
    }
}

/// The options.
const OPTIONS: &[OptionSpec] = &[
    OptionSpec::temperature(0.5).always_shown(),
    OptionSpec::number("gap", 1.0, "a number >= 0", |gap| gap >= 0.0),
];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "gapped_straight_through",
    aliases: &["gst"],
    bias: Bias::Biased,
    summary: "the hard sample forward, the derivative of a relaxation that the draw determines backward",
    formula: "grad F(z + zeta - sg(zeta)), zeta = softmax((phi + m1 - m2) / tau)",
    distributions: "Bernoulli, OneHotCategorical",
    requires: "F differentiable at the outcomes",
    evaluations: "K",
    smoothness: Smoothness::AtSample,
    advice: "biased; without the noise of straight_through_gumbel_softmax",
    options: OPTIONS,
    reference: "fan2022training",
};

impl GappedStraightThrough {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        GappedStraightThrough { temperature: options.number("temperature"), gap: options.number("gap") }
    }
}

impl Estimator for GappedStraightThrough {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        vec![("temperature", self.temperature.into()), ("gap", self.gap.into())]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_relaxation(site)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        let z = site.sample();
        let phi = site.log_odds()?.stop_gradient();
        let perturbed = match site.event_shape().rank() {
            0 => z.select(phi.maximum(self.gap), phi.minimum(-self.gap)),
            _ => {
                // φ + m₁ − m₂: the largest φ where z = 1, and at most the gap below it elsewhere.
                let largest = phi.reduce(Reduction::Max, FromEnd(0)).unsqueeze(-1);
                z.select(largest, phi.minimum(largest - self.gap))
            }
        };
        let phi = finite_log_odds(site)?;
        let zeta = site.relax(perturbed + (phi - phi.stop_gradient()), self.temperature)?;
        Ok(with_derivative_of(z, zeta))
    }
}
