//! Several estimators on one model: from the same weights, on the same minibatches, with the same noise.
//!
//! Files of a run have the estimator's name: checkpoints and TensorBoard's events get a directory of their own in the one that is
//! given, metrics a file beside the one that is given. A comparison that goes on from its directory takes up every run
//! where it was; those that had ended are only judged again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checkpoint::{is_file_name, steps_in};
use super::config::TrainConfig;
use super::report::TrainReport;
use super::run::{Watch, train};
use crate::error::{Error, Result};
use crate::estimators::{Estimator, describe};
use crate::models::Objective;

/// Runs side by side.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The outcomes, in the order of the estimators.
    pub reports: Vec<TrainReport>,
    /// Estimators that could not be used or did not get to the end, and why.
    pub skipped: Vec<(String, String)>,
}

/// Trains once with each estimator. Runs differ by the estimator alone (and by its smallest K, where none is given). An
/// estimator that cannot serve the model is left out, with its reason; `begin` is told which one comes. A run that `watch` stops
/// is the last one.
///
/// # Errors
/// If the configuration makes no sense, a checkpoint is not a directory or cannot be used, or no estimator can serve the model.
pub fn train_compare(
    config: &TrainConfig,
    estimators: &[Arc<dyn Estimator>],
    begin: &dyn Fn(&str),
    watch: &Watch<'_>,
) -> Result<Comparison> {
    config.check()?;
    if matches!(config.objective, Objective::WakeSleep(_)) {
        return Err(Error::invalid(
            "wake-sleep differentiates through no draw: there are no estimators to compare",
        ));
    }
    if let Some(file) = [&config.checkpoint, &config.resume].into_iter().flatten().find(|p| is_file_name(p)) {
        return Err(Error::Invalid(format!(
            "a comparison keeps checkpoints of every run in a directory; {} is the name of a file",
            file.display()
        )));
    }
    let (mut reports, mut skipped) = (Vec::new(), Vec::new());
    for estimator in estimators {
        let name = describe(&**estimator);
        begin(&name);
        let own = of_one(config, estimator.clone(), &name);
        match train(&own, watch) {
            Ok(report) => reports.push(report),
            Err(error) if own.resume.is_some() => return Err(error),
            Err(error) => skipped.push((name, error.to_string())),
        }
        if reports.last().is_some_and(|r| r.interrupted) {
            break;
        }
    }
    match (reports.is_empty(), skipped.first()) {
        (true, Some((_, reason))) => Err(Error::Invalid(reason.clone())),
        _ => Ok(Comparison { reports, skipped }),
    }
}

/// The configuration of one run.
fn of_one(config: &TrainConfig, estimator: Arc<dyn Estimator>, name: &str) -> TrainConfig {
    let name = file_name(name);
    let within = |directory: &Option<PathBuf>| directory.as_ref().map(|d| d.join(&name));
    TrainConfig {
        estimator,
        checkpoint: within(&config.checkpoint),
        resume: within(&config.resume).filter(|directory| !steps_in(directory).is_empty()),
        tensorboard: within(&config.tensorboard),
        metrics: config.metrics.as_ref().map(|path| beside(path, &name)),
        ..config.clone()
    }
}

/// `metrics.jsonl` becomes `metrics.NAME.jsonl`.
fn beside(path: &Path, name: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}.{name}{extension}"))
}

/// A name without anything that means something to a file system.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-=".contains(c) { c } else { '_' }).collect()
}
