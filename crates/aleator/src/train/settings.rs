//! Settings in layers: from a TOML file, from a checkpoint and from code or a command. Later layers take precedence.
//!
//! ```
//! use aleator::train::Settings;
//!
//! let file: Settings = Settings::parse("lr = 3e-4\nbatch = 24\n[model-options]\nlayers = 2")?;
//! let flags = Settings { batch: Some(50), ..Settings::default() };
//! let both = flags.over(&file)?;
//! assert_eq!((both.batch, both.lr, both.model_options.layers), (Some(50), Some(3e-4), Some(2)));
//! # Ok::<(), aleator::Error>(())
//! ```

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::setting::{Given, Part, Setting};
use crate::error::{Error, Result};
use crate::models::ModelOptions;

/// All settings of a run. A setting that is `None` has its default value.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    /// The name of the model, or a file with a graph.
    pub model: Option<String>,
    /// Values that replace those of a graph, such as `theta=0.7`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
    /// `digits`, a directory of IDX files, a `.npy` or a `.csv` file.
    pub data: Option<String>,
    /// Where held-out rows are, if not in `data`.
    pub test_data: Option<String>,
    /// The columns of a table, by name or number, separated by commas.
    pub columns: Option<String>,
    /// Whether columns are standardised.
    #[serde(alias = "standardise")]
    pub standardize: Option<bool>,
    /// The share of rows that is held out.
    pub held_out: Option<f64>,
    /// The share of training rows by which the best parameters are chosen.
    pub validation: Option<f64>,
    /// `threshold`, `static` or `dynamic`.
    pub binarization: Option<String>,
    /// The estimator of the latents, with options.
    pub estimator: Option<String>,
    /// `elbo`, `elbo-analytic-kl`, `iwae` or `wake-sleep`.
    pub objective: Option<String>,
    /// K of `iwae` and `wake-sleep`.
    pub importance_samples: Option<usize>,
    /// The names of parameters that keep their initial values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fix: Vec<String>,
    /// The number of gradient steps.
    pub steps: Option<usize>,
    /// The number of sets of initial parameters that are tried.
    pub starts: Option<usize>,
    /// The number of rows in a minibatch.
    pub batch: Option<usize>,
    /// K, the number of samples of the estimator.
    pub samples: Option<usize>,
    /// The name of the optimiser.
    pub optimizer: Option<String>,
    /// The learning rate.
    pub lr: Option<f64>,
    /// β₂ of Adam.
    pub beta2: Option<f64>,
    /// λ of AdamW.
    pub weight_decay: Option<f64>,
    /// The number of steps of linear warm-up.
    pub warm_up: Option<usize>,
    /// `constant`, `linear`, `cosine` or `step`.
    pub decay: Option<String>,
    /// The number of steps between decays, for a `step` decay.
    pub decay_every: Option<usize>,
    /// The factor of a `step` decay.
    pub decay_factor: Option<f64>,
    /// The largest norm of a gradient.
    pub clip: Option<f64>,
    /// The learning rate of the estimators' own parameters, relative to that of the model.
    pub tuning_factor: Option<f64>,
    /// The seed of weights, minibatches and noise.
    pub seed: Option<u64>,
    /// The seed of random data: synthetic data, and random binarisation.
    pub data_seed: Option<u64>,
    /// The number of steps between evaluations on held-out data.
    pub eval_every: Option<usize>,
    /// The number of samples of the latents for each held-out row.
    pub eval_samples: Option<usize>,
    /// The number of held-out rows that are evaluated during training.
    pub eval_rows: Option<usize>,
    /// The number of evaluations without improvement after which the run ends.
    pub patience: Option<usize>,
    /// A checkpoint whose parameters are the initial ones.
    pub init_from: Option<PathBuf>,
    /// A `.safetensors` file or a directory.
    pub checkpoint: Option<PathBuf>,
    /// The number of steps between checkpoints.
    pub checkpoint_every: Option<usize>,
    /// A file for metrics, with one JSON object per line.
    pub metrics: Option<PathBuf>,
    /// A directory for TensorBoard event files.
    pub tensorboard: Option<PathBuf>,
    /// The options of the model.
    pub model_options: ModelOptions,
}

