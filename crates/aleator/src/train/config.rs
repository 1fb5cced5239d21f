//! The configuration of a training run, and its checks.

use std::path::PathBuf;
use std::sync::Arc;

use super::recipe::Recipe;
use super::subject::Subject;
use crate::data::{Dataset, Rows};
use crate::error::{Error, Result};
use crate::estimators::{Estimator, describe};
use crate::graph::Graph;
use crate::models::{Objective, X_NAME, parameter_count, training_graph};
use crate::nn::{Tensor, initial};
use crate::objectives::Detached;
use crate::optim::{self, Decay, Schedule};
use crate::plan::Plan;

/// The configuration of a training run. [`TrainConfig::new`] sets the defaults of everything except model and data.
///
/// ```
/// use std::ops::ControlFlow;
/// use std::sync::Arc;
///
/// use aleator::data::{Binarization, Dataset};
/// use aleator::models::Sbn;
/// use aleator::train::{TrainConfig, train};
///
/// let digits = Arc::new(Dataset::load("digits", Binarization::Threshold, 0)?);
/// let model = Arc::new(Sbn::new(digits.train.mean(), 8)); // eight latents
/// let usual = TrainConfig::new(model, digits);
/// let config = TrainConfig { steps: 20, batch: 10, eval_rows: 10, eval_samples: 2, ..usual };
/// let report = train(&config, &|_| ControlFlow::Continue(()))?;
/// assert_eq!(report.history.last().unwrap().step, 20);
/// # Ok::<(), aleator::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TrainConfig {
    /// What is trained: a model, or a graph.
    pub model: Subject,
    /// The training rows and the held-out rows.
    pub data: Arc<Dataset>,
    /// The estimator of all sites; `None` for the default of the model, or of each site of a graph.
    pub estimator: Option<Arc<dyn Estimator>>,
    /// Whether the estimators of all sites are chosen by measurement, before the first step and after evaluations. They begin with those
    /// of `estimator`.
    pub measured: bool,
    /// The objective.
    pub objective: Objective,
    /// The number of gradient steps.
    pub steps: usize,
    /// The number of sets of initial parameters that are tried, at least 1; `None` for the default of the model.
    pub starts: Option<usize>,
    /// The number of rows in a minibatch.
    pub batch: usize,
    /// K, the number of samples per gradient; `None` for the smallest number that the estimator accepts.
    pub samples: Option<usize>,
    /// The learning rate; `None` for the default of the optimiser.
    pub learning_rate: Option<f64>,
    /// The number of steps of linear warm-up.
    pub warm_up: usize,
    /// The decay of the learning rate after warm-up.
    pub decay: Decay,
    /// The name of the optimiser, one of [`optim::NAMES`].
    pub optimizer: String,
    /// β₂ of `adam`, `adamw` and `radam`, for the parameters of the model and of estimators; `None` for 0.999.
    pub beta2: Option<f64>,
    /// λ of `adamw`; `None` for 0.01.
    pub weight_decay: Option<f64>,
    /// The largest norm of a gradient. Gradients with a larger norm are scaled to it.
    pub clip: Option<f64>,
    /// The learning rate of the estimators' own parameters, relative to that of the model (`tucker2017rebar`).
    pub tuning_factor: f64,
    /// The names of parameters that keep their initial values.
    pub fixed: Vec<String>,
    /// The seed of initial weights, minibatches and all noise. Data have a separate seed.
    pub seed: u64,
    /// The number of steps between evaluations on held-out data, in addition to those at the start and the end; `None` for a
    /// tenth of all steps.
    pub eval_every: Option<usize>,
    /// The number of samples of the latents for each held-out row.
    pub eval_samples: usize,
    /// The number of held-out rows, evenly spaced, that are evaluated during training. All rows are evaluated at the end.
    pub eval_rows: usize,
    /// Where checkpoints are written: a `.safetensors` file that is replaced, or a directory that keeps the last three.
    pub checkpoint: Option<PathBuf>,
    /// The number of steps between checkpoints; `None` for those between evaluations.
    pub checkpoint_every: Option<usize>,
    /// A checkpoint from which to resume.
    pub resume: Option<PathBuf>,
    /// The file to which an interrupted run without `checkpoint` is saved.
    pub rescue: Option<PathBuf>,
    /// A file for metrics, with one JSON object per line.
    pub metrics: Option<PathBuf>,
    /// A directory for TensorBoard event files.
    pub tensorboard: Option<PathBuf>,
    /// Rows by which the best parameters are chosen: they are evaluated during the run, and the held-out rows only at the end.
    pub validation: Option<Arc<Rows>>,
    /// The number of evaluations without improvement after which the run ends.
    pub patience: Option<usize>,
    /// Initial parameters that replace those of the model, such as the [`parameters`](super::Checkpoint::parameters) of a
    /// checkpoint.
    pub init: Option<Arc<Vec<Tensor>>>,
    /// What a checkpoint contains so that the model can be built again.
    pub recipe: Recipe,
    /// The settings of the run, as they are stored in checkpoints.
    pub settings: String,
}

