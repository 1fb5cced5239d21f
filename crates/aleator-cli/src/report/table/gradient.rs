//! The answer of `grad`: one coordinate a line.

use std::fmt::Write as _;

use aleator::diagnostics::{GradientEstimate, Number, Report, Row};

use super::choices::choices;
use super::columns::{Column, Mark, empty_table, fill, finish};
use super::values::{
    MAX_ELEMENTS, SUSPICIOUS_Z, count, element_name, heading, method, named_tensors, norm, objective_of,
    pair, skipped,
};
use crate::report::numbers::{align_plus_minus, align_points, plus_minus_text, significant};
use crate::report::text::printable;

/// The tables of `grad`: the estimate of every element of every parameter, with the exact value where it is known.
pub fn gradient(report: &Report, width: Option<u16>, color: bool) -> String {
    let mut out = heading(report);
    out.push_str(&choices(&report.measured));
    for (i, row) in report.results.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let plan: Vec<String> = row
            .plan
            .iter()
            .map(|(site, estimator)| format!("{} via {}", printable(site), printable(estimator)))
            .collect();
        let unbiased = match () {
            () if row.is_undefined() => "undefined",
            () if row.unbiased => "unbiased",
            () => "biased",
        };
        let plan = if plan.is_empty() { printable(&row.estimator) } else { plan.join(", ") };
        let _ = writeln!(
            out,
            "{plan}; K = {}, {} per estimate, {unbiased}",
            row.samples,
            count(row.evaluations, "evaluation")
        );
        let _ = write!(
            out,
            "\nobjective  {}",
            plus_minus_text(row.objective.mean.0, row.objective.std_error.map(|s| s.0))
        );
        if let Some(exact) = report.exact.objective {
            let _ = write!(out, "   exact {}{}", significant(exact.0, 4), method(report));
        }
        out.push('\n');
        if let Some(reward) = &report.reward {
            let value = plus_minus_text(reward.mean.0, reward.std_error.map(|s| s.0));
            let _ = writeln!(out, "reward     {value}   {}", objective_of(report.rewards));
        }
        let (lines, notes) = gradient_lines(row);
        if !lines.is_empty() {
            let with_exact = lines.iter().any(|l| l.exact.is_some());
            let mut columns = vec![
                Column::left("gradient", lines.iter().map(|l| l.name.clone())),
                Column::left(
                    "estimate",
                    align_plus_minus(&lines.iter().map(|l| l.estimate.clone()).collect::<Vec<_>>()),
                ),
            ];
            if with_exact {
                let exact: Vec<_> = lines
                    .iter()
                    .map(|l| l.exact.map_or_else(|| "—".into(), |x| significant(x.0, 4)))
                    .collect();
                let z: Vec<_> = lines
                    .iter()
                    .map(|l| l.z.map_or_else(|| "—".into(), |z| format!("{:+.2}", z.0)))
                    .collect();
                columns.push(Column::left("exact", align_points(&exact)));
                columns.push(Column::left("z", align_points(&z)));
            }
            let columns: Vec<&Column> = columns.iter().collect();
            let mut table = empty_table(width, color);
            fill(&mut table, &columns, lines.len(), |line| {
                let far = lines[line].z.is_some_and(|z| z.0.is_nan() || z.0.abs() > SUSPICIOUS_Z);
                if far { Mark::Warn } else { Mark::Plain }
            });
            let _ = writeln!(out, "\n{}", finish(&table));
        }
        for note in notes {
            let _ = writeln!(out, "{note}");
        }
        if !row.own_parameters.is_empty() {
            let tuned = match report.tune {
                0 => "as they start; see --tune".to_string(),
                steps => format!("after {} of tuning", count(steps, "step")),
            };
            let _ =
                write!(out, "\nestimators' own parameters, {tuned}\n{}", named_tensors(&row.own_parameters));
        }
    }
    if report.results.is_empty() {
        out.push_str("No estimate.\n");
    }
    out.push_str(&skipped(report, width));
    out
}

struct GradientLine {
    name: String,
    estimate: (String, String),
    exact: Option<Number>,
    z: Option<Number>,
}

fn gradient_lines(row: &Row) -> (Vec<GradientLine>, Vec<String>) {
    let mut lines = Vec::new();
    let mut notes = Vec::new();
    for (name, g) in &row.gradient {
        let at = |values: &Option<Vec<Number>>, i: usize| values.as_ref().and_then(|v| v.get(i)).copied();
        for (i, &mean) in g.mean.iter().enumerate().take(MAX_ELEMENTS) {
            lines.push(GradientLine {
                name: element_name(name, &g.shape, i),
                estimate: pair(mean, at(&g.std_error, i)),
                exact: at(&g.exact, i),
                z: g.z.as_ref().and_then(|z| z.get(i)).copied().flatten(),
            });
        }
        if g.mean.len() > MAX_ELEMENTS {
            notes.push(rest_of(name, g));
        }
    }
    (lines, notes)
}

/// What is said of a parameter with too many elements to show.
fn rest_of(name: &str, g: &GradientEstimate) -> String {
    let mut note = format!(
        "{}: the first {MAX_ELEMENTS} of {} elements are shown (--json has all)",
        printable(name),
        g.mean.len()
    );
    let (norm, error) = norm(&g.mean, g.std_error.as_deref());
    let _ = write!(note, "; ‖∇‖ = {}", plus_minus_text(norm, error));
    let z = g.z.iter().flatten().flatten().map(|z| z.0.abs());
    if let Some(worst) = z.reduce(|a, b| if a.is_nan() || a > b { a } else { b }) {
        let _ = write!(note, "; max |z| = {worst:.2}");
    }
    note
}
