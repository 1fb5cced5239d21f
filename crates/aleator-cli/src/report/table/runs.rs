//! The text of an evaluation, and of several runs whose results are averaged.

use aleator::train::{EvaluationReport, JudgedBy, RowsToEvaluate, TrainReport};
use serde::Serialize;

use super::columns::{Cells, Column, Mark, cells};
use super::training::{classes, compact, held_out, judged, line_width, number, sign};
use crate::report::text::{printable, wrap};

/// The evaluation of a checkpoint.
pub fn evaluation(report: &EvaluationReport, width: Option<u16>) -> String {
    let rows = match report.part {
        RowsToEvaluate::HeldOut => "held-out rows",
        RowsToEvaluate::Training => "training rows",
        RowsToEvaluate::Validation => "rows of validation",
        RowsToEvaluate::All => "rows",
    };
    let (sign, what) = match report.judged_by {
        JudgedBy::Bound => (1.0, "ELBO"),
        JudgedBy::Predictive => (1.0, "mean log-likelihood"),
        JudgedBy::Reward => (1.0, "reward"),
        JudgedBy::NegativeObjective => (-1.0, "objective"),
    };
    // A graph whose data have a fixed size has no rows.
    let rows = match report.result.rows {
        0 => String::new(),
        count => format!("{count} {rows}, "),
    };
    let header = format!(
        "{} on {}: {}, after step {}; {rows}K = {}, seed {}",
        report.model, report.data, report.description, report.step, report.result.samples, report.seed
    );
    let with_error = |value: f64, error: f64| {
        // One sample has no spread.
        match report.result.samples {
            1 => number(value),
            _ => {
                let (mean, error) = held_out(value, error);
                format!("{mean} ± {error}")
            }
        }
    };
    let mut text = wrap(&printable(&header), line_width(width), 2);
    text.push_str(&format!(
        "\n{what}: {}\n",
        with_error(sign * report.result.elbo, report.result.elbo_std_error)
    ));
    if let Some(bound) = report.result.bound {
        let name = match report.judged_by {
            JudgedBy::Predictive => "predictive log-likelihood",
            _ => "importance-weighted bound",
        };
        let error = report.result.bound_std_error.unwrap_or(f64::NAN);
        text.push_str(&format!("{name}: {}\n", with_error(bound, error)));
    }
    if let Some(accuracy) = report.result.accuracy {
        text.push_str(&format!("accuracy: {accuracy:.4}\n"));
    }
    if !report.labels.is_empty() {
        text.push_str(&format!("{}\n", wrap(&printable(&classes(&report.labels)), line_width(width), 2)));
    }
    text
}

/// The results of runs of one name: their mean, and their spread over the seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The name.
    pub name: String,
    /// The number of runs.
    pub runs: usize,
    /// The mean at the end, averaged over the runs; of a graph, its objective.
    pub mean: f64,
    /// The standard deviation between runs, with more than one.
    pub mean_std_dev: Option<f64>,
    /// The bound at the end, averaged over the runs.
    pub bound: Option<f64>,
    /// The standard deviation between runs, with more than one.
    pub bound_std_dev: Option<f64>,
}

/// The spread of runs of one name.
pub fn spread(name: &str, reports: &[&TrainReport]) -> Option<Spread> {
    let results: Vec<_> = reports.iter().filter_map(|r| judged(r)).collect();
    // The objective of a graph has its own sign.
    let sign = reports.first().map_or(1.0, |report| sign(report));
    let means: Vec<f64> = results.iter().map(|(mean, _)| sign * mean).collect();
    let bounds: Option<Vec<f64>> = results.iter().map(|(_, bound)| *bound).collect();
    let (mean, mean_std_dev) = moments(&means)?;
    let of_bounds = bounds.and_then(|bounds| moments(&bounds));
    Some(Spread {
        name: name.into(),
        runs: results.len(),
        mean,
        mean_std_dev,
        bound: of_bounds.map(|(mean, _)| mean),
        bound_std_dev: of_bounds.and_then(|(_, deviation)| deviation),
    })
}

/// The mean and the standard deviation.
fn moments(values: &[f64]) -> Option<(f64, Option<f64>)> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    (!values.is_empty()).then(|| (mean, (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt())))
}

/// One table of several runs, the best first; `reports` tell what is measured.
pub fn training_spread(
    spreads: &[Spread],
    reports: &[TrainReport],
    not_started: &[String],
    width: Option<u16>,
    color: bool,
) -> String {
    let (columns, notes) = spread_columns(spreads, reports, not_started);
    let mut text = format!("{}\n", compact(&columns, width, color, |_| Mark::Plain));
    for words in notes {
        text.push_str(&format!("{}\n", wrap(&words, line_width(width), 2)));
    }
    text
}

/// The same as a table, and what is to be said of it.
pub(crate) fn training_spread_cells(
    spreads: &[Spread],
    reports: &[TrainReport],
    not_started: &[String],
) -> (Cells, Vec<String>) {
    let (columns, notes) = spread_columns(spreads, reports, not_started);
    (cells(&columns), notes)
}

fn spread_columns(
    spreads: &[Spread],
    reports: &[TrainReport],
    not_started: &[String],
) -> (Vec<Column>, Vec<String>) {
    let sign = reports.first().map_or(1.0, sign);
    let mut sorted: Vec<&Spread> = spreads.iter().collect();
    let value = |s: &Spread| s.bound.unwrap_or(sign * s.mean);
    sorted.sort_by(|a, b| value(b).total_cmp(&value(a)));
    let cell = |value: f64, deviation: Option<f64>| match deviation {
        Some(deviation) => {
            let (mean, spread) = held_out(value, deviation);
            format!("{mean} ± {spread}")
        }
        None => number(value),
    };
    let title = if sign < 0.0 { "objective" } else { "mean" };
    let name = |s: &&Spread| if s.name.is_empty() { "all".into() } else { printable(&s.name) };
    let mut columns = vec![
        Column::left("run", sorted.iter().map(name)),
        Column::right("seeds", sorted.iter().map(|s| s.runs.to_string())),
        Column::right(title, sorted.iter().map(|s| cell(s.mean, s.mean_std_dev))),
    ];
    if sorted.iter().any(|s| s.bound.is_some()) {
        let bound = |s: &&Spread| s.bound.map_or("-".into(), |bound| cell(bound, s.bound_std_dev));
        columns.push(Column::right("bound", sorted.iter().map(bound)));
    }
    let mut notes = Vec::new();
    if sorted.iter().any(|s| s.mean_std_dev.is_some()) {
        notes.push("± is the standard deviation between seeds".into());
    }
    if !not_started.is_empty() {
        notes.push(format!("not started: {}", not_started.join(", ")));
    }
    (columns, notes)
}
