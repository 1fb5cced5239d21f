//! VIMCO.
//!
//! ```text
//! L̂ = log 1/K Σₖ e^{ℓₖ},   ℓₖ = ℓ(zₖ),   z₁ … z_K independent copies in one cost
//! L̂⁻ᵏ = log 1/K (Σ_{j≠k} e^{ℓⱼ} + e^{m₋ₖ}),   m₋ₖ = mean_{j≠k} ℓⱼ    (geometric; arithmetic: log mean_{j≠k} e^{ℓⱼ})
//! ∇θ E[L̂]  ≈  Σₖ (L̂ − L̂⁻ᵏ) ∇θ log p(zₖ; θ) + Σₖ w̃ₖ ∇θ ℓₖ,   w̃ = softmax ℓ
//! ```
//!
//! | property       | value                                                                            |
//! |----------------|----------------------------------------------------------------------------------|
//! | bias           | none: L̂⁻ᵏ does not depend on zₖ                                                  |
//! | distributions  | any with a support free of θ                                                     |
//! | needs of F     | a log Σ exp over the site's first axis, of size K ≥ 2: `z ~ D(...)[K]`           |
//! | evaluations    | 1 (K of ℓ)                                                                       |
//!
//! Each copy has a baseline that is computed from the others without additional evaluations. A calculation by hand for K = 2
//! gives L̂⁻¹ = log ½ (e^{ℓ₂} + e^{ℓ₂}) = ℓ₂. Here K is part of the objective (a tighter bound), not the number of samples that
//! are averaged. The cost may be any function of L̂: the baseline is the cost with ℓₖ replaced by m₋ₖ. The last sum is the
//! derivative of the cost itself. All terms are computed in log space.
//! Choose it for importance-weighted bounds with discrete latent variables.
//! Reference: `mnih2016variational`.

use aleator_engine::graph::{Expr, FromEnd, Reduction};

use super::score_function::has_score;
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Cone, Estimator, GradientTerm, OptionSpec, OptionValue, Properties, Site, SiteInfo,
    Smoothness,
};

/// The value that replaces ℓ of a copy, computed from the other copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeaveOneOutMean {
    /// The mean of their ℓ: the geometric mean of e^ℓ.
    #[default]
    Geometric,
    /// The logarithm of the mean of their e^ℓ.
    Arithmetic,
}

/// The score function for importance-weighted bounds, in which the other copies provide the baseline of each copy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Vimco {
    /// The value that replaces ℓ of a copy.
    pub mean: LeaveOneOutMean,
}

/// The options.
const OPTIONS: &[OptionSpec] = &[OptionSpec::word("mean", &["geometric", "arithmetic"])];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "vimco",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "for bounds log mean exp over copies: the score of a copy is multiplied by the contribution of the copy to the \
    bound",
    formula: "sum_k (L - L_without_k) grad log p(z_k; theta) + sum_k softmax(l)_k grad l_k",
    distributions: "any distribution whose support does not depend on its parameters",
    requires: "a logsumexp over the site's first axis of K >= 2 copies",
    evaluations: "1",
    smoothness: Smoothness::NotNeeded,
    advice: "for importance-weighted bounds with discrete latents",
    options: OPTIONS,
    reference: "mnih2016variational",
};

/// The means by their words.
const MEANS: [(&str, LeaveOneOutMean); 2] =
    [("geometric", LeaveOneOutMean::Geometric), ("arithmetic", LeaveOneOutMean::Arithmetic)];

impl Vimco {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        Vimco { mean: options.word("mean", &MEANS) }
    }

    /// m₋ₖ computed from the other copies, with −∞ in the place of k.
    fn stand_in<'g>(&self, others: Expr<'g>, axis: usize) -> Expr<'g> {
        let count = others.shape().from_end(axis) as f64 - 1.0;
        match self.mean {
            LeaveOneOutMean::Geometric => {
                let present = others.greater(f64::NEG_INFINITY);
                // An ℓ of −∞ counts: the mean is then −∞. Only the one additional −∞ in the place of k is excluded.
                let absent = (1.0 - present).reduce(Reduction::Sum, FromEnd(axis)).unsqueeze(FromEnd(axis));
                let mean =
                    present.select(others, 0.0).sum_axes(FromEnd(axis)).unsqueeze(FromEnd(axis)) / count;
                absent.greater(1.0).select(f64::NEG_INFINITY, mean)
            }
            LeaveOneOutMean::Arithmetic => {
                others.logsumexp(FromEnd(axis)).unsqueeze(FromEnd(axis)) - count.ln()
            }
        }
    }
}

impl Estimator for Vimco {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        vec![(
            "mean",
            MEANS.iter().find(|(_, mean)| *mean == self.mean).map_or("geometric", |(word, _)| word).into(),
        )]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_score(site)?;
        match site.batch.first() {
            Some(&copies) if copies >= 2 => Ok(()),
            _ => {
                Err("it needs at least two copies on a leading axis: write `z ~ D(...)[K]` with K >= 2"
                    .into())
            }
        }
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let without = cone.cost_without_each(|others, axis| self.stand_in(others, axis))?;
        Ok(vec![GradientTerm::score(site.log_prob(cone.value()), cone.cost() - without)])
    }
}
