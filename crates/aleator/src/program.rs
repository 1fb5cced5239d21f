//! A compiled estimate: run it, read the objective and its gradient.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::math::Real;
use aleator_engine::exec::philox::NoiseAt;
use aleator_engine::exec::{self, InputAndOutput};
use aleator_engine::graph::{NodeId, Shape};

use crate::analysis::Analysis;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::interruption;
use crate::optim::{Adam, Optimizer};
use crate::plan::{Plan, is_unbiased};
use crate::rewrite::{DomainCheck, Estimator, EstimatorParam, Layout, Owner, StateUpdate, Tuning, rewrite};

/// How to compile a graph.
///
/// ```
/// use aleator::prelude::*;
///
/// let g = Graph::new();
/// let b = g.sample("b", Bernoulli::from_logits(g.param("theta", 0.0)).via(ReinforceLoo));
/// g.cost("loss", (b - 0.45).square());
///
/// // Three independent estimates a run, each the mean of four samples.
/// let mut program = g.compile(&Options::new().samples(4).replicates(3).seed(7))?;
/// let estimate = program.run()?;
/// assert_eq!((estimate.objectives().len(), estimate.gradient("theta")?.len()), (3, 3));
/// # Ok::<(), aleator::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Options {
    samples: Option<usize>,
    replicates: Option<usize>,
    seed: u64,
    tuning: Tuning,
    tuning_rate: Option<f64>,
    tuning_rule: Adam,
    audit: bool,
    compile: CompileOptions,
}

/// The rate at which own parameters descend, unless said otherwise.
const TUNING_RATE: f64 = 0.01;

impl Options {
    /// The smallest K that the plan accepts, one estimate a run, seed 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// K, the samples averaged in one estimate.
    pub fn samples(self, samples: usize) -> Self {
        Options { samples: Some(samples), ..self }
    }

    /// R independent estimates a run, each with its own gradient, on a leading axis.
    pub fn replicates(self, replicates: usize) -> Self {
        Options { replicates: Some(replicates), ..self }
    }

    /// The seed of all noise.
    pub fn seed(self, seed: u64) -> Self {
        Options { seed, ..self }
    }

    /// Which of the estimators' own parameters (coefficients, temperatures, baselines) change after each run; all of
    /// them unless said otherwise.
    pub fn tuning(self, tuning: Tuning) -> Self {
        Options { tuning, ..self }
    }

    /// The learning rate (of Adam) of own parameters that descend; 0.01 unless said otherwise.
    pub fn tuning_rate(self, rate: f64) -> Self {
        Options { tuning_rate: Some(rate), ..self }
    }

    /// Adam's constants for own parameters that descend; the usual ones unless said otherwise.
    pub fn tuning_rule(self, rule: Adam) -> Self {
        Options { tuning_rule: rule, ..self }
    }

    /// Also computes what tells whether the estimate is to be trusted: see [`Program::masses`], [`Program::blind_sites`].
    pub(crate) fn audit(self) -> Self {
        Options { audit: true, ..self }
    }

    /// Limits of memory and threads.
    pub fn compile_options(self, compile: CompileOptions) -> Self {
        Options { compile, ..self }
    }
}

/// A parameter as a program holds it.
struct Slot {
    name: String,
    shape: Shape,
    slot: usize,
}

/// A compiled estimate of a graph's objective and gradient. Shapes are fixed; running does not allocate.
///
/// `T` is the type of all numbers: `f64` unless said otherwise.
///
/// ```
/// use aleator::prelude::*;
///
/// let g = Graph::new();
/// let x = g.data("x", [2], vec![0.0]);
/// let w = g.param("w", 0.5);
/// let b = g.sample("b", Bernoulli::from_logits(w * x));
/// g.cost("loss", (b - 0.45).square());
///
/// let mut program = g.compile_as::<f32>(&Options::new())?;
/// for row in [[1.0, 2.0], [-1.0, 0.5]] {
///     program.set_data("x", &row)?;
///     let gradient = program.run()?.gradient("w")?[0];
///     let w = program.param("w")?[0];
///     program.set_param("w", &[w - 0.1 * gradient])?;
/// }
/// # Ok::<(), aleator::Error>(())
/// ```
pub struct Program<T: Real = f64> {
    inner: exec::Program<T>,
    params: Vec<Slot>,
    data: Vec<Slot>,
    checks: Vec<DomainCheck>,
    own: Vec<Own<T>>,
    seed: u64,
    step: u64,
    samples: usize,
    evaluations: usize,
    random: bool,
    unbiased: bool,
    rescaled: bool,
    /// Outputs of the audit.
    masses: Vec<usize>,
    blind: Vec<(String, usize)>,
}

