//! The answer of `hessian`: one second derivative a line.

use std::fmt::Write as _;

use aleator::diagnostics::{Number, SecondEstimate, SecondReport};

use super::columns::{Column, Mark, empty_table, fill, finish};
use super::values::{MAX_ELEMENTS, count, element_name, pair};
use crate::report::numbers::{align_plus_minus, align_points, plus_minus_text, significant};
use crate::report::text::printable;

/// The tables of `hessian`. Of a symmetric pair of derivatives, one is shown.
pub fn second_derivatives(report: &SecondReport, width: Option<u16>, color: bool) -> String {
    let mut out = format!(
        "{}: seed {}, {}\n",
        printable(&report.file),
        report.seed,
        count(report.replicates, "replicate")
    );
    let plan: Vec<String> = report
        .plan
        .iter()
        .map(|(site, estimator)| format!("{} via {}", printable(site), printable(estimator)))
        .collect();
    let plan = if plan.is_empty() { "no random site".to_string() } else { plan.join(", ") };
    let unbiased = if report.unbiased { "unbiased" } else { "biased" };
    let evaluations = count(report.evaluations, "evaluation");
    let _ = writeln!(out, "{plan}; K = {}, {evaluations} per estimate, {unbiased}", report.samples);
    let objective = plus_minus_text(report.objective.mean.0, report.objective.std_error.map(|s| s.0));
    let _ = write!(out, "\nobjective  {objective}");
    if let Some(exact) = report.exact.objective {
        let _ = write!(out, "   exact {}", significant(exact.0, 4));
    }
    out.push('\n');
    let (lines, hidden) = lines(report);
    let with_exact = lines.iter().any(|line| line.exact.is_some());
    let title = if report.hessian.is_empty() { "Hessian × vector" } else { "second derivative" };
    let estimates: Vec<_> = lines.iter().map(|line| line.estimate.clone()).collect();
    let mut columns = vec![
        Column::left(title, lines.iter().map(|line| line.name.clone())),
        Column::left("estimate", align_plus_minus(&estimates)),
    ];
    if with_exact {
        let exact: Vec<_> =
            lines.iter().map(|l| l.exact.map_or_else(|| "—".into(), |x| significant(x.0, 4))).collect();
        columns.push(Column::left("exact", align_points(&exact)));
    }
    if !lines.is_empty() {
        let mut table = empty_table(width, color);
        fill(&mut table, &columns.iter().collect::<Vec<_>>(), lines.len(), |_| Mark::Plain);
        let _ = writeln!(out, "\n{}", finish(&table));
    }
    if hidden > 0 {
        let _ = writeln!(out, "{hidden} more are not shown (--json has all)");
    }
    out
}

struct Line {
    name: String,
    estimate: (String, String),
    exact: Option<Number>,
}

/// The lines, and the number of derivatives that are left out.
fn lines(report: &SecondReport) -> (Vec<Line>, usize) {
    let (mut lines, mut hidden) = (Vec::new(), 0);
    let mut add = |name: String, block: &SecondEstimate, i: usize| {
        if lines.len() == MAX_ELEMENTS * MAX_ELEMENTS {
            hidden += 1;
            return;
        }
        let at = |values: &Option<Vec<Number>>| values.as_ref().map(|v| v[i]);
        lines.push(Line {
            name,
            estimate: pair(block.mean[i], at(&block.std_error)),
            exact: at(&block.exact),
        });
    };
    for (name, block) in &report.product {
        for i in 0..block.mean.len() {
            add(element_name(name, &block.shape, i), block, i);
        }
    }
    for (a, row) in &report.hessian {
        let own = &row[a].shape;
        let shape = &own[..own.len() / 2];
        let n: usize = shape.iter().product();
        // The first half of the names in their order: the block of (b, a) repeats that of (a, b).
        for (b, block) in row.range(a.clone()..) {
            let other = &block.shape[shape.len()..];
            let m: usize = other.iter().product();
            for i in 0..n {
                for j in if a == b { i } else { 0 }..m {
                    let name = format!("{}, {}", element_name(a, shape, i), element_name(b, other, j));
                    add(name, block, i * m + j);
                }
            }
        }
    }
    (lines, hidden)
}
