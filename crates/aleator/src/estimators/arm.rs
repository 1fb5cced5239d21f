//! ARM: augment, REINFORCE, merge.
//!
//! ```text
//! b = 1[u > σ(−φ)],   b̃ = 1[u < σ(φ)],   u uniform
//! ∇φ E[F(b)]  ≈  1/K Σₖ (F(bₖ) − F(b̃ₖ)) (uₖ − ½)
//! ```
//!
//! | property       | value                                                             |
//! |----------------|-------------------------------------------------------------------|
//! | bias           | none                                                              |
//! | distributions  | Bernoulli                                                         |
//! | needs of F     | none: may be discontinuous or a black box                         |
//! | evaluations    | 2 K                                                               |
//!
//! Derivation: b is a function of u, and E[F(1[u > σ(−φ)])] as a function of φ has the derivative E[F(1[u > σ(−φ)]) (2u − 1)]: for
//! one coin, ∫ over u > q of (2u − 1) is q p = p q, and over u < q it is −p q. The mirrored number 1 − u gives b̃ and the opposite
//! sign; the mean of the two is the estimate. For several coins, each uses its own u, and all are mirrored together.
//! A constant that is added to F has no effect. For one coin, the variance is ⅔ Δ² (⅛ − |p − ½|³) − g². [`Disarm`] is the mean of
//! ARM given b and b̃, so its variance is never larger, at the same cost. With several layers, b̃ is drawn at one layer at a time: the
//! later layers are drawn again from their own noise at b̃, and the earlier ones stay.
//! Choose it for comparison with the literature only.
//! Reference: `yin2019arm`.
//!
//! [`Disarm`]: super::Disarm

use super::coupled_coins::{coin, has_coins};
use crate::error::Result;
use crate::rewrite::{
    Bias, Cone, DownstreamSites, Estimator, GradientTerm, Properties, Site, SiteInfo, SiteValue, Smoothness,
};

/// The antithetic pair, weighted by its noise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arm;

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "arm",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "the difference of F over an antithetic pair of draws, times the noise that they share",
    formula: "(F(b) - F(b~)) (u - 1/2), b = 1[u > q], b~ = 1[u < p]",
    distributions: "Bernoulli",
    requires: "nothing: F may be discontinuous or a black box",
    evaluations: "2 K",
    smoothness: Smoothness::NotNeeded,
    advice: "for comparison: disarm has a smaller variance at the same cost",
    options: &[],
    reference: "yin2019arm",
};

impl Estimator for Arm {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_coins(site)
    }

    fn extra_evaluations(&self, _: &SiteInfo<'_, '_>, _: usize) -> usize {
        1
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        let u = site.noise().uniform(&[]);
        Ok(SiteValue::value(coin(site.log_odds()?, u)))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let phi = site.log_odds()?;
        let u = site.noise().uniform(&[]);
        let other = coin(phi, 1.0 - u);
        // Where the pair agrees in everything that F depends on, two infinite costs must not make NaN.
        let (f, f_other) = (cone.cost(), cone.cost_at(other, DownstreamSites::AsPlanned)?);
        let difference = f.equal(f_other).select(0.0, f - f_other);
        Ok(vec![GradientTerm { expr: phi, weight: difference * (u - 0.5), event_rank: 0 }])
    }
}