/// The place of a name; the error lists the names that there are.
fn place_of(kind: &'static str, slots: &[Slot], name: &str) -> Result<usize> {
    let place = slots.iter().position(|slot| slot.name == name);
    place.ok_or_else(|| Error::unknown_name(kind, name, slots.iter().map(|slot| slot.name.as_str())))
}

/// A parameter of an estimator's own, with what changes it after a run.
struct Own<T> {
    name: String,
    shape: Shape,
    slot: usize,
    values: Vec<f64>,
    /// The same as the program takes them.
    typed: Vec<T>,
    change: Change,
    owner: Owner,
}

/// [`StateUpdate`] with the places of its outputs and its state.
enum Change {
    Stays,
    Becomes { output: usize },
    Descends { output: usize, gradient: Vec<f64>, optimizer: Optimizer },
    Ratio { outputs: [usize; 2], sums: [Vec<f64>; 2] },
}

/// One estimate (or R of them side by side).
pub struct Estimate<'p, T: Real = f64> {
    program: &'p Program<T>,
}

impl<T: Real> fmt::Debug for Program<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |slots: &[Slot]| slots.iter().map(|slot| slot.name.clone()).collect::<Vec<_>>();
        f.debug_struct("Program")
            .field("params", &names(&self.params))
            .field("data", &names(&self.data))
            .field("samples", &self.samples)
            .field("seed", &self.seed)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

impl<T: Real> fmt::Debug for Estimate<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Estimate").field("objectives", &self.objectives()).finish_non_exhaustive()
    }
}

impl<T: Real> Estimate<'_, T> {
    /// The objective: the first (or only) estimate.
    pub fn objective(&self) -> f64 {
        self.objectives()[0].to_f64()
    }

    /// The objective of each replicate.
    pub fn objectives(&self) -> &[T] {
        self.program.inner.output(0)
    }

    /// The gradient of the parameter of that name, flat and row-major; replicates one after another.
    ///
    /// # Errors
    /// If there is no such parameter.
    pub fn gradient(&self, name: &str) -> Result<&[T]> {
        self.program.gradient(name)
    }

    /// The gradient of the parameter at that place in the graph's order.
    pub fn gradient_at(&self, place: usize) -> &[T] {
        self.program.gradient_at(place)
    }
}

impl Graph {
    /// Compiles an estimate by the estimators named in the graph, completed by the automatic choice.
    ///
    /// # Errors
    /// If the graph holds an error, an estimator cannot serve its site, or memory would not suffice.
    pub fn compile(&self, options: &Options) -> Result<Program> {
        self.compile_as(options)
    }

    /// The same as [`Graph::compile`], but the program computes with numbers of type `T`: `compile_as::<f32>(..)`.
    ///
    /// # Errors
    /// If the graph holds an error, an estimator cannot serve its site, or memory would not suffice.
    pub fn compile_as<T: Real>(&self, options: &Options) -> Result<Program<T>> {
        let plan = Plan::choose(self, &[], options.samples)?;
        Program::compile(self, &plan.estimators, options)
    }
}

