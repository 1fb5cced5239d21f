//! The loop: steps, now and then a look at the held-out data, now and then a checkpoint.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use super::checkpoint::{Checkpoint, newest};
use super::config::TrainConfig;
use super::evaluation::Evaluation;
use super::metrics::Metrics;
use super::pictures::pictures;
use super::report::{HeldOut, HistoryPoint, Pictures, Progress, TrainReport};
use super::store::Store;
use super::trainer::{Trainer, at_step};
use crate::diagnostics::own_parameters;
use crate::error::{Error, Result};
use crate::estimators::describe;
use crate::nn::Tensor;

/// Is told before the first step and after every one; stops the run, in good order, by breaking.
pub type Watch<'a> = dyn Fn(&Progress) -> ControlFlow<()> + 'a;

/// Trains a model to the end, or until `watch` breaks.
///
/// Equal configurations give equal bits on the same machine, whatever the number of threads, and whether the run was
/// interrupted and resumed or not.
///
/// # Errors
/// If the configuration makes no sense ([`Error::Invalid`]), the estimator cannot serve the model, a file cannot be read or
/// written, or a value is not finite on the way: the message names the step and the last checkpoint.
pub fn train(config: &TrainConfig, watch: &Watch<'_>) -> Result<TrainReport> {
    Ok(train_and_see(config, watch, 0)?.0)
}

/// The same, with pictures of `seen` held-out rows and as many samples.
///
/// # Errors
/// As for [`train`].
pub fn train_and_see(
    config: &TrainConfig,
    watch: &Watch<'_>,
    seen: usize,
) -> Result<(TrainReport, Option<Pictures>)> {
    go_on(Trainer::new(config)?, watch, seen)
}

/// Trains from where the configuration says that it goes on.
pub(super) fn go_on(
    mut trainer: Trainer<'_>,
    watch: &Watch<'_>,
    seen: usize,
) -> Result<(TrainReport, Option<Pictures>)> {
    let start = Instant::now();
    let config = trainer.config;
    let saved: Cell<Option<PathBuf>> = Cell::new(None);
    if let Some(path) = &config.resume {
        let checkpoint = Checkpoint::read(path)?;
        let file = newest(path)?;
        let refused = |e| Error::Invalid(format!("cannot go on from {}: {e}", file.display()));
        trainer.resume(&checkpoint).map_err(refused)?;
        saved.set(Some(file));
    }
    if seen > 0 && pictures(&trainer, 1)?.is_none() {
        return Err(Error::Invalid(format!("`{}` has no pictures to show", config.model.name())));
    }
    let result = run(&mut trainer, watch, &saved);
    let interrupted = result.map_err(|error| match (error, saved.take()) {
        (Error::NotFinite(message), Some(path)) => {
            Error::NotFinite(format!("{message}; the last good checkpoint is {}", path.display()))
        }
        (Error::NotFinite(message), None) if config.checkpoint.is_some() => {
            Error::NotFinite(format!("{message}; there is no checkpoint yet"))
        }
        (Error::NotFinite(message), None) => {
            Error::NotFinite(format!("{message}; there is no checkpoint: --checkpoint makes some"))
        }
        (other, _) => other,
    })?;
    let held_out = if interrupted { None } else { Some(final_judgement(&trainer)?) };
    let pictures = if seen > 0 { pictures(&trainer, seen)? } else { None };
    Ok((report(trainer, held_out, interrupted, saved.take(), start), pictures))
}

/// Takes the steps; whether it was stopped before the end.
fn run(trainer: &mut Trainer<'_>, watch: &Watch<'_>, saved: &Cell<Option<PathBuf>>) -> Result<bool> {
    let config = trainer.config;
    let open = |path: &PathBuf| Store::open(path, config.resume.as_deref());
    let store = config.checkpoint.as_ref().map(open).transpose()?;
    let rows = config.data.held_out.thinned(config.eval_rows);
    let mut evaluation =
        Evaluation::new(&*config.model, &trainer.tensors, rows, config.eval_samples, config.seed)?;
    let mut metrics = Metrics::open(config, trainer.step)?;
    let first = trainer.step;
    loop {
        let (step, last) = (trainer.step, trainer.step == config.steps);
        let due = |every: usize| step % every == 0 || last;
        if due(config.eval_every()) && trainer.history.last().is_none_or(|p| p.step != step) {
            let point = look(trainer, &mut evaluation)?;
            metrics.record(&point)?;
            trainer.history.push(point);
            trainer.since_last = (0, 0.0);
        }
        if let Some(store) = &store
            && due(config.checkpoint_every())
            && step > first
        {
            saved.set(Some(save(trainer, store)?));
        }
        let held_out = trainer.history.last().map_or(f64::NAN, |point| point.elbo);
        let stop = watch(&Progress {
            step,
            steps: config.steps,
            elbo: trainer.running.unwrap_or(held_out),
            held_out,
            steps_per_second: per_second(step, trainer.seconds),
        });
        if last {
            return Ok(false);
        }
        if stop.is_break() {
            let rescue = || config.rescue.as_ref().map(open).transpose();
            if let Some(store) = store.map_or_else(rescue, |store| Ok(Some(store)))? {
                saved.set(Some(save(trainer, &store)?));
            }
            return Ok(true);
        }
        let began = Instant::now();
        trainer.advance()?;
        trainer.seconds += began.elapsed().as_secs_f64();
    }
}

