//! Kernels that are not fused: cumulative sums, argmax, assembly of parts, black boxes.
//!
//! They run on the calling thread.

// Operands and results are disjoint buffers of one arena, which only the compiler of the kernels knows.
#![allow(unsafe_code)]

use super::math::Real;
use super::memory::Base;
use super::strided::Strided;
use crate::graph::External;

/// A strided operand with rows along its last axis.
#[derive(Debug)]
pub(crate) struct Rows {
    pub x: Strided,
    /// The offset of the contiguous result.
    pub out: usize,
}

impl Rows {
    /// The number of rows, and of elements per row.
    fn size(&self) -> (usize, usize) {
        let (&n, lead) = self.x.dims.split_last().unwrap_or((&1, &[]));
        (lead.iter().product(), n)
    }

    /// Calls `each` with the index of a row and a function that reads its elements.
    fn for_each<T: Real>(&self, base: Base<T>, mut each: impl FnMut(usize, &dyn Fn(usize) -> T)) {
        // SAFETY: the extent lies within the buffer of a value of an earlier step, which no kernel writes now.
        let x = unsafe { base.read(self.x.offset, self.x.extent()) };
        let (rows, n) = self.size();
        if n == 0 {
            return;
        }
        let stride = self.x.strides[self.x.strides.len() - 1];
        for row in 0..rows {
            let first = self.x.distance(row * n);
            each(row, &|i| x[first + i * stride]);
        }
    }

    /// Cumulative sums along each row.
    pub fn cumsum<T: Real>(&self, base: Base<T>, reverse: bool) {
        let (rows, n) = self.size();
        // SAFETY: the result's buffer is this kernel's alone.
        let out = unsafe { base.write(self.out, rows * n) };
        self.for_each(base, |row, x| {
            let mut sum = T::default();
            let out = &mut out[row * n..][..n];
            for i in 0..n {
                let i = if reverse { n - 1 - i } else { i };
                sum += x(i);
                out[i] = sum;
            }
        });
    }

    /// The index of the first largest element of each row; of the first NaN, if there is one.
    pub fn argmax<T: Real>(&self, base: Base<T>) {
        let (rows, n) = self.size();
        // SAFETY: the result's buffer is this kernel's alone.
        let out = unsafe { base.write(self.out, rows) };
        self.for_each(base, |row, x| {
            let (mut best, mut value) = (0, x(0));
            for i in 1..n {
                let x = x(i);
                if x > value || (x.is_nan() && !value.is_nan()) {
                    (best, value) = (i, x);
                }
            }
            out[row] = T::from_f64(best as f64);
        });
    }
}

/// A tensor that is assembled from parts, with zeros elsewhere if `zeros`.
#[derive(Debug)]
pub(crate) struct Assemble {
    pub zeros: bool,
    /// The offset and the size of the result.
    pub out: usize,
    pub elements: usize,
    /// Each part with its position: the offset from the beginning of the result, and strides.
    pub parts: Vec<(Strided, Strided)>,
}

impl Assemble {
    /// Copies the parts.
    pub fn run<T: Real>(&self, base: Base<T>) {
        // SAFETY: the result's buffer is this kernel's alone.
        let out = unsafe { base.write(self.out, self.elements) };
        if self.zeros {
            out.fill(T::default());
        }
        for (from, to) in &self.parts {
            // SAFETY: the extent lies within the buffer of a value of an earlier step, which no kernel writes now.
            let source = unsafe { base.read(from.offset, from.extent()) };
            let (rows, n) = match from.dims.split_last() {
                Some((&n, lead)) => (lead.iter().product(), n),
                None => (1, 1),
            };
            if n == 0 {
                continue;
            }
            let stride = from.strides.last().copied().unwrap_or(1);
            let to_stride = to.strides.last().copied().unwrap_or(1);
            for row in 0..rows {
                let source = &source[from.distance(row * n)..];
                let out = &mut out[to.offset + to.distance(row * n)..];
                if stride == 1 && to_stride == 1 {
                    out[..n].copy_from_slice(&source[..n]);
                } else {
                    for i in 0..n {
                        out[i * to_stride] = source[i * stride];
                    }
                }
            }
        }
    }
}

/// A black box, called once for each index of the leading axes, or once for all of them. It must not panic: a panic would abort a run
/// in the middle (which the next run repairs) and propagate to the caller of [`run`](super::Program::run).
pub(crate) struct Call {
    pub external: External,
    /// The operands, with leading axes followed by the axes of an argument, and the number of elements of each argument.
    pub inputs: Vec<(Strided, usize)>,
    pub calls: usize,
    /// The offset of the result.
    pub out: usize,
    pub arguments: Vec<Vec<f64>>,
    pub result: Vec<f64>,
    /// The reason of the failure in the last run, if it failed.
    pub failure: Option<String>,
}

impl Call {
    /// Calls the function. If a call fails, the rest of the result is NaN.
    pub fn run<T: Real>(&mut self, base: Base<T>) {
        let size = self.result.len();
        self.failure = None;
        // SAFETY: the result's buffer is this kernel's alone.
        let out = unsafe { base.write(self.out, self.calls * size) };
        for call in 0..self.calls {
            for ((input, n), argument) in self.inputs.iter().zip(&mut self.arguments) {
                // SAFETY: the extent lies within the buffer of a value of an earlier step, which no kernel writes now.
                let source = unsafe { base.read(input.offset, input.extent()) };
                for (i, x) in argument.iter_mut().enumerate() {
                    *x = source[input.distance(call * n + i)].to_f64();
                }
            }
            self.result.fill(0.0);
            if let Err(reason) = call_with(&self.external, &self.arguments, &mut self.result) {
                self.failure = Some(reason);
                out[call * size..].fill(T::from_f64(f64::NAN));
                return;
            }
            for (out, &y) in out[call * size..][..size].iter_mut().zip(&self.result) {
                *out = T::from_f64(y);
            }
        }
    }
}

/// The largest number of arguments that are passed without an allocation.
const FEW: usize = 8;

fn call_with(external: &External, arguments: &[Vec<f64>], result: &mut [f64]) -> Result<(), String> {
    if arguments.len() <= FEW {
        let mut slices: [&[f64]; FEW] = [&[]; FEW];
        for (slice, argument) in slices.iter_mut().zip(arguments) {
            *slice = argument;
        }
        (external.function)(&slices[..arguments.len()], result)
    } else {
        let slices: Vec<&[f64]> = arguments.iter().map(|a| &a[..]).collect();
        (external.function)(&slices, result)
    }
}