impl<T: Real> Program<T> {
    /// Compiles an estimate by a plan: one estimator for each site.
    ///
    /// # Errors
    /// If the graph holds an error, an estimator cannot serve its site, or memory would not suffice.
    pub fn compile(graph: &Graph, plan: &[Arc<dyn Estimator>], options: &Options) -> Result<Self> {
        let least = plan.iter().map(|e| e.min_samples()).max().unwrap_or(1);
        let samples = options.samples.unwrap_or(least);
        if samples == 0 || options.replicates == Some(0) {
            return Err(Error::Invalid("at least one sample and one replicate are needed".into()));
        }
        let Options { replicates, tuning, audit, .. } = *options;
        // The surrogate's own graph: the author's is not written.
        let own = graph.clone();
        let analysis = Analysis::of(&own)?;
        let unbiased = is_unbiased(&own, &analysis, plan);
        let surrogate = rewrite(own, &analysis, plan, Layout { samples, replicates, tuning }, audit)?;
        let mut outputs = vec![surrogate.objective];
        outputs.extend(&surrogate.gradients);
        outputs.extend(surrogate.checks.iter().flat_map(|c| [c.violations, c.example]));
        let mut place = |node: NodeId| {
            outputs.push(node);
            outputs.len() - 1
        };
        let rate = options.tuning_rate.unwrap_or(TUNING_RATE);
        let changes: Vec<Change> = surrogate
            .own
            .iter()
            .map(|own| Change::new(own, &options.tuning_rule, rate, &mut place))
            .collect();
        let masses = surrogate.audit.masses.iter().map(|&node| place(node)).collect();
        let blind = surrogate.audit.blind.into_iter().map(|(site, node)| (site, place(node))).collect();
        let inner = exec::Program::compile(&surrogate.graph, &outputs, &options.compile)?;
        let inputs = surrogate.graph.inputs();
        let slot_of = |node: NodeId| inputs.iter().position(|i| i.node == node).unwrap_or(usize::MAX);
        let slot = |name: &str, shape: &Shape, node| Slot {
            name: name.into(),
            shape: shape.clone(),
            slot: slot_of(node),
        };
        let (params, data) = (graph.params(), graph.datasets());
        let mut program = Program {
            inner,
            params: params.iter().map(|p| slot(&p.name, &p.shape, p.node)).collect(),
            data: data.iter().map(|d| slot(&d.name, &d.shape, d.node)).collect(),
            checks: surrogate.checks,
            own: surrogate
                .own
                .into_iter()
                .zip(changes)
                .map(|(o, change)| Own {
                    slot: slot_of(o.node),
                    name: o.name,
                    shape: o.shape,
                    typed: o.initial.iter().map(|&v| T::from_f64(v)).collect(),
                    values: o.initial,
                    change,
                    owner: o.owner,
                })
                .collect(),
            seed: options.seed,
            step: 0,
            samples,
            evaluations: surrogate.evaluations,
            random: surrogate.random,
            unbiased: unbiased && !surrogate.rescaled,
            rescaled: surrogate.rescaled,
            masses,
            blind,
        };
        let typed = |values: &[f64]| values.iter().map(|&x| T::from_f64(x)).collect::<Vec<T>>();
        for (i, param) in params.iter().enumerate() {
            program.set_param_at(i, &typed(&param.initial))?;
        }
        for (i, data) in data.iter().enumerate() {
            program.set_data_at(i, &typed(&data.values))?;
        }
        for own in &program.own {
            program.inner.set_input(own.slot, &own.typed)?;
        }
        Ok(program)
    }

    /// Sets the values of the parameter of that name, flat and row-major.
    ///
    /// # Errors
    /// If there is no such parameter, or the number of elements differs.
    pub fn set_param(&mut self, name: &str, values: &[T]) -> Result<()> {
        self.set_param_at(place_of("parameter", &self.params, name)?, values)
    }

    /// Sets the values of the parameter at that place in the graph's order.
    ///
    /// # Errors
    /// If the number of elements differs.
    pub fn set_param_at(&mut self, place: usize, values: &[T]) -> Result<()> {
        Ok(self.inner.set_input(self.params[place].slot, values)?)
    }

    /// The present values of the parameter of that name, flat and row-major.
    ///
    /// # Errors
    /// If there is no such parameter, or no cost depends on it: the program does not hold its values then.
    pub fn param(&self, name: &str) -> Result<&[T]> {
        let place = place_of("parameter", &self.params, name)?;
        self.param_at(place).ok_or_else(|| Error::Unused { name: name.into() })
    }

    /// The present values of the parameter at that place in the graph's order; `None` if no cost depends on it.
    pub fn param_at(&self, place: usize) -> Option<&[T]> {
        self.inner.input(self.params[place].slot)
    }

    /// The gradient of the parameter of that name in the last run, as [`Estimate::gradient`] gives it.
    ///
    /// # Errors
    /// If there is no such parameter.
    pub fn gradient(&self, name: &str) -> Result<&[T]> {
        Ok(self.gradient_at(place_of("parameter", &self.params, name)?))
    }

    /// The gradient of the parameter at that place in the graph's order in the last run.
    pub fn gradient_at(&self, place: usize) -> &[T] {
        self.inner.output(1 + place)
    }

