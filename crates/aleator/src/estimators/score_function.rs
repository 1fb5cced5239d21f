//! Score function (REINFORCE).
//!
//! ```text
//! ∇θ E[F(z)]  ≈  1/K Σₖ (F(zₖ) − b) ∇θ log p(zₖ; θ)
//! ```
//!
//! | property       | value                                                              |
//! |----------------|--------------------------------------------------------------------|
//! | bias           | none: b does not depend on zₖ                                      |
//! | distributions  | any with a differentiable `log_prob` and a support free of θ       |
//! | needs of F     | none: may be discontinuous or a black box                          |
//! | evaluations    | K                                                                  |
//!
//! This is the most general estimator and has the largest variance, which grows with any constant in F. If F may be evaluated
//! several times, use [`reinforce_loo`](super::ReinforceLoo); if F is differentiable, use an estimator that is based on a
//! relaxation. The scores of later sites are differentiated through earlier pathwise values, because `log p` is.
//! Also called: REINFORCE, likelihood-ratio estimator, log-derivative trick.
//! Reference: `williams1992simple`.

use super::baseline_options::{BASELINE, BASELINE_HIDDEN, DECAY, baseline, baseline_values};
use crate::control_variates::Baseline;
use crate::error::Result;
use crate::rewrite::{
    AnyOrder, Bias, CheckedOptions, Cone, Estimator, GradientTerm, OptionError, OptionSpec, OptionValue,
    Properties, Site, SiteInfo, Smoothness,
};

/// The score function estimator with a baseline.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScoreFunction {
    /// The baseline that is subtracted from the cost.
    pub baseline: Baseline,
}

/// The options.
const OPTIONS: &[OptionSpec] = &[BASELINE, DECAY, BASELINE_HIDDEN];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "score_function",
    aliases: &["reinforce"],
    bias: Bias::Unbiased,
    summary: "the cost times the gradient of the log-probability; the most general estimator, with the highest variance",
    formula: "(F(z) - b) grad log p(z; theta)",
    distributions: "any distribution whose support does not depend on its parameters",
    requires: "nothing: F may be discontinuous or a black box",
    evaluations: "K",
    smoothness: Smoothness::NotNeeded,
    advice: "when nothing else applies; with K >= 2 prefer reinforce_loo",
    options: OPTIONS,
    reference: "williams1992simple",
};

impl ScoreFunction {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Result<Self, OptionError> {
        Ok(ScoreFunction { baseline: baseline(options)? })
    }
}

/// Whether the score has expectation zero. It has not if the support depends on the parameters.
pub(super) fn has_score(site: &SiteInfo<'_, '_>) -> Result<(), String> {
    if site.support_moves {
        return Err("its support depends on the parameters of the graph, so the mean of its score is not 0; use pathwise"
            .into());
    }
    Ok(())
}

/// Whether the site has what the baseline needs; if not, the reason.
pub(super) fn has_mode_for(baseline: Baseline, site: &SiteInfo<'_, '_>) -> Result<(), String> {
    if baseline.needs_mode() && site.distribution.mode().is_none() {
        return Err(
            "the baseline `self_critical` needs a most probable outcome, which this family does not have"
                .into(),
        );
    }
    Ok(())
}

impl Estimator for ScoreFunction {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        baseline_values(self.baseline)
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_score(site)?;
        has_mode_for(self.baseline, site)
    }

    fn extra_evaluations(&self, _: &SiteInfo<'_, '_>, _: usize) -> usize {
        self.baseline.extra_evaluations()
    }

    fn min_samples(&self) -> usize {
        self.baseline.min_samples()
    }

    fn any_order(&self) -> Option<AnyOrder> {
        match self.baseline {
            Baseline::None => Some(AnyOrder::Ratio { leave_one_out: false }),
            Baseline::LeaveOneOut => Some(AnyOrder::Ratio { leave_one_out: true }),
            Baseline::Number(_)
            | Baseline::MovingAverage { .. }
            | Baseline::Learned { .. }
            | Baseline::LearnedByVariance { .. }
            | Baseline::SelfCritical
            | Baseline::Optimal
            | Baseline::OptimalPerCoordinate => None,
        }
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let log_prob = site.log_prob(cone.value());
        let centred = self.baseline.subtract(cone.cost(), log_prob, site, cone)?;
        Ok(vec![GradientTerm::score(log_prob, centred)])
    }
}
