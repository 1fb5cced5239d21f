//! Tables for the terminal.

use std::fmt::Write as _;

use aleator::diagnostics::{GradientEstimate, Number, OptimizationPath, Report, Row, Tensor};
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, TableStyle};

use super::numbers::{align_plus_minus, align_points, duration, plus_minus, plus_minus_text, significant};
use super::text::{printable, wrap};

/// Gradients of at most this many coordinates get a column for each.
const FEW_COORDINATES: usize = 3;
/// Elements of one parameter that are shown.
const MAX_ELEMENTS: usize = 20;
/// Elements of a longer tensor that are shown within a line.
const FIRST_ELEMENTS: usize = 8;
/// |z| beyond which an estimator that should be unbiased is called into question: once in two million where it is.
pub(crate) const SUSPICIOUS_Z: f64 = 5.0;

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

/// The tables of `grad`: the estimate of every element of every parameter, with the exact value where it is known.
pub fn gradient(report: &Report, width: Option<u16>, color: bool) -> String {
    let mut out = heading(report);
    for (i, row) in report.results.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let plan: Vec<String> = row
            .plan
            .iter()
            .map(|(site, estimator)| format!("{} via {}", printable(site), printable(estimator)))
            .collect();
        let unbiased = if row.unbiased { "unbiased" } else { "biased" };
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
    }
    if report.results.is_empty() {
        out.push_str("No estimate.\n");
    }
    out.push_str(&skipped(report, width));
    out
}

/// The summary of `optimize`: the objective at both ends, its path, and the final parameters.
pub fn optimization(path: &OptimizationPath) -> String {
    let mut out = String::new();
    let steps = count(path.steps, "step");
    let _ = writeln!(
        out,
        "{}: {steps} of {}, lr {}, seed {}",
        printable(&path.file),
        printable(&path.optimizer),
        plain(path.lr.0),
        path.seed
    );
    for (site, estimator) in &path.plan {
        let _ = writeln!(out, "  {} via {}", printable(site), printable(estimator));
    }
    let values: Vec<f64> = path.history.iter().map(|p| p.objective.0).collect();
    if values.is_empty() {
        out.push_str("\nNo step was taken.\n");
    } else {
        // Single estimates are noisy: the ends are means over a tenth of the points where there are enough.
        let tenth = if values.len() >= 20 { values.len() / 10 } else { 1 };
        let (first, last) = (&values[..tenth], &values[values.len() - tenth..]);
        let over = if tenth > 1 {
            format!(" (means over {tenth} points of the path at each end)")
        } else {
            String::new()
        };
        let _ = writeln!(out, "\nobjective  {} → {}{over}", mean_text(first), mean_text(last));
        let low = values.iter().copied().filter(|x| x.is_finite()).fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().filter(|x| x.is_finite()).fold(f64::NEG_INFINITY, f64::max);
        if low <= high {
            let _ = writeln!(
                out,
                "           {}  from {} to {}",
                sparkline(&values, 60),
                significant(low, 4),
                significant(high, 4)
            );
        }
        let bad = values.iter().filter(|x| !x.is_finite()).count();
        if bad > 0 {
            let _ = writeln!(out, "           not finite at {bad} of {} points", values.len());
        }
    }
    if !path.parameters.is_empty() {
        out.push_str("\nfinal parameters\n");
    }
    let name_width = path.parameters.keys().map(|n| n.chars().count()).max().unwrap_or(0);
    for (name, value) in &path.parameters {
        let _ = writeln!(out, "  {:<name_width$} = {}", printable(name), tensor(value));
    }
    out
}

fn heading(report: &Report) -> String {
    let mut line = format!(
        "{}: {} each, seed {}",
        printable(&report.file),
        count(report.replicates, "estimate"),
        report.seed
    );
    line.push('\n');
    line
}

fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

fn method(report: &Report) -> String {
    report.exact.method.map(|m| format!(" (by {m})")).unwrap_or_default()
}

