//! The state of a training run, its steps, and its checkpoints.

use std::collections::BTreeMap;

use super::batches::Batches;
use super::best::{self, Best};
use super::checkpoint::{Checkpoint, Header};
use super::config::{MOST_ROWS, TrainConfig, VALIDATION, WHOLE_ESTIMATOR, WHOLE_MODEL};
use super::measured::{EstimatorChoice, decide};
use super::report::{GradientStatistics, HistoryPoint, Starts};
use super::setting::{Effect, Part, Setting};
use super::settings::{Difference, differences};
use super::subject::Subject;
use super::update::Update;
use super::write_rows::write_rows;
use crate::diagnostics::fixed_places;
use crate::error::{Error, Result};
use crate::estimators::describe;
use crate::graph::Graph;
use crate::models::X_NAME;
use crate::nn::Tensor;
use crate::optim::{Adam, AdamW, RAdam, StepContext, UpdateRule, rule_by_name};
use crate::plan::Plan;
use crate::program::{Options, Program};

/// The decay of the running training ELBO per step.
const KEPT: f64 = 0.99;

/// A training run of which you take the steps yourself. [`train`](super::train) takes all steps, evaluates and saves.
pub struct Trainer<'c> {
    /// The configuration.
    pub config: &'c TrainConfig,
    /// The program of the gradient, which holds the parameters.
    pub program: Program<f32>,
    /// The tensors with their initial values: first the learned ones, then the states.
    pub tensors: Vec<Tensor>,
    /// The evaluations on held-out data.
    pub history: Vec<HistoryPoint>,
    /// The count and the sum of the training objective since the last evaluation.
    pub since_last: (u64, f64),
    /// A running mean of the training objective.
    pub running: Option<f64>,
    /// The parameters of the best evaluation, if the configuration keeps them.
    pub best: Option<Best>,
    /// The starts that were tried, if there were several.
    pub starts: Option<Starts>,
    /// The estimators that were chosen by measurement: the first ones, and each change.
    pub choices: Vec<EstimatorChoice>,
    /// The number of gradient steps taken.
    pub step: usize,
    /// The time of training, in seconds.
    pub seconds: f64,
    batches: Batches<'c>,
    /// The minibatch of a graph, before it is distributed over its data.
    gathered: Vec<f32>,
    update: Update,
    /// For each learned tensor, whether it keeps its initial values.
    fixed: Vec<bool>,
    sites: Vec<String>,
    /// The present estimators.
    plan: Plan,
    estimators: String,
}

impl<'c> Trainer<'c> {
    /// Creates a run before its first step.
    ///
    /// # Errors
    /// Returns an error if the configuration is invalid, or if the estimator does not support the model.
    pub fn new(config: &'c TrainConfig) -> Result<Self> {
        config.check()?;
        let tensors = config.initial()?;
        if !tensors.iter().any(|tensor| tensor.learned) {
            return Err(Error::Invalid(format!(
                "{} has no parameters, so that there is nothing to train",
                config.model.name()
            )));
        }
        let learned: Vec<&str> = tensors.iter().filter(|t| t.learned).map(|t| t.name.as_str()).collect();
        let fixed = fixed_places(&config.fixed, &learned)?;
        let (graph, plan) = config.training_graph(&tensors)?;
        let program = compile(config, &graph, &plan)?;
        let adam = adam(config);
        let rule: Box<dyn UpdateRule<f32>> = match config.optimizer.as_str() {
            "adam" => Box::new(adam),
            "adamw" => {
                let usual = AdamW::default().weight_decay;
                Box::new(AdamW { adam, weight_decay: config.weight_decay.unwrap_or(usual) })
            }
            "radam" => Box::new(RAdam { adam }),
            name => {
                rule_by_name(name).ok_or_else(|| Error::Invalid(format!("there is no optimizer `{name}`")))?
            }
        };
        Ok(Trainer {
            config,
            program,
            update: Update::new(rule, tensors.iter().filter(|t| t.learned).map(|t| t.values.len())),
            fixed,
            tensors,
            history: Vec::new(),
            since_last: (0, 0.0),
            running: None,
            best: None,
            starts: None,
            choices: Vec::new(),
            step: 0,
            seconds: 0.0,
            batches: Batches::new(&config.data.train, config.batch, config.seed, config.data.dynamic),
            gathered: Vec::new(),
            estimators: names(&graph, &plan, config),
            plan,
            sites: graph.sites().into_iter().map(|s| s.name).collect(),
        })
    }

