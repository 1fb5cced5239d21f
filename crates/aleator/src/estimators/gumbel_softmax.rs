//! Gumbel-softmax (concrete relaxation).
//!
//! ```text
//! one-hot:    ζ = softmax((log p + γ)/τ),   γ = −log(−log u)
//! Bernoulli:  ζ = σ((φ + logit u)/τ)
//! ∇θ E[F(z)]  ≈  1/K Σₖ ∇θ F(ζₖ)
//! ```
//!
//! | property       | value                                                          |
//! |----------------|----------------------------------------------------------------|
//! | bias           | **biased**: unbiased for the relaxed objective E F(ζ) only     |
//! | distributions  | Bernoulli, OneHotCategorical                                   |
//! | needs of F     | differentiable, and meaningful between the outcomes            |
//! | evaluations    | K                                                              |
//!
//! The forward value is the relaxed one. A lower temperature reduces the bias and increases the variance.
//! Also called: concrete distribution.
//! Not to be confused with Gumbel-max, which draws the hard value, or with its straight-through variant.
//! Reference: `jang2017categorical`, `maddison2017concrete`.

use crate::distributions::Support;
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Estimator, OptionSpec, OptionValue, Properties, Site, SiteInfo, SiteValue,
    Smoothness,
};

/// The relaxation at a fixed temperature.
#[derive(Clone, Copy, Debug)]
pub struct GumbelSoftmax {
    /// τ > 0
    pub temperature: f64,
}

impl Default for GumbelSoftmax {
    fn default() -> Self {
        GumbelSoftmax { temperature: 0.5 }
    }
}

/// The options.
const OPTIONS: &[OptionSpec] = &[OptionSpec::temperature(0.5).always_shown()];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "gumbel_softmax",
    aliases: &["concrete"],
    bias: Bias::Biased,
    summary: "the derivative through a continuous relaxation of the sample",
    formula: "grad F(softmax((log p + gumbel) / tau))",
    distributions: "Bernoulli, OneHotCategorical",
    requires: "F differentiable and meaningful between the outcomes",
    evaluations: "K",
    smoothness: Smoothness::AtRelaxation,
    advice: "when a small bias is acceptable and F is smooth; temperature trades bias for variance",
    options: OPTIONS,
    reference: "jang2017categorical",
};

impl GumbelSoftmax {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        GumbelSoftmax { temperature: options.number("temperature") }
    }
}

/// Whether the site has a relaxation.
pub(super) fn has_relaxation(site: &SiteInfo<'_, '_>) -> Result<(), String> {
    match site.distribution.family().support() {
        Support::Boolean | Support::OneHot => Ok(()),
        Support::Indices => Err("an index has no relaxation; use OneHotCategorical instead".into()),
        support if support.is_discrete() => {
            Err("a count has no relaxation; use reinforce_loo or score_function".into())
        }
        _ if site.distribution.family().is_reparameterized() => {
            Err("it is already continuous; use pathwise".into())
        }
        _ => Err("it is already continuous; use rejection_reparameterization or reinforce_loo".into()),
    }
}

impl Estimator for GumbelSoftmax {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        vec![("temperature", self.temperature.into())]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_relaxation(site)?;
        site.defined_between()
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        site.relaxed_sample(self.temperature).map(SiteValue::value)
    }
}
