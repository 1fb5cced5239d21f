//! `aleator train evaluate`, `sample` and `export`: what can be done with a checkpoint.

use std::path::{Path, PathBuf};

use aleator::data::{npy_bytes, npz_bytes};
use aleator::language::Commands;
use aleator::train::{
    Checkpoint, Evaluate as How, Pictures, Restored, RowsToEvaluate, Samples, Settings, evaluate,
    grey_levels, safetensors_bytes, sample,
};
use aleator_cli::report::{evaluation, pictures_png};

use crate::arguments::{Evaluate, ExportParameters, Parameters, Programs, Sample, Trained, Which};
use crate::failure::{Failure, Outcome};
use crate::output::{print, print_json, save, width};
use crate::places::{Output, Places};

pub fn run(arguments: &Trained) -> Outcome {
    match arguments {
        Trained::Evaluate(arguments) => run_evaluate(arguments),
        Trained::Sample(arguments) => run_sample(arguments),
        Trained::Export(arguments) => run_export(arguments),
    }
}

fn run_evaluate(arguments: &Evaluate) -> Outcome {
    let how = How {
        settings: Settings {
            data: arguments.data.clone(),
            columns: arguments.columns.clone(),
            seed: arguments.seed,
            ..Settings::default()
        },
        rows: match arguments.rows {
            Which::HeldOut => RowsToEvaluate::HeldOut,
            Which::Training => RowsToEvaluate::Training,
            Which::Validation => RowsToEvaluate::Validation,
            Which::All => RowsToEvaluate::All,
        },
        at_most: arguments.eval_rows,
        samples: arguments.eval_samples,
        last: arguments.parameters.last,
        commands: commands(&arguments.programs),
    };
    let report = evaluate(&arguments.parameters.checkpoint, &how).map_err(Failure::training)?;
    if arguments.json { print_json(&report) } else { print(&evaluation(&report, width())) }
}

fn run_sample(arguments: &Sample) -> Outcome {
    let path = &arguments.parameters.checkpoint;
    if arguments.output.is_none() && arguments.pictures.is_none() {
        return Err(Failure::input("nothing would be written; add --output FILE.npy or --pictures FILE.png"));
    }
    let mut places = places(&arguments.parameters);
    let kind = arguments.output.as_deref().map(|path| kind_of(path, &["npy", "npz"])).transpose()?;
    let (output, pictures) = (
        output(&mut places, "--output", arguments.output.as_ref())?,
        output(&mut places, "--pictures", arguments.pictures.as_ref())?,
    );
    let checkpoint = Checkpoint::read(path).map_err(Failure::training)?;
    let restored = Restored::new(
        &checkpoint,
        &Settings::default(),
        arguments.parameters.last,
        commands(&arguments.programs),
    )
    .map_err(|e| Failure::training(format!("cannot sample from {}: {e}", path.display())))?;
    let drawn =
        sample(&restored, arguments.count, arguments.seed, &arguments.values).map_err(Failure::training)?;
    let written = match (&output, kind) {
        (Some(output), Some("npy")) => match &drawn[..] {
            [one] => save("samples", output, npy_bytes(&one.shape, &one.values).map_err(|e| e.to_string())),
            several => {
                let names: Vec<_> = several.iter().map(|samples| samples.name.as_str()).collect();
                return Err(Failure::input(format!(
                    "a .npy file holds one array, but there are {}; write a .npz file",
                    names.join(", ")
                )));
            }
        },
        (Some(output), _) => {
            let arrays = drawn.iter().map(|s| (s.name.as_str(), &s.shape[..], &s.values[..]));
            save("samples", output, npz_bytes(arrays).map_err(|e| e.to_string()))
        }
        (None, _) => Ok(()),
    };
    let seen = match &pictures {
        Some(output) => {
            save("pictures", output, images(&drawn, &restored).and_then(|images| pictures_png(&images)))
        }
        None => Ok(()),
    };
    let told = output.iter().chain(&pictures).map(|output| output.path().display().to_string());
    let told: Vec<_> = told.collect();
    let shapes: Vec<_> = drawn.iter().map(|s| format!("{} of shape {:?}", s.name, s.shape)).collect();
    let text = format!("{} at step {}, written to {}", shapes.join(", "), restored.step, told.join(" and "));
    Failure::of_all([written, seen, print(&text)])
}

/// The samples as pictures.
fn images(drawn: &[Samples], restored: &Restored) -> Result<Pictures, String> {
    let range = restored.config.recipe.data.as_ref().map_or([0.0, 1.0], |data| data.range);
    match drawn {
        [Samples { shape, values, .. }] if shape.len() == 3 => {
            let samples = grey_levels(values.clone(), range);
            Ok(Pictures { size: [shape[1], shape[2]], samples, ..Pictures::default() })
        }
        _ => Err("the samples are not images".into()),
    }
}

fn run_export(arguments: &ExportParameters) -> Outcome {
    let path = &arguments.parameters.checkpoint;
    let kind = kind_of(&arguments.output, &["safetensors", "npz"])?;
    let mut places = places(&arguments.parameters);
    let output = places.output("--output", &arguments.output)?;
    let checkpoint = Checkpoint::read(path).map_err(Failure::training)?;
    let tensors = match arguments.parameters.last {
        true => checkpoint.last_parameters(),
        false => checkpoint.parameters(),
    };
    let tensors = [tensors, checkpoint.units()].concat();
    let bytes = match kind {
        "npz" => {
            let arrays: Vec<(&str, Vec<usize>, Vec<f32>)> = tensors
                .iter()
                .map(|t| (t.name.as_str(), t.shape.to_vec(), t.values.iter().map(|&v| v as f32).collect()))
                .collect();
            npz_bytes(arrays.iter().map(|(name, shape, values)| (*name, &shape[..], &values[..])))
                .map_err(|e| e.to_string())
        }
        _ => safetensors_bytes(&tensors, checkpoint.labels()).map_err(|e| e.to_string()),
    };
    save("parameters", &output, bytes)?;
    let numbers: usize = tensors.iter().map(|t| t.values.len()).sum();
    print(&format!(
        "{} tensors with {numbers} numbers, written to {}",
        tensors.len(),
        output.path().display()
    ))
}

fn commands(programs: &Programs) -> Commands {
    match programs.allow_commands {
        true => Commands::Allowed { timeout: programs.external_timeout },
        false => Commands::Refused,
    }
}

/// The checkpoint, which nothing may overwrite.
fn places(parameters: &Parameters) -> Places {
    let mut places = Places::default();
    places.reads("the checkpoint", &parameters.checkpoint);
    places
}

fn output(places: &mut Places, option: &str, path: Option<&PathBuf>) -> Outcome<Option<Output>> {
    path.map(|path| places.output(option, path)).transpose()
}

/// The extension of a file, one of these.
fn kind_of<'k>(path: &Path, kinds: &[&'k str]) -> Outcome<&'k str> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    kinds.iter().copied().find(|kind| *kind == extension).ok_or_else(|| {
        Failure::input(format!("the name of `{}` should end in .{}", path.display(), kinds.join(" or .")))
    })
}
