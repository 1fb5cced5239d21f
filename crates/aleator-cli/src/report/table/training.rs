//! The text of `train`: what was trained and how it went; and runs side by side.

use std::fmt::Write as _;

use aleator::train::{GradientStatistics, HistoryPoint, JudgedBy, JudgedOn, Starts, TrainReport};

use super::columns::{Cells, Column, Mark, cells, empty_table, fill, finish};
use crate::report::numbers::{align_plus_minus, plus_minus, significant};
use crate::report::text::{printable, wrap};

/// Parameter tensors shown.
const MAX_TENSORS: usize = 12;
/// Classes, starts and choices of estimators shown.
const MAX_CLASSES: usize = 20;
/// The estimator's own numbers shown.
const MAX_OWN: usize = 8;

/// How a run's gradients are biased, if at all: `none` is the word for that.
fn bias<'a>(report: &TrainReport, none: &'a str) -> &'a str {
    match (report.unbiased, report.rescaled) {
        (true, _) => none,
        (false, true) => "rescaled",
        (false, false) => "BIASED",
    }
}

/// What was trained, in one sentence.
pub(crate) fn training_header(report: &TrainReport) -> String {
    let bias = bias(report, "unbiased");
    let objective = match (&*report.objective, report.judged_by) {
        ("elbo", _) | (_, JudgedBy::NegativeObjective) => String::new(),
        (other, _) => format!(", {other}"),
    };
    let batch = match report.judged_on {
        JudgedOn::Graph => String::new(),
        JudgedOn::HeldOut | JudgedOn::Training | JudgedOn::Validation => format!(", batch {}", report.batch),
    };
    let fixed = match report.fixed.is_empty() {
        true => String::new(),
        false => format!(" (fixed: {})", report.fixed.join(", ")),
    };
    format!(
        "{} on {}: {}, {} parameters{fixed}{objective}, {} ({bias}), K = {}{batch}, seed {}",
        report.model,
        report.data,
        report.description,
        report.parameters,
        report.estimator,
        report.samples,
        report.seed
    )
}

/// What was trained and how it went: a line for each look at the held-out data and one for each parameter tensor.
///
/// `width` is the terminal's, `color` adds its colours.
pub fn training(report: &TrainReport, width: Option<u16>, color: bool) -> String {
    let columns = history(report);
    let mut text = wrap(&printable(&training_header(report)), line_width(width), 2);
    let _ = writeln!(text, "\n\n{}", compact(&columns, width, color, |_| Mark::Plain));
    text.push_str(&gradients(report, width, color));
    text.push('\n');
    for line in training_conclusions(report) {
        let _ = writeln!(text, "{}", wrap(&printable(&line), line_width(width), 2));
    }
    let own: Vec<_> = report.history.last().map(|p| &p.own).into_iter().flatten().collect();
    for (name, value) in own.iter().take(MAX_OWN) {
        let _ = writeln!(text, "{name} = {}", significant(**value, 5));
    }
    text.push_str(&more(own.len(), MAX_OWN));
    let _ = writeln!(text, "{} steps a second", significant(report.steps_per_second, 3));
    if let (Some(path), false) = (&report.checkpoint, report.interrupted) {
        let _ = writeln!(text, "saved in {}", path.display());
    }
    text
}

/// How a run ended, a sentence each.
pub(crate) fn training_conclusions(report: &TrainReport) -> Vec<String> {
    let mut lines = about_data(report);
    if let Some(starts) = &report.starts {
        lines.push(about_starts(starts, sign(report)));
    }
    lines.extend(report.choices.iter().take(MAX_CLASSES).map(|choice| {
        format!("estimators chosen by measurement before step {}: {}", choice.step + 1, choice.describe())
    }));
    if report.choices.len() > MAX_CLASSES {
        lines.push(format!("and {} more changes of estimators", report.choices.len() - MAX_CLASSES));
    }
    if report.stopped_early {
        lines.push(format!("stopped early after step {}", report.steps));
    }
    if let Some(best) = report.best {
        lines.push(format!("best at step {}: {}", best.step, number(sign(report) * best.value)));
    }
    if let Some(all) = &report.held_out {
        let (mean, error) = held_out(sign(report) * all.elbo, all.elbo_std_error);
        let bound = all.bound.map_or(String::new(), |bound| {
            let (mean, error) = held_out(bound, all.bound_std_error.unwrap_or(f64::NAN));
            format!(", bound {mean} ± {error}")
        });
        let rows = match report.judged_at_the_end {
            JudgedOn::Graph => "the objective at the end".to_string(),
            JudgedOn::Training => format!("all {} training rows", all.rows),
            JudgedOn::Validation => format!("all {} rows of validation", all.rows),
            JudgedOn::HeldOut => format!("all {} held-out rows", all.rows),
        };
        let accuracy = all.accuracy.map_or(String::new(), |a| format!(", accuracy {a:.4}"));
        let each = if report.judged_by == JudgedBy::NegativeObjective { "" } else { " each" };
        lines.push(format!("{rows}, {} samples{each}: {mean} ± {error}{bound}{accuracy}", all.samples));
    }
    lines
}

