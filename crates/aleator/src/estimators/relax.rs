//! RELAX.
//!
//! ```text
//! c(ζ) = η F(ζ) + r_ρ(ζ)         r_ρ: a network;   c(ζ) = r_ρ(ζ) for a black box F
//! ∇θ E[F(b)]  ≈  1/K Σₖ (F(b) − c(ζ̃)) ∇θ log p(b; θ) + ∇θ c(ζ) − ∇θ c(ζ̃)
//! ```
//!
//! | property       | value                                                                       |
//! |----------------|-----------------------------------------------------------------------------|
//! | bias           | none, for every η, τ and ρ                                                  |
//! | distributions  | Bernoulli, OneHotCategorical                                                |
//! | needs of F     | as REBAR; nothing at all with `use_cost = false`                            |
//! | evaluations    | 3 K; K with `use_cost = false`                                              |
//!
//! RELAX is [`Rebar`](super::Rebar) with a learned control variate. ζ and ζ̃ are as in REBAR. η, log τ and the weights of the
//! network are trained by gradient descent on the variance, with exact second derivatives. The network starts at 0, so RELAX
//! starts as REBAR or, without F, as the score function. The inputs of the network are the relaxation and the parameters of the
//! site's distribution.
//! Choose it with `use_cost = false` for a black box F that is evaluated many times; it is effective only after tuning.
//! Reference: `grathwohl2018backpropagation`.

use aleator_engine::autodiff;

use super::rebar::{self, Rebar};
use crate::control_variates::{MOST_HIDDEN, Network, Trained, known};
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Cone, DownstreamSites, Estimator, GradientTerm, OptionError, OptionSpec,
    OptionValue, Properties, Site, SiteInfo, Smoothness,
};

/// REBAR with a network in the control variate.
#[derive(Clone, Copy, Debug)]
pub struct Relax {
    /// The number of hidden units of the network.
    pub hidden: usize,
    /// Whether F is part of the control variate.
    pub use_cost: bool,
    /// The relaxation, coefficient, baseline and tuning, as in REBAR.
    pub rebar: Rebar,
}

impl Default for Relax {
    fn default() -> Self {
        Relax { hidden: 10, use_cost: true, rebar: Rebar::default() }
    }
}

/// The options: those of REBAR, and two of the network.
const OPTIONS: [OptionSpec; 11] = {
    let [temperature, coefficient, coupling, relaxation, baseline, decay, baseline_hidden, tune, share] =
        rebar::OPTIONS;
    let hidden = OptionSpec::count("hidden", 10, MOST_HIDDEN);
    let use_cost = OptionSpec::truth("use_cost", true);
    [
        hidden,
        use_cost,
        temperature,
        coefficient,
        coupling,
        relaxation,
        baseline,
        decay,
        baseline_hidden,
        tune,
        share,
    ]
};

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "relax",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "REBAR with a learned control variate; also for costs without a derivative",
    formula: "(F(b) - c(z~)) grad log p(b; theta) + grad c(z) - grad c(z~), c = eta F + network",
    distributions: "Bernoulli, OneHotCategorical",
    requires: "F continuous and differentiable between the outcomes; nothing with use_cost = false",
    evaluations: "3 K; K with use_cost = false",
    smoothness: Smoothness::InControlVariate,
    advice: "for black boxes of discrete z, with use_cost = false; tune it",
    options: &OPTIONS,
    reference: "grathwohl2018backpropagation",
};

impl Relax {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Result<Self, OptionError> {
        Ok(Relax {
            hidden: options.count("hidden"),
            use_cost: options.truth("use_cost"),
            rebar: Rebar::from_options(options)?,
        })
    }
}

impl Estimator for Relax {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn smoothness(&self) -> Smoothness {
        if self.use_cost { PROPERTIES.smoothness } else { Smoothness::NotNeeded }
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        let mut values = self.rebar.values();
        values.extend([("hidden", self.hidden.into()), ("use_cost", self.use_cost.into())]);
        values
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        if self.use_cost { self.rebar.supports(site) } else { self.rebar.supports_at_outcomes(site) }
    }

    fn min_samples(&self) -> usize {
        self.rebar.min_samples()
    }

    fn extra_evaluations(&self, site: &SiteInfo<'_, '_>, samples: usize) -> usize {
        self.rebar.extra_evaluations(site, samples) - if self.use_cost { 0 } else { 2 }
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let event = site.event_shape().rank();
        let inputs = |zeta| [vec![(zeta, event)], known(site)].concat();
        let network = Network::new(site, "control", &inputs(cone.value()), self.hidden, Trained::ByVariance);
        let eta = self.use_cost.then(|| self.rebar.coefficient(site));
        self.rebar.terms_of(site, cone, |zeta, temperature| {
            let r = network.apply(&inputs(zeta));
            let r_slope = autodiff::grad(r, &[zeta])[0];
            let Some(eta) = eta else { return Ok((r, r_slope)) };
            let (cost, slope) = cone.cost_and_slope_at(zeta, DownstreamSites::Relaxed(temperature))?;
            Ok((eta * cost + r, eta * slope + r_slope))
        })
    }
}
