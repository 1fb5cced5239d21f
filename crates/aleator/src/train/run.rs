//! The training loop: steps, evaluations on held-out data, and checkpoints.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use super::accuracy::accuracy;
use super::checkpoint::Checkpoint;
use super::config::TrainConfig;
use super::evaluation::EvaluationResult;
use super::judge::Judge;
use super::metrics::Metrics;
use super::pictures::pictures;
use super::places::newest;
use super::report::{BestStep, HeldOut, HistoryPoint, JudgedOn, Progress, TrainReport, Trained};
use super::starts::best_start;
use super::store::Store;
use super::trainer::{Trainer, at_step};
use crate::data::Rows;
use crate::diagnostics::own_parameters;
use crate::error::{Error, Result};
use crate::nn::Tensor;

/// Called before the first step and after each one; return `Break` to stop.
pub type Watch<'a> = dyn Fn(&Progress) -> ControlFlow<()> + 'a;

/// Trains a model for all steps, or until `watch` returns `Break`.
///
/// Equal configurations give equal bits on the same machine, for any number of threads, and whether or not the run was
/// interrupted and resumed.
///
/// # Errors
/// Returns an error if the configuration is invalid ([`Error::Invalid`]), if the estimator does not support the model, if a file
/// cannot be read or written, or if a value becomes infinite or NaN. The message then contains the step and the last checkpoint.
pub fn train(config: &TrainConfig, watch: &Watch<'_>) -> Result<TrainReport> {
    let Trained { report, error, .. } = train_and_see(config, watch, 0)?;
    error.map_or(Ok(report), Err)
}

/// Like [`train`], with pictures of `seen` held-out rows and the same number of samples. If an error occurs after the first
/// evaluation, the outcome contains the report up to then.
///
/// # Errors
/// As [`train`], before the first evaluation.
pub fn train_and_see(config: &TrainConfig, watch: &Watch<'_>, seen: usize) -> Result<Trained> {
    go_on(Trainer::new(config)?, watch, seen)
}

/// Trains from the start, or from the checkpoint of the configuration.
pub(super) fn go_on(mut trainer: Trainer<'_>, watch: &Watch<'_>, seen: usize) -> Result<Trained> {
    let start = Instant::now();
    let config = trainer.config;
    let mut saved = None;
    if let Some(path) = &config.resume {
        let checkpoint = Checkpoint::read(path)?;
        let file = newest(path)?;
        let refused = |e| Error::Invalid(format!("cannot resume from {}: {e}", file.display()));
        trainer.resume(&checkpoint).map_err(refused)?;
        saved = Some(file);
    }
    if seen > 0 && pictures(&trainer, 1)?.is_none() {
        return Err(Error::Invalid(format!("`{}` has no pictures to show", config.model.name())));
    }
    let mut run = Run::open(trainer, saved)?;
    if config.resume.is_none()
        && let Some(best) = best_start(config, watch)?
    {
        run.trainer.begin_at(&best.parameters)?;
        run.trainer.starts = Some(best.starts);
    }
    let ended = run.steps(watch).and_then(|interrupted| {
        if !interrupted {
            run.judge_all()?;
        }
        Ok(interrupted)
    });
    let ended = ended.map_err(|error| run.rescued(error));
    let seen = match &ended {
        Ok(_) if seen > 0 => pictures(&run.trainer, seen),
        _ => Ok(None),
    };
    let (interrupted, pictures, error) = match (ended, seen) {
        (Ok(interrupted), Ok(pictures)) => (interrupted, pictures, None),
        (Err(error), _) | (_, Err(error)) => (false, None, Some(error)),
    };
    match error {
        Some(error) if run.trainer.history.is_empty() => Err(error),
        error => {
            let report = report(run, interrupted, error.as_ref().map(Error::to_string), start);
            Ok(Trained { report, pictures, error })
        }
    }
}

/// A run with its open files.
struct Run<'c> {
    trainer: Trainer<'c>,
    evaluation: Judge,
    store: Option<Store>,
    metrics: Metrics,
    /// The last checkpoint.
    saved: Option<PathBuf>,
}

impl<'c> Run<'c> {
    fn open(trainer: Trainer<'c>, saved: Option<PathBuf>) -> Result<Self> {
        let config = trainer.config;
        let store = config.checkpoint.as_ref().map(|path| Store::open(path, config.resume.as_deref()));
        let store = store.transpose()?;
        let rows = config.judged().thinned(config.eval_rows);
        let evaluation = Judge::new(config, &trainer.tensors, rows, config.eval_samples)?;
        let history = config.resume.is_some().then_some(&trainer.history[..]);
        let metrics = Metrics::open(config, history, trainer.step, trainer.is_over())?;
        Ok(Run { trainer, evaluation, store, metrics, saved })
    }

