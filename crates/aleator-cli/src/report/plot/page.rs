//! A white page, and what is drawn on it: words and strokes, measured in points.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::report::text::{FONT_FAMILY, printable};

/// Plotters counts whole pixels; drawing this much larger keeps lines smooth.
const SCALE: u32 = 4;

pub(crate) const INK: RGBColor = RGBColor(0x1f, 0x29, 0x37);
/// The colour of what is unbiased.
pub(super) const UNBIASED: RGBColor = RGBColor(0x2f, 0x6f, 0xb0);
pub(super) const SOFT: RGBColor = RGBColor(0x5b, 0x65, 0x75);
pub(super) const RULE: RGBColor = RGBColor(0xe4, 0xe7, 0xec);

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

pub(super) fn fail(error: impl std::fmt::Display) -> String {
    format!("cannot draw: {error}")
}

/// A region of a picture that says something when the pointer rests on it.
pub(super) struct Hover {
    /// Its left upper corner.
    pub at: (f64, f64),
    /// Its width and height.
    pub size: (f64, f64),
    pub text: String,
}

/// Draws on a white page of the given size in points.
pub(crate) fn picture(
    width: f64,
    height: f64,
    draw: impl FnOnce(&Area) -> Result<(), String>,
) -> Result<String, String> {
    picture_with_hover(width, height, |area| draw(area).map(|()| Vec::new()))
}

/// Draws on a white page of the given size in points, with regions that say something.
pub(super) fn picture_with_hover(
    width: f64,
    height: f64,
    draw: impl FnOnce(&Area) -> Result<Vec<Hover>, String>,
) -> Result<String, String> {
    let (width, height) = (width.ceil() as u32, height.ceil() as u32);
    let mut svg = String::new();
    let regions;
    {
        let area = SVGBackend::with_string(&mut svg, (width * SCALE, height * SCALE)).into_drawing_area();
        area.fill(&WHITE).map_err(fail)?;
        regions = draw(&area)?;
        area.present().map_err(fail)?;
    }
    let end = svg.rfind("</svg>").unwrap_or(svg.len());
    svg.insert_str(end, &regions.iter().map(Hover::svg).collect::<String>());
    let large = format!(r#"width="{}" height="{}""#, width * SCALE, height * SCALE);
    Ok(svg.replacen(&large, &format!(r#"width="{width}" height="{height}""#), 1))
}

impl Hover {
    /// An invisible rectangle with a title, which browsers show.
    fn svg(&self) -> String {
        let ((x, y), (width, height)) = (self.at, self.size);
        let [x, y, width, height] = [x, y, width, height].map(px);
        let title = printable(&self.text);
        maud::html! {
            rect x=(x) y=(y) width=(width) height=(height) fill-opacity="0" { title { (title) } }
        }
        .into_string()
    }
}

/// Points to Plotters' pixels.
pub(super) fn px(x: f64) -> i32 {
    (x * f64::from(SCALE)).round().clamp(-1e8, 1e8) as i32
}

/// Plotters' pixels to points.
pub(super) fn points(pixels: i32) -> f64 {
    f64::from(pixels) / f64::from(SCALE)
}

#[derive(Clone, Copy)]
pub(crate) struct Font {
    size: f64,
    bold: bool,
    color: RGBColor,
}

impl Font {
    pub(crate) fn plain(size: f64, color: RGBColor) -> Font {
        Font { size, bold: false, color }
    }

    pub(crate) fn bold(size: f64, color: RGBColor) -> Font {
        Font { size, bold: true, color }
    }

    pub(super) fn style(self, h: HPos) -> TextStyle<'static> {
        let style = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        // The SVG backend divides sizes by 1.24.
        let font = FontDesc::new(FontFamily::Name(FONT_FAMILY), self.size * f64::from(SCALE) * 1.24, style);
        TextStyle {
            color: self.color.to_backend_color(),
            ..TextStyle::from(font).pos(Pos::new(h, VPos::Center))
        }
    }
}

pub(crate) fn text(area: &Area, text: &str, at: (f64, f64), font: Font, h: HPos) -> Result<(), String> {
    let shown = printable(text);
    area.draw(&Text::new(shown, (px(at.0), px(at.1)), font.style(h))).map_err(fail)
}

pub(super) fn rule(
    area: &Area,
    from: (f64, f64),
    to: (f64, f64),
    style: impl Into<ShapeStyle>,
) -> Result<(), String> {
    area.draw(&PathElement::new(vec![(px(from.0), px(from.1)), (px(to.0), px(to.1))], style)).map_err(fail)
}

pub(super) fn stroke(color: &impl Color, width: f64) -> ShapeStyle {
    ShapeStyle { color: color.to_rgba(), filled: false, stroke_width: px(width).max(1) as u32 }
}
