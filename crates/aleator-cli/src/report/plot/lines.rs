//! Charts of lines.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axis::{Axis, drawable};
use super::hover::{Named, strips};
use super::page::{
    Area, Font, Hover, INK, RULE, SOFT, fail, picture_with_hover, points, px, rule, stroke, text,
};
use crate::report::text::{ellipsize, printable, text_width};

/// Points kept of one line.
const MAX_POINTS: usize = 1200;
/// Between charts below each other.
const CHART_GAP: f64 = 16.0;

const LINES: [RGBColor; 10] = [
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
        .map(|(i, (name, points))| Line::new(i, &ellipsize(name, 30), points.clone()))
        .collect();
    let height = f64::max(440.0, 110.0 + 20.0 * lines.len() as f64);
    picture_with_hover(820.0, height, |area| {
        text(area, &ellipsize(&printable(title), 66), (24.0, 30.0), Font::bold(17.0, INK), HPos::Left)?;
        line_panel(area, (24.0, 46.0, 780.0, height - 58.0), "", x_label, y_label, &lines)
    })
}

pub(super) struct Line {
    pub name: String,
    pub color: RGBColor,
    pub opacity: f64,
    pub width: f64,
    pub dashed: bool,
    pub points: Vec<(f64, f64)>,
    /// A band about the line: the place, and its lower and upper end.
    pub band: Vec<(f64, f64, f64)>,
}

impl Line {
    /// The line at this place among others.
    pub(super) fn new(place: usize, name: &str, points: Vec<(f64, f64)>) -> Line {
        let color = LINES[place % LINES.len()];
        Line {
            name: printable(name),
            color,
            opacity: 1.0,
            width: 2.0,
            dashed: false,
            points,
            band: Vec::new(),
        }
    }

    fn finite(&self) -> impl Iterator<Item = (f64, f64)> + Clone {
        self.points.iter().copied().filter(|p| drawable(p.0) && drawable(p.1))
    }

    fn legend_width(&self) -> f64 {
        text_width(&self.name, 11.5, false) + 40.0
    }

    /// A piece of the line and its name, from a point on.
    fn legend(&self, area: &Area, (x, y): (f64, f64)) -> Result<(), String> {
        let style =
            ShapeStyle { color: self.color.mix(self.opacity), ..stroke(&self.color, self.width.max(2.0)) };
        let pieces: &[(f64, f64)] = if self.dashed { &[(0.0, 7.0), (11.0, 18.0)] } else { &[(0.0, 18.0)] };
        for (from, to) in pieces {
            rule(area, (x + from, y), (x + to, y), style)?;
        }
        text(area, &self.name, (x + 24.0, y), Font::plain(11.5, INK), HPos::Left)
    }
}

/// What lines are called, in rows of at most this width. Returns the height of the rows; draws only if there is an area.
pub(super) fn legend_rows(
    area: Option<&Area>,
    (left, top, width): (f64, f64, f64),
    lines: &[Line],
) -> Result<f64, String> {
    let (mut x, mut y) = (0.0, 0.0);
    for line in lines {
        let needed = line.legend_width();
        if x > 0.0 && x + needed > width {
            (x, y) = (0.0, y + 20.0);
        }
        if let Some(area) = area {
            line.legend(area, (left + x, top + y))?;
        }
        x += needed;
    }
    Ok(y + 20.0)
}

/// A chart of lines with its title above and its legend at the right, within a box given by its left, top, width and height.
pub(super) fn line_panel(
    area: &Area,
    (x, y, width, height): (f64, f64, f64, f64),
    title: &str,
    x_label: &str,
    y_label: &str,
    lines: &[Line],
) -> Result<Vec<Hover>, String> {
    let legend =
        if lines.len() > 1 { lines.iter().map(Line::legend_width).fold(0.0, f64::max) } else { 10.0 };
    let hover = charts(area, (x, y, width - legend, height), x_label, &[Chart { title, y_label, lines }])?;
    if lines.len() > 1 {
        let top = y + if title.is_empty() { 22.0 } else { 44.0 };
        for (i, line) in lines.iter().enumerate() {
            line.legend(area, (x + width - legend + 4.0, top + 20.0 * i as f64))?;
        }
    }
    Ok(hover)
}

/// Lines that share an axis.
pub(super) struct Chart<'a> {
    pub title: &'a str,
    pub y_label: &'a str,
    pub lines: &'a [Line],
}

