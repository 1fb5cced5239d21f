//! The experiment as a picture: a row for each c, columns for the objective, μ and σ against the step.

use std::fmt::{Result, Write as _};

use super::experiment::{CONSTANTS, RATE, Run, SMALLEST_SIGMA, STEPS};

/// Every so many steps a point is drawn.
const EVERY: usize = 50;
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
/// Colour, width and dashes of the estimators, in the order of the runs. Score function and location often coincide, and
/// so do pathwise and shifted scale: one of them is a wide line, the other a thin one upon it.
const LINES: [(&str, f64, &str); 4] =
    [("#c2410c", 1.5, ""), ("#0072b2", 3.0, ""), ("#d8a3c8", 3.6, ""), ("#3ddc97", 1.8, "6 4")];
/// Which is drawn over which.
const ORDER: [usize; 4] = [2, 0, 1, 3];

/// What a column shows.
struct Column {
    title: &'static str,
    value: fn(&Run, usize) -> f64,
    /// The lowest and highest value, as drawn.
    range: (f64, f64),
    /// Where rules go, and what is written there.
    ticks: &'static [(f64, &'static str)],
}

const COLUMNS: [Column; 3] = [
    Column {
        title: "loss − c = μ² + σ²",
        value: |run, steps| run.excess(steps).log10(),
        range: (-4.4, 0.7),
        ticks: &[(-4.0, "10⁻⁴"), (-3.0, "10⁻³"), (-2.0, "0.01"), (-1.0, "0.1"), (0.0, "1")],
    },
    Column {
        title: "μ",
        value: |run, steps| run.path[steps].0,
        range: (-0.45, 1.08),
        ticks: &[(0.0, "0"), (0.5, "0.5"), (1.0, "1")],
    },
    Column {
        title: "σ",
        value: |run, steps| run.path[steps].1,
        range: (-0.04, 1.08),
        ticks: &[(0.0, "0"), (0.25, "0.25"), (0.5, "0.5"), (0.75, "0.75"), (1.0, "1")],
    },
];

/// The picture; `runs` has all estimators for each of [`CONSTANTS`].
pub fn svg(runs: &[Run]) -> std::result::Result<String, std::fmt::Error> {
    let mut svg = String::new();
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" font-family="Helvetica Neue, Helvetica, Arial, DejaVu Sans, sans-serif" font-size="12" fill="{SOFT}">"#
    )?;
    writeln!(svg, r##"<rect width="100%" height="100%" rx="6" fill="#ffffff"/>"##)?;
    let title = "Minimising E[z² + c], z ~ Normal(μ, σ), by four estimators of the gradient";
    writeln!(
        svg,
        r#"<text x="{LEFT}" y="34" font-size="17" font-weight="bold" fill="{INK}">{title}</text>"#
    )?;
    let per_row = runs.len() / CONSTANTS.len();
    legend(&mut svg, &runs[..per_row])?;
    for (row, runs) in runs.chunks(per_row).enumerate() {
        let top = TOP + row as f64 * PITCH.1;
        let middle = top + PANEL.1 / 2.0;
        writeln!(
            svg,
            r#"<text x="26" y="{middle}" dy=".35em" text-anchor="middle" font-size="15" font-weight="bold" fill="{INK}" transform="rotate(-90 26 {middle})">c = {}</text>"#,
            CONSTANTS[row]
        )?;
        for (place, column) in COLUMNS.iter().enumerate() {
            let left = LEFT + place as f64 * PITCH.0;
            if row == 0 {
                let (x, y) = (left + PANEL.0 / 2.0, top - 12.0);
                let attributes = format!(r#"font-size="14" font-weight="bold" fill="{INK}""#);
                writeln!(
                    svg,
                    r#"<text x="{x}" y="{y}" text-anchor="middle" {attributes}>{}</text>"#,
                    column.title
                )?;
            }
            panel(&mut svg, column, runs, (left, top))?;
        }
    }
    let y = HEIGHT - 26.0;
    writeln!(
        svg,
        r#"<text x="{LEFT}" y="{y}">Learning rate {RATE}, one sample a step; every {EVERY}th step drawn. A step that would leave σ below {SMALLEST_SIGMA} sets it to {SMALLEST_SIGMA}.</text>"#
    )?;
    writeln!(svg, "</svg>")?;
    Ok(svg)
}

fn legend(svg: &mut String, runs: &[Run]) -> Result {
    let y = 64.0;
    let mut x = LEFT;
    for (run, (color, width, dashes)) in runs.iter().zip(LINES) {
        let text = x + 34.0;
        writeln!(
            svg,
            r#"<path d="M{x} {y}h26" stroke="{color}" stroke-width="{width}" stroke-dasharray="{dashes}"/><text x="{text}" y="{y}" dy=".35em" font-size="13.5" fill="{INK}">{}</text>"#,
            run.name
        )?;
        x += 70.0 + 7.2 * run.name.len() as f64;
    }
    Ok(())
}

fn panel(svg: &mut String, column: &Column, runs: &[Run], (left, top): (f64, f64)) -> Result {
    let (width, height) = PANEL;
    let bottom = top + height;
    let (low, high) = column.range;
    let x = |step: usize| left + width * step as f64 / STEPS as f64;
    let y = |value: f64| bottom - height * (value.clamp(low, high) - low) / (high - low);
    for &(value, label) in column.ticks {
        let (y, text) = (y(value), left - 8.0);
        writeln!(
            svg,
            r#"<path d="M{left} {y:.1}h{width}" stroke="{RULE}"/><text x="{text}" y="{y:.1}" dy=".35em" text-anchor="end">{label}</text>"#
        )?;
    }
    for (step, label) in [(0, "0"), (STEPS / 2, "5,000"), (STEPS, "10,000")] {
        let (x, y) = (x(step), bottom + 18.0);
        writeln!(
            svg,
            r#"<path d="M{x} {bottom}v4" stroke="{SOFT}"/><text x="{x}" y="{y}" text-anchor="middle">{label}</text>"#
        )?;
    }
    writeln!(svg, r#"<path d="M{left} {bottom}h{width}" stroke="{SOFT}"/>"#)?;
    if runs[0].constant == CONSTANTS[CONSTANTS.len() - 1] {
        let (x, y) = (x(STEPS / 2), bottom + 37.0);
        writeln!(svg, r#"<text x="{x}" y="{y}" text-anchor="middle">gradient steps</text>"#)?;
    }
    for place in ORDER {
        let (run, (color, line, dashes)) = (&runs[place], LINES[place]);
        let mut points = String::new();
        for step in (0..=STEPS).step_by(EVERY) {
            write!(points, "{} {:.1} ", x(step), y((column.value)(run, step)))?;
        }
        writeln!(
            svg,
            r#"<path d="M{}" fill="none" stroke="{color}" stroke-width="{line}" stroke-linejoin="round" stroke-dasharray="{dashes}"/>"#,
            points.trim_end()
        )?;
    }
    Ok(())
}
