//! `aleator train`: a built-in model on real data, or a graph in a file.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::slice;

use aleator::diagnostics::Skipped;
use aleator::language::Commands;
use aleator::train::{
    Checkpoint, Comparison, Given, Point, Progress as Told, Recipe, Setting, Settings, TrainConfig,
    TrainReport, Trained, Trainer, Variant, by_measurement, of_estimators, of_seeds, place_of, runs_in,
    sweep, train_and_see, train_variants,
};
use aleator_cli::report::{
    Several, Spread, pictures_png, spread, training, training_comparison, training_page, training_runs_page,
    training_spread, training_svg,
};
use serde::Serialize;

use super::train_outputs::{Drawings, is_kept};
use crate::arguments::Train;
use crate::failure::{Failure, Outcome};
use crate::flags::with_flags;
use crate::output::{
    Progress, color, note, origin, print, print_json, save, save_page, save_plot, warn, width,
};
use crate::signals::Stop;
use crate::text::read;
use crate::via::Listed;

/// Images of each kind in a picture.
const PICTURES: usize = 64;

pub fn run(arguments: &Train) -> Outcome {
    let Layers { settings, file, recipe } = settings(arguments)?;
    let commands = commands(arguments);
    let drawings = Drawings::new(arguments, &settings)?;
    let in_file = |error: aleator::Error| in_file(file.as_ref(), &error);
    let made = match &recipe {
        // Nobody is asked to type the graph again.
        Some(recipe) if is_kept(arguments, &settings) => settings.config_from(commands, recipe),
        // Whether the graph is the same is checked when the run resumes.
        Some(recipe) => settings.config_from(commands, &Recipe { graph: None, ..recipe.clone() }),
        None => settings.config_allowing(commands),
    };
    let mut config = made.map_err(in_file)?;
    config.resume.clone_from(&arguments.resume);
    config.check().map_err(in_file)?;
    config.warnings().iter().for_each(|warning| warn(&with_flags(warning)));
    let stop = Stop::listen();
    if arguments.compare.is_some() || arguments.seeds.is_some() || arguments.sweep.is_some() {
        let variants = variants(arguments, &settings, &config, commands)?;
        return compare(arguments, &config, variants, &drawings, &stop);
    }
    let rescue = rescue(&config);
    if config.checkpoint.is_none() {
        note(&format!(
            "nothing of this run will be kept, since there is no --checkpoint; if it is interrupted, it is saved in {}",
            rescue.display()
        ));
    }
    config.rescue = Some(rescue);
    let seen = if drawings.pictures.is_some() { PICTURES } else { 0 };
    let progress = Progress::new(config.steps);
    let outcome = train_and_see(
        &config,
        &|p| {
            show(&progress, &config, config.model.name(), p);
            if stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
        seen,
    );
    progress.finish();
    let failed = |error: aleator::Error| match config.place_of(&error) {
        Some(place) => Failure::training(format!("{place}: {error}")),
        None => in_file(error),
    };
    let Trained { report, pictures, error } = outcome.map_err(&failed)?;
    let shown =
        if arguments.json { print_json(&report) } else { print(&training(&report, width(), color())) };
    let drawn = save_plot(drawings.plot.as_ref(), || training_svg(slice::from_ref(&report)));
    let page = save_page(drawings.report.as_ref(), || {
        training_page(&report, drawings.graph.as_deref(), origin(report.seed))
    });
    let seen = match (&drawings.pictures, &pictures) {
        (Some(output), Some(pictures)) => save("pictures", output, pictures_png(pictures)),
        _ => Ok(()),
    };
    let ended = match error {
        Some(error) => Err(failed(error)),
        None if report.interrupted => Err(interrupted(&report, &stop)),
        None => Ok(()),
    };
    Failure::of_all([shown, drawn, page, seen, ended])
}

fn compare(
    arguments: &Train,
    config: &TrainConfig,
    variants: Vec<Variant>,
    drawings: &Drawings,
    stop: &Stop,
) -> Outcome {
    if config.checkpoint.is_none() {
        note("nothing of these runs will be kept, since there is no --checkpoint DIR");
    }
    let names: Vec<String> = variants.iter().map(|variant| variant.name.clone()).collect();
    let progress = Progress::new(config.steps);
    let begun = Cell::new(0);
    let begin = |_: &str| begun.set(begun.get() + 1);
    let outcome = train_variants(config, variants, &begin, &|p| {
        let run = begun.get();
        show(&progress, config, &format!("run {run} of {}: {}", names.len(), names[run - 1]), p);
        if stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    progress.finish();
    let Comparison { reports, names: finished, skipped, error } = outcome.map_err(Failure::training)?;
    let told: Vec<(String, String)> =
        skipped.into_iter().map(|(name, reason)| (name, with_flags(&reason))).collect();
    for (name, reason) in &told {
        warn(&format!("skipped {name}: {reason}"));
    }
    let not_started = &names[begun.get()..];
    let averaged = arguments.seeds.is_some() || arguments.sweep.is_some();
    let spreads = if averaged { spreads(&finished, &reports) } else { Vec::new() };
    let shown = if arguments.json {
        let skipped = told.iter().cloned();
        let skipped = skipped.map(|(estimator, reason)| Skipped { estimator, reason }).collect();
        print_json(&Runs { reports: &reports, names: &finished, spread: &spreads, skipped, not_started })
    } else if averaged {
        print(&training_spread(&spreads, &reports, not_started, width(), color()))
    } else {
        print(&training_comparison(&reports, not_started, width(), color()))
    };
    let drawn = save_plot(drawings.plot.as_ref(), || training_svg(&reports));
    let page = save_page(drawings.report.as_ref(), || {
        let several = Several { spreads: &spreads, skipped: &told, not_started };
        training_runs_page(&reports, &several, drawings.graph.as_deref(), origin(config.seed))
    });
    let died = error.map_or(Ok(()), |error| Err(Failure::training(error)));
    let ended = match reports.last().filter(|report| report.interrupted) {
        None => Ok(()),
        Some(TrainReport { estimator, steps, .. }) => {
            let saved = match &config.checkpoint {
                Some(path) => {
                    format!("saved; resume with the same command and --resume {}", shell_quoted(path))
                }
                None => "not saved, since there is no --checkpoint DIR".into(),
            };
            let message = format!("interrupted in the run of {estimator} after step {steps}: {saved}");
            Err(Failure { message, status: stop.status() })
        }
    };
    Failure::of_all([shown, drawn, page, died, ended])
}

/// The JSON of a comparison.
#[derive(Serialize)]
struct Runs<'a> {
    reports: &'a [TrainReport],
    /// The names of these runs.
    names: &'a [String],
    /// The mean and the spread of runs that differ only in the seed.
    #[serde(skip_serializing_if = "<[Spread]>::is_empty")]
    spread: &'a [Spread],
    skipped: Vec<Skipped>,
    /// Estimators whose turn did not come.
    not_started: &'a [String],
}

/// The runs: one for each estimator or each point of a grid, and each seed.
fn variants(
    arguments: &Train,
    settings: &Settings,
    config: &TrainConfig,
    commands: Commands,
) -> Outcome<Vec<Variant>> {
    let variants = match (&arguments.compare, &arguments.sweep) {
        (Some(list), _) => {
            let Listed { estimators, measured } = Listed::read("--compare", list)?;
            let mut variants = of_estimators(config, &estimators).map_err(Failure::training)?;
            if measured {
                variants.push(by_measurement(config));
            }
            variants
        }
        (None, Some(path)) => {
            let in_file = |e: aleator::Error| Failure::training(format!("in {}: {e}", path.display()));
            let points = sweep(&read(path)?, settings).map_err(in_file)?;
            let of_point = |point: Point| -> aleator::Result<Variant> {
                let own = point.settings.config_allowing(commands)?;
                Ok(Variant {
                    name: point.name(),
                    config: TrainConfig { resume: config.resume.clone(), ..own },
                })
            };
            points.into_iter().map(|point| of_point(point).map_err(in_file)).collect::<Outcome<_>>()?
        }
        (None, None) => vec![Variant { name: String::new(), config: config.clone() }],
    };
    match arguments.seeds {
        Some(count) => of_seeds(&variants, count).map_err(Failure::training),
        None => Ok(variants),
    }
}

/// The mean and the spread of the runs that differ only in the seed.
fn spreads(names: &[String], reports: &[TrainReport]) -> Vec<Spread> {
    let mut groups: Vec<(&str, Vec<&TrainReport>)> = Vec::new();
    for (name, report) in names.iter().zip(reports) {
        let whole =
            name.rsplit_once("seed=").map_or(name.as_str(), |(before, _)| before.trim_end_matches(','));
        match groups.iter_mut().find(|(other, _)| *other == whole) {
            Some((_, runs)) => runs.push(report),
            None => groups.push((whole, vec![report])),
        }
    }
    groups.iter().filter_map(|(name, runs)| spread(name, runs)).collect()
}

/// How a run goes; after the last step all held-out rows are judged, which can take a while.
fn show(progress: &Progress, config: &TrainConfig, label: &str, p: &Told) {
    if let Some(choice) = &p.choice {
        note(&format!("chosen by measurement before step {}: {}", choice.step + 1, choice.describe()));
    }
    if let Some([start, starts]) = p.start {
        let note = format_args!("step {} of {}", p.step, p.steps);
        return progress.set_at(&format!("start {start} of {starts}; {label}"), 0, 0.0, note);
    }
    // The objective of a graph is minimised.
    let sign = if config.model.score().is_none() { -1.0 } else { 1.0 };
    let judged = if config.data.held_out.count() == 0 { "evaluated" } else { "held-out" };
    if p.looked {
        let speed = if p.step > 0 { format!(", {:.3} steps/s", p.steps_per_second) } else { String::new() };
        progress.look(
            label,
            p.step,
            format_args!("training {:.2} {judged} {:.2}{speed}", sign * p.elbo, sign * p.held_out),
        );
    }
    if p.step == p.steps {
        let what = match config.data.held_out.count() {
            0 => "evaluating".into(),
            rows => format!("judging {rows} held-out rows"),
        };
        progress.set_at(&format!("{what}; {label}"), p.step, p.steps_per_second, "");
    } else {
        let note = format_args!("training {:.2} {judged} {:.2}", sign * p.elbo, sign * p.held_out);
        progress.set_at(label, p.step, p.steps_per_second, note);
    }
}

/// A path as a shell takes it.
fn shell_quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-=+".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// The settings of a run, and those of the file among them.
struct Layers {
    settings: Settings,
    file: Option<(PathBuf, Settings)>,
    /// What the model of a resumed run is built from.
    recipe: Option<Recipe>,
}

/// Flags over the config over the settings of the checkpoint that the run goes on from.
fn settings(arguments: &Train) -> Outcome<Layers> {
    let mut settings = Settings::default();
    let mut recipe = None;
    if let Some(path) = &arguments.resume {
        // The settings of the runs of a comparison are the same, but for the estimator.
        let several = arguments.compare.is_some() || arguments.seeds.is_some() || arguments.sweep.is_some();
        let run = match several {
            true => runs_in(path)
                .map_err(|error| match Checkpoint::read(path) {
                    Ok(_) => Failure::training(format!("{error}; leave out --compare, --seeds and --sweep")),
                    Err(_) => Failure::training(error),
                })?
                .swap_remove(0),
            false => path.clone(),
        };
        let header = Checkpoint::read(&run).map_err(Failure::training)?.header;
        let saved = header.settings;
        recipe = Some(header.recipe);
        settings = Settings::parse(&saved).map_err(|e| {
            Failure::input(format!("in the settings of the checkpoint {}: {e}", run.display()))
        })?;
        settings.checkpoint = Some(place_of(path));
        // Its parameters are those of the checkpoint.
        settings.init_from = None;
    }
    let mut file = None;
    if let Some(path) = &arguments.config {
        let in_file = |e| Failure::input(format!("in {}: {e}", path.display()));
        let theirs = Settings::parse(&read(path)?).map_err(in_file)?;
        settings = theirs.over(&settings).map_err(in_file)?;
        file = Some((path.clone(), theirs));
    }
    let settings = flags(arguments).and_then(|flags| flags.over(&settings)).map_err(Failure::input)?;
    Ok(Layers { settings, file, recipe })
}

/// What is wrong with the settings; names the file if it is wrong there by itself.
fn in_file(file: Option<&(PathBuf, Settings)>, error: &aleator::Error) -> Failure {
    let same = |settings: &Settings| {
        let checked = settings.config().and_then(|config| Trainer::new(&config).map(|_| ()));
        checked.is_err_and(|e| e.to_string() == error.to_string())
    };
    match file {
        Some((path, theirs)) if same(theirs) => Failure::training(format!("in {}: {error}", path.display())),
        _ => Failure::training(error),
    }
}

/// The settings that the command line gives.
fn flags(arguments: &Train) -> aleator::Result<Settings> {
    let model = arguments.model.clone().map(Given::Text);
    let model = Setting::find("model").zip(model);
    Settings::of(model.into_iter().chain(arguments.flags.0.iter().cloned()))
}

/// Whether a graph may start programs.
fn commands(arguments: &Train) -> Commands {
    match arguments.allow_commands {
        true => Commands::Allowed { timeout: arguments.external_timeout },
        false => Commands::Refused,
    }
}

/// Where a run that asked for no checkpoint is saved when it is interrupted: a file that does not exist yet.
fn rescue(config: &TrainConfig) -> PathBuf {
    let stem = Path::new(config.model.name()).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = |i: usize| PathBuf::from(format!("aleator-{stem}-interrupted-{i}.safetensors"));
    (1..1000).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(1000))
}

fn interrupted(report: &TrainReport, stop: &Stop) -> Failure {
    let saved = match &report.checkpoint {
        Some(path) => format!("saved in {}; resume with --resume {}", path.display(), shell_quoted(path)),
        None => "not saved".into(),
    };
    Failure { message: format!("interrupted after step {}: {saved}", report.steps), status: stop.status() }
}
