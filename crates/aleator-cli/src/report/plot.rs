//! Charts as SVG and PNG.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use aleator::diagnostics::{Number, OptimizationPath, Report, Row};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use resvg::{tiny_skia, usvg};

use super::numbers::{plus_minus_text, significant};
use super::table::{element_name, l2, label, norm};
use super::text::{FONT_FAMILY, ellipsize, printable, text_width};

/// Plotters counts whole pixels; drawing this much larger keeps lines smooth.
const SCALE: u32 = 4;
/// Ranges wider than this get a logarithmic axis.
const LOG_RANGE: f64 = 50.0;
/// Points kept of one line.
const MAX_POINTS: usize = 1200;
/// Lines of parameters shown.
const MAX_LINES: usize = 10;
/// Most pixels of a PNG.
const MAX_PIXELS: f64 = 40e6;

pub(super) const INK: RGBColor = RGBColor(0x1f, 0x29, 0x37);
pub(super) const SOFT: RGBColor = RGBColor(0x5b, 0x65, 0x75);
const RULE: RGBColor = RGBColor(0xe4, 0xe7, 0xec);
const UNBIASED: RGBColor = RGBColor(0x2f, 0x6f, 0xb0);
const BIASED: RGBColor = RGBColor(0xd9, 0x80, 0x26);
pub(super) const LINES: [RGBColor; 10] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xaa, 0x3d, 0x86),
    RGBColor(0xc7, 0x9a, 0x0a),
    RGBColor(0x3a, 0x9b, 0xd0),
    RGBColor(0x7a, 0x4f, 0xbf),
    RGBColor(0x7f, 0x55, 0x39),
    RGBColor(0x4b, 0x55, 0x63),
    RGBColor(0xd6, 0x4b, 0x6a),
];

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

/// The objective and the parameters along an optimisation, against the step.
pub fn optimization_svg(path: &OptimizationPath) -> Result<String, String> {
    let step = |i: usize| path.history[i].step as f64;
    let objective: Vec<(f64, f64)> = path.history.iter().map(|p| (p.step as f64, p.objective.0)).collect();
    let mut first = Vec::new();
    if objective.len() >= 60 {
        first.push(Line {
            name: "one estimate".into(),
            color: UNBIASED,
            opacity: 0.3,
            width: 1.0,
            points: objective.clone(),
        });
        first.push(Line {
            name: "moving mean".into(),
            color: UNBIASED,
            opacity: 1.0,
            width: 2.2,
            points: moving_mean(&objective),
        });
    } else {
        first.push(Line {
            name: "objective".into(),
            color: UNBIASED,
            opacity: 1.0,
            width: 2.0,
            points: objective,
        });
    }

    // Every coordinate's path; where there are many, the ones that moved most.
    let mut coordinates: Vec<(String, usize, f64)> = Vec::new();
    let mut total = 0;
    if let (Some(start), Some(end)) = (path.history.first(), path.history.last()) {
        for (name, values) in &end.parameters {
            for (i, value) in values.iter().enumerate() {
                let moved =
                    start.parameters.get(name).and_then(|v| v.get(i)).map_or(0.0, |s| (value.0 - s.0).abs());
                coordinates.push((name.clone(), i, if moved.is_finite() { moved } else { f64::MAX }));
                total += 1;
            }
            coordinates.sort_by(|a, b| b.2.total_cmp(&a.2));
            coordinates.truncate(MAX_LINES);
        }
    }
    coordinates.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    let second: Vec<Line> = coordinates
        .iter()
        .enumerate()
        .map(|(line, (name, element, _))| {
            let value = |i: usize| {
                path.history[i].parameters.get(name).and_then(|v| v.get(*element)).map_or(f64::NAN, |v| v.0)
            };
            let shape = path.parameters.get(name).map(|p| p.shape.clone()).unwrap_or_default();
            Line {
                name: ellipsize(&element_name(name, &shape, *element), 24),
                color: LINES[line % LINES.len()],
                opacity: 1.0,
                width: 1.8,
                points: (0..path.history.len()).map(|i| (step(i), value(i))).collect(),
            }
        })
        .collect();
    let title = if total > second.len() {
        format!("Parameters ({} of {total} that moved most)", second.len())
    } else {
        "Parameters".to_string()
    };

    let (width, height) = (1120.0, 470.0);
    picture(width, height, |area| {
        let heading =
            format!("{}: {} steps of {}", printable(&path.file), path.steps, printable(&path.optimizer));
        text(area, &ellipsize(&heading, 90), (24.0, 30.0), Font::bold(17.0, INK), HPos::Left)?;
        let plan: Vec<String> =
            path.plan.iter().map(|(site, e)| format!("{} via {}", printable(site), printable(e))).collect();
        let note = ellipsize(
            &[&[format!("lr {}, seed {}", path.lr.0, path.seed)], plan.as_slice()].concat().join(", "),
            140,
        );
        text(area, &note, (24.0, 52.0), Font::plain(12.0, SOFT), HPos::Left)?;
        line_panel(area, (24.0, 72.0, 520.0, height - 84.0), "Objective", "step", "objective", &first)?;
        line_panel(area, (570.0, 72.0, 530.0, height - 84.0), &title, "step", "value", &second)
    })
}

