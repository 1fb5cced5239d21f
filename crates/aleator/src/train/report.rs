//! What training tells while it runs and when it ends.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::diagnostics::{self, Number};
use crate::error::Error;
use crate::nn::Tensor;

/// What is known of a gradient: that of one parameter tensor, or of all.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct GradientStatistics {
    /// The variance of an element, averaged over all.
    #[serde(with = "numbers")]
    pub mean_variance: f64,
    /// √(Σ (E g)² / Σ Var g), at least 0.
    #[serde(with = "numbers")]
    pub signal_to_noise: f64,
}

/// One look at the held-out data.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct HistoryPoint {
    /// Gradient steps taken so far.
    pub step: usize,
    /// The ELBO in nats (or the reward), averaged over all held-out rows and the samples of each.
    #[serde(with = "numbers")]
    pub elbo: f64,
    /// The standard error of `elbo` as the samples of the latents leave it; the rows are given.
    #[serde(with = "numbers")]
    pub elbo_std_error: f64,
    /// The importance-weighted bound of all samples of a row, in nats; `None` for rewards.
    #[serde(with = "numbers")]
    pub bound: Option<f64>,
    /// The standard error of `bound`, to the first order in that of the mean weights.
    #[serde(with = "numbers", default)]
    pub bound_std_error: Option<f64>,
    /// The training objective since the last point, as an ELBO in nats: the mean of its estimates. Relaxed for
    /// estimators that relax. `None` at the start.
    #[serde(with = "numbers")]
    pub train_elbo: Option<f64>,
    /// Seconds of training so far, evaluations not counted.
    pub seconds: f64,
    /// The learning rate of the next step.
    pub learning_rate: f64,
    /// The gradient of all parameters, over about the last 800 steps, every eighth of them; `None` before the tenth.
    pub gradient: Option<GradientStatistics>,
    /// The same for each parameter tensor.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub gradients: BTreeMap<String, GradientStatistics>,
    /// The estimators' own parameters that are single numbers, such as temperatures.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default, with = "numbers")]
    pub own: BTreeMap<String, f64>,
    /// All held-out rows, at the end of a run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub held_out: Option<HeldOut>,
}

/// What the [`Watch`](super::Watch) of a run is called with, before the first step and after each one.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Gradient steps taken.
    pub step: usize,
    /// Gradient steps to take.
    pub steps: usize,
    /// A running mean of the training ELBO (about the last hundred steps); before the first step, the held-out one.
    pub elbo: f64,
    /// The last held-out ELBO.
    pub held_out: f64,
    /// Whether held-out rows have been looked at after this step.
    pub looked: bool,
    /// Gradient steps in a second so far, evaluations not counted; 0 before the first.
    pub steps_per_second: f64,
}

/// Every held-out row at the end.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct HeldOut {
    /// Number of rows.
    pub rows: usize,
    /// K, the samples for each.
    pub samples: usize,
    /// As in the history.
    #[serde(with = "numbers")]
    pub elbo: f64,
    /// As in the history.
    #[serde(with = "numbers")]
    pub elbo_std_error: f64,
    /// As in the history.
    #[serde(with = "numbers")]
    pub bound: Option<f64>,
    /// As in the history.
    #[serde(with = "numbers", default)]
    pub bound_std_error: Option<f64>,
}

/// What became of a run that took its first look at the held-out data.
#[derive(Debug)]
pub struct Trained {
    /// The outcome, up to the end or to where the run died.
    pub report: TrainReport,
    /// The pictures that were asked for; `None` if it died.
    pub pictures: Option<Pictures>,
    /// What it died of, if it did.
    pub error: Option<Error>,
}

/// Images as rows of pixels in \[0, 1\], for a picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pictures {
    /// Height and width of each.
    pub size: [usize; 2],
    /// Held-out images.
    pub originals: Vec<f32>,
    /// The same after a passage through the latents.
    pub reconstructions: Vec<f32>,
    /// Drawn from the model.
    pub samples: Vec<f32>,
}

/// The outcome of a training run; it is serialised as one JSON document.
#[derive(Clone, Debug, Serialize)]
pub struct TrainReport {
    /// Version of aleator.
    pub aleator: &'static str,
    /// The model's name.
    pub model: &'static str,
    /// Its sizes.
    pub description: String,
    /// Name of the data.
    pub data: String,
    /// The estimator with its options.
    pub estimator: String,
    /// What is optimised.
    pub objective: String,
    /// Whether its gradients are unbiased for the objective.
    pub unbiased: bool,
    /// Whether the estimator divides them by a number that it learns (NVIL): then their length is biased, not their
    /// direction.
    pub rescaled: bool,
    /// The seed.
    pub seed: u64,
    /// Gradient steps taken.
    pub steps: usize,
    /// Whether it was stopped before all steps were taken.
    pub interrupted: bool,
    /// Why it died, if it did: its numbers are those up to then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Rows in a minibatch.
    pub batch: usize,
    /// K, the samples in a gradient.
    pub samples: usize,
    /// Number of parameters.
    pub parameters: usize,
    /// The estimator's own parameters at the end, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub own_parameters: BTreeMap<String, diagnostics::Tensor>,
    /// The optimiser's name.
    pub optimizer: String,
    /// Its step size.
    pub lr: f64,
    /// Samples of the latents for each held-out row.
    pub eval_samples: usize,
    /// Held-out rows that the history looks at.
    pub eval_rows: usize,
    /// Looks at the held-out data, first and last step included.
    pub history: Vec<HistoryPoint>,
    /// All held-out rows at the end; `None` if it was interrupted or died.
    pub held_out: Option<HeldOut>,
    /// The last checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<PathBuf>,
    /// Gradient steps in a second, evaluations not counted.
    pub steps_per_second: f64,
    /// Seconds from start to end, everything counted.
    pub seconds: f64,
    /// The trained parameters (not part of the JSON).
    #[serde(skip)]
    pub weights: Vec<Tensor>,
}

/// For serde: numbers that are not finite as the strings that [`Number`] writes, in whatever holds them.
pub(super) mod numbers {
    use serde::de::DeserializeOwned;
    use serde::{Deserializer, Serializer};

    use super::{BTreeMap, Deserialize, Number, Serialize};

    /// What holds numbers.
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