/// Judges the present parameters.
fn look(trainer: &Trainer<'_>, evaluation: &mut Evaluation) -> Result<HistoryPoint> {
    let parameters = trainer.parameters();
    let step = trainer.step;
    let judgement = evaluation.run(parameters.iter().map(|p| &p[..])).map_err(|e| at_step(step, e))?;
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
        train_elbo: (trainer.since_last.0 > 0).then(|| trainer.since_last.1 / trainer.since_last.0 as f64),
        seconds: trainer.seconds,
        learning_rate: trainer.config.schedule().at(step as u64, trainer.config.steps as u64),
        gradient,
        gradients,
        own,
    })
}

/// Writes a checkpoint that the run can go on from.
fn save(trainer: &Trainer<'_>, store: &Store) -> Result<PathBuf> {
    let checkpoint = trainer.checkpoint();
    checkpoint.check().map_err(|e| at_step(trainer.step, e))?;
    store.save(&checkpoint)
}

/// All held-out rows.
fn final_judgement(trainer: &Trainer<'_>) -> Result<HeldOut> {
    let config = trainer.config;
    let rows = config.data.held_out.count();
    let samples = config.eval_samples;
    let of = |elbo, elbo_std_error, bound| HeldOut { rows, samples, elbo, elbo_std_error, bound };
    if let (Some(last), true) = (trainer.history.last(), rows <= config.eval_rows) {
        return Ok(of(last.elbo, last.elbo_std_error, last.bound));
    }
    let all = config.data.held_out.clone();
    let mut evaluation = Evaluation::new(&*config.model, &trainer.tensors, all, samples, config.seed)?;
    let judgement = evaluation.run(trainer.parameters().iter().map(|p| &p[..]))?;
    Ok(of(judgement.elbo, judgement.elbo_std_error, judgement.bound))
}

fn report(
    trainer: Trainer<'_>,
    held_out: Option<HeldOut>,
    interrupted: bool,
    checkpoint: Option<PathBuf>,
    start: Instant,
) -> TrainReport {
    let config = trainer.config;
    let values = trainer.parameters().into_iter().map(|v| v.into_iter().map(f64::from).collect());
    let weights: Vec<Tensor> =
        trainer.tensors.iter().cloned().zip(values).map(|(t, values)| Tensor { values, ..t }).collect();
    TrainReport {
        aleator: env!("CARGO_PKG_VERSION"),
        model: config.model.name(),
        description: config.model.describe(),
        data: config.data.name.clone(),
        estimator: describe(&*config.serving()),
        objective: config.objective.to_string(),
        unbiased: trainer.program.is_unbiased(),
        rescaled: trainer.program.is_rescaled(),
        seed: config.seed,
        steps: trainer.step,
        interrupted,
        batch: config.batch,
        samples: trainer.program.samples(),
        parameters: weights.iter().filter(|t| t.learned).map(|t| t.values.len()).sum(),
        own_parameters: own_parameters(&trainer.program),
        optimizer: config.optimizer.clone(),
        lr: config.learning_rate(),
        eval_samples: config.eval_samples,
        eval_rows: config.eval_rows.min(config.data.held_out.count()),
        history: trainer.history,
        held_out,
        checkpoint,
        steps_per_second: per_second(trainer.step, trainer.seconds),
        seconds: start.elapsed().as_secs_f64(),
        weights,
    }
}

fn per_second(steps: usize, seconds: f64) -> f64 {
    if seconds > 0.0 { steps as f64 / seconds } else { 0.0 }
}
