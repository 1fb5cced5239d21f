//! From settings to a configuration: the data are loaded, and the model is built.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use super::checkpoint::Checkpoint;
use super::config::{MEASURED, TrainConfig};
use super::recipe::{Recipe, Use};
use super::scg::{Source, is_file};
use super::setting::{BINARIZATIONS, DECAYS, OBJECTIVES};
use super::settings::Settings;
use super::subject::Subject;
use crate::data::{Binarization, Dataset, Headings, Reading, Rows};
use crate::error::{Error, Result};
use crate::estimators::{Estimator, Vimco};
use crate::language::{self, Commands};
use crate::models::{self, DataSummary, Entry, Objective, Standardization};
use crate::optim::Decay;

impl Settings {
    /// Loads the data, builds the model and the configuration.
    ///
    /// # Errors
    /// Returns an error if a name is unknown, if a file cannot be used, or if the model does not accept an option.
    pub fn config(&self) -> Result<TrainConfig> {
        self.config_allowing(Commands::Refused)
    }

    /// The settings of the model and the data, without those of the run.
    fn of_model_and_data(&self) -> Settings {
        Settings {
            model: self.model.clone(),
            set: self.set.clone(),
            data: self.data.clone(),
            test_data: self.test_data.clone(),
            columns: self.columns.clone(),
            standardize: self.standardize,
            held_out: self.held_out,
            validation: self.validation,
            binarization: self.binarization.clone(),
            data_seed: self.data_seed,
            model_options: self.model_options.clone(),
            ..Settings::default()
        }
    }

    /// These settings, if they will be used with other data: held-out rows in another file belong to the data.
    pub(super) fn for_data(&self, other: Option<&String>) -> Settings {
        match other {
            Some(_) => Settings { test_data: None, ..self.clone() },
            None => self.clone(),
        }
    }

    /// Like [`Settings::config`], for a graph that may start programs as black boxes.
    ///
    /// # Errors
    /// As [`Settings::config`].
    pub fn config_allowing(&self, commands: Commands) -> Result<TrainConfig> {
        let Some(path) = &self.init_from else { return self.config_from(commands, &Recipe::default()) };
        let checkpoint = Checkpoint::read(path)?;
        let in_checkpoint =
            |e| Error::Invalid(format!("in the settings of the checkpoint {}: {e}", path.display()));
        let theirs = Settings::parse(&checkpoint.header.settings).map_err(in_checkpoint)?;
        // What the model is; how it was trained is forgotten.
        let settings = self.over(&theirs.of_model_and_data().for_data(self.data.as_ref()))?;
        let same = settings.model == theirs.model;
        let recipe = match same {
            true => Recipe { graph: None, ..checkpoint.header.recipe.for_columns(self.columns.as_ref()) },
            false => Recipe::default(),
        };
        let config = settings.config_from(commands, &recipe)?;
        let init = Some(Arc::new(checkpoint.parameters()));
        let config = TrainConfig { init, ..config };
        config.initial().map_err(|e| Error::Invalid(format!("cannot start from {}: {e}", path.display())))?;
        Ok(config)
    }

    /// Like [`Settings::config_allowing`], with a model that is built from a recipe, as far as it has one, and not from the data.
    ///
    /// # Errors
    /// As [`Settings::config`], and if the data do not fit the model.
    pub fn config_from(&self, commands: Commands, recipe: &Recipe) -> Result<TrainConfig> {
        self.config_to(Use::Training, commands, recipe)
    }