/// What was done to the data.
fn about_data(report: &TrainReport) -> Vec<String> {
    let mut lines = Vec::new();
    if report.standardized {
        lines.push("columns are standardised: all numbers are those of the standardised columns".into());
    }
    if !report.labels.is_empty() {
        lines.push(classes(&report.labels));
    }
    lines
}

/// The names of classes.
pub(super) fn classes(labels: &[String]) -> String {
    let shown: Vec<String> =
        labels.iter().take(MAX_CLASSES).enumerate().map(|(i, name)| format!("{i} {name}")).collect();
    let more = if labels.len() > MAX_CLASSES { ", .." } else { "" };
    format!("classes: {}{more}", shown.join(", "))
}

/// Which start was kept.
fn about_starts(starts: &Starts, sign: f64) -> String {
    let value = |value: &Option<f64>| value.map_or("not finite".into(), |value| number(sign * value));
    let all: Vec<String> = starts.values.iter().take(MAX_CLASSES).map(value).collect();
    let more = if starts.values.len() > MAX_CLASSES { ", .." } else { "" };
    format!(
        "start {} of {} was kept, the best on training rows after {} steps each: {}{more}",
        starts.kept + 1,
        starts.values.len(),
        starts.steps,
        all.join(", ")
    )
}

/// The looks at the held-out data as a table.
pub(crate) fn history_cells(report: &TrainReport) -> Cells {
    cells(&history(report))
}

/// The looks at the held-out data.
fn history(report: &TrainReport) -> Vec<Column> {
    let points = &report.history;
    let right =
        |title: &str, cell: &dyn Fn(&HistoryPoint) -> String| Column::right(title, points.iter().map(cell));
    let sign = sign(report);
    let means: Vec<_> = points.iter().map(|p| held_out(sign * p.elbo, p.elbo_std_error)).collect();
    let mut columns = vec![right("step", &|p| p.step.to_string())];
    columns.push(Column::right(held_out_title(report), align_plus_minus(&means)));
    if has_bound(report) {
        let bounds: Vec<_> = points.iter().map(bound).collect();
        columns.push(Column::right(format!("K = {}\nbound", report.eval_samples), align_plus_minus(&bounds)));
    }
    if points.iter().any(|p| p.accuracy.is_some()) {
        columns.push(right("accuracy", &|p| p.accuracy.map_or("-".into(), |a| format!("{a:.4}"))));
    }
    columns.extend([
        right(&training_title(report), &|p| or_dash(p.train_elbo.map(|x| sign * x))),
        right("ln var", &|p| p.gradient.map_or("-".into(), log_variance)),
        right("SNR", &|p| p.gradient.map_or("-".into(), signal_to_noise)),
        right("time/s", &|p| format!("{:.1}", p.seconds)),
    ]);
    columns
}

/// What is measured on the rows by which a run is judged.
fn held_out_title(report: &TrainReport) -> String {
    let what = match report.judged_by {
        JudgedBy::Reward => "reward",
        JudgedBy::Bound | JudgedBy::Predictive => "mean",
        JudgedBy::NegativeObjective => "objective",
    };
    match report.judged_on {
        JudgedOn::HeldOut => format!("held-out {what}"),
        JudgedOn::Validation => format!("validation {what}"),
        JudgedOn::Training | JudgedOn::Graph => what.into(),
    }
}

/// The training objective by its name: of an estimator that relaxes, its mean under the relaxed draws.
fn training_title(report: &TrainReport) -> String {
    match (report.judged_by, report.objective.split(" with ").next()) {
        (JudgedBy::Bound | JudgedBy::Predictive, Some(objective)) => format!("training\n{objective}"),
        (JudgedBy::NegativeObjective, _) => "training\nobjective".into(),
        _ => "training\nreward".into(),
    }
}

