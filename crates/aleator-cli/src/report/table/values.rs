//! Names and numbers within tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aleator::diagnostics::{Number, Report, Row, Tensor};
use aleator::graph::Rewards;

use crate::report::numbers::{plus_minus, significant};
use crate::report::text::{printable, wrap};

/// Elements of one parameter that are shown.
pub(super) const MAX_ELEMENTS: usize = 20;
/// Elements of a longer tensor that are shown within a line.
const FIRST_ELEMENTS: usize = 8;
/// |z| beyond which an estimator that should be unbiased is called into question: once in two million where it is.
pub(super) const SUSPICIOUS_Z: f64 = 5.0;

pub(super) fn heading(report: &Report) -> String {
    let mut line = format!(
        "{}: {} each, seed {}",
        printable(&report.file),
        count(report.replicates, "estimate"),
        report.seed
    );
    line.push('\n');
    line
}

/// What the objective is where there are rewards; otherwise nothing.
pub(super) fn objective_of(rewards: Rewards) -> &'static str {
    match rewards {
        Rewards::None => "",
        Rewards::Some => "the objective is E[costs] − E[rewards]",
        Rewards::All => "the objective is −E[reward]",
    }
}

pub(super) fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

pub(super) fn method(report: &Report) -> String {
    report.exact.method.map(|m| format!(" (by {m})")).unwrap_or_default()
}

pub(super) fn pair(mean: Number, std_error: Option<Number>) -> (String, String) {
    plus_minus(mean.0, std_error.map(|s| s.0))
}

/// The shortest usual form of a number that a person has typed.
pub(super) fn plain(x: f64) -> String {
    if x == 0.0 || (1e-4..1e6).contains(&x.abs()) || !x.is_finite() {
        x.to_string().to_lowercase()
    } else {
        format!("{x:e}")
    }
}

pub(super) fn shape_of<'a>(row: &'a Row, name: &str) -> Option<&'a Vec<usize>> {
    row.gradient.get(name).map(|g| &g.shape)
}

/// `W[1, 0]` for an element of a matrix, `theta` for a scalar.
pub(crate) fn element_name(name: &str, shape: &[usize], flat: usize) -> String {
    let mut rest = flat;
    let mut index = Vec::new();
    for &length in shape.iter().rev() {
        index.push((rest % length.max(1)).to_string());
        rest /= length.max(1);
    }
    index.reverse();
    let name = printable(name);
    if index.is_empty() { name } else { format!("{name}[{}]", index.join(", ")) }
}

/// The largest |z| over all coordinates, and how many have one. `nan` counts as largest.
pub(super) fn worst_z(row: &Row) -> Option<(f64, usize)> {
    let mut worst: Option<(f64, usize)> = None;
    for z in row.gradient.values().filter_map(|g| g.z.as_ref()).flatten().flatten() {
        let (largest, count) = worst.unwrap_or((0.0, 0));
        let larger = z.0.is_nan() || (!largest.is_nan() && z.0.abs() > largest.abs());
        worst = Some((if larger || count == 0 { z.0 } else { largest }, count + 1));
    }
    worst
}

pub(super) fn skipped(report: &Report, width: Option<u16>) -> String {
    if report.skipped.is_empty() {
        return String::new();
    }
    let width = width.map_or(100, |w| usize::from(w).clamp(40, 120));
    // Estimators with the same reason share a line.
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for skipped in &report.skipped {
        match groups.iter_mut().find(|(reason, _)| *reason == skipped.reason) {
            Some((_, names)) => names.push(printable(&skipped.estimator)),
            None => groups.push((&skipped.reason, vec![printable(&skipped.estimator)])),
        }
    }
    let mut out = String::from("\nskipped\n");
    for (reason, names) in groups {
        let _ = writeln!(
            out,
            "  {}",
            wrap(&format!("{}: {}", names.join(", "), printable(reason)), width.saturating_sub(2), 4)
        );
    }
    out
}

