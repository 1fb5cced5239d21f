//! `aleator train`: a built-in model on real data.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aleator::models::ModelOptions;
use aleator::train::{
    Checkpoint, Comparison, Settings, TrainConfig, TrainReport, place_of, runs_in, train_and_see,
    train_compare,
};
use aleator_cli::report::{pictures_png, training, training_comparison, training_svg};

use crate::arguments::Train;
use crate::failure::{Failure, Outcome};
use crate::input::{estimator_list, read};
use crate::output::{Progress, print, print_json, save_plot, warn};

/// Images of each kind in a picture.
const PICTURES: usize = 64;
/// The exit status of a command that was stopped by Ctrl-C, as shells have it.
const INTERRUPTED: u8 = 130;

pub fn run(arguments: &Train) -> Outcome {
    let mut config = settings(arguments)?.config().map_err(Failure::input)?;
    config.resume.clone_from(&arguments.resume);
    let stop = stop_on_ctrl_c();
    if let Some(list) = &arguments.compare {
        return compare(arguments, &config, list, &stop);
    }
    config.rescue = Some(rescue(&config));
    let seen = if arguments.pictures.is_some() { PICTURES } else { 0 };
    let progress = Progress::new(config.steps);
    let outcome = train_and_see(
        &config,
        &|p| {
            progress.set("train", p.step);
            progress.note(&format!("train {:.2}, held-out {:.2}", p.elbo, p.held_out));
            if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
        seen,
    );
    progress.finish();
    let (report, pictures) = outcome.map_err(Failure::input)?;
    if arguments.json {
        print_json(&report)?;
    } else {
        print(&training(&report));
    }
    if let Some(path) = &arguments.plot {
        save_plot(path, training_svg(&[&report]))?;
    }
    if let (Some(path), Some(pictures)) = (&arguments.pictures, &pictures) {
        save_picture(path, pictures_png(pictures))?;
    }
    if report.interrupted { Err(interrupted(&report)) } else { Ok(()) }
}

fn compare(arguments: &Train, config: &TrainConfig, list: &str, stop: &AtomicBool) -> Outcome {
    let estimators = estimator_list("--compare", list)?;
    let progress = Progress::new(config.steps);
    let outcome = train_compare(config, &estimators, &|name| progress.set(name, 0), &|p| {
        progress.advance(p.step);
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    progress.finish();
    let Comparison { reports, skipped } = outcome.map_err(Failure::input)?;
    for (name, reason) in &skipped {
        warn(&format!("skipped {name}: {reason}"));
    }
    if arguments.json {
        print_json(&reports)?;
    } else {
        let all: Vec<&TrainReport> = reports.iter().collect();
        print(&training_comparison(&all));
    }
    if let Some(path) = &arguments.plot {
        let all: Vec<&TrainReport> = reports.iter().collect();
        save_plot(path, training_svg(&all))?;
    }
    match reports.last().filter(|report| report.interrupted) {
        None => Ok(()),
        Some(TrainReport { estimator, steps, .. }) => {
            let saved = match &config.checkpoint {
                Some(path) => {
                    format!("saved; go on with the same command and --resume {}", shell_quoted(path))
                }
                None => "not saved, since there is no --checkpoint DIR".into(),
            };
            let message = format!("interrupted in the run of {estimator} after step {steps}: {saved}");
            Err(Failure { message, status: INTERRUPTED })
        }
    }
}

/// A path as a shell takes it.
fn shell_quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-=+".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Flags over the config over the settings of the checkpoint that the run goes on from.
fn settings(arguments: &Train) -> Outcome<Settings> {
    let mut settings = Settings::default();
    if let Some(path) = &arguments.resume {
        // The settings of the runs of a comparison are the same, but for the estimator.
        let run = match &arguments.compare {
            Some(_) => runs_in(path).map_err(Failure::input)?.swap_remove(0),
            None => path.clone(),
        };
        let saved = Checkpoint::read(&run).map_err(Failure::input)?.header.settings;
        settings = Settings::parse(&saved).map_err(Failure::input)?;
        settings.checkpoint = Some(place_of(path));
    }
    if let Some(path) = &arguments.config {
        let file = Settings::parse(&read(path)?)
            .map_err(|e| Failure::input(format!("in {}: {e}", path.display())))?;
        settings = file.over(&settings).map_err(Failure::input)?;
    }
    flags(arguments).over(&settings).map_err(Failure::input)
}

fn flags(arguments: &Train) -> Settings {
    let a = arguments;
    Settings {
        model: a.model.clone(),
        data: a.data.clone(),
        binarization: a.binarization.clone(),
        estimator: a.estimator.clone(),
        objective: a.objective.clone(),
        importance_samples: a.importance_samples,
        steps: a.steps,
        batch: a.batch,
        samples: a.samples,
        optimizer: a.optimizer.clone(),
        lr: a.lr,
        beta2: a.beta2,
        warm_up: a.warm_up,
        decay: a.decay.clone(),
        decay_every: a.decay_every,
        decay_factor: a.decay_factor,
        clip: a.clip,
        tuning_factor: a.tuning_factor,
        seed: a.seed,
        eval_every: a.eval_every,
        eval_samples: a.eval_samples,
        eval_rows: a.eval_rows,
        checkpoint: a.checkpoint.clone(),
        checkpoint_every: a.checkpoint_every,
        metrics: a.metrics.clone(),
        tensorboard: a.tensorboard.clone(),
        model_options: ModelOptions {
            layers: a.layers,
            latents: a.latents,
            nonlinear: a.nonlinear.then_some(true),
            latent: a.latent.clone(),
            categories: a.categories,
            init: a.init.clone(),
            episode: a.episode,
            hidden: a.hidden,
        },
    }
}

/// Set by the first Ctrl-C; the second one ends the program at once.
fn stop_on_ctrl_c() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    // Fails only if there is a handler already, and there is none.
    let _ = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED.into());
        }
    });
    stop
}

/// Where a run that asked for no checkpoint is saved when it is interrupted: a file that does not exist yet.
fn rescue(config: &TrainConfig) -> PathBuf {
    let name =
        |i: usize| PathBuf::from(format!("aleator-{}-interrupted-{i}.safetensors", config.model.name()));
    (1..1000).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(1000))
}

fn interrupted(report: &TrainReport) -> Failure {
    let saved = match &report.checkpoint {
        Some(path) => format!("saved in {}; go on with --resume {}", path.display(), shell_quoted(path)),
        None => "not saved".into(),
    };
    Failure { message: format!("interrupted after step {}: {saved}", report.steps), status: INTERRUPTED }
}

fn save_picture(path: &Path, png: Result<Vec<u8>, String>) -> Outcome {
    let written = png.and_then(|bytes| std::fs::write(path, bytes).map_err(|e| e.to_string()));
    written
        .map_err(|reason| Failure::input(format!("cannot write the pictures {}: {reason}", path.display())))
}
