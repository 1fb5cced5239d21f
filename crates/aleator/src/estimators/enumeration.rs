//! Enumeration: the exact sum over outcomes.
//!
//! ```text
//! ∇θ E[F(z)]  =  ∇θ Σ_z p(z; θ) F(z)
//! ```
//!
//! | property       | value                                                               |
//! |----------------|---------------------------------------------------------------------|
//! | bias           | none                                                                |
//! | variance       | none from this site                                                 |
//! | distributions  | finite support                                                      |
//! | needs of F     | finite at every outcome whose probability is positive or moves      |
//! | evaluations    | the number of joint outcomes of the draws whose costs mix           |
//!
//! The outcomes are placed on an axis in front of the samples. The nodes downstream are evaluated for all outcomes at once and
//! weighted by their probabilities. Draws whose costs are never combined (for example the elements of a batch) are enumerated in
//! parallel, so a thousand independent coins take two evaluations. An outcome of probability 0 is included only if its
//! probability has a derivative with respect to the graph's parameters; its F must then be finite.
//! Choose it whenever the number of outcomes is small.
//! Also called: exact marginalisation, Rao-Blackwellisation over a site.
//! Reference: `mohamed2020monte`.

use crate::error::Result;
use crate::rewrite::{
    AnyOrder, Bias, Estimator, MOST_ALTERNATIVES, Properties, Site, SiteInfo, SiteValue, Smoothness,
};

/// The exact sum over outcomes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Enumeration;

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "enumeration",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "the exact sum over all outcomes; no variance",
    formula: "grad sum_z p(z; theta) F(z)",
    distributions: "distributions with finite support",
    requires: "F finite at every outcome",
    evaluations: "number of outcomes",
    smoothness: Smoothness::NotNeeded,
    advice: "whenever the number of outcomes is small",
    options: &[],
    reference: "mohamed2020monte",
};

/// The number of outcomes of one draw, or the reason why they cannot be summed over.
pub(super) fn finite_outcomes(site: &SiteInfo<'_, '_>) -> Result<usize, String> {
    let outcomes = site.distribution.family().outcome_count(site.distribution.parameters());
    outcomes.ok_or_else(|| "its support is not finite".into())
}

/// The number of combinations of outcomes of a site, or the reason why they cannot be enumerated.
pub(crate) fn outcome_count(site: &SiteInfo<'_, '_>) -> Result<usize, String> {
    let outcomes = finite_outcomes(site)?;
    let too_many = || {
        format!(
            "enumeration would need {}^{} outcomes ({} draws that are combined in costs), more than {MOST_ALTERNATIVES}; \
             use reinforce_loo or score_function",
            outcomes, site.coupled_draws, site.coupled_draws
        )
    };
    u32::try_from(site.coupled_draws)
        .ok()
        .and_then(|draws| outcomes.checked_pow(draws))
        .filter(|&n| n <= MOST_ALTERNATIVES)
        .ok_or_else(too_many)
}

impl Estimator for Enumeration {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        outcome_count(site).map(|_| ())
    }

    fn alternatives(&self, site: &SiteInfo<'_, '_>) -> Result<Option<usize>, String> {
        outcome_count(site).map(Some)
    }

    fn any_order(&self) -> Option<AnyOrder> {
        Some(AnyOrder::Differentiable)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        site.outcomes()
    }
}
