//! Estimator options as they are written in the language: `rebar(temperature = 0.5, coupling = common)`.

use std::collections::BTreeMap;

use crate::control_variates::{Baseline, MOST_HIDDEN};

/// The value of an option.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// A number.
    Number(f64),
    /// `true` or `false`.
    Truth(bool),
    /// One of a fixed set of words.
    Word(String),
}

/// The options of one estimator. The estimator takes them out one by one.
#[derive(Clone, Debug, Default)]
pub struct Options {
    values: BTreeMap<String, OptionValue>,
}

/// The reason why options cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct OptionError {
    /// The option concerned.
    pub option: String,
    /// What is wrong with it, and what would be right.
    pub message: String,
}

impl OptionError {
    fn new(option: &str, message: String) -> Self {
        OptionError { option: option.into(), message }
    }
}

impl FromIterator<(String, OptionValue)> for Options {
    fn from_iter<I: IntoIterator<Item = (String, OptionValue)>>(values: I) -> Self {
        Options { values: values.into_iter().collect() }
    }
}

impl Options {
    /// Creates an empty set of options.
    pub fn none() -> Self {
        Self::default()
    }

    /// Takes an option out, if it is present.
    pub fn take(&mut self, name: &str) -> Option<OptionValue> {
        self.values.remove(name)
    }

    /// Takes out a finite number that satisfies `fine`; `what` describes the condition.
    ///
    /// # Errors
    /// Returns an error if the value is of another kind or out of range.
    pub fn number(
        &mut self,
        name: &str,
        default: f64,
        what: &str,
        fine: impl Fn(f64) -> bool,
    ) -> Result<f64, OptionError> {
        match self.take(name) {
            None => Ok(default),
            Some(OptionValue::Number(x)) if x.is_finite() && fine(x) => Ok(x),
            Some(other) => {
                Err(OptionError::new(name, format!("`{name}` must be {what}, got {}", show(&other))))
            }
        }
    }

    /// Takes out a temperature, which is a positive number.
    ///
    /// # Errors
    /// Returns an error if the value is of another kind or out of range.
    pub fn temperature(&mut self, default: f64) -> Result<f64, OptionError> {
        self.number("temperature", default, "a positive number", |t| t > 0.0)
    }

    /// Takes out `true` or `false`.
    ///
    /// # Errors
    /// Returns an error if the value is of another kind or out of range.
    pub fn truth(&mut self, name: &str, default: bool) -> Result<bool, OptionError> {
        match self.take(name) {
            None => Ok(default),
            Some(OptionValue::Truth(truth)) => Ok(truth),
            Some(other) => Err(not_one_of(name, &other, "true, false")),
        }
    }

    /// Takes out one of `words`, each of which is paired with its meaning. The first one is the default.
    ///
    /// # Errors
    /// Returns an error if the value is of another kind or out of range.
    pub fn word<V: Copy>(&mut self, name: &str, words: &[(&str, V)]) -> Result<V, OptionError> {
        let names = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        match self.take(name) {
            None => Ok(words[0].1),
            Some(OptionValue::Word(given)) if words.iter().any(|(word, _)| *word == given) => {
                Ok(words.iter().find(|(word, _)| *word == given).map_or(words[0].1, |(_, value)| *value))
            }
            Some(other) => Err(not_one_of(name, &other, &names())),
        }
    }

    /// Takes out an integer between 1 and `most`.
    ///
    /// # Errors
    /// Returns an error if the value is of another kind or out of range.
    pub fn count(&mut self, name: &str, default: usize, most: usize) -> Result<usize, OptionError> {
        let what = format!("a whole number between 1 and {most}");
        let fine = |x: f64| x.fract() == 0.0 && (1.0..=most as f64).contains(&x);
        Ok(self.number(name, default as f64, &what, fine)? as usize)
    }

    /// Takes out a decay, which is a number in [0, 1).
    ///
    /// # Errors
    /// Returns an error if the value is of another kind or out of range.
    pub fn decay(&mut self, default: f64) -> Result<f64, OptionError> {
        self.number("decay", default, "a number in [0, 1)", |d| (0.0..1.0).contains(&d))
    }

