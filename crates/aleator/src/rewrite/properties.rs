//! The properties of an estimator in the table of estimators.

use super::options::OptionSpec;

/// Whether the mean of the estimate is the gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// E ĝ = ∇J.
    Unbiased,
    /// E ĝ ≠ ∇J in general.
    Biased,
}

/// Where an estimator differentiates the cost, and the effect of a jump of the cost there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Smoothness {
    /// The estimator does not differentiate the cost.
    NotNeeded,
    /// At the sample: a jump is ignored, and the estimate is wrong.
    AtSample,
    /// At a relaxation that replaces the sample: a jump has the same effect, and the cost must be meaningful between the
    /// outcomes.
    AtRelaxation,
    /// At relaxations, with later sites relaxed as well, for a control variate whose mean is added back by derivatives. A jump
    /// has the same effect, because E[F(ζ̃) ∇ log p(b)] = ∇E F(ζ) − E ∇F(ζ̃) requires a continuous F.
    InControlVariate,
    /// At the mean, for a control variate that is exact in expectation for any derivative: a jump only makes it ineffective.
    AtMean,
}

impl Smoothness {
    /// Whether the derivative passes through the site's value on the main path.
    pub fn passes_through_value(self) -> bool {
        matches!(self, Smoothness::AtSample | Smoothness::AtRelaxation)
    }

    /// Whether the cost is evaluated between the outcomes of a discrete sample.
    pub fn leaves_outcomes(self) -> bool {
        matches!(self, Smoothness::AtRelaxation | Smoothness::InControlVariate | Smoothness::AtMean)
    }
}

/// An estimator's entry in the table of estimators.
#[derive(Clone, Copy, Debug)]
pub struct Properties {
    /// The canonical name.
    pub name: &'static str,
    /// Other names in the literature that the language accepts.
    pub aliases: &'static [&'static str],
    /// Whether the mean of the estimate is the gradient.
    pub bias: Bias,
    /// A one-line description.
    pub summary: &'static str,
    /// The estimate, as a formula.
    pub formula: &'static str,
    /// The requirements on the distribution.
    pub distributions: &'static str,
    /// The requirements on the cost.
    pub requires: &'static str,
    /// The number of cost evaluations per estimate.
    pub evaluations: &'static str,
    /// What the estimator uses of F besides its values at samples.
    pub smoothness: Smoothness,
    /// When to choose the estimator, and when not.
    pub advice: &'static str,
    /// The options.
    pub options: &'static [OptionSpec],
    /// Key in `references.bib`.
    pub reference: &'static str,
}

impl Properties {
    /// The options with their values and defaults, one after another; empty if there are none.
    pub fn describe_options(&self) -> String {
        self.options.iter().map(OptionSpec::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Whether `name` is this estimator's name or alias.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}
