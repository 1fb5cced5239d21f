//! Local expectation: one draw at a time is summed over its outcomes.
//!
//! ```text
//! ∇θ E[F(z)]  ≈  1/K Σₖ Σᵢ Σ_j ∂θ pᵢⱼ F(zₖ with zᵢ = j)                         the other draws as they are
//!              =  1/K Σₖ Σᵢ Σ_{j ≠ zᵢ} ∂θ pᵢⱼ (F(zₖ with zᵢ = j) − F(zₖ))        because Σ_j ∂pᵢⱼ = 0
//! ```
//!
//! | property       | value                                                                                     |
//! |----------------|-------------------------------------------------------------------------------------------|
//! | bias           | none                                                                                      |
//! | distributions  | finite support: Bernoulli, Categorical, OneHotCategorical, Binomial                       |
//! | needs of F     | none: may be discontinuous or a black box; finite at every outcome of positive probability |
//! | evaluations    | K (1 + D (n − 1)) for D draws that costs combine, with n outcomes each                    |
//!
//! Derivation: E F(z) = E Σ_j pᵢⱼ F(z with zᵢ = j) for each draw i, and the derivative by the parameters of draw i passes through pᵢⱼ
//! alone. The other draws do not depend on zᵢ, so one joint draw of all serves every i. It is the score function in the mean over zᵢ
//! given the other draws (Rao–Blackwell), so the variance of this term is never larger. With one draw it is enumeration.
//!
//! The second form, which is the one computed, takes one evaluation less and does not change if a constant is added to F. All
//! evaluations stand along one axis and run at once. Draws whose costs are never combined (for example the rows of a batch) are
//! replaced together, so D is the number of draws of one row. At each replaced draw, later layers are drawn again from their own
//! noise. An outcome of probability 0 is visited if its probability has a derivative, as in enumeration.
//! Choose it for discrete draws of moderate number if F is cheap, and above all if it is a network that evaluates many inputs at once.
//! With more than a few thousand evaluations, use [`ReinforceLoo`](super::ReinforceLoo) or [`Disarm`](super::Disarm).
//! Also called: local expectation gradients (LEG), IndeCateR, Rao–Blackwellised score function.
//! Reference: `titsias2015local`, `desmet2023differentiable`.

use super::enumeration::finite_outcomes;
use crate::error::Result;
use crate::rewrite::{
    Bias, Cone, DownstreamSites, Estimator, GradientTerm, Properties, Site, SiteInfo, Smoothness,
};

/// The sum over the outcomes of one draw at a time.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalExpectation;

/// The largest number of additional evaluations for each sample.
const MOST_EVALUATIONS: usize = 4096;

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "local_expectation",
    aliases: &["indecater", "leg"],
    bias: Bias::Unbiased,
    summary: "the exact sum over the outcomes of one draw at a time, given the other draws",
    formula: "sum_i sum_j grad p_ij F(z with z_i = j)",
    distributions: "distributions with finite support",
    requires: "F finite at every outcome",
    evaluations: "K (1 + D (n - 1))",
    smoothness: Smoothness::NotNeeded,
    advice: "for a moderate number of discrete draws if F is cheap or a network that evaluates many inputs at once",
    options: &[],
    reference: "titsias2015local",
};

/// The number of evaluations in addition to the main one, or the reason why there are too many.
fn evaluations(site: &SiteInfo<'_, '_>) -> Result<usize, String> {
    let others = finite_outcomes(site)? - 1;
    let draws = site.coupled_draws;
    others.checked_mul(draws).filter(|&n| n <= MOST_EVALUATIONS).ok_or_else(|| {
        format!(
            "local_expectation would evaluate the cost for each of {others} other outcomes of {draws} draws that are combined in \
             costs, more than {MOST_EVALUATIONS} times for each sample; use reinforce_loo or, for a Bernoulli, disarm"
        )
    })
}

impl Estimator for LocalExpectation {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        evaluations(site).map(|_| ())
    }

    fn extra_evaluations(&self, site: &SiteInfo<'_, '_>, _: usize) -> usize {
        evaluations(site).unwrap_or(0)
    }

    fn visits_every_outcome(&self) -> bool {
        true
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let distribution = site.distribution();
        if distribution.family().outcome_count(distribution.parameters()) == Some(1) {
            return Ok(Vec::new());
        }
        let (outcomes, p) = site.other_outcomes(cone.value())?;
        let f = cone.cost();
        let at_outcomes = cone.cost_with_each(outcomes, DownstreamSites::AsPlanned)?;
        // Equal where an outcome is not visited, also if F is infinite.
        let difference = at_outcomes.equal(f).select(0.0, at_outcomes - f);
        Ok(vec![GradientTerm { expr: p, weight: difference, event_rank: 0 }])
    }
}