    /// Mutable parameters paired with their gradients in the last run, in the graph's order; `None` for a parameter that no cost
    /// depends on.
    pub fn params_and_gradients(&mut self) -> Vec<Option<InputAndOutput<'_, T>>> {
        let places = self.params.iter().enumerate().map(|(place, param)| (param.slot, 1 + place));
        self.inner.inputs_and_outputs(places)
    }

    /// The data of that name, to be changed in place.
    ///
    /// # Errors
    /// If there are no such data, or no cost depends on them: the program does not hold them then.
    pub fn data_mut(&mut self, name: &str) -> Result<&mut [T]> {
        let place = place_of("data", &self.data, name)?;
        self.data_mut_at(place).ok_or_else(|| Error::Unused { name: name.into() })
    }

    /// The data at that place in the graph's order, to be changed in place; `None` if no cost depends on them.
    pub fn data_mut_at(&mut self, place: usize) -> Option<&mut [T]> {
        self.inner.input_mut(self.data[place].slot)
    }

    /// Sets the data of that name, flat and row-major.
    ///
    /// # Errors
    /// If there are no such data, or the number of elements differs.
    pub fn set_data(&mut self, name: &str, values: &[T]) -> Result<()> {
        self.set_data_at(place_of("data", &self.data, name)?, values)
    }

    /// Sets the data at that place in the graph's order.
    ///
    /// # Errors
    /// If the number of elements differs.
    pub fn set_data_at(&mut self, place: usize, values: &[T]) -> Result<()> {
        Ok(self.inner.set_input(self.data[place].slot, values)?)
    }

    /// The objective of each replicate in the last run.
    pub(crate) fn objectives(&self) -> &[T] {
        self.inner.output(0)
    }

    /// Whether two estimates may differ.
    pub fn is_random(&self) -> bool {
        self.random
    }

    /// Sets an input of the engine's graph, by its slot.
    pub(crate) fn set_slot(&mut self, slot: usize, values: &[T]) -> Result<()> {
        Ok(self.inner.set_input(slot, values)?)
    }

    /// For each site that stands for several alternatives, the sum of their weights in the last run.
    pub(crate) fn masses(&self) -> impl Iterator<Item = &[T]> {
        self.masses.iter().map(|&place| self.inner.output(place))
    }

    /// Whether any site may have outcomes that its estimator does not see; [`Program::blind_sites`] tells after a run.
    pub(crate) fn may_be_blind(&self) -> bool {
        !self.blind.is_empty()
    }

    /// The sites that had, in the last run, an outcome of probability 0 that moves with the graph's parameters and that their
    /// estimator does not see.
    pub(crate) fn blind_sites(&self) -> impl Iterator<Item = &str> {
        let sees_not = |(_, place): &&(String, usize)| self.inner.output(*place)[0].to_f64() != 0.0;
        self.blind.iter().filter(sees_not).map(|(site, _)| site.as_str())
    }

    /// Computes the next estimate: the noise is that of the step after the last one.
    ///
    /// # Errors
    /// If a distribution's parameter is outside its domain.
    pub fn run(&mut self) -> Result<Estimate<'_, T>> {
        let step = self.step;
        self.step += 1;
        self.run_step(step)?;
        Ok(Estimate { program: self })
    }

    /// Computes the estimate of a step: the same seed and step give the same bits.
    ///
    /// # Errors
    /// If a distribution's parameter is outside its domain.
    pub fn run_step(&mut self, step: u64) -> Result<Estimate<'_, T>> {
        self.run_replicates(step, 0)
    }

    /// Computes the estimates of a step from the replicate numbered `first` on, as many as it has replicates. The noise of a
    /// replicate is a function of seed, step and its number alone, however many are computed at once.
    ///
    /// # Errors
    /// If a distribution's parameter is outside its domain.
    pub fn run_replicates(&mut self, step: u64, first: u64) -> Result<Estimate<'_, T>> {
        interruption::check()?;
        self.inner.run_at(NoiseAt { seed: self.seed, step, first_row: first });
        self.check_calls()?;
        // First: what was computed outside of a domain must not be remembered.
        self.check_domains()?;
        for own in &mut self.own {
            if own.change.apply(&mut own.values, &self.inner)? {
                if let Some(i) = own.values.iter().position(|v| !v.is_finite()) {
                    return Err(Error::NotFinite(format!(
                        "the estimator's own parameter `{}` (element {i}) becomes {}",
                        own.name, own.values[i]
                    )));
                }
                own.hand_over(&mut self.inner)?;
            }
        }
        Ok(Estimate { program: self })
    }

    /// Runs a step and tells the time of each part of it, by its place in [`Program::parts`]. Own parameters stay.
    ///
    /// # Errors
    /// If a distribution's parameter is outside its domain.
    pub fn run_profiled(&mut self, step: u64, took: impl FnMut(usize, Duration)) -> Result<()> {
        self.inner.run_profiled(self.seed, step, took);
        self.check_calls()?;
        self.check_domains()
    }

    /// What the parts of a run do, in order.
    pub fn parts(&self) -> Vec<exec::StepSummary> {
        self.inner.steps()
    }

    /// The error of a black box that failed.
    fn check_calls(&self) -> Result<()> {
        self.inner.failure().map_or(Ok(()), |error| Err(error.into()))
    }

    fn check_domains(&self) -> Result<()> {
        let first = 1 + self.params.len();
        for (i, check) in self.checks.iter().enumerate() {
            let violations = self.inner.output(first + 2 * i)[0].to_f64();
            if let (true, Some(estimator)) = (violations != 0.0, check.estimator) {
                let example = self.inner.output(first + 2 * i + 1)[0].to_f64();
                return Err(Error::Unsuitable {
                    estimator: estimator.into(),
                    site: check.site.clone(),
                    distribution: check.distribution.into(),
                    reason: format!(
                        "{} of `{}`, at which it evaluates the cost, must be {}, got {example}; use reinforce_loo or \
                         score_function",
                        check.parameter, check.site, check.constraint
                    ),
                });
            }
            if violations != 0.0 {
                let example = self.inner.output(first + 2 * i + 1)[0].to_f64();
                let found = if check.parameter == "the parameters" {
                    format!("so that {}", check.constraint)
                } else {
                    format!("{}, got {}", check.constraint, example)
                };
                return Err(Error::Domain {
                    parameter: check.parameter.clone(),
                    site: check.site.clone(),
                    distribution: check.distribution.into(),
                    constraint: found,
                });
            }
        }
        Ok(())
    }

    /// Names and shapes of the parameters, in the graph's order.
    pub fn params(&self) -> impl Iterator<Item = (&str, &Shape)> {
        self.params.iter().map(|p| (p.name.as_str(), &p.shape))
    }

    /// The estimators' own parameters: name, shape and present values (flat and row-major).
    pub fn own_params(&self) -> impl Iterator<Item = (&str, &Shape, &[f64])> {
        let estimators = self.own.iter().filter(|o| o.owner == Owner::Estimator);
        estimators.map(|o| (o.name.as_str(), &o.shape, &o.values[..]))
    }

    /// The present value of the graph's state of that name, flat and row-major.
    pub fn state(&self, name: &str) -> Option<&[f64]> {
        self.own.iter().find(|o| o.owner == Owner::Graph && o.name == name).map(|o| &o.values[..])
    }

    /// Whether an own parameter changes after a run.
    pub fn is_tuned(&self) -> bool {
        self.own.iter().any(|o| o.owner == Owner::Estimator && !matches!(o.change, Change::Stays))
    }

    /// What the estimators and the graph keep, by name: values, sums and the moments of their descent, for a checkpoint.
    pub fn own_state(&self) -> Vec<(String, Vec<f64>)> {
        let mut state = Vec::new();
        for own in &self.own {
            state.push((own.name.clone(), own.values.clone()));
            let parts = own.change.state();
            state.extend(parts.into_iter().map(|(part, values)| (format!("{}/{part}", own.name), values)));
        }
        state
    }

    /// Takes over what [`Program::own_state`] of an equal program gave.
    ///
    /// # Errors
    /// If a part is missing or of another length.
    pub fn restore_own_state(&mut self, part: &dyn Fn(&str) -> Option<Vec<f64>>) -> Result<()> {
        let find = |name: String, len: usize| match part(&name) {
            Some(values) if values.len() == len => Ok(values),
            Some(values) => Err(Error::Invalid(format!(
                "the estimator's own `{name}` has {len} numbers here, but {} were saved",
                values.len()
            ))),
            None => Err(Error::Invalid(format!("the estimator's own `{name}` was not saved"))),
        };
        for own in &mut self.own {
            let parts = own.change.state();
            let parts = parts
                .iter()
                .map(|(part, now)| find(format!("{}/{part}", own.name), now.len()))
                .collect::<Result<Vec<_>>>()?;
            own.values = find(own.name.clone(), own.values.len())?;
            own.change.restore(&parts);
            own.hand_over(&mut self.inner)?;
        }
        Ok(())
    }

    /// Takes over the values of another program's own parameters, by name.
    ///
    /// # Errors
    /// If one of them has another shape here.
    pub fn adopt_own_params<U: Real>(&mut self, other: &Program<U>) -> Result<()> {
        for own in &mut self.own {
            let Some(theirs) = other.own.iter().find(|o| o.name == own.name) else { continue };
            own.values.clone_from(&theirs.values);
            own.hand_over(&mut self.inner)?;
        }
        Ok(())
    }

    /// K, the samples averaged in one estimate.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Cost evaluations per estimate.
    pub fn evaluations(&self) -> usize {
        self.evaluations
    }

    /// Whether an estimator in it divides the gradient by a number that it learns, as NVIL does in training: the length is
    /// biased then, the direction is not.
    pub fn is_rescaled(&self) -> bool {
        self.rescaled
    }

    /// Whether every estimator in it is unbiased.
    pub fn is_unbiased(&self) -> bool {
        self.unbiased
    }

    /// Bytes of all values that are kept in memory; they do not depend on the number of threads.
    pub fn value_bytes(&self) -> usize {
        self.inner.value_bytes()
    }

    /// About how many numbers a run computes.
    pub(crate) fn work(&self) -> usize {
        let operations = self.inner.steps().iter().map(|step| step.operations).sum::<u64>();
        usize::try_from(operations).unwrap_or(usize::MAX)
    }

    /// Bytes of all its buffers.
    pub fn buffer_bytes(&self) -> usize {
        self.inner.buffer_bytes()
    }
}