    /// Begins at other parameters, in the order of the tensors.
    ///
    /// # Errors
    /// Returns an error if a size differs.
    pub(super) fn begin_at(&mut self, parameters: &[Vec<f32>]) -> Result<()> {
        let learned = self.tensors.iter().zip(parameters).filter(|(tensor, _)| tensor.learned);
        for (place, (_, values)) in learned.enumerate() {
            self.program.set_param_at(place, values)?;
        }
        Ok(())
    }

    /// Takes one gradient step.
    ///
    /// # Errors
    /// Returns an error if a value is infinite or NaN. The message contains the step and the site or parameter. The run cannot
    /// continue after this.
    pub fn advance(&mut self) -> Result<()> {
        let step = self.step;
        if self.config.measured && step.is_multiple_of(self.config.eval_every()) {
            self.choose().map_err(|e| at_step(step, e))?;
        }
        self.write_rows(step as u64);
        let elbo = -self.program.run_step(step as u64).map_err(|e| at_step(step, e))?.objective();
        if !elbo.is_finite() {
            return Err(at_step(step, self.bad_objective(elbo)));
        }
        let rate = self.config.schedule().at(step as u64, self.config.steps as u64);
        let now = StepContext { step: step as u64 + 1, rate, scale: self.clipping() };
        let mut parameters = self.program.params_and_gradients();
        parameters.iter_mut().zip(&self.fixed).filter(|(_, fixed)| **fixed).for_each(|(p, _)| *p = None);
        if !self.update.apply(&now, parameters) {
            return Err(at_step(step, self.bad_gradient()));
        }
        self.since_last = (self.since_last.0 + 1, self.since_last.1 + elbo);
        self.running = Some(self.running.map_or(elbo, |r| KEPT * r + (1.0 - KEPT) * elbo));
        self.step += 1;
        Ok(())
    }

    /// Chooses the estimators of the next steps by measurement.
    fn choose(&mut self) -> Result<()> {
        let (config, step) = (self.config, self.step);
        let mut rows = vec![0.0; config.batch * config.model.width()];
        if config.model.has_rows() {
            self.batches.at_step(step.saturating_sub(1) as u64, &mut rows);
        }
        let plan = decide(config, &self.now(), &rows, &self.plan, step)?;
        let (graph, _) = config.training_graph(&self.tensors)?;
        let changed = plan.describe(&graph) != self.plan.describe(&graph);
        // What cannot be used with a whole minibatch leaves the estimators as they are.
        let changed = changed && self.adopt(&graph, plan).is_ok();
        if changed || self.choices.is_empty() {
            self.choices.push(EstimatorChoice::of(&graph, &self.plan, step));
        }
        Ok(())
    }

    /// Goes on with other estimators, from the present parameters and states.
    fn adopt(&mut self, graph: &Graph, plan: Plan) -> Result<()> {
        let mut program = compile(self.config, graph, &plan)?;
        for place in 0..self.learned().count() {
            if let Some(values) = self.program.param_at(place) {
                program.set_param_at(place, values)?;
            }
        }
        // Own parameters of the same name and size go on as well.
        let (before, fresh): (BTreeMap<_, _>, BTreeMap<_, _>) =
            (self.program.own_state().into_iter().collect(), program.own_state().into_iter().collect());
        program.restore_own_state(&|name| {
            let new: &Vec<f64> = fresh.get(name)?;
            Some(before.get(name).filter(|old| old.len() == new.len()).unwrap_or(new).clone())
        })?;
        (self.estimators, self.program) = (names(graph, &plan, self.config), program);
        self.plan = plan;
        Ok(())
    }

    /// The tensors with their present values.
    fn now(&self) -> Vec<Tensor> {
        let wide = |values: Vec<f32>| values.into_iter().map(f64::from).collect();
        let values = self.parameters().into_iter().map(wide);
        self.tensors.iter().cloned().zip(values).map(|(tensor, values)| Tensor { values, ..tensor }).collect()
    }

    /// Writes the minibatch of a step into the data of the program.
    fn write_rows(&mut self, step: u64) {
        match &self.config.model {
            Subject::Model(_) => {
                if let Ok(x) = self.program.data_mut(X_NAME) {
                    self.batches.at_step(step, x);
                }
            }
            Subject::Graph(graph) if graph.columns().is_empty() => {}
            Subject::Graph(graph) => {
                self.gathered.resize(self.config.batch * graph.width(), 0.0);
                self.batches.at_step(step, &mut self.gathered);
                write_rows(&mut self.program, |write| graph.scatter(&self.gathered, write));
            }
        }
    }

