//! The unordered set estimator: K distinct outcomes, each weighted by the probability that it was drawn first.
//!
//! ```text
//! S: K outcomes drawn without replacement, in any order
//! E F(z)      ≈  Σ_{s∈S} p(s) R(S, s) F(s)                         R(S, s) = p^{D∖s}(S∖s)/p(S),   p(s) R(S, s) = P(s first | S)
//! ∇θ E[F(z)]  ≈  Σ_{s∈S} p(s) R(S, s) ∇θ log p(s; θ) (F(s) − b_s)
//!
//! b_s = 0                                                          baseline = none
//! b_s = p(s) F(s) + Σ_{s'≠s} p(s') R^{D∖s}(S, s') F(s')            baseline = built_in,   K ≥ 2
//! ```
//!
//! | property       | value                                                                                     |
//! |----------------|-------------------------------------------------------------------------------------------|
//! | bias           | none                                                                                      |
//! | distributions  | Categorical, OneHotCategorical whose parameters do not depend on earlier draws            |
//! | needs of F     | none: may be discontinuous or a black box                                                 |
//! | evaluations    | K ≤ 10, at most the number of outcomes                                                    |
//!
//! Derivation: the first of several draws without replacement has the distribution p, so F(first) is unbiased, and the estimate is
//! its mean given the set (Rao–Blackwell): of all estimates that are symmetric in the draws and equal in mean, none has a smaller variance.
//! Every sample is a different outcome, so no evaluation is wasted on an outcome that was seen before. For K = 1 it is the score
//! function, and if K is the number of outcomes, it is enumeration.
//!
//! Given that s was first, the others are a set drawn from p without s, and b_s is p(s) F(s) + (1 − p(s)) times the estimate of
//! E[F | z ≠ s] from that set. Its mean is E F, whatever s is, so it subtracts E F E[∇θ log p] = 0. Because Σ p(s') R^{D∖s}(S, s') =
//! 1 − p(s), the difference is computed as Σ_{s'} p(s') R^{D∖s}(S, s') (F(s) − F(s')), to which a constant in F makes no difference.
//! For two outcomes and K = 2 both forms are Σ ∂p(s) F(s): with the baseline, ∂p₁ p₂ (F₁ − F₂) + ∂p₂ p₁ (F₂ − F₁) = ∂p₁ (F₁ − F₂).
//!
//! The estimate of the objective has the same weights, without a baseline. Costs that do not depend on the site are averaged as
//! usual. Other sites are drawn for each sample. If costs combine D draws of the site, each has its own set, and the weights of the
//! D outcomes of a sample are multiplied; their variance grows with D, and `local_expectation` is better if D is not small.
//! Choose it for one categorical draw with many outcomes if F is expensive and some outcomes are probable, so that independent draws
//! would repeat them; with `baseline=built_in` if F contains a constant, and if F is small where p is large.
//! Reference: `kool2020estimating`.

use aleator_engine::graph::Expr;

use super::distinct_outcomes::{DistinctOutcomes, Selection, has_distinct_outcomes, has_enough_outcomes};
use super::set_baseline::{BASELINE, SetBaseline, difference};
use super::set_probabilities::{MOST_MEMBERS, SetProbabilities};
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Cone, Estimator, GradientTerm, OptionSpec, OptionValue, Properties, Site, SiteInfo,
    SiteValue, Smoothness,
};

/// The mean over the orders in which a set was drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnorderedSet {
    /// What is subtracted from the cost.
    pub baseline: SetBaseline,
}

/// The options.
const OPTIONS: &[OptionSpec] = &[BASELINE];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "unordered_set",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "a set of K distinct outcomes, each weighted by the probability that it was drawn first",
    formula: "sum_{s in S} p(s) R(S, s) (F(s) - b) grad log p(s)",
    distributions: "Categorical and OneHotCategorical",
    requires: "nothing: F may be discontinuous or a black box",
    evaluations: "K <= 10",
    smoothness: Smoothness::NotNeeded,
    advice: "for one categorical z with many outcomes if F is expensive and independent draws would repeat outcomes",
    options: OPTIONS,
    reference: "kool2020estimating",
};

impl UnorderedSet {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        UnorderedSet { baseline: SetBaseline::from_options(options) }
    }

    /// p(s) R(S, s). If the set has all outcomes of positive probability, this is p(s).
    fn first<'g>(set: &DistinctOutcomes<'g>) -> Expr<'g> {
        let first = SetProbabilities::new(set.log_p, set.log_rest).first();
        set.complete.select(first, set.log_p.exp())
    }
}

impl Estimator for UnorderedSet {
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
        self.baseline.min_samples()
    }

    fn accepts_samples(&self, site: &SiteInfo<'_, '_>, samples: usize) -> Result<(), String> {
        has_enough_outcomes(site, samples)?;
        if samples > MOST_MEMBERS {
            return Err(format!(
                "the probability of a set of {samples} has a sum over its 2^{samples} subsets; use at most {MOST_MEMBERS} samples, or \
                 without_replacement or sum_and_sample, which have no such sum"
            ));
        }
        Ok(())
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        let set = DistinctOutcomes::of(site, Selection::Drawn)?;
        Ok(set.samples(site, site.num_samples() as f64 * Self::first(&set)))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let set = DistinctOutcomes::of(site, Selection::Drawn)?;
        let weights = site.num_samples() as f64 * Self::first(&set);
        let f = set.costs(site, weights, cone.cost());
        let centred = match self.baseline {
            SetBaseline::None => f,
            SetBaseline::BuiltIn => {
                let second = SetProbabilities::new(set.log_p, set.log_rest).second();
                // All outcomes: b = E F.
                let p = set.log_p.exp().unsqueeze(-2);
                let second = set.complete.unsqueeze(-1).select(second, p);
                (second * difference(f)).sum_axes(-1)
            }
        };
        let weight = set.to_samples(weights * centred);
        Ok(vec![GradientTerm::score(site.log_prob(cone.value()), weight)])
    }
}
