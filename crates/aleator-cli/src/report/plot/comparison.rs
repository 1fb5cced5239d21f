//! The picture of `compare`: bars of variance and bias.

use aleator::diagnostics::{Number, Report, Row};
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axis::{Axis, drawable};
use super::page::{Area, Font, INK, RULE, SOFT, UNBIASED, fail, picture, px, rule, stroke, text};
use crate::report::numbers::{plus_minus_text, significant};
use crate::report::table::{l2, label, norm};
use crate::report::text::{ellipsize, printable, text_width};

const BIASED: RGBColor = RGBColor(0xd9, 0x80, 0x26);

/// Variance and bias of the estimators of `compare`, side by side.
///
/// Where no exact gradient is known, variance × time takes the place of the bias. Biased estimators are hatched.
pub fn comparison_svg(report: &Report) -> Result<String, String> {
    const ROW: f64 = 27.0;
    const TOP: f64 = 98.0;
    const PANEL: f64 = 250.0;
    let rows = &report.results;
    let names: Vec<String> = rows.iter().map(|r| ellipsize(&label(rows, r), 44)).collect();
    let names_width = names.iter().map(|n| text_width(n, 12.5, true)).fold(70.0, f64::max) + 28.0;

    let variance = Panel::new("Variance of one estimate", "sum over coordinates", rows, |row| Bar {
        value: row.total_variance.map_or(f64::NAN, |v| v.0),
        error: None,
        noise: None,
        text: row.total_variance.map_or_else(|| "—".to_string(), |v| significant(v.0, 3)),
    });
    let with_exact = rows.iter().any(|row| bias(row).is_some());
    let many = rows.iter().any(|row| row.gradient.values().map(|g| g.mean.len()).sum::<usize>() > 1);
    let second = if with_exact {
        let (title, axis) = if many {
            ("Bias", "‖mean − exact‖ ± 2 standard errors; grey: noise alone")
        } else {
            ("Bias", "mean − exact ± 2 standard errors")
        };
        Panel::new(title, axis, rows, |row| bias(row).unwrap_or_default())
    } else {
        Panel::new("Variance × time", "variance times seconds of one estimate", rows, |row| Bar {
            value: row.work_normalised_variance.map_or(f64::NAN, |v| v.0),
            error: None,
            noise: None,
            text: row.work_normalised_variance.map_or_else(|| "—".to_string(), |v| significant(v.0, 3)),
        })
    };
    let panels = [variance, second];
    let values_width = panels
        .iter()
        .map(|p| p.bars.iter().map(|b| text_width(&b.text, 11.0, false)).fold(30.0, f64::max) + 14.0)
        .collect::<Vec<_>>();

    let left = 24.0 + names_width;
    let lefts = [left, left + PANEL + values_width[0] + 26.0];
    let width = lefts[1] + PANEL + values_width[1] + 20.0;
    let bottom = TOP + ROW * rows.len().max(1) as f64;
    let height = bottom + 92.0;

    picture(width, height, |area| {
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
            return text(area, "no estimator could run", (24.0, TOP), Font::plain(13.0, SOFT), HPos::Left);
        }
        for (panel, &x) in panels.iter().zip(&lefts) {
            text(area, panel.title, (x, TOP - 18.0), Font::bold(13.0, INK), HPos::Left)?;
        }
        for (i, name) in names.iter().enumerate() {
            let y = TOP + ROW * (i as f64 + 0.5);
            let best = rows[i].unbiased && report.best.as_deref() == Some(&rows[i].estimator);
            let (font, name) = if best {
                (Font::bold(12.5, INK), format!("★ {name}"))
            } else {
                (Font::plain(12.5, INK), name.clone())
            };
            text(area, &name, (left - 12.0, y), font, HPos::Right)?;
        }
        for ((panel, &x), values) in panels.iter().zip(&lefts).zip(&values_width) {
            panel.draw(area, rows, (x, TOP, PANEL, ROW), x + PANEL + values)?;
        }
        let y = height - 20.0;
        let mut x = left;
        for (biased, word) in [(false, "unbiased"), (true, "biased")] {
            if rows.iter().any(|r| r.unbiased != biased) {
                bar(area, (x, y - 5.5), (x + 22.0, y + 5.5), biased)?;
                text(area, word, (x + 29.0, y), Font::plain(11.5, SOFT), HPos::Left)?;
                x += 110.0;
            }
        }
        if report.best.is_some() {
            text(
                area,
                "★ best: smallest variance × time, unbiased",
                (x, y),
                Font::plain(11.5, SOFT),
                HPos::Left,
            )?;
        }
        Ok(())
    })
}

/// A bar between two corners; biased ones are hatched.
fn bar(area: &Area, from: (f64, f64), to: (f64, f64), biased: bool) -> Result<(), String> {
    let (x0, x1) = (from.0.min(to.0), from.0.max(to.0));
    let (y0, y1) = (from.1.min(to.1), from.1.max(to.1));
    let corners = [(px(x0), px(y0)), (px(x1), px(y1))];
    if !biased {
        return area.draw(&Rectangle::new(corners, UNBIASED.filled())).map_err(fail);
    }
    area.draw(&Rectangle::new(corners, BIASED.mix(0.22).filled())).map_err(fail)?;
    // Lines x + y = c, cut off at the corners.
    let height = y1 - y0;
    let mut c = x0 + 6.0;
    while c < x1 + height {
        let start = if c <= x1 { (c, y0) } else { (x1, y0 + (c - x1)) };
        let end = if c - height >= x0 { (c - height, y1) } else { (x0, y0 + (c - x0)) };
        rule(area, start, end, stroke(&BIASED, 1.3))?;
        c += 6.0;
    }
    area.draw(&Rectangle::new(corners, stroke(&BIASED, 1.2))).map_err(fail)
}

