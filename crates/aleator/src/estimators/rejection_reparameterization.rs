//! Rejection-sampling reparameterization (RSVI).
//!
//! ```text
//! z = h(ε; θ),   ε: the proposal that a rejection sampler accepted, ε ~ q(ε; θ)
//! ∇θ E[F(z)]  ≈  1/K Σₖ ∇F(h(εₖ; θ)) at fixed εₖ + F(zₖ) ∇θ log q(εₖ; θ)
//! Gamma(α, 1):   h(ε; α) = (α − ⅓)(1 + ε/√(9α − 3))³,   log q = log p(h(ε; α); α) + log ∂h/∂ε
//! ```
//!
//! | property       | value                                                                                  |
//! |----------------|----------------------------------------------------------------------------------------|
//! | bias           | none where F is continuous and differentiable at the sample                            |
//! | distributions  | Gamma; Beta and Dirichlet through it                                                   |
//! | needs of F     | differentiable; a jump in F makes the estimate wrong                                   |
//! | evaluations    | K                                                                                      |
//!
//! This is [`GeneralizedReparameterization`](super::GeneralizedReparameterization) with the transform of a rejection sampler
//! whose proposal is nearly a standard Normal and nearly always accepted (0.98 at α = 2). The remaining score is small, and
//! smaller with shape augmentation, which draws from Gamma(α + B) and transforms the draw into Gamma(α) with B uniform numbers.
//! Any accepted ε is h⁻¹ of an exact draw, so no loop is differentiated. The draw differs from the draw of other estimators with
//! the same seed.
//! Choose it for Gamma, Beta and Dirichlet when the cost is smooth.
//! Reference: `naesseth2017reparameterization`.

use crate::distributions::Transform;
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Cone, Estimator, GradientTerm, OptionSpec, OptionValue, Properties, Site, SiteInfo,
    SiteValue, Smoothness,
};

/// The derivative through an accepted proposal, corrected by its score.
#[derive(Clone, Copy, Debug)]
pub struct RejectionReparameterization {
    /// B, at least 1, so that the sampler supports any concentration.
    pub augmentation: u32,
}

impl Default for RejectionReparameterization {
    fn default() -> Self {
        RejectionReparameterization { augmentation: 1 }
    }
}

/// The options.
const OPTIONS: &[OptionSpec] = &[OptionSpec::count("augmentation", 1, MOST_AUGMENTATION)];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "rejection_reparameterization",
    aliases: &["rsvi"],
    bias: Bias::Unbiased,
    summary: "the derivative through the accepted proposal of a rejection sampler, plus a score for the rest",
    formula: "grad F(h(eps; theta)) + F(z) grad log q(eps; theta)",
    distributions: "Gamma, and Beta and Dirichlet through Gamma",
    requires: "F continuous and differentiable at the sample",
    evaluations: "K",
    smoothness: Smoothness::AtSample,
    advice: "for Gamma, Beta and Dirichlet when the cost is smooth; more augmentation reduces the variance",
    options: OPTIONS,
    reference: "naesseth2017reparameterization",
};

/// The largest number of shape-augmentation steps. Each step takes one noise stream.
const MOST_AUGMENTATION: usize = 20;

impl RejectionReparameterization {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        RejectionReparameterization { augmentation: options.count("augmentation") as u32 }
    }

    fn transform(self) -> Transform {
        Transform::Rejection { augmentation: self.augmentation }
    }
}

impl Estimator for RejectionReparameterization {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        vec![("augmentation", (self.augmentation as usize).into())]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        match site.distribution.family().transformation() {
            Some(formulas) if formulas.has(self.transform()) => Ok(()),
            _ => Err("the estimator only supports Gamma, Chi2, InverseGamma, Beta and Dirichlet".into()),
        }
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        Ok(SiteValue::value(site.transformed(self.transform())?.value))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let log_density = site.transformed(self.transform())?.log_density;
        Ok(vec![GradientTerm::score(log_density, cone.cost())])
    }
}
