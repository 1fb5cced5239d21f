//! The options of an estimator. Each has one description, from which what a user writes is checked and from which lists, help and
//! messages are made.

use std::collections::BTreeMap;
use std::fmt;

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

impl fmt::Display for OptionValue {
    /// As the language reads it; numbers have a power of ten where they are very small or large.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OptionValue::Number(x) => f.write_str(&number(*x)),
            OptionValue::Truth(truth) => write!(f, "{truth}"),
            OptionValue::Word(word) => f.write_str(word),
        }
    }
}

impl From<f64> for OptionValue {
    fn from(x: f64) -> Self {
        OptionValue::Number(x)
    }
}

impl From<usize> for OptionValue {
    fn from(n: usize) -> Self {
        OptionValue::Number(n as f64)
    }
}

impl From<bool> for OptionValue {
    fn from(truth: bool) -> Self {
        OptionValue::Truth(truth)
    }
}

impl From<&str> for OptionValue {
    fn from(word: &str) -> Self {
        OptionValue::Word(word.into())
    }
}

/// Which values an option accepts.
#[derive(Clone, Copy, Debug)]
pub enum OptionKind {
    /// A finite number.
    Number {
        /// Which numbers, in words: "a positive number".
        what: &'static str,
        /// The same as a function.
        allows: fn(f64) -> bool,
    },
    /// A whole number from 1 on.
    Count {
        /// The largest one.
        most: usize,
    },
    /// `true` or `false`.
    Truth,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A finite number or one of these words.
    NumberOrWord(&'static [&'static str]),
}

/// The value of an option that is not given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OptionDefault {
    /// A number.
    Number(f64),
    /// `true` or `false`.
    Truth(bool),
    /// A word.
    Word(&'static str),
}

impl OptionDefault {
    /// The default as a value.
    pub fn value(self) -> OptionValue {
        match self {
            OptionDefault::Number(x) => x.into(),
            OptionDefault::Truth(truth) => truth.into(),
            OptionDefault::Word(word) => word.into(),
        }
    }
}

/// The description of an option.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// The name.
    pub name: &'static str,
    /// Which values it accepts.
    pub kind: OptionKind,
    /// The value if it is not given.
    pub default: OptionDefault,
    /// Whether a description of an estimator names it even at its default.
    pub always_shown: bool,
}

impl OptionSpec {
    const fn new(name: &'static str, kind: OptionKind, default: OptionDefault) -> Self {
        OptionSpec { name, kind, default, always_shown: false }
    }

    /// A finite number for which `allows` is true, described by `what`.
    pub const fn number(
        name: &'static str,
        default: f64,
        what: &'static str,
        allows: fn(f64) -> bool,
    ) -> Self {
        Self::new(name, OptionKind::Number { what, allows }, OptionDefault::Number(default))
    }

    /// A temperature: a positive number.
    pub const fn temperature(default: f64) -> Self {
        Self::number("temperature", default, "a positive number", |t| t > 0.0)
    }

    /// A decay: a number in [0, 1).
    pub const fn decay(default: f64) -> Self {
        Self::number("decay", default, "a number in [0, 1)", |d| (0.0..1.0).contains(&d))
    }

    /// A whole number between 1 and `most`.
    pub const fn count(name: &'static str, default: usize, most: usize) -> Self {
        Self::new(name, OptionKind::Count { most }, OptionDefault::Number(default as f64))
    }

    /// `true` or `false`.
    pub const fn truth(name: &'static str, default: bool) -> Self {
        Self::new(name, OptionKind::Truth, OptionDefault::Truth(default))
    }

    /// One of some words, the first of which is the default.
    pub const fn word(name: &'static str, words: &'static [&'static str]) -> Self {
        Self::new(name, OptionKind::Word(words), OptionDefault::Word(words[0]))
    }

    /// A finite number or one of some words, the first of which is the default.
    pub const fn number_or_word(name: &'static str, words: &'static [&'static str]) -> Self {
        Self::new(name, OptionKind::NumberOrWord(words), OptionDefault::Word(words[0]))
    }

    /// The same option, named in every description of an estimator.
    pub const fn always_shown(self) -> Self {
        OptionSpec { always_shown: true, ..self }
    }

    /// Whether a description of an estimator has to name this value.
    pub fn shows(&self, value: &OptionValue) -> bool {
        self.always_shown || *value != self.default.value()
    }

    /// Checks a value.
    fn check(&self, value: &OptionValue) -> Result<(), OptionError> {
        let (fine, what) = match (self.kind, value) {
            (OptionKind::Number { what, allows }, value) => {
                let fine = matches!(value, OptionValue::Number(x) if x.is_finite() && allows(*x));
                (fine, what.to_string())
            }
            (OptionKind::Count { most }, value) => {
                let whole = |x: f64| x.fract() == 0.0 && (1.0..=most as f64).contains(&x);
                let fine = matches!(value, OptionValue::Number(x) if whole(*x));
                (fine, format!("an integer between 1 and {most}"))
            }
            (OptionKind::Truth, value) => {
                (matches!(value, OptionValue::Truth(_)), "one of true, false".to_string())
            }
            (OptionKind::Word(words), value) => {
                let fine = matches!(value, OptionValue::Word(word) if words.contains(&word.as_str()));
                (fine, format!("one of {}", words.join(", ")))
            }
            (OptionKind::NumberOrWord(words), value) => {
                let fine = match value {
                    OptionValue::Number(x) => x.is_finite(),
                    OptionValue::Truth(_) => false,
                    OptionValue::Word(word) => words.contains(&word.as_str()),
                };
                (fine, format!("a number or one of {}", words.join(", ")))
            }
        };
        if fine {
            return Ok(());
        }
        let got = match value {
            OptionValue::Word(word) => format!("`{word}`"),
            other => other.to_string(),
        };
        Err(OptionError::new(self.name, format!("`{}` must be {what}, got {got}", self.name)))
    }
}

impl fmt::Display for OptionSpec {
    /// The option with its values and its default, such as `mean = geometric | arithmetic (geometric)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        match self.kind {
            OptionKind::Number { .. } | OptionKind::Count { .. } | OptionKind::Truth => {}
            OptionKind::Word(words) => write!(f, " = {}", words.join(" | "))?,
            OptionKind::NumberOrWord(words) => {
                let [first, others @ ..] = words else { return Ok(()) };
                write!(f, " = {first} | <number> | {}", others.join(" | "))?;
            }
        }
        write!(f, " ({})", self.default.value())
    }
}

