//! The kernel that draws the elements of a tensor.

// Tasks on several threads write disjoint parts of a buffer while they read others of the same arena.
#![allow(unsafe_code)]

use super::by_key;
use crate::exec::math::Real;
use crate::exec::memory::Base;
use crate::exec::operand::Operand;
use crate::exec::philox::{NoiseAt, fill_words};
use crate::exec::strided::Strided;
use crate::graph::Law;

/// The number of elements per task.
const TASK: usize = 512;

/// The kernel of a draw.
#[derive(Debug)]
pub(crate) struct Draw {
    law: Law,
    stream: u32,
    inputs: Vec<Operand>,
    /// Distances are indices of elements of the noise.
    noise: Operand,
    /// The number of elements of the noise per element of its first axis.
    row: u64,
    elements: usize,
    /// The offset of the result.
    out: usize,
}

impl Draw {
    pub fn new(law: Law, stream: u32, inputs: Vec<Strided>, noise: Strided, row: u64, out: usize) -> Self {
        let elements = noise.numel();
        let inputs = inputs.into_iter().map(Operand::new).collect();
        Draw { law, stream, inputs, noise: Operand::new(noise), row, elements, out }
    }

    /// The law, the number of draws, and the parameters of the law.
    pub fn describe(&self) -> (Law, usize, impl Iterator<Item = &Strided>) {
        (self.law, self.elements, self.inputs.iter().map(|input| &input.tensor))
    }

    /// The number of tasks.
    pub fn tasks(&self) -> usize {
        self.elements.div_ceil(TASK)
    }

    /// Draws the elements of one task.
    pub fn run<T: Real>(&self, task: usize, base: Base<T>, noise: NoiseAt) {
        let NoiseAt { seed, step, first_row } = noise;
        let before = first_row * self.row;
        let first = task * TASK;
        let n = TASK.min(self.elements - first);
        // SAFETY: the range of the result's buffer is this task's alone.
        let out = unsafe { base.write(self.out + first, n) };
        let [mut high, mut low] = [[0; TASK]; 2];
        let one_by_one = !self.noise.is_contiguous();
        if !one_by_one {
            fill_words(&mut high[..n], &mut low[..n], seed, self.stream, step, before + first as u64);
        }
        for (i, out) in out.iter_mut().enumerate() {
            if one_by_one {
                let element = before + self.noise.distance(first + i) as u64;
                fill_words(&mut high[i..=i], &mut low[i..=i], seed, self.stream, step, element);
            }
            let x = |k: usize| {
                // SAFETY: the element lies within the buffer of a value of an earlier step, which no kernel writes now.
                let source = unsafe { base.read(self.inputs[k].place(first + i), 1) };
                source[0].to_f64()
            };
            *out = by_key(self.law, x, [high[i], low[i]]);
        }
    }
}
