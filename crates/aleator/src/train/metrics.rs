//! Metrics during training: JSON Lines and TensorBoard event files.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};

use super::config::TrainConfig;
use super::report::HistoryPoint;
use super::tensorboard::EventFile;
use super::written::{with_objective, with_score};
use crate::error::{Error, Result};
use crate::files::{Lock, probe, write_atomically};

/// The open files of metrics.
pub struct Metrics {
    lines: Option<Lines>,
    events: Option<EventFile>,
    /// Whether a graph is trained, whose objective is written with its own sign.
    of_graph: bool,
}

/// A file with one JSON object per line.
struct Lines {
    path: PathBuf,
    file: fs::File,
    _lock: Lock,
}

impl Metrics {
    /// Opens the files of the configuration. A resumed run passes the `history` of the checkpoint. The file then begins with this
    /// history, and lines of later steps are removed. A file with any other contents is an error.
    pub fn open(
        config: &TrainConfig,
        history: Option<&[HistoryPoint]>,
        step: usize,
        is_over: bool,
    ) -> Result<Self> {
        let of_graph = config.model.score().is_none();
        let open = |path: &PathBuf| {
            let known = history.map(|history| {
                // The last line comes with the judgement of all held-out rows.
                let ended = |point: &&HistoryPoint| !is_over || point.step < step || point.held_out.is_some();
                history.iter().filter(ended).collect::<Vec<_>>()
            });
            Lines::open(path, of_graph, known.as_deref().map(|known| (known, step)))
        };
        let lines = config.metrics.as_ref().map(open).transpose()?;
        let last = config.resume.is_some().then_some(step);
        let events = match &config.tensorboard {
            Some(directory) => Some(EventFile::create(directory, last).map_err(|e| cannot(directory, &e))?),
            None => None,
        };
        Ok(Metrics { lines, events, of_graph })
    }

    /// Writes one evaluation.
    pub fn record(&mut self, point: &HistoryPoint) -> Result<()> {
        if let Some(Lines { path, file, .. }) = &mut self.lines {
            file.write_all(line(point, self.of_graph)?.as_bytes()).map_err(|e| cannot(path, &e))?;
        }
        if let Some(events) = &mut self.events {
            events
                .record(point.step, &scalars(point, self.of_graph))
                .map_err(|e| cannot(events.path(), &e))?;
        }
        Ok(())
    }
}

impl Lines {
    fn open(path: &Path, of_graph: bool, gone_on_from: Option<(&[&HistoryPoint], usize)>) -> Result<Self> {
        probe(path).map_err(|e| cannot(path, &e))?;
        let lock = Lock::take(path).map_err(|e| cannot(path, &e))?;
        check(path, of_graph, gone_on_from)?;
        if let Some((history, _)) = gone_on_from {
            let text = history.iter().map(|point| line(point, of_graph)).collect::<Result<String>>()?;
            write_atomically(path, text.as_bytes()).map_err(|e| cannot(path, &e))?;
        }
        // What is there now is this run's history, or nothing but the beginning of a first line.
        let mut options = OpenOptions::new();
        options.create(true).write(true).append(gone_on_from.is_some()).truncate(gone_on_from.is_none());
        let file = options.open(path).map_err(|e| cannot(path, &e))?;
        Ok(Lines { path: path.to_owned(), file, _lock: lock })
    }
}

/// A line of a graph's run, which begins with the step like every other.
#[derive(Serialize)]
struct OfGraph {
    step: usize,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

fn line(point: &HistoryPoint, of_graph: bool) -> Result<String> {
    let written = || -> serde_json::Result<String> {
        let Value::Object(mut rest) = serde_json::to_value(point)? else { return Ok(String::new()) };
        rest.remove("step");
        with_objective(&mut rest);
        serde_json::to_string(&OfGraph { step: point.step, rest })
    };
    let line = if of_graph { written() } else { serde_json::to_string(point) };
    line.map(|line| line + "\n").map_err(|e| Error::Invalid(e.to_string()))
}

/// The point of a line.
fn point_of(line: &str, of_graph: bool) -> serde_json::Result<HistoryPoint> {
    if !of_graph {
        return serde_json::from_str(line);
    }
    let mut point: Map<String, Value> = serde_json::from_str(line)?;
    with_score(&mut point);
    serde_json::from_value(Value::Object(point))
}

fn cannot(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Invalid(format!("cannot write metrics to {}: {error}", path.display()))
}

/// Checks that a file contains only metrics of this run: those of the history and the step from which it resumes, and possibly
/// later ones. The last line may be truncated by a crash. The file is not changed.
pub fn check(path: &Path, of_graph: bool, gone_on_from: Option<(&[&HistoryPoint], usize)>) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let bytes = fs::read(path).map_err(|e| cannot(path, &e))?;
    let text = String::from_utf8_lossy(&bytes);
    for (i, line) in text.split_inclusive('\n').enumerate() {
        let refused =
            |why: &str| Err(cannot(path, &format!("its line {} is {why}; choose another file", i + 1)));
        match point_of(line, of_graph) {
            Ok(point) => match gone_on_from {
                Some((history, step))
                    if point.step > step || history.iter().any(|ours| same(ours, &point, of_graph)) => {}
                _ => return refused("one of another run"),
            },
            Err(_) if cut_short(line) => {}
            Err(_) => return refused("none of theirs"),
        }
    }
    Ok(())
}

/// Whether two points are the same evaluation. The final evaluation of all rows may be added later.
fn same(a: &HistoryPoint, b: &HistoryPoint, of_graph: bool) -> bool {
    let look = |point: &HistoryPoint| line(&HistoryPoint { held_out: None, ..point.clone() }, of_graph).ok();
    look(a) == look(b)
}

/// Whether the text may be the beginning of a line of metrics.
fn cut_short(line: &str) -> bool {
    const BEGINNING: &str = "{\"step\":";
    !line.ends_with('\n') && (line.starts_with(BEGINNING) || BEGINNING.starts_with(line))
}

fn scalars(point: &HistoryPoint, of_graph: bool) -> Vec<(String, f64)> {
    let (name, sign) = if of_graph { ("objective", -1.0) } else { ("elbo", 1.0) };
    let mut all = vec![
        (format!("held_out/{name}"), sign * point.elbo),
        ("learning_rate".to_string(), point.learning_rate),
        ("seconds".to_string(), point.seconds),
    ];
    all.extend(point.bound.map(|b| ("held_out/bound".to_string(), b)));
    all.extend(point.accuracy.map(|a| ("held_out/accuracy".to_string(), a)));
    if let Some(rows) = &point.held_out {
        all.push((format!("all_held_out/{name}"), sign * rows.elbo));
        all.extend(rows.bound.map(|b| ("all_held_out/bound".to_string(), b)));
        all.extend(rows.accuracy.map(|a| ("all_held_out/accuracy".to_string(), a)));
    }
    all.extend(point.train_elbo.map(|e| (format!("training/{name}"), sign * e)));
    let of_all = point.gradient.map(|g| ("all".to_string(), g));
    for (name, g) in of_all.into_iter().chain(point.gradients.clone()) {
        all.push((format!("gradient_variance/{name}"), g.mean_variance));
        all.push((format!("signal_to_noise/{name}"), g.signal_to_noise));
    }
    all.extend(point.own.iter().map(|(name, &value)| (format!("estimator/{name}"), value)));
    all
}
