//! The picture of `compare`: dots with intervals for variance and bias.

use aleator::diagnostics::{Number, Report, Row};
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axis::{Axis, drawable};
use super::page::{
    Area, Font, Hover, INK, RULE, SOFT, UNBIASED, fail, picture_with_hover, px, rule, stroke, text,
};
use crate::report::numbers::{duration, plus_minus_text, significant};
use crate::report::table::{l2, label, norm};
use crate::report::text::{ellipsize, printable, text_width};

const BIASED: RGBColor = RGBColor(0xb5, 0x5a, 0x0a);

/// The height of a row.
const ROW: f64 = 27.0;
/// The room above the first row.
const TOP: f64 = 98.0;
/// The width of a panel.
const PANEL: f64 = 260.0;
/// The room at the left of a logarithmic axis for exact zeros.
const ZEROS: f64 = 30.0;

/// Variance and bias of the estimators of `compare`, side by side, as dots with intervals of two standard errors.
///
/// Where no exact gradient is known, variance × time takes the place of the bias. Variances have a logarithmic axis; a variance of
/// exactly 0 stands at its edge. Biased estimators have hollow squares. Each row says its numbers on hover.
pub fn comparison_svg(report: &Report) -> Result<String, String> {
    let rows = &report.results;
    let verdict = report.verdict();
    let name = |(i, row): (usize, &Row)| {
        let name = ellipsize(&label(rows, row), 52);
        match () {
            () if verdict.best == Some(i) => format!("★ {name}"),
            () if verdict.ties.contains(&i) => format!("{name} (tied with ★)"),
            () => name,
        }
    };
    let names: Vec<String> = rows.iter().enumerate().map(name).collect();
    let names_width = names.iter().map(|n| text_width(n, 12.5, true)).fold(70.0, f64::max) + 16.0;

    let with_exact = rows.iter().any(|row| bias(row).is_some());
    let many = rows.iter().any(|row| row.gradient.values().map(|g| g.mean.len()).sum::<usize>() > 1);
    let second = if with_exact {
        let (title, axis) = if many {
            ("Bias", "‖mean − exact‖ ± 2 standard errors; grey: noise alone")
        } else {
            ("Bias", "mean − exact ± 2 standard errors")
        };
        Panel::linear(title, axis, rows.iter().map(|row| bias(row).unwrap_or_default()).collect())
    } else {
        let axis = "variance × seconds of one estimate, ± 2 standard errors";
        Panel::logarithmic("Variance × time", axis, rows.iter().map(work).collect())
    };
    let axis = "sum over coordinates, ± 2 standard errors";
    let panels =
        [Panel::logarithmic("Variance of one estimate", axis, rows.iter().map(variance).collect()), second];
    let values_width = panels
        .iter()
        .map(|p| p.dots.iter().map(|d| text_width(&d.text, 11.0, false)).fold(30.0, f64::max) + 14.0)
        .collect::<Vec<_>>();

    let left = 24.0 + names_width;
    let lefts = [left, left + PANEL + values_width[0] + 30.0];
    let width = lefts[1] + PANEL + values_width[1] + 20.0;
    let bottom = TOP + ROW * rows.len().max(1) as f64;
    let height = bottom + 92.0;

    picture_with_hover(width, height, |area| {
        let heading = format!(
            "{}: {} of the gradient",
            printable(&report.file),
            if with_exact { "variance and bias" } else { "variance" }
        );
        let room = ((width - 48.0) / 11.5).max(8.0) as usize;
        text(area, &ellipsize(&heading, room), (24.0, 30.0), Font::bold(17.0, INK), HPos::Left)?;
        let method = report.exact.method.map_or(String::new(), |m| format!(", exact gradient by {m}"));
        let note = format!("{} estimates each, seed {}{method}", report.replicates, report.seed);
        text(area, &note, (24.0, 52.0), Font::plain(12.0, SOFT), HPos::Left)?;
        if rows.is_empty() {
            text(area, "no estimator could run", (24.0, TOP), Font::plain(13.0, SOFT), HPos::Left)?;
            return Ok(Vec::new());
        }
        for (panel, &x) in panels.iter().zip(&lefts) {
            text(area, panel.title, (x, TOP - 18.0), Font::bold(13.0, INK), HPos::Left)?;
        }
        for (i, name) in names.iter().enumerate() {
            let font = if verdict.best == Some(i) { Font::bold(12.5, INK) } else { Font::plain(12.5, INK) };
            text(area, name, (left - 12.0, TOP + ROW * (i as f64 + 0.5)), font, HPos::Right)?;
        }
        for ((panel, &x), values) in panels.iter().zip(&lefts).zip(&values_width) {
            panel.draw(area, rows, x, x + PANEL + values)?;
        }
        legend(area, report, (24.0, height - 20.0), verdict.best.is_some())?;
        let hover = |(i, row): (usize, &Row)| Hover {
            at: (0.0, TOP + ROW * i as f64),
            size: (width, ROW),
            text: hover_text(&names[i], row),
        };
        Ok(rows.iter().enumerate().map(hover).collect())
    })
}