/// The entries of a fingerprint for all fields of the model and of the estimator, including those that their descriptions omit.
pub(super) const WHOLE_MODEL: &str = "options of the model";
/// The entry of a fingerprint for the rows of validation.
pub(super) const VALIDATION: &str = "rows of validation";
/// The estimator that stands for a choice by measurement.
pub(super) const MEASURED: &str = "measured";
pub(super) const WHOLE_ESTIMATOR: &str = "options of the estimator";

/// Replaces tensors by those given, which must be the same ones in name and shape.
fn replace(tensors: &mut [Tensor], given: &[Tensor]) -> Result<()> {
    let differs = |why: String| {
        Err(Error::Invalid(format!("the initial parameters are those of another model: {why}")))
    };
    for tensor in tensors.iter_mut().filter(|tensor| tensor.learned) {
        match given.iter().find(|other| other.name == tensor.name) {
            None => return differs(format!("they have no `{}`", tensor.name)),
            Some(other) if other.shape != tensor.shape => {
                return differs(format!("`{}` has shape {}, not {}", tensor.name, other.shape, tensor.shape));
            }
            Some(other) => tensor.values.clone_from(&other.values),
        }
    }
    match given.iter().find(|other| tensors.iter().all(|tensor| tensor.name != other.name)) {
        Some(other) => differs(format!("they have `{}` besides", other.name)),
        None => Ok(()),
    }
}

/// A checksum of the `Debug` output, which contains every field if it is derived.
fn checksum_of(value: &dyn std::fmt::Debug) -> String {
    format!("{:08x}", crc32c::crc32c(format!("{value:?}").as_bytes()))
}

/// The largest number of parameters of a model. With optimiser state and gradients, this takes about half a gigabyte.
const MOST_PARAMETERS: usize = 1 << 24;
/// The largest product of the rows of a minibatch and the samples (and the outcomes, if they are enumerated).
pub(super) const MOST_ROWS: usize = 1 << 20;
/// The largest number of starts.
const MOST_STARTS: usize = 1000;
/// The largest number of samples of an evaluation.
const MOST_EVAL_SAMPLES: usize = 1_000_000;

impl TrainConfig {
    /// The default configuration: the default estimator of the model, Adam, and 10,000 steps with a batch of 100 (or of all rows,
    /// for a graph).
    pub fn new(model: impl Into<Subject>, data: Arc<Dataset>) -> Self {
        let model = model.into();
        let most = match &model {
            Subject::Model(_) => 100,
            Subject::Graph(_) => usize::MAX,
        };
        TrainConfig {
            estimator: None,
            measured: false,
            objective: Objective::default(),
            fixed: Vec::new(),
            steps: 10_000,
            starts: None,
            batch: data.train.count().clamp(1, most),
            samples: None,
            learning_rate: None,
            warm_up: 0,
            decay: Decay::Constant,
            optimizer: "adam".into(),
            beta2: None,
            weight_decay: None,
            clip: None,
            tuning_factor: 10.0,
            seed: 0,
            eval_every: None,
            eval_samples: 100,
            eval_rows: 1000,
            checkpoint: None,
            checkpoint_every: None,
            resume: None,
            rescue: None,
            metrics: None,
            tensorboard: None,
            validation: None,
            patience: None,
            init: None,
            recipe: Recipe::default(),
            settings: String::new(),
            model,
            data,
        }
    }

