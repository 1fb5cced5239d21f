//! Several sets of initial parameters, of which the most likely one is kept.
//!
//! Each set is trained for a tenth of the steps with batches and noise of its own, and judged by the bound (or the mean, if there is
//! no bound) on training rows, with the same noise for all. The run then begins at the parameters of the best set, with new states of
//! optimiser and estimator.

use std::ops::ControlFlow;

use super::best::value_of;
use super::config::TrainConfig;
use super::judge::Judge;
use super::report::{Progress, Starts};
use super::trainer::Trainer;
use crate::error::{Error, Result};

/// The largest number of steps of a start.
const MOST_STEPS: usize = 1000;

/// The best start: its parameters in the order of the tensors, and what is said of all.
pub struct Best {
    pub parameters: Vec<Vec<f32>>,
    pub starts: Starts,
}

/// Trains all starts. `None` if there is only one, or if `watch` stops before the first has ended.
///
/// # Errors
/// Returns an error if the configuration is invalid, or if the numbers of no start stay finite.
pub fn best_start(
    config: &TrainConfig,
    watch: &dyn Fn(&Progress) -> ControlFlow<()>,
) -> Result<Option<Best>> {
    let count = config.starts();
    if count < 2 {
        return Ok(None);
    }
    let steps = (config.steps / 10).clamp(1, MOST_STEPS);
    let (mut best, mut values, mut failure) = (None, Vec::new(), None);
    for start in 0..count {
        let Some(outcome) = one(config, start, steps, watch) else { break };
        let value = match outcome {
            Ok((value, parameters)) => {
                if best.as_ref().is_none_or(|(largest, _, _)| value > *largest) {
                    best = Some((value, start, parameters));
                }
                Some(value)
            }
            Err(error @ (Error::NotFinite(_) | Error::Domain { .. })) => {
                failure.get_or_insert(error);
                None
            }
            Err(error) => return Err(error),
        };
        values.push(value);
    }
    match (best, failure) {
        (Some((_, kept, parameters)), _) => {
            Ok(Some(Best { parameters, starts: Starts { steps, values, kept } }))
        }
        (None, Some(error)) => Err(error),
        (None, None) => Ok(None),
    }
}

/// The value and the parameters after the steps of one start; `None` if it is stopped.
fn one(
    config: &TrainConfig,
    start: usize,
    steps: usize,
    watch: &dyn Fn(&Progress) -> ControlFlow<()>,
) -> Option<Result<(f64, Vec<Vec<f32>>)>> {
    let own =
        TrainConfig { seed: seed_of(config.seed, start), starts: Some(1), measured: false, ..config.clone() };
    let mut trainer = match Trainer::new(&own) {
        Ok(trainer) => trainer,
        Err(error) => return Some(Err(error)),
    };
    for step in 0..steps {
        let progress = Progress {
            step,
            steps,
            elbo: trainer.running.unwrap_or(f64::NAN),
            held_out: f64::NAN,
            looked: false,
            steps_per_second: 0.0,
            start: Some([start + 1, config.starts()]),
            choice: None,
        };
        if watch(&progress).is_break() {
            return None;
        }
        if let Err(error) = trainer.advance() {
            return Some(Err(error));
        }
    }
    let parameters = trainer.parameters();
    let rows = config.data.train.thinned(config.eval_rows);
    let judged = Judge::new(config, &trainer.tensors, rows, config.eval_samples)
        .and_then(|mut judge| judge.run(parameters.iter().map(|p| &p[..])));
    Some(judged.map(|result| (value_of(result.elbo, result.bound), parameters)))
}

/// The seed of a start. The first is that of the run; those of different runs have nothing in common.
fn seed_of(seed: u64, start: usize) -> u64 {
    seed ^ (start as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
