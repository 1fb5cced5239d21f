//! The table of `compare`: one row per estimator, what follows from it, and what was skipped.

use std::fmt::Write as _;

use aleator::diagnostics::{Number, Report, Row, Verdict};
use aleator::graph::Rewards;

use super::choices::choices;
use super::columns::{Cells, Column, Mark, cells, empty_table, fill, finish};
use super::conclusions::conclusions;
use super::values::{
    SUSPICIOUS_Z, element_name, heading, norm, objective_of, pair, shape_of, short_label, skipped, worst_z,
};
use crate::report::numbers::{align_plus_minus, align_points, duration, plus_minus, significant};
use crate::report::text::wrap;

/// Gradients of at most this many coordinates get a column for each.
const FEW_COORDINATES: usize = 3;

/// Characters to which a name is cut at most.
const SHORTEST_NAME: usize = 16;

/// The table of `compare`: one row per estimator, and below it the exact answer, the best estimator, and what was skipped.
///
/// `width` is the terminal's; columns that do not fit are left out, and the last line of the table says which. `color` adds
/// terminal colours.
pub fn comparison(report: &Report, width: Option<u16>, color: bool) -> String {
    let mut out = heading(report);
    out.push_str(&choices(&report.measured));
    if report.rewards != Rewards::None {
        let _ = writeln!(out, "{}", objective_of(report.rewards));
    }
    let rows = &report.results;
    if rows.is_empty() {
        out.push_str("\nNo estimator could run.\n");
    } else {
        let verdict = report.verdict();
        let (columns, left_out) = chosen_columns(report, &verdict, width);
        let mut table = empty_table(width, color);
        fill(&mut table, &columns.iter().collect::<Vec<_>>(), rows.len(), |i| mark(&rows[i], i, &verdict));
        let _ = writeln!(out, "\n{}", finish(&table));
        if !left_out.is_empty() {
            let columns = format!("not shown at this width: {}", left_out.join(", "));
            let _ = writeln!(out, "{}", wrap(&columns, width.map_or(100, usize::from), 2));
        }
        let shown: Vec<String> = columns[0].cells.iter().map(|name| name.chars().skip(2).collect()).collect();
        out.push_str(&conclusions(report, &verdict, &shown, width));
    }
    out.push_str(&skipped(report, width));
    out
}

/// The same table with all columns, as texts: its head and its rows.
pub(crate) fn comparison_cells(report: &Report, verdict: &Verdict) -> Cells {
    if report.results.is_empty() {
        return (Vec::new(), Vec::new());
    }
    cells(&chosen_columns(report, verdict, None).0)
}

fn mark(row: &Row, i: usize, verdict: &Verdict) -> Mark {
    let far = worst_z(row).is_some_and(|(z, _)| z.is_nan() || z.abs() > SUSPICIOUS_Z);
    match () {
        () if verdict.best == Some(i) => Mark::Best,
        () if !row.unbiased => Mark::Warn,
        () if row.differs() || far => Mark::Wrong,
        () => Mark::Plain,
    }
}