    /// The estimator of all sites: `estimator`, or the default of the model, or for wake-sleep a plain draw, because the objective
    /// is not differentiated through it. `None` for a graph without `estimator`, whose sites have their own.
    pub fn serving(&self) -> Option<Arc<dyn Estimator>> {
        match (self.objective, &self.model) {
            (Objective::WakeSleep(_), _) => Some(Arc::new(Detached)),
            (_, Subject::Model(model)) => {
                Some(self.estimator.clone().unwrap_or_else(|| model.default_estimator()))
            }
            (_, Subject::Graph(_)) => self.estimator.clone(),
        }
    }

    /// K: the configured number, or the smallest that the estimator accepts. For a graph whose sites have their own estimators, the
    /// plan may need more.
    pub fn samples(&self) -> usize {
        self.samples.unwrap_or_else(|| self.serving().map_or(1, |estimator| estimator.min_samples()))
    }

    /// The initial parameters, the learned ones first.
    ///
    /// # Errors
    /// Returns an error if the parameters of a model are invalid, or if a graph cannot be built.
    pub(super) fn initial(&self) -> Result<Vec<Tensor>> {
        let mut tensors = match &self.model {
            Subject::Model(model) => initial(&model.specs(), self.seed)?,
            Subject::Graph(graph) => {
                let learned = |p: crate::graph::Param| Tensor {
                    name: p.name,
                    shape: p.shape,
                    values: p.initial,
                    learned: true,
                };
                graph.build(self.batch, self.seed)?.params().into_iter().map(learned).collect()
            }
        };
        tensors.sort_by_key(|t| !t.learned);
        if let Some(given) = &self.init {
            replace(&mut tensors, given)?;
        }
        Ok(tensors)
    }

    /// The graph of a training step, and the plan of its sites.
    ///
    /// # Errors
    /// Returns an error if the graph cannot be built, or if an estimator does not support its site.
    pub(super) fn training_graph(&self, tensors: &[Tensor]) -> Result<(Graph, Plan)> {
        match &self.model {
            Subject::Model(model) => {
                let estimator = self.serving().unwrap_or_else(|| model.default_estimator());
                let graph = training_graph(&**model, self.objective, self.batch, tensors, estimator)?;
                let sites = graph.sites();
                let of_site = |site: &crate::graph::SiteDef| match site.estimator() {
                    Some(estimator) => estimator.clone(),
                    None => Arc::new(Detached),
                };
                let estimators: Vec<Arc<dyn Estimator>> = sites.iter().map(of_site).collect();
                let reasons = vec!["asked for".into(); estimators.len()];
                Ok((graph, Plan { estimators, reasons }))
            }
            Subject::Graph(own) => {
                let graph = own.build(self.batch, self.seed)?;
                let overrides = vec![self.estimator.clone(); graph.sites().len()];
                let plan = Plan::choose(&graph, &overrides, self.samples)?;
                Ok((graph, plan))
            }
        }
    }

