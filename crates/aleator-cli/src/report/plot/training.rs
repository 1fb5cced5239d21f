//! Training as a picture: bounds and gradient variance, against steps and against time.

use super::super::table::sign;
use aleator::train::{HistoryPoint, JudgedBy, JudgedOn, TrainReport};
use plotters::style::text_anchor::HPos;

use super::lines::{Chart, Line, charts, legend_rows};
use super::page::{Font, INK, SOFT, picture_with_hover, text};
use crate::report::text::ellipsize;

/// Looks from which on the bounds of several runs are shown without their first tenth.
const MANY: usize = 20;

/// What goes from left to right: steps or time.
type Across<'a> = &'a dyn Fn(&HistoryPoint) -> f64;

/// Of one run: its held-out mean, bound and training objective; of several: the bound of each, without the steep start that would
/// leave no room for their differences. Biased runs are dashed.
pub fn training_svg(reports: &[TrainReport]) -> Result<String, String> {
    let Some(first) = reports.first() else { return Err("there is nothing to draw".into()) };
    let cut = reports.len() > 1 && reports.iter().all(|r| r.history.len() >= MANY);
    let from = if cut { reports.iter().map(|r| r.steps / 10).max().unwrap_or(0) } else { 0 };
    let sign = sign(first);
    let bound = |p: &HistoryPoint| Some(sign * p.bound.unwrap_or(p.elbo)).filter(|_| p.step >= from);
    let same_samples = reports.iter().all(|r| r.samples == first.samples);
    let (mean, training) = match (first.judged_by, first.judged_on) {
        (JudgedBy::NegativeObjective, JudgedOn::HeldOut) => {
            ("held-out objective", "training objective".into())
        }
        (JudgedBy::NegativeObjective, JudgedOn::Validation) => {
            ("objective of validation", "training objective".into())
        }
        (JudgedBy::NegativeObjective, JudgedOn::Training | JudgedOn::Graph) => {
            ("objective", "training objective".into())
        }
        (JudgedBy::Bound | JudgedBy::Predictive | JudgedBy::Reward, JudgedOn::Validation) => {
            ("mean of validation", format!("training ({})", first.objective))
        }
        (JudgedBy::Bound | JudgedBy::Predictive | JudgedBy::Reward, _) => {
            ("held-out mean", format!("training ({})", first.objective))
        }
    };
    let bounds = |x: Across| -> Vec<Line> {
        let lines = match reports {
            [one] => vec![
                line(0, mean, one, x, &|p| Some(sign * p.elbo)),
                line(1, &format!("held-out bound, K = {}", one.eval_samples), one, x, &|p| p.bound),
                line(2, &training, one, x, &|p| p.train_elbo.map(|x| sign * x)),
            ],
            several => several
                .iter()
                .zip(names(reports, same_samples))
                .enumerate()
                .map(|(i, (r, name))| Line { dashed: !r.unbiased, ..line(i, &name, r, x, &bound) })
                .collect(),
        };
        lines.into_iter().filter(|line| reports.len() > 1 || !line.points.is_empty()).collect()
    };
    let variances = |x: Across| -> Vec<Line> {
        let log = |p: &HistoryPoint| p.gradient.map(|g| g.mean_variance.ln());
        let dashed = |r: &TrainReport| !r.unbiased && reports.len() > 1;
        let each = reports.iter().zip(names(reports, same_samples)).enumerate();
        let named = |name: String| if reports.len() > 1 { name } else { String::new() };
        each.map(|(i, (r, name))| Line { dashed: dashed(r), ..line(i, &named(name), r, x, &log) }).collect()
    };
    let batch = match first.judged_on {
        JudgedOn::Graph => String::new(),
        JudgedOn::HeldOut | JudgedOn::Training | JudgedOn::Validation => format!("batch {}, ", first.batch),
    };
    let mut note = format!("{}; {batch}seed {}", first.description, first.seed);
    if same_samples {
        note = format!("K = {}; {note}", first.samples);
    }
    if let [one] = reports {
        note = format!("{} ({}), {note}", one.estimator, if one.unbiased { "unbiased" } else { bias(one) });
    }
    let (what, unit) = match (first.judged_by, reports.len()) {
        (JudgedBy::NegativeObjective, _) => ("Objective", "objective"),
        (JudgedBy::Reward, 1) => ("Reward", "reward"),
        (JudgedBy::Reward, _) => ("Held-out reward", "reward"),
        (JudgedBy::Bound | JudgedBy::Predictive, 1) => ("Bounds", "nats"),
        (JudgedBy::Bound | JudgedBy::Predictive, _) => ("Held-out bound", "nats"),
    };
    let title = if cut { format!("{what} after the first tenth") } else { what.to_string() };
    let (step, seconds) = (|p: &HistoryPoint| p.step as f64, |p: &HistoryPoint| p.seconds);
    let legend = bounds(&step);
    let legend_place = (24.0, 80.0, 1072.0);
    let top = 80.0 + legend_rows(None, legend_place, &legend)?;
    picture_with_hover(1120.0, top + 816.0, |area| {
        let mut hover = Vec::new();
        let heading = format!("{} on {}", first.model, first.data);
        text(area, &ellipsize(&heading, 90), (24.0, 30.0), Font::bold(17.0, INK), HPos::Left)?;
        text(area, &ellipsize(&note, 160), (24.0, 52.0), Font::plain(12.0, SOFT), HPos::Left)?;
        legend_rows(Some(area), legend_place, &legend)?;
        let columns: [(f64, &str, Across); 2] = [(24.0, "step", &step), (570.0, "seconds", &seconds)];
        for (left, x_label, x) in columns {
            let (upper, lower) = (bounds(x), variances(x));
            let both = [
                Chart { title: &title, y_label: unit, lines: &upper },
                Chart {
                    title: "Variance of an element of the gradient, mean over all",
                    y_label: "ln variance",
                    lines: &lower,
                },
            ];
            hover.extend(charts(area, (left, top, 524.0, 800.0), x_label, &both)?);
        }
        Ok(hover)
    })
}