fn pair(mean: Number, std_error: Option<Number>) -> (String, String) {
    plus_minus(mean.0, std_error.map(|s| s.0))
}

/// The shortest usual form of a number that a person has typed.
fn plain(x: f64) -> String {
    if x == 0.0 || (1e-4..1e6).contains(&x.abs()) || !x.is_finite() {
        x.to_string().to_lowercase()
    } else {
        format!("{x:e}")
    }
}

/// One column: a heading and a text for each row.
struct Column {
    title: String,
    cells: Vec<String>,
    alignment: CellAlignment,
}

impl Column {
    fn left(title: impl Into<String>, cells: impl IntoIterator<Item = String>) -> Column {
        Column { title: title.into(), cells: cells.into_iter().collect(), alignment: CellAlignment::Left }
    }

    fn right(title: impl Into<String>, cells: impl IntoIterator<Item = String>) -> Column {
        Column { alignment: CellAlignment::Right, ..Column::left(title, cells) }
    }

    fn names(report: &Report, best: Option<usize>) -> Column {
        let mark = |(i, row): (usize, &Row)| {
            format!("{} {}", if best == Some(i) { "★" } else { " " }, printable(&row.estimator))
        };
        Column::left("  estimator", report.results.iter().enumerate().map(mark))
    }

    fn width(&self) -> usize {
        self.cells.iter().chain([&self.title]).map(|c| c.chars().count()).max().unwrap_or(0)
    }
}

/// The row that `best` names.
fn best_row(report: &Report) -> Option<usize> {
    let best = report.best.as_ref()?;
    let work = |row: &Row| row.work_normalised_variance.map_or(f64::INFINITY, |w| w.0);
    let candidates =
        report.results.iter().enumerate().filter(|(_, row)| row.unbiased && row.estimator == *best);
    candidates.min_by(|a, b| work(a.1).total_cmp(&work(b.1))).map(|(i, _)| i)
}

/// A column per coordinate, or for many coordinates one with the norm.
fn gradient_columns(rows: &[Row]) -> Vec<Column> {
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

fn shape_of<'a>(row: &'a Row, name: &str) -> Option<&'a Vec<usize>> {
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
pub(crate) fn worst_z(row: &Row) -> Option<(f64, usize)> {
    let mut worst: Option<(f64, usize)> = None;
    for z in row.gradient.values().filter_map(|g| g.z.as_ref()).flatten().flatten() {
        let (largest, count) = worst.unwrap_or((0.0, 0));
        let larger = z.0.is_nan() || (!largest.is_nan() && z.0.abs() > largest.abs());
        worst = Some((if larger || count == 0 { z.0 } else { largest }, count + 1));
    }
    worst
}

/// The largest distance from the exact gradient over the coordinates without noise (where z does not exist).
fn noiseless_distance(row: &Row) -> Option<f64> {
    let mut distance = None;
    for g in row.gradient.values() {
        let (Some(exact), Some(z)) = (&g.exact, &g.z) else {
            continue;
        };
        for ((mean, exact), z) in g.mean.iter().zip(exact).zip(z) {
            if z.is_none() {
                let scale = exact.0.abs().max(1e-300);
                let d = (mean.0 - exact.0).abs();
                let d = if d <= 1e-9 * scale { 0.0 } else { d };
                distance = Some(f64::max(distance.unwrap_or(0.0), d));
            }
        }
    }
    distance
}

fn bias(row: &Row) -> String {
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
            Some(distance) => format!("{word}, off by {}", significant(distance, 3)),
            None => word.to_string(),
        },
    }
}

/// Variance × time, as a multiple of the best where that makes sense.
fn price(rows: &[Row], best: Option<usize>) -> Column {
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
            () => "",
        };
        format!("{cell}{note}")
    };
    Column::left(title, cells.into_iter().enumerate().map(mark))
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    Plain,
    Best,
    Warn,
}