    /// The same for this use of the rows of the data.
    pub(super) fn config_to(&self, rows: Use, commands: Commands, recipe: &Recipe) -> Result<TrainConfig> {
        let name = self.model.as_deref().unwrap_or("sbn");
        let (subject, mut data, recipe) = match is_file(name) || recipe.graph.is_some() {
            true => self.graph(name, commands, recipe)?,
            false => self.model(name, rows, recipe)?,
        };
        let validation = match self.validation {
            Some(_) if !subject.has_rows() => {
                return Err(Error::Invalid(format!(
                    "no data of {name} have the first size `batch`, so that there are no rows of validation; \
                     remove the setting `validation`"
                )));
            }
            Some(share) => {
                let (train, validation) = data.train.split(share, self.data_seed.unwrap_or(0))?;
                data.train = train;
                Some(Arc::new(validation))
            }
            None => None,
        };
        let usual = TrainConfig::new(subject, Arc::new(data));
        let objective = self.objective()?;
        let measured = self.estimator.as_deref().is_some_and(|text| text.trim() == MEASURED);
        let estimator = match (&self.estimator, objective) {
            (Some(_), Objective::WakeSleep(_)) => {
                return Err(Error::invalid(
                    "wake-sleep does not differentiate through draws and uses no estimator; remove the setting `estimator`",
                ));
            }
            (Some(_), _) if measured => None,
            (Some(text), _) => Some(estimator(text)?),
            // Made for it, where draws have no derivative.
            (None, Objective::Iwae(2..)) if usual_name(&usual) == Some("reinforce_loo") => {
                Some(Arc::new(Vimco::default()) as Arc<dyn Estimator>)
            }
            (None, _) => None,
        };
        let empty = |path: &&PathBuf| path.as_os_str().is_empty();
        if [&self.checkpoint, &self.metrics, &self.tensorboard].into_iter().flatten().any(|p| empty(&p)) {
            return Err(Error::invalid("checkpoint, metrics and tensorboard need a name, not an empty text"));
        }
        let config = TrainConfig {
            estimator,
            measured,
            objective,
            fixed: self
                .fix
                .iter()
                .flat_map(|names| names.split(','))
                .map(|name| name.trim().into())
                .collect(),
            steps: self.steps.unwrap_or(usual.steps),
            starts: self.starts,
            batch: self.batch.unwrap_or(usual.batch),
            samples: self.samples,
            learning_rate: self.lr,
            warm_up: self.warm_up.unwrap_or(0),
            decay: self.decay()?,
            optimizer: self.optimizer.clone().unwrap_or(usual.optimizer),
            beta2: self.beta2,
            weight_decay: self.weight_decay,
            clip: self.clip,
            tuning_factor: self.tuning_factor.unwrap_or(usual.tuning_factor),
            seed: self.seed.unwrap_or(usual.seed),
            eval_every: self.eval_every,
            eval_samples: self.eval_samples.unwrap_or(usual.eval_samples),
            eval_rows: self.eval_rows.unwrap_or(usual.eval_rows),
            checkpoint: self.checkpoint.clone(),
            checkpoint_every: self.checkpoint_every,
            metrics: self.metrics.clone(),
            tensorboard: self.tensorboard.clone(),
            validation,
            patience: self.patience,
            init: None,
            recipe,
            settings: String::new(),
            model: usual.model,
            data: usual.data,
            resume: None,
            rescue: None,
        };
        // A run that goes on for more steps looks at the held-out data where it did.
        let looks = Settings { eval_every: Some(config.eval_every()), ..self.clone() };
        Ok(TrainConfig { settings: looks.to_toml()?, ..config })
    }

    /// The graph in a file, and its rows.
    fn graph(&self, file: &str, commands: Commands, recipe: &Recipe) -> Result<(Subject, Dataset, Recipe)> {
        let given = [
            ("data", self.data.is_some()),
            ("test-data", self.test_data.is_some()),
            ("columns", self.columns.is_some()),
            ("standardize", self.standardize == Some(true)),
            ("binarization", self.binarization.is_some()),
        ];
        if let Some((name, _)) = given.into_iter().find(|(_, given)| *given) {
            return Err(Error::Invalid(format!("{file} names its own data; remove the setting `{name}`")));
        }
        if let Some(option) = self.model_options.first()? {
            return Err(Error::Invalid(format!(
                "{file} is a graph and not a model with options; remove the setting `{option}`"
            )));
        }
        let source = match &recipe.graph {
            Some(source) => Source { commands, ..source.clone() },
            None => Source::read(file, &self.set, commands)?,
        };
        let (graph, rows) = source.graph()?;
        if self.batch.is_some() && graph.columns().is_empty() {
            return Err(Error::Invalid(format!(
                "no data of {file} have the first size `batch`, so that every step uses all of them; \
                 remove the setting `batch`"
            )));
        }
        let (train, held_out) = match self.held_out {
            Some(_) if graph.columns().is_empty() => {
                return Err(Error::Invalid(format!(
                    "no data of {file} have the first size `batch`, so that no rows can be held out; \
                     remove the setting `held-out`"
                )));
            }
            Some(share) => rows.split(share, self.data_seed.unwrap_or(0))?,
            None => (rows, Rows { values: Vec::new(), width: graph.width() }),
        };
        let data = Dataset { name: "its own data".into(), train, held_out, image: None, dynamic: false };
        Ok((graph.into(), data, Recipe { graph: Some(source), ..Recipe::default() }))
    }

