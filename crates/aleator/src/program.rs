//! A compiled estimate: run it, read the objective and its gradient.

use std::sync::Arc;

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec;
use aleator_engine::exec::math::Real;
use aleator_engine::graph::{NodeId, Shape};

use crate::error::{Error, Result};
use crate::estimators::Estimator;
use crate::graph::{DomainCheck, Graph, Layout, Plan, build};

/// How to compile a graph.
#[derive(Clone, Debug, Default)]
pub struct Options {
    samples: Option<usize>,
    replicates: Option<usize>,
    seed: u64,
    compile: CompileOptions,
}

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
pub struct Program<T: Real = f64> {
    inner: exec::Program<T>,
    params: Vec<Slot>,
    data: Vec<Slot>,
    checks: Vec<DomainCheck>,
    /// Inputs of what estimators remember, with the outputs that renew them.
    memories: Vec<(usize, usize)>,
    seed: u64,
    step: u64,
    samples: usize,
    evaluations: usize,
    unbiased: bool,
}

/// One estimate (or R of them side by side).
pub struct Estimate<'p, T: Real = f64> {
    program: &'p Program<T>,
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
        let place = self.program.params.iter().position(|p| p.name == name);
        let place = place.ok_or_else(|| Error::Invalid(format!("there is no parameter `{name}`")))?;
        Ok(self.gradient_at(place))
    }

    /// The gradient of the parameter at that place in the graph's order.
    pub fn gradient_at(&self, place: usize) -> &[T] {
        self.program.inner.output(1 + place)
    }
}

impl Graph {
    /// Compiles an estimate by the estimators named in the graph, completed by the automatic choice.
    ///
    /// # Errors
    /// If the graph holds an error, an estimator cannot serve its site, or memory would not suffice.
    pub fn compile(&self, options: &Options) -> Result<Program> {
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
        let surrogate = build(graph, plan, Layout { samples, replicates: options.replicates })?;
        let mut outputs = vec![surrogate.objective];
        outputs.extend(&surrogate.gradients);
        outputs.extend(surrogate.checks.iter().flat_map(|c| [c.violations, c.example]));
        let first_memory = outputs.len();
        outputs.extend(surrogate.memories.iter().map(|m| m.update));
        let inner = exec::Program::compile(graph.engine(), &outputs, &options.compile)?;
        let inputs = graph.engine().inputs();
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
            memories: surrogate
                .memories
                .iter()
                .enumerate()
                .map(|(i, m)| (slot_of(m.node), first_memory + i))
                .collect(),
            seed: options.seed,
            step: 0,
            samples,
            evaluations: surrogate.evaluations,
            unbiased: surrogate.unbiased,
        };
        let typed = |values: &[f64]| values.iter().map(|&x| T::from_f64(x)).collect::<Vec<T>>();
        for (i, param) in params.iter().enumerate() {
            program.set_param(i, &typed(&param.initial))?;
        }
        for (i, data) in data.iter().enumerate() {
            program.set_data(i, &typed(&data.values))?;
        }
        for (memory, &(slot, _)) in surrogate.memories.iter().zip(&program.memories) {
            program.inner.set_input(slot, &[T::from_f64(memory.initial)])?;
        }
        Ok(program)
    }

    /// Sets the parameter at that place in the graph's order.
    ///
    /// # Errors
    /// If the number of elements differs.
    pub fn set_param(&mut self, place: usize, values: &[T]) -> Result<()> {
        Ok(self.inner.set_input(self.params[place].slot, values)?)
    }

    /// Sets the data at that place in the graph's order.
    ///
    /// # Errors
    /// If the number of elements differs.
    pub fn set_data(&mut self, place: usize, values: &[T]) -> Result<()> {
        Ok(self.inner.set_input(self.data[place].slot, values)?)
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
        self.inner.run(self.seed, step);
        // First: what was computed outside of a domain must not be remembered.
        self.check_domains()?;
        for &(slot, output) in &self.memories {
            let value = self.inner.output(output)[0];
            self.inner.set_input(slot, &[value])?;
        }
        Ok(Estimate { program: self })
    }

    fn check_domains(&self) -> Result<()> {
        let first = 1 + self.params.len();
        for (i, check) in self.checks.iter().enumerate() {
            let violations = self.inner.output(first + 2 * i)[0].to_f64();
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

    /// K, the samples averaged in one estimate.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Cost evaluations per estimate.
    pub fn evaluations(&self) -> usize {
        self.evaluations
    }

    /// Whether every estimator in it is unbiased.
    pub fn is_unbiased(&self) -> bool {
        self.unbiased
    }

    /// Bytes of all values that are kept in memory; they do not depend on the number of threads.
    pub fn value_bytes(&self) -> usize {
        self.inner.value_bytes()
    }

    /// Bytes of all its buffers.
    pub fn buffer_bytes(&self) -> usize {
        self.inner.buffer_bytes()
    }
}