    /// Takes out a baseline, given by the options `baseline`, `decay` and `baseline_hidden`.
    ///
    /// # Errors
    /// Returns an error if the value is of another kind or out of range.
    pub fn baseline(&mut self) -> Result<Baseline, OptionError> {
        let decay = self.decay(0.95)?;
        let sized = self.values.contains_key("baseline_hidden");
        let hidden = self.count("baseline_hidden", 10, MOST_HIDDEN)?;
        let baseline = self.baseline_of(decay, hidden)?;
        match baseline {
            Baseline::Learned { .. } => Ok(baseline),
            _ if sized => Err(OptionError::new(
                "baseline_hidden",
                "`baseline_hidden` belongs to `baseline = learned`: say so, or leave it out".into(),
            )),
            _ => Ok(baseline),
        }
    }

    fn baseline_of(&mut self, decay: f64, hidden: usize) -> Result<Baseline, OptionError> {
        if let Some(OptionValue::Number(b)) = self.values.get("baseline")
            && b.is_finite()
        {
            let b = *b;
            self.take("baseline");
            return Ok(Baseline::Number(b));
        }
        self.word("baseline", &BASELINES.map(|(word, baseline)| (word, sized(baseline, decay, hidden))))
            .map_err(|e| OptionError { message: e.message.replace("one of", "a number or one of"), ..e })
    }

    /// Checks that no options are left.
    ///
    /// # Errors
    /// Returns an error if an option is left that the estimator does not have; `known` lists the options that it has.
    pub fn finish(self, estimator: &str, known: &[&str]) -> Result<(), OptionError> {
        match self.values.keys().next() {
            None => Ok(()),
            Some(name) if known.is_empty() => {
                Err(OptionError::new(name, format!("`{estimator}` has no option `{name}`: it takes none")))
            }
            Some(name) => Err(OptionError::new(
                name,
                format!("`{estimator}` has no option `{name}`: its options are {}", known.join(", ")),
            )),
        }
    }
}

/// The baselines and the words that name them.
const BASELINES: [(&str, Baseline); 7] = [
    ("none", Baseline::None),
    ("moving_average", Baseline::MovingAverage { decay: 0.0 }),
    ("learned", Baseline::Learned { hidden: 0, decay: 0.0 }),
    ("leave_one_out", Baseline::LeaveOneOut),
    ("self_critical", Baseline::SelfCritical),
    ("optimal", Baseline::Optimal),
    ("optimal_per_coordinate", Baseline::OptimalPerCoordinate),
];

fn sized(baseline: Baseline, decay: f64, hidden: usize) -> Baseline {
    match baseline {
        Baseline::MovingAverage { .. } => Baseline::MovingAverage { decay },
        Baseline::Learned { .. } => Baseline::Learned { hidden, decay },
        other => other,
    }
}

/// A baseline as options, each with its name and canonical value.
pub(super) fn describe_baseline(baseline: Baseline) -> Vec<(&'static str, String)> {
    match baseline {
        Baseline::None => vec![],
        Baseline::Number(b) => vec![("baseline", number(b))],
        Baseline::MovingAverage { decay } => {
            vec![("baseline", "moving_average".into()), ("decay", decay.to_string())]
        }
        Baseline::Learned { hidden, decay } => vec![
            ("baseline", "learned".into()),
            ("decay", decay.to_string()),
            ("baseline_hidden", hidden.to_string()),
        ],
        Baseline::LearnedByVariance { hidden } => {
            vec![("baseline", "learned".into()), ("baseline_hidden", hidden.to_string())]
        }
        other => {
            let word = BASELINES.iter().find(|(_, b)| *b == other).map_or("none", |(word, _)| *word);
            vec![("baseline", word.into())]
        }
    }
}

/// Formats a number as the language reads it, with a power of ten if it is very small or very large.
pub(super) fn number(x: f64) -> String {
    if x == 0.0 || (1e-5..1e16).contains(&x.abs()) || !x.is_finite() {
        x.to_string()
    } else {
        format!("{x:e}")
    }
}

fn show(value: &OptionValue) -> String {
    match value {
        OptionValue::Number(x) => number(*x),
        OptionValue::Truth(b) => b.to_string(),
        OptionValue::Word(w) => format!("`{w}`"),
    }
}

/// Creates an error about the value of an option that is a word.
pub(crate) fn not_one_of(option: &str, got: &OptionValue, words: &str) -> OptionError {
    OptionError::new(option, format!("`{option}` must be one of {words}, got {}", show(got)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let shown = [0.5, 1.0, -0.7, 1e-300, 2.5e20, 0.0].map(number);
        assert_eq!(shown, ["0.5", "1", "-0.7", "1e-300", "2.5e20", "0"]);
    }
}
