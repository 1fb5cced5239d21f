//! What to train, on what, and how; and the checks that a configuration makes sense.

use std::sync::Arc;

use super::sbn::Sbn;
use crate::data::{ImageSet, Split};
use crate::error::{Error, Result};
use crate::estimators::{Estimator, ReinforceLoo};
use crate::optim;

/// A built-in model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// [`Sbn`].
    Sbn,
}

impl Model {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Model; 1] = [Model::Sbn];

    /// The model of that name.
    pub fn find(name: &str) -> Option<Model> {
        Model::ALL.into_iter().find(|m| m.name() == name)
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Model::Sbn => "sbn",
        }
    }

    /// One line: what it is.
    pub fn summary(self) -> &'static str {
        match self {
            Model::Sbn => {
                "sigmoid belief network: one layer of Bernoulli latents, encoder and decoder, by its ELBO"
            }
        }
    }
}

/// How grey pixels become black and white, once for all epochs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binarization {
    /// 1 above one half.
    #[default]
    Threshold,
    /// 1 with the pixel's value as probability, drawn once from the seed.
    Sampled,
}

/// What to train and how. [`TrainConfig::new`] fills in everything but the data.
#[derive(Clone, Debug)]
pub struct TrainConfig {
    /// Which model.
    pub model: Model,
    /// Name of the data, for the report.
    pub data_name: String,
    /// Images to learn from and images to judge by.
    pub data: Split,
    /// How the latents are estimated.
    pub estimator: Arc<dyn Estimator>,
    /// Number of gradient steps.
    pub steps: usize,
    /// Rows in a minibatch.
    pub batch: usize,
    /// Number of latents.
    pub latents: usize,
    /// K in a gradient; `None` for the smallest that the estimator accepts.
    pub samples: Option<usize>,
    /// Step size; `None` for a usual one of the optimiser: adam 0.003, rmsprop 0.001, sgd 0.1.
    pub learning_rate: Option<f64>,
    /// One of [`optim::NAMES`].
    pub optimizer: String,
    /// Seed of initial weights, minibatches and all noise.
    pub seed: u64,
    /// Held-out data are judged every so many steps (and at the start and the end); `None` for ten times.
    pub eval_every: Option<usize>,
    /// Samples of the latents for each held-out image, at least 2.
    pub eval_samples: usize,
    /// How pixels become black and white.
    pub binarization: Binarization,
}

/// Images with more pixels than this count as large: more latents, and fewer samples in an evaluation.
const SMALL_IMAGE: usize = 256;
/// The most parameters a model may have: with optimiser and gradients about a gigabyte.
const MOST_PARAMETERS: usize = 1 << 24;
/// The most rows of a minibatch times samples (times outcomes, where they are enumerated).
pub(super) const MOST_ROWS: usize = 1 << 20;
/// The most samples of an evaluation.
const MOST_EVAL_SAMPLES: usize = 10_000;

impl TrainConfig {
    /// An `sbn` by leave-one-out REINFORCE and Adam, sized for the data: 50 latents for small images such as the
    /// digits, 200 for MNIST.
    pub fn new(data: Split) -> Self {
        let small = data.train.pixels() <= SMALL_IMAGE;
        TrainConfig {
            model: Model::Sbn,
            data_name: "images".into(),
            estimator: Arc::new(ReinforceLoo),
            steps: 10_000,
            batch: data.train.count.clamp(1, 100),
            latents: if small { 50 } else { 200 },
            samples: None,
            learning_rate: None,
            optimizer: "adam".into(),
            seed: 0,
            eval_every: None,
            eval_samples: if small { 10 } else { 4 },
            binarization: Binarization::default(),
            data,
        }
    }

    /// K: what was asked for, or the smallest that the estimator accepts.
    pub fn samples(&self) -> usize {
        self.samples.unwrap_or_else(|| self.estimator.min_samples())
    }

    /// The step size: what was asked for, or the optimiser's usual one.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate.unwrap_or(match self.optimizer.as_str() {
            "sgd" => 0.1,
            "rmsprop" => 0.001,
            _ => 0.003,
        })
    }

    /// Steps from one evaluation to the next.
    pub fn eval_every(&self) -> usize {
        self.eval_every.unwrap_or_else(|| self.steps.div_ceil(10).max(1))
    }

    /// Refuses what cannot be trained.
    pub(super) fn check(&self) -> Result<()> {
        let train = &self.data.train;
        check_images("training", train)?;
        check_images("held-out", &self.data.held_out)?;
        if self.data.held_out.pixels() != train.pixels() {
            return Err(Error::Invalid(format!(
                "training images have {} pixels, held-out images {}: they must be of one size",
                train.pixels(),
                self.data.held_out.pixels()
            )));
        }
        at_least_one("steps", self.steps)?;
        at_least_one("the batch", self.batch)?;
        at_least_one("latents", self.latents)?;
        at_least_one("samples", self.samples())?;
        at_least_one("steps between evaluations", self.eval_every())?;
        if self.steps as u64 >= super::trainer::FIRST_EVALUATION_STEP {
            return Err(Error::Invalid(format!("{} steps are too many", self.steps)));
        }
        if self.batch > train.count {
            return Err(Error::Invalid(format!(
                "a batch of {} needs at least as many training images, but there are {}",
                self.batch, train.count
            )));
        }
        if self.batch.saturating_mul(self.samples()) > MOST_ROWS {
            return Err(Error::Invalid(format!(
                "a batch of {} with {} samples each is too large: their product may be {MOST_ROWS} at most",
                self.batch,
                self.samples()
            )));
        }
        if !(2..=MOST_EVAL_SAMPLES).contains(&self.eval_samples) {
            return Err(Error::Invalid(format!(
                "evaluation needs 2 to {MOST_EVAL_SAMPLES} samples, got {}",
                self.eval_samples
            )));
        }
        let rate = self.learning_rate();
        if !(rate > 0.0 && rate.is_finite()) {
            return Err(Error::Invalid(format!("the learning rate must be a positive number, got {rate}")));
        }
        if !optim::NAMES.contains(&self.optimizer.as_str()) {
            let names = optim::NAMES.join(", ");
            return Err(Error::Invalid(format!(
                "there is no optimizer `{}`: choose one of {names}",
                self.optimizer
            )));
        }
        let model = Sbn { latents: self.latents, mean: vec![0.0; train.pixels()] };
        if model.parameter_count().is_none_or(|n| n > MOST_PARAMETERS) {
            return Err(Error::Invalid(format!(
                "{} latents with {} pixels make more than {MOST_PARAMETERS} parameters: use fewer latents",
                self.latents,
                train.pixels()
            )));
        }
        Ok(())
    }
}

fn check_images(which: &str, images: &ImageSet) -> Result<()> {
    if images.count == 0 || images.pixels() == 0 {
        return Err(Error::Invalid(format!("there are no {which} images")));
    }
    if images.images.len() != images.count * images.pixels() {
        return Err(Error::Invalid(format!(
            "the {which} data hold {} pixels, but {} images of {}×{} need {}",
            images.images.len(),
            images.count,
            images.height,
            images.width,
            images.count * images.pixels()
        )));
    }
    Ok(())
}

fn at_least_one(what: &str, count: usize) -> Result<()> {
    if count == 0 {
        return Err(Error::Invalid(format!("{what} must be at least 1, got 0")));
    }
    Ok(())
}