    /// The built-in model of that name, and its data.
    fn model(&self, name: &str, rows: Use, recipe: &Recipe) -> Result<(Subject, Dataset, Recipe)> {
        let names = models::all().iter().map(|e| e.name);
        let entry = models::find(name).ok_or_else(|| unknown("model", name, names))?;
        if let Some(text) = self.set.first() {
            return Err(Error::Invalid(format!(
                "`set = {text}` replaces a value of a graph, but `{name}` is a built-in model"
            )));
        }
        let data_seed = self.data_seed.unwrap_or(0);
        let real = self.model_options.is_real();
        let binarization = match self.binarization()? {
            Some(_) if !entry.pixels => {
                return Err(Error::Invalid(format!("`{name}` has no pixels to make black and white")));
            }
            Some(_) if real => {
                return Err(Error::invalid(
                    "pixels that are black or white have no Gaussian likelihood; remove the setting `binarization`, or use \
                     `likelihood = bernoulli`",
                ));
            }
            None if entry.pixels && !real => Some(Binarization::Threshold),
            given => given,
        };
        let known = recipe.data.as_ref();
        let reading = Reading {
            binarization,
            seed: data_seed,
            columns: self.columns()?,
            labels: entry.has_label(),
            classes: known.map(|known| known.labels.clone()).unwrap_or_default(),
            names: known.map(|known| known.columns.clone()).unwrap_or_default(),
            whole: rows == Use::Evaluation,
        };
        let (data, Headings { classes: labels, columns }) = match (&self.data, self.binarization.is_some()) {
            (Some(source), _) => Dataset::read(source, self.test_data.as_deref(), &reading)?,
            (None, _) if self.test_data.is_some() || self.columns.is_some() => {
                let name = if self.columns.is_some() { "columns" } else { "test-data" };
                return Err(Error::Invalid(format!("the setting `{name}` requires the setting `data`")));
            }
            (None, explicit) if explicit || (entry.pixels && real) => {
                (Dataset::load("digits", binarization, data_seed)?, Headings::default())
            }
            (None, _) => ((entry.data)(data_seed), Headings::default()),
        };
        let mut data = match self.held_out {
            _ if rows == Use::Evaluation => data,
            Some(share) => data.held_out_again(share, data_seed)?,
            None => data,
        };
        let standardization = self.standardization(entry, binarization, &data, known)?;
        if let Some(units) = &standardization {
            for rows in [&mut data.train, &mut data.held_out] {
                units.apply(&mut rows.values, rows.width);
            }
        }
        let found = DataSummary::of(&data);
        let classes = if labels.is_empty() { found.classes } else { Some(labels.len()) };
        let rows = self.training_rows(&data)?.count();
        let found = DataSummary { rows, classes, labels, columns, standardization, ..found };
        let model = entry.build_for(&self.model_options, &found)?;
        let Some(known) = &recipe.data else {
            return Ok((model.into(), data, Recipe { data: Some(found), ..Recipe::default() }));
        };
        match real {
            true => known.accepts_real(&found)?,
            false => known.accepts(&found)?,
        }
        // The number of rows is that of the data from which the model learns.
        let columns = if found.columns.is_empty() { known.columns.clone() } else { found.columns };
        let known = DataSummary { rows: found.rows, columns, ..known.clone() };
        let model = entry.build_for(&self.model_options, &known)?;
        Ok((model.into(), data, Recipe { data: Some(known), graph: None }))
    }

    /// The chosen columns.
    fn columns(&self) -> Result<Vec<String>> {
        let names = self.columns.iter().flat_map(|text| text.split(',')).map(|name| name.trim().to_string());
        let names: Vec<String> = names.collect();
        match names.iter().any(String::is_empty) {
            true => Err(Error::Invalid(format!(
                "`columns = {}` has an empty name; separate names or numbers of columns by commas",
                self.columns.as_deref().unwrap_or_default()
            ))),
            false => Ok(names),
        }
    }

