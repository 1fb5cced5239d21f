//! The reports of training: progress, history and result.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};

use super::measured::EstimatorChoice;
use super::written::run_with_objective;
use crate::diagnostics::{self, Number};
use crate::error::Error;
use crate::models::Score;
use crate::nn::Tensor;

/// Statistics of a gradient: that of one parameter tensor, or of all parameters.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct GradientStatistics {
    /// The variance, averaged over all elements.
    #[serde(with = "numbers")]
    pub mean_variance: f64,
    /// √(Σ (E g)² / Σ Var g), at least 0.
    #[serde(with = "numbers")]
    pub signal_to_noise: f64,
}

/// One evaluation on held-out data.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct HistoryPoint {
    /// The number of gradient steps taken.
    pub step: usize,
    /// The ELBO in nats (or the reward), averaged over all held-out rows and the samples of each.
    #[serde(with = "numbers")]
    pub elbo: f64,
    /// The standard error of `elbo` due to the samples of the latents, for the given rows.
    #[serde(with = "numbers")]
    pub elbo_std_error: f64,
    /// The importance-weighted bound of all samples of a row, in nats; `None` for rewards.
    #[serde(with = "numbers")]
    pub bound: Option<f64>,
    /// The standard error of `bound`, of first order in that of the mean weights.
    #[serde(with = "numbers", default)]
    pub bound_std_error: Option<f64>,
    /// The mean of the estimates of the training objective since the last point, as an ELBO in nats. It is relaxed for estimators
    /// that relax. `None` at the start.
    #[serde(with = "numbers")]
    pub train_elbo: Option<f64>,
    /// The time of training in seconds, without evaluations.
    pub seconds: f64,
    /// The learning rate of the next step.
    pub learning_rate: f64,
    /// The statistics of the gradient of all parameters, over every eighth of about the last 800 steps; `None` before step 10.
    pub gradient: Option<GradientStatistics>,
    /// The same for each parameter tensor, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub gradients: BTreeMap<String, GradientStatistics>,
    /// The estimators' own parameters that are single numbers, such as temperatures.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default, with = "numbers")]
    pub own: BTreeMap<String, f64>,
    /// The share of rows whose label is predicted, of a classifier.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub accuracy: Option<f64>,
    /// The evaluation of all held-out rows at the end of a run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub held_out: Option<HeldOut>,
}

/// The progress of a run, with which the [`Watch`](super::Watch) is called before the first step and after each one.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The number of gradient steps taken.
    pub step: usize,
    /// The total number of gradient steps.
    pub steps: usize,
    /// A running mean of the training ELBO (about the last hundred steps); before the first step, the held-out one.
    pub elbo: f64,
    /// The last held-out ELBO.
    pub held_out: f64,
    /// Whether held-out rows were evaluated after this step.
    pub looked: bool,
    /// The number of gradient steps per second, without evaluations; 0 before the first step.
    pub steps_per_second: f64,
    /// While several starts are tried: which one, from 1, and how many there are. The steps are then those of the start, and there
    /// is no held-out ELBO yet.
    pub start: Option<[usize; 2]>,
    /// The estimators that were chosen by measurement before the last step, if they are others than before it.
    pub choice: Option<EstimatorChoice>,
}

/// Several sets of initial parameters, of which the best one was kept.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Starts {
    /// The number of steps for which each was trained.
    pub steps: usize,
    /// The bound of each on training rows after these steps (or the mean, if there is no bound); `None` if numbers did not stay
    /// finite.
    pub values: Vec<Option<f64>>,
    /// The place of the one that was kept.
    pub kept: usize,
}

/// The evaluation of all held-out rows at the end.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HeldOut {
    /// The number of rows.
    pub rows: usize,
    /// K, the number of samples for each row.
    pub samples: usize,
    /// As in [`HistoryPoint`].
    #[serde(with = "numbers")]
    pub elbo: f64,
    /// As in [`HistoryPoint`].
    #[serde(with = "numbers")]
    pub elbo_std_error: f64,
    /// As in [`HistoryPoint`].
    #[serde(with = "numbers")]
    pub bound: Option<f64>,
    /// As in [`HistoryPoint`].
    #[serde(with = "numbers", default)]
    pub bound_std_error: Option<f64>,
    /// The share of rows whose label is predicted, of a classifier.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub accuracy: Option<f64>,
}

/// The outcome of a run that reached its first evaluation.
#[derive(Debug)]
pub struct Trained {
    /// The report, up to the end or to the error.
    pub report: TrainReport,
    /// The requested pictures; `None` if there was an error.
    pub pictures: Option<Pictures>,
    /// The error that ended the run, if there was one.
    pub error: Option<Error>,
}

/// Images as rows of pixels in \[0, 1\], for a picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pictures {
    /// The height and the width of each image.
    pub size: [usize; 2],
    /// The held-out images.
    pub originals: Vec<f32>,
    /// The reconstructions of these images from their latents.
    pub reconstructions: Vec<f32>,
    /// Images drawn from the model.
    pub samples: Vec<f32>,
}

/// The evaluation whose parameters were kept as the best.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BestStep {
    /// The number of steps that had been taken.
    pub step: usize,
    /// The bound, or the mean if there is no bound.
    #[serde(with = "numbers")]
    pub value: f64,
}

/// What the numbers of a history measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum JudgedBy {
    /// A lower bound of the log-likelihood, in nats.
    Bound,
    /// A predictive log-likelihood, in nats.
    Predictive,
    /// A reward.
    Reward,
    /// The objective of a graph. The fields have it with the opposite sign, so that larger is better; documents, metrics and
    /// TensorBoard have it as `objective`, with its own sign.
    #[serde(rename = "objective")]
    NegativeObjective,
}

