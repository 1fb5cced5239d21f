//! GRPO: the score function with costs that are standardised within a group of samples.
//!
//! ```text
//! ĝ = 1/G Σₖ (F(zₖ) − F̄)/(σ_F + ε) ∇θ log p(zₖ; θ),     F̄ = 1/G Σ F(zⱼ),     G = K samples
//!
//! spread = biased      σ_F² = 1/G Σ (F(zⱼ) − F̄)²
//! spread = unbiased    σ_F² = 1/(G − 1) Σ (F(zⱼ) − F̄)²
//! spread = none        no division: Dr. GRPO
//! ```
//!
//! | property       | value                                                                          |
//! |----------------|--------------------------------------------------------------------------------|
//! | bias           | biased: F̄ and σ_F contain the cost of the sample whose score they multiply      |
//! | distributions  | any with a differentiable `log_prob` and a support free of θ                   |
//! | needs of F     | none: may be discontinuous or a black box                                      |
//! | evaluations    | G ≥ 2                                                                          |
//!
//! Two errors are combined. F̄ contains F(zₖ), which multiplies the gradient by 1 − 1/G; with `spread = none` that is all, and
//! [`ReinforceLoo`](super::ReinforceLoo) is the same with the factor corrected. σ_F contains F(zₖ) as well, and it rescales
//! the gradient by a number that depends on the spread of the costs: costs that rarely differ are amplified. Where several sites or
//! rows of a batch have groups of their own, they are rescaled differently, so that not even the direction is preserved.
//!
//! For one Bernoulli with the logit θ, F = b and G samples, ĝ = σ_F with the biased spread (the sum over the group is
//! G σ_F²/(G σ_F)), so its mean is E √(n/G (1 − n/G)), n ~ Binomial(G, p). For p = ½ and G = 8:
//!
//! | spread | mean |
//! |---|---|
//! | biased | 0.463914 |
//! | unbiased | 0.433952 |
//! | none | 0.21875 |
//! | the gradient | 0.25 |
//!
//! With two samples and the biased spread, each deviation is half the difference of the costs and so is σ_F: the estimate knows only which
//! cost is larger, and its mean for one coin is p q times the sign of F(1) − F(0).
//!
//! A group in which all costs are equal contributes 0. Costs that differ by rounding alone are divided by their small spread as well; ε
//! prevents that.
//! Choose it to reproduce published work, with the options of that work; otherwise use reinforce_loo.
//! Also called: group-relative policy optimization, of which this is the gradient at the policy that drew the samples, where the
//! ratio of probabilities is 1 and is not clipped.
//! Reference: `shao2024deepseekmath`, `liu2025understanding`.

use aleator_engine::graph::{Expr, FromEnd};

use super::score_function::has_score;
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Cone, Estimator, GradientTerm, OptionSpec, OptionValue, Properties, Site, SiteInfo,
    Smoothness,
};

/// By what a group's costs are divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spread {
    /// The root of the mean squared deviation.
    #[default]
    Biased,
    /// The same with G − 1 in place of G.
    Unbiased,
    /// 1
    None,
}

/// The spreads by their words.
const SPREADS: [(&str, Spread); 3] =
    [("biased", Spread::Biased), ("unbiased", Spread::Unbiased), ("none", Spread::None)];

/// The score function with standardised costs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Grpo {
    /// By what the costs are divided.
    pub spread: Spread,
    /// ε, which is added to the divisor.
    pub epsilon: f64,
}

/// The options.
const OPTIONS: &[OptionSpec] = &[
    OptionSpec::word("spread", &["biased", "unbiased", "none"]),
    OptionSpec::number("epsilon", 0.0, "a number that is not negative", |e| e >= 0.0),
];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "grpo",
    aliases: &[],
    bias: Bias::Biased,
    summary: "the score function with the costs of a group of samples standardised by their own mean and spread",
    formula: "1/G sum_k (F(z_k) - mean F)/spread(F) grad log p(z_k; theta)",
    distributions: "any distribution whose support does not depend on its parameters",
    requires: "nothing: F may be discontinuous or a black box",
    evaluations: "K >= 2",
    smoothness: Smoothness::NotNeeded,
    advice: "biased; to reproduce published work: reinforce_loo is the same without the division and with the right factor",
    options: OPTIONS,
    reference: "shao2024deepseekmath",
};

impl Grpo {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        Grpo { spread: options.word("spread", &SPREADS), epsilon: options.number("epsilon") }
    }

    /// (F − F̄)/(σ_F + ε), for costs of shape sample + batch.
    fn standardized<'g>(&self, site: &Site<'g>, cost: Expr<'g>) -> Expr<'g> {
        let (axis, g) = (FromEnd(site.batch_shape().rank()), site.num_samples() as f64);
        // Relative to the first cost: if all are equal, their deviations are exactly 0.
        let relative = cost - cost.slice(axis, 0, 1);
        let deviation = relative - site.sum_over_samples(relative) / g;
        let squares = site.sum_over_samples(deviation.square());
        let spread = match self.spread {
            Spread::None => return deviation,
            Spread::Biased => (squares / g).sqrt(),
            Spread::Unbiased => (squares / (g - 1.0)).sqrt(),
        };
        squares.greater(0.0).select(deviation / (spread + self.epsilon), 0.0)
    }
}

impl Estimator for Grpo {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        let word =
            SPREADS.iter().find(|(_, spread)| *spread == self.spread).map_or("biased", |(word, _)| word);
        vec![("spread", word.into()), ("epsilon", self.epsilon.into())]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_score(site)
    }

    fn min_samples(&self) -> usize {
        2
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let cost = cone.cost();
        let full = site.full_samples(cost);
        Ok(vec![GradientTerm::score(site.log_prob(cone.value()), self.standardized(site, full))])
    }
}
