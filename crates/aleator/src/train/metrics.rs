//! Metrics as they come: JSON Lines, and TensorBoard's event files.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::checkpoint::atomically;
use super::config::TrainConfig;
use super::report::HistoryPoint;
use super::tensorboard::EventFile;
use crate::error::{Error, Result};

/// Open files of metrics.
pub struct Metrics {
    lines: Option<(PathBuf, fs::File)>,
    events: Option<EventFile>,
}

impl Metrics {
    /// Those that the configuration asks for. Lines of steps after `step`, left by a run that this one goes on from, are
    /// dropped; without a run to go on from, the file starts anew.
    pub fn open(config: &TrainConfig, step: usize) -> Result<Self> {
        let resumes = config.resume.is_some();
        let lines = match &config.metrics {
            Some(path) => {
                let resumed = resumes && path.is_file();
                if resumed {
                    atomically(path, lines_until(path, step).as_bytes()).map_err(|e| cannot(path, &e))?;
                }
                let mut options = OpenOptions::new();
                options.create(true).write(true).append(resumed).truncate(!resumed);
                let file = options.open(path).map_err(|e| cannot(path, &e))?;
                Some((path.clone(), file))
            }
            None => None,
        };
        let events = match &config.tensorboard {
            Some(directory) => Some(EventFile::create(directory, step).map_err(|e| cannot(directory, &e))?),
            None => None,
        };
        Ok(Metrics { lines, events })
    }

    /// Writes one look at the held-out data.
    pub fn record(&mut self, point: &HistoryPoint) -> Result<()> {
        if let Some((path, file)) = &mut self.lines {
            let mut line = serde_json::to_string(point).map_err(|e| Error::Invalid(e.to_string()))?;
            line.push('\n');
            file.write_all(line.as_bytes()).map_err(|e| cannot(path, &e))?;
        }
        if let Some(events) = &mut self.events {
            events.record(point.step as i64, &scalars(point)).map_err(|e| cannot(events.path(), &e))?;
        }
        Ok(())
    }
}

fn cannot(path: &Path, error: &std::io::Error) -> Error {
    Error::Invalid(format!("cannot write metrics to {}: {error}", path.display()))
}

/// The lines of steps up to this one.
fn lines_until(path: &Path, step: usize) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let early =
        |line: &&str| serde_json::from_str::<HistoryPoint>(line).is_ok_and(|point| point.step <= step);
    text.lines().filter(early).flat_map(|line| [line, "\n"]).collect()
}

fn scalars(point: &HistoryPoint) -> Vec<(String, f64)> {
    let mut all = vec![
        ("held_out/elbo".to_string(), point.elbo),
        ("learning_rate".to_string(), point.learning_rate),
        ("seconds".to_string(), point.seconds),
    ];
    all.extend(point.bound.map(|b| ("held_out/bound".to_string(), b)));
    all.extend(point.train_elbo.map(|e| ("training/elbo".to_string(), e)));
    let of_all = point.gradient.map(|g| ("all".to_string(), g));
    for (name, g) in of_all.into_iter().chain(point.gradients.clone()) {
        all.push((format!("gradient_variance/{name}"), g.mean_variance));
        all.push((format!("signal_to_noise/{name}"), g.signal_to_noise));
    }
    all.extend(point.own.iter().map(|(name, &value)| (format!("estimator/{name}"), value)));
    all
}
