//! A compiled estimate: set its inputs, run it, read the objective and its gradient.
//!
//! | file | contents |
//! |---|---|
//! | `options` | how to compile |
//! | `slot` | parameters and data by name |
//! | `estimate` | the result of a run |
//! | `domains` | conditions on the parameters of distributions, checked after each run |
//! | `kept`, `update` | what estimators and the graph keep from run to run, and how it changes |

mod domains;
mod estimate;
mod kept;
mod options;
mod slot;
mod update;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aleator_engine::backend::{Backend, Cpu, Executable};
use aleator_engine::exec::math::Real;
use aleator_engine::exec::philox::NoiseAt;
use aleator_engine::exec::{InputAndOutput, StepSummary};
use aleator_engine::graph::{NodeId, Shape};

use self::domains::Domains;
use self::estimate::FIRST_GRADIENT;
use self::kept::Kept;
use self::slot::{Slot, place_of};
use crate::analysis::{Analysis, parameter_into_black_box};
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::interruption;
use crate::plan::{Plan, is_unbiased};
use crate::rewrite::{
    AnyOrder, Estimator, Extras, Layout, SecondDerivatives, rewrite, with_first_derivatives,
};

pub use self::estimate::Estimate;
pub use self::options::Options;

/// The price of a call of a black box, in operations: ten microseconds of a processor, in which a function of another language
/// answers.
const PRICE_OF_A_CALL: u64 = 10_000;

/// A compiled estimate of a graph's objective and gradient. Shapes are fixed; running does not allocate.
///
/// `T` is the type of all numbers, `f64` by default.
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
    executable: Box<dyn Executable<T>>,
    params: Vec<Slot>,
    data: Vec<Slot>,
    /// The input of each parameter and the output that is its gradient.
    params_and_gradients: Vec<(usize, usize)>,
    second: SecondDerivatives,
    /// The outputs that are second derivatives.
    second_outputs: Vec<usize>,
    /// The inputs of the direction, by parameter.
    direction: Vec<usize>,
    domains: Domains,
    kept: Kept<T>,
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

impl Graph {
    /// Compiles an estimate. Sites for which the graph names no estimator get the automatic choice.
    ///
    /// # Errors
    /// Returns an error if the graph holds one, if an estimator does not support its site, or if memory would not suffice.
    pub fn compile(&self, options: &Options) -> Result<Program> {
        self.compile_as(options)
    }

    /// Like [`Graph::compile`], but the program computes with numbers of type `T`: `compile_as::<f32>(..)`.
    ///
    /// # Errors
    /// Returns an error if the graph holds one, if an estimator does not support its site, or if memory would not suffice.
    pub fn compile_as<T: Real>(&self, options: &Options) -> Result<Program<T>> {
        let plan = Plan::choose(self, &[], options.samples)?;
        Program::compile(self, &plan.estimators, options)
    }
}

/// A missing derivative of a black box is the graph's mistake, and not the estimator's, if a parameter reaches the black box directly.
fn explained(graph: &Graph, error: Error) -> Error {
    let missing = matches!(
        &error,
        Error::Engine(aleator_engine::Error::NoDerivative { .. })
            | Error::Graph { error: aleator_engine::Error::NoDerivative { .. }, .. }
    );
    match missing.then(|| parameter_into_black_box(graph)).flatten() {
        Some((parameter, black_box)) => Error::ParameterIntoBlackBox { parameter, black_box },
        None => error,
    }
}

/// Whether the first derivatives fulfil the conditions of the plan, so that its second derivatives are unbiased.
fn has_smooth_derivatives(graph: &Graph, analysis: &Analysis, plan: &[Arc<dyn Estimator>]) -> Result<bool> {
    let of_noise = |&site: &usize| {
        let mut distribution = None;
        let info = analysis.info(graph, site, &mut distribution);
        analysis.used[site]
            && plan[site].any_order() == Some(AnyOrder::Differentiable)
            && !matches!(plan[site].alternatives(&info), Ok(Some(_)))
    };
    let transformed: Vec<usize> = (0..plan.len()).filter(of_noise).collect();
    let derivatives = with_first_derivatives(graph, &transformed);
    Ok(is_unbiased(&derivatives, &Analysis::of(&derivatives)?, plan))
}

