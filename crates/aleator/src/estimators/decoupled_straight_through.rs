//! Decoupled straight-through: one temperature for the draw, another for the derivative.
//!
//! ```text
//! forward:   F(z),  z ~ softmax(φ/τ_f) hard
//! backward:  ∂z/∂θ := ∂ softmax(φ/τ_b)/∂θ
//! ```
//!
//! | property       | value                                                                                 |
//! |----------------|---------------------------------------------------------------------------------------|
//! | bias           | **biased**; with τ_f ≠ 1, the objective too is that of another distribution           |
//! | distributions  | Bernoulli, OneHotCategorical                                                          |
//! | needs of F     | differentiable at the outcomes                                                        |
//! | evaluations    | K                                                                                     |
//!
//! τ_f says how far the draws explore, τ_b how widely the derivative is spread over the outcomes. With τ_f = τ_b = 1 it is
//! [`StraightThrough`](super::StraightThrough).
//! Choose it for comparison, or if the best temperatures of a biased estimator have been searched for.
//! Also called: decoupled ST.
//! Reference: `shah2024improving`.

use super::gumbel_softmax::has_relaxation;
use super::hard_forward::{finite_log_odds, with_derivative_of};
use crate::error::Result;
use crate::rewrite::{
    Bias, CheckedOptions, Estimator, OptionSpec, OptionValue, Properties, Site, SiteInfo, SiteValue,
    Smoothness,
};

/// A hard forward pass at one temperature, and the derivative of the mean at another in the backward pass.
#[derive(Clone, Copy, Debug)]
pub struct DecoupledStraightThrough {
    /// τ_f > 0
    pub forward_temperature: f64,
    /// τ_b > 0
    pub backward_temperature: f64,
}

impl Default for DecoupledStraightThrough {
    fn default() -> Self {
        DecoupledStraightThrough { forward_temperature: 1.0, backward_temperature: 1.0 }
    }
}

/// A temperature.
const fn temperature(name: &'static str) -> OptionSpec {
    OptionSpec::number(name, 1.0, "a positive number", |t| t > 0.0).always_shown()
}

/// The options.
const OPTIONS: &[OptionSpec] = &[temperature("forward_temperature"), temperature("backward_temperature")];

/// The entry in the table of estimators.
pub static PROPERTIES: Properties = Properties {
    name: "decoupled_straight_through",
    aliases: &[],
    bias: Bias::Biased,
    summary: "the hard sample at one temperature forward, the derivative of the mean at another backward",
    formula: "grad F(z + m - sg(m)), z ~ softmax(phi / tau_f), m = softmax(phi / tau_b)",
    distributions: "Bernoulli, OneHotCategorical",
    requires: "F differentiable at the outcomes",
    evaluations: "K",
    smoothness: Smoothness::AtSample,
    advice: "biased; for comparison with straight_through",
    options: OPTIONS,
    reference: "shah2024improving",
};

impl DecoupledStraightThrough {
    /// Creates the estimator from the options of the language.
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        DecoupledStraightThrough {
            forward_temperature: options.number("forward_temperature"),
            backward_temperature: options.number("backward_temperature"),
        }
    }
}

impl Estimator for DecoupledStraightThrough {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        vec![
            ("forward_temperature", self.forward_temperature.into()),
            ("backward_temperature", self.backward_temperature.into()),
        ]
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        has_relaxation(site)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        // φ/τ_f + noise, as φ + noise + (1/τ_f − 1) φ.
        let x = site.perturbed()? + (1.0 / self.forward_temperature - 1.0) * finite_log_odds(site)?;
        let z = match site.event_shape().rank() {
            _ if self.forward_temperature == 1.0 => site.sample(),
            0 => x.greater(0.0).stop_gradient(),
            _ => x.argmax().one_hot(x.shape().from_end(0)).stop_gradient(),
        };
        Ok(with_derivative_of(z, site.relax(site.log_odds()?, self.backward_temperature)?))
    }
}