    /// The estimators of the sites, in words.
    pub fn estimators(&self) -> &str {
        &self.estimators
    }

    /// Keeps the present parameters if the last evaluation is the best.
    pub(super) fn keep_best(&mut self) {
        let Some(point) = self.history.last().filter(|_| self.config.keeps_best()) else { return };
        let value = best::value(point);
        if self.best.as_ref().is_none_or(|best| value > best.value) {
            self.best = Some(Best { step: self.step, value, parameters: self.parameters() });
        }
    }

    /// Whether all steps are taken, or evaluations have not improved for long enough.
    pub fn is_over(&self) -> bool {
        self.step >= self.config.steps
            || self.history.last().is_some_and(|point| point.step == self.step)
                && self.config.patience.is_some_and(|patience| best::is_exhausted(&self.history, patience))
    }

    /// The parameters by which the run is judged: the best ones if they are kept, else the present ones.
    pub fn chosen(&self) -> Vec<Vec<f32>> {
        self.best.as_ref().map_or_else(|| self.parameters(), |best| best.parameters.clone())
    }

    /// The tensors that have a gradient, in the order of the program's parameters.
    fn learned(&self) -> impl Iterator<Item = &Tensor> {
        self.tensors.iter().filter(|t| t.learned)
    }

    /// The places of the tensors that are updated.
    fn free(&self) -> impl Iterator<Item = usize> {
        self.fixed.iter().enumerate().filter(|(_, fixed)| !**fixed).map(|(place, _)| place)
    }

    /// The factor by which the last gradient is multiplied; less than 1 if it is clipped.
    fn clipping(&self) -> f64 {
        let Some(clip) = self.config.clip else { return 1.0 };
        let squares = self.free().map(|i| Update::sum_of_squares(self.program.gradient_at(i)));
        let norm = squares.sum::<f64>().sqrt();
        if norm > clip { clip / norm } else { 1.0 }
    }

    /// The error of a training objective that is not finite. That of a graph is minimised.
    fn bad_objective(&self, elbo: f64) -> Error {
        let value = if self.config.model.score().is_some() { elbo } else { -elbo };
        Error::NotFinite(match &self.sites[..] {
            [] => format!("the training objective is {value}"),
            sites => format!(
                "the training objective is {value}, although the distributions of all sites ({}) are valid: the cause is in a \
                 cost that depends on them",
                sites.join(", ")
            ),
        })
    }

    /// The error that names the number of the last gradient that is not finite.
    fn bad_gradient(&self) -> Error {
        let bad = self.learned().enumerate().find_map(|(place, tensor)| {
            if self.fixed[place] {
                return None;
            }
            let gradient = self.program.gradient_at(place);
            let i = gradient.iter().position(|g| !g.is_finite())?;
            Some(format!("the gradient of `{}` (element {i}) is {}", tensor.name, gradient[i]))
        });
        Error::NotFinite(bad.unwrap_or_else(|| "the gradient is not finite".into()))
    }

    /// The present values, in the order of the tensors.
    pub fn parameters(&self) -> Vec<Vec<f32>> {
        let single = |values: &[f64]| values.iter().map(|&v| v as f32).collect();
        let now = |(i, t): (usize, &Tensor)| match t.learned {
            true => self.program.param_at(i).map_or_else(|| single(&t.values), <[f32]>::to_vec),
            false => single(self.program.state(&t.name).unwrap_or(&t.values)),
        };
        self.tensors.iter().enumerate().map(now).collect()
    }

    /// The statistics of the gradients: of all parameters, and of each one.
    pub fn gradients(&self) -> (Option<GradientStatistics>, BTreeMap<String, GradientStatistics>) {
        let Some(sums) = self.update.statistics() else { return (None, BTreeMap::new()) };
        let of = |[variance, square]: [f64; 2], count: usize| GradientStatistics {
            mean_variance: variance / count.max(1) as f64,
            signal_to_noise: if variance > 0.0 { (square.max(0.0) / variance).sqrt() } else { 0.0 },
        };
        let all = sums.iter().fold([0.0; 2], |[v, s], [w, t]| [v + w, s + t]);
        let count = self.free().map(|place| self.tensors[place].values.len()).sum();
        let each = self.learned().zip(&sums).zip(&self.fixed).filter(|(_, fixed)| !**fixed);
        let each = each.map(|((t, &s), _)| (t.name.clone(), of(s, t.values.len())));
        (Some(of(all, count)), each.collect())
    }