/// The sign of what is shown: the objective of a graph is minimised, and the report has it with the opposite sign.
pub(crate) fn sign(report: &TrainReport) -> f64 {
    match report.judged_by {
        JudgedBy::Bound | JudgedBy::Predictive | JudgedBy::Reward => 1.0,
        JudgedBy::NegativeObjective => -1.0,
    }
}

/// The bound with its error, as far as they are known.
fn bound(point: &HistoryPoint) -> (String, String) {
    match (point.bound, point.bound_std_error) {
        (Some(bound), Some(error)) => held_out(bound, error),
        (bound, _) => (or_dash(bound), String::new()),
    }
}

/// What was last known of the gradient of each parameter tensor.
fn gradients(report: &TrainReport, width: Option<u16>, color: bool) -> String {
    let Some((step, known, columns)) = gradient_columns(report, MAX_TENSORS) else { return String::new() };
    format!(
        "\ngradients up to step {step}\n{}\n{}",
        compact(&columns, width, color, |_| Mark::Plain),
        more(known, MAX_TENSORS)
    )
}

/// The step up to which the gradients of parameter tensors are known, and a table of all of them.
pub(crate) fn gradient_cells(report: &TrainReport) -> Option<(usize, Cells)> {
    gradient_columns(report, usize::MAX).map(|(step, _, columns)| (step, cells(&columns)))
}

/// The step, the number of parameter tensors, and a table of the `most` first of them.
fn gradient_columns(report: &TrainReport, most: usize) -> Option<(usize, usize, [Column; 4])> {
    let point = report.history.iter().rev().find(|p| !p.gradients.is_empty())?;
    let known = report.weights.iter().filter_map(|t| Some((t, *point.gradients.get(&t.name)?)));
    let known: Vec<_> = known.collect();
    let shown = &known[..known.len().min(most)];
    let columns = [
        Column::left("parameter", shown.iter().map(|(t, _)| printable(&t.name))),
        Column::left("shape", shown.iter().map(|(t, _)| t.shape.to_string())),
        Column::right("ln var", shown.iter().map(|(_, g)| log_variance(*g))),
        Column::right("SNR", shown.iter().map(|(_, g)| signal_to_noise(*g))),
    ];
    Some((point.step, known.len(), columns))
}

/// Runs side by side, the best bound first and those that did not get to the end last; and the estimators whose turn did not come.
pub fn training_comparison(
    reports: &[TrainReport],
    not_started: &[String],
    width: Option<u16>,
    color: bool,
) -> String {
    let sorted = sorted(reports);
    let mark = |i: usize| if sorted[i].unbiased { Mark::Plain } else { Mark::Warn };
    let mut text = format!("{}\n", compact(&comparison_columns(&sorted), width, color, mark));
    let lines = comparison_notes(&sorted, not_started);
    lines.iter().for_each(|note| {
        let _ = writeln!(text, "{}", wrap(note, line_width(width), 2));
    });
    text
}

/// Runs side by side as a table, the best first, and what is to be said of them.
pub(crate) fn training_comparison_cells(
    reports: &[TrainReport],
    not_started: &[String],
) -> (Cells, Vec<String>) {
    let sorted = sorted(reports);
    (cells(&comparison_columns(&sorted)), comparison_notes(&sorted, not_started))
}

/// The best bound first and those that did not get to the end last.
fn sorted(reports: &[TrainReport]) -> Vec<&TrainReport> {
    let mut sorted: Vec<&TrainReport> = reports.iter().collect();
    let last = |r: &TrainReport| judged(r).map_or(f64::NEG_INFINITY, |(mean, bound)| bound.unwrap_or(mean));
    sorted.sort_by(|a, b| a.interrupted.cmp(&b.interrupted).then(last(b).total_cmp(&last(a))));
    sorted
}

fn end(report: &TrainReport) -> Option<&HistoryPoint> {
    report.history.last()
}

