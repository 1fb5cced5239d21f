//! What `train` writes at the end, and the places of everything that it reads and writes.

use std::path::PathBuf;

use aleator::data::files_of;
use aleator::graph::Diagram;
use aleator::train::{Settings, is_file};
use aleator_cli::report::svg;

use crate::arguments::{Source, Train};
use crate::failure::Outcome;
use crate::input::{Loaded, load};
use crate::places::{Output, Places};

/// What is drawn at the end.
pub struct Drawings {
    pub plot: Option<Output>,
    pub report: Option<Output>,
    pub pictures: Option<Output>,
    /// The picture of a graph of the user's, for the report.
    pub graph: Option<String>,
}

impl Drawings {
    /// Refuses one place for two things, of which the later would destroy the earlier; and drawings that could not be written.
    ///
    /// # Errors
    /// As said, and if a graph in a file has a mistake.
    pub fn new(arguments: &Train, settings: &Settings) -> Outcome<Self> {
        let loaded = graph(arguments, settings)?;
        let wanted = loaded.as_ref().filter(|_| arguments.report.is_some());
        let picture = wanted.map(|loaded| svg(&Diagram::of(&loaded.model.graph)));
        let places = loaded.map(Loaded::into_places).unwrap_or_default();
        outputs(arguments, settings, places, picture)
    }
}

fn outputs(
    arguments: &Train,
    settings: &Settings,
    mut places: Places,
    graph: Option<String>,
) -> Outcome<Drawings> {
    if let Some(path) = &arguments.config {
        places.reads("--config", path);
    }
    for (option, source) in [("--data", &settings.data), ("--test-data", &settings.test_data)] {
        for path in source.iter().flat_map(|source| files_of(source)) {
            places.reads(option, &path);
        }
    }
    if let Some(path) = &arguments.resume {
        places.reads("--resume", path);
    }
    if let Some(path) = &arguments.sweep {
        places.reads("--sweep", path);
    }
    if let Some(path) = &settings.init_from {
        places.reads("--init-from", path);
    }
    if let Some(path) = &settings.checkpoint {
        // A run goes on in its own checkpoint.
        places.takes("--checkpoint", path, &["--resume"])?;
    }
    if let Some(path) = &settings.metrics {
        places.takes("--metrics", path, &[])?;
    }
    if let Some(path) = &settings.tensorboard {
        // A directory of checkpoints may hold TensorBoard's files as well.
        let is_directory = path.extension().is_none_or(|e| e != "safetensors");
        places.takes(
            "--tensorboard",
            path,
            if is_directory { &["--resume", "--checkpoint"] } else { &[] },
        )?;
    }
    let mut output = |option: &str, path: &Option<PathBuf>| {
        path.as_ref().map(|path| places.output(option, path)).transpose()
    };
    Ok(Drawings {
        plot: output("--plot", &arguments.plot)?,
        report: output("--report", &arguments.report)?,
        pictures: output("--pictures", &arguments.pictures)?,
        graph,
    })
}

/// Whether the graph of a resumed run was read from standard input, and is not given again.
pub fn is_kept(arguments: &Train, settings: &Settings) -> bool {
    arguments.resume.is_some() && arguments.model.is_none() && settings.model.as_deref() == Some("-")
}

/// The graph that is trained, if the model is a file. It is read here so that a mistake is shown with its place.
fn graph(arguments: &Train, settings: &Settings) -> Outcome<Option<Loaded>> {
    let is_read = |model: &&str| is_file(model) && !is_kept(arguments, settings);
    let Some(file) = settings.model.as_deref().filter(is_read) else { return Ok(None) };
    let source = Source {
        file: file.into(),
        set: settings.set.clone(),
        batch: settings.batch,
        allow_commands: arguments.allow_commands,
        external_timeout: arguments.external_timeout,
    };
    load(&source, settings.seed.unwrap_or(0)).map(Some)
}