impl<T: Real> Own<T> {
    /// Gives the program the present values.
    fn hand_over(&mut self, program: &mut exec::Program<T>) -> Result<()> {
        self.typed.iter_mut().zip(&self.values).for_each(|(t, &v)| *t = T::from_f64(v));
        Ok(program.set_input(self.slot, &self.typed)?)
    }
}

impl Change {
    fn new(own: &EstimatorParam, rule: &Adam, rate: f64, place: &mut impl FnMut(NodeId) -> usize) -> Self {
        match own.update {
            StateUpdate::Stays => Change::Stays,
            StateUpdate::Becomes(node) => Change::Becomes { output: place(node) },
            StateUpdate::Descends(node) => Change::Descends {
                output: place(node),
                gradient: own.initial.clone(),
                optimizer: Optimizer::new(*rule, own.initial.len(), rate),
            },
            StateUpdate::Ratio(above, below) => {
                let zeros = || vec![0.0; own.initial.len()];
                Change::Ratio { outputs: [place(above), place(below)], sums: [zeros(), zeros()] }
            }
        }
    }

    /// What it keeps besides the values, by name.
    fn state(&self) -> Vec<(&'static str, Vec<f64>)> {
        match self {
            Change::Stays | Change::Becomes { .. } => vec![],
            Change::Descends { optimizer, .. } => {
                let (steps, slots) = optimizer.state();
                let slots = slots.map(|(name, values)| (name, values.to_vec()));
                std::iter::once(("steps", vec![steps as f64])).chain(slots).collect()
            }
            Change::Ratio { sums: [above, below], .. } => {
                vec![("above", above.clone()), ("below", below.clone())]
            }
        }
    }

