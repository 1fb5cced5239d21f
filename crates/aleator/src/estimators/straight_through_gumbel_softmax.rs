//! Straight-through Gumbel-softmax.
//!
//! ```text
//! forward:   F(z),  z = argmax X hard
//! backward:  ∂z/∂θ := ∂ζ/∂θ,  ζ = softmax(X/τ) from the same noise      (z + ζ − sg(ζ))
//! ```
//!
//! | property       | value                                                        |
//! |----------------|--------------------------------------------------------------|
//! | bias           | **biased**                                                   |
//! | distributions  | Bernoulli, OneHotCategorical                                 |
//! | needs of F     | differentiable at the outcomes                               |
//! | evaluations    | K                                                            |
//!
//! Choose it instead of [`gumbel_softmax`](super::GumbelSoftmax) if F is meaningful only at the outcomes and a bias is
//! acceptable.
//! Reference: `jang2017categorical`.

use super::gumbel_softmax::has_relaxation;
use super::hard_forward::with_derivative_of;
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Estimator, OptionSpec, OptionValue, Properties, Site, SiteInfo, SiteValue,
    Smoothness,
};

/// A hard forward pass, and the derivative of the relaxation in the backward pass.
#[derive(Clone, Copy, Debug)]
pub struct StraightThroughGumbelSoftmax {
    /// τ > 0
    pub temperature: f64,
}

impl Default for StraightThroughGumbelSoftmax {
    fn default() -> Self {
        StraightThroughGumbelSoftmax { temperature: 0.5 }
    }
}

/// The options.
const OPTIONS: &[OptionSpec] = &[OptionSpec::temperature(0.5).always_shown()];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "straight_through_gumbel_softmax",
    aliases: &[],
    bias: Bias::Biased,
    summary: "the hard sample forward, the derivative of its relaxation backward",
    formula: "grad F(z + zeta - sg(zeta)), zeta = softmax((log p + gumbel) / tau)",
    distributions: "Bernoulli, OneHotCategorical",
    requires: "F differentiable at the outcomes",
    evaluations: "K",
    smoothness: Smoothness::AtSample,
    advice: "when F only makes sense at the outcomes and a bias is acceptable",
    options: OPTIONS,
    reference: "jang2017categorical",
};

impl StraightThroughGumbelSoftmax {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        StraightThroughGumbelSoftmax { temperature: options.number("temperature") }
    }
}

impl Estimator for StraightThroughGumbelSoftmax {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        vec![("temperature", self.temperature.into())]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_relaxation(site)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        Ok(with_derivative_of(site.sample(), site.relaxed_sample(self.temperature)?))
    }
}
