//! The option `baseline` of estimators whose samples are distinct outcomes.

use aleator_engine::graph::Expr;

use crate::rewrite::{CheckedOptions, OptionSpec, OptionValue};

/// What is subtracted from the cost of each outcome of a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SetBaseline {
    /// Nothing.
    #[default]
    None,
    /// An estimate of E F from the other outcomes of the set, which needs two of them.
    BuiltIn,
}

/// The option.
pub(super) const BASELINE: OptionSpec = OptionSpec::word("baseline", &["none", "built_in"]);

/// The baselines by their words.
const BASELINES: [(&str, SetBaseline); 2] = [("none", SetBaseline::None), ("built_in", SetBaseline::BuiltIn)];

impl SetBaseline {
    pub(super) fn from_options(options: &CheckedOptions) -> Self {
        options.word("baseline", &BASELINES)
    }

    /// The option with its value.
    pub(super) fn option(self) -> (&'static str, OptionValue) {
        let word = BASELINES.iter().find(|(_, baseline)| *baseline == self).map_or("none", |(word, _)| word);
        ("baseline", word.into())
    }

    /// The smallest number of samples.
    pub(super) fn min_samples(self) -> usize {
        match self {
            SetBaseline::None => 1,
            SetBaseline::BuiltIn => 2,
        }
    }
}

/// F(s) − F(s') for costs along the last axis: s is on the last axis but one, s' on the last. Where two costs are equal it is 0, also
/// if they are infinite.
pub(super) fn difference(f: Expr<'_>) -> Expr<'_> {
    let (of, other) = (f.unsqueeze(-1), f.unsqueeze(-2));
    of.equal(other).select(0.0, of - other)
}
