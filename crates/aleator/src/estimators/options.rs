//! Options as the language writes them: `rebar(temperature = 0.5, coupling = common)`.

use std::collections::BTreeMap;

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

/// The options of one estimator, taken one after another.
#[derive(Clone, Debug, Default)]
pub struct Options {
    values: BTreeMap<String, OptionValue>,
}

/// Why options cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct OptionError {
    /// Which option.
    pub option: String,
    /// What is wrong and what would be right.
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
    /// No options.
    pub fn none() -> Self {
        Self::default()
    }

    /// Takes an option out, if it was given.
    pub fn take(&mut self, name: &str) -> Option<OptionValue> {
        self.values.remove(name)
    }

    /// Takes a finite number that satisfies `fine`, described by `what`.
    ///
    /// # Errors
    /// If it is something else.
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

    /// Takes a temperature: a positive number.
    ///
    /// # Errors
    /// If it is something else.
    pub fn temperature(&mut self, default: f64) -> Result<f64, OptionError> {
        self.number("temperature", default, "a positive number", |t| t > 0.0)
    }

    /// That nothing is left.
    ///
    /// # Errors
    /// If an option is left that the estimator does not have; `known` are those it has.
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

fn show(value: &OptionValue) -> String {
    match value {
        OptionValue::Number(x) => x.to_string(),
        OptionValue::Truth(b) => b.to_string(),
        OptionValue::Word(w) => format!("`{w}`"),
    }
}

/// An error about the value of a word option.
pub(crate) fn not_one_of(option: &str, got: &OptionValue, words: &str) -> OptionError {
    OptionError::new(option, format!("`{option}` must be one of {words}, got {}", show(got)))
}
