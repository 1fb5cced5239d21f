//! The options of estimators with a baseline: `baseline`, `decay`, `baseline_hidden`.

use crate::control_variates::{Baseline, MOST_HIDDEN};
use crate::rewrite::{CheckedOptions, OptionError, OptionSpec, OptionValue};

/// Baselines by their words; the first is the default.
const BASELINES: [(&str, Baseline); 7] = [
    ("none", Baseline::None),
    ("moving_average", Baseline::MovingAverage { decay: 0.0 }),
    ("learned", Baseline::Learned { hidden: 0, decay: 0.0 }),
    ("leave_one_out", Baseline::LeaveOneOut),
    ("self_critical", Baseline::SelfCritical),
    ("optimal", Baseline::Optimal),
    ("optimal_per_coordinate", Baseline::OptimalPerCoordinate),
];

const WORDS: [&str; BASELINES.len()] = {
    let mut words = [""; BASELINES.len()];
    let mut i = 0;
    while i < words.len() {
        words[i] = BASELINES[i].0;
        i += 1;
    }
    words
};

/// What is subtracted from the cost.
pub(super) const BASELINE: OptionSpec = OptionSpec::number_or_word("baseline", &WORDS);
/// How much of a running mean is kept at each run.
pub(super) const DECAY: OptionSpec = OptionSpec::decay(0.95).always_shown();
/// Hidden units of a learned baseline.
pub(super) const BASELINE_HIDDEN: OptionSpec =
    OptionSpec::count("baseline_hidden", 10, MOST_HIDDEN).always_shown();

/// The baseline that the options say.
///
/// # Errors
/// If `baseline_hidden` is given without a learned baseline.
pub(super) fn baseline(options: &CheckedOptions) -> Result<Baseline, OptionError> {
    let (decay, hidden) = (options.number(DECAY.name), options.count(BASELINE_HIDDEN.name));
    let baseline = match options.as_number(BASELINE.name) {
        Some(b) => Baseline::Number(b),
        None => match options.word(BASELINE.name, &BASELINES) {
            Baseline::MovingAverage { .. } => Baseline::MovingAverage { decay },
            Baseline::Learned { .. } => Baseline::Learned { hidden, decay },
            other => other,
        },
    };
    let learned = matches!(baseline, Baseline::Learned { .. });
    if options.is_given(BASELINE_HIDDEN.name) && !learned {
        return Err(OptionError::new(
            BASELINE_HIDDEN.name,
            "`baseline_hidden` requires `baseline = learned`; add it, or remove `baseline_hidden`".into(),
        ));
    }
    Ok(baseline)
}

/// The values of those options that matter for a baseline.
pub(super) fn baseline_values(baseline: Baseline) -> Vec<(&'static str, OptionValue)> {
    match baseline {
        Baseline::Number(b) => vec![(BASELINE.name, b.into())],
        Baseline::MovingAverage { decay } => {
            vec![(BASELINE.name, "moving_average".into()), (DECAY.name, decay.into())]
        }
        Baseline::Learned { hidden, decay } => vec![
            (BASELINE.name, "learned".into()),
            (DECAY.name, decay.into()),
            (BASELINE_HIDDEN.name, hidden.into()),
        ],
        Baseline::LearnedByVariance { hidden } => {
            vec![(BASELINE.name, "learned".into()), (BASELINE_HIDDEN.name, hidden.into())]
        }
        Baseline::None
        | Baseline::LeaveOneOut
        | Baseline::SelfCritical
        | Baseline::Optimal
        | Baseline::OptimalPerCoordinate => {
            let word = BASELINES.iter().find(|(_, b)| *b == baseline).map_or("none", |(word, _)| *word);
            vec![(BASELINE.name, word.into())]
        }
    }
}
