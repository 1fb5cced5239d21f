//! The interface to executors of graphs. The executor of this crate is one implementation.
//!
//! A backend turns a graph into an [`Executable`] with fixed shapes. Inputs are numbered as in
//! [`Graph::inputs`](crate::graph::Graph::inputs), and outputs in the order in which they were requested. The noise is a function
//! of [`NoiseAt`] (see [`philox`](crate::exec::philox)), so that different backends use the same random numbers.

use std::time::Duration;

use crate::compile::CompileOptions;
use crate::error::Error;
use crate::exec::math::Real;
use crate::exec::philox::NoiseAt;
use crate::exec::{InputAndOutput, Program, StepSummary};
use crate::graph::{Graph, NodeId, Shape};

/// A compiler of graphs for a machine.
pub trait Backend<T: Real> {
    /// Compiles what `outputs` depend on.
    ///
    /// # Errors
    /// Returns the first error of the graph, and an error if the backend cannot compile it.
    fn compile(
        &self,
        graph: &Graph,
        outputs: &[NodeId],
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable<T>>, Error>;
}

/// A compiled graph, run many times.
///
/// The last four methods describe the machine's work for reports; a backend that cannot measure it keeps the defaults.
pub trait Executable<T: Real>: Send {
    /// Sets an input, which keeps its value from run to run. Inputs on which no output depends are accepted and ignored.
    ///
    /// # Errors
    /// Returns [`Error::Input`] if the number of elements is not that of the input.
    fn set_input(&mut self, slot: usize, values: &[T]) -> Result<(), Error>;

    /// The present elements of an input, row-major; `None` if no output depends on it.
    fn input(&self, slot: usize) -> Option<&[T]>;

    /// The elements of an input, row-major, to be changed in place; `None` if no output depends on it.
    fn input_mut(&mut self, slot: usize) -> Option<&mut [T]>;

    /// For each pair of an input and an output: the input, to be changed in place, and the output of the last run. An entry is
    /// `None` if no output depends on the input.
    fn inputs_and_outputs(&mut self, pairs: &[(usize, usize)]) -> Vec<Option<InputAndOutput<'_, T>>>;

    /// Computes all outputs from the inputs and the noise.
    ///
    /// # Errors
    /// Returns [`Error::External`] if a black box failed, and an error if the machine failed.
    fn run(&mut self, noise: NoiseAt) -> Result<(), Error>;

    /// The elements of an output of the last run, row-major.
    fn output(&self, i: usize) -> &[T];

    /// The shape of an output.
    fn output_shape(&self, i: usize) -> &Shape;

    /// The steps of a run, in order.
    fn steps(&self) -> Vec<StepSummary> {
        Vec::new()
    }

    /// Runs and reports the time of each step, by its index in [`Executable::steps`].
    ///
    /// # Errors
    /// As [`Executable::run`].
    fn run_profiled(&mut self, noise: NoiseAt, took: &mut dyn FnMut(usize, Duration)) -> Result<(), Error> {
        let _ = took;
        self.run(noise)
    }

    /// The size in bytes of all values that are kept in memory. It does not depend on the number of threads.
    fn value_bytes(&self) -> usize {
        0
    }

    /// The size in bytes of all buffers.
    fn buffer_bytes(&self) -> usize {
        self.value_bytes()
    }
}

/// The executor of this crate: fused loops on the cores of the CPU.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu;

impl<T: Real> Backend<T> for Cpu {
    fn compile(
        &self,
        graph: &Graph,
        outputs: &[NodeId],
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable<T>>, Error> {
        Ok(Box::new(Program::compile(graph, outputs, options)?))
    }
}

impl<T: Real> Executable<T> for Program<T> {
    fn set_input(&mut self, slot: usize, values: &[T]) -> Result<(), Error> {
        Program::set_input(self, slot, values)
    }

    fn input(&self, slot: usize) -> Option<&[T]> {
        Program::input(self, slot)
    }

    fn input_mut(&mut self, slot: usize) -> Option<&mut [T]> {
        Program::input_mut(self, slot)
    }

    fn inputs_and_outputs(&mut self, pairs: &[(usize, usize)]) -> Vec<Option<InputAndOutput<'_, T>>> {
        Program::inputs_and_outputs(self, pairs.iter().copied())
    }

    fn run(&mut self, noise: NoiseAt) -> Result<(), Error> {
        self.run_at(noise);
        self.failure().map_or(Ok(()), Err)
    }

    fn output(&self, i: usize) -> &[T] {
        Program::output(self, i)
    }

    fn output_shape(&self, i: usize) -> &Shape {
        Program::output_shape(self, i)
    }

    fn steps(&self) -> Vec<StepSummary> {
        Program::steps(self)
    }

    fn run_profiled(&mut self, noise: NoiseAt, took: &mut dyn FnMut(usize, Duration)) -> Result<(), Error> {
        Program::run_profiled(self, noise, took);
        self.failure().map_or(Ok(()), Err)
    }

    fn value_bytes(&self) -> usize {
        Program::value_bytes(self)
    }

    fn buffer_bytes(&self) -> usize {
        Program::buffer_bytes(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_is_a_backend() {
        let graph = Graph::new();
        let x = graph.input("x", [3]);
        let y = x * 2.0 + graph.uniform(1, [3]);
        let backend: &dyn Backend<f64> = &Cpu;
        let mut executable = backend.compile(&graph, &[y.id()], &CompileOptions::default()).unwrap();
        executable.set_input(0, &[1.0, 2.0, 3.0]).unwrap();
        executable.input_mut(0).unwrap()[2] = 5.0;
        executable.run(NoiseAt { seed: 1, step: 2, first_row: 0 }).unwrap();
        let mut program = Program::<f64>::compile(&graph, &[y.id()], &CompileOptions::default()).unwrap();
        program.set_input(0, &[1.0, 2.0, 5.0]).unwrap();
        program.run(1, 2);
        assert_eq!(executable.output(0), program.output(0));
        assert_eq!(executable.output_shape(0), &Shape::from([3]));
        assert!(executable.set_input(0, &[1.0]).is_err());
    }
}