fn table(columns: &[&Column], rows: &[Row], best: Option<usize>, width: Option<u16>, color: bool) -> String {
    let mut table = empty_table(width, color);
    fill(&mut table, columns, rows.len(), |i| match () {
        () if best == Some(i) => Mark::Best,
        () if !rows[i].unbiased
            || worst_z(&rows[i]).is_some_and(|(z, _)| z.is_nan() || z.abs() > SUSPICIOUS_Z) =>
        {
            Mark::Warn
        }
        () => Mark::Plain,
    });
    finish(&table)
}

fn empty_table(width: Option<u16>, color: bool) -> Table {
    let mut table = Table::new();
    let line = LineStyle::none().fill('─').junction('─');
    table.load_style(TableStyle::new().header_separator(line).bottom_border(line));
    table.force_no_tty();
    if color {
        table.enforce_styling();
    }
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.max(20));
    }
    table
}

fn fill(table: &mut Table, columns: &[&Column], rows: usize, mark: impl Fn(usize) -> Mark) {
    let header = |c: &&Column| Cell::new(&c.title).add_attribute(Attribute::Bold).set_alignment(c.alignment);
    table.set_header(columns.iter().map(header).collect::<Vec<_>>());
    for i in 0..rows {
        let cell = |c: &&Column| {
            let cell = Cell::new(&c.cells[i]).set_alignment(c.alignment);
            match mark(i) {
                Mark::Plain => cell,
                Mark::Best => cell.fg(Color::Green),
                Mark::Warn => cell.fg(Color::Yellow),
            }
        };
        table.add_row(columns.iter().map(cell).collect::<Vec<_>>());
    }
}

/// The table's lines without blanks at their ends.
fn finish(table: &Table) -> String {
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_string()).collect();
    lines.join("\n")
}

/// The columns in as many groups as it takes to fit the width, the names first in each.
fn parts<'a>(names: &'a Column, columns: &[&'a Column], width: Option<u16>) -> Vec<Vec<&'a Column>> {
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

fn conclusions(report: &Report, best: Option<usize>, width: Option<u16>) -> String {
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
            printable(&report.results[best].estimator)
        );
        let others = report.results.iter().enumerate().filter(|&(i, row)| i != best && row.unbiased);
        let next =
            others.filter_map(|(_, row)| work(row).map(|w| (w, row))).min_by(|a, b| a.0.total_cmp(&b.0));
        match (next, work(&report.results[best])) {
            (Some((next, row)), Some(least)) if least > 0.0 && (next / least).is_finite() => {
                let _ = write!(
                    text,
                    "; the next, {}, has {} times as much",
                    printable(&row.estimator),
                    significant(next / least, 3)
                );
            }
            (_, Some(0.0)) => text.push_str(" (no variance at all)"),
            _ => {}
        }
        line("best", &text);
    }
    let biased: Vec<_> =
        report.results.iter().filter(|r| !r.unbiased).map(|r| printable(&r.estimator)).collect();
    if !biased.is_empty() {
        let (verb, whose) = if biased.len() == 1 { ("is", "its") } else { ("are", "their") };
        let names = biased.join(", ");
        line("biased", &format!("{names} {verb} never best: {whose} variance does not count {whose} bias"));
    }
    out
}

