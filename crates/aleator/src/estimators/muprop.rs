//! MuProp.
//!
//! ```text
//! μ = E z,   L(z) = F(μ) + ∇F(μ)ᵀ (z − μ)
//! ∇θ E[F(z)]  ≈  1/K Σₖ (F(zₖ) − L(zₖ)) ∇θ log p(zₖ; θ) + ∇F(μ)ᵀ ∂μ/∂θ
//! ```
//!
//! | property       | value                                                                  |
//! |----------------|------------------------------------------------------------------------|
//! | bias           | none: E[L(z) ∇ log p(z)] = ∇F(μ)ᵀ ∂μ/∂θ                                |
//! | distributions  | those whose mean is known, and whose support is free of θ              |
//! | needs of F     | differentiable at the mean, which may lie off the support              |
//! | evaluations    | 2 K                                                                    |
//!
//! The control variate is the first-order expansion of F at the mean, which is exact if F is linear.
//! Choose it when F is close to linear over the outcomes; if F curves strongly, [`ReinforceLoo`](super::ReinforceLoo) is better.
//! The derivative is taken at μ and passes through the parameters of this site only. Inside F(μ), later sites are at their means
//! (or are drawn again from their own noise), never at the values of the main path, which depend on z. On the talk's Gaussian,
//! the variances are 15σ² (mean) and 74σ² (scale).
//! Reference: `gu2016muprop`.

use aleator_engine::autodiff;

use super::baseline_options::{BASELINE, BASELINE_HIDDEN, DECAY, baseline, baseline_values};
use super::score_function::{has_mode_for, has_score};
use crate::control_variates::Baseline;
use crate::distributions::Support;
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Cone, DownstreamSites, Estimator, GradientTerm, OptionError, OptionSpec,
    OptionValue, Properties, Site, SiteInfo, Smoothness,
};

/// The expansion at the mean, with or without its linear term.
#[derive(Clone, Copy, Debug)]
pub struct MuProp {
    /// Whether L has its linear term; without it, L = F(μ) ("SimpleMuProp").
    pub linear: bool,
    /// The baseline that is subtracted in addition.
    pub baseline: Baseline,
}

impl Default for MuProp {
    fn default() -> Self {
        MuProp { linear: true, baseline: Baseline::None }
    }
}

/// The options.
const OPTIONS: &[OptionSpec] = &[OptionSpec::truth("linear", true), BASELINE, DECAY, BASELINE_HIDDEN];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "muprop",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "the score function with a first-order expansion of F at the mean as control variate",
    formula: "(F(z) - F(mu) - grad F(mu) (z - mu)) grad log p(z; theta) + grad F(mu) grad mu",
    distributions: "distributions with a mean, whose support does not depend on the parameters",
    requires: "F differentiable at the mean, which may be outside the support",
    evaluations: "2 K",
    smoothness: Smoothness::AtMean,
    advice: "when F is close to linear over the outcomes",
    options: OPTIONS,
    reference: "gu2016muprop",
};

impl MuProp {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Result<Self, OptionError> {
        Ok(MuProp { linear: options.truth("linear"), baseline: baseline(options)? })
    }
}

impl Estimator for MuProp {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn smoothness(&self) -> Smoothness {
        if self.linear { PROPERTIES.smoothness } else { Smoothness::NotNeeded }
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        [vec![("linear", self.linear.into())], baseline_values(self.baseline)].concat()
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_score(site)?;
        has_mode_for(self.baseline, site)?;
        if site.distribution.mean().is_none() {
            let remedy = match site.distribution.family().support() {
                Support::Indices => "use OneHotCategorical, whose mean is a vector of probabilities",
                _ => "use score_function or reinforce_loo",
            };
            return Err(format!("the estimator expands F at the mean, which is not known;  {remedy}"));
        }
        site.defined_between()
    }

    fn min_samples(&self) -> usize {
        self.baseline.min_samples()
    }

    fn extra_evaluations(&self, _: &SiteInfo<'_, '_>, _: usize) -> usize {
        1 + self.baseline.extra_evaluations()
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let z = cone.value();
        let log_prob = site.log_prob(z);
        let mean = site.mean()?;
        // A separate node, so that the derivative is taken with respect to the value of the site and nothing else.
        let mu = mean.stop_gradient().broadcast_to(z.shape());
        if !self.linear {
            let at_mean = cone.cost_at(mu, DownstreamSites::Mean)?;
            let centred = self.baseline.subtract(cone.cost() - at_mean, log_prob, site, cone)?;
            return Ok(vec![GradientTerm::score(log_prob, centred)]);
        }
        let (at_mean, slope) = cone.cost_and_slope_at(mu, DownstreamSites::Mean)?;
        let linear = autodiff::jvp(&[at_mean], &[(mu, z - mu)])[0];
        let centred = self.baseline.subtract(cone.cost() - at_mean - linear, log_prob, site, cone)?;
        Ok(vec![GradientTerm::score(log_prob, centred), GradientTerm::value(site, mean, slope)])
    }
}
