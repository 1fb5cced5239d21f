//! What a table of estimators says about each.

/// Whether the mean of the estimate is the gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// E ĝ = ∇J.
    Unbiased,
    /// E ĝ ≠ ∇J in general.
    Biased,
}

/// Where an estimator takes the derivative of the cost, and what a jump of the cost there does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Smoothness {
    /// Nowhere.
    NotNeeded,
    /// At the sample: a jump goes unseen, and the estimate is wrong.
    AtSample,
    /// At a relaxation that stands in the sample's place: the same, and the cost must mean something between the outcomes.
    AtRelaxation,
    /// At relaxations, later sites relaxed as well, for a control variate whose mean is put back by derivatives: the same.
    /// E[F(ζ̃) ∇ log p(b)] = ∇E F(ζ) − E ∇F(ζ̃) needs a continuous F.
    InControlVariate,
    /// At the mean, for a control variate that is exact in expectation whatever the derivative: a jump only makes it useless.
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

/// The entry of an estimator in the table of all of them.
#[derive(Clone, Copy, Debug)]
pub struct Properties {
    /// Canonical name.
    pub name: &'static str,
    /// Other names in the literature that the language accepts.
    pub aliases: &'static [&'static str],
    /// Whether the mean of the estimate is the gradient.
    pub bias: Bias,
    /// One line: what it does.
    pub summary: &'static str,
    /// The estimate, as a formula.
    pub formula: &'static str,
    /// What it needs of the distribution.
    pub distributions: &'static str,
    /// What it needs of the cost.
    pub requires: &'static str,
    /// Cost evaluations per estimate.
    pub evaluations: &'static str,
    /// What it asks of F besides its values at samples.
    pub smoothness: Smoothness,
    /// When to choose it, and when not.
    pub advice: &'static str,
    /// The options with their defaults.
    pub options: &'static str,
    /// Key in `references.bib`.
    pub reference: &'static str,
}

impl Properties {
    /// Whether `name` is this estimator's name or alias.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}
