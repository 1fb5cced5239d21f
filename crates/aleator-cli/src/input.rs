//! Reading a graph, and messages about its text.

use std::path::{Path, PathBuf};

use aleator::language::{self, Commands, Diagnostic, Loading, Model, Place, Span};
use aleator::plan::Lint;

use crate::arguments::Source;
use crate::failure::{Failure, Outcome};
use crate::flags::with_flags;
use crate::output::warn;
use crate::parameters;
use crate::places::{Output, Places};
use crate::text::Text;

/// A graph with the text it came from, for messages.
pub struct Loaded {
    /// The file as named on the command line.
    pub file: String,
    /// Its text.
    pub text: String,
    /// What it says.
    pub model: Model,
    /// The files that were read.
    places: Places,
}

/// Reads and lowers a graph that will be evaluated; `seed` is that of random initial values.
pub fn load(source: &Source, seed: u64) -> Outcome<Loaded> {
    load_text(source, seed, &Text::read(&source.file)?)
}

/// Lowers the text of a graph that will be evaluated.
pub fn load_text(source: &Source, seed: u64, text: &Text) -> Outcome<Loaded> {
    let loaded = lower_or_fail(source, seed, text)?;
    match loaded.model.commands.first() {
        Some((name, command)) if !source.allow_commands => {
            let message = format!(
                "the black box `{name}` is the program `{}`, which may not run unasked",
                command.join(" ")
            );
            let mut diagnostic = Diagnostic::new(message)
                .help("a program can do anything that you can; if you trust this file, add --allow-commands");
            if let Some(definition) = loaded.model.definition(name) {
                diagnostic = diagnostic.at(definition.name_span).label("starts a program");
            }
            Err(Failure::at(&loaded.file, &loaded.text, &diagnostic))
        }
        _ => Ok(loaded),
    }
}

/// Reads and lowers a graph that will not be evaluated.
pub fn load_to_look_at(source: &Source, seed: u64) -> Outcome<Loaded> {
    lower_or_fail(source, seed, &Text::read(&source.file)?)
}

fn lower_or_fail(source: &Source, seed: u64, text: &Text) -> Outcome<Loaded> {
    lower(source, seed, text)?.map_err(|mistakes| Failure::at_all(&text.name, &text.text, &mistakes))
}

/// Lowers a graph, or says all that is wrong with its text.
pub fn lower(source: &Source, seed: u64, text: &Text) -> Outcome<Result<Loaded, Vec<Diagnostic>>> {
    let settings = source
        .set
        .iter()
        .map(|text| language::parse_set(text).map_err(|d| in_option("--set", text, &d)))
        .collect::<Outcome<Vec<_>>>()?;
    let loading = Loading {
        folder: Some(&text.folder),
        settings: &settings,
        batch: source.batch,
        seed,
        commands: match source.allow_commands {
            true => Commands::Allowed { timeout: source.external_timeout },
            false => Commands::Refused,
        },
        ..Loading::default()
    };
    let model = match language::load_all(&text.text, &loading) {
        Ok(model) => model,
        Err(mistakes) => return Ok(Err(mistakes)),
    };
    if let Some(place) = model.broken_data() {
        warn(&format!("{place}, and whatever depends on it is not finite either"));
    }
    let mut places = Places::default();
    if let Some(path) = &text.path {
        places.reads("the graph", path);
    }
    for (name, path) in &model.files {
        places.reads(format!("the data `{name}`"), path);
    }
    Ok(Ok(Loaded { file: text.name.clone(), text: text.text.clone(), model, places }))
}

/// A mistake in the value of a command-line option.
pub fn in_option(option: &str, text: &str, diagnostic: &Diagnostic) -> Failure {
    let help = diagnostic.help.as_ref().map(|h| format!("\n  help: {h}")).unwrap_or_default();
    Failure::input(format!("in {option} '{text}': {}{help}", diagnostic.message))
}

impl Loaded {
    /// The files that were read.
    pub fn into_places(self) -> Places {
        self.places
    }

    /// A file to be written at the end, if the option asks for one: looked at now, and none of those that were read.
    pub fn output(&mut self, option: &str, path: Option<&PathBuf>) -> Outcome<Option<Output>> {
        path.map(|path| self.places.output(option, path)).transpose()
    }

    /// Begins with the parameters of a file.
    pub fn adopt_parameters(&mut self, option: &str, path: &Path) -> Outcome {
        self.places.reads(option, path);
        let wrong =
            |reason| Failure::input(format!("cannot use the parameters of `{}`: {reason}", path.display()));
        parameters::adopt(path, &self.model.graph).map_err(wrong)
    }

    /// Turns an error of the library into one with a place in the file, where it speaks of a site.
    pub fn failure(&self, error: aleator::Error) -> Failure {
        let span = match &error {
            aleator::Error::Unsuitable { site, .. } | aleator::Error::Samples { site, .. } => {
                self.model.via_span(site)
            }
            aleator::Error::Domain { site, parameter, .. } => self.model.argument_span(site, parameter),
            other => {
                let black_box = other.black_box().and_then(|name| self.model.definition(name));
                black_box.map(|definition| definition.name_span)
            }
        };
        let mut diagnostic = Diagnostic::new(with_flags(&error.to_string()));
        if let Some(span) = span {
            diagnostic = diagnostic.at(span).label("here");
        }
        Failure::at(&self.file, &self.text, &diagnostic)
    }

    /// Where the cause of a warning stands.
    pub fn place_of(&self, lint: &Lint) -> Option<Span> {
        self.model.place_of(lint.cause).or_else(|| self.model.via_span(&lint.site))
    }

    /// Warns, with the place of the cause.
    pub fn warn_of(&self, lints: &[Lint]) {
        for lint in lints {
            let place = self
                .place_of(lint)
                .map(|span| format!("{}:{}: ", self.file, Place::of(&self.text, span.start)));
            warn(&format!("{}{}", place.unwrap_or_default(), lint.message));
        }
    }
}
