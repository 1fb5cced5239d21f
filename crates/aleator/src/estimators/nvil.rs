//! NVIL.
//!
//! ```text
//! ∇θ E[F(z)]  ≈  1/K Σₖ (F(zₖ) − b_ψ − c) / max(1, σ_F) ∇θ log p(zₖ; θ)
//! b_ψ ← least squares on F − c;   c, v ← moving averages of F − b_ψ and (F − b_ψ − c)²;   σ_F = √v
//! ```
//!
//! | property       | value                                                                          |
//! |----------------|--------------------------------------------------------------------------------|
//! | bias           | none while σ_F ≤ 1; beyond that the mean is divided by σ_F (a smaller step)    |
//! | distributions  | any with a support free of θ                                                   |
//! | needs of F     | none: may be discontinuous or a black box                                      |
//! | evaluations    | K                                                                              |
//!
//! NVIL is the score function with a learned, input-dependent baseline. b_ψ is a network whose inputs are known before the draw:
//! the parameters of the site's distribution, and thus functions of the data and of all upstream nodes. F is the local signal,
//! that is, only the costs downstream of the site. In measurements, c = 0 and σ_F = 1 are fixed; b_ψ starts at 0, where NVIL
//! equals the score function. In training, the division by σ_F biases the length of the gradient but not its direction. F has the
//! scale that the author gave it: if a cost is a mean over the rows of a batch, σ_F is small and the division seldom has an
//! effect.
//! Choose it for a black box with many rows of data, if you can afford only one sample for each.
//! Reference: `mnih2014neural`.

use super::score_function::has_score;
use crate::control_variates::{MOST_HIDDEN, Trained, learned};
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Cone, Estimator, GradientTerm, OptionSpec, OptionValue, Properties, Site, SiteInfo,
    Smoothness,
};

/// The score function with a learned baseline, centring and variance normalisation.
#[derive(Clone, Copy, Debug)]
pub struct Nvil {
    /// The decay of the moving averages at each run, in [0, 1).
    pub decay: f64,
    /// The number of hidden units of the baseline network.
    pub hidden: usize,
}

impl Default for Nvil {
    fn default() -> Self {
        Nvil { decay: 0.9, hidden: 10 }
    }
}

/// The options.
const OPTIONS: &[OptionSpec] = &[OptionSpec::decay(0.9), OptionSpec::count("hidden", 10, MOST_HIDDEN)];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "nvil",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "the score function with a learned, input-dependent baseline and a normalised signal",
    formula: "(F(z) - b_psi(x) - c) / max(1, sigma_F) grad log p(z; theta)",
    distributions: "any distribution whose support does not depend on its parameters",
    requires: "nothing; unbiased while sigma_F <= 1, otherwise the gradient is scaled in training",
    evaluations: "K",
    smoothness: Smoothness::NotNeeded,
    advice: "for black boxes with many rows of data and one sample each; tune it",
    options: OPTIONS,
    reference: "mnih2014neural",
};

impl Nvil {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        Nvil { decay: options.number("decay"), hidden: options.count("hidden") }
    }
}

impl Estimator for Nvil {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        vec![("decay", self.decay.into()), ("hidden", self.hidden.into())]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_score(site)
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let signal = cone.cost() - learned(site, self.hidden, Trained::ByLoss);
        let centre = site.training_average("centre", 0.0, self.decay, signal);
        let centred = signal - centre;
        let variance = site.training_average("variance", 1.0, self.decay, centred.square());
        site.rescales();
        site.own_loss(centred.square().mean());
        let normalised = centred / variance.sqrt().maximum(1.0);
        Ok(vec![GradientTerm::score(site.log_prob(cone.value()), normalised)])
    }
}
