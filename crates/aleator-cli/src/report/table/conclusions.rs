//! What follows from a comparison, in sentences below its table.

use std::fmt::Write as _;

use aleator::diagnostics::{Report, Row, Verdict};

use super::values::{label, method, tensor};
use crate::report::numbers::significant;
use crate::report::text::{printable, wrap};

/// The exact answer, the best row and those that tie with it, biased rows, and the plans whose names did not fit into the table, where they are `shown`.
pub(super) fn conclusions(
    report: &Report,
    verdict: &Verdict,
    shown: &[String],
    width: Option<u16>,
) -> String {
    let width = width.map_or(100, |w| usize::from(w).clamp(40, 120));
    let mut out = String::from("\n");
    let mut line = |word: &str, text: &str| {
        let _ = writeln!(out, "{word:<9} {}", wrap(text, width.saturating_sub(10), 10));
    };
    line("best", &best(report, verdict));
    line("exact", &exact(report));
    let rows = &report.results;
    let undefined: Vec<_> = rows.iter().filter(|r| r.is_undefined()).map(|r| label(rows, r)).collect();
    if !undefined.is_empty() {
        let verb = if undefined.len() == 1 { "is" } else { "are" };
        line(
            "undefined",
            &format!(
                "{} {verb} never best: a number that is infinite or NaN estimates nothing",
                list(&undefined)
            ),
        );
    }
    let is_biased = |r: &&Row| !r.unbiased && !r.is_undefined();
    let biased: Vec<_> = rows.iter().filter(is_biased).map(|r| label(rows, r)).collect();
    if !biased.is_empty() {
        let (verb, whose) = if biased.len() == 1 { ("is", "its") } else { ("are", "their") };
        let names = list(&biased);
        line("biased", &format!("{names} {verb} never best: {whose} variance does not count {whose} bias"));
    }
    for (row, short) in rows.iter().zip(shown) {
        let whole = label(rows, row);
        if *short != whole {
            line("plan", &format!("{short} is {whole}"));
        }
    }
    out
}

/// The best row, or why there is none.
pub(crate) fn best(report: &Report, verdict: &Verdict) -> String {
    let rows = &report.results;
    if report.all_same {
        return all_same(rows);
    }
    let Some(best) = verdict.best else {
        return "none: no estimator is unbiased with a finite variance × time".into();
    };
    let work = |row: &Row| row.work_normalised_variance.map(|w| w.0);
    let mut text = format!("{}: unbiased, with the smallest variance × time", label(rows, &rows[best]));
    if work(&rows[best]) == Some(0.0) {
        text.push_str(" (no variance at all)");
    }
    if !verdict.ties.is_empty() {
        let names: Vec<_> = verdict.ties.iter().map(|&i| label(rows, &rows[i])).collect();
        let why = if work(&rows[best]) == Some(0.0) {
            "without variance as well"
        } else {
            "the difference is within the spread of the measurement"
        };
        let _ = write!(text, "; tied with {} ({why})", list(&names));
    }
    let apart = |i: usize| i != best && !verdict.ties.contains(&i);
    let others = rows.iter().enumerate().filter(|(i, row)| apart(*i) && row.unbiased && !row.differs());
    let next = others.filter_map(|(_, row)| work(row).map(|w| (w, row))).min_by(|a, b| a.0.total_cmp(&b.0));
    if let (Some((next, row)), Some(least)) = (next, work(&rows[best]))
        && least > 0.0
        && (next / least).is_finite()
    {
        let _ = write!(
            text,
            "; the next, {}, has {} times as much",
            label(rows, row),
            significant(next / least, 3)
        );
    }
    text
}

/// Why no estimator is best where none has anything to do.
fn all_same(rows: &[Row]) -> String {
    if rows.iter().all(|row| row.plan.is_empty()) {
        return "none: there is no random site, so there is nothing to choose".into();
    }
    let mut text = "none: no cost depends on a site whose distribution depends on a parameter, so all estimators are the \
                    same: the derivative of the cost at the draws"
        .to_string();
    let without = |row: &&Row| row.total_variance.is_some_and(|v| v.0 == 0.0);
    let exact: Vec<_> = rows.iter().filter(without).map(|row| label(rows, row)).collect();
    if !exact.is_empty() && exact.len() < rows.len() {
        let verb = if exact.len() == 1 { "has" } else { "have" };
        let _ = write!(text, "; {} {verb} no variance, because all outcomes enter", list(&exact));
    }
    text
}

fn exact(report: &Report) -> String {
    let exact = &report.exact;
    if exact.objective.is_none() && exact.gradient.is_empty() {
        return "not known: neither enumeration nor quadrature applies".into();
    }
    let mut parts = Vec::new();
    parts.extend(exact.objective.map(|x| format!("objective {}", significant(x.0, 4))));
    for (name, value) in &exact.gradient {
        parts.push(format!("∇ {} = {}", printable(name), tensor(value)));
    }
    format!("{}{}", parts.join("; "), method(report))
}

/// `a, b and c`. Names that contain commas themselves, as those of mixed plans do, are separated by semicolons.
fn list(names: &[String]) -> String {
    let (comma, and) = match names.iter().any(|name| name.contains(", ")) {
        true => ("; ", "; and"),
        false => (", ", " and"),
    };
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{}{and} {last}", first.join(comma)),
    }
}