    /// The learning rate: the configured one, or the default of the optimiser.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate.unwrap_or(match self.optimizer.as_str() {
            "sgd" => 0.1,
            "momentum" => 0.01,
            "rmsprop" => 0.001,
            _ => 0.003,
        })
    }

    /// The learning rate as a function of the step.
    pub fn schedule(&self) -> Schedule {
        Schedule { rate: self.learning_rate(), warm_up: self.warm_up as u64, decay: self.decay }
    }

    /// The number of sets of initial parameters that are tried: the configured one, or the default of the model. Given parameters
    /// are the only ones.
    pub fn starts(&self) -> usize {
        let usual = || match (&self.init, self.model.model()) {
            (None, Some(model)) => model.starts(),
            (Some(_), _) | (None, None) => 1,
        };
        self.starts.unwrap_or_else(usual)
    }

    /// The number of steps between evaluations.
    pub fn eval_every(&self) -> usize {
        self.eval_every.unwrap_or_else(|| self.steps.div_ceil(10).max(1))
    }

    /// The number of steps between checkpoints.
    pub fn checkpoint_every(&self) -> usize {
        self.checkpoint_every.unwrap_or_else(|| self.eval_every())
    }

    /// Everything on which the bits of parameters and history depend: the names of settings, and their values as text. The
    /// function names every setting, so that a new one is either included or known to have no effect.
    pub(super) fn fingerprint(&self) -> Vec<(String, String)> {
        let TrainConfig {
            model,
            data,
            estimator: _, // Of `serving`.
            measured,
            objective,
            fixed,
            steps,
            starts: _, // Of `starts`, which fills in the default.
            batch,
            samples: _,       // Of `samples`, which fills in the smallest.
            learning_rate: _, // Of `learning_rate`, which fills in the usual one.
            warm_up,
            decay,
            optimizer,
            beta2,
            weight_decay,
            clip,
            tuning_factor,
            seed,
            eval_every: _, // Of `eval_every`, which fills in a tenth.
            eval_samples,
            eval_rows,
            // Where a run saves and what it writes besides changes no number, nor does how its settings were written down.
            checkpoint: _,
            checkpoint_every: _,
            resume: _,
            rescue: _,
            metrics: _,
            tensorboard: _,
            settings: _,
            validation,
            patience: _, // A resumed run may be more patient.
            // A resumed run takes its parameters and its model from the checkpoint.
            init: _,
            recipe: _,
        } = self;
        let Dataset { name: _, train: _, held_out, image: _, dynamic } = &**data;
        let serving = self.serving().map_or("that of each site".into(), |e| describe(&*e));
        let given = |value: &Option<f64>| value.map_or(String::new(), |value| value.to_string());
        let (objective, importance_samples) = match objective {
            Objective::Elbo => ("elbo", None),
            Objective::ElboAnalyticKl => ("elbo-analytic-kl", None),
            Objective::Iwae(k) => ("iwae", Some(k)),
            Objective::WakeSleep(k) => ("wake-sleep", Some(k)),
        };
        let (decay, steps_of_decay) = match decay {
            Decay::Constant => ("constant", None),
            Decay::Linear => ("linear", None),
            Decay::Cosine => ("cosine", None),
            Decay::Step { every, factor } => ("step", Some((every, factor))),
        };
        let mut all = vec![
            ("model", format!("{} ({})", model.name(), model.describe())),
            ("binarization dynamic", dynamic.to_string()),
            ("data", format!("{:08x}", data.checksum())),
            // After the data, from which a model takes means and sizes.
            (WHOLE_MODEL, checksum_of(model)),
            ("estimator", if *measured { MEASURED.into() } else { serving }),
            (WHOLE_ESTIMATOR, checksum_of(&self.serving())),
            ("objective", objective.into()),
            ("starts", self.starts().to_string()),
            ("batch", batch.to_string()),
            ("samples", self.samples().to_string()),
            ("optimizer", optimizer.clone()),
            ("lr", self.learning_rate().to_string()),
            ("warm-up", warm_up.to_string()),
            ("decay", decay.into()),
            ("beta2", given(beta2)),
            ("weight-decay", given(weight_decay)),
            ("clip", given(clip)),
            ("tuning-factor", tuning_factor.to_string()),
            ("fix", fixed.join(",")),
            ("seed", seed.to_string()),
            ("eval-every", self.eval_every().to_string()),
            ("eval-samples", eval_samples.to_string()),
            ("eval-rows", (*eval_rows).min(held_out.count()).to_string()),
        ];
        let of_validation = validation.as_ref().map(|rows| format!("{:08x}", rows.checksum()));
        all.push((VALIDATION, of_validation.unwrap_or_default()));
        if let Some(k) = importance_samples {
            all.push(("importance-samples", k.to_string()));
        }
        if let Some((every, factor)) = steps_of_decay {
            all.extend([("decay-every", every.to_string()), ("decay-factor", factor.to_string())]);
        }
        if self.schedule().depends_on_the_end() {
            all.push(("steps", steps.to_string()));
        }
        all.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
    }

    /// Checks that the configuration is valid.
    ///
    /// # Errors
    /// Returns [`Error::Invalid`], which names the setting.
    pub fn check(&self) -> Result<()> {
        // A graph may be evaluated on the rows from which it is trained.
        if self.model.score().is_some() && self.data.held_out.count() == 0 {
            return Err(Error::invalid("there are no held-out rows"));
        }
        self.check_to_evaluate()
    }

    /// The same for an evaluation, which needs no held-out rows.
    pub(super) fn check_to_evaluate(&self) -> Result<()> {
        self.check_data()?;
        if let Some(model) = self.model.model()
            && model.specs().iter().any(|spec| spec.name == X_NAME)
        {
            return Err(Error::Invalid(format!(
                "no parameter may have the name `{X_NAME}`, which is that of the data"
            )));
        }
        if self.model.score().is_none() && self.objective != Objective::Elbo {
            return Err(Error::Invalid(format!(
                "{} has an objective of its own; remove the setting `objective`",
                self.model.name()
            )));
        }
        if self.measured && matches!(self.objective, Objective::WakeSleep(_)) {
            return Err(Error::invalid("wake-sleep uses no estimator, so that there is none to measure"));
        }
        let counts = [
            ("steps", self.steps),
            ("starts", self.starts()),
            ("the batch", self.batch),
            ("samples", self.samples()),
            ("importance samples", self.objective.copies().unwrap_or(1)),
            ("steps between evaluations", self.eval_every()),
            ("steps between checkpoints", self.checkpoint_every()),
            ("held-out rows to judge", self.eval_rows),
            ("the patience", self.patience.unwrap_or(1)),
        ];
        if let Some((what, _)) = counts.into_iter().find(|&(_, count)| count == 0) {
            return Err(Error::Invalid(format!("{what} must be at least 1, got 0")));
        }
        if self.starts() > MOST_STARTS {
            return Err(Error::Invalid(format!(
                "starts must be at most {MOST_STARTS}, got {}",
                self.starts()
            )));
        }
        if self.starts() > 1 && self.init.is_some() {
            return Err(Error::invalid(
                "the setting `starts` has no effect with `init-from`, which gives the start",
            ));
        }
        if matches!(self.objective, Objective::WakeSleep(1)) {
            return Err(Error::invalid("wake-sleep needs at least 2 importance samples"));
        }
        if self.steps as u64 >= super::evaluation::FIRST_EVALUATION_STEP {
            return Err(Error::Invalid(format!("{} steps are too many", self.steps)));
        }
        let copies = self.objective.copies().unwrap_or(1);
        let rows = self.batch.saturating_mul(self.samples()).saturating_mul(copies);
        if rows > MOST_ROWS {
            return Err(Error::Invalid(format!(
                "a batch of {} with {} samples each is too large: their product must be at most {MOST_ROWS}",
                self.batch,
                self.samples().saturating_mul(copies)
            )));
        }
        if !(2..=MOST_EVAL_SAMPLES).contains(&self.eval_samples) {
            return Err(Error::Invalid(format!(
                "evaluation needs 2 to {MOST_EVAL_SAMPLES} samples, got {}",
                self.eval_samples
            )));
        }
        let positive = [("the learning rate", Some(self.learning_rate())), ("the clipping norm", self.clip)];
        for (what, value) in positive {
            if let Some(value) = value.filter(|v| !(*v > 0.0 && v.is_finite())) {
                return Err(Error::Invalid(format!("{what} must be a positive number, got {value}")));
            }
        }
        if !(self.tuning_factor >= 0.0 && self.tuning_factor.is_finite()) {
            return Err(Error::Invalid(format!(
                "the tuning factor must not be negative, got {}",
                self.tuning_factor
            )));
        }
        if self.beta2.is_some() && !["adam", "adamw", "radam"].contains(&self.optimizer.as_str()) {
            return Err(Error::Invalid(format!(
                "the setting `beta2` is for adam, adamw and radam; `{}` has no beta2",
                self.optimizer
            )));
        }
        if self.checkpoint_every.is_some() && self.checkpoint.is_none() {
            return Err(Error::invalid("the setting `checkpoint-every` requires the setting `checkpoint`"));
        }
        if self.weight_decay.is_some() && self.optimizer != "adamw" {
            return Err(Error::Invalid(format!(
                "the setting `weight-decay` is for adamw; `{}` has no weight decay",
                self.optimizer
            )));
        }
        if let Some(decay) = self.weight_decay.filter(|d| !(*d >= 0.0 && d.is_finite())) {
            return Err(Error::Invalid(format!("weight-decay must be 0 or more, got {decay}")));
        }
        if let Some(beta2) = self.beta2.filter(|b| !(0.0..1.0).contains(b)) {
            return Err(Error::Invalid(format!("beta2 must be in [0, 1), got {beta2}")));
        }
        if let Decay::Step { every, factor } = self.decay
            && (every == 0 || !(factor > 0.0 && factor.is_finite()))
        {
            return Err(Error::invalid("step decay needs at least one step and a positive factor"));
        }
        if !optim::NAMES.contains(&self.optimizer.as_str()) {
            let names = optim::NAMES.join(", ");
            return Err(Error::Invalid(format!(
                "there is no optimizer `{}`: choose one of {names}",
                self.optimizer
            )));
        }
        if let Some(model) = self.model.model()
            && parameter_count(model).is_none_or(|n| n > MOST_PARAMETERS)
        {
            return Err(Error::Invalid(format!(
                "{} of {} has more than {MOST_PARAMETERS} parameters: choose smaller sizes or data of fewer columns",
                self.model.name(),
                self.model.describe()
            )));
        }
        Ok(())
    }

    /// Whether the best parameters are kept.
    pub(super) fn keeps_best(&self) -> bool {
        self.validation.is_some() || self.patience.is_some()
    }

    /// The rows that are evaluated during the run: those of validation, or those held out, or all rows of a graph that holds none
    /// out.
    pub fn judged(&self) -> &Rows {
        match (&self.validation, self.data.held_out.count()) {
            (Some(rows), _) => rows,
            (None, 0) => &self.data.train,
            (None, _) => &self.data.held_out,
        }
    }

    /// The rows that are evaluated at the end: those held out, or those of [`TrainConfig::judged`] if there are none.
    pub fn judged_at_the_end(&self) -> &Rows {
        match self.data.held_out.count() {
            0 => self.judged(),
            _ => &self.data.held_out,
        }
    }

    fn check_data(&self) -> Result<()> {
        let Dataset { train, held_out, .. } = &*self.data;
        if !self.model.has_rows() {
            let none = train.count() == 0 && held_out.count() == 0;
            return if none {
                Ok(())
            } else {
                Err(Error::Invalid(format!(
                    "{} takes no rows: its data have a fixed size",
                    self.model.name()
                )))
            };
        }
        let validation = self.validation.iter().map(|rows| ("validation", &**rows));
        for (which, rows) in [("training", train), ("held-out", held_out)].into_iter().chain(validation) {
            if rows.count() == 0 && which != "held-out" {
                return Err(Error::Invalid(format!("there are no {which} rows")));
            }
            if rows.count() > 0 && rows.width != self.model.width() {
                return Err(Error::Invalid(format!(
                    "{which} rows have {} numbers, but {} takes {}",
                    rows.width,
                    self.model.name(),
                    self.model.width()
                )));
            }
        }
        if self.batch > train.count() {
            return Err(Error::Invalid(format!(
                "a batch of {} needs at least as many training rows, but there are {}",
                self.batch,
                train.count()
            )));
        }
        Ok(())
    }
}
