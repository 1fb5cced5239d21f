//! What can be done with a checkpoint: evaluating it, sampling from it, and its parameters.

use serde::ser::Error as _;
use serde::{Serialize, Serializer};

use super::checkpoint::Checkpoint;
use super::config::TrainConfig;
use super::recipe::{Recipe, Use};
use super::report::{HeldOut, JudgedBy};
use super::run::judge;
use super::settings::Settings;
use super::written::with_objective;
use crate::data::Rows;
use crate::error::{Error, Result};
use crate::language::Commands;
use crate::nn::Tensor;

/// The rows that are evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowsToEvaluate {
    /// Held-out rows; rows of validation or training rows, if none are held out.
    #[default]
    HeldOut,
    /// Training rows.
    Training,
    /// Rows of validation.
    Validation,
    /// All rows.
    All,
}

/// How a checkpoint is evaluated.
#[derive(Clone, Debug, Default)]
pub struct Evaluate {
    /// Settings that replace those of the checkpoint, such as other data.
    pub settings: Settings,
    /// The rows.
    pub rows: RowsToEvaluate,
    /// At most so many of them, evenly spaced.
    pub at_most: Option<usize>,
    /// K, the number of samples for each row; `None` for that of the checkpoint.
    pub samples: Option<usize>,
    /// Whether to use the last parameters although the best ones are kept.
    pub last: bool,
    /// Whether a graph may start programs.
    pub commands: Commands,
}

/// The evaluation of a checkpoint. It is serialised as one JSON document.
#[derive(Clone, Debug, Serialize)]
#[serde(remote = "Self")]
pub struct EvaluationReport {
    /// The name of the model.
    pub model: String,
    /// The sizes of the model.
    pub description: String,
    /// The name of the data.
    pub data: String,
    /// The number of steps after which the parameters were saved.
    pub step: usize,
    /// What the numbers measure.
    pub judged_by: JudgedBy,
    /// The rows.
    pub part: RowsToEvaluate,
    /// The names of the classes, if the labels of the data are words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The seed of the draws.
    pub seed: u64,
    /// The numbers.
    #[serde(flatten)]
    pub result: HeldOut,
}

/// The objective of a graph is written with its own sign.
impl Serialize for EvaluationReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        if self.judged_by != JudgedBy::NegativeObjective {
            return Self::serialize(self, serializer);
        }
        let mut document = Self::serialize(self, serde_json::value::Serializer).map_err(S::Error::custom)?;
        document.as_object_mut().into_iter().for_each(with_objective);
        document.serialize(serializer)
    }
}

/// A model with the parameters of a checkpoint.
pub struct Restored {
    /// The configuration of its run, with the settings that replace it.
    pub config: TrainConfig,
    /// The parameters, by name.
    pub tensors: Vec<Tensor>,
    /// The number of steps after which they were saved.
    pub step: usize,
}

/// The largest number of samples of a row.
const MOST_SAMPLES: usize = 1_000_000;

impl Restored {
    /// Builds the model of a checkpoint. `settings` replace those of the checkpoint; the model itself is built from what the
    /// checkpoint contains. With `last`, the last parameters are used although the best ones are kept.
    ///
    /// # Errors
    /// Returns an error if the settings of the checkpoint are those of a model that the library does not know, or if the data
    /// cannot be read or do not fit the model.
    pub fn new(checkpoint: &Checkpoint, settings: &Settings, last: bool, commands: Commands) -> Result<Self> {
        Self::to_evaluate(checkpoint, settings, last, commands, RowsToEvaluate::HeldOut)
    }

