//! The comparison of several estimators on one model, with the same initial weights, minibatches and noise.
//!
//! The files of a run contain the name of the estimator: checkpoints and TensorBoard events are written to a subdirectory, and
//! metrics to a separate file. If a comparison is resumed from its directory, every run continues where it stopped; finished runs
//! are only evaluated again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checkpoint::Checkpoint;
use super::config::TrainConfig;
use super::metrics;
use super::places::{is_file_name, steps_in};
use super::report::{HistoryPoint, TrainReport, Trained};
use super::run::{Watch, go_on};
use super::store::{check, hold};
use super::trainer::Trainer;
use crate::error::{Error, Result};
use crate::estimators::{Estimator, describe};
use crate::files::{Lock, probe};
use crate::models::Objective;

/// The outcome of a comparison.
#[derive(Debug)]
pub struct Comparison {
    /// The reports, in the order of the estimators.
    pub reports: Vec<TrainReport>,
    /// The estimators that could not be used or did not finish, with the reasons.
    pub skipped: Vec<(String, String)>,
    /// The error that ended the comparison before the last run, if there was one.
    pub error: Option<Error>,
}

/// Trains once with each estimator. Runs differ only in the estimator (and in its smallest K, if none is given). An estimator
/// that does not support the model is skipped, and its reason is returned. `begin` is called with the name of each estimator
/// before its run. If `watch` stops a run, it is the last one.
///
/// # Errors
/// Returns an error if the configuration is invalid, if the checkpoint is not a directory or cannot be used, if a file cannot be
/// read or written before there is a report, or if no estimator supports the model.
pub fn train_compare(
    config: &TrainConfig,
    estimators: &[Arc<dyn Estimator>],
    begin: &dyn Fn(&str),
    watch: &Watch<'_>,
) -> Result<Comparison> {
    config.check()?;
    if matches!(config.objective, Objective::WakeSleep(_)) {
        return Err(Error::invalid(
            "wake-sleep does not differentiate through draws, so there are no estimators to compare",
        ));
    }
    if let Some(file) = [&config.checkpoint, &config.resume].into_iter().flatten().find(|p| is_file_name(p)) {
        return Err(Error::Invalid(format!(
            "a comparison saves the checkpoints of every run to a directory, but {} is the name of a file",
            file.display()
        )));
    }
    let of_each = |estimator: &Arc<dyn Estimator>| {
        let name = describe(&**estimator);
        (of_one(config, estimator.clone(), &name), name)
    };
    let runs: Vec<_> = estimators.iter().map(of_each).collect();
    let _locks = take_places(config, &runs)?;
    let (mut reports, mut skipped, mut ended) = (Vec::new(), Vec::new(), None);
    for (own, name) in runs {
        begin(&name);
        let outcome = match Trainer::new(&own) {
            Ok(trainer) => go_on(trainer, watch, 0),
            Err(error) => {
                skipped.push((name, error.to_string()));
                continue;
            }
        };
        match outcome {
            Ok(Trained { report, error: None, .. }) => reports.push(report),
            Ok(Trained { error: Some(error @ Error::NotFinite(_)), .. })
            | Err(error @ Error::NotFinite(_)) => {
                skipped.push((name, error.to_string()));
            }
            Ok(Trained { report, error: Some(error), .. }) => {
                reports.push(report);
                ended = Some(error);
                break;
            }
            Err(error) if reports.is_empty() => return Err(error),
            Err(error) => {
                ended = Some(error);
                break;
            }
        }
        if reports.last().is_some_and(|r| r.interrupted) {
            break;
        }
    }
    if reports.is_empty() {
        let reasons = skipped.iter().map(|(name, reason)| format!("\n  {name}: {reason}"));
        return Err(Error::Invalid(format!("no estimator finished:{}", reasons.collect::<String>())));
    }
    Ok(Comparison { reports, skipped, error: ended })
}

/// Checks, before the first run, that all files can be read and written, and locks them against other comparisons.
fn take_places(config: &TrainConfig, runs: &[(TrainConfig, String)]) -> Result<Vec<Lock>> {
    if let Some(directory) = &config.resume {
        let found = runs_in(directory)?;
        if runs.iter().all(|(own, _)| own.resume.is_none()) {
            let names = found.iter().filter_map(|run| Some(run.file_name()?.to_string_lossy()));
            return Err(Error::Invalid(format!(
                "cannot resume from {}: it contains runs of other estimators ({})",
                directory.display(),
                names.collect::<Vec<_>>().join(", ")
            )));
        }
    }
    let mut locks = Vec::new();
    if let Some(path) = &config.metrics {
        let cannot = |path: &Path, e: &dyn std::fmt::Display| {
            Error::Invalid(format!("cannot write metrics to {}: {e}", path.display()))
        };
        // Locked before anything is looked at: what is there may still be growing.
        locks.push(Lock::take(path).map_err(|e| cannot(path, &e))?);
        for (own, _) in runs {
            let Some(path) = &own.metrics else { continue };
            probe(path).map_err(|e| cannot(path, &e))?;
            match &own.resume {
                None => metrics::check(path, None)?,
                Some(from) => {
                    let header = Checkpoint::read(from)?.header;
                    let history: Vec<&HistoryPoint> = header.history.iter().collect();
                    metrics::check(path, Some((&history, header.step)))?;
                }
            }
        }
    }
    if let Some(directory) = &config.checkpoint {
        locks.push(hold(directory)?);
        for (own, _) in runs {
            own.checkpoint.iter().try_for_each(|path| check(path, own.resume.as_deref(), directory))?;
        }
    }
    Ok(locks)
}

/// The directories of a comparison that contain checkpoints, by name. Their settings differ only in the estimator.
///
/// # Errors
/// Returns an error if there are none. The message describes what was found.
pub fn runs_in(directory: &Path) -> Result<Vec<PathBuf>> {
    let refused = |why: String| {
        Error::Invalid(format!("cannot resume the comparison in {}: {why}", directory.display()))
    };
    let entries = fs::read_dir(directory).map_err(|e| refused(e.to_string()))?;
    if !steps_in(directory).is_empty() {
        return Err(refused("it contains a single run, not a comparison".into()));
    }
    let mut runs: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|run| !steps_in(run).is_empty()).collect();
    runs.sort();
    if runs.is_empty() { Err(refused("it holds no checkpoints".into())) } else { Ok(runs) }
}

/// The configuration of one run.
fn of_one(config: &TrainConfig, estimator: Arc<dyn Estimator>, name: &str) -> TrainConfig {
    let name = file_name(name);
    let within = |directory: &Option<PathBuf>| directory.as_ref().map(|d| d.join(&name));
    TrainConfig {
        estimator: Some(estimator),
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

/// The name without characters that are special in file systems.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-=".contains(c) { c } else { '_' }).collect()
}