impl Settings {
    /// Reads a TOML document.
    ///
    /// # Errors
    /// Returns an error that contains the line and what is expected there.
    pub fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|e| Error::Invalid(e.to_string().trim_end().to_string()))
    }

    /// Creates settings from values, each of the kind of its setting. If there are several values for one setting, the last one
    /// is used.
    ///
    /// # Errors
    /// Returns an error if a value is of another kind, or if a number is too large for TOML.
    ///
    /// ```
    /// use aleator::train::{Given, Setting, Settings};
    ///
    /// let latents = Setting::find("latents").unwrap();
    /// let settings = Settings::of([(latents, Given::Integer(8))])?;
    /// assert_eq!(settings.model_options.latents, Some(8.into()));
    /// # Ok::<(), aleator::Error>(())
    /// ```
    pub fn of<'s>(values: impl IntoIterator<Item = (&'s Setting, Given)>) -> Result<Self> {
        let (mut table, mut of_model) = (toml::Table::new(), toml::Table::new());
        for (setting, value) in values {
            let value = match value {
                Given::Integer(n) => i64::try_from(n).map_err(|_| too_large(setting.name, n))?.into(),
                Given::Integers(several) => {
                    let each =
                        several.into_iter().map(|n| i64::try_from(n).map_err(|_| too_large(setting.name, n)));
                    each.collect::<Result<Vec<i64>>>()?.into()
                }
                Given::Number(x) => x.into(),
                Given::Truth(truth) => truth.into(),
                Given::Text(text) => text.into(),
                Given::Texts(texts) => texts.into(),
                Given::Path(path) => {
                    toml::Value::try_from(path).map_err(|error| Error::Invalid(error.to_string()))?
                }
            };
            let table = if setting.part == Part::Model { &mut of_model } else { &mut table };
            table.insert(setting.name.into(), value);
        }
        table.insert("model-options".into(), of_model.into());
        table.try_into().map_err(|e: toml::de::Error| Error::Invalid(e.to_string()))
    }

    /// These settings, completed by those of `lower`.
    ///
    /// # Errors
    /// Returns an error if a number is too large for TOML.
    pub fn over(&self, lower: &Settings) -> Result<Self> {
        let (mut below, above) = (table(lower)?, table(self)?);
        merge(&mut below, above);
        below.try_into().map_err(|e: toml::de::Error| Error::Invalid(e.to_string()))
    }

    /// The settings as a TOML document, which [`Settings::parse`] reads.
    ///
    /// # Errors
    /// Returns an error if a number is too large for TOML.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| not_in_toml(self, &error))
    }
}

/// A setting that differs between two runs.
#[derive(Debug, PartialEq)]
pub(super) struct Difference {
    /// The name.
    pub name: String,
    /// The value in the other run; empty if it was not set.
    pub theirs: String,
    /// The value in this run.
    pub ours: String,
    /// What the setting describes.
    pub part: Part,
}