/// What the lines of several runs are called: the estimator with the options in which it differs from others of its kind, and K
/// where that differs.
fn names(reports: &[TrainReport], same_samples: bool) -> Vec<String> {
    let parts: Vec<_> = reports.iter().map(|r| kind_and_options(&r.estimator)).collect();
    let name = |(report, (kind, options)): (&TrainReport, &(&str, Vec<&str>))| {
        let others = || parts.iter().filter(|(other, _)| other == kind);
        let differs = |option: &&&str| others().any(|(_, theirs)| !theirs.contains(option));
        let own: Vec<&str> = options.iter().filter(differs).copied().collect();
        let name = if own.is_empty() { kind.to_string() } else { format!("{kind}({})", own.join(", ")) };
        let k = if same_samples { String::new() } else { format!(", K = {}", report.samples) };
        let bias = if report.unbiased { String::new() } else { format!(" ({})", bias(report)) };
        format!("{}{bias}{k}", ellipsize(&name, 60))
    };
    reports.iter().zip(&parts).map(name).collect()
}

/// How gradients that are not unbiased are biased: in their length alone, or altogether.
fn bias(report: &TrainReport) -> &'static str {
    if report.rescaled { "rescaled" } else { "biased" }
}

/// `rebar(temperature=0.5, relaxation=mean_field)` as its name and its options.
fn kind_and_options(estimator: &str) -> (&str, Vec<&str>) {
    match estimator.split_once('(') {
        Some((kind, options)) => (kind, options.strip_suffix(')').unwrap_or(options).split(", ").collect()),
        None => (estimator, Vec::new()),
    }
}

fn line(
    place: usize,
    name: &str,
    report: &TrainReport,
    x: Across,
    y: &dyn Fn(&HistoryPoint) -> Option<f64>,
) -> Line {
    let points = report.history.iter().filter_map(|p| Some((x(p), y(p)?))).collect();
    Line::new(place, name, points)
}
