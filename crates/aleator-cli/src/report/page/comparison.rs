//! The page of `compare`.

use aleator::diagnostics::Report;

use super::document::{Origin, Page};
use crate::report::plot::comparison_svg;
use crate::report::table::{best_sentence, comparison_cells};

/// The page of `compare`: the conclusion, the table, the figure, the graph, formulas and warnings. `graph` is the picture of the graph.
///
/// # Errors
/// Says why a picture cannot be drawn.
pub fn comparison_page(report: &Report, graph: &str, origin: Origin) -> Result<String, String> {
    let verdict = report.verdict();
    let mut page = Page::new(&format!("Estimators compared: {}", report.file), origin);
    page.paragraph(&format!("Best: {}.", best_sentence(report, &verdict)));
    let (head, rows) = comparison_cells(report, &verdict);
    page.table(&head, &rows, |i| verdict.best == Some(i));
    page.paragraph(&format!(
        "{} independent estimates for each estimator. z is the distance of the mean from the exact gradient in standard errors. \
         Times are medians over rounds in which every estimator has a turn, ± the spread of one turn.",
        report.replicates
    ));
    page.figure("Variance and bias, with intervals of two standard errors", &comparison_svg(report)?);
    page.heading("The graph");
    page.figure("Squares are deterministic, circles stochastic, diamonds costs", graph);
    if !report.skipped.is_empty() {
        page.heading("Skipped");
        let rows: Vec<Vec<String>> =
            report.skipped.iter().map(|s| vec![s.estimator.clone(), s.reason.clone()]).collect();
        page.table(&["estimator".into(), "reason".into()], &rows, |_| false);
    }
    let warnings = report.lints.iter().map(|lint| &lint.message).chain(&report.warnings);
    for (i, warning) in warnings.enumerate() {
        if i == 0 {
            page.heading("Warnings");
        }
        page.paragraph(warning);
    }
    page.formulas(report.results.iter().flat_map(|row| row.plan.values()));
    Ok(page.html())
}
