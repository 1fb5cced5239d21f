//! The page of `train`.

use aleator::estimators;
use aleator::train::TrainReport;

use super::document::{Origin, Page};
use crate::report::plot::training_svg;
use crate::report::table::{
    Spread, gradient_cells, history_cells, training_comparison_cells, training_conclusions, training_header,
    training_spread_cells,
};

/// What is said of several runs beside their reports.
#[derive(Clone, Copy, Debug)]
pub struct Several<'a> {
    /// The mean and the spread of runs that differ only in the seed; empty for a comparison of estimators.
    pub spreads: &'a [Spread],
    /// The runs that could not be used or did not finish, with the reasons.
    pub skipped: &'a [(String, String)],
    /// The runs whose turn did not come.
    pub not_started: &'a [String],
}

/// The page of one run: how it ended, its evaluations, curves and gradients. `graph` is the picture of a graph of the user's.
///
/// # Errors
/// Says why a picture cannot be drawn.
pub fn training_page(report: &TrainReport, graph: Option<&str>, origin: Origin) -> Result<String, String> {
    let mut page = Page::new(&format!("Training of {}", report.model), origin);
    page.paragraph(&format!("{}.", training_header(report)));
    if report.interrupted {
        page.paragraph(&format!("Interrupted after step {}.", report.steps));
    }
    if let Some(error) = &report.error {
        page.paragraph(&format!("Ended by an error: {error}."));
    }
    for line in training_conclusions(report) {
        page.paragraph(&capitalized(&line));
    }
    let (head, rows) = history_cells(report);
    page.table(&head, &rows, |i| report.best.is_some_and(|b| report.history[i].step == b.step));
    page.paragraph(
        "ln var is the natural logarithm of the variance of an element of the gradient, SNR its signal-to-noise ratio.",
    );
    page.figure("How training went, against steps and time", &training_svg(std::slice::from_ref(report))?);
    if let Some((step, (head, rows))) = gradient_cells(report) {
        page.heading(&format!("Gradients up to step {step}"));
        page.table(&head, &rows, |_| false);
    }
    end(page, graph, std::slice::from_ref(report))
}

/// The page of several runs: of estimators, of seeds, or of the points of a grid.
///
/// # Errors
/// Says why a picture cannot be drawn, or that there is no run.
pub fn training_runs_page(
    reports: &[TrainReport],
    several: &Several<'_>,
    graph: Option<&str>,
    origin: Origin,
) -> Result<String, String> {
    let Several { spreads, skipped, not_started } = *several;
    let first = reports.first().ok_or("there is no run")?;
    let mut page = Page::new(&format!("Training of {}: {} runs", first.model, reports.len()), origin);
    page.paragraph(&format!("{} on {}: {}.", first.model, first.data, first.description));
    let ((head, rows), notes) = match spreads {
        [] => training_comparison_cells(reports, not_started),
        _ => training_spread_cells(spreads, reports, not_started),
    };
    page.table(&head, &rows, |_| false);
    for note in notes {
        page.paragraph(&capitalized(&note));
    }
    page.figure("How training went, against steps and time", &training_svg(reports)?);
    if !spreads.is_empty() {
        page.heading("Each run");
        let (head, rows) = training_comparison_cells(reports, &[]).0;
        page.table(&head, &rows, |_| false);
    }
    if !skipped.is_empty() {
        page.heading("Skipped");
        let rows: Vec<Vec<String>> =
            skipped.iter().map(|(name, reason)| vec![name.clone(), reason.clone()]).collect();
        page.table(&["run".into(), "reason".into()], &rows, |_| false);
    }
    end(page, graph, reports)
}

/// The graph, the formulas of the estimators, and where the numbers come from.
fn end(mut page: Page, graph: Option<&str>, reports: &[TrainReport]) -> Result<String, String> {
    if let Some(graph) = graph {
        page.heading("The graph");
        page.figure("Squares are deterministic, circles stochastic, diamonds costs", graph);
    }
    let names: Vec<String> = reports.iter().flat_map(|report| estimators_of(&report.estimator)).collect();
    page.formulas(names.iter());
    Ok(page.html())
}

/// The names of estimators in `rebar(temperature=0.5)` or `b=rebar, z=pathwise`.
fn estimators_of(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| estimators::find(word).is_some()).map(String::from).collect()
}

/// A sentence with its first letter in upper case and a full stop.
fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