    /// Takes the steps. Returns whether the run was stopped before the end.
    fn steps(&mut self, watch: &Watch<'_>) -> Result<bool> {
        let config = self.trainer.config;
        let first = self.trainer.step;
        loop {
            let step = self.trainer.step;
            let due = |every: usize, last: bool| step.is_multiple_of(every) || last;
            let looked = due(config.eval_every(), step == config.steps)
                && self.trainer.history.last().is_none_or(|p| p.step != step);
            if looked {
                let point = look(&self.trainer, &mut self.evaluation)?;
                self.trainer.history.push(point);
                self.trainer.since_last = (0, 0.0);
                self.trainer.keep_best();
            }
            let last = self.trainer.is_over();
            // The last line waits for the judgement of all rows.
            if let Some(point) = self.trainer.history.last().filter(|_| looked && !last) {
                self.metrics.record(point)?;
            }
            if due(config.checkpoint_every(), last) && step > first {
                self.save()?;
            }
            let held_out = self.trainer.history.last().map_or(f64::NAN, |point| point.elbo);
            let stop = watch(&Progress {
                step,
                steps: config.steps,
                elbo: self.trainer.running.unwrap_or(held_out),
                held_out,
                looked,
                steps_per_second: per_second(step, self.trainer.seconds),
                start: None,
                choice: self.trainer.choices.last().filter(|choice| choice.step + 1 == step).cloned(),
            });
            if last {
                return Ok(false);
            }
            if stop.is_break() {
                if let (None, Some(path)) = (&self.store, &config.rescue) {
                    self.store = Some(Store::open(path, config.resume.as_deref())?);
                }
                self.save()?;
                return Ok(true);
            }
            let began = Instant::now();
            self.trainer.advance()?;
            self.trainer.seconds += began.elapsed().as_secs_f64();
        }
    }

    /// Writes a checkpoint from which the run can be resumed, if the configuration names a file.
    fn save(&mut self) -> Result<()> {
        if let Some(store) = &self.store {
            let checkpoint = self.trainer.checkpoint();
            checkpoint.check().map_err(|e| at_step(self.trainer.step, e))?;
            self.saved = Some(store.save(&checkpoint)?);
        }
        Ok(())
    }

    /// Evaluates all held-out rows once, and adds the result to metrics and checkpoint.
    fn judge_all(&mut self) -> Result<()> {
        let trainer = &mut self.trainer;
        if trainer.history.last().is_none_or(|point| point.held_out.is_some()) {
            return Ok(());
        }
        let all = all_held_out(trainer)?;
        if let Some(point) = trainer.history.last_mut() {
            point.held_out = Some(all);
            self.metrics.record(point)?;
        }
        self.save()
    }

    /// The error that ended the run, with the last checkpoint. The present state is saved unless its numbers are infinite or NaN.
    fn rescued(&mut self, error: Error) -> Error {
        let has_place = self.trainer.config.checkpoint.is_some();
        match error {
            Error::NotFinite(message) => Error::NotFinite(match &self.saved {
                Some(path) => format!("{message}; the last good checkpoint is {}", path.display()),
                None if has_place => format!("{message}; there is no checkpoint yet"),
                None => {
                    format!("{message}; there is no checkpoint, because the setting `checkpoint` is not set")
                }
            }),
            error => match (self.save(), &self.saved) {
                (Ok(()), Some(path)) => {
                    Error::Invalid(format!("{error}; the run is saved in {}", path.display()))
                }
                (Err(_), Some(path)) => {
                    Error::Invalid(format!("{error}; the last checkpoint is {}", path.display()))
                }
                (_, None) => error,
            },
        }
    }
}

/// Evaluates the present parameters.
fn look(trainer: &Trainer<'_>, evaluation: &mut Judge) -> Result<HistoryPoint> {
    let parameters = trainer.parameters();
    let step = trainer.step;
    let judgement = evaluation.run(parameters.iter().map(|p| &p[..])).map_err(|e| at_step(step, e))?;
    let rows = trainer.config.judged().thinned(trainer.config.eval_rows);
    let (gradient, gradients) = trainer.gradients();
    let own: BTreeMap<String, f64> = trainer
        .program
        .own_params()
        .filter(|(_, _, values)| values.len() == 1)
        .map(|(name, _, values)| (name.to_string(), values[0]))
        .collect();
    Ok(HistoryPoint {
        step,
        elbo: judgement.elbo,
        elbo_std_error: judgement.elbo_std_error,
        bound: judgement.bound,
        bound_std_error: judgement.bound_std_error,
        train_elbo: (trainer.since_last.0 > 0).then(|| trainer.since_last.1 / trainer.since_last.0 as f64),
        seconds: trainer.seconds,
        learning_rate: trainer.config.schedule().at(step as u64, trainer.config.steps as u64),
        gradient,
        gradients,
        own,
        accuracy: accuracy_of(
            trainer.config,
            &trainer.tensors,
            &parameters,
            &rows,
            trainer.config.eval_samples,
        )?,
        held_out: None,
    })
}

