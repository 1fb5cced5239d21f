//! LAX.
//!
//! ```text
//! z = T(ε; θ),   c = r_ρ, a network
//! ∇θ E[F(z)]  ≈  1/K Σₖ (F(zₖ) − c(zₖ)) ∇θ log p(zₖ; θ) + ∇θ c(T(εₖ; θ))
//! ```
//!
//! | property       | value                                                                       |
//! |----------------|-----------------------------------------------------------------------------|
//! | bias           | none, for every ρ: E[c(z) ∇ log p(z)] = ∇E[c(T(ε))]                         |
//! | distributions  | those with a differentiable transform and a support free of θ               |
//! | needs of F     | nothing: may be discontinuous or a black box                                |
//! | evaluations    | K                                                                           |
//!
//! LAX uses the score function for F − c and the pathwise derivative for c, a learned approximation of F. The network starts at
//! 0, so LAX starts as the score function. Its weights are trained by gradient descent on the variance, with exact second
//! derivatives. Its inputs are z and the parameters of the site's distribution.
//! Choose it for black boxes of a continuous z. If F is smooth and known, [`Pathwise`](super::Pathwise) needs no network.
//! Reference: `grathwohl2018backpropagation`.

use aleator_engine::autodiff;

use super::pathwise::Pathwise;
use super::score_function::has_score;
use crate::control_variates::{MOST_HIDDEN, Network, Trained, known, within_range};
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Cone, Estimator, GradientTerm, OptionSpec, OptionValue, Properties, Site, SiteInfo,
    Smoothness,
};

/// The score function with a learned control variate of the continuous draw.
#[derive(Clone, Copy, Debug)]
pub struct Lax {
    /// The number of hidden units of the network.
    pub hidden: usize,
}

impl Default for Lax {
    fn default() -> Self {
        Lax { hidden: 10 }
    }
}

/// The options.
const OPTIONS: &[OptionSpec] = &[OptionSpec::count("hidden", 10, MOST_HIDDEN)];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "lax",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "the score function with a learned, pathwise differentiated control variate",
    formula: "(F(z) - c(z)) grad log p(z; theta) + grad c(T(eps; theta)), c = network",
    distributions: "continuous distributions with a differentiable transform, whose support does not depend on the parameters",
    requires: "nothing: F may be discontinuous or a black box",
    evaluations: "K",
    smoothness: Smoothness::NotNeeded,
    advice: "for black boxes of continuous z; tune it",
    options: OPTIONS,
    reference: "grathwohl2018backpropagation",
};

impl Lax {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        Lax { hidden: options.count("hidden") }
    }
}

impl Estimator for Lax {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        vec![("hidden", self.hidden.into())]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        Pathwise.supports(site)?;
        has_score(site)
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let z = site.rsample()?;
        let inputs = [vec![(within_range(z), site.event_shape().rank())], known(site)].concat();
        let control = Network::new(site, "control", &inputs, self.hidden, Trained::ByVariance).apply(&inputs);
        let slope = autodiff::grad(control, &[z])[0];
        Ok(vec![
            GradientTerm::score(site.log_prob(cone.value()), cone.cost() - control),
            GradientTerm::value(site, z, slope),
        ])
    }
}
