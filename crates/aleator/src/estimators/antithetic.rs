//! Antithetic samples: noise in mirrored pairs.
//!
//! ```text
//! z = T(u; θ),   z̃ = T(1 − u; θ),   K/2 independent pairs of samples k and k + K/2
//!
//! gradient = pathwise            1/K Σₖ ∇θ F(T(uₖ; θ))
//! gradient = score_function      1/K Σₖ (F(zₖ) − bₖ) ∇θ log p(zₖ; θ),   bₖ the mean of F over the other pairs
//! ```
//!
//! | property       | value                                                                               |
//! |----------------|-------------------------------------------------------------------------------------|
//! | bias           | none: 1 − u is uniform, and bₖ contains neither sample of the pair of k             |
//! | distributions  | those that are drawn from uniform numbers; for `pathwise` by a differentiable transform |
//! | needs of F     | for `pathwise`, differentiable; for `score_function`, nothing                       |
//! | evaluations    | K, even                                                                             |
//!
//! Derivation: each sample alone has its exact law, because all other noise of the sample is independent of u, also if the parameters
//! depend on earlier draws or other sites are mirrored as well. Hence every summand has the gradient as its mean. The variance of a
//! pair is ½ (1 + ρ) times that of one sample, where ρ is the correlation of its two summands: −1 if the summand is linear in a
//! symmetric noise, so that the pair has no variance, +1 if it is even, so that the second sample is wasted. A summand that is
//! monotone in u has ρ ≤ 0.
//!
//! For z ~ Normal(μ, σ) and F = z², the derivative by μ is 2z, linear in the noise, and has no variance; that by σ is 2μ ε + 2σ ε², of
//! which the even part 2σ ε² remains, with the variance 8σ² · 2/K, where independent samples have (4μ² + 8σ²)/K.
//! The score of a symmetric law with respect to its location is odd in ε. With K = 2 the estimate is then
//! (F(z) − F(z̃)) ε/(2σ): a central difference, in which a constant that is added to F has no effect. This is the gradient of
//! evolution strategies and random search if z = θ + σ ε is a Normal around a parameter: the gradient of the *smoothed* objective
//! E F(θ + σ ε), and not of F(θ). With K ≥ 4 the other pairs are a baseline.
//!
//! Choose it if the cost is nearly linear or monotone in the draw. If it is even, it doubles the cost of a sample for nothing.
//! Also called: antithetic variates, mirrored sampling, antithetic evolution strategies.
//! Reference: `hammersley1956new`, `salimans2017evolution`.

use aleator_engine::graph::{Expr, Graph, Op};

use super::coupled_coins::partners;
use super::pathwise::has_path;
use super::score_function::has_score;
use crate::distributions::{Distribution, Noise};
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Cone, Estimator, GradientTerm, OptionSpec, OptionValue, Properties, Site, SiteInfo,
    SiteValue, Smoothness,
};

/// The estimator whose samples are paired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PairedGradient {
    /// The pathwise derivative.
    #[default]
    Pathwise,
    /// The score function.
    ScoreFunction,
}

/// The estimators by their words.
const GRADIENTS: [(&str, PairedGradient); 2] =
    [("pathwise", PairedGradient::Pathwise), ("score_function", PairedGradient::ScoreFunction)];

/// Samples in mirrored pairs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Antithetic {
    /// The estimator whose samples are paired.
    pub gradient: PairedGradient,
}

/// The options.
const OPTIONS: &[OptionSpec] = &[OptionSpec::word("gradient", &["pathwise", "score_function"])];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "antithetic",
    aliases: &["mirrored_sampling"],
    bias: Bias::Unbiased,
    summary: "pathwise or score function with the noise of the samples in mirrored pairs u and 1 - u",
    formula: "1/K sum_k grad F(T(u_k; theta)), u_(k + K/2) = 1 - u_k",
    distributions: "distributions that are drawn from uniform numbers; for pathwise by a differentiable transform",
    requires: "for pathwise, F differentiable at the sample",
    evaluations: "K, even",
    smoothness: Smoothness::AtSample,
    advice: "if F is nearly linear or monotone in z; with gradient = score_function and Normal noise: evolution strategies",
    options: OPTIONS,
    reference: "hammersley1956new",
};

impl Antithetic {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        Antithetic { gradient: options.word("gradient", &GRADIENTS) }
    }

    fn value<'g>(site: &Site<'g>) -> Expr<'g> {
        site.distribution().sample(&mut site.noise().mirrored(site.num_samples(), site.batch_shape().rank()))
    }
}

/// Whether a family draws from uniform numbers, which can be mirrored, and not only by a sampler of its own.
fn draws_from_uniforms(distribution: &Distribution<'_>) -> bool {
    let scratch = Graph::new();
    let parameters = distribution.parameters().iter().map(|p| scratch.input("p", p.shape())).collect();
    let alike = Distribution::new(distribution.family().clone(), parameters);
    let shape = alike.batch_shape().unwrap_or_default();
    alike.sample(&mut Noise::new(&scratch, 0, shape));
    scratch.ids().any(|id| scratch.with_node(id, |node| matches!(node.op, Op::Uniform { .. })))
}

impl Estimator for Antithetic {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn smoothness(&self) -> Smoothness {
        match self.gradient {
            PairedGradient::Pathwise => Smoothness::AtSample,
            PairedGradient::ScoreFunction => Smoothness::NotNeeded,
        }
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        let word = GRADIENTS.iter().find(|(_, g)| *g == self.gradient).map_or("pathwise", |(word, _)| word);
        vec![("gradient", word.into())]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        match self.gradient {
            PairedGradient::Pathwise => has_path(site)?,
            PairedGradient::ScoreFunction => has_score(site)?,
        }
        match draws_from_uniforms(site.distribution) {
            true => Ok(()),
            false => {
                Err("its sampler does not use uniform numbers that could be mirrored; use reinforce_loo"
                    .into())
            }
        }
    }

    fn min_samples(&self) -> usize {
        2
    }

    fn accepts_samples(&self, _site: &SiteInfo<'_, '_>, samples: usize) -> Result<(), String> {
        match samples % 2 {
            0 => Ok(()),
            _ => Err(format!(
                "it draws samples in pairs, and {samples} is odd; use {} or {} samples",
                samples - 1,
                samples + 1
            )),
        }
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        let z = Self::value(site);
        Ok(SiteValue::value(match self.gradient {
            PairedGradient::Pathwise => z,
            PairedGradient::ScoreFunction => z.stop_gradient(),
        }))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        if self.gradient == PairedGradient::Pathwise {
            return Ok(Vec::new());
        }
        let (f, k) = (cone.cost(), site.num_samples());
        let f = site.full_samples(f);
        let weight = match k {
            2 => f,
            // F_k − 1/(K−2) (Σ F − F_k − F of its partner)
            _ => f - (site.sum_over_samples(f) - f - partners(site, f)) / (k as f64 - 2.0),
        };
        Ok(vec![GradientTerm::score(site.log_prob(cone.value()), weight)])
    }
}