/// Lines against a common axis. Values that are not finite leave gaps; positive values over several powers of ten get a logarithmic axis.
pub fn lines_svg(
    title: &str,
    x_label: &str,
    y_label: &str,
    lines: &[(&str, Vec<(f64, f64)>)],
) -> Result<String, String> {
    let lines: Vec<Line> = lines
        .iter()
        .enumerate()
        .map(|(i, (name, points))| Line {
            name: ellipsize(&printable(name), 30),
            color: LINES[i % LINES.len()],
            opacity: 1.0,
            width: 2.0,
            points: points.clone(),
        })
        .collect();
    let height = f64::max(440.0, 110.0 + 20.0 * lines.len() as f64);
    picture(820.0, height, |area| {
        text(area, &ellipsize(&printable(title), 66), (24.0, 30.0), Font::bold(17.0, INK), HPos::Left)?;
        line_panel(area, (24.0, 46.0, 780.0, height - 58.0), "", x_label, y_label, &lines)
    })
}

/// Renders an SVG at twice its size (less for huge pictures), with an embedded font: machines without fonts give the same picture.
pub fn to_png(svg: &str) -> Result<Vec<u8>, String> {
    static FONTS: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
        let mut fonts = usvg::fontdb::Database::new();
        fonts.load_font_data(dejavu::sans::regular().to_vec());
        fonts.load_font_data(dejavu::sans::bold().to_vec());
        fonts.set_sans_serif_family("DejaVu Sans");
        fonts.set_serif_family("DejaVu Sans");
        fonts.set_monospace_family("DejaVu Sans");
        Arc::new(fonts)
    });
    let options = usvg::Options {
        fontdb: FONTS.clone(),
        font_family: "DejaVu Sans".into(),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|e| format!("cannot read the picture: {e}"))?;
    let (width, height) = (f64::from(tree.size().width()), f64::from(tree.size().height()));
    let scale = 2f64.min((MAX_PIXELS / (width * height)).sqrt()).min(30_000.0 / width.max(height));
    let pixels = |length: f64| (length * scale).ceil().max(1.0) as u32;
    let mut pixmap =
        tiny_skia::Pixmap::new(pixels(width), pixels(height)).ok_or("the picture has no size")?;
    pixmap.fill(tiny_skia::Color::WHITE);
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale as f32, scale as f32), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|e| format!("cannot encode the picture: {e}"))
}