/// Evaluates parameters on rows.
///
/// # Errors
/// Returns an error if the graph cannot be compiled, or if the result is not finite.
pub(super) fn judge(
    config: &TrainConfig,
    tensors: &[Tensor],
    parameters: &[Vec<f32>],
    rows: &Rows,
    samples: usize,
) -> Result<HeldOut> {
    let mut evaluation = Judge::new(config, tensors, rows.clone(), samples)?;
    let EvaluationResult { elbo, elbo_std_error, bound, bound_std_error } =
        evaluation.run(parameters.iter().map(|p| &p[..]))?;
    let accuracy = accuracy_of(config, tensors, parameters, rows, samples)?;
    Ok(HeldOut { rows: rows.count(), samples, elbo, elbo_std_error, bound, bound_std_error, accuracy })
}

/// The accuracy of a classifier.
fn accuracy_of(
    config: &TrainConfig,
    tensors: &[Tensor],
    parameters: &[Vec<f32>],
    rows: &Rows,
    samples: usize,
) -> Result<Option<f64>> {
    let Some(model) = config.model.model() else { return Ok(None) };
    accuracy(model, tensors, parameters.iter().map(|p| &p[..]), rows, samples, config.seed)
}

/// Evaluates all held-out rows at the end, at the best parameters if they are kept, else at those of the last point of the history.
fn all_held_out(trainer: &Trainer<'_>) -> Result<HeldOut> {
    let config = trainer.config;
    let all = config.judged_at_the_end();
    let (rows, samples) = (all.count(), config.eval_samples);
    if let (Some(last), None, None, true) =
        (trainer.history.last(), &trainer.best, &config.validation, rows <= config.eval_rows)
    {
        let HistoryPoint { elbo, elbo_std_error, bound, bound_std_error, accuracy, .. } = *last;
        return Ok(HeldOut { rows, samples, elbo, elbo_std_error, bound, bound_std_error, accuracy });
    }
    judge(config, &trainer.tensors, &trainer.chosen(), all, samples)
}

fn report(run: Run<'_>, interrupted: bool, error: Option<String>, start: Instant) -> TrainReport {
    let Run { trainer, saved, .. } = run;
    let ended = !interrupted && error.is_none();
    let config = trainer.config;
    let values = trainer.chosen().into_iter().map(|v| v.into_iter().map(f64::from).collect());
    let weights: Vec<Tensor> =
        trainer.tensors.iter().cloned().zip(values).map(|(t, values)| Tensor { values, ..t }).collect();
    TrainReport {
        aleator: env!("CARGO_PKG_VERSION"),
        model: config.model.name().to_string(),
        description: config.model.describe(),
        data: config.data.name.clone(),
        estimator: trainer.estimators().to_string(),
        objective: match config.model.score() {
            Some(_) => config.objective.to_string(),
            None => "the objective of the graph".into(),
        },
        judged_by: config.model.score().into(),
        judged_on: judged_on(config, false),
        judged_at_the_end: judged_on(config, true),
        labels: config.recipe.data.as_ref().map(|data| data.labels.clone()).unwrap_or_default(),
        standardized: config.recipe.data.as_ref().is_some_and(|data| data.standardization.is_some()),
        starts: trainer.starts,
        choices: trainer.choices,
        unbiased: trainer.program.is_unbiased(),
        rescaled: trainer.program.is_rescaled(),
        seed: config.seed,
        steps: trainer.step,
        interrupted,
        error,
        batch: config.batch,
        samples: trainer.program.samples(),
        parameters: weights.iter().filter(|t| t.learned).map(|t| t.values.len()).sum(),
        fixed: config.fixed.clone(),
        own_parameters: own_parameters(&trainer.program),
        optimizer: config.optimizer.clone(),
        lr: config.learning_rate(),
        eval_samples: config.eval_samples,
        eval_rows: config.eval_rows.min(config.judged().count()),
        held_out: trainer.history.last().and_then(|point| point.held_out).filter(|_| ended),
        best: trainer.best.as_ref().map(|best| BestStep { step: best.step, value: best.value }),
        stopped_early: ended && trainer.step < config.steps,
        history: trainer.history,
        checkpoint: saved,
        steps_per_second: per_second(trainer.step, trainer.seconds),
        seconds: start.elapsed().as_secs_f64(),
        weights,
    }
}

/// The rows on which a run is judged, during it or at the end.
fn judged_on(config: &TrainConfig, end: bool) -> JudgedOn {
    match (config.model.has_rows(), &config.validation, config.data.held_out.count()) {
        (false, _, _) => JudgedOn::Graph,
        (true, Some(_), held_out) if !end || held_out == 0 => JudgedOn::Validation,
        (true, None, 0) => JudgedOn::Training,
        (true, _, _) => JudgedOn::HeldOut,
    }
}

fn per_second(steps: usize, seconds: f64) -> f64 {
    if seconds > 0.0 { steps as f64 / seconds } else { 0.0 }
}
