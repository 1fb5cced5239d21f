//! The table of `compare`: one row per estimator, what follows from it, and what was skipped.

use std::fmt::Write as _;

use aleator::diagnostics::{Number, Report, Row};

use super::columns::{Column, Mark, empty_table, fill, finish};
use super::values::{
    SUSPICIOUS_Z, element_name, heading, label, method, norm, pair, shape_of, skipped, tensor, worst_z,
};
use crate::report::numbers::{align_plus_minus, align_points, duration, plus_minus, significant};
use crate::report::text::{printable, wrap};

/// Gradients of at most this many coordinates get a column for each.
const FEW_COORDINATES: usize = 3;

/// The table of `compare`: one row per estimator, and below it the exact answer, the best estimator, and what was skipped.
///
/// `width` is the terminal's; a wider table is shown in parts below each other. `color` adds terminal colours.
pub fn comparison(report: &Report, width: Option<u16>, color: bool) -> String {
    let mut out = heading(report);
    let rows = &report.results;
    if rows.is_empty() {
        out.push_str("\nNo estimator could run.\n");
    } else {
        let best = best_row(report);
        let names = Column::names(report, best);
        let mut first = vec![
            Column::right("K", rows.iter().map(|r| r.samples.to_string())),
            Column::right("evals", rows.iter().map(|r| r.evaluations.to_string())),
            Column::left(
                "objective",
                align_plus_minus(
                    &rows.iter().map(|r| pair(r.objective.mean, r.objective.std_error)).collect::<Vec<_>>(),
                ),
            ),
        ];
        first.extend(gradient_columns(rows));
        first.push(Column::left("bias", rows.iter().map(bias)));
        let optional = |x: Option<Number>| x.map_or_else(|| "—".to_string(), |x| significant(x.0, 3));
        let second = vec![
            Column::left(
                "variance",
                align_points(&rows.iter().map(|r| optional(r.total_variance)).collect::<Vec<_>>()),
            ),
            Column::right("time", rows.iter().map(|r| duration(r.seconds_per_estimate.0))),
            price(rows, best),
        ];
        first.extend(second);
        let columns: Vec<&Column> = first.iter().collect();
        for part in parts(&names, &columns, width) {
            let _ = writeln!(out, "\n{}", table(&part, rows, best, width, color));
        }
        out.push_str(&conclusions(report, best, width));
    }
    out.push_str(&skipped(report, width));
    out
}

/// The row that `best` names.
pub(super) fn best_row(report: &Report) -> Option<usize> {
    let best = report.best.as_ref()?;
    let work = |row: &Row| row.work_normalised_variance.map_or(f64::INFINITY, |w| w.0);
    let candidates =
        report.results.iter().enumerate().filter(|(_, row)| row.unbiased && row.estimator == *best);
    candidates.min_by(|a, b| work(a.1).total_cmp(&work(b.1))).map(|(i, _)| i)
}

/// A column per coordinate, or for many coordinates one with the norm.
pub(super) fn gradient_columns(rows: &[Row]) -> Vec<Column> {
    let coordinates: usize = rows[0].gradient.values().map(|g| g.mean.len()).sum();
    let same = rows.iter().all(|r| {
        r.gradient.len() == rows[0].gradient.len()
            && r.gradient.iter().all(|(n, g)| shape_of(&rows[0], n) == Some(&g.shape))
    });
    if coordinates > FEW_COORDINATES || !same {
        let norm = |row: &Row| {
            let errors = row.gradient.values().map(|g| g.std_error.clone());
            let errors = errors.collect::<Option<Vec<_>>>().map(|e| e.concat());
            let means: Vec<Number> = row.gradient.values().flat_map(|g| g.mean.clone()).collect();
            let (norm, error) = norm(&means, errors.as_deref());
            plus_minus(norm, error)
        };
        return vec![Column::left(
            format!("‖∇‖ of {coordinates}"),
            align_plus_minus(&rows.iter().map(norm).collect::<Vec<_>>()),
        )];
    }
    let mut columns = Vec::new();
    for (name, first) in &rows[0].gradient {
        for element in 0..first.mean.len() {
            let cells: Vec<_> = rows
                .iter()
                .map(|row| {
                    let g = row.gradient.get(name);
                    let mean = g.and_then(|g| g.mean.get(element));
                    let error = g.and_then(|g| g.std_error.as_ref()).and_then(|s| s.get(element)).copied();
                    mean.map_or_else(|| ("—".to_string(), String::new()), |&mean| pair(mean, error))
                })
                .collect();
            columns.push(Column::left(
                format!("∇ {}", element_name(name, &first.shape, element)),
                align_plus_minus(&cells),
            ));
        }
    }
    columns
}

/// The largest distance from the exact gradient over the coordinates without noise (where z does not exist); 0 where rounding
/// explains it.
pub(super) fn noiseless_distance(row: &Row) -> Option<f64> {
    let mut distance = None;
    for g in row.gradient.values() {
        let (Some(exact), Some(z)) = (&g.exact, &g.z) else {
            continue;
        };
        for (i, _) in z.iter().enumerate().filter(|(_, z)| z.is_none()) {
            let d = (g.mean[i].0 - exact[i].0).abs();
            let d = if d <= g.slack[i] { 0.0 } else { d };
            distance = Some(f64::max(distance.unwrap_or(0.0), d));
        }
    }
    distance
}

