//! A compiled graph with fixed shapes, which can be run many times.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::fused::{ChunkTask, Fused, Scratch, combine_partials};
use super::math::Real;
use super::memory::{Arena, Base};
use super::philox::NoiseAt;
use super::pool::{self, Pool};
use super::summary::{StepSummary, summary};
use crate::compile::CompileOptions;
use crate::compile::lower::lower;
use crate::compile::schedule::{Schedule, Step, schedule};
use crate::error::Error;
use crate::graph::{Graph, NodeId, Shape};

/// A compiled graph. It owns all memory that it needs to run.
pub struct Program<T: Real> {
    steps: Vec<Step<T>>,
    arena: Arena<T>,
    /// For each slot: the name, the number of elements, and the offset (`None` if nothing depends on the input).
    inputs: Vec<(String, usize, Option<usize>)>,
    outputs: Vec<(usize, Shape)>,
    machine: Machine<T>,
}

/// A mutable input, and an output, which is a copy if the two share memory.
pub type InputAndOutput<'a, T> = (&'a mut [T], Cow<'a, [T]>);

/// The resources of kernels.
struct Machine<T> {
    arch: pulp::Arch,
    /// One for each thread.
    scratch: Vec<Mutex<Scratch<T>>>,
    registers: usize,
    threads: Threads,
}

enum Threads {
    OfProcess,
    Own(Pool),
}

impl<T: Real> Program<T> {
    /// Compiles what `outputs` depend on.
    ///
    /// # Errors
    /// Returns the first error of the graph, [`Error::Hole`] if a placeholder was not replaced, and [`Error::Memory`] if the
    /// buffers would exceed the limit. Memory is only allocated after this check.
    pub fn compile(graph: &Graph, outputs: &[NodeId], options: &CompileOptions) -> Result<Self, Error> {
        if let Some(error) = graph.error() {
            return Err(error);
        }
        let infos = graph.inputs();
        let lowered = lower(graph, outputs)?;
        let threads = match options.threads {
            0 => Threads::OfProcess,
            n => Threads::Own(Pool::new(n)),
        };
        let count = threads.pool().threads();
        let planned = schedule::<T>(&lowered, infos.len(), count, options)?;
        let scratch = (0..count).map(|_| Mutex::new(planned.scratch())).collect();
        let Schedule { steps, arena, inputs: offsets, outputs, registers, .. } = planned;
        let inputs = infos
            .into_iter()
            .zip(offsets)
            .map(|(info, offset)| {
                let elements = graph.with_node(info.node, |n| n.shape.numel());
                (info.name, elements, offset)
            })
            .collect();
        let machine = Machine { arch: pulp::Arch::new(), scratch, registers, threads };
        Ok(Program { steps, arena, inputs, outputs, machine })
    }

    /// Sets the input at an index of [`Graph::inputs`], which keeps its value from run to run. Inputs on which no output depends
    /// are accepted and ignored.
    ///
    /// # Errors
    /// Returns [`Error::Input`] if the number of elements is not that of the input.
    pub fn set_input(&mut self, slot: usize, values: &[T]) -> Result<(), Error> {
        let Some((name, expected, offset)) = self.inputs.get(slot) else {
            return Err(Error::Input { name: format!("#{slot}"), expected: 0, got: values.len() });
        };
        if values.len() != *expected {
            return Err(Error::Input { name: name.clone(), expected: *expected, got: values.len() });
        }
        if let Some(offset) = offset {
            self.arena.slice_mut(*offset, values.len()).copy_from_slice(values);
        }
        Ok(())
    }

    /// The present values of an input; `None` if no output depends on it.
    pub fn input(&self, slot: usize) -> Option<&[T]> {
        let (_, len, offset) = self.inputs.get(slot)?;
        Some(self.arena.slice((*offset)?, *len))
    }

    /// A mutable input; `None` if no output depends on it.
    pub fn input_mut(&mut self, slot: usize) -> Option<&mut [T]> {
        let (_, len, offset) = self.inputs.get(slot)?;
        Some(self.arena.slice_mut((*offset)?, *len))
    }

