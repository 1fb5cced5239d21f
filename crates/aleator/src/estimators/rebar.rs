//! REBAR.
//!
//! ```text
//! b = H(X),   ζ = relax(X; τ),   ζ̃ = relax(X̃; τ),  X̃ ~ p(X | b)
//! ∇θ E[F(b)]  ≈  1/K Σₖ (F(b) − η F(ζ̃)) ∇θ log p(b; θ) + η ∇θ F(ζ) − η ∇θ F(ζ̃)
//! ```
//!
//! | property       | value                                                                       |
//! |----------------|-----------------------------------------------------------------------------|
//! | bias           | none, for every η and τ                                                     |
//! | distributions  | Bernoulli, OneHotCategorical                                                |
//! | needs of F     | continuous and differentiable between the outcomes; a jump makes it wrong   |
//! | evaluations    | 3 K                                                                         |
//!
//! F at a relaxation of b, drawn conditionally on b, is the control variate. Its mean is added back by derivatives through the
//! relaxation. A calculation by hand at θ = φ = 0 with F = b gives E[F(ζ̃) s] = ½ (E[ζ̃|1] ½ − E[ζ̃|0] ½), which the other two
//! terms cancel. ∇θ F(ζ) and ∇θ F(ζ̃) pass through ζ and ζ̃ alone, and ζ̃ depends on θ also through its noise given b; without
//! that dependence the estimate is biased. η (one for the site) and log τ are trained by gradient descent on the variance, which
//! does not change the mean. With several layers, later sites inside F(ζ) and F(ζ̃) are relaxed as well, from their own noise;
//! each layer has its own τ unless the layers share one.
//! Choose it for smooth F and few samples. If you can evaluate F twice at hard values,
//! [`ReinforceLoo`](super::ReinforceLoo) is often as good and cheaper.
//! Reference: `tucker2017rebar`.

use aleator_engine::graph::Expr;

use super::baseline_options::{BASELINE, BASELINE_HIDDEN, DECAY, baseline, baseline_values};
use super::gumbel_softmax::has_relaxation;
use super::score_function::has_mode_for;
use crate::control_variates::{Baseline, Relaxation, RelaxedPair};
use crate::distributions::Coupling;
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Cone, DownstreamSites, Estimator, GradientTerm, OptionError, OptionSpec,
    OptionValue, Properties, Site, SiteInfo, Smoothness,
};

/// The control variate F(ζ̃) with its coefficient.
#[derive(Clone, Copy, Debug)]
pub struct Rebar {
    /// The initial τ > 0.
    pub temperature: f64,
    /// The initial η.
    pub coefficient: f64,
    /// The source of the noise of ζ̃.
    pub coupling: Coupling,
    /// The variable that is relaxed.
    pub relaxation: Relaxation,
    /// The baseline that is subtracted in addition.
    pub baseline: Baseline,
    /// Whether η and τ are trained.
    pub tune: bool,
    /// Whether all sites with this option share one τ, as in the published program.
    pub share_temperature: bool,
}

impl Default for Rebar {
    fn default() -> Self {
        Rebar {
            temperature: 0.5,
            coefficient: 1.0,
            coupling: Coupling::Common,
            relaxation: Relaxation::Concrete,
            baseline: Baseline::None,
            tune: true,
            share_temperature: false,
        }
    }
}

/// The options.
pub(super) const OPTIONS: [OptionSpec; 9] = [
    OptionSpec::temperature(0.5).always_shown(),
    OptionSpec::number("coefficient", 1.0, "a finite number", |_| true),
    OptionSpec::word("coupling", &["common", "independent"]),
    OptionSpec::word("relaxation", &["concrete", "mean_field"]),
    BASELINE,
    DECAY,
    BASELINE_HIDDEN,
    OptionSpec::truth("tune", true),
    OptionSpec::truth("share_temperature", false),
];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "rebar",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "the score function with F at a conditional relaxation of the draw as control variate",
    formula: "(F(b) - eta F(z~)) grad log p(b; theta) + eta grad F(z) - eta grad F(z~)",
    distributions: "Bernoulli, OneHotCategorical",
    requires: "F continuous and differentiable between the outcomes",
    evaluations: "3 K",
    smoothness: Smoothness::InControlVariate,
    advice: "for smooth F of discrete z if only one sample is affordable; tune it",
    options: &OPTIONS,
    reference: "tucker2017rebar",
};

