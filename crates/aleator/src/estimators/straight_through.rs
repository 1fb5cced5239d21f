//! Straight-through.
//!
//! ```text
//! forward:   F(z),  z hard
//! backward:  ∂z/∂θ := ∂E[z]/∂θ          (that is, z + μ − sg(μ) with μ = E z)
//! ```
//!
//! | property       | value                                                        |
//! |----------------|--------------------------------------------------------------|
//! | bias           | **biased**, except where F is linear in a Bernoulli          |
//! | distributions  | Bernoulli, OneHotCategorical                                 |
//! | needs of F     | differentiable at the outcomes                               |
//! | evaluations    | K                                                            |
//!
//! For F = (b − t)², the mean is 2 p q (p − t) instead of Δ p q. The estimator is simple but has no theoretical justification;
//! use it for comparison.
//! Not to be confused with straight-through Gumbel-softmax, whose backward pass is that of the relaxed sample.
//! Reference: `bengio2013estimating`.

use super::gumbel_softmax::has_relaxation;
use super::hard_forward::with_derivative_of;
use crate::error::Result;
use crate::rewrite::{Bias, Estimator, Properties, Site, SiteInfo, SiteValue, Smoothness};

/// A hard forward pass, and the derivative of the mean in the backward pass.
#[derive(Clone, Copy, Debug, Default)]
pub struct StraightThrough;

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "straight_through",
    aliases: &[],
    bias: Bias::Biased,
    summary: "the hard sample forward, the derivative of its mean backward",
    formula: "grad F(z + mu - sg(mu)), mu = E z",
    distributions: "Bernoulli, OneHotCategorical",
    requires: "F differentiable at the outcomes",
    evaluations: "K",
    smoothness: Smoothness::AtSample,
    advice: "simple and biased; for comparison",
    options: &[],
    reference: "bengio2013estimating",
};

impl Estimator for StraightThrough {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_relaxation(site)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        Ok(with_derivative_of(site.sample(), site.mean()?))
    }
}
