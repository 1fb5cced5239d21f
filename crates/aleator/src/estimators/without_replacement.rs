//! REINFORCE without replacement: K distinct outcomes, weighted by the inverse probability that they were included.
//!
//! ```text
//! X = log p + γ,   S: the K largest X,   κ: the next,   q(s) = P(X_s > κ | κ) = 1 − exp(−p(s) e^(−κ))
//! E F(z)      ≈  Σ_{s∈S} p(s)/q(s) F(s)
//! ∇θ E[F(z)]  ≈  Σ_{s∈S} ∇θ p(s; θ)/q(s) F(s)                                                       baseline = none
//!             ≈  Σ_{s∈S} ∇θ p(s; θ)/q(s) (F(s) (1 − p(s) + p(s)/q(s)) − Σ_{s'∈S} p(s')/q(s') F(s'))   baseline = built_in,   K ≥ 3
//! ```
//!
//! | property       | value                                                                                     |
//! |----------------|-------------------------------------------------------------------------------------------|
//! | bias           | none                                                                                      |
//! | distributions  | Categorical, OneHotCategorical whose parameters do not depend on earlier draws            |
//! | needs of F     | none: may be discontinuous or a black box                                                 |
//! | evaluations    | K, at most the number of outcomes                                                         |
//!
//! Derivation: let κ_s be the K-th largest X of the other outcomes. s is in S if and only if X_s > κ_s, and κ = κ_s then. X_s is
//! independent of κ_s, so E[1[s ∈ S]/q(s) | κ_s] = 1. Likewise, with the (K − 1)-th largest X of the outcomes other than s and s',
//! E[1[s, s' ∈ S]/(q(s) q(s'))] = 1 for K ≥ 2. The weighted costs of the other samples are therefore a baseline with the mean
//! Σ_{s'≠s} p(s') F(s') beside ∇p(s)/q(s), to which p(s) F(s) is added: its part is E F Σ_s ∇p(s) = 0. In the sum over all of S, the term
//! p(s)/q(s) F(s) of s itself is replaced by p(s) F(s), which is the factor 1 − p(s) + p(s)/q(s).
//! For K = 2, however, the variance with the baseline is infinite if there are more than two outcomes: P(κ > x) falls as e^(−(K+1)x), and
//! the square of p(s)/q(s) 1/q(s) has the mean of e^(3κ). So the baseline needs three samples.
//! If K is the number of outcomes, κ = −∞ and q = 1: enumeration. With two outcomes and K = 2, Σ ∂p(s) F(s) both without the baseline
//! and with it, because F(s) − E F differs by a constant.
//!
//! The weights do not sum to 1, so their variance is larger than that of the unordered set estimate, and a constant in F matters. They
//! cost nothing, however, and K may be large. The estimate of the objective has the same weights, without a baseline. If costs combine D
//! draws of the site, their weights are multiplied; `local_expectation` is better if D is not small.
//! Choose it for one categorical draw with many outcomes and more samples than `unordered_set` allows.
//! Reference: `kool2019buy`, `kool2019stochastic`.

use aleator_engine::graph::Expr;

use super::distinct_outcomes::{DistinctOutcomes, Selection, has_distinct_outcomes, has_enough_outcomes};
use super::set_baseline::{BASELINE, SetBaseline};
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Cone, Estimator, GradientTerm, OptionSpec, OptionValue, Properties, Site, SiteInfo,
    SiteValue, Smoothness,
};

/// Importance weights of draws without replacement.
#[derive(Clone, Copy, Debug, Default)]
pub struct WithoutReplacement {
    /// What is subtracted from the cost.
    pub baseline: SetBaseline,
}

/// The options.
const OPTIONS: &[OptionSpec] = &[BASELINE];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "without_replacement",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "K distinct outcomes, weighted by the inverse probability that they were included",
    formula: "sum_{s in S} grad p(s) / q(s) (F(s) - b)",
    distributions: "Categorical and OneHotCategorical",
    requires: "nothing: F may be discontinuous or a black box",
    evaluations: "K",
    smoothness: Smoothness::NotNeeded,
    advice: "for one categorical z with many outcomes and more samples than unordered_set allows",
    options: OPTIONS,
    reference: "kool2019buy",
};

impl WithoutReplacement {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        WithoutReplacement { baseline: SetBaseline::from_options(options) }
    }

    /// p(s)/q(s)
    fn importance<'g>(set: &DistinctOutcomes<'g>) -> Expr<'g> {
        let q = -(-(set.log_p - set.threshold.unsqueeze(-1)).exp()).expm1();
        let some = set.log_p.greater(f64::NEG_INFINITY);
        set.complete.select(set.log_p.exp() / some.select(q, 1.0), set.log_p.exp())
    }
}

impl Estimator for WithoutReplacement {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        vec![self.baseline.option()]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_distinct_outcomes(site)
    }

    fn min_samples(&self) -> usize {
        match self.baseline {
            SetBaseline::None => 1,
            // With two, the variance is infinite.
            SetBaseline::BuiltIn => 3,
        }
    }

    fn accepts_samples(&self, site: &SiteInfo<'_, '_>, samples: usize) -> Result<(), String> {
        has_enough_outcomes(site, samples)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        let set = DistinctOutcomes::of(site, Selection::Drawn)?;
        Ok(set.samples(site, site.num_samples() as f64 * Self::importance(&set)))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let set = DistinctOutcomes::of(site, Selection::Drawn)?;
        let importance = Self::importance(&set);
        let weights = site.num_samples() as f64 * importance;
        let f = set.costs(site, weights, cone.cost());
        let centred = match self.baseline {
            SetBaseline::None => f,
            SetBaseline::BuiltIn => {
                let all = (importance * f).sum_axes(-1).unsqueeze(-1);
                f * (1.0 - set.log_p.exp() + importance) - all
            }
        };
        let weight = set.to_samples(weights * centred);
        Ok(vec![GradientTerm::score(site.log_prob(cone.value()), weight)])
    }
}