/// What the marks mean.
fn legend(area: &Area, report: &Report, (mut x, y): (f64, f64), best: bool) -> Result<(), String> {
    let undefined = report.results.iter().any(Row::is_undefined);
    let word = if undefined { "biased or undefined" } else { "biased" };
    for (biased, word) in [(false, "unbiased"), (true, word)] {
        if report.results.iter().any(|r| r.unbiased != biased) {
            dot(area, (x + 6.0, y), biased)?;
            text(area, word, (x + 18.0, y), Font::plain(11.5, SOFT), HPos::Left)?;
            x += if undefined && biased { 152.0 } else { 92.0 };
        }
    }
    let said = match () {
        () if report.all_same => {
            "no cost depends on a parameter through a draw: all estimators are the same, none is best"
        }
        () if best => "★ best: smallest variance × time, unbiased",
        () => "none is best: no estimator is unbiased with a finite variance × time",
    };
    text(area, said, (x, y), Font::plain(11.5, SOFT), HPos::Left)
}

/// The numbers of a row in words.
fn hover_text(name: &str, row: &Row) -> String {
    let variance = row.total_variance.map_or(f64::NAN, |v| v.0);
    let variance = plus_minus_text(variance, row.total_variance_std_error.map(|e| e.0));
    let time = duration(row.seconds_per_estimate.0);
    let spread = row.seconds_spread.map_or(String::new(), |s| format!(" ± {}", duration(s.0)));
    let bias = bias(row).map_or(String::new(), |b| format!("; mean − exact {}", b.text));
    let word = bias_word(row);
    format!(
        "{name}: {word}, K = {}, variance {variance}, time {time}{spread}, {} evaluations{bias}",
        row.samples, row.evaluations
    )
}

/// Whether a row is biased, in a word.
fn bias_word(row: &Row) -> &'static str {
    match () {
        () if row.is_undefined() => "undefined",
        () if row.unbiased => "unbiased",
        () => "biased",
    }
}

/// A disc, or a hollow square for what is biased.
fn dot(area: &Area, (x, y): (f64, f64), biased: bool) -> Result<(), String> {
    if !biased {
        return area.draw(&Circle::new((px(x), px(y)), px(4.6), UNBIASED.filled())).map_err(fail);
    }
    let corners = [(px(x - 4.4), px(y - 4.4)), (px(x + 4.4), px(y + 4.4))];
    area.draw(&Rectangle::new(corners, WHITE.filled())).map_err(fail)?;
    let [(x0, y0), (x1, y1)] = corners;
    // Strokes of rectangles have no width.
    let outline = vec![(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0), (x1, y0)];
    area.draw(&PathElement::new(outline, stroke(&BIASED, 1.8))).map_err(fail)
}

/// One row of a panel.
struct Dot {
    value: f64,
    /// The interval of two standard errors.
    interval: Option<(f64, f64)>,
    /// What would be seen without a bias.
    noise: Option<f64>,
    text: String,
}

impl Default for Dot {
    fn default() -> Self {
        Dot { value: f64::NAN, interval: None, noise: None, text: "—".into() }
    }
}

/// A positive number with a relative standard error. Its interval is symmetric in the logarithm, so that it never reaches 0.
fn positive(value: Option<Number>, relative: Option<f64>) -> Dot {
    let Some(Number(value)) = value else { return Dot::default() };
    let interval = relative.filter(|r| r.is_finite() && *r > 0.0 && value > 0.0);
    let interval = interval.map(|r| (value * (-2.0 * r).exp(), value * (2.0 * r).exp()));
    Dot { value, interval, noise: None, text: significant(value, 3) }
}

/// The relative standard error of the variance.
fn error_of_variance(row: &Row) -> Option<f64> {
    Some(row.total_variance_std_error?.0 / row.total_variance?.0)
}

fn variance(row: &Row) -> Dot {
    positive(row.total_variance, error_of_variance(row))
}

fn work(row: &Row) -> Dot {
    let of_time = row.seconds_spread.map(|s| s.0 / row.seconds_per_estimate.0);
    positive(row.work_normalised_variance, error_of_variance(row).zip(of_time).map(|(v, t)| v.hypot(t)))
}

