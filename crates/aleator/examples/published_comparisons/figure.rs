//! The variances of the test functions as a picture: a row for each parameter, a column for each function.

use std::fmt::{Result, Write as _};

use super::test_functions::{Curves, ESTIMATORS, FUNCTIONS, PARAMETERS};

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 590.0;
const LEFT: f64 = 84.0;
const TOP: f64 = 112.0;
/// A panel's width and height, and the distance from one to the next.
const PANEL: (f64, f64) = (240.0, 172.0);
const PITCH: (f64, f64) = (296.0, 214.0);

const INK: &str = "#1f2937";
const SOFT: &str = "#5b6575";
const RULE: &str = "#e4e7ec";
/// Colour, width and dashes of the estimators. Where two curves coincide, the thin one is drawn upon the wide one.
const LINES: [(&str, f64, &str); 3] = [("#c2410c", 2.0, ""), ("#0072b2", 3.2, ""), ("#12a150", 1.8, "6 4")];
/// The powers of ten between which each column is drawn.
const POWERS: [(i32, i32); 3] = [(-2, 4), (-3, 1), (-2, 2)];

/// The picture.
pub fn svg(all: &[Curves]) -> std::result::Result<String, std::fmt::Error> {
    let mut svg = String::new();
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" font-family="Helvetica Neue, Helvetica, Arial, DejaVu Sans, sans-serif" font-size="12" fill="{SOFT}">"#
    )?;
    writeln!(svg, r##"<rect width="100%" height="100%" rx="6" fill="#ffffff"/>"##)?;
    writeln!(
        svg,
        r#"<text x="{LEFT}" y="34" font-size="17" font-weight="bold" fill="{INK}">Variance of one estimate for three functions of x ~ Normal(μ, σ) at μ = σ = 1</text>"#
    )?;
    let mut x = LEFT;
    for (name, (color, width, dashes)) in ESTIMATORS.iter().zip(LINES) {
        writeln!(
            svg,
            r#"<path d="M{x} 64h26" stroke="{color}" stroke-width="{width}" stroke-dasharray="{dashes}"/><text x="{}" y="64" dy=".35em" font-size="13.5" fill="{INK}">{name}</text>"#,
            x + 34.0
        )?;
        x += 70.0 + 7.2 * name.len() as f64;
    }
    for curves in all {
        let left = LEFT + curves.function as f64 * PITCH.0;
        let top = TOP + curves.parameter as f64 * PITCH.1;
        if curves.parameter == 0 {
            writeln!(
                svg,
                r#"<text x="{}" y="{}" text-anchor="middle" font-size="14" font-weight="bold" fill="{INK}">{}</text>"#,
                left + PANEL.0 / 2.0,
                top - 12.0,
                FUNCTIONS[curves.function].name
            )?;
        }
        if curves.function == 0 {
            let middle = top + PANEL.1 / 2.0;
            writeln!(
                svg,
                r#"<text x="26" y="{middle}" dy=".35em" text-anchor="middle" font-size="15" font-weight="bold" fill="{INK}" transform="rotate(-90 26 {middle})">derivative by {}</text>"#,
                PARAMETERS[curves.parameter]
            )?;
        }
        panel(&mut svg, curves, (left, top))?;
    }
    writeln!(svg, "</svg>")?;
    Ok(svg)
}

/// A small whole number as an exponent.
fn superscript(power: i32) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        _ => '⁰',
    };
    power.to_string().chars().map(digit).collect()
}

fn panel(svg: &mut String, curves: &Curves, (left, top): (f64, f64)) -> Result {
    let (width, height) = PANEL;
    let bottom = top + height;
    let (first, last) = FUNCTIONS[curves.function].range;
    let (low, high) = POWERS[curves.function];
    let x = |k: f64| left + width * (k - first) / (last - first);
    let y = |variance: f64| {
        let power = variance.log10().clamp(f64::from(low), f64::from(high));
        bottom - height * (power - f64::from(low)) / f64::from(high - low)
    };
    for power in low..=high {
        let (y, text) = (y(10_f64.powi(power)), left - 8.0);
        writeln!(
            svg,
            r#"<path d="M{left} {y:.1}h{width}" stroke="{RULE}"/><text x="{text}" y="{y:.1}" dy=".35em" text-anchor="end">10{}</text>"#,
            superscript(power)
        )?;
    }
    for k in (first.ceil() as i32..=last.floor() as i32).filter(|k| first < 0.0 || k % 2 == 0) {
        let x = x(f64::from(k));
        writeln!(
            svg,
            r#"<path d="M{x:.1} {bottom}v4" stroke="{SOFT}"/><text x="{x:.1}" y="{}" text-anchor="middle">{k}</text>"#,
            bottom + 18.0
        )?;
    }
    writeln!(svg, r#"<path d="M{left} {bottom}h{width}" stroke="{SOFT}"/>"#)?;
    if curves.parameter + 1 == PARAMETERS.len() {
        let (x, y) = (left + width / 2.0, bottom + 37.0);
        writeln!(svg, r#"<text x="{x}" y="{y}" text-anchor="middle">k</text>"#)?;
    }
    for (place, (color, line, dashes)) in LINES.into_iter().enumerate() {
        let mut points = String::new();
        for (k, variances) in &curves.points {
            write!(points, "{:.1} {:.1} ", x(*k), y(variances[place]))?;
        }
        writeln!(
            svg,
            r#"<path d="M{}" fill="none" stroke="{color}" stroke-width="{line}" stroke-linejoin="round" stroke-dasharray="{dashes}"/>"#,
            points.trim_end()
        )?;
    }
    Ok(())
}