/// Why options cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct OptionError {
    /// The option.
    pub option: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl OptionError {
    /// A message about an option.
    pub fn new(option: &str, message: String) -> Self {
        OptionError { option: option.into(), message }
    }
}

/// Options as they are given to an estimator, by name.
#[derive(Clone, Debug, Default)]
pub struct EstimatorOptions {
    values: BTreeMap<String, OptionValue>,
}

impl FromIterator<(String, OptionValue)> for EstimatorOptions {
    fn from_iter<I: IntoIterator<Item = (String, OptionValue)>>(values: I) -> Self {
        EstimatorOptions { values: values.into_iter().collect() }
    }
}

impl EstimatorOptions {
    /// No options.
    pub fn none() -> Self {
        Self::default()
    }

    /// The options of `estimator`, all of them: those that are not given have their defaults.
    ///
    /// # Errors
    /// If a value is not accepted, or the estimator has no such option.
    pub(crate) fn checked(
        mut self,
        estimator: &str,
        specs: &'static [OptionSpec],
    ) -> Result<CheckedOptions, OptionError> {
        let mut checked = CheckedOptions { values: BTreeMap::new(), given: Vec::new() };
        for spec in specs {
            let value = match self.values.remove(spec.name) {
                Some(value) => {
                    spec.check(&value)?;
                    checked.given.push(spec.name);
                    value
                }
                None => spec.default.value(),
            };
            checked.values.insert(spec.name, value);
        }
        let Some(name) = self.values.keys().next() else { return Ok(checked) };
        let known: Vec<&str> = specs.iter().map(|spec| spec.name).collect();
        let message = match &known[..] {
            [] => format!("`{estimator}` has no option `{name}`: it takes none"),
            known => format!("`{estimator}` has no option `{name}`: its options are {}", known.join(", ")),
        };
        Err(OptionError::new(name, message))
    }
}

/// The values of all options of an estimator.
#[derive(Clone, Debug)]
pub(crate) struct CheckedOptions {
    values: BTreeMap<&'static str, OptionValue>,
    given: Vec<&'static str>,
}

impl CheckedOptions {
    /// The value of an option of this estimator.
    fn get(&self, name: &str) -> &OptionValue {
        let value = self.values.get(name);
        value.unwrap_or_else(|| unreachable!("`{name}` is not among the options of its estimator"))
    }

    /// Whether an option is given and not at its default for want of a value.
    pub fn is_given(&self, name: &str) -> bool {
        self.given.contains(&name)
    }

    /// The value of an option that is a number; `None` if it is a word.
    pub fn as_number(&self, name: &str) -> Option<f64> {
        match self.get(name) {
            OptionValue::Number(x) => Some(*x),
            OptionValue::Truth(_) | OptionValue::Word(_) => None,
        }
    }

    /// The value of an option that is a number.
    pub fn number(&self, name: &str) -> f64 {
        self.as_number(name).unwrap_or(f64::NAN)
    }

    /// The value of an option that is a whole number.
    pub fn count(&self, name: &str) -> usize {
        self.number(name) as usize
    }

    /// The value of an option that is `true` or `false`.
    pub fn truth(&self, name: &str) -> bool {
        *self.get(name) == OptionValue::Truth(true)
    }

    /// What the word of an option means, by a table of all its words.
    pub fn word<V: Copy>(&self, name: &str, meanings: &[(&str, V)]) -> V {
        let word = self.get(name).to_string();
        meanings.iter().find(|(w, _)| *w == word).map_or(meanings[0].1, |(_, meaning)| *meaning)
    }
}

/// A number as the language reads it, with a power of ten where it is very small or large.
fn number(x: f64) -> String {
    if x == 0.0 || (1e-5..1e16).contains(&x.abs()) || !x.is_finite() {
        x.to_string()
    } else {
        format!("{x:e}")
    }
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
