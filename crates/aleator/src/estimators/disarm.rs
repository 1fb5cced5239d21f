//! DisARM: an antithetic pair of draws, with the noise integrated out.
//!
//! ```text
//! b = 1[u > q],   b̃ = 1[1 − u > q],   q = 1 − p = σ(−φ)
//! ∇φ E[F(b)]  ≈  ½ (F(b) − F(b̃)) (b − b̃) max(p, q)          for each coin; the mean over the pairs
//! ```
//!
//! | property       | value                                                                              |
//! |----------------|------------------------------------------------------------------------------------|
//! | bias           | none                                                                               |
//! | distributions  | Bernoulli                                                                          |
//! | needs of F     | none: may be discontinuous or a black box                                          |
//! | evaluations    | K, even: K/2 pairs; 2 K where the parameters depend on earlier draws               |
//!
//! Derivation: for a pair of draws of all coins, E[F(b) (bᵢ − pᵢ)] = gᵢ, the derivative by φᵢ. The partner of coin i has
//! E[bᵢ − pᵢ | b̃] = ρᵢ (b̃ᵢ − pᵢ) with ρᵢ = Cov(bᵢ, b̃ᵢ)/(pᵢ qᵢ), because the coins are independent of each other, so
//! E[F(b̃) (bᵢ − pᵢ)] = ρᵢ gᵢ, and the mean of ½ (F(b) − F(b̃)) (bᵢ − b̃ᵢ) is (1 − ρᵢ) gᵢ. The mirrored pair has the covariance
//! max(2p − 1, 0) − p², hence 1/(1 − ρ) = max(p, q). It is the estimate of [`Arm`] in the mean over u given b and b̃.
//!
//! A constant that is added to F has no effect. For one coin, the variance is ½ Δ² max(p,q)² min(p,q) − g².
//! If a site's parameters do not depend on earlier draws, samples k and k + K/2 are a pair. If they do (later layers), the two
//! samples have different parameters, and their pair would be biased; each sample then has a partner of its own: F is evaluated
//! once more at b̃, with the layers behind it drawn again from their own noise and those before it unchanged.
//! Choose it for many Bernoulli draws that together influence one cost; [`Arms`] uses more than two coupled draws.
//! Also called: U2G.
//! Reference: `dong2020disarm`, `yin2020probabilistic`.
//!
//! [`Arm`]: super::Arm
//! [`Arms`]: super::Arms

use aleator_engine::graph::Expr;

use super::coupled_coins::{coin, has_coins, has_pairs, mirrored, partners};
use crate::error::Result;
use crate::rewrite::{
    Bias, Cone, DownstreamSites, Estimator, GradientTerm, Properties, Site, SiteInfo, SiteValue, Smoothness,
};

/// The antithetic pair.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disarm;

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "disarm",
    aliases: &["u2g"],
    bias: Bias::Unbiased,
    summary: "the difference of F over an antithetic pair of draws, with their noise integrated out",
    formula: "1/2 (F(b) - F(b~)) (b - b~) max(p, q), b = 1[u > q], b~ = 1[1 - u > q]",
    distributions: "Bernoulli",
    requires: "nothing: F may be discontinuous or a black box",
    evaluations: "K, even (2 K behind earlier draws)",
    smoothness: Smoothness::NotNeeded,
    advice: "for Bernoulli z when F may be evaluated in pairs",
    options: &[],
    reference: "dong2020disarm",
};

impl Disarm {
    /// The numbers u of which the draws are made.
    fn uniform<'g>(site: &Site<'g>) -> Expr<'g> {
        if site.is_conditional() { site.noise().uniform(&[]) } else { mirrored(site, &[]) }
    }
}

impl Estimator for Disarm {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_coins(site)
    }

    fn min_samples(&self) -> usize {
        2
    }

    fn accepts_samples(&self, _: &SiteInfo<'_, '_>, samples: usize) -> Result<(), String> {
        has_pairs(samples).map_err(|reason| format!("{reason}, or arms, which accepts any number"))
    }

    fn extra_evaluations(&self, site: &SiteInfo<'_, '_>, _: usize) -> usize {
        usize::from(site.conditional)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        Ok(SiteValue::value(coin(site.log_odds()?, Self::uniform(site))))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let phi = site.log_odds()?;
        let (b, f) = (cone.value(), cone.cost());
        let (other, f_other) = if site.is_conditional() {
            let other = coin(phi, 1.0 - Self::uniform(site));
            (other, cone.cost_at(other, DownstreamSites::AsPlanned)?)
        } else {
            (partners(site, b), partners(site, f))
        };
        // max(p, q)
        let larger = phi.abs().sigmoid();
        let difference = b.equal(other).select(0.0, f - f_other);
        let weight = 0.5 * difference * (b - other) * larger;
        Ok(vec![GradientTerm { expr: phi, weight, event_rank: 0 }])
    }
}