    fn to_evaluate(
        checkpoint: &Checkpoint,
        settings: &Settings,
        last: bool,
        commands: Commands,
        which: RowsToEvaluate,
    ) -> Result<Self> {
        let header = &checkpoint.header;
        if header.settings.is_empty() || header.recipe == Recipe::default() {
            return Err(Error::invalid(
                "the checkpoint does not contain what its model is built from: it was made by an earlier version, or by a program \
                 with a model of its own",
            ));
        }
        let theirs = Settings::parse(&header.settings)
            .map_err(|e| Error::Invalid(format!("in the settings of the checkpoint: {e}")))?;
        let whole = settings.data.is_some() && which == RowsToEvaluate::All;
        let recipe = header.recipe.for_columns(settings.columns.as_ref());
        let theirs = theirs.for_data(settings.data.as_ref());
        // All rows of other data are taken as they are.
        let theirs = if whole { Settings { validation: None, ..theirs } } else { theirs };
        let settings = settings.over(&theirs)?;
        let rows = if whole { Use::Evaluation } else { Use::Training };
        let config = settings.config_to(rows, commands, &recipe)?;
        // Other data may have fewer rows than a minibatch.
        let batch = config.batch.min(config.data.train.count().max(1));
        let config = TrainConfig { batch, ..config };
        let (given, step) = match (last, header.best) {
            (false, Some((step, _))) => (checkpoint.parameters(), step as usize),
            _ => (checkpoint.last_parameters(), header.step),
        };
        let config = TrainConfig { init: Some(std::sync::Arc::new(given)), ..config };
        let tensors = config.initial()?;
        Ok(Restored { config, tensors, step })
    }

    /// The parameters in the order of the tensors, as numbers of 32 bits.
    pub fn parameters(&self) -> Vec<Vec<f32>> {
        self.tensors.iter().map(|t| t.values.iter().map(|&v| v as f32).collect()).collect()
    }

    /// What is evaluated if held-out rows are asked for and there are none.
    fn present(&self, which: RowsToEvaluate) -> RowsToEvaluate {
        match (which, &self.config.validation) {
            (RowsToEvaluate::HeldOut, _) if self.config.data.held_out.count() > 0 => which,
            (RowsToEvaluate::HeldOut, Some(_)) => RowsToEvaluate::Validation,
            (RowsToEvaluate::HeldOut, None) => RowsToEvaluate::Training,
            (other, _) => other,
        }
    }

    fn rows(&self, which: RowsToEvaluate) -> Result<Rows> {
        let TrainConfig { data, validation, .. } = &self.config;
        Ok(match (which, validation) {
            (RowsToEvaluate::HeldOut, _) => self.config.judged_at_the_end().clone(),
            (RowsToEvaluate::Training, _) => data.train.clone(),
            (RowsToEvaluate::Validation, Some(rows)) => (**rows).clone(),
            (RowsToEvaluate::Validation, None) => {
                return Err(Error::invalid("the run has no rows of validation"));
            }
            (RowsToEvaluate::All, _) => {
                let of_validation = validation.iter().flat_map(|rows| &rows.values);
                let values = data.train.values.iter().chain(of_validation).chain(&data.held_out.values);
                Rows { values: values.copied().collect(), width: data.train.width }
            }
        })
    }
}

/// Evaluates a checkpoint, in memory that does not grow with the number of samples.
///
/// # Errors
/// As [`Restored::new`], and if the result is not finite.
pub fn evaluate(path: &std::path::Path, how: &Evaluate) -> Result<EvaluationReport> {
    let checkpoint = Checkpoint::read(path)?;
    let cannot = |e: Error| Error::Invalid(format!("cannot evaluate {}: {e}", path.display()));
    let restored = Restored::to_evaluate(&checkpoint, &how.settings, how.last, how.commands, how.rows)
        .map_err(cannot)?;
    let config = &restored.config;
    let samples = how.samples.unwrap_or(config.eval_samples);
    if !(1..=MOST_SAMPLES).contains(&samples) {
        return Err(Error::Invalid(format!(
            "an evaluation needs 1 to {MOST_SAMPLES} samples for each row, got {samples}"
        )));
    }
    config.check_to_evaluate().map_err(cannot)?;
    let part = restored.present(how.rows);
    let rows = restored.rows(part)?;
    let rows = match how.at_most {
        Some(most) => rows.thinned(most),
        None => rows,
    };
    let result = judge(config, &restored.tensors, &restored.parameters(), &rows, samples).map_err(cannot)?;
    Ok(EvaluationReport {
        model: config.model.name().to_string(),
        description: config.model.describe(),
        data: config.data.name.clone(),
        step: restored.step,
        judged_by: config.model.score().into(),
        part,
        labels: checkpoint.labels().to_vec(),
        seed: config.seed,
        result,
    })
}