impl From<Option<Score>> for JudgedBy {
    fn from(score: Option<Score>) -> Self {
        match score {
            Some(Score::Bound) => JudgedBy::Bound,
            Some(Score::Predictive) => JudgedBy::Predictive,
            Some(Score::Reward) => JudgedBy::Reward,
            None => JudgedBy::NegativeObjective,
        }
    }
}

/// The rows on which a run is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum JudgedOn {
    /// Held-out rows.
    HeldOut,
    /// Rows of validation; the held-out rows are evaluated at the end.
    Validation,
    /// The training rows, because none are held out.
    Training,
    /// The data of a graph, which have a fixed size.
    Graph,
}

/// The report of a training run. It is serialised as one JSON document.
#[derive(Clone, Debug, Serialize)]
#[serde(remote = "Self")]
pub struct TrainReport {
    /// The version of aleator.
    pub aleator: &'static str,
    /// The name of the model.
    pub model: String,
    /// The sizes of the model.
    pub description: String,
    /// The name of the data.
    pub data: String,
    /// The estimator with its options.
    pub estimator: String,
    /// The objective.
    pub objective: String,
    /// What the numbers of the history measure.
    pub judged_by: JudgedBy,
    /// The rows on which they were measured.
    pub judged_on: JudgedOn,
    /// Whether the gradients are unbiased for the objective.
    pub unbiased: bool,
    /// Whether the estimator divides gradients by a number that it learns (NVIL). Then their length is biased, but not their
    /// direction.
    pub rescaled: bool,
    /// The seed.
    pub seed: u64,
    /// The number of gradient steps taken.
    pub steps: usize,
    /// Whether the run was stopped before all steps were taken.
    pub interrupted: bool,
    /// The error that ended the run, if there was one. The numbers are those before the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The number of rows in a minibatch.
    pub batch: usize,
    /// K, the number of samples per gradient.
    pub samples: usize,
    /// The number of parameters.
    pub parameters: usize,
    /// The names of the parameters that kept their initial values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<String>,
    /// The final values of the estimator's own parameters, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub own_parameters: BTreeMap<String, diagnostics::Tensor>,
    /// The name of the optimiser.
    pub optimizer: String,
    /// The learning rate.
    pub lr: f64,
    /// The number of samples of the latents for each held-out row.
    pub eval_samples: usize,
    /// The number of held-out rows that are evaluated during training.
    pub eval_rows: usize,
    /// The evaluations on held-out data, including the first and the last step.
    pub history: Vec<HistoryPoint>,
    /// The evaluation of all held-out rows at the end; `None` if the run was interrupted or ended with an error.
    pub held_out: Option<HeldOut>,
    /// The rows that were evaluated at the end.
    pub judged_at_the_end: JudgedOn,
    /// The names of the classes, if the labels of the data are words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Whether the columns were standardised, so that all numbers are those of the standardised columns.
    pub standardized: bool,
    /// The starts that were tried, if there were several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts: Option<Starts>,
    /// The estimators that were chosen by measurement, if they were: the first ones, and each change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<EstimatorChoice>,
    /// The evaluation whose parameters were kept as the best.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<BestStep>,
    /// Whether the run ended early because evaluations did not improve.
    pub stopped_early: bool,
    /// The last checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<PathBuf>,
    /// The number of gradient steps per second, without evaluations.
    pub steps_per_second: f64,
    /// The total time in seconds.
    pub seconds: f64,
    /// The trained parameters (not part of the JSON).
    #[serde(skip)]
    pub weights: Vec<Tensor>,
}

/// The objective of a graph is written with its own sign.
impl Serialize for TrainReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.judged_by != JudgedBy::NegativeObjective {
            return Self::serialize(self, serializer);
        }
        let mut document = Self::serialize(self, serde_json::value::Serializer).map_err(S::Error::custom)?;
        run_with_objective(&mut document);
        document.serialize(serializer)
    }
}

/// For serde: serialises numbers that are not finite as the strings of [`Number`], within containers.
pub(super) mod numbers {
    use serde::de::DeserializeOwned;
    use serde::{Deserializer, Serializer};

    use super::{BTreeMap, Deserialize, Number, Serialize};

    /// A container of numbers.
    pub trait Numbers {
        /// The same with [`Number`]s.
        type Written: Serialize + DeserializeOwned;
        fn written(&self) -> Self::Written;
        fn read(written: Self::Written) -> Self;
    }

    impl Numbers for f64 {
        type Written = Number;
        fn written(&self) -> Number {
            Number(*self)
        }
        fn read(Number(x): Number) -> f64 {
            x
        }
    }

    impl<T: Numbers> Numbers for Option<T> {
        type Written = Option<T::Written>;
        fn written(&self) -> Self::Written {
            self.as_ref().map(T::written)
        }
        fn read(written: Self::Written) -> Self {
            written.map(T::read)
        }
    }

    impl Numbers for (u64, f64) {
        type Written = (u64, Number);
        fn written(&self) -> Self::Written {
            (self.0, Number(self.1))
        }
        fn read((count, Number(x)): Self::Written) -> Self {
            (count, x)
        }
    }

    impl Numbers for BTreeMap<String, f64> {
        type Written = BTreeMap<String, Number>;
        fn written(&self) -> Self::Written {
            self.iter().map(|(name, &x)| (name.clone(), Number(x))).collect()
        }
        fn read(written: Self::Written) -> Self {
            written.into_iter().map(|(name, Number(x))| (name, x)).collect()
        }
    }

    pub fn serialize<T: Numbers, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        value.written().serialize(serializer)
    }

    pub fn deserialize<'de, T: Numbers, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        T::Written::deserialize(deserializer).map(T::read)
    }
}