/// Couplings by their words.
const COUPLINGS: [(&str, Coupling); 2] =
    [("common", Coupling::Common), ("independent", Coupling::Independent)];
/// Relaxations by their words.
const RELAXATIONS: [(&str, Relaxation); 2] =
    [("concrete", Relaxation::Concrete), ("mean_field", Relaxation::MeanField)];

impl Rebar {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Result<Self, OptionError> {
        Ok(Rebar {
            temperature: options.number("temperature"),
            coefficient: options.number("coefficient"),
            coupling: options.word("coupling", &COUPLINGS),
            relaxation: options.word("relaxation", &RELAXATIONS),
            baseline: baseline(options)?.following_the_variance(),
            tune: options.truth("tune"),
            share_temperature: options.truth("share_temperature"),
        })
    }

    /// Whether the estimator supports the site with a control variate that is defined between the outcomes.
    pub(super) fn supports_at_outcomes(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_relaxation(site)?;
        has_mode_for(self.baseline, site)
    }

    /// τ, as the estimator's own parameter if it is trained.
    pub(super) fn temperature<'g>(&self, site: &Site<'g>) -> Result<Expr<'g>> {
        let start = self.temperature.ln();
        Ok(match (self.tune, self.share_temperature) {
            (false, _) => site.scalar(self.temperature),
            (true, false) => site.own_param("log_temperature", [], &|_| vec![start]).exp(),
            (true, true) => site.shared_param("log_temperature", [], &|_| vec![start])?.exp(),
        })
    }

    /// η, as the estimator's own parameter if it is trained.
    pub(super) fn coefficient<'g>(&self, site: &Site<'g>) -> Expr<'g> {
        match self.tune {
            true => site.own_param("coefficient", [], &|_| vec![self.coefficient]),
            false => site.scalar(self.coefficient),
        }
    }

    /// The terms (F(b) − c(ζ̃)) ∇ log p(b) + ∇c(ζ) − ∇c(ζ̃). The control variate returns c (in the layout of the cone's costs)
    /// and ∇ζ c at a relaxation and temperature.
    pub(super) fn terms_of<'g>(
        &self,
        site: &Site<'g>,
        cone: &Cone<'_, 'g>,
        control: impl Fn(Expr<'g>, Expr<'g>) -> Result<(Expr<'g>, Expr<'g>)>,
    ) -> Result<Vec<GradientTerm<'g>>> {
        let b = cone.value();
        let pair = RelaxedPair::new(site, b, self.temperature(site)?, self.coupling, self.relaxation)?;
        let (_, free_slope) = control(pair.zeta, pair.temperature)?;
        let (at_given, given_slope) = control(pair.zeta_given_b, pair.temperature)?;
        let log_prob = site.log_prob(b);
        let centred = self.baseline.subtract(cone.cost() - at_given, log_prob, site, cone)?;
        Ok(vec![
            GradientTerm::score(log_prob, centred),
            GradientTerm::value(site, pair.zeta, free_slope),
            GradientTerm::value(site, pair.zeta_given_b, -given_slope),
        ])
    }

    /// The values of the options.
    pub(super) fn values(&self) -> Vec<(&'static str, OptionValue)> {
        let coupling = COUPLINGS.iter().find(|(_, c)| *c == self.coupling).map_or("common", |(word, _)| word);
        let relaxation =
            RELAXATIONS.iter().find(|(_, r)| *r == self.relaxation).map_or("concrete", |(word, _)| word);
        let mut values = vec![
            ("temperature", self.temperature.into()),
            ("coefficient", self.coefficient.into()),
            ("coupling", coupling.into()),
            ("relaxation", relaxation.into()),
        ];
        values.extend(baseline_values(self.baseline));
        values.extend([("tune", self.tune.into()), ("share_temperature", self.share_temperature.into())]);
        values
    }
}

impl Estimator for Rebar {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        self.values()
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        site.defined_between()?;
        self.supports_at_outcomes(site)
    }

    fn min_samples(&self) -> usize {
        self.baseline.min_samples()
    }

    fn extra_evaluations(&self, _: &SiteInfo<'_, '_>, _: usize) -> usize {
        2 + self.baseline.extra_evaluations()
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let eta = self.coefficient(site);
        self.terms_of(site, cone, |zeta, temperature| {
            let (cost, slope) = cone.cost_and_slope_at(zeta, DownstreamSites::Relaxed(temperature))?;
            Ok((eta * cost, eta * slope))
        })
    }
}
