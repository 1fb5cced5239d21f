//! Sum and sample: some outcomes are summed, and one is drawn from the others.
//!
//! ```text
//! C: K − 1 outcomes,   v ~ p given v ∉ C,   P(C) = Σ_{s∈C} p(s)
//! E F(z)      ≈  Σ_{s∈C} p(s) F(s) + (1 − P(C)) F(v)
//! ∇θ E[F(z)]  ≈  Σ_{s∈C} ∇θ p(s; θ) (F(s) − b) + (1 − P(C)) ∇θ log p(v; θ) (F(v) − b)
//!
//! b = 0                                       baseline = none
//! b = Σ_{s∈C} p(s) F(s)/P(C)                  baseline = built_in,   K ≥ 2
//! ```
//!
//! | property       | value                                                                                     |
//! |----------------|-------------------------------------------------------------------------------------------|
//! | bias           | none                                                                                      |
//! | distributions  | Categorical, OneHotCategorical whose parameters do not depend on earlier draws            |
//! | needs of F     | none: may be discontinuous or a black box; finite at the summed outcomes                  |
//! | evaluations    | K, at most the number of outcomes                                                         |
//!
//! Derivation: given C, the last term has the mean Σ_{v∉C} p(v) F(v), or Σ_{v∉C} ∇p(v) F(v) for the gradient, because (1 − P(C)) times
//! the probability of v is p(v). C may be random: `summed=most_probable` sums the most probable outcomes, `summed=drawn` those that are
//! drawn first without replacement. b does not depend on v, and Σ_{s∈C} ∇p(s) + (1 − P(C)) ∇log p(v) has the mean Σ_s ∇p(s) = 0.
//! For K = 1 it is the score function; if K is the number of outcomes, it is enumeration: with two outcomes and K = 2,
//! ∂p₁ F₁ + (1 − p₁) ∂log p₂ F₂ = ∂p₁ F₁ + ∂p₂ F₂.
//!
//! The variance is that of the score function over the outcomes that are not summed, multiplied by (1 − P(C))². The unordered set
//! estimate is the mean of that with `summed=drawn` over all orders of the K outcomes. The estimate of the objective has the same
//! weights. If costs combine D draws of the site, their weights are multiplied; `local_expectation` is better if D is not small.
//! Choose it for one categorical draw if few outcomes have most of the probability.
//! Also called: Rao-Blackwellised score function over the most probable outcomes.
//! Reference: `liu2019rao`, `kool2020estimating`.

use aleator_engine::graph::{Expr, concat};

use super::distinct_outcomes::{DistinctOutcomes, Selection, has_distinct_outcomes, has_enough_outcomes};
use super::set_baseline::{BASELINE, SetBaseline};
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Cone, Estimator, GradientTerm, OptionSpec, OptionValue, Properties, Site, SiteInfo,
    SiteValue, Smoothness,
};

/// Which outcomes are summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Summed {
    /// The most probable ones.
    #[default]
    MostProbable,
    /// Those that are drawn first without replacement.
    Drawn,
}

/// A sum over some outcomes, and a sample of the others.
#[derive(Clone, Copy, Debug, Default)]
pub struct SumAndSample {
    /// The outcomes that are summed.
    pub summed: Summed,
    /// What is subtracted from the cost.
    pub baseline: SetBaseline,
}

/// The options.
const OPTIONS: &[OptionSpec] = &[OptionSpec::word("summed", &["most_probable", "drawn"]), BASELINE];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "sum_and_sample",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "the exact sum over K - 1 outcomes, and one sample of the others",
    formula: "sum_{s in C} grad p(s) F(s) + (1 - P(C)) grad log p(v) F(v)",
    distributions: "Categorical and OneHotCategorical",
    requires: "F finite at the summed outcomes",
    evaluations: "K",
    smoothness: Smoothness::NotNeeded,
    advice: "for one categorical z if few outcomes have most of the probability",
    options: OPTIONS,
    reference: "liu2019rao",
};

/// The selections by their words.
const SUMMED: [(&str, Summed); 2] = [("most_probable", Summed::MostProbable), ("drawn", Summed::Drawn)];

impl SumAndSample {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        SumAndSample { summed: options.word("summed", &SUMMED), baseline: SetBaseline::from_options(options) }
    }

    /// The outcomes, the sample last.
    fn outcomes<'g>(&self, site: &Site<'g>) -> Result<DistinctOutcomes<'g>> {
        let selection = match self.summed {
            Summed::MostProbable => Selection::MostProbable,
            Summed::Drawn => Selection::Drawn,
        };
        DistinctOutcomes::of(site, selection)
    }

    /// K p(s) of the summed outcomes, and K (1 − P(C)) of the sample.
    fn weights<'g>(set: &DistinctOutcomes<'g>, k: usize) -> Expr<'g> {
        let p = set.log_p.exp();
        let last = p.slice(-1, k - 1, 1);
        let rest = last + set.complete.select(set.log_rest.unsqueeze(-1).exp(), 0.0);
        k as f64 * concat(&[p.slice(-1, 0, k - 1), rest], -1).filter(|_| k > 1).unwrap_or(rest)
    }
}

impl Estimator for SumAndSample {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        let summed = SUMMED.iter().find(|(_, summed)| *summed == self.summed);
        vec![("summed", summed.map_or("most_probable", |(word, _)| word).into()), self.baseline.option()]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_distinct_outcomes(site)
    }

    fn min_samples(&self) -> usize {
        self.baseline.min_samples()
    }

    fn accepts_samples(&self, site: &SiteInfo<'_, '_>, samples: usize) -> Result<(), String> {
        has_enough_outcomes(site, samples)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        let set = self.outcomes(site)?;
        Ok(set.samples(site, Self::weights(&set, site.num_samples())))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let k = site.num_samples();
        let set = self.outcomes(site)?;
        let weights = Self::weights(&set, k);
        let f = set.costs(site, weights, cone.cost());
        let centred = match self.baseline {
            SetBaseline::None => f,
            SetBaseline::BuiltIn => {
                // The proportions do not underflow, and the first place is always an outcome of positive probability.
                let log_p = set.log_p.slice(-1, 0, k - 1);
                let proportions = (log_p - log_p.logsumexp(-1).unsqueeze(-1)).exp();
                let first = f.slice(-1, 0, 1);
                let others = f.slice(-1, 0, k - 1) - first;
                f - first - (proportions * others).sum_axes(-1).unsqueeze(-1)
            }
        };
        let weight = set.to_samples(weights * centred);
        Ok(vec![GradientTerm::score(site.log_prob(cone.value()), weight)])
    }
}