    /// The state of the run, for a checkpoint.
    pub fn checkpoint(&self) -> Checkpoint {
        let (slots, weights) = self.update.state();
        let mut checkpoint = Checkpoint::new(Header {
            version: 0,
            step: self.step,
            fingerprint: self.config.fingerprint(),
            settings: self.config.settings.clone(),
            history: self.history.clone(),
            since_last: self.since_last,
            running: self.running,
            weights,
            seconds: self.seconds,
            best: self.best.as_ref().map(|best| (best.step as u64, best.value)),
            starts: self.starts.clone(),
            choices: self.choices.clone(),
            recipe: self.config.recipe.clone(),
        });
        for (tensor, values) in self.learned().zip(self.best.iter().flat_map(|best| &best.parameters)) {
            checkpoint.add(format!("best/{}", tensor.name), tensor.shape.to_vec(), values.clone());
        }
        for ((tensor, values), slots) in self.learned().zip(self.parameters()).zip(slots) {
            checkpoint.add(format!("parameters/{}", tensor.name), tensor.shape.to_vec(), values);
            for (slot, values) in slots {
                checkpoint.add(format!("optimizer/{}/{slot}", tensor.name), tensor.shape.to_vec(), values);
            }
        }
        for (name, values) in self.program.own_state() {
            checkpoint.add_double(format!("estimators/{name}"), values);
        }
        checkpoint
    }

    /// Restores the state of a checkpoint. Learning rate, clipping and tuning factor may differ from those of the checkpoint.
    ///
    /// # Errors
    /// Returns an error if the checkpoint is that of another run. The message contains the setting that differs.
    pub fn resume(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        let header = &checkpoint.header;
        let ours = self.config.fingerprint();
        for (name, value) in &ours {
            let theirs = header.fingerprint.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v);
            let may_change = Setting::find(name).is_some_and(|setting| setting.effect == Effect::FromHereOn);
            if theirs != value && !may_change {
                return Err(Error::Invalid(format!(
                    "it belongs to another run: {}",
                    difference(name, theirs, value, &differences(&header.settings, &self.config.settings))
                )));
            }
        }
        if header.step > self.config.steps {
            return Err(Error::Invalid(format!(
                "it has already taken {} steps; set the setting `steps` to more than {}",
                header.step, self.config.steps
            )));
        }
        if let Some(choice) = header.choices.last() {
            let (graph, _) = self.config.training_graph(&self.tensors)?;
            self.adopt(&graph, choice.plan(&graph)?)?;
        }
        self.choices.clone_from(&header.choices);
        let missing = |name: &str| Error::Invalid(format!("it has no fitting `{name}`"));
        for (place, tensor) in self.tensors.iter().filter(|t| t.learned).enumerate() {
            let name = format!("parameters/{}", tensor.name);
            let values = checkpoint.get(&name).filter(|v| v.len() == tensor.values.len());
            self.program.set_param_at(place, values.ok_or_else(|| missing(&name))?)?;
        }
        let tensors = &self.tensors;
        let slot = |place: usize, slot: &str| {
            checkpoint.get(&format!("optimizer/{}/{slot}", tensors[place].name)).cloned()
        };
        self.update.restore(header.weights, &slot).map_err(|slot| missing(&slot))?;
        self.program
            .restore_own_state(&|name| checkpoint.get_double(&format!("estimators/{name}")).cloned())?;
        self.best = match header.best {
            Some((step, value)) if self.config.keeps_best() => {
                let saved = |(i, tensor): (usize, &Tensor)| {
                    let name = format!("best/{}", tensor.name);
                    let values = match tensor.learned {
                        true => checkpoint.get(&name).filter(|v| v.len() == tensor.values.len()).cloned(),
                        false => self.parameters().into_iter().nth(i),
                    };
                    values.ok_or_else(|| missing(&name))
                };
                let parameters = self.tensors.iter().enumerate().map(saved).collect::<Result<_>>()?;
                Some(Best { step: step as usize, value, parameters })
            }
            _ => None,
        };
        self.step = header.step;
        self.starts.clone_from(&header.starts);
        self.history.clone_from(&header.history);
        self.since_last = header.since_last;
        self.running = header.running;
        self.seconds = header.seconds;
        Ok(())
    }
}