    /// The rows from which the model learns: those that are neither held out nor for validation.
    fn training_rows<'d>(&self, data: &'d Dataset) -> Result<Cow<'d, Rows>> {
        Ok(match self.validation {
            Some(share) => Cow::Owned(data.train.split(share, self.data_seed.unwrap_or(0))?.0),
            None => Cow::Borrowed(&data.train),
        })
    }

    /// Means and scales of the columns: those of the checkpoint that the model is from, or those of the training rows.
    fn standardization(
        &self,
        entry: &Entry,
        binarization: Option<Binarization>,
        data: &Dataset,
        known: Option<&DataSummary>,
    ) -> Result<Option<Standardization>> {
        let wanted = self.standardize == Some(true);
        match (known, wanted) {
            (Some(known), _) if known.standardization.is_some() != wanted => {
                let (is, remedy) = if wanted { ("are not", "remove") } else { ("are", "add") };
                return Err(Error::Invalid(format!(
                    "the columns of the model in the checkpoint {is} standardised; {remedy} the setting `standardize`"
                )));
            }
            (_, false) => return Ok(None),
            (_, true) => {}
        }
        if binarization.is_some() || entry.has_fixed_units() {
            return Err(Error::Invalid(format!(
                "rows of `{}` are {}, which cannot be standardised; remove the setting `standardize`",
                entry.name,
                if binarization.is_some() { "pixels" } else { "tokens or states" }
            )));
        }
        let columns = data.train.width - usize::from(entry.has_label());
        match known {
            // Rows of another width are refused by their summary.
            Some(known) => Ok(known.standardization.clone()),
            None => Ok(Some(Standardization::of(&*self.training_rows(data)?, columns))),
        }
    }

    fn binarization(&self) -> Result<Option<Binarization>> {
        match self.binarization.as_deref() {
            None => Ok(None),
            Some("threshold") => Ok(Some(Binarization::Threshold)),
            Some("static") => Ok(Some(Binarization::Static)),
            Some("dynamic") => Ok(Some(Binarization::Dynamic)),
            Some(other) => Err(unknown("binarization", other, BINARIZATIONS.iter().copied())),
        }
    }

    fn objective(&self) -> Result<Objective> {
        let samples = self.importance_samples.unwrap_or(5);
        let objective = match self.objective.as_deref() {
            None | Some("elbo") => Objective::Elbo,
            Some("elbo-analytic-kl") => Objective::ElboAnalyticKl,
            Some("iwae") => Objective::Iwae(samples),
            Some("wake-sleep") => Objective::WakeSleep(samples),
            Some(other) => return Err(unknown("objective", other, OBJECTIVES.iter().copied())),
        };
        if self.importance_samples.is_some() && objective.copies().is_none() {
            return Err(Error::invalid(
                "the setting `importance-samples` requires `objective = iwae` or `objective = wake-sleep`",
            ));
        }
        Ok(objective)
    }

    fn decay(&self) -> Result<Decay> {
        let step = self.decay.as_deref() == Some("step");
        if !step && (self.decay_every.is_some() || self.decay_factor.is_some()) {
            return Err(Error::invalid(
                "the settings `decay-every` and `decay-factor` require `decay = step`",
            ));
        }
        match self.decay.as_deref() {
            None | Some("constant") => Ok(Decay::Constant),
            Some("linear") => Ok(Decay::Linear),
            Some("cosine") => Ok(Decay::Cosine),
            Some("step") => Ok(Decay::Step {
                every: self.decay_every.unwrap_or(10_000) as u64,
                factor: self.decay_factor.unwrap_or(0.5),
            }),
            Some(other) => Err(unknown("decay", other, DECAYS.iter().copied())),
        }
    }
}

/// The name of the default estimator of a model.
fn usual_name(config: &TrainConfig) -> Option<&'static str> {
    Some(config.model.model()?.default_estimator().properties().name)
}

fn estimator(text: &str) -> Result<Arc<dyn Estimator>> {
    let parsed = language::parse_estimator(text);
    let built = parsed.and_then(|p| language::estimator(&p.call, &p.expressions));
    built.map_err(|d| {
        let help = d.help.map(|h| format!("\n  help: {h}")).unwrap_or_default();
        Error::Invalid(format!("in the estimator '{text}': {}{help}", d.message))
    })
}

fn unknown(what: &str, name: &str, names: impl Iterator<Item = &'static str> + Clone) -> Error {
    let remedy = match language::nearest(name, names.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", names.collect::<Vec<_>>().join(", ")),
    };
    Error::Invalid(format!("there is no {what} `{name}`; {remedy}"))
}
