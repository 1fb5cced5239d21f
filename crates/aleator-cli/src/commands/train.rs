//! `aleator train`: a built-in model on real data.

use aleator::data::load_images;
use aleator::language::nearest;
use aleator::train::{Model, TrainConfig, TrainReport, train};
use aleator_cli::report::lines_svg;

use crate::arguments::Train;
use crate::failure::{Failure, Outcome};
use crate::input::estimator;
use crate::output::{Progress, print, print_json, save_plot};

pub fn run(arguments: &Train) -> Outcome {
    let model = Model::find(&arguments.model).ok_or_else(|| unknown(&arguments.model))?;
    let estimator = estimator("--estimator", &arguments.estimator)?;
    let data = load_images(&arguments.data).map_err(Failure::input)?;
    let defaults = TrainConfig::new(data);
    let config = TrainConfig {
        model,
        data_name: arguments.data.clone(),
        estimator,
        steps: arguments.steps.unwrap_or(defaults.steps),
        batch: arguments.batch.unwrap_or(defaults.batch),
        latents: arguments.latents.unwrap_or(defaults.latents),
        samples: arguments.sampling.samples,
        learning_rate: arguments.lr,
        optimizer: arguments.optimizer.clone(),
        seed: arguments.sampling.seed,
        eval_every: arguments.eval_every,
        ..defaults
    };
    let progress = Progress::new(config.steps);
    let report = train(&config, &|p| {
        progress.set("train", p.step);
        progress.note(&format!("train elbo {:.2}, held-out {:.2}", p.elbo, p.held_out));
    });
    progress.finish();
    let report = report.map_err(Failure::input)?;
    if arguments.sampling.json {
        print_json(&report)?;
    } else {
        print(&describe(&report));
    }
    match &arguments.plot {
        Some(path) => save_plot(path, plot(&report)),
        None => Ok(()),
    }
}

fn describe(report: &TrainReport) -> String {
    let bias = if report.unbiased { "unbiased" } else { "BIASED" };
    let mut text = format!(
        "{} on {}: {} latents, {} parameters, {} ({bias}), K = {}, batch {}, seed {}\n\n    step   held-out ELBO       training   seconds\n",
        report.model,
        report.data,
        report.latents,
        report.parameters,
        report.estimator,
        report.samples,
        report.batch,
        report.seed
    );
    for point in &report.history {
        let training = point.train_elbo.map_or("-".into(), |elbo| format!("{elbo:.3}"));
        text.push_str(&format!(
            "{:>8}   {:>8.3} ± {:<5.3} {training:>12} {:>9.1}\n",
            point.step, point.elbo, point.elbo_std_error, point.seconds
        ));
    }
    text.push_str(&format!("\n{:.0} steps a second\n", report.steps_per_second));
    text
}

fn plot(report: &TrainReport) -> Result<String, String> {
    let held_out = report.history.iter().map(|p| (p.step as f64, p.elbo)).collect();
    let training = report.history.iter().filter_map(|p| Some((p.step as f64, p.train_elbo?))).collect();
    let title = format!("{} on {}, {}", report.model, report.data, report.estimator);
    lines_svg(&title, "step", "ELBO in nats", &[("held-out", held_out), ("training", training)])
}

fn unknown(name: &str) -> Failure {
    let names: Vec<&str> = Model::ALL.iter().map(|m| m.name()).collect();
    let remedy = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", names.join(", ")),
    };
    Failure::input(format!("there is no model `{name}`; {remedy}"))
}
