//! `aleator train`: a built-in model on real data.

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aleator::diagnostics::Skipped;
use aleator::estimators::describe;
use aleator::models::ModelOptions;
use aleator::train::{
    Checkpoint, Comparison, Progress as Told, Settings, TrainConfig, TrainReport, place_of, runs_in,
    train_and_see, train_compare,
};
use aleator_cli::report::{pictures_png, training, training_comparison, training_svg};
use serde::Serialize;

use crate::arguments::Train;
use crate::failure::{Failure, Outcome};
use crate::input::{estimator_list, read};
use crate::output::{Progress, color, print, print_json, save_plot, warn, width};

/// Images of each kind in a picture.
const PICTURES: usize = 64;
/// The exit status of a command that was stopped by Ctrl-C, as shells have it.
const INTERRUPTED: u8 = 130;

pub fn run(arguments: &Train) -> Outcome {
    let settings = settings(arguments)?;
    no_file_twice(arguments, &settings)?;
    let mut config = settings.config().map_err(Failure::input)?;
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
            show(&progress, &config, config.model.name(), p);
            if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
        seen,
    );
    progress.finish();
    let (report, pictures) = outcome.map_err(Failure::input)?;
    let shown =
        if arguments.json { print_json(&report) } else { print(&training(&report, width(), color())) };
    let drawn = plot(arguments, slice::from_ref(&report));
    let seen = match (&arguments.pictures, &pictures) {
        (Some(path), Some(pictures)) => save_picture(path, pictures_png(pictures)),
        _ => Ok(()),
    };
    let ended = if report.interrupted { Err(interrupted(&report)) } else { Ok(()) };
    Failure::of_all([shown, drawn, seen, ended])
}

fn plot(arguments: &Train, reports: &[TrainReport]) -> Outcome {
    arguments.plot.as_ref().map_or(Ok(()), |path| save_plot(path, training_svg(reports)))
}

fn compare(arguments: &Train, config: &TrainConfig, list: &str, stop: &AtomicBool) -> Outcome {
    let estimators = estimator_list("--compare", list)?;
    let names: Vec<String> = estimators.iter().map(|e| describe(&**e)).collect();
    let progress = Progress::new(config.steps);
    let begun = Cell::new(0);
    let begin = |_: &str| begun.set(begun.get() + 1);
    let outcome = train_compare(config, &estimators, &begin, &|p| {
        let run = begun.get();
        show(&progress, config, &format!("run {run} of {}: {}", names.len(), names[run - 1]), p);
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    progress.finish();
    let Comparison { reports, skipped } = outcome.map_err(Failure::input)?;
    for (name, reason) in &skipped {
        warn(&format!("skipped {name}: {reason}"));
    }
    let not_started = &names[begun.get()..];
    let shown = if arguments.json {
        let skipped = skipped.into_iter().map(|(estimator, reason)| Skipped { estimator, reason }).collect();
        print_json(&Runs { reports: &reports, skipped, not_started })
    } else {
        print(&training_comparison(&reports, not_started, width(), color()))
    };
    let drawn = plot(arguments, &reports);
    let ended = match reports.last().filter(|report| report.interrupted) {
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
    };
    Failure::of_all([shown, drawn, ended])
}

/// The JSON of a comparison.
#[derive(Serialize)]
struct Runs<'a> {
    reports: &'a [TrainReport],
    skipped: Vec<Skipped>,
    /// Estimators whose turn did not come.
    not_started: &'a [String],
}

/// How a run goes; after the last step all held-out rows are judged, which can take a while.
fn show(progress: &Progress, config: &TrainConfig, label: &str, p: &Told) {
    if p.step == p.steps {
        let rows = config.data.held_out.count();
        progress.set_at(&format!("judging {rows} held-out rows; {label}"), p.step, p.steps_per_second, "");
    } else {
        let note = format_args!("training {:.2} held-out {:.2}", p.elbo, p.held_out);
        progress.set_at(label, p.step, p.steps_per_second, note);
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
        weight_decay: a.weight_decay,
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

/// Refuses one place for two things, of which the later would destroy the earlier.
fn no_file_twice(arguments: &Train, settings: &Settings) -> Outcome {
    let data = settings.data.as_ref().map(PathBuf::from).filter(|path| path.is_file());
    let all = [
        ("config", &arguments.config),
        ("data", &data),
        ("resume", &arguments.resume),
        ("checkpoint", &settings.checkpoint),
        ("metrics", &settings.metrics),
        ("tensorboard", &settings.tensorboard),
        ("plot", &arguments.plot),
        ("pictures", &arguments.pictures),
    ];
    let given: Vec<(&str, PathBuf)> =
        all.into_iter().filter_map(|(name, path)| Some((name, place(path.as_ref()?)))).collect();
    for (i, (second, path)) in given.iter().enumerate() {
        // A run goes on in its own checkpoint, and a directory of checkpoints may hold TensorBoard's files as well.
        let may_share = |first: &str| match (first, *second) {
            ("resume", "checkpoint") => true,
            ("resume" | "checkpoint", "tensorboard") => path.extension().is_none_or(|e| e != "safetensors"),
            _ => false,
        };
        if let Some((first, _)) = given[..i].iter().find(|(first, other)| other == path && !may_share(first))
        {
            return Err(Failure::input(format!(
                "--{first} and --{second} are both {}: give each a place of its own",
                path.display()
            )));
        }
    }
    Ok(())
}

/// A path without links and detours, as far as it exists.
fn place(path: &Path) -> PathBuf {
    let real = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path));
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (path.canonicalize(), path.file_name(), real(parent)) {
        (Ok(path), ..) => path,
        (_, Some(name), Ok(parent)) => parent.join(name),
        _ => path.to_owned(),
    }
}

/// Set by the first Ctrl-C; the second one ends the program at once. Each says so when it comes, since a step or a look at
/// held-out data may take long.
fn stop_on_ctrl_c() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    // Fails only if there is a handler already, and there is none.
    let _ = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            say("ended at once, unsaved");
            std::process::exit(INTERRUPTED.into());
        }
        say("stopping after this step, or this look at held-out data; Ctrl-C again ends at once, unsaved");
    });
    stop
}

/// Tells standard error, on a line of its own beside a progress bar.
fn say(text: &str) {
    let mut err = std::io::stderr().lock();
    let start = if err.is_terminal() { "\r\x1b[K" } else { "" };
    let _ = writeln!(err, "{start}{text}");
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
