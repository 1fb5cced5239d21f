//! Metrics as they come: JSON Lines, and TensorBoard's event files.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::config::TrainConfig;
use super::report::HistoryPoint;
use super::store::atomically;
use super::tensorboard::EventFile;
use crate::error::{Error, Result};

/// Open files of metrics.
pub struct Metrics {
    lines: Option<(PathBuf, fs::File)>,
    events: Option<EventFile>,
}

impl Metrics {
    /// Those that the configuration asks for. Lines of steps after `step`, left by a run that this one goes on from, are
    /// dropped; without a run to go on from, the file starts anew. A file with anything else in it is refused.
    pub fn open(config: &TrainConfig, step: usize) -> Result<Self> {
        let last = config.resume.is_some().then_some(step);
        let lines = match &config.metrics {
            Some(path) => {
                let kept = kept_lines(path, last)?.filter(|_| last.is_some());
                if let Some(kept) = &kept {
                    atomically(path, kept.as_bytes()).map_err(|e| cannot(path, &e))?;
                }
                let mut options = OpenOptions::new();
                options.create(true).write(true).append(kept.is_some()).truncate(kept.is_none());
                let file = options.open(path).map_err(|e| cannot(path, &e))?;
                Some((path.clone(), file))
            }
            None => None,
        };
        let events = match &config.tensorboard {
            Some(directory) => Some(EventFile::create(directory, last).map_err(|e| cannot(directory, &e))?),
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
            events.record(point.step, &scalars(point)).map_err(|e| cannot(events.path(), &e))?;
        }
        Ok(())
    }
}

fn cannot(path: &Path, error: &std::io::Error) -> Error {
    Error::Invalid(format!("cannot write metrics to {}: {error}", path.display()))
}

/// What stays of a file that is there already: the lines of steps up to `last`. A crash may have cut short its last line. Streams
/// and other things that are no files are only written to.
fn kept_lines(path: &Path, last: Option<usize>) -> Result<Option<String>> {
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = fs::read(path).map_err(|e| cannot(path, &e))?;
    let text = String::from_utf8_lossy(&bytes);
    let mut kept = String::new();
    for (i, line) in text.split_inclusive('\n').enumerate() {
        match serde_json::from_str::<HistoryPoint>(line) {
            Ok(point) if last.is_some_and(|last| point.step <= last) => {
                kept.extend([line.trim_end(), "\n"]);
            }
            Ok(_) => {}
            Err(_) if cut_short(line) => {}
            Err(_) => {
                return Err(Error::Invalid(format!(
                    "cannot write metrics to {}: its line {} is none of theirs; choose another file",
                    path.display(),
                    i + 1
                )));
            }
        }
    }
    Ok(Some(kept))
}

/// Whether this may be the beginning of a line of metrics.
fn cut_short(line: &str) -> bool {
    const BEGINNING: &str = "{\"step\":";
    !line.ends_with('\n') && (line.starts_with(BEGINNING) || BEGINNING.starts_with(line))
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
