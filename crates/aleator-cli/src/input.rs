//! Reading a graph and the options that speak about it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aleator::diagnostics::plan_with;
use aleator::estimators::Estimator;
use aleator::language::{self, Commands, Diagnostic, Loading, Model, Place, Span};
use aleator::plan::{Lint, Plan};

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
    let loaded = load_to_look_at(source, seed)?;
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
    let text = Text::read(&source.file)?;
    lower(source, seed, &text)?.map_err(|mistakes| Failure::at_all(&text.name, &text.text, &mistakes))
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
        warn(&format!("{place}, and so is whatever depends on it"));
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
fn in_option(option: &str, text: &str, diagnostic: &Diagnostic) -> Failure {
    let help = diagnostic.help.as_ref().map(|h| format!("\n  help: {h}")).unwrap_or_default();
    Failure::input(format!("in {option} '{text}': {}{help}", diagnostic.message))
}

/// Sites with their estimators.
type Fixed = Vec<(String, Arc<dyn Estimator>)>;

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
        self.model.places.get(&lint.cause).copied().or_else(|| self.model.via_span(&lint.site))
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

    /// The estimators that the options give to sites by name.
    pub fn fixed(&self, via: &[String]) -> Outcome<Fixed> {
        let every = |text: &&String| language::parse_via(text).is_ok_and(|parsed| parsed.site.is_none());
        if let Some(text) = via.iter().find(every) {
            return Err(Failure::input(format!(
                "in --via '{text}': this would fix every site, and leave nothing to compare; name one site, --via \
                 SITE={text}, or use --estimators {text}"
            )));
        }
        let sites = self.model.graph.sites().into_iter().map(|site| site.name);
        Ok(sites.zip(self.overrides(via)?).filter_map(|(name, given)| Some((name, given?))).collect())
    }

    /// The estimators that are to be certified, if the options name any, and those that they give to sites by name.
    pub fn to_certify(&self, via: &[String]) -> Outcome<(Option<Vec<Arc<dyn Estimator>>>, Fixed)> {
        let every = |text: &String| language::parse_via(text).is_ok_and(|parsed| parsed.site.is_none());
        let (all, named): (Vec<String>, Vec<String>) = via.iter().cloned().partition(every);
        let estimators = all.iter().map(|text| estimator("--via", text)).collect::<Outcome<Vec<_>>>()?;
        Ok(((!estimators.is_empty()).then_some(estimators), self.fixed(&named)?))
    }

    /// The plan that the options ask for, completed by the file and the automatic choice.
    pub fn plan(&self, via: &[String], samples: Option<usize>) -> Outcome<Plan> {
        Plan::choose(&self.model.graph, &self.overrides(via)?, samples).map_err(|e| self.failure(e))
    }

    /// The plans that use each of these estimators at every site that it supports, beside those that the options fix.
    pub fn plans(&self, list: &str, via: &[String], samples: Option<usize>) -> Outcome<Vec<Plan>> {
        let fixed = self.overrides(via)?;
        let estimators = estimator_list("--compare", list)?;
        let plan = |e: &Arc<dyn Estimator>| plan_with(&self.model.graph, e, &fixed, samples);
        estimators.iter().map(plan).collect::<Result<_, _>>().map_err(|e| self.failure(e))
    }

    /// The estimator that the options give to each site.
    fn overrides(&self, via: &[String]) -> Outcome<Vec<Option<Arc<dyn Estimator>>>> {
        let sites = self.model.graph.sites();
        let mut overrides: Vec<Option<Arc<dyn Estimator>>> = vec![None; sites.len()];
        for text in via {
            let wrong = |d: &Diagnostic| in_option("--via", text, d);
            let parsed = language::parse_via(text).map_err(|d| wrong(&d))?;
            let call = &parsed.estimator;
            let estimator = language::estimator(&call.call, &call.expressions).map_err(|d| wrong(&d))?;
            match &parsed.site {
                None => overrides.fill(Some(estimator)),
                Some(name) => {
                    let Some(i) = sites.iter().position(|s| s.name == name.text) else {
                        let names = sites.iter().map(|s| s.name.as_str());
                        let remedy = match language::nearest(&name.text, names.clone()) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => format!("the sites are {}", names.collect::<Vec<_>>().join(", ")),
                        };
                        return Err(Failure::input(format!(
                            "in --via '{text}': there is no site `{}`; {remedy}",
                            name.text
                        )));
                    };
                    overrides[i] = Some(estimator);
                }
            }
        }
        Ok(overrides)
    }
}

/// The estimators of a comma-separated list, in which arguments may contain commas.
pub fn estimator_list(option: &str, text: &str) -> Outcome<Vec<Arc<dyn Estimator>>> {
    let mut depth = 0usize;
    let parts = text.split(|c: char| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.map(|part| estimator(option, part.trim())).collect()
}

/// The estimator that the value of a command-line option names.
pub fn estimator(option: &str, text: &str) -> Outcome<Arc<dyn Estimator>> {
    let wrong = |d: Diagnostic| in_option(option, text, &d);
    let parsed = language::parse_estimator(text).map_err(wrong)?;
    language::estimator(&parsed.call, &parsed.expressions).map_err(wrong)
}