fn comparison_columns(sorted: &[&TrainReport]) -> Vec<Column> {
    let name = |r: &&TrainReport| {
        format!("{}{}", printable(&r.estimator), if r.interrupted { " (interrupted)" } else { "" })
    };
    let right = |title: &str, cell: &dyn Fn(&TrainReport) -> Option<String>| {
        Column::right(title, sorted.iter().map(|r| cell(r).unwrap_or_else(|| "-".into())))
    };
    let mut columns = vec![
        Column::left("estimator", sorted.iter().map(name)),
        Column::left("bias", sorted.iter().map(|r| bias(r, "none").to_string())),
        right(
            if sorted
                .iter()
                .all(|r| r.judged_by != JudgedBy::NegativeObjective || r.judged_on == JudgedOn::HeldOut)
            {
                "held-out"
            } else {
                "objective"
            },
            &|r| judged(r).map(|(mean, _)| number(sign(r) * mean)),
        ),
        right("bound", &|r| judged(r).and_then(|(_, bound)| bound).map(number)),
        right(&sorted.first().map_or("training".into(), |r| training_title(r)), &|r| {
            end(r).and_then(|p| p.train_elbo).map(|x| number(sign(r) * x))
        }),
        right("ln var", &|r| end(r).and_then(|p| p.gradient).map(log_variance)),
        right("steps/s", &|r| Some(significant(r.steps_per_second, 3))),
    ];
    if !sorted.iter().any(|r| has_bound(r)) {
        columns.remove(3);
    }
    columns
}

fn comparison_notes(sorted: &[&TrainReport], not_started: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = sorted
        .iter()
        .filter(|r| r.interrupted)
        .map(|report| {
            format!(
                "{} was interrupted after step {}; its numbers are of step {}, from {} held-out rows",
                report.estimator,
                report.steps,
                end(report).map_or(0, |p| p.step),
                report.eval_rows
            )
        })
        .collect();
    if !not_started.is_empty() {
        lines.push(format!("not started: {}", not_started.join(", ")));
    }
    lines
}

/// The held-out mean and bound at the end; of an interrupted run, the last that were looked at.
pub(super) fn judged(report: &TrainReport) -> Option<(f64, Option<f64>)> {
    let end = report.history.last().map(|p| (p.elbo, p.bound));
    report.held_out.map(|h| (h.elbo, h.bound)).or(end)
}

/// Whether the numbers are nats, so that the mean of several weights gives a bound. Rewards and objectives of graphs have none.
pub(crate) fn has_bound(report: &TrainReport) -> bool {
    matches!(report.judged_by, JudgedBy::Bound | JudgedBy::Predictive)
}

/// A table whose columns stand two blanks apart, so that seven of them have room in 80 characters.
pub(super) fn compact(
    columns: &[Column],
    width: Option<u16>,
    color: bool,
    mark: impl Fn(usize) -> Mark,
) -> String {
    let mut table = empty_table(width, color);
    let rows = columns.first().map_or(0, |c| c.cells.len());
    fill(&mut table, &columns.iter().collect::<Vec<_>>(), rows, mark);
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    finish(&table)
}

/// Characters in a line of words.
pub(super) fn line_width(width: Option<u16>) -> usize {
    width.map_or(100, |w| usize::from(w).clamp(40, 120))
}

/// Says that only the `most` first of so many are shown.
fn more(all: usize, most: usize) -> String {
    if all > most { format!("and {} more; --json has all\n", all - most) } else { String::new() }
}

/// The mean with the digits that its standard error leaves; powers of ten where a run has gone astray.
pub(super) fn held_out(mean: f64, std_error: f64) -> (String, String) {
    if mean.abs() < 1e6 {
        plus_minus(mean, Some(std_error))
    } else {
        (significant(mean, 4), significant(std_error, 2))
    }
}

/// At most nine characters, three of them decimals where there is room.
pub(super) fn number(x: f64) -> String {
    match x.abs() {
        small if small < 1e4 => format!("{x:.3}"),
        large if large < 1e6 => format!("{x:.1}"),
        _ => significant(x, 4),
    }
}

fn or_dash(x: Option<f64>) -> String {
    x.map_or("-".into(), number)
}

fn log_variance(gradient: GradientStatistics) -> String {
    number(gradient.mean_variance.ln())
}

/// A dash where the estimate of ‖E g‖² is not positive: noise hides the signal.
fn signal_to_noise(gradient: GradientStatistics) -> String {
    match gradient.signal_to_noise {
        0.0 => "-".into(),
        small if small < 1e-3 => significant(small, 2),
        other => number(other),
    }
}