    /// Takes over what [`Change::state`] gave, in its order.
    fn restore(&mut self, parts: &[Vec<f64>]) {
        match (self, parts) {
            (Change::Descends { optimizer, .. }, [steps, slots @ ..]) => {
                optimizer.restore(steps[0] as u64, slots);
            }
            (Change::Ratio { sums, .. }, [above, below]) => *sums = [above.clone(), below.clone()],
            _ => {}
        }
    }

    /// Changes the values by what the last run computed; false if they stay.
    fn apply<T: Real>(&mut self, values: &mut [f64], program: &exec::Program<T>) -> Result<bool> {
        let read = |output: usize| program.output(output).iter().map(|x| x.to_f64());
        match self {
            Change::Stays => return Ok(false),
            Change::Becomes { output } => values.iter_mut().zip(read(*output)).for_each(|(v, new)| *v = new),
            Change::Descends { output, gradient, optimizer } => {
                gradient.iter_mut().zip(read(*output)).for_each(|(g, new)| *g = new);
                optimizer.step(values, gradient)?;
            }
            Change::Ratio { outputs, sums } => {
                for (sum, &output) in sums.iter_mut().zip(&*outputs) {
                    sum.iter_mut().zip(read(output)).for_each(|(s, new)| *s += new);
                }
                let [above, below] = sums;
                for ((v, a), b) in values.iter_mut().zip(above).zip(below) {
                    *v = if *b > 0.0 { *a / *b } else { 0.0 };
                }
            }
        }
        Ok(true)
    }
}
