//! Several estimators on one model: from the same weights, on the same minibatches, with the same noise.

use std::sync::Arc;

use super::config::TrainConfig;
use super::report::TrainReport;
use super::run::{Watch, train};
use crate::error::{Error, Result};
use crate::estimators::{Estimator, describe};

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
/// If the configuration makes no sense, or no estimator can serve the model.
pub fn train_compare(
    config: &TrainConfig,
    estimators: &[Arc<dyn Estimator>],
    begin: &dyn Fn(&str),
    watch: &Watch<'_>,
) -> Result<Comparison> {
    config.check()?;
    let (mut reports, mut skipped) = (Vec::new(), Vec::new());
    for estimator in estimators {
        let name = describe(&**estimator);
        begin(&name);
        let mut own = TrainConfig { estimator: estimator.clone(), ..config.clone() };
        own.metrics = None;
        own.tensorboard = config.tensorboard.as_ref().map(|directory| directory.join(file_name(&name)));
        match train(&own, watch) {
            Ok(report) => reports.push(report),
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

/// A name without anything that means something to a file system.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-=".contains(c) { c } else { '_' }).collect()
}
