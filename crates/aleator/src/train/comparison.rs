//! Several runs: of several estimators on one model with the same initial weights, minibatches and noise, of several seeds, or of a
//! grid of settings.
//!
//! The files of a run contain its name, such as that of the estimator: checkpoints and TensorBoard events are written to a subdirectory, and
//! metrics to a separate file. If a comparison is resumed from its directory, every run continues where it stopped; finished runs
//! are only evaluated again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checkpoint::Checkpoint;
use super::config::{MEASURED, TrainConfig};
use super::metrics;
use super::places::{is_file_name, steps_in};
use super::report::{HistoryPoint, TrainReport, Trained};
use super::run::{Watch, go_on};
use super::store::{check, hold};
use super::sweep::MOST_RUNS;
use super::trainer::Trainer;
use crate::error::{Error, Result};
use crate::estimators::{Estimator, describe};
use crate::files::{Lock, probe};
use crate::models::Objective;

/// The outcome of a comparison.
#[derive(Debug)]
pub struct Comparison {
    /// The reports, in the order of the runs.
    pub reports: Vec<TrainReport>,
    /// The names of these runs.
    pub names: Vec<String>,
    /// The runs that could not be used or did not finish, with the reasons.
    pub skipped: Vec<(String, String)>,
    /// The error that ended the comparison before the last run, if there was one.
    pub error: Option<Error>,
}

/// One of several runs.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The name, which distinguishes the run and its files.
    pub name: String,
    /// The configuration. Where it saves is that of all runs.
    pub config: TrainConfig,
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
    train_variants(config, of_estimators(config, estimators)?, begin, watch)
}

/// The runs that differ only in the estimator.
///
/// # Errors
/// Returns an error for wake-sleep, which uses no estimator.
pub fn of_estimators(config: &TrainConfig, estimators: &[Arc<dyn Estimator>]) -> Result<Vec<Variant>> {
    if matches!(config.objective, Objective::WakeSleep(_)) {
        return Err(Error::invalid(
            "wake-sleep does not differentiate through draws, so there are no estimators to compare",
        ));
    }
    let of_each = |estimator: &Arc<dyn Estimator>| Variant {
        name: describe(&**estimator),
        config: TrainConfig { estimator: Some(estimator.clone()), measured: false, ..config.clone() },
    };
    Ok(estimators.iter().map(of_each).collect())
}

/// The run whose estimators are chosen by measurement.
pub fn by_measurement(config: &TrainConfig) -> Variant {
    Variant {
        name: MEASURED.into(),
        config: TrainConfig { estimator: None, measured: true, ..config.clone() },
    }
}

/// Each of these runs with `count` seeds, from that of its configuration.
///
/// # Errors
/// Returns an error if a seed is too large, or if there are more than 10000 runs.
pub fn of_seeds(variants: &[Variant], count: usize) -> Result<Vec<Variant>> {
    if variants.len().checked_mul(count).is_none_or(|runs| runs > MOST_RUNS) {
        return Err(Error::Invalid(format!(
            "{} variants with {count} seeds each are more than {MOST_RUNS} runs; use fewer",
            variants.len()
        )));
    }
    let of_seed = |variant: &Variant, i: usize| {
        let seed =
            variant.config.seed.checked_add(i as u64).ok_or_else(|| Error::invalid("a seed is too large"))?;
        let name = match variant.name.as_str() {
            "" => format!("seed={seed}"),
            name => format!("{name},seed={seed}"),
        };
        Ok(Variant { name, config: TrainConfig { seed, ..variant.config.clone() } })
    };
    variants.iter().flat_map(|variant| (0..count).map(move |i| of_seed(variant, i))).collect()
}

/// Trains several variants of a configuration, one after another. A variant that is invalid, or whose numbers do not stay finite, is
/// skipped. `begin` is called with the name of each before its run. If `watch` stops a run, it is the last one.
///
/// # Errors
/// As [`train_compare`].
pub fn train_variants(
    config: &TrainConfig,
    variants: Vec<Variant>,
    begin: &dyn Fn(&str),
    watch: &Watch<'_>,
) -> Result<Comparison> {
    config.check()?;
    if let Some(file) = [&config.checkpoint, &config.resume].into_iter().flatten().find(|p| is_file_name(p)) {
        return Err(Error::Invalid(format!(
            "a comparison saves the checkpoints of every run to a directory, but {} is the name of a file",
            file.display()
        )));
    }
    let runs: Vec<_> = variants
        .into_iter()
        .map(|variant| (of_one(config, variant.config, &variant.name), variant.name))
        .collect();
    if let Some((_, twice)) = runs.iter().enumerate().find_map(|(i, (own, name))| {
        let same =
            runs[..i].iter().any(|(other, _)| own.checkpoint.is_some() && own.checkpoint == other.checkpoint);
        same.then_some((i, name))
    }) {
        return Err(Error::Invalid(format!("two runs would save to the same place, that of {twice}")));
    }
    let _locks = take_places(config, &runs)?;
    let (mut reports, mut names, mut skipped, mut ended) = (Vec::new(), Vec::new(), Vec::new(), None);
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
            Ok(Trained { report, error: None, .. }) => {
                reports.push(report);
                names.push(name);
            }
            Ok(Trained { error: Some(error @ Error::NotFinite(_)), .. })
            | Err(error @ Error::NotFinite(_)) => {
                skipped.push((name, error.to_string()));
            }
            Ok(Trained { report, error: Some(error), .. }) => {
                reports.push(report);
                names.push(name);
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
        return Err(Error::Invalid(format!("no run finished:{}", reasons.collect::<String>())));
    }
    Ok(Comparison { reports, names, skipped, error: ended })
}

/// Checks, before the first run, that all files can be read and written, and locks them against other comparisons.
fn take_places(config: &TrainConfig, runs: &[(TrainConfig, String)]) -> Result<Vec<Lock>> {
    if let Some(directory) = &config.resume {
        let found = runs_in(directory)?;
        if runs.iter().all(|(own, _)| own.resume.is_none()) {
            let names = found.iter().filter_map(|run| Some(run.file_name()?.to_string_lossy()));
            return Err(Error::Invalid(format!(
                "cannot resume from {}: it contains other runs ({})",
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
        let of_graph = config.model.score().is_none();
        // Locked before anything is looked at: what is there may still be growing.
        locks.push(Lock::take(path).map_err(|e| cannot(path, &e))?);
        for (own, _) in runs {
            let Some(path) = &own.metrics else { continue };
            probe(path).map_err(|e| cannot(path, &e))?;
            match &own.resume {
                None => metrics::check(path, of_graph, None)?,
                Some(from) => {
                    let header = Checkpoint::read(from)?.header;
                    let history: Vec<&HistoryPoint> = header.history.iter().collect();
                    metrics::check(path, of_graph, Some((&history, header.step)))?;
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

/// The configuration of one run, with places of its own within those of all.
fn of_one(config: &TrainConfig, own: TrainConfig, name: &str) -> TrainConfig {
    let name = file_name(name);
    let within = |directory: &Option<PathBuf>| directory.as_ref().map(|d| d.join(&name));
    TrainConfig {
        checkpoint: within(&config.checkpoint),
        resume: within(&config.resume).filter(|directory| !steps_in(directory).is_empty()),
        tensorboard: within(&config.tensorboard),
        metrics: config.metrics.as_ref().map(|path| beside(path, &name)),
        ..own
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