/// Writes an SVG to a file, as it is (`.svg`) or as pixels (`.png`).
pub fn write_plot(path: &Path, svg: &str) -> Result<(), String> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    let bytes = match extension.as_str() {
        "svg" => svg.as_bytes().to_vec(),
        "png" => to_png(svg)?,
        _ => {
            return Err(format!(
                "cannot tell the format of {}: its name should end in .svg or .png",
                path.display()
            ));
        }
    };
    std::fs::write(path, bytes).map_err(|e| format!("cannot write {}: {e}", path.display()))
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn fail(error: impl std::fmt::Display) -> String {
    format!("cannot draw: {error}")
}

/// Draws on a white page of the given size in points.
pub(super) fn picture(
    width: f64,
    height: f64,
    draw: impl FnOnce(&Area) -> Result<(), String>,
) -> Result<String, String> {
    let (width, height) = (width.ceil() as u32, height.ceil() as u32);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (width * SCALE, height * SCALE)).into_drawing_area();
        area.fill(&WHITE).map_err(fail)?;
        draw(&area)?;
        area.present().map_err(fail)?;
    }
    let large = format!(r#"width="{}" height="{}""#, width * SCALE, height * SCALE);
    Ok(svg.replacen(&large, &format!(r#"width="{width}" height="{height}""#), 1))
}

/// Points to Plotters' pixels.
fn px(x: f64) -> i32 {
    (x * f64::from(SCALE)).round().clamp(-1e8, 1e8) as i32
}

#[derive(Clone, Copy)]
pub(super) struct Font {
    size: f64,
    bold: bool,
    color: RGBColor,
}

impl Font {
    pub(super) fn plain(size: f64, color: RGBColor) -> Font {
        Font { size, bold: false, color }
    }

    pub(super) fn bold(size: f64, color: RGBColor) -> Font {
        Font { size, bold: true, color }
    }

    fn style(self, h: HPos) -> TextStyle<'static> {
        let style = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        // The SVG backend divides sizes by 1.24.
        let font = FontDesc::new(FontFamily::Name(FONT_FAMILY), self.size * f64::from(SCALE) * 1.24, style);
        TextStyle {
            color: self.color.to_backend_color(),
            ..TextStyle::from(font).pos(Pos::new(h, VPos::Center))
        }
    }
}

pub(super) fn text(area: &Area, text: &str, at: (f64, f64), font: Font, h: HPos) -> Result<(), String> {
    let shown = printable(text);
    area.draw(&Text::new(shown, (px(at.0), px(at.1)), font.style(h))).map_err(fail)
}

fn rule(area: &Area, from: (f64, f64), to: (f64, f64), style: impl Into<ShapeStyle>) -> Result<(), String> {
    area.draw(&PathElement::new(vec![(px(from.0), px(from.1)), (px(to.0), px(to.1))], style)).map_err(fail)
}

fn stroke(color: &impl Color, width: f64) -> ShapeStyle {
    ShapeStyle { color: color.to_rgba(), filled: false, stroke_width: px(width).max(1) as u32 }
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

/// Numbers beyond would overflow differences.
fn drawable(x: f64) -> bool {
    x.abs() < 1e300
}

/// A range with ticks; on a logarithmic axis all of these are exponents.
#[derive(Clone)]
struct Axis {
    low: f64,
    high: f64,
    ticks: Vec<f64>,
    log: bool,
}

impl Axis {
    /// Bars from zero, or from a power of ten if they differ much.
    fn for_bars(values: impl Iterator<Item = f64> + Clone) -> Axis {
        let positive = values.clone().filter(|x| drawable(*x) && *x > 0.0);
        let (low, high) = bounds(positive);
        if high > low && high / low > LOG_RANGE {
            let low = (low.log10() - 0.15).floor();
            return Axis::logarithmic(low, high.log10() + 0.05);
        }
        Axis::linear(values.chain([0.0]), 4)
    }

    /// Values of lines.
    fn for_lines(values: impl Iterator<Item = f64> + Clone) -> Axis {
        let (low, high) = bounds(values.clone().filter(|x| drawable(*x)));
        if low > 0.0 && high / low > 20.0 * LOG_RANGE {
            return Axis::logarithmic(low.log10(), high.log10());
        }
        Axis::linear(values, 5)
    }

    fn linear(values: impl Iterator<Item = f64>, count: usize) -> Axis {
        let (mut low, mut high) = bounds(values.filter(|x| drawable(*x)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        let least = low.abs().max(high.abs()) * 1e-9;
        if high - low <= least {
            let pad = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
            (low, high) = (low - pad, high + pad);
        }
        let rough = (high - low) / count as f64;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|m| m * power)
            .find(|s| *s >= rough * 0.999)
            .unwrap_or(rough);
        if step <= 0.0 || !step.is_finite() {
            return Axis { low: 0.0, high: 1.0, ticks: vec![0.0, 1.0], log: false };
        }
        // The last tick may lie a little inside: whole steps only where they do not waste much room.
        let pad = (high - low) * 0.03;
        let first = (low / step).floor();
        let last = (high / step).ceil();
        let fit = |tick: f64, end: f64| {
            if (tick - end).abs() < step * 0.35 { tick } else { end }
        };
        let low = if low == 0.0 { 0.0 } else { fit(first * step, low - pad) };
        let high = if high == 0.0 { 0.0 } else { fit(last * step, high + pad) };
        let inside = |t: &f64| *t >= low - step * 1e-6 && *t <= high + step * 1e-6;
        let ticks = (0..=(last - first) as usize).map(|i| (first + i as f64) * step).filter(inside).collect();
        Axis { low, high, ticks, log: false }
    }

    fn logarithmic(low: f64, high: f64) -> Axis {
        let stride = ((high - low) / 6.0).ceil().max(1.0);
        let first = (low / stride).ceil() as i64;
        let last = (high / stride).floor() as i64;
        let ticks = (first..=last).map(|i| i as f64 * stride).collect();
        Axis { low, high, ticks, log: true }
    }

    /// Where a value lies between `low` and `high`.
    fn position(&self, value: f64) -> f64 {
        if self.log { value.log10() } else { value }
    }

    fn label(&self, tick: f64) -> String {
        if self.log {
            return if (-4.0..=4.0).contains(&tick) {
                significant(10f64.powf(tick), 1)
            } else {
                format!("1e{tick}")
            };
        }
        let largest = self.low.abs().max(self.high.abs());
        let step = if self.ticks.len() > 1 { self.ticks[1] - self.ticks[0] } else { largest };
        if tick.abs() < step * 1e-6 {
            return "0".into();
        }
        if !(1e-4..1e6).contains(&largest) {
            let text = significant(tick, 3);
            return match text.split_once('e') {
                Some((digits, exponent)) if digits.contains('.') => {
                    format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'))
                }
                _ => text,
            };
        }
        let decimals = (-(step * 1.000_001).log10().floor()).clamp(0.0, 9.0) as usize;
        format!("{tick:.decimals$}")
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(-1.0, 2.0);
        limit.0 + (share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format(tick: &f64) -> String {
        tick.to_string()
    }

    fn format_ext(&self, tick: &f64) -> String {
        self.label(*tick)
    }
}

fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
        if x.is_finite() { (low.min(x), high.max(x)) } else { (low, high) }
    })
}

pub(super) struct Line {
    pub name: String,
    pub color: RGBColor,
    pub opacity: f64,
    pub width: f64,
    pub points: Vec<(f64, f64)>,
}

/// A chart of lines with its title above and its legend at the right, within a box given by its left, top, width and height.
pub(super) fn line_panel(
    area: &Area,
    (x, y, width, height): (f64, f64, f64, f64),
    title: &str,
    x_label: &str,
    y_label: &str,
    lines: &[Line],
) -> Result<(), String> {
    let finite = |line: &Line| {
        line.points.iter().copied().filter(|p| drawable(p.0) && drawable(p.1)).collect::<Vec<_>>()
    };
    let points: Vec<(f64, f64)> = lines.iter().flat_map(finite).collect();
    let horizontal = Axis::linear(points.iter().map(|p| p.0), 5);
    let vertical = Axis::for_lines(points.iter().map(|p| p.1));

    let legend = if lines.len() > 1 {
        lines.iter().map(|l| text_width(&l.name, 11.5, false)).fold(0.0, f64::max) + 40.0
    } else {
        10.0
    };
    let top = y + if title.is_empty() { 8.0 } else { 30.0 };
    if !title.is_empty() {
        text(area, title, (x, y + 8.0), Font::bold(13.0, INK), HPos::Left)?;
    }
    let bottom = y + height;
    let chart_width = width - legend;
    let ticks_width =
        vertical.ticks.iter().map(|t| text_width(&vertical.label(*t), 10.5, false)).fold(10.0, f64::max);
    let part = area.clone().shrink((px(x), px(top)), (px(chart_width), px(bottom - top)));
    let mut chart = ChartBuilder::on(&part)
        .margin_top(px(4.0))
        .margin_right(px(8.0))
        .set_label_area_size(LabelAreaPosition::Left, px(ticks_width + 34.0))
        .set_label_area_size(LabelAreaPosition::Bottom, px(44.0))
        .build_cartesian_2d(horizontal, vertical.clone())
        .map_err(fail)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(stroke(&RULE, 1.0))
        .light_line_style(TRANSPARENT)
        .axis_style(stroke(&SOFT.mix(0.6), 1.0))
        .set_all_tick_mark_size(px(4.0))
        .label_style(Font::plain(10.5, SOFT).style(HPos::Center))
        .draw()
        .map_err(fail)?;
    let middle = (x + (ticks_width + 34.0 + chart_width) / 2.0, (top + bottom - 40.0) / 2.0);
    let scale = if vertical.log { " (logarithmic)" } else { "" };
    let font = Font::plain(11.5, SOFT);
    let x_label = ellipsize(x_label, 60);
    text(area, &x_label, (middle.0, bottom - 10.0), font, HPos::Center)?;
    let y_label = printable(&ellipsize(&format!("{y_label}{scale}"), 50));
    let upwards = font.style(HPos::Center).transform(FontTransform::Rotate270);
    area.draw(&Text::new(y_label, (px(x + 8.0), px(middle.1)), upwards)).map_err(fail)?;
    for line in lines {
        let style = ShapeStyle { color: line.color.mix(line.opacity), ..stroke(&line.color, line.width) };
        let visible = |p: &(f64, f64)| drawable(p.0) && drawable(p.1) && (!vertical.log || p.1 > 0.0);
        for piece in line.points.split(|p| !visible(p)).filter(|piece| !piece.is_empty()) {
            let piece: Vec<_> = thin(piece).into_iter().map(|(x, y)| (x, vertical.position(y))).collect();
            if let [only] = piece.as_slice() {
                chart
                    .draw_series(std::iter::once(Circle::new(*only, px(2.0), line.color.filled())))
                    .map_err(fail)?;
            } else {
                chart.draw_series(LineSeries::new(piece, style)).map_err(fail)?;
            }
        }
    }
    if points.is_empty() {
        text(
            area,
            "no finite values",
            (x + chart_width / 2.0, (top + bottom) / 2.0),
            Font::plain(12.0, SOFT),
            HPos::Center,
        )?;
    }
    if lines.len() > 1 {
        for (i, line) in lines.iter().enumerate() {
            let (lx, ly) = (x + chart_width + 4.0, top + 14.0 + 20.0 * i as f64);
            let style = ShapeStyle {
                color: line.color.mix(line.opacity),
                ..stroke(&line.color, line.width.max(2.0))
            };
            rule(area, (lx, ly), (lx + 18.0, ly), style)?;
            text(area, &line.name, (lx + 24.0, ly), Font::plain(11.5, INK), HPos::Left)?;
        }
    }
    Ok(())
}

/// At most about `MAX_POINTS` points: of every stretch the lowest and the highest, so that no peak gets lost.
fn thin(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= MAX_POINTS {
        return points.to_vec();
    }
    let stretch = points.len().div_ceil(MAX_POINTS / 2);
    let mut kept = Vec::with_capacity(MAX_POINTS + 2);
    for part in points.chunks(stretch) {
        let by_height = |a: &usize, b: &usize| part[*a].1.total_cmp(&part[*b].1);
        let low = (0..part.len()).min_by(by_height).unwrap_or(0);
        let high = (0..part.len()).max_by(by_height).unwrap_or(0);
        kept.push(part[low.min(high)]);
        if low != high {
            kept.push(part[low.max(high)]);
        }
    }
    kept.extend(points.last());
    kept
}

/// Means over windows of about a twentieth of the points, where the whole window lies within the path.
fn moving_mean(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let reach = (points.len() / 40).max(2);
    let mean = |window: &[(f64, f64)]| window.iter().map(|p| p.1 / window.len() as f64).sum();
    points.windows(2 * reach + 1).map(|window| (window[reach].0, mean(window))).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::table::tests::{path, report, row, toy};
    use super::*;

    /// With `ALEATOR_LOOK=DIR` in the environment, leaves the picture there to be looked at.
    pub(crate) fn look_at(name: &str, svg: &str) {
        if let Some(directory) = std::env::var_os("ALEATOR_LOOK") {
            for extension in ["svg", "png"] {
                write_plot(&Path::new(&directory).join(format!("{name}.{extension}")), svg).unwrap();
            }
        }
    }

    fn assert_picture(svg: &str) {
        assert!(usvg::Tree::from_str(svg, &usvg::Options::default()).is_ok(), "{svg}");
        assert!(!svg.contains("NaN"));
    }

    #[test]
    fn variance_and_bias() {
        let svg = comparison_svg(&toy()).unwrap();
        look_at("comparison", &svg);
        assert_picture(&svg);
        for part in [
            "toy.scg",
            "Variance of one estimate",
            "mean − exact",
            "straight_through",
            "★",
            "logarithmic",
            ">\nbiased\n<",
        ] {
            assert!(svg.contains(part), "{part}");
        }
    }

    #[test]
    fn many_coordinates_and_no_exact() {
        let exact: Vec<f64> = (0..50).map(|i| 0.1 * f64::from(i)).collect();
        let mean: Vec<f64> = exact.iter().enumerate().map(|(i, x)| x + 0.004 * (i as f64).sin()).collect();
        let off: Vec<f64> = exact.iter().map(|x| x + 0.01).collect();
        let rows = |exact: Option<&[f64]>| {
            vec![
                row("reinforce_loo + pathwise", &mean, exact, 0.1, 1e-6, true, 1000),
                row("straight_through_gumbel_softmax + pathwise", &off, exact, 0.2, 1e-6, false, 1000),
            ]
        };
        let svg = comparison_svg(&report(rows(Some(&exact)), Some(&exact))).unwrap();
        look_at("comparison-many", &svg);
        assert!(svg.contains("‖mean − exact‖"));
        let svg = comparison_svg(&report(rows(None), None)).unwrap();
        look_at("comparison-no-exact", &svg);
        assert!(svg.contains("Variance × time"));
        assert_picture(&comparison_svg(&report(Vec::new(), None)).unwrap());
    }

    #[test]
    fn the_path_of_an_optimisation() {
        let svg = optimization_svg(&path(400)).unwrap();
        look_at("optimization", &svg);
        assert_picture(&svg);
        for part in ["objective", "step", "moving mean", "phi[2]", "theta", "1995 steps of adam"] {
            assert!(svg.contains(part), "{part}");
        }
        assert_picture(&optimization_svg(&path(0)).unwrap());
        assert_picture(&optimization_svg(&path(1)).unwrap());
        let mut large = path(5);
        for point in &mut large.history {
            point.parameters = BTreeMap::from([(
                "W".to_string(),
                (0..300).map(|i| Number(f64::from(i) * point.step as f64)).collect(),
            )]);
        }
        assert!(optimization_svg(&large).unwrap().contains("10 of 300 that moved most"));
    }

    #[test]
    fn lines_of_any_kind() {
        let decay: Vec<_> =
            (0..5000).map(|i| (f64::from(i), 1e3 * (-f64::from(i) / 400.0).exp() + 1e-3)).collect();
        let gap = vec![
            (0.0, 1.0),
            (1000.0, f64::NAN),
            (2000.0, 10.0),
            (3000.0, f64::INFINITY),
            (4000.0, 5.0),
            (4500.0, 2.0),
        ];
        let svg = lines_svg("Loss <& co>", "step", "loss", &[("training", decay), ("test", gap)]).unwrap();
        look_at("lines", &svg);
        assert_picture(&svg);
        assert!(svg.contains("logarithmic") && svg.contains("Loss &lt;&amp; co&gt;"));
        assert!(svg.len() < 60_000, "{}", svg.len());
        assert!(
            lines_svg("", "", "", &[("none", vec![(0.0, f64::NAN)])]).unwrap().contains("no finite values")
        );
    }

    #[test]
    fn axes_are_round() {
        let axis = Axis::linear([0.0, 0.93].into_iter(), 5);
        assert_eq!(
            axis.ticks.iter().map(|t| axis.label(*t)).collect::<Vec<_>>(),
            ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        let axis = Axis::for_bars([1e-7, 3e-3].into_iter());
        assert!(axis.log && axis.label(-7.0) == "1e-7" && axis.label(-2.0) == "0.01");
    }

    #[test]
    fn pixels_have_text() {
        let blank = to_png(r##"<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"/>"##).unwrap();
        let word = to_png(r##"<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><text y="15" font-family="No Such Font">abc</text></svg>"##).unwrap();
        assert!(
            blank.starts_with(b"\x89PNG") && word.len() > blank.len() + 100,
            "{} {}",
            blank.len(),
            word.len()
        );
        assert!(to_png("not a picture").is_err());
        to_png(r##"<svg xmlns="http://www.w3.org/2000/svg" width="300" height="400000"/>"##).unwrap();
    }

    #[test]
    fn the_extension_decides() {
        let directory = std::env::temp_dir().join(format!("aleator-plot-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let svg = lines_svg("t", "x", "y", &[]).unwrap();
        write_plot(&directory.join("a.SVG"), &svg).unwrap();
        write_plot(&directory.join("a.png"), &svg).unwrap();
        assert!(std::fs::read(directory.join("a.png")).unwrap().starts_with(b"\x89PNG"));
        assert!(write_plot(&directory.join("a.pdf"), &svg).unwrap_err().contains(".svg or .png"));
        assert!(write_plot(&directory.join("no/such/a.svg"), &svg).unwrap_err().contains("cannot write"));
        std::fs::remove_dir_all(directory).unwrap();
    }

    fn any_number() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<f64>(),
            Just(0.0),
            Just(f64::NAN),
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
            -10.0..10.0f64
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn any_numbers_can_be_drawn(rows in prop::collection::vec((any_number(), any_number(), any_number(), any::<bool>()), 1..6), exact in any_number()) {
            let rows: Vec<Row> = rows
                .into_iter()
                .map(|(mean, variance, seconds, unbiased)| row("nvil", &[mean], Some(&[exact]), variance, seconds, unbiased, 10))
                .collect();
            let lines: Vec<(f64, f64)> = rows.iter().map(|r| (r.seconds_per_estimate.0, r.gradient["theta"].mean[0].0)).collect();
            let report = report(rows, Some(&[exact]));
            assert_picture(&comparison_svg(&report).unwrap());
            assert_picture(&lines_svg("t", "x", "y", &[("a", lines)]).unwrap());
            super::super::comparison(&report, Some(100), true);
            super::super::gradient(&report, None, false);
        }
    }
}
