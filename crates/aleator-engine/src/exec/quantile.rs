//! The kernel of derivatives of quantiles, one element at a time.

// Tasks on several threads write disjoint parts of a buffer while they read others of the same arena.
#![allow(unsafe_code)]

use super::math::{Real, quantile_derivative};
use super::memory::Base;
use super::operand::Operand;
use super::strided::Strided;
use crate::graph::Quantile;

/// The number of elements per task. An element takes about a microsecond.
const TASK: usize = 64;

/// The kernel.
#[derive(Debug)]
pub(crate) struct QuantileDerivative {
    quantile: Quantile,
    inputs: Vec<Operand>,
    elements: usize,
    /// The offset of the result.
    out: usize,
}

impl QuantileDerivative {
    pub fn new(quantile: Quantile, inputs: Vec<Strided>, elements: usize, out: usize) -> Self {
        QuantileDerivative { quantile, inputs: inputs.into_iter().map(Operand::new).collect(), elements, out }
    }

    /// The quantile, the number of elements, and the operands.
    pub fn describe(&self) -> (Quantile, usize, impl Iterator<Item = &Strided>) {
        (self.quantile, self.elements, self.inputs.iter().map(|input| &input.tensor))
    }

    /// The number of tasks.
    pub fn tasks(&self) -> usize {
        self.elements.div_ceil(TASK)
    }

    /// Computes the elements of one task.
    pub fn run<T: Real>(&self, task: usize, base: Base<T>) {
        let first = task * TASK;
        let n = TASK.min(self.elements - first);
        // SAFETY: the range of the result's buffer is this task's alone.
        let out = unsafe { base.write(self.out + first, n) };
        for (i, out) in out.iter_mut().enumerate() {
            let x = |k: usize| {
                // SAFETY: the element lies within the buffer of a value of an earlier step, which no kernel writes now.
                let source = unsafe { base.read(self.inputs[k].place(first + i), 1) };
                source[0].to_f64()
            };
            *out = T::from_f64(quantile_derivative(self.quantile, x));
        }
    }
}