/// The columns that fit, and the names of those that are left out: first the objective, then K and evaluations, then the gradient,
/// then the words about the bias.
fn chosen_columns(
    report: &Report,
    verdict: &Verdict,
    width: Option<u16>,
) -> (Vec<Column>, Vec<&'static str>) {
    let rows = &report.results;
    let objective: Vec<_> = rows.iter().map(|r| pair(r.objective.mean, r.objective.std_error)).collect();
    let optional = |x: Option<Number>| x.map_or_else(|| "—".to_string(), |x| significant(x.0, 3));
    let variances: Vec<String> = rows.iter().map(|r| optional(r.total_variance)).collect();
    let names = || Column::names(report, verdict.best, short_label);
    let optional_columns: [(&'static str, Vec<Column>); 4] = [
        ("objective", vec![Column::left("objective", align_plus_minus(&objective))]),
        (
            "K, evaluations",
            vec![
                Column::right("K", rows.iter().map(|r| r.samples.to_string())),
                Column::right("evals", rows.iter().map(|r| r.evaluations.to_string())),
            ],
        ),
        ("gradient", gradient_columns(rows)),
        ("bias", vec![Column::left("bias", rows.iter().map(bias))]),
    ];
    let last = || {
        vec![
            Column::left("variance", align_points(&variances)),
            Column::right("time", rows.iter().map(time)),
            price(rows, verdict.best),
            conclusion_column(report, verdict),
        ]
    };
    // The order in which columns stand is not that in which they go.
    let total = optional_columns.len();
    for gone in 0..=total {
        let shown = |place: usize| place >= gone;
        let parts = [1, 0, 2, 3].into_iter().filter(|&place| shown(place));
        let fixed = last();
        let chosen: Vec<&Column> = parts.flat_map(|place| &optional_columns[place].1).chain(&fixed).collect();
        let mut first = names();
        let needed = natural_width(std::iter::once(&first).chain(chosen.iter().copied()));
        if gone == total || width.is_none_or(|w| needed <= usize::from(w)) {
            // Names are cut if nothing else can be left out; they stand in full below the table.
            let over = needed.saturating_sub(width.map_or(usize::MAX, usize::from));
            let room = first.width().saturating_sub(over).max(SHORTEST_NAME);
            first.cells.iter_mut().for_each(|name| *name = cut(name, room));
            let chosen = chosen.into_iter().cloned();
            let left_out = optional_columns[..gone].iter().map(|(name, _)| *name).collect();
            return (std::iter::once(first).chain(chosen).collect(), left_out);
        }
    }
    (vec![names()], vec![])
}

/// A name without its middle: names that differ do so at an end.
fn cut(name: &str, room: usize) -> String {
    let characters: Vec<char> = name.chars().collect();
    if characters.len() <= room {
        return name.to_string();
    }
    let tail = room.saturating_sub(1) / 2;
    let head = room.saturating_sub(1 + tail);
    let (head, tail) = (&characters[..head], &characters[characters.len() - tail..]);
    head.iter().chain(&['…']).chain(tail).collect()
}

/// The width of a table of these columns: two blanks between columns.
fn natural_width<'a>(columns: impl Iterator<Item = &'a Column>) -> usize {
    columns.map(|c| c.width() + 2).sum::<usize>().saturating_sub(1)
}

/// The time of one estimate and its spread over the rounds.
fn time(row: &Row) -> String {
    let seconds = row.seconds_per_estimate.0;
    let spread = row.seconds_spread.map_or(f64::NAN, |s| 100.0 * s.0 / seconds);
    let spread = match spread {
        s if !s.is_finite() => "   ?".to_string(),
        s if s < 0.5 => " <1%".to_string(),
        s => format!("{:>4}", format!("{s:.0}%")),
    };
    format!("{} ±{spread}", duration(seconds))
}

/// What follows for each row.
fn conclusion_column(report: &Report, verdict: &Verdict) -> Column {
    let word = |(i, row): (usize, &Row)| match () {
        () if verdict.best == Some(i) => "best",
        () if verdict.ties.contains(&i) => "tied with ★",
        () if row.is_undefined() => "undefined",
        () if !row.unbiased => "biased",
        () if row.differs() => "off",
        () => "",
    };
    Column::left("", report.results.iter().enumerate().map(word).map(str::to_string))
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

/// The largest distance from the exact gradient over the coordinates without noise (where z does not exist); 0 where rounding
/// explains it.
fn noiseless_distance(row: &Row) -> Option<f64> {
    let mut distance = None;
    for g in row.gradient.values() {
        let (Some(exact), Some(z)) = (&g.exact, &g.z) else {
            continue;
        };
        for (i, _) in z.iter().enumerate().filter(|(_, z)| z.is_none()) {
            let d = (g.mean[i].0 - exact[i].0).abs();
            let d = if d <= g.slack[i] { 0.0 } else { d };
            // `f64::max` would forget a NaN.
            let largest = distance.unwrap_or(0.0);
            distance = Some(if d.is_nan() || d > largest { d } else { largest });
        }
    }
    distance
}

fn bias(row: &Row) -> String {
    if row.is_undefined() {
        return "undefined".into();
    }
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
            Some(distance) if distance.is_nan() => "not a number".into(),
            Some(distance) if row.unbiased => {
                format!("none expected, but off by {}", significant(distance, 3))
            }
            Some(distance) => format!("{word}, off by {}", significant(distance, 3)),
            None => word.to_string(),
        },
    }
}

/// Variance × time, as a multiple of the best where that makes sense.
fn price(rows: &[Row], best: Option<usize>) -> Column {
    let work = |row: &Row| row.work_normalised_variance.map(|w| w.0);
    let unit = best.and_then(|b| work(&rows[b])).filter(|w| *w > 0.0 && w.is_finite());
    let title = if unit.is_some() { "variance ×\ntime / best" } else { "variance\n× time" };
    let text = |row: &Row| match (work(row), unit) {
        (None, _) => "—".to_string(),
        (Some(work), None) => significant(work, 3),
        (Some(work), Some(unit)) => significant(work / unit, 3),
    };
    Column::left(title, align_points(&rows.iter().map(text).collect::<Vec<_>>()))
}
