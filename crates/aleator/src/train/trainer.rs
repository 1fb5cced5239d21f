//! The loop: minibatch, gradient, step; now and then a look at the held-out data.

use std::time::{Duration, Instant};

use aleator_engine::exec::philox;

use super::batches::Batches;
use super::config::{Binarization, MOST_ROWS, TrainConfig};
use super::evaluation::Evaluation;
use super::report::{HistoryPoint, Progress, TrainReport};
use super::sbn::{Sbn, Tensor};
use super::streams;
use super::update::Moving;
use crate::data::ImageSet;
use crate::diagnostics::{Moments, own_parameters};
use crate::error::{Error, Result};
use crate::estimators::describe;
use crate::graph::{Graph, Plan};
use crate::program::{Options, Program};

/// Noise of training counts its steps from 0, that of evaluation from here.
pub(super) const FIRST_EVALUATION_STEP: u64 = 1 << 40;
/// How much of the running training ELBO is kept at each step.
const KEPT: f64 = 0.99;
/// Own parameters of estimators learn faster than those of the model by this factor (`tucker2017rebar`).
const TUNING_RATE_FACTOR: f64 = 10.0;
/// The place of the minibatch in the training graph's data.
const X: usize = 0;

/// Trains a model. `progress` is told before the first step and after each one.
///
/// Equal configurations give equal bits on the same machine, whatever the number of threads.
///
/// # Errors
/// If the configuration makes no sense ([`Error::Invalid`]), the estimator cannot serve the model, or a value is not
/// finite on the way: the message names the step.
pub fn train(config: &TrainConfig, progress: &dyn Fn(&Progress)) -> Result<TrainReport> {
    config.check()?;
    let start = Instant::now();
    let images = binarized(&config.data.train, config, 0);
    let held_out = binarized(&config.data.held_out, config, 1);
    let model = Sbn::new(&images, config.latents);
    let tensors = model.initial(config.seed);

    let graph = model.training_graph(config.batch, &tensors, config.estimator.clone());
    check_rows(config, &graph)?;
    let options = Options::new()
        .seed(config.seed)
        .samples(config.samples())
        .tuning_rate(TUNING_RATE_FACTOR * config.learning_rate());
    let mut program = Program::<f32>::compile(&graph, std::slice::from_ref(&config.estimator), &options)?;
    drop(graph);
    let mut evaluation = Evaluation::new(&model, &tensors, &held_out, config.eval_samples, config.seed)?;
    let mut moving = tensors
        .iter()
        .map(|t| Moving::new(t, &config.optimizer, config.learning_rate()))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Error::Invalid(format!("there is no optimizer `{}`", config.optimizer)))?;
    let mut batches = Batches::new(&images, config.batch, config.seed);

    let mut history: Vec<HistoryPoint> = Vec::new();
    let mut training = Duration::ZERO;
    let mut since_last = Moments::default();
    let mut running: Option<f64> = None;
    for step in 0..=config.steps {
        if step % config.eval_every() == 0 || step == config.steps {
            let (elbo, elbo_std_error) =
                evaluation.run(moving.iter().map(|m| &m.single[..])).map_err(|e| at_step(step, e))?;
            history.push(HistoryPoint {
                step,
                elbo,
                elbo_std_error,
                train_elbo: (step > 0).then_some(since_last.mean),
                seconds: training.as_secs_f64(),
            });
            since_last = Moments::default();
        }
        let held_out = history.last().map_or(f64::NAN, |point| point.elbo);
        progress(&Progress {
            step,
            steps: config.steps,
            elbo: running.unwrap_or(held_out),
            held_out,
            steps_per_second: per_second(step, training),
        });
        if step == config.steps {
            break;
        }
        let began = Instant::now();
        let elbo = train_step(&mut program, &mut moving, &tensors, &mut batches, step)?;
        training += began.elapsed();
        since_last.add(std::iter::once(elbo));
        running = Some(running.map_or(elbo, |r| KEPT * r + (1.0 - KEPT) * elbo));
    }

    let weights: Vec<Tensor> =
        tensors.into_iter().zip(&moving).map(|(t, m)| Tensor { values: m.values(), ..t }).collect();
    Ok(TrainReport {
        aleator: env!("CARGO_PKG_VERSION"),
        model: config.model.name(),
        data: config.data_name.clone(),
        estimator: describe(&*config.estimator),
        unbiased: program.is_unbiased(),
        seed: config.seed,
        steps: config.steps,
        batch: config.batch,
        samples: program.samples(),
        own_parameters: own_parameters(&program),
        latents: config.latents,
        parameters: weights.iter().map(|t| t.values.len()).sum(),
        optimizer: config.optimizer.clone(),
        lr: config.learning_rate(),
        eval_samples: config.eval_samples,
        history,
        steps_per_second: per_second(config.steps, training),
        seconds: start.elapsed().as_secs_f64(),
        weights,
    })
}

/// Refuses an enumeration that could be compiled but would take too long at every step.
fn check_rows(config: &TrainConfig, graph: &Graph) -> Result<()> {
    let mut outcomes = 1;
    Plan::choose_with(graph, |site, _, _| {
        outcomes = config.estimator.alternatives(site).ok().flatten().unwrap_or(1);
        None
    })?;
    if config.batch.saturating_mul(config.samples()).saturating_mul(outcomes) > MOST_ROWS {
        return Err(Error::Invalid(format!(
            "a batch of {} with {} samples and {outcomes} outcomes each is too large: their product may be {MOST_ROWS} \
             at most; use fewer latents or another estimator",
            config.batch,
            config.samples()
        )));
    }
    Ok(())
}

/// One gradient step; the training ELBO before it.
fn train_step(
    program: &mut Program<f32>,
    moving: &mut [Moving],
    tensors: &[Tensor],
    batches: &mut Batches<'_>,
    step: usize,
) -> Result<f64> {
    program.set_data(X, batches.at_step(step as u64))?;
    let estimate = program.run_step(step as u64).map_err(|e| at_step(step, e))?;
    let elbo = -estimate.objective();
    if !elbo.is_finite() {
        return Err(at_step(step, Error::NotFinite(format!("the training ELBO is {elbo}"))));
    }
    for (place, parameter) in moving.iter_mut().enumerate() {
        let gradient = estimate.gradient_at(place);
        parameter.step(gradient).map_err(|i| {
            let name = tensors[place].name;
            let what = format!("the gradient of `{name}` (element {i}) is {}", gradient[i]);
            at_step(step, Error::NotFinite(what))
        })?;
    }
    for (place, parameter) in moving.iter().enumerate() {
        program.set_param(place, &parameter.single)?;
    }
    Ok(elbo)
}

fn at_step(step: usize, error: Error) -> Error {
    let message = format!("at step {step}: {error}; try a smaller --lr");
    match error {
        Error::NotFinite(_) | Error::Domain { .. } => Error::NotFinite(message),
        other => other,
    }
}

fn per_second(steps: usize, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { steps as f64 / time.as_secs_f64() }
}

/// The images in black and white; `part` tells training (0) and held-out (1) noise apart.
fn binarized(images: &ImageSet, config: &TrainConfig, part: u64) -> ImageSet {
    match config.binarization {
        Binarization::Threshold => images.binarized(),
        Binarization::Sampled => {
            let mut uniforms = vec![0.0_f32; images.images.len()];
            philox::fill_uniform(&mut uniforms, config.seed, streams::PIXELS, part, 0);
            let mut next = uniforms.into_iter();
            images.binarized_by(|| next.next().unwrap_or(0.5))
        }
    }
}