/// Charts below each other over one horizontal axis. Returns what their points say on hover.
pub(super) fn charts(
    area: &Area,
    (x, y, width, height): (f64, f64, f64, f64),
    x_label: &str,
    charts: &[Chart],
) -> Result<Vec<Hover>, String> {
    let horizontal = Axis::linear(charts.iter().flat_map(|c| c.lines).flat_map(Line::finite).map(|p| p.0), 5);
    let bands = |line: &Line| line.band.iter().flat_map(|b| [b.1, b.2]).collect::<Vec<_>>();
    let vertical = |c: &Chart| {
        let of_bands = c.lines.iter().flat_map(bands).collect::<Vec<_>>();
        Axis::for_lines(c.lines.iter().flat_map(Line::finite).map(|p| p.1).chain(of_bands))
    };
    let verticals: Vec<Axis> = charts.iter().map(vertical).collect();
    let tick_width =
        |a: &Axis| a.ticks.iter().map(|t| text_width(&a.label(*t), 10.5, false)).fold(10.0, f64::max);
    let margin = 34.0 + verticals.iter().map(tick_width).fold(0.0, f64::max);
    let row = (height + CHART_GAP) / charts.len().max(1) as f64;
    let mut hover = Vec::new();
    for (i, (chart, vertical)) in charts.iter().zip(verticals).enumerate() {
        let place = (x, y + row * i as f64, width, row - CHART_GAP);
        hover.extend(chart.draw(area, place, margin, x_label, horizontal.clone(), vertical)?);
    }
    Ok(hover)
}

impl Chart<'_> {
    /// `margin` is the room at the left for the axis and its name.
    fn draw(
        &self,
        area: &Area,
        (x, y, width, height): (f64, f64, f64, f64),
        margin: f64,
        x_label: &str,
        horizontal: Axis,
        vertical: Axis,
    ) -> Result<Vec<Hover>, String> {
        let top = y + if self.title.is_empty() { 8.0 } else { 30.0 };
        text(area, self.title, (x, y + 8.0), Font::bold(13.0, INK), HPos::Left)?;
        let bottom = y + height;
        let part = area.clone().shrink((px(x), px(top)), (px(width), px(bottom - top)));
        let mut chart = ChartBuilder::on(&part)
            .margin_top(px(4.0))
            .margin_right(px(8.0))
            .set_label_area_size(LabelAreaPosition::Left, px(margin))
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
        let middle = (x + (margin + width) / 2.0, (top + bottom - 40.0) / 2.0);
        let scale = if vertical.log { " (logarithmic)" } else { "" };
        let font = Font::plain(11.5, SOFT);
        text(area, &ellipsize(x_label, 60), (middle.0, bottom - 10.0), font, HPos::Center)?;
        let y_label = printable(&ellipsize(&format!("{}{scale}", self.y_label), 50));
        let upwards = font.style(HPos::Center).transform(FontTransform::Rotate270);
        area.draw(&Text::new(y_label, (px(x + 8.0), px(middle.1)), upwards)).map_err(fail)?;
        let drawn = |x: f64| drawable(x) && (!vertical.log || x > 0.0);
        for line in self.lines {
            for piece in line.band.split(|b| !(drawable(b.0) && drawn(b.1) && drawn(b.2))) {
                let lower = piece.iter().map(|b| (b.0, vertical.position(b.1)));
                let upper = piece.iter().rev().map(|b| (b.0, vertical.position(b.2)));
                let outline: Vec<_> = lower.chain(upper).collect();
                if outline.len() > 2 {
                    let shape = Polygon::new(outline, line.color.mix(0.15).filled());
                    chart.draw_series(std::iter::once(shape)).map_err(fail)?;
                }
            }
        }
        for line in self.lines {
            let style = ShapeStyle { color: line.color.mix(line.opacity), ..stroke(&line.color, line.width) };
            let visible = |p: &(f64, f64)| drawable(p.0) && drawable(p.1) && (!vertical.log || p.1 > 0.0);
            for piece in line.points.split(|p| !visible(p)).filter(|piece| !piece.is_empty()) {
                let piece: Vec<_> = thin(piece).into_iter().map(|(x, y)| (x, vertical.position(y))).collect();
                if let [only] = piece.as_slice() {
                    let point = Circle::new(*only, px(2.0), line.color.filled());
                    chart.draw_series(std::iter::once(point)).map_err(fail)?;
                } else if line.dashed {
                    let series = DashedLineSeries::new(piece, px(7.0), px(4.0), style);
                    chart.draw_series(series).map_err(fail)?;
                } else {
                    chart.draw_series(LineSeries::new(piece, style)).map_err(fail)?;
                }
            }
        }
        if self.lines.iter().all(|line| line.finite().next().is_none()) {
            let middle = (x + width / 2.0, (top + bottom) / 2.0);
            text(area, "no finite values", middle, Font::plain(12.0, SOFT), HPos::Center)?;
        }
        let (across, down) = chart.plotting_area().get_pixel_range();
        let sides = |range: std::ops::Range<i32>| (points(range.start), points(range.end));
        let place_of = |x: f64| points(chart.backend_coord(&(x, 0.0)).0);
        let mut named = Vec::with_capacity(self.lines.len());
        for line in self.lines {
            // A line without a name is the only one.
            let name = if line.name.is_empty() { self.y_label } else { &line.name };
            named.push(Named { name, points: &line.points });
        }
        Ok(strips(&named, x_label, sides(across), sides(down), &place_of))
    }
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