/// One row of a panel.
#[derive(Default)]
struct Bar {
    value: f64,
    /// Standard error.
    error: Option<f64>,
    /// What would be seen without a bias.
    noise: Option<f64>,
    text: String,
}

/// The distance of the mean gradient from the exact one: signed for one coordinate, the norm for several.
fn bias(row: &Row) -> Option<Bar> {
    let mut differences = Vec::new();
    let mut errors = Vec::new();
    for g in row.gradient.values() {
        for (mean, exact) in g.mean.iter().zip(g.exact.as_ref()?) {
            differences.push(mean.0 - exact.0);
        }
        errors.push(g.std_error.as_ref().map(|s| s.iter().map(|s| s.0).collect::<Vec<_>>()));
    }
    let errors: Option<Vec<f64>> = errors.into_iter().collect::<Option<Vec<_>>>().map(|e| e.concat());
    let bar = match differences.as_slice() {
        [] => return None,
        [one] => Bar { value: *one, error: errors.map(|e| e[0]), ..Bar::default() },
        many => {
            let many: Vec<Number> = many.iter().map(|&d| Number(d)).collect();
            let errors: Option<Vec<Number>> = errors.map(|e| e.into_iter().map(Number).collect());
            let (value, error) = norm(&many, errors.as_deref());
            let noise = errors.map(|e| l2(e.into_iter().map(|e| e.0)));
            Bar { value, error, noise, text: String::new() }
        }
    };
    let text = plus_minus_text(bar.value, bar.error);
    Some(Bar { text, ..bar })
}

/// A column of bars with an axis.
struct Panel {
    title: &'static str,
    axis_title: &'static str,
    bars: Vec<Bar>,
    axis: Axis,
}

impl Panel {
    fn new(title: &'static str, axis_title: &'static str, rows: &[Row], bar: impl Fn(&Row) -> Bar) -> Panel {
        let bars: Vec<Bar> = rows.iter().map(bar).collect();
        let reach = bars.iter().flat_map(|b| {
            let error = 2.0 * b.error.filter(|e| drawable(*e)).unwrap_or(0.0);
            [b.value - error, b.value + error, b.noise.unwrap_or(0.0)]
        });
        let plain = bars.iter().all(|b| b.error.is_none());
        let axis = if plain {
            Axis::for_bars(bars.iter().map(|b| b.value))
        } else {
            Axis::linear(reach.chain([0.0]), 4)
        };
        Panel { title, axis_title, bars, axis }
    }

    fn draw(
        &self,
        area: &Area,
        rows: &[Row],
        (x, top, width, row): (f64, f64, f64, f64),
        values: f64,
    ) -> Result<(), String> {
        let bottom = top + row * rows.len() as f64;
        let axis = &self.axis;
        let span = axis.high - axis.low;
        let at = |value: f64| x + width * ((axis.position(value) - axis.low) / span).clamp(0.0, 1.0);
        for tick in &axis.ticks {
            let tx = x + width * (tick - axis.low) / span;
            rule(area, (tx, top), (tx, bottom), stroke(&RULE, 1.0))?;
            text(area, &axis.label(*tick), (tx, bottom + 13.0), Font::plain(10.5, SOFT), HPos::Center)?;
        }
        let zero = if axis.log { x } else { at(0.0) };
        for (i, (bar_, row_)) in self.bars.iter().zip(rows).enumerate() {
            let middle = top + row * (i as f64 + 0.5);
            let shown = bar_.value.is_finite() && (!axis.log || bar_.value > 0.0);
            if shown && (at(bar_.value) - zero).abs() > 0.2 {
                bar(area, (zero, middle - row * 0.3), (at(bar_.value), middle + row * 0.3), !row_.unbiased)?;
            }
            if let Some(noise) = bar_.noise.filter(|n| drawable(*n)) {
                rule(
                    area,
                    (at(noise), middle - row * 0.38),
                    (at(noise), middle + row * 0.38),
                    stroke(&SOFT.mix(0.7), 2.0),
                )?;
            }
            if let Some(error) = bar_.error.filter(|e| drawable(*e) && shown) {
                let (from, to) = (at(bar_.value - 2.0 * error), at(bar_.value + 2.0 * error));
                rule(area, (from, middle), (to, middle), stroke(&INK, 1.2))?;
                for end in [from, to] {
                    rule(area, (end, middle - 3.5), (end, middle + 3.5), stroke(&INK, 1.2))?;
                }
            }
            text(area, &bar_.text, (values, middle), Font::plain(11.0, SOFT), HPos::Right)?;
        }
        rule(area, (zero, top), (zero, bottom), stroke(&SOFT, 1.0))?;
        let scale = if axis.log { ", logarithmic" } else { "" };
        text(
            area,
            &format!("{}{scale}", self.axis_title),
            (x, bottom + 32.0),
            Font::plain(11.0, SOFT),
            HPos::Left,
        )
    }
}