fn skipped(report: &Report, width: Option<u16>) -> String {
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
fn tensor(value: &Tensor) -> String {
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

fn nested(shape: &[usize], texts: &[String]) -> String {
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

/// Mean ± standard error of the mean, or the single value.
fn mean_text(values: &[f64]) -> String {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    if values.len() < 2 {
        return significant(mean, 4);
    }
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    plus_minus_text(mean, Some((variance / n).sqrt()))
}

/// A path in at most `width` characters, each the mean of a stretch; `×` where a stretch has no finite value.
fn sparkline(values: &[f64], width: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let columns = values.len().min(width.max(1));
    let stretch = |i: usize| {
        let part = &values[i * values.len() / columns..(i + 1) * values.len() / columns];
        let finite: Vec<f64> = part.iter().copied().filter(|x| x.is_finite()).collect();
        (!finite.is_empty()).then(|| finite.iter().map(|x| x / finite.len() as f64).sum::<f64>())
    };
    let means: Vec<Option<f64>> = (0..columns).map(stretch).collect();
    let low = means.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let high = means.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = (high / 2.0 - low / 2.0).max(f64::MIN_POSITIVE);
    let bar = |mean: Option<f64>| {
        mean.map_or('×', |m| BARS[(((m / 2.0 - low / 2.0) / range) * 7.0).round().clamp(0.0, 7.0) as usize])
    };
    means.into_iter().map(bar).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use aleator::diagnostics::{Exact, Mean, PathPoint, Skipped};

    use super::*;

    fn numbers(values: &[f64]) -> Vec<Number> {
        values.iter().map(|&x| Number(x)).collect()
    }

    /// A row with one vector parameter; `variance` is of one estimate.
    pub(crate) fn row(
        estimator: &str,
        mean: &[f64],
        exact: Option<&[f64]>,
        variance: f64,
        seconds: f64,
        unbiased: bool,
        replicates: usize,
    ) -> Row {
        let error = (variance / replicates as f64).sqrt();
        let z = exact.map(|exact| {
            mean.iter().zip(exact).map(|(m, e)| (error > 0.0).then(|| Number((m - e) / error))).collect()
        });
        let total = variance * mean.len() as f64;
        Row {
            estimator: estimator.into(),
            plan: BTreeMap::from([("b".to_string(), estimator.to_string())]),
            samples: if estimator.contains("loo") { 2 } else { 1 },
            unbiased,
            objective: Mean { mean: Number(0.2756), std_error: Some(Number(0.00012)) },
            gradient: BTreeMap::from([(
                "theta".to_string(),
                GradientEstimate {
                    shape: if mean.len() == 1 { vec![] } else { vec![mean.len()] },
                    mean: numbers(mean),
                    std_error: Some(numbers(&vec![error; mean.len()])),
                    variance: Some(numbers(&vec![variance; mean.len()])),
                    exact: exact.map(numbers),
                    z,
                },
            )]),
            total_variance: Some(Number(total)),
            own_parameters: BTreeMap::new(),
            evaluations: 3,
            seconds_per_estimate: Number(seconds),
            work_normalised_variance: Some(Number(total * seconds)),
        }
    }

    pub(crate) fn report(results: Vec<Row>, exact: Option<&[f64]>) -> Report {
        let work = |r: &Row| r.work_normalised_variance.map_or(f64::INFINITY, |w| w.0);
        let best = results
            .iter()
            .filter(|r| r.unbiased)
            .min_by(|a, b| work(a).total_cmp(&work(b)))
            .map(|r| r.estimator.clone());
        let gradient = exact.map(|e| {
            let shape = if e.len() == 1 { vec![] } else { vec![e.len()] };
            BTreeMap::from([("theta".to_string(), Tensor { shape, values: numbers(e) })])
        });
        Report {
            aleator: "0.1.0",
            file: "toy.scg".into(),
            seed: 0,
            samples: 1,
            replicates: 100_000,
            tune: 0,
            exact: Exact {
                method: exact.map(|_| "enumeration"),
                objective: exact.map(|_| Number(0.2525)),
                gradient: gradient.unwrap_or_default(),
            },
            results,
            best,
            skipped: ["pathwise", "implicit_reparameterization"]
                .map(|e| Skipped {
                    estimator: e.into(),
                    reason: "the site b is Bernoulli, which is discrete: no differentiable sampling path"
                        .into(),
                })
                .to_vec(),
            warnings: Vec::new(),
        }
    }

    /// REBAR's toy problem under eight estimators.
    pub(crate) fn toy() -> Report {
        let exact = [0.025];
        let row = |name, mean: f64, variance, seconds, unbiased| {
            row(name, &[mean], Some(&exact), variance, seconds, unbiased, 100_000)
        };
        report(
            vec![
                row("score_function", 0.02431, 0.0163, 4.1e-8, true),
                row("reinforce_loo", 0.025_03, 0.000_21, 9.3e-8, true),
                row("muprop", 0.0249, 0.0017, 8.8e-8, true),
                row("rebar", 0.025_11, 0.0042, 1.1e-7, true),
                row("relax", 0.0247, 0.0058, 9.4e-7, true),
                row("gumbel_softmax", 0.0391, 0.0024, 7.0e-8, false),
                row("straight_through", 0.0251, 0.0151, 3.6e-8, false),
                row("enumeration", 0.025, 0.0, 6.0e-8, true),
            ],
            Some(&exact),
        )
    }

    #[test]
    fn the_table_of_compare() {
        let mut report = toy();
        report.results.pop();
        report.best = Some("reinforce_loo".into());
        let text = comparison(&report, None, false);
        println!("{text}");
        for part in [
            "0.2756",
            "± 0.00012",
            "★ reinforce_loo",
            "biased, z = 91.0",
            "none, z = ",
            "by enumeration",
            "pathwise, implicit_reparameterization: ",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(
            text.contains("best      reinforce_loo: unbiased, with the smallest variance × time; the next, "),
            "{text}"
        );
        assert!(text.contains("gumbel_softmax, straight_through are never best"));
        assert!(!text.contains('\u{1b}'));
        assert!(comparison(&report, None, true).contains('\u{1b}'));
        // All ± of a column stand below each other.
        let columns: Vec<_> =
            text.lines().filter(|l| l.contains(" ± ")).map(|l| l.chars().position(|c| c == '±')).collect();
        assert_eq!(columns.len(), 7);
        assert!(columns.windows(2).all(|w| w[0] == w[1]), "{columns:?}");
    }

    #[test]
    fn narrow_terminals_get_two_tables() {
        let text = comparison(&toy(), Some(100), false);
        println!("{text}");
        assert_eq!(text.matches("estimator ").count() - text.matches("estimators").count(), 2, "{text}");
        assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");
        let text = comparison(&toy(), Some(60), false);
        println!("{text}");
        assert!(text.lines().all(|l| l.chars().count() <= 60), "{text}");
        for width in [0, 1, 10, 40, 65535] {
            comparison(&toy(), Some(width), true);
            gradient(&toy(), Some(width), true);
        }
    }

    #[test]
    fn no_variance_is_best_and_exact() {
        let text = comparison(&toy(), None, false);
        assert!(
            text.contains("★ enumeration")
                && text.contains("none, exact")
                && text.contains("(no variance at all)"),
            "{text}"
        );
    }

    #[test]
    fn many_coordinates_are_summarised() {
        let exact: Vec<f64> = (0..50).map(|i| 0.1 * f64::from(i)).collect();
        let mut off = exact.clone();
        off[7] += 1.0;
        let rows = vec![
            row("rebar", &exact, Some(&exact), 0.1, 1e-6, true, 1000),
            row("nvil", &off, Some(&exact), 0.2, 1e-6, true, 1000),
        ];
        let report = report(rows, Some(&exact));
        let text = comparison(&report, None, false);
        println!("{text}");
        assert!(text.contains("‖∇‖ of 50") && text.contains("max |z| = 0.0 of 50"), "{text}");
        assert!(text.contains("none expected, but max |z| = 70.7 of 50"), "{text}");
        let text = gradient(&report, None, false);
        println!("{text}");
        assert!(text.contains("theta: the first 20 of 50 elements are shown"), "{text}");
        assert!(text.contains("theta[19]") && !text.contains("theta[20]"));
    }

    #[test]
    fn without_an_exact_answer_and_with_bad_numbers() {
        let mut rows = vec![
            row("rebar", &[f64::NAN], None, f64::INFINITY, f64::NAN, true, 1000),
            row("nvil", &[1.0], None, 0.0, 0.0, false, 1),
        ];
        rows[1].total_variance = None;
        rows[1].work_normalised_variance = None;
        rows[1].gradient.values_mut().for_each(|g| g.std_error = None);
        let text = comparison(&report(rows, None), None, false);
        println!("{text}");
        assert!(text.contains("nan") && text.contains("1.000 ± ?") && text.contains("not known"), "{text}");
        let empty = report(Vec::new(), None);
        assert!(comparison(&empty, Some(80), false).contains("No estimator could run."));
        assert!(gradient(&empty, Some(80), false).contains("No estimate."));
    }

    #[test]
    fn the_table_of_grad() {
        let mut report = toy();
        report.results.truncate(1);
        let text = gradient(&report, None, false);
        println!("{text}");
        assert!(text.contains("b via score_function; K = 1, 3 evaluations per estimate, unbiased"), "{text}");
        assert!(
            text.contains("0.02431 ± 0.00040")
                && text.contains("-1.71")
                && text.contains("exact 0.2525 (by enumeration)"),
            "{text}"
        );
    }

    pub(crate) fn path(points: usize) -> OptimizationPath {
        let at = |i: usize| {
            let t = i as f64 / points.max(2) as f64;
            let noise = ((i * 7919 % 101) as f64 / 101.0 - 0.5) * 0.08;
            let parameters = BTreeMap::from([
                (
                    "phi".to_string(),
                    numbers(&[0.2 - 2.0 * t, -0.4 + (4.0 * t).tanh(), 1.0 - (6.0 * t).sin() * 0.5]),
                ),
                ("theta".to_string(), numbers(&[-2.5 * (1.0 - (-4.0 * t).exp())])),
            ]);
            PathPoint { step: i * 5, objective: Number(0.2 + 0.6 * (-5.0 * t).exp() + noise), parameters }
        };
        let history: Vec<PathPoint> = (0..points).map(at).collect();
        let tensor =
            |shape: &[usize], values: &[f64]| Tensor { shape: shape.to_vec(), values: numbers(values) };
        OptimizationPath {
            aleator: "0.1.0",
            file: "toy.scg".into(),
            seed: 0,
            steps: points.saturating_sub(1) * 5,
            optimizer: "adam".into(),
            lr: Number(0.01),
            plan: BTreeMap::from([("b".to_string(), "rebar(temperature=0.5)".to_string())]),
            history,
            parameters: BTreeMap::from([
                ("W".to_string(), tensor(&[2, 2], &[1.0, -0.25, 1e-7, 3.0])),
                ("phi".to_string(), tensor(&[40], &[0.5; 40])),
                ("theta".to_string(), tensor(&[], &[-2.4567])),
            ]),
            own_parameters: BTreeMap::new(),
        }
    }

    #[test]
    fn the_summary_of_optimize() {
        let text = optimization(&path(200));
        println!("{text}");
        assert!(
            text.starts_with("toy.scg: 995 steps of adam, lr 0.01, seed 0\n  b via rebar(temperature=0.5)\n"),
            "{text}"
        );
        assert!(
            text.contains("objective  0.6")
                && text.contains(" → 0.20")
                && text.contains('±')
                && text.contains('█')
                && text.contains('▁')
        );
        assert!(
            text.contains("theta = -2.457") && text.contains("W     = [[1.000, -0.2500], [1.000e-7, 3.000]]"),
            "{text}"
        );
        assert!(text.contains("… 32 more]  shape [40]"), "{text}");
        let mut bad = path(3);
        bad.history[1].objective = Number(f64::NAN);
        bad.history[2].objective = Number(f64::INFINITY);
        let text = optimization(&bad);
        assert!(text.contains("not finite at 2 of 3 points") && text.contains('×'), "{text}");
        assert!(optimization(&path(0)).contains("No step was taken."));
    }

    #[test]
    fn names_of_elements() {
        assert_eq!(element_name("W", &[3, 2], 5), "W[2, 1]");
        assert_eq!(element_name("theta", &[], 0), "theta");
    }
}
