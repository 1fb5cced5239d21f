//! The outcome of training, as text.

use aleator::models::Objective;
use aleator::train::{HistoryPoint, TrainReport};

/// What was trained and how it went, one line for each look at the held-out data.
pub fn training(report: &TrainReport) -> String {
    let bias = if report.unbiased { "unbiased" } else { "BIASED" };
    let mut text = format!(
        "{} on {}: {}, {} parameters{}, {} ({bias}), K = {}, batch {}, seed {}\n",
        report.model,
        report.data,
        report.description,
        report.parameters,
        objective(report.objective),
        report.estimator,
        report.samples,
        report.batch,
        report.seed
    );
    let bound = match report.history.first() {
        Some(HistoryPoint { bound: Some(_), .. }) => format!("K = {} bound", report.eval_samples),
        _ => String::new(),
    };
    text.push_str(&format!(
        "\n{:>8} {:>21} {:>13} {:>11} {:>8} {:>7} {:>8}\n",
        "step", "held-out mean", bound, "training", "log var", "SNR", "seconds"
    ));
    for point in &report.history {
        text.push_str(&line(point));
    }
    if let Some(all) = &report.held_out {
        let bound = all.bound.map_or(String::new(), |b| format!(", bound {b:.3}"));
        text.push_str(&format!(
            "\nall {} held-out rows, {} samples each: {:.3} ± {:.3}{bound}",
            all.rows, all.samples, all.elbo, all.elbo_std_error
        ));
    }
    for (name, value) in report.history.last().map(|p| &p.own).into_iter().flatten() {
        text.push_str(&format!("\n{name} = {value:.4}"));
    }
    text.push_str(&format!("\n{:.0} steps a second\n", report.steps_per_second));
    if let (Some(path), false) = (&report.checkpoint, report.interrupted) {
        text.push_str(&format!("saved in {}\n", path.display()));
    }
    text
}

/// An objective that is not the plain ELBO.
fn objective(objective: Objective) -> String {
    match objective {
        Objective::Elbo => String::new(),
        Objective::ElboAnalyticKl => ", elbo-analytic-kl".into(),
        Objective::Iwae(k) => format!(", iwae with K = {k}"),
        Objective::WakeSleep(k) => format!(", wake-sleep with K = {k}"),
    }
}

fn line(point: &HistoryPoint) -> String {
    let or_dash = |value: Option<f64>| value.map_or("-".into(), |v| format!("{v:.3}"));
    let bound = point.bound.map_or(String::new(), |b| format!("{b:.3}"));
    format!(
        "{:>8} {:>12.3} ± {:<6.3} {bound:>13} {:>11} {:>8} {:>7} {:>8.1}\n",
        point.step,
        point.elbo,
        point.elbo_std_error,
        or_dash(point.train_elbo),
        or_dash(point.gradient.map(|g| g.mean_variance.ln())),
        or_dash(point.gradient.map(|g| g.signal_to_noise)),
        point.seconds
    )
}

/// Runs side by side, the best bound first.
pub fn training_comparison(reports: &[&TrainReport]) -> String {
    let last = |r: &TrainReport| r.held_out.map_or(f64::NEG_INFINITY, |h| h.bound.unwrap_or(h.elbo));
    let mut sorted = reports.to_vec();
    sorted.sort_by(|a, b| last(b).total_cmp(&last(a)));
    let mut text = format!(
        "{:<44} {:>8} {:>12} {:>12} {:>11} {:>8} {:>9}\n",
        "estimator", "bias", "held-out", "bound", "training", "log var", "steps/s"
    );
    for report in sorted {
        let bias = if report.unbiased { "none" } else { "BIASED" };
        let number = |value: Option<f64>| value.map_or("-".into(), |v| format!("{v:.3}"));
        let end = report.history.last();
        text.push_str(&format!(
            "{:<44} {bias:>8} {:>12} {:>12} {:>11} {:>8} {:>9.0}\n",
            report.estimator,
            number(report.held_out.map(|h| h.elbo)),
            number(report.held_out.and_then(|h| h.bound)),
            number(end.and_then(|p| p.train_elbo)),
            number(end.and_then(|p| p.gradient).map(|g| g.mean_variance.ln())),
            report.steps_per_second
        ));
    }
    text
}