/// The distance of the mean gradient from the exact one: signed for one coordinate, the norm for several, whose interval ends at 0.
fn bias(row: &Row) -> Option<Dot> {
    let mut differences = Vec::new();
    let mut errors = Vec::new();
    for g in row.gradient.values() {
        for (mean, exact) in g.mean.iter().zip(g.exact.as_ref()?) {
            differences.push(mean.0 - exact.0);
        }
        errors.push(g.std_error.as_ref().map(|s| s.iter().map(|s| s.0).collect::<Vec<_>>()));
    }
    let errors: Option<Vec<f64>> = errors.into_iter().collect::<Option<Vec<_>>>().map(|e| e.concat());
    let (value, error, noise, least) = match differences.as_slice() {
        [] => return None,
        [one] => (*one, errors.map(|e| e[0]), None, f64::NEG_INFINITY),
        many => {
            let many: Vec<Number> = many.iter().map(|&d| Number(d)).collect();
            let errors: Option<Vec<Number>> = errors.map(|e| e.into_iter().map(Number).collect());
            let (value, error) = norm(&many, errors.as_deref());
            (value, error, errors.map(|e| l2(e.into_iter().map(|e| e.0))), 0.0)
        }
    };
    let interval = error.map(|e| ((value - 2.0 * e).max(least), value + 2.0 * e));
    Some(Dot { value, interval, noise, text: plus_minus_text(value, error) })
}

/// A column of dots with an axis.
struct Panel {
    title: &'static str,
    axis_title: String,
    dots: Vec<Dot>,
    axis: Axis,
    /// Whether exact zeros stand at the left of the axis.
    zeros: bool,
}

impl Panel {
    fn logarithmic(title: &'static str, axis_title: &str, dots: Vec<Dot>) -> Panel {
        let ends = |d: &Dot| d.interval.map_or([d.value; 2], |(from, to)| [from, to]);
        let axis = Axis::for_dots(dots.iter().flat_map(|d| [d.value].into_iter().chain(ends(d))));
        let zeros = dots.iter().any(|d| d.value == 0.0);
        Panel { title, axis_title: format!("{axis_title}, logarithmic"), dots, axis, zeros }
    }

    fn linear(title: &'static str, axis_title: &str, dots: Vec<Dot>) -> Panel {
        let ends = |d: &Dot| d.interval.filter(|(from, to)| drawable(*from) && drawable(*to));
        let reach = dots.iter().flat_map(|d| {
            let (from, to) = ends(d).unwrap_or((d.value, d.value));
            [d.value, from, to, d.noise.unwrap_or(0.0)]
        });
        let axis = Axis::linear(reach.chain([0.0]), 4);
        Panel { title, axis_title: axis_title.into(), dots, axis, zeros: false }
    }

    fn draw(&self, area: &Area, rows: &[Row], x: f64, values: f64) -> Result<(), String> {
        let bottom = TOP + ROW * rows.len() as f64;
        let axis = &self.axis;
        let (from, end) = if self.zeros { (x + ZEROS, x + PANEL) } else { (x, x + PANEL) };
        let place = |position: f64| {
            from + (end - from) * ((position - axis.low) / (axis.high - axis.low)).clamp(0.0, 1.0)
        };
        let at = |value: f64| place(axis.position(value));
        for tick in &axis.ticks {
            let tx = place(*tick);
            rule(area, (tx, TOP), (tx, bottom), stroke(&RULE, 1.0))?;
            text(area, &axis.label(*tick), (tx, bottom + 13.0), Font::plain(10.5, SOFT), HPos::Center)?;
        }
        if self.zeros {
            // The axis is broken between 0 and the first power.
            rule(area, (x, TOP), (x, bottom), stroke(&SOFT, 1.0))?;
            text(area, "0", (x, bottom + 13.0), Font::plain(10.5, SOFT), HPos::Center)?;
        } else if !axis.log {
            rule(area, (at(0.0), TOP), (at(0.0), bottom), stroke(&SOFT, 1.0))?;
        }
        for (i, (shown, row)) in self.dots.iter().zip(rows).enumerate() {
            let y = TOP + ROW * (i as f64 + 0.5);
            rule(area, (x, y), (x + PANEL, y), stroke(&RULE, 0.7))?;
            if let Some(noise) = shown.noise.filter(|n| drawable(*n)) {
                rule(
                    area,
                    (at(noise), y - ROW * 0.32),
                    (at(noise), y + ROW * 0.32),
                    stroke(&SOFT.mix(0.6), 2.0),
                )?;
            }
            text(area, &shown.text, (values, y), Font::plain(11.0, SOFT), HPos::Right)?;
            if !drawable(shown.value) || axis.log && shown.value < 0.0 {
                continue;
            }
            let color = if row.unbiased { UNBIASED } else { BIASED };
            if let Some((low, high)) = shown.interval.filter(|(low, high)| drawable(*low) && drawable(*high))
            {
                rule(area, (at(low), y), (at(high), y), stroke(&color, 1.8))?;
                for end in [low, high] {
                    rule(area, (at(end), y - 4.0), (at(end), y + 4.0), stroke(&color, 1.4))?;
                }
            }
            let center = if axis.log && shown.value == 0.0 { x } else { at(shown.value) };
            dot(area, (center, y), !row.unbiased)?;
        }
        text(area, &self.axis_title, (x, bottom + 32.0), Font::plain(11.0, SOFT), HPos::Left)
    }
}