impl<T: Real> Program<T> {
    /// Compiles an estimate by a plan, which has one estimator for each site, for the CPU.
    ///
    /// # Errors
    /// Returns an error if the graph holds one, if an estimator does not support its site, or if memory would not suffice.
    pub fn compile(graph: &Graph, plan: &[Arc<dyn Estimator>], options: &Options) -> Result<Self> {
        Self::compile_on(&Cpu, graph, plan, options)
    }

    /// Like [`Program::compile`], for another backend than the CPU.
    ///
    /// # Errors
    /// As [`Program::compile`], and if the backend cannot compile the surrogate.
    pub fn compile_on(
        backend: &dyn Backend<T>,
        graph: &Graph,
        plan: &[Arc<dyn Estimator>],
        options: &Options,
    ) -> Result<Self> {
        let least = plan.iter().map(|e| e.min_samples()).max().unwrap_or(1);
        let samples = options.samples.unwrap_or(least);
        if samples == 0 || options.replicates == Some(0) {
            return Err(Error::Invalid("at least one sample and one replicate are needed".into()));
        }
        let layout = Layout { samples, replicates: options.replicates, tuning: options.tuning };
        // The surrogate's own graph: the author's is not written.
        let own = graph.clone();
        let analysis = Analysis::of(&own)?;
        let unbiased = is_unbiased(&own, &analysis, plan)
            && (options.second == SecondDerivatives::None || has_smooth_derivatives(&own, &analysis, plan)?);
        let extras = Extras { audit: options.audit, second: options.second };
        let surrogate =
            rewrite(own, &analysis, plan, layout, extras).map_err(|error| explained(graph, error))?;

        let inputs = surrogate.graph.inputs();
        let slot_of = |node: NodeId| inputs.iter().position(|i| i.node == node).unwrap_or(usize::MAX);
        let mut outputs = vec![surrogate.objective];
        outputs.extend(&surrogate.gradients);
        let mut add_output = |node: NodeId| {
            outputs.push(node);
            outputs.len() - 1
        };
        let domains = Domains::new(surrogate.checks, &mut add_output);
        let kept =
            Kept::new(surrogate.own, &options.tuning_rule, options.tuning_rate, slot_of, &mut add_output);
        let second = surrogate.second.iter().map(|&node| add_output(node)).collect();
        let masses = surrogate.audit.masses.iter().map(|&node| add_output(node)).collect();
        let blind = surrogate.audit.blind.into_iter().map(|(site, node)| (site, add_output(node))).collect();
        let executable = backend.compile(&surrogate.graph, &outputs, &options.compile)?;

        let slot = |name: &str, shape: &Shape, node| Slot {
            name: name.into(),
            shape: shape.clone(),
            slot: slot_of(node),
        };
        let (params, data) = (graph.params(), graph.datasets());
        let slots: Vec<Slot> = params.iter().map(|p| slot(&p.name, &p.shape, p.node)).collect();
        let mut program = Program {
            executable,
            params_and_gradients: slots.iter().map(|p| p.slot).zip(FIRST_GRADIENT..).collect(),
            params: slots,
            data: data.iter().map(|d| slot(&d.name, &d.shape, d.node)).collect(),
            second: options.second,
            second_outputs: second,
            direction: surrogate.direction.iter().map(|&node| slot_of(node)).collect(),
            domains,
            kept,
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
        program.kept.write(&mut *program.executable)?;
        Ok(program)
    }

    /// Sets the values of the parameter of that name, flat and row-major.
    ///
    /// # Errors
    /// Returns an error if there is no such parameter, or if the number of elements differs.
    pub fn set_param(&mut self, name: &str, values: &[T]) -> Result<()> {
        self.set_param_at(place_of("parameter", &self.params, name)?, values)
    }

    /// Sets the values of the parameter at that place in the graph's order.
    ///
    /// # Errors
    /// Returns an error if the number of elements differs.
    ///
    /// # Panics
    /// Panics if there is no parameter at that place.
    #[track_caller]
    pub fn set_param_at(&mut self, place: usize, values: &[T]) -> Result<()> {
        Ok(self.executable.set_input(self.params[place].slot, values)?)
    }

    /// The present values of the parameter of that name, flat and row-major.
    ///
    /// # Errors
    /// Returns an error if there is no such parameter, or if no cost depends on it: the program does not hold its values then.
    pub fn param(&self, name: &str) -> Result<&[T]> {
        let place = place_of("parameter", &self.params, name)?;
        self.param_at(place).ok_or_else(|| Error::Unused { name: name.into() })
    }

    /// The present values of the parameter at that place in the graph's order; `None` if no cost depends on it.
    ///
    /// # Panics
    /// Panics if there is no parameter at that place.
    #[track_caller]
    pub fn param_at(&self, place: usize) -> Option<&[T]> {
        self.executable.input(self.params[place].slot)
    }

    /// The names and shapes of the parameters, in the graph's order.
    pub fn params(&self) -> impl Iterator<Item = (&str, &Shape)> {
        self.params.iter().map(|p| (p.name.as_str(), &p.shape))
    }

    /// Sets the data of that name, flat and row-major.
    ///
    /// # Errors
    /// Returns an error if there are no such data, or if the number of elements differs.
    pub fn set_data(&mut self, name: &str, values: &[T]) -> Result<()> {
        self.set_data_at(place_of("data", &self.data, name)?, values)
    }

    /// Sets the data at that place in the graph's order.
    ///
    /// # Errors
    /// Returns an error if the number of elements differs.
    ///
    /// # Panics
    /// Panics if there are no data at that place.
    #[track_caller]
    pub fn set_data_at(&mut self, place: usize, values: &[T]) -> Result<()> {
        Ok(self.executable.set_input(self.data[place].slot, values)?)
    }

    /// The data of that name, to be changed in place.
    ///
    /// # Errors
    /// Returns an error if there are no such data, or if no cost depends on them: the program does not hold them then.
    pub fn data_mut(&mut self, name: &str) -> Result<&mut [T]> {
        let place = place_of("data", &self.data, name)?;
        self.data_mut_at(place).ok_or_else(|| Error::Unused { name: name.into() })
    }

    /// The data at that place in the graph's order, to be changed in place; `None` if no cost depends on them.
    ///
    /// # Panics
    /// Panics if there are no data at that place.
    #[track_caller]
    pub fn data_mut_at(&mut self, place: usize) -> Option<&mut [T]> {
        self.executable.input_mut(self.data[place].slot)
    }

    /// Sets an input of the engine's graph, by its slot.
    pub(crate) fn set_slot(&mut self, slot: usize, values: &[T]) -> Result<()> {
        Ok(self.executable.set_input(slot, values)?)
    }

    /// Computes the next estimate: the noise is that of the step after the last one.
    ///
    /// # Errors
    /// Returns an error if a parameter of a distribution is outside its domain, if a black box fails, or if an estimator's own
    /// parameter becomes infinite or NaN.
    pub fn run(&mut self) -> Result<Estimate<'_, T>> {
        let step = self.step;
        self.step += 1;
        self.run_step(step)
    }

