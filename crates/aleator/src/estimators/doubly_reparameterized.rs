//! The doubly reparameterized gradient of importance-weighted bounds (DReG).
//!
//! ```text
//! L̂ = log 1/K Σₖ wₖ,   log wₖ = r(zₖ; θ) − log q(zₖ; θ),   zₖ = T(εₖ; θ) independent copies in one cost,   w̃ = softmax log w
//!
//! ∇θ E[L̂]  ≈  Σₖ w̃ₖ² ∂log wₖ/∂zₖ ∂zₖ/∂θ + Σₖ w̃ₖ ∂r(zₖ; θ)/∂θ
//! ```
//!
//! | property       | value                                                                               |
//! |----------------|-------------------------------------------------------------------------------------|
//! | bias           | none where it is accepted                                                           |
//! | distributions  | those with a differentiable transform of θ-free noise; their support is free of θ   |
//! | needs of F     | a log Σ exp over the site's first axis of copies, with log q(z) linear in its terms |
//! | evaluations    | 1 (K of log w)                                                                      |
//!
//! Derivation: the pathwise derivative of L̂ is Σₖ w̃ₖ (∂log wₖ/∂zₖ ∂zₖ/∂θ + ∂r/∂θ − ∂θ log q(zₖ; θ)). The last part is a score function
//! with the factor w̃ₖ, whose mean is again a pathwise derivative, that of w̃ₖ by zₖ with the other copies fixed:
//!
//! ```text
//! E[w̃ₖ ∂θ log q(zₖ; θ)] = E[∂w̃ₖ/∂zₖ ∂zₖ/∂θ] = E[(w̃ₖ − w̃ₖ²) ∂log wₖ/∂zₖ ∂zₖ/∂θ]
//! ```
//!
//! Subtracted from w̃ₖ ∂log wₖ/∂zₖ, it leaves w̃ₖ². If log q(z) has another constant factor s in ℓₖ than −1, as in Rényi bounds, the
//! weight of the path is w̃ₖ + s (w̃ₖ − w̃ₖ²). To leave the score out without this correction, as
//! [`StickingTheLanding`](super::StickingTheLanding) does for the ELBO, would be biased. Where log q(z) enters the costs outside any
//! logarithm of a sum, with a factor that does not depend on z, both are the same.
//!
//! A calculation by hand for K = 1: w̃ = 1, so the weight is 1 and the score is left out. If q is the posterior, log w is constant
//! in z and the estimate of the gradient by the parameters of q has no variance. With more copies, the signal of the pathwise estimate
//! decreases faster than its noise; that of this estimate does not.
//!
//! The copies must be independent of each other and enter one `logsumexp` (or the log of a mean of exp) each through a term of its
//! own, the bound must enter the costs with a factor that does not depend on z, and no later site may depend on z. A `stop_gradient`
//! between z and the bound is refused, because the derivative of w̃ along z must be the full one.
//! Choose it for importance-weighted bounds with continuous latent variables, instead of pathwise.
//! Also called: IWAE-DReG.
//! Reference: `tucker2019doubly`.

use super::pathwise::has_path;
use crate::error::Result;
use crate::rewrite::{
    Bias, Cone, Estimator, GradientTerm, Properties, Site, SiteInfo, SiteValue, Smoothness,
};

/// The pathwise derivative in which the score of q is reparameterized again.
#[derive(Clone, Copy, Debug, Default)]
pub struct DoublyReparameterized;

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "doubly_reparameterized",
    aliases: &["dreg"],
    bias: Bias::Unbiased,
    summary: "for bounds log mean exp over copies: the pathwise derivative with squared weights in place of the score of q",
    formula: "sum_k softmax(log w)_k^2 (d log w_k / d z_k) grad z_k + sum_k softmax(log w)_k grad r_k",
    distributions: "continuous distributions with a differentiable transform and a fixed support",
    requires: "F differentiable, and log q(z) within a logsumexp over the site's first axis of copies",
    evaluations: "1",
    smoothness: Smoothness::AtSample,
    advice: "for importance-weighted bounds with continuous latents",
    options: &[],
    reference: "tucker2019doubly",
};

impl Estimator for DoublyReparameterized {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_path(site)?;
        site.score_moves_to_path()
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        let z = site.rsample()?;
        Ok(SiteValue::value(z).with_log_prob(site.log_prob_of_fixed_law(z)))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let slope = cone.slope_of_own_weight()?;
        Ok(slope.map(|slope| GradientTerm::value(site, cone.value(), slope)).into_iter().collect())
    }
}