/// Adam with the constants of a configuration.
fn adam(config: &TrainConfig) -> Adam {
    Adam { beta2: config.beta2.unwrap_or(Adam::default().beta2), ..Adam::default() }
}

/// The program of a training step.
fn compile(config: &TrainConfig, graph: &Graph, plan: &Plan) -> Result<Program<f32>> {
    let samples = config.samples.unwrap_or_else(|| plan.min_samples());
    check_rows(config, graph, plan, samples)?;
    let options = Options::new()
        .seed(config.seed)
        .samples(samples)
        .tuning_rule(adam(config))
        .tuning_rate(config.tuning_factor * config.learning_rate());
    Program::<f32>::compile(graph, &plan.estimators, &options)
}

/// Returns an error for an enumeration that could be compiled but would take too long per step.
fn check_rows(config: &TrainConfig, graph: &Graph, plan: &Plan, samples: usize) -> Result<()> {
    let (mut outcomes, mut estimators) = (1_usize, plan.estimators.iter());
    Plan::choose_with(graph, |site, _, _| {
        let alternatives = estimators.next().and_then(|e| e.alternatives(site).ok().flatten());
        outcomes = outcomes.saturating_mul(alternatives.unwrap_or(1));
        None::<()>
    })?;
    if config.batch.saturating_mul(samples).saturating_mul(outcomes) > MOST_ROWS {
        return Err(Error::Invalid(format!(
            "a batch of {} with {samples} samples and {outcomes} outcomes each is too large: their product must be at most \
             {MOST_ROWS}; use smaller sizes or another estimator",
            config.batch,
        )));
    }
    Ok(())
}

/// The estimator of all sites, or that of each site of a graph.
fn names(graph: &Graph, plan: &Plan, config: &TrainConfig) -> String {
    if let Some(one) = config.serving().filter(|_| !config.measured) {
        return describe(&*one);
    }
    let mut sites = plan.describe(graph);
    let same = |sites: &[(String, String)]| sites.windows(2).all(|two| two[0].1 == two[1].1);
    match sites.pop() {
        None => "no random nodes".into(),
        Some((_, one)) if same(&sites) && sites.first().is_none_or(|(_, other)| *other == one) => one,
        Some(last) => {
            sites.push(last);
            sites.iter().map(|(site, name)| format!("{site}={name}")).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Describes two values of a setting as they are written in settings. An empty value and `false` mean that the setting is absent.
/// `settings` are all settings that differ.
fn difference(name: &str, theirs: &str, ours: &str, settings: &[Difference]) -> String {
    let written = |name: &str, value: &str| match value {
        "" | "false" => format!("without the setting `{name}`"),
        "true" => format!("the setting `{name}`"),
        _ => format!("`{name} = {value}`"),
    };
    let both = |name: &str, theirs: &str, ours: &str| {
        format!("{} there, {} here", written(name, theirs), written(name, ours))
    };
    let first = |is_cause: &dyn Fn(&Difference) -> bool| {
        settings.iter().find(|d| is_cause(d)).map(|d| both(&d.name, &d.theirs, &d.ours))
    };
    match name {
        "data" => first(&|d| d.part == Part::Data)
            .map_or_else(|| "other data".into(), |how| format!("other data ({how})")),
        VALIDATION => first(&|d| d.name == "validation").unwrap_or_else(|| "other rows of validation".into()),
        "model" => format!("{theirs} there, {ours} here"),
        WHOLE_MODEL => first(&|d| d.part == Part::Model).unwrap_or_else(|| format!("other {WHOLE_MODEL}")),
        WHOLE_ESTIMATOR => {
            first(&|d| d.name == "estimator").unwrap_or_else(|| format!("other {WHOLE_ESTIMATOR}"))
        }
        _ => both(name, theirs, ours),
    }
}

pub(super) fn at_step(step: usize, error: Error) -> Error {
    let remedy = match step {
        // No step has been taken.
        0 => "change the initial values of parameters or the data",
        _ => "reduce the setting `lr`",
    };
    let message = format!("at step {step}: {error}; {remedy}");
    match error {
        Error::NotFinite(_) | Error::Domain { .. } => Error::NotFinite(message),
        other => other,
    }
}
