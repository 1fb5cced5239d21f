//! Leave-one-out REINFORCE (RLOO).
//!
//! ```text
//! ∇θ E[F(z)]  ≈  1/K Σₖ (F(zₖ) − b₋ₖ) ∇θ log p(zₖ; θ),    b₋ₖ = 1/(K−1) Σ_{j≠k} F(zⱼ),   K ≥ 2
//! ```
//!
//! | property       | value                                        |
//! |----------------|----------------------------------------------|
//! | bias           | none: b₋ₖ does not depend on zₖ              |
//! | distributions  | any with a differentiable `log_prob` and a support free of θ |
//! | needs of F     | none: may be discontinuous or a black box    |
//! | evaluations    | K                                            |
//!
//! Choose it first for discrete z when F may be evaluated several times. With K = 1, use [`score_function`] with a baseline.
//! A constant that is added to F has no effect. With K = 2 on a Bernoulli, the variance is ½ p q Δ² − g².
//! Also called: multi-sample REINFORCE with a leave-one-out baseline, VarGrad (same gradient for an ELBO).
//! Not to be confused with VIMCO, which differentiates a logarithm of a mean.
//! Reference: `kool2019buy`.
//!
//! [`score_function`]: super::ScoreFunction

use super::score_function::has_score;
use crate::control_variates::Baseline;
use crate::error::Result;
use crate::rewrite::{AnyOrder, Bias, Cone, Estimator, GradientTerm, Properties, Site, SiteInfo, Smoothness};

/// The leave-one-out estimator.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReinforceLoo;

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "reinforce_loo",
    aliases: &["rloo"],
    bias: Bias::Unbiased,
    summary: "the score function with the mean of the other samples as baseline",
    formula: "1/(K-1) sum_k (F(z_k) - mean F) grad log p(z_k; theta)",
    distributions: "any distribution whose support does not depend on its parameters",
    requires: "nothing: F may be discontinuous or a black box",
    evaluations: "K >= 2",
    smoothness: Smoothness::NotNeeded,
    advice: "the first choice for discrete z when F may be evaluated several times",
    options: &[],
    reference: "kool2019buy",
};

impl Estimator for ReinforceLoo {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_score(site)
    }

    fn min_samples(&self) -> usize {
        2
    }

    fn any_order(&self) -> Option<AnyOrder> {
        Some(AnyOrder::Ratio { leave_one_out: true })
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let log_prob = site.log_prob(cone.value());
        let centred = Baseline::LeaveOneOut.subtract(cone.cost(), log_prob, site, cone)?;
        Ok(vec![GradientTerm::score(log_prob, centred)])
    }
}