/// The settings that differ between two runs, given as TOML documents.
pub(super) fn differences(theirs: &str, ours: &str) -> Vec<Difference> {
    let table = |text: &str| text.parse::<toml::Table>().unwrap_or_default();
    let (theirs, ours) = (table(theirs), table(ours));
    let of_model = |all: &toml::Table| {
        all.get("model-options").and_then(toml::Value::as_table).cloned().unwrap_or_default()
    };
    let written = |value: Option<&toml::Value>| match value {
        Some(toml::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let mut found = Vec::new();
    for (theirs, ours) in [(of_model(&theirs), of_model(&ours)), (theirs, ours)] {
        let names: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
        for name in names.into_iter().filter(|name| theirs.get(*name) != ours.get(*name)) {
            let (theirs, ours) = (written(theirs.get(name)), written(ours.get(name)));
            let part = Setting::find(name).map_or(Part::Run, |setting| setting.part);
            found.push(Difference { name: name.clone(), theirs, ours, part });
        }
    }
    found
}

fn table(settings: &Settings) -> Result<toml::Table> {
    toml::Table::try_from(settings).map_err(|error| not_in_toml(settings, &error))
}

/// The error for a number above 2⁶³ − 1, which TOML cannot represent.
fn not_in_toml(settings: &Settings, error: &toml::ser::Error) -> Error {
    let all = serde_json::to_value(settings).unwrap_or_default();
    let of_model = all.get("model-options").cloned().unwrap_or_default();
    let largest = [&all, &of_model]
        .into_iter()
        .filter_map(|table| table.as_object())
        .flatten()
        .find(|(_, value)| value.as_u64().is_some_and(|n| i64::try_from(n).is_err()));
    Error::Invalid(match largest {
        Some((name, value)) => return too_large(name, value),
        None => error.to_string(),
    })
}

fn too_large(name: &str, value: impl std::fmt::Display) -> Error {
    Error::Invalid(format!("{name} must be at most {}, got {value}", i64::MAX))
}

/// Merges tables recursively. The entries of `above` take precedence over those of `below`.
fn merge(below: &mut toml::Table, above: toml::Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new)) => merge(old, new),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::train::setting::{Effect, SETTINGS, Value};

    /// A value of the right kind.
    fn any_value(setting: &Setting) -> Given {
        match setting.value {
            Value::Count(_) | Value::Natural(_) | Value::Seed => Given::Integer(7),
            Value::Counts(_) => Given::Integers(vec![7, 5]),
            Value::Number(_) => Given::Number(0.5),
            Value::Truth => Given::Truth(true),
            Value::Word(_, words) => Given::Text(words[0].into()),
            Value::Text(_) => Given::Text("some".into()),
            Value::Texts(_) => Given::Texts(vec!["some".into()]),
            Value::Path(_) => Given::Path("some".into()),
        }
    }

    #[test]
    fn the_table_has_every_setting_and_each_is_read() {
        let settings = Settings::of(SETTINGS.iter().map(|setting| (setting, any_value(setting)))).unwrap();
        let mut written = table(&settings).unwrap();
        let of_model = written.remove("model-options").unwrap();
        let names = |table: &toml::Table| table.keys().cloned().collect::<BTreeSet<_>>();
        let described = |of_model: bool| {
            let part = SETTINGS.iter().filter(|setting| (setting.part == Part::Model) == of_model);
            part.map(|setting| setting.name.to_string()).collect::<BTreeSet<_>>()
        };
        assert_eq!(names(&written), described(false));
        assert_eq!(names(of_model.as_table().unwrap()), described(true));
        // All fields that there are: those that are not given are `null` here.
        let all = serde_json::to_value(Settings {
            set: vec!["a".into()],
            fix: vec!["a".into()],
            ..Settings::default()
        })
        .unwrap();
        let fields: BTreeSet<_> =
            all.as_object().unwrap().keys().filter(|k| *k != "model-options").cloned().collect();
        assert_eq!(fields, described(false));
    }

    #[test]
    fn what_decides_numbers_is_in_the_fingerprint() {
        let base = "latents = 2\n";
        let fingerprint = |text: &str| -> BTreeMap<String, String> {
            let config =
                Settings::parse(&format!("{text}\n[model-options]\n{base}")).unwrap().config().unwrap();
            config.fingerprint().into_iter().collect()
        };
        let step = fingerprint("objective = \"iwae\"\ndecay = \"step\"");
        let linear = fingerprint("decay = \"linear\"");
        for setting in SETTINGS.iter().filter(|setting| setting.part == Part::Run) {
            let named = [&step, &linear].into_iter().any(|all| all.contains_key(setting.name));
            assert_eq!(named, setting.effect != Effect::Nothing, "{}", setting.name);
        }
    }
}
