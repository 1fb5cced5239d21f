//! What training tells while it runs and when it ends.

use std::collections::BTreeMap;

use serde::Serialize;

use super::sbn::Tensor;
use crate::diagnostics;

/// One look at the held-out data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct HistoryPoint {
    /// Gradient steps taken so far.
    pub step: usize,
    /// The ELBO in nats, averaged over all held-out images and the samples of each.
    pub elbo: f64,
    /// The standard error of `elbo` as the samples of the latents leave it; the images are given.
    pub elbo_std_error: f64,
    /// The training objective since the last point, as an ELBO in nats: the mean of its estimates. Relaxed for
    /// estimators that relax. `None` at the start.
    pub train_elbo: Option<f64>,
    /// Seconds of training so far, evaluations not counted.
    pub seconds: f64,
}

/// Told after every step.
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
    /// Gradient steps in a second so far, evaluations not counted; 0 before the first.
    pub steps_per_second: f64,
}

/// The outcome of a training run; its JSON is what `aleator train --json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct TrainReport {
    /// Version of aleator.
    pub aleator: &'static str,
    /// The model's name.
    pub model: &'static str,
    /// Name of the data.
    pub data: String,
    /// The estimator with its options.
    pub estimator: String,
    /// Whether its gradients are unbiased for the ELBO.
    pub unbiased: bool,
    /// The seed.
    pub seed: u64,
    /// Gradient steps taken.
    pub steps: usize,
    /// Rows in a minibatch.
    pub batch: usize,
    /// K, the samples in a gradient.
    pub samples: usize,
    /// Number of latents.
    pub latents: usize,
    /// Number of parameters.
    pub parameters: usize,
    /// The estimator's own parameters at the end, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub own_parameters: BTreeMap<String, diagnostics::Tensor>,
    /// The optimiser's name.
    pub optimizer: String,
    /// Its step size.
    pub lr: f64,
    /// Samples of the latents for each held-out image.
    pub eval_samples: usize,
    /// Looks at the held-out data, first and last step included.
    pub history: Vec<HistoryPoint>,
    /// Gradient steps in a second, evaluations not counted.
    pub steps_per_second: f64,
    /// Seconds from start to end, everything counted.
    pub seconds: f64,
    /// The trained parameters (not part of the JSON).
    #[serde(skip)]
    pub weights: Vec<Tensor>,
}
