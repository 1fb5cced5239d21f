//! What a chart of lines says when the pointer rests on it: the values of all lines at the nearest point.

use super::axis::drawable;
use super::page::Hover;
use crate::report::numbers::significant;
use crate::report::text::ellipsize;

/// Places at which one chart says something.
const MOST_PLACES: usize = 240;
/// Lines of which the values are said.
const MOST_LINES: usize = 12;

/// A line of which the values are said.
pub(super) struct Named<'a> {
    pub name: &'a str,
    pub points: &'a [(f64, f64)],
}

/// Vertical strips from side to side, each around a place at which a line has a point. `place_of` gives the position of a value of the
/// horizontal axis.
pub(super) fn strips(
    lines: &[Named<'_>],
    x_label: &str,
    (left, right): (f64, f64),
    (top, bottom): (f64, f64),
    place_of: &dyn Fn(f64) -> f64,
) -> Vec<Hover> {
    let finite = |p: &&(f64, f64)| drawable(p.0) && drawable(p.1);
    let mut all: Vec<f64> =
        lines.iter().flat_map(|line| line.points.iter().filter(finite).map(|p| p.0)).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    let every = all.len().div_ceil(MOST_PLACES).max(1);
    let last = all.len().saturating_sub(1);
    let kept = all.iter().enumerate().filter(|(i, _)| i % every == 0 || *i == last).map(|(_, &x)| x);
    let kept: Vec<f64> = kept.collect();
    let places: Vec<f64> = kept.iter().map(|&x| place_of(x)).collect();
    let mut found = Vec::with_capacity(kept.len());
    for (i, &x) in kept.iter().enumerate() {
        let begin = if i == 0 { left } else { (places[i - 1] + places[i]) / 2.0 };
        let end = places.get(i + 1).map_or(right, |next| (places[i] + next) / 2.0);
        let text = said(lines, x_label, x);
        if let (Some(text), true) = (text, end > begin) {
            found.push(Hover { at: (begin, top), size: (end - begin, bottom - top), text });
        }
    }
    found
}

/// The values of the lines at a place, where they have points.
fn said(lines: &[Named<'_>], x_label: &str, x: f64) -> Option<String> {
    let value = |points: &[(f64, f64)]| points.iter().find(|p| p.0 == x).map(|p| p.1);
    let values: Vec<String> = lines
        .iter()
        .filter_map(|line| Some((line.name, value(line.points).filter(|y| drawable(*y))?)))
        .map(|(name, y)| format!("{} {}", ellipsize(name, 40), significant(y, 5)))
        .collect();
    let more = if values.len() > MOST_LINES { "; .." } else { "" };
    let at = if x.fract() == 0.0 && x.abs() < 1e15 { format!("{x:.0}") } else { significant(x, 4) };
    let shown = &values[..values.len().min(MOST_LINES)];
    (!shown.is_empty()).then(|| format!("{x_label} {at}: {}{more}", shown.join("; ")))
}