pub(super) fn bias(row: &Row) -> String {
    let word = if row.unbiased { "none" } else { "biased" };
    let evidence = worst_z(row).map(|(z, count)| {
        let text =
            if count == 1 { format!("z = {z:.1}") } else { format!("max |z| = {:.1} of {count}", z.abs()) };
        (text, z.is_nan() || z.abs() > SUSPICIOUS_Z)
    });
    match evidence {
        Some((text, true)) if row.unbiased => format!("none expected, but {text}"),
        Some((text, _)) => format!("{word}, {text}"),
        None => match noiseless_distance(row) {
            Some(0.0) => format!("{word}, exact"),
            Some(distance) if row.unbiased => {
                format!("none expected, but off by {}", significant(distance, 3))
            }
            Some(distance) => format!("{word}, off by {}", significant(distance, 3)),
            None => word.to_string(),
        },
    }
}

/// Variance × time, as a multiple of the best where that makes sense.
pub(super) fn price(rows: &[Row], best: Option<usize>) -> Column {
    let work = |row: &Row| row.work_normalised_variance.map(|w| w.0);
    let unit = best.and_then(|b| work(&rows[b])).filter(|w| *w > 0.0 && w.is_finite());
    let title = if unit.is_some() { "variance × time / best" } else { "variance × time" };
    let text = |row: &Row| match (work(row), unit) {
        (None, _) => "—".to_string(),
        (Some(work), None) => significant(work, 3),
        (Some(work), Some(unit)) => significant(work / unit, 3),
    };
    let cells = align_points(&rows.iter().map(text).collect::<Vec<_>>());
    let mark = |(i, cell): (usize, String)| {
        let note = match () {
            () if best == Some(i) => "  best",
            () if !rows[i].unbiased => "  biased",
            () if rows[i].differs() => "  off",
            () => "",
        };
        format!("{cell}{note}")
    };
    Column::left(title, cells.into_iter().enumerate().map(mark))
}

pub(super) fn table(
    columns: &[&Column],
    rows: &[Row],
    best: Option<usize>,
    width: Option<u16>,
    color: bool,
) -> String {
    let mut table = empty_table(width, color);
    fill(&mut table, columns, rows.len(), |i| match () {
        () if best == Some(i) => Mark::Best,
        () if !rows[i].unbiased
            || rows[i].differs()
            || worst_z(&rows[i]).is_some_and(|(z, _)| z.is_nan() || z.abs() > SUSPICIOUS_Z) =>
        {
            Mark::Warn
        }
        () => Mark::Plain,
    });
    finish(&table)
}

/// The columns in as many groups as it takes to fit the width, the names first in each.
pub(super) fn parts<'a>(
    names: &'a Column,
    columns: &[&'a Column],
    width: Option<u16>,
) -> Vec<Vec<&'a Column>> {
    // A blank on both sides of each column and one between columns.
    let natural = |columns: &[&Column]| columns.iter().map(|c| c.width() + 3).sum::<usize>() - 1;
    let mut parts = vec![vec![names]];
    for &column in columns {
        let last = parts.len() - 1;
        parts[last].push(column);
        let fits = width.is_none_or(|w| natural(&parts[last]) <= usize::from(w));
        if !fits && parts[last].len() > 2 {
            parts[last].pop();
            parts.push(vec![names, column]);
        }
    }
    parts
}

pub(super) fn conclusions(report: &Report, best: Option<usize>, width: Option<u16>) -> String {
    let width = width.map_or(100, |w| usize::from(w).clamp(40, 120));
    let mut out = String::from("\n");
    let mut line = |label: &str, text: &str| {
        let _ = writeln!(out, "{label:<9} {}", wrap(text, width.saturating_sub(10), 10));
    };
    let exact = &report.exact;
    match exact.objective {
        None if exact.gradient.is_empty() => {
            line("exact", "not known: neither enumeration nor quadrature applies")
        }
        objective => {
            let mut parts = Vec::new();
            parts.extend(objective.map(|x| format!("objective {}", significant(x.0, 4))));
            for (name, value) in &exact.gradient {
                parts.push(format!("∇ {} = {}", printable(name), tensor(value)));
            }
            line("exact", &format!("{}{}", parts.join("; "), method(report)));
        }
    }
    if let Some(best) = best {
        let work = |row: &Row| row.work_normalised_variance.map(|w| w.0);
        let mut text = format!(
            "{}: unbiased, with the smallest variance × time",
            label(&report.results, &report.results[best])
        );
        let others = report.results.iter().enumerate().filter(|&(i, row)| i != best && row.unbiased);
        let next =
            others.filter_map(|(_, row)| work(row).map(|w| (w, row))).min_by(|a, b| a.0.total_cmp(&b.0));
        match (next, work(&report.results[best])) {
            (Some((next, row)), Some(least)) if least > 0.0 && (next / least).is_finite() => {
                let _ = write!(
                    text,
                    "; the next, {}, has {} times as much",
                    label(&report.results, row),
                    significant(next / least, 3)
                );
            }
            (_, Some(0.0)) => text.push_str(" (no variance at all)"),
            _ => {}
        }
        line("best", &text);
    }
    let biased: Vec<_> =
        report.results.iter().filter(|r| !r.unbiased).map(|r| label(&report.results, r)).collect();
    if !biased.is_empty() {
        let (verb, whose) = if biased.len() == 1 { ("is", "its") } else { ("are", "their") };
        let names = biased.join(", ");
        line("biased", &format!("{names} {verb} never best: {whose} variance does not count {whose} bias"));
    }
    out
}