    /// For each pair of indices, a mutable input and an output of the last run; `None` for an input on which no output depends.
    /// An output that shares memory with an input is returned as a copy.
    pub fn inputs_and_outputs(
        &mut self,
        places: impl IntoIterator<Item = (usize, usize)>,
    ) -> Vec<Option<InputAndOutput<'_, T>>> {
        let range_of = |slot: usize| {
            let (_, len, offset) = self.inputs.get(slot)?;
            Some(((*offset)?, *len))
        };
        let all: Vec<_> = places
            .into_iter()
            .map(|(slot, output)| {
                let (from, shape) = &self.outputs[output];
                Some((range_of(slot)?, (*from, shape.numel())))
            })
            .collect();
        let written: Vec<_> = all.iter().flatten().map(|&(input, _)| input).collect();
        let copies: Vec<_> = all
            .iter()
            .flatten()
            .map(|&(_, (from, len))| {
                let shared = written.iter().any(|&(at, count)| from < at + count && at < from + len);
                shared.then(|| self.arena.slice(from, len).to_vec())
            })
            .collect();
        let (parts, rest) = self.arena.apart(&written);
        let mut parts = parts.into_iter().zip(copies);
        all.into_iter()
            .map(|place| {
                let (_, (from, len)) = place?;
                let (input, copy) = parts.next()?;
                Some((input, copy.map_or_else(|| rest.slice(from, len).map(Cow::from), |c| Some(c.into()))?))
            })
            .collect()
    }

    /// Computes all outputs from the inputs and the noise of (seed, step).
    ///
    /// After the first call, nothing is allocated except the packing buffers of large matrix products.
    pub fn run(&mut self, seed: u64, step: u64) {
        self.run_at(NoiseAt { seed, step, first_row: 0 });
    }

    /// Like [`Program::run`], from a given row of the noise. If all noise has n rows, a run from row 0 and one from row n give
    /// the same results as a program for 2n rows.
    pub fn run_at(&mut self, noise: NoiseAt) {
        let base = self.arena.base();
        let Program { steps, machine, .. } = self;
        for kernel in steps {
            machine.run_step(kernel, base, noise);
        }
    }

    /// Like [`Program::run_at`], and reports the time of each step, by its index in [`Program::steps`]. The time is 0 on targets
    /// without a clock.
    pub fn run_profiled(&mut self, noise: NoiseAt, mut took: impl FnMut(usize, Duration)) {
        let base = self.arena.base();
        let Program { steps, machine, .. } = self;
        for (i, kernel) in steps.iter_mut().enumerate() {
            let start = now();
            machine.run_step(kernel, base, noise);
            took(i, start.map_or(Duration::ZERO, |start| start.elapsed()));
        }
    }

    /// The error of the first black box that failed in the last run.
    pub fn failure(&self) -> Option<Error> {
        self.steps.iter().find_map(|step| match step {
            Step::Call(call) => {
                let reason = call.failure.clone()?;
                Some(Error::External { name: call.external.name.clone(), reason })
            }
            _ => None,
        })
    }

    /// A description of the steps, in order.
    pub fn steps(&self) -> Vec<StepSummary> {
        self.steps.iter().map(summary).collect()
    }

    /// An output of the last run, row-major.
    pub fn output(&self, i: usize) -> &[T] {
        let (offset, shape) = &self.outputs[i];
        self.arena.slice(*offset, shape.numel())
    }

    /// The shape of an output.
    pub fn output_shape(&self, i: usize) -> &Shape {
        &self.outputs[i].1
    }

    /// The size in bytes of all values that are kept in memory. It depends on the graph, but not on the number of threads.
    pub fn value_bytes(&self) -> usize {
        self.arena.bytes()
    }

    /// The total size of all buffers in bytes.
    pub fn buffer_bytes(&self) -> usize {
        self.arena.bytes() + self.machine.scratch.len() * self.machine.registers * size_of::<T>()
    }
}

/// The time; `None` on targets without a clock, where `Instant::now` panics.
fn now() -> Option<Instant> {
    (!cfg!(all(target_family = "wasm", target_os = "unknown"))).then(Instant::now)
}

impl Threads {
    fn pool(&self) -> &Pool {
        match self {
            Threads::OfProcess => pool::process(),
            Threads::Own(pool) => pool,
        }
    }
}

impl<T: Real> Machine<T> {
    /// Calls `each(worker, task)` for all tasks, with several threads if `parallel`.
    fn for_each(&self, tasks: usize, parallel: bool, each: impl Fn(usize, usize) + Sync) {
        if parallel {
            self.threads.pool().for_each(tasks, each);
        } else {
            (0..tasks).for_each(|task| each(0, task));
        }
    }

    #[inline]
    fn run_step(&self, kernel: &mut Step<T>, base: Base<T>, noise: NoiseAt) {
        match kernel {
            Step::Fused(fused) => self.run_fused(fused, base, noise),
            Step::MatMul(product) => {
                let parallel = product.is_large();
                self.for_each(product.tasks(), parallel, |_, task| product.run(task, base));
            }
            Step::ArgMax(rows) => rows.argmax(base),
            Step::CumSum(rows, reverse) => rows.cumsum(base, *reverse),
            Step::Assemble(assemble) => assemble.run(base),
            Step::Draw(draw) => {
                let tasks = draw.tasks();
                self.for_each(tasks, tasks > 1, |_, task| draw.run(task, base, noise));
            }
            Step::QuantileDerivative(derivative) => {
                let tasks = derivative.tasks();
                self.for_each(tasks, tasks > 1, |_, task| derivative.run(task, base));
            }
            Step::Call(call) => call.run(base),
        }
    }

    fn run_fused(&self, kernel: &Fused<T>, base: Base<T>, noise: NoiseAt) {
        let chunks = kernel.chunks.count;
        self.for_each(chunks, chunks > 1, |worker, chunk| {
            // No other thread has this worker's number now: the lock is never waited for.
            let mut scratch = self.scratch[worker].lock().unwrap_or_else(PoisonError::into_inner);
            self.arch.dispatch(ChunkTask { kernel, chunk, base, scratch: &mut scratch, noise });
        });
        if chunks > 1 {
            combine_partials(kernel, base);
        }
    }
}
