//! Training as a picture: bounds and gradient variance, against steps and against time.

use aleator::train::{HistoryPoint, TrainReport};
use plotters::style::text_anchor::HPos;

use super::plot::{Font, INK, LINES, Line, SOFT, line_panel, picture, text};
use super::text::{ellipsize, printable};

/// Looks from which on the bounds of several runs are shown without their first tenth.
const MANY: usize = 20;

/// Of one run: its held-out mean, bound and training objective; of several: the bound of each, without the steep start that would
/// leave no room for their differences.
pub fn training_svg(reports: &[&TrainReport]) -> Result<String, String> {
    let Some(first) = reports.first() else { return Err("there is nothing to draw".into()) };
    let cut = reports.len() > 1 && reports.iter().all(|r| r.history.len() >= MANY);
    let from = if cut { reports.iter().map(|r| r.steps / 10).max().unwrap_or(0) } else { 0 };
    let bound = |p: &HistoryPoint| Some(p.bound.unwrap_or(p.elbo)).filter(|_| p.step >= from);
    let bounds = |x: &dyn Fn(&HistoryPoint) -> f64| match reports {
        [one] => vec![
            line(0, "held-out mean", one, x, &|p| Some(p.elbo)),
            line(1, &format!("bound of {} samples", one.eval_samples), one, x, &|p| p.bound),
            line(2, "training", one, x, &|p| p.train_elbo),
        ],
        several => several.iter().enumerate().map(|(i, r)| line(i, &estimator(r), r, x, &bound)).collect(),
    };
    let variances = |x: &dyn Fn(&HistoryPoint) -> f64| -> Vec<Line> {
        let name = |r: &TrainReport| if reports.len() == 1 { "all parameters".into() } else { estimator(r) };
        let log = |p: &HistoryPoint| p.gradient.map(|g| g.mean_variance.ln());
        reports.iter().enumerate().map(|(i, r)| line(i, &name(r), r, x, &log)).collect()
    };
    let (step, seconds) = (|p: &HistoryPoint| p.step as f64, |p: &HistoryPoint| p.seconds);
    let row = f64::max(400.0, 60.0 + 20.0 * reports.len() as f64);
    picture(1120.0, 2.0 * row + 80.0, |area| {
        let title = format!("{} on {}", printable(first.model), printable(&first.data));
        text(area, &ellipsize(&title, 90), (24.0, 30.0), Font::bold(17.0, INK), HPos::Left)?;
        let note = format!("{}; batch {}, seed {}", first.description, first.batch, first.seed);
        text(area, &ellipsize(&printable(&note), 140), (24.0, 52.0), Font::plain(12.0, SOFT), HPos::Left)?;
        let title = if cut { "Held-out bound after the first tenth" } else { "Held-out bound" };
        let panels = [
            (title, "step", "nats", bounds(&step)),
            (title, "seconds", "nats", bounds(&seconds)),
            ("Log of the mean variance of a gradient's element", "step", "log", variances(&step)),
            ("Log of the mean variance of a gradient's element", "seconds", "log", variances(&seconds)),
        ];
        for (i, (title, x, y, lines)) in panels.iter().enumerate() {
            let (left, top) = (24.0 + 546.0 * (i % 2) as f64, 72.0 + row * (i / 2) as f64);
            line_panel(area, (left, top, 524.0, row - 16.0), title, x, y, lines)?;
        }
        Ok(())
    })
}

/// The estimator of a run as its lines are called.
fn estimator(report: &TrainReport) -> String {
    let bias = if report.unbiased { "" } else { " (biased)" };
    format!("{}{bias}", ellipsize(&report.estimator, 30 - bias.len()))
}

fn line(
    place: usize,
    name: &str,
    report: &TrainReport,
    x: &dyn Fn(&HistoryPoint) -> f64,
    y: &dyn Fn(&HistoryPoint) -> Option<f64>,
) -> Line {
    Line {
        name: ellipsize(&printable(name), 30),
        color: LINES[place % LINES.len()],
        opacity: 1.0,
        width: 2.0,
        points: report.history.iter().filter_map(|p| Some((x(p), y(p)?))).collect(),
    }
}
