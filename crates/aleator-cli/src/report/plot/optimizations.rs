//! The picture of several runs of `optimize`: the objective of each plan, as a mean over seeds and a band.

use aleator::diagnostics::OptimizationPath;
use plotters::style::text_anchor::HPos;

use super::lines::{Chart, Line, charts, legend_rows};
use super::optimization::{exact_line, moving_mean};
use super::page::{Font, INK, SOFT, picture_with_hover, text};
use crate::report::table::group_names;
use crate::report::text::{ellipsize, printable};

/// The objective of several plans against the step. With several seeds, the line is their mean and the band one standard deviation of
/// a run.
///
/// # Errors
/// Says why it cannot be drawn.
pub fn optimizations_svg(groups: &[Vec<OptimizationPath>]) -> Result<String, String> {
    let first = groups.first().and_then(|paths| paths.first()).ok_or("there is no run")?;
    let names = group_names(groups);
    let mut lines: Vec<Line> = groups
        .iter()
        .zip(&names)
        .enumerate()
        .map(|(place, (paths, name))| mean_and_band(place, &ellipsize(name, 40), paths))
        .collect();
    for (place, paths) in groups.iter().enumerate() {
        lines.extend(mean_exact(place, &ellipsize(&format!("{}, exact", names[place]), 48), paths));
    }
    let (width, room) = (860.0, 812.0);
    let rows = legend_rows(None, (0.0, 0.0, room), &lines)?;
    let height = 420.0 + rows;
    picture_with_hover(width, height, |area| {
        let heading =
            format!("{}: {} steps of {}", printable(&first.file), first.steps, printable(&first.optimizer));
        text(area, &ellipsize(&heading, 66), (24.0, 30.0), Font::bold(17.0, INK), HPos::Left)?;
        let seeds = groups.first().map_or(0, Vec::len);
        let note = match seeds {
            1 => format!("lr {}, seed {}, moving means", first.lr.0, first.seed),
            n => format!(
                "lr {}, {n} seeds from {} on: mean, and a band of one standard deviation of a run; moving means",
                first.lr.0, first.seed
            ),
        };
        text(area, &note, (24.0, 52.0), Font::plain(12.0, SOFT), HPos::Left)?;
        legend_rows(Some(area), (24.0, 78.0, room), &lines)?;
        let top = 72.0 + rows;
        let chart = Chart { title: "", y_label: "objective", lines: &lines };
        charts(area, (24.0, top, room, height - top - 2.0), "step", &[chart])
    })
}

/// The exact objective, as a mean over paths; `None` unless all have it at the same steps.
fn mean_exact(place: usize, name: &str, paths: &[OptimizationPath]) -> Option<Line> {
    let (first, others) = paths.split_first()?;
    let steps = |path: &OptimizationPath| path.exact_history.iter().map(|p| p.0).collect::<Vec<_>>();
    if first.exact_history.is_empty() || others.iter().any(|path| steps(path) != steps(first)) {
        return None;
    }
    let mut mean = exact_line(place, name, first);
    for (i, point) in mean.points.iter_mut().enumerate() {
        point.1 = paths.iter().map(|path| path.exact_history[i].1.0 / paths.len() as f64).sum();
    }
    Some(mean)
}

/// The mean over paths, and a band.
fn mean_and_band(place: usize, name: &str, paths: &[OptimizationPath]) -> Line {
    let smooth = |path: &OptimizationPath| -> Vec<(f64, f64)> {
        let points: Vec<(f64, f64)> = path.history.iter().map(|p| (p.step as f64, p.objective.0)).collect();
        if points.len() >= 60 { moving_mean(&points) } else { points }
    };
    let runs: Vec<Vec<(f64, f64)>> = paths.iter().map(smooth).collect();
    let n = runs.len() as f64;
    let length = runs.iter().map(Vec::len).min().unwrap_or(0);
    let (mut mean_line, mut band) = (Vec::new(), Vec::new());
    for i in 0..length {
        let step = runs[0][i].0;
        let mean = runs.iter().map(|run| run[i].1 / n).sum::<f64>();
        mean_line.push((step, mean));
        if runs.len() > 1 {
            let squares = runs.iter().map(|run| (run[i].1 - mean).powi(2)).sum::<f64>();
            let deviation = (squares / (n - 1.0)).sqrt();
            band.push((step, mean - deviation, mean + deviation));
        }
    }
    Line { band, ..Line::new(place, name, mean_line) }
}