    /// Computes the estimate of a step: the same seed and step give the same bits.
    ///
    /// # Errors
    /// As [`Program::run`].
    pub fn run_step(&mut self, step: u64) -> Result<Estimate<'_, T>> {
        self.run_replicates(step, 0)
    }

    /// Computes the estimates of a step from the replicate numbered `first` on, as many as the program has replicates. The noise
    /// of a replicate is a function of seed, step and its number alone, however many are computed at once.
    ///
    /// # Errors
    /// As [`Program::run`].
    pub fn run_replicates(&mut self, step: u64, first: u64) -> Result<Estimate<'_, T>> {
        interruption::check()?;
        self.executable.run(NoiseAt { seed: self.seed, step, first_row: first })?;
        // Before the update: what was computed outside of a domain must not be remembered.
        self.domains.check(&*self.executable)?;
        self.kept.update(&mut *self.executable)?;
        Ok(self.estimate())
    }

    /// Runs a step and reports the time of each part of it, by its index in [`Program::parts`]. Own parameters do not change.
    ///
    /// # Errors
    /// As [`Program::run`].
    pub fn run_profiled(&mut self, step: u64, mut took: impl FnMut(usize, Duration)) -> Result<()> {
        self.executable.run_profiled(NoiseAt { seed: self.seed, step, first_row: 0 }, &mut took)?;
        self.domains.check(&*self.executable)
    }

    /// The parts of a run, in order.
    pub fn parts(&self) -> Vec<StepSummary> {
        self.executable.steps()
    }

    /// The estimate of the last run.
    fn estimate(&self) -> Estimate<'_, T> {
        Estimate { executable: &*self.executable, params: &self.params }
    }

    /// The objective of each replicate in the last run.
    pub(crate) fn objectives(&self) -> &[T] {
        self.estimate().objectives()
    }

    /// The gradient of the parameter of that name in the last run, as [`Estimate::gradient`] returns it.
    ///
    /// # Errors
    /// Returns an error if there is no such parameter.
    pub fn gradient(&self, name: &str) -> Result<&[T]> {
        self.estimate().gradient(name)
    }

    /// The gradient of the parameter at that place in the graph's order in the last run.
    ///
    /// # Panics
    /// Panics if there is no parameter at that place.
    #[track_caller]
    pub fn gradient_at(&self, place: usize) -> &[T] {
        self.estimate().gradient_at(place)
    }

    /// The block of the Hessian of these two parameters in the last run, `[R] + parameter + other`, flat and row-major, if the
    /// program computes [`SecondDerivatives::Hessian`].
    ///
    /// # Errors
    /// Returns an error if there is no such parameter, or if the program does not compute the Hessian.
    pub fn hessian(&self, parameter: &str, other: &str) -> Result<&[T]> {
        let row = place_of("parameter", &self.params, parameter)?;
        let column = place_of("parameter", &self.params, other)?;
        self.computes(SecondDerivatives::Hessian)?;
        Ok(self.executable.output(self.second_outputs[row * self.params.len() + column]))
    }

    /// The Hessian times the direction in the last run: the part of this parameter, `[R] + parameter`, flat and row-major, if the
    /// program computes [`SecondDerivatives::Product`].
    ///
    /// # Errors
    /// Returns an error if there is no such parameter, or if the program does not compute the product.
    pub fn hessian_product(&self, parameter: &str) -> Result<&[T]> {
        let place = place_of("parameter", &self.params, parameter)?;
        self.computes(SecondDerivatives::Product)?;
        Ok(self.executable.output(self.second_outputs[place]))
    }

    /// Sets the part of the direction that belongs to a parameter, flat and row-major. The direction is 0 at first.
    ///
    /// # Errors
    /// Returns an error if there is no such parameter, if the number of elements differs, or if the program does not compute
    /// [`SecondDerivatives::Product`].
    pub fn set_direction(&mut self, parameter: &str, values: &[T]) -> Result<()> {
        let place = place_of("parameter", &self.params, parameter)?;
        self.computes(SecondDerivatives::Product)?;
        Ok(self.executable.set_input(self.direction[place], values)?)
    }

    /// # Errors
    /// Returns an error if the program does not compute these second derivatives.
    fn computes(&self, second: SecondDerivatives) -> Result<()> {
        if self.second == second {
            return Ok(());
        }
        Err(Error::Invalid(format!(
            "the program does not compute this: compile it with Options::second_derivatives(SecondDerivatives::{second:?})"
        )))
    }

    /// All second derivatives of the last run, in the order of the parameters.
    pub(crate) fn second_derivatives(&self) -> impl Iterator<Item = &[T]> {
        self.second_outputs.iter().map(|&place| self.executable.output(place))
    }

    /// Mutable parameters paired with their gradients in the last run, in the graph's order; `None` for a parameter that no cost
    /// depends on.
    pub fn params_and_gradients(&mut self) -> Vec<Option<InputAndOutput<'_, T>>> {
        self.executable.inputs_and_outputs(&self.params_and_gradients)
    }

    /// For each site that stands for several alternatives, the sum of their weights in the last run.
    pub(crate) fn masses(&self) -> impl Iterator<Item = &[T]> {
        self.masses.iter().map(|&place| self.executable.output(place))
    }

    /// Whether any site may have outcomes that its estimator does not see; [`Program::blind_sites`] tells after a run.
    pub(crate) fn may_be_blind(&self) -> bool {
        !self.blind.is_empty()
    }

    /// The sites that had, in the last run, an outcome of probability 0 that moves with the graph's parameters and that their
    /// estimator does not see.
    pub(crate) fn blind_sites(&self) -> impl Iterator<Item = &str> {
        let sees_not = |(_, place): &&(String, usize)| self.executable.output(*place)[0].to_f64() != 0.0;
        self.blind.iter().filter(sees_not).map(|(site, _)| site.as_str())
    }

    /// The estimators' own parameters: names, shapes and present values (flat and row-major).
    pub fn own_params(&self) -> impl Iterator<Item = (&str, &Shape, &[f64])> {
        self.kept.of_estimators()
    }

    /// The present value of the graph's state of that name, flat and row-major.
    pub fn state(&self, name: &str) -> Option<&[f64]> {
        self.kept.of_graph(name)
    }

    /// Whether an own parameter changes after a run.
    pub fn is_tuned(&self) -> bool {
        self.kept.is_tuned()
    }

    /// Everything that the estimators and the graph keep from run to run, by name, for a checkpoint: the values, and the sums and
    /// moments from which they are updated.
    pub fn own_state(&self) -> Vec<(String, Vec<f64>)> {
        self.kept.save()
    }

    /// Restores what [`Program::own_state`] of an equal program returned. `part` finds the numbers of a name.
    ///
    /// # Errors
    /// Returns an error if a part is missing or has another length.
    pub fn restore_own_state(&mut self, part: &dyn Fn(&str) -> Option<Vec<f64>>) -> Result<()> {
        self.kept.restore(part, &mut *self.executable)
    }

    /// Takes the values of another program's own parameters, by name.
    ///
    /// # Errors
    /// Returns an error if one of them has another shape here.
    pub fn adopt_own_params<U: Real>(&mut self, other: &Program<U>) -> Result<()> {
        self.kept.adopt(&other.kept, &mut *self.executable)
    }

    /// K, the number of samples that are averaged in one estimate.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The number of cost evaluations per estimate.
    pub fn evaluations(&self) -> usize {
        self.evaluations
    }

    /// Whether two estimates may differ.
    pub fn is_random(&self) -> bool {
        self.random
    }

    /// Whether an estimator divides the gradient by a number that it learns, as NVIL does in training. The length of the gradient
    /// is then biased, but not its direction.
    pub fn is_rescaled(&self) -> bool {
        self.rescaled
    }

    /// Whether every estimator is unbiased.
    pub fn is_unbiased(&self) -> bool {
        self.unbiased
    }

    /// The size in bytes of all values that are kept in memory. It does not depend on the number of threads.
    pub fn value_bytes(&self) -> usize {
        self.executable.value_bytes()
    }

    /// The size in bytes of all buffers.
    pub fn buffer_bytes(&self) -> usize {
        self.executable.buffer_bytes()
    }

    /// The price of a run in operations, by a model that depends on the program alone and not on a clock: every arithmetic operation
    /// and every number that is read or written counts as one, and a call of a black box as ten thousand.
    pub fn price(&self) -> u64 {
        let of = |step: &StepSummary| {
            let numbers = step.bytes / size_of::<T>() as u64;
            step.calls.saturating_mul(PRICE_OF_A_CALL).saturating_add(step.operations.saturating_add(numbers))
        };
        self.executable.steps().iter().map(of).fold(0, u64::saturating_add)
    }

    /// The approximate number of operations of a run.
    pub(crate) fn work(&self) -> usize {
        let operations = self.executable.steps().iter().map(|step| step.operations).sum::<u64>();
        usize::try_from(operations).unwrap_or(usize::MAX)
    }
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
