//! Pathwise derivative (reparameterization).
//!
//! ```text
//! z = T(ε; θ),  ε free of θ:      ∇θ E[F(z)]  ≈  1/K Σₖ ∇θ F(T(εₖ; θ))
//! ```
//!
//! | property       | value                                                       |
//! |----------------|-------------------------------------------------------------|
//! | bias           | none where F is continuous and differentiable at the sample |
//! | distributions  | those with a differentiable transform of θ-free noise       |
//! | needs of F     | differentiable; a jump in F makes the estimate wrong        |
//! | evaluations    | K                                                           |
//!
//! Choose it whenever it applies. The estimator consists of the value alone: its derivative is the derivative of the transform.
//! Also called: reparameterization trick, infinitesimal perturbation analysis.
//! Reference: `kingma2014auto`, `rezende2014stochastic`.

use crate::error::Result;
use crate::rewrite::{AnyOrder, Bias, Estimator, Properties, Site, SiteInfo, SiteValue, Smoothness};

/// The pathwise estimator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pathwise;

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "pathwise",
    aliases: &["reparameterization"],
    bias: Bias::Unbiased,
    summary: "the derivative through the sample, written as a transform of noise",
    formula: "grad F(T(eps; theta))",
    distributions: "continuous distributions with a differentiable transform",
    requires: "F continuous and differentiable at the sample",
    evaluations: "K",
    smoothness: Smoothness::AtSample,
    advice: "whenever it applies: the variance is low and does not depend on constants in F",
    options: &[],
    reference: "kingma2014auto",
};

/// Whether the draws of a site are a differentiable transform of noise; if not, the reason.
pub(super) fn has_path(site: &SiteInfo<'_, '_>) -> Result<(), String> {
    let family = site.distribution.family();
    if family.is_reparameterized() {
        Ok(())
    } else if family.support().is_discrete() {
        Err("a discrete sample has no derivative with respect to its parameters".into())
    } else {
        Err("its sampler is not a differentiable transform of noise".into())
    }
}

impl Estimator for Pathwise {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_path(site)
    }

    fn any_order(&self) -> Option<AnyOrder> {
        Some(AnyOrder::Differentiable)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        site.rsample().map(SiteValue::value)
    }
}