/// The norm of a vector and, to first order, its standard error.
pub(crate) fn norm(vector: &[Number], std_error: Option<&[Number]>) -> (f64, Option<f64>) {
    let norm = l2(vector.iter().map(|x| x.0));
    // The norm's derivative is the unit vector along the vector.
    let along = |(x, e): (&Number, &Number)| if norm > 0.0 { x.0 / norm * e.0 } else { e.0 };
    (norm, std_error.map(|errors| l2(vector.iter().zip(errors).map(along))))
}

pub(crate) fn l2(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, f64::hypot)
}

/// `[[1, 2], [3, 4]]`, or the first elements of a long tensor.
pub(super) fn tensor(value: &Tensor) -> String {
    let texts: Vec<String> = value.values.iter().map(|x| significant(x.0, 4)).collect();
    if texts.len() > MAX_ELEMENTS {
        let norm = l2(value.values.iter().map(|x| x.0));
        return format!(
            "[{}, … {} more]  shape {:?}, norm {}",
            texts[..FIRST_ELEMENTS].join(", "),
            texts.len() - FIRST_ELEMENTS,
            value.shape,
            significant(norm, 4)
        );
    }
    nested(&value.shape, &texts)
}

pub(super) fn nested(shape: &[usize], texts: &[String]) -> String {
    match shape {
        [] => texts.first().cloned().unwrap_or_default(),
        [_] => format!("[{}]", texts.join(", ")),
        [length, rest @ ..] => {
            let size = texts.len() / (*length).max(1);
            let parts: Vec<_> = texts.chunks(size.max(1)).map(|chunk| nested(rest, chunk)).collect();
            format!("[{}]", parts.join(", "))
        }
    }
}

/// `name = values`, a line each.
pub(super) fn named_tensors(tensors: &BTreeMap<String, Tensor>) -> String {
    let width = tensors.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    let line =
        |(name, value): (&String, &Tensor)| format!("  {:<width$} = {}\n", printable(name), tensor(value));
    tensors.iter().map(line).collect()
}

/// What a row is called: the estimator, or in mixed plans that of each site, with options where names alone would not tell rows apart.
pub(crate) fn label(rows: &[Row], row: &Row) -> String {
    let bare = |row: &Row| plan_text(row, |_, estimator| bare_name(estimator));
    let name = bare(row);
    let alike: Vec<&Row> = rows.iter().filter(|other| bare(other) == name).collect();
    // Options are said of the sites at which rows of the same name differ.
    let differs = |site: &str| alike.iter().any(|other| other.plan.get(site) != row.plan.get(site));
    printable(&plan_text(row, |site, estimator| if differs(site) { estimator } else { bare_name(estimator) }))
}

/// The name of an estimator without its options.
fn bare_name(estimator: &str) -> &str {
    estimator.split('(').next().unwrap_or_default()
}

/// The estimator that all sites share, or `site: estimator` for each.
fn plan_text<'a>(row: &'a Row, name: impl Fn(&str, &'a str) -> &'a str) -> String {
    let mut names: Vec<&str> = row.plan.iter().map(|(site, estimator)| name(site, estimator)).collect();
    names.dedup();
    match names.as_slice() {
        [] => row.estimator.clone(),
        [one] => (*one).to_string(),
        _ => {
            let parts = row.plan.iter().map(|(site, estimator)| format!("{site}: {}", name(site, estimator)));
            parts.collect::<Vec<_>>().join(", ")
        }
    }
}

/// Characters of a name within a table.
const LONGEST_LABEL: usize = 48;

/// The label of a row, or, where that is long and nothing else is called so, the estimators without their sites.
pub(crate) fn short_label(rows: &[Row], row: &Row) -> String {
    let label = label(rows, row);
    if label.chars().count() <= LONGEST_LABEL {
        return label;
    }
    let same = rows.iter().filter(|other| other.estimator == row.estimator).count();
    if same < 2 { printable(&row.estimator) } else { label }
}
