//! The picture of `optimize`: the objective and the parameters along the path.

use aleator::diagnostics::OptimizationPath;
use plotters::style::text_anchor::HPos;

use super::lines::{Line, line_panel};
use super::page::{Font, INK, SOFT, UNBIASED, picture_with_hover, text};
use crate::report::table::element_name;
use crate::report::text::{ellipsize, printable};

/// Lines of parameters shown.
const MAX_LINES: usize = 10;

/// The objective and the parameters along an optimisation, against the step.
pub fn optimization_svg(path: &OptimizationPath) -> Result<String, String> {
    let step = |i: usize| path.history[i].step as f64;
    let objective: Vec<(f64, f64)> = path.history.iter().map(|p| (p.step as f64, p.objective.0)).collect();
    let mut first = Vec::new();
    if objective.len() >= 60 {
        let mean = moving_mean(&objective);
        let estimate = Line::new(0, "one estimate", objective);
        first.push(Line { color: UNBIASED, opacity: 0.3, width: 1.0, ..estimate });
        first.push(Line { color: UNBIASED, width: 2.2, ..Line::new(0, "moving mean", mean) });
    } else {
        first.push(Line { color: UNBIASED, ..Line::new(0, "objective", objective) });
    }
    if !path.exact_history.is_empty() {
        first.push(exact_line(1, "exact", path));
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
            let name = ellipsize(&element_name(name, &shape, *element), 24);
            let points = (0..path.history.len()).map(|i| (step(i), value(i))).collect();
            Line { width: 1.8, ..Line::new(line, &name, points) }
        })
        .collect();
    let title = if total > second.len() {
        format!("Parameters ({} of {total} that moved most)", second.len())
    } else {
        "Parameters".to_string()
    };

    let (width, height) = (1120.0, 470.0);
    picture_with_hover(width, height, |area| {
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
        let left = (24.0, 72.0, 520.0, height - 84.0);
        let mut hover = line_panel(area, left, "Objective", "step", "objective", &first)?;
        let right = (570.0, 72.0, 530.0, height - 84.0);
        hover.extend(line_panel(area, right, &title, "step", "value", &second)?);
        Ok(hover)
    })
}

/// The exact objective along a path, dashed.
pub(super) fn exact_line(place: usize, name: &str, path: &OptimizationPath) -> Line {
    let points = path.exact_history.iter().map(|(step, objective)| (*step as f64, objective.0)).collect();
    Line { dashed: true, width: 1.6, ..Line::new(place, name, points) }
}

/// Means over windows of about a twentieth of the points, where the whole window lies within the path.
pub(super) fn moving_mean(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let reach = (points.len() / 40).max(2);
    let mean = |window: &[(f64, f64)]| window.iter().map(|p| p.1 / window.len() as f64).sum();
    points.windows(2 * reach + 1).map(|window| (window[reach].0, mean(window))).collect()
}
