//! Draws by rejection: each element of a tensor reads as many random numbers as it needs.
//!
//! ```text
//! element e of stream s at step t:  key = the two words that a uniform number would be made of at this position
//! its random numbers:               Philox4x32-10 with that key, counter 0, 1, 2, …
//! ```
//!
//! So a draw is a function of its position and its parameters alone, and where parameters have further leading axes all
//! of those see the same random numbers. (Two of 10⁹ elements have the same key with a probability of 3%.)
//!
//! Everything is computed in double precision and rounded once. The samplers are ours, as general libraries draw a
//! Gamma variate itself, which underflows for small α where its logarithm is wanted, lack the von Mises law, and may
//! change their random numbers from version to version; with the functions of [`math`](super::math) a draw also has the
//! same bits on every machine. Rejection ends after 1000 attempts at the latest, with NaN, which has a probability below
//! 10⁻⁶⁰ for every law and all parameters.

#![allow(unsafe_code)]

mod binomial;
mod gamma;
mod mass;
mod poisson;
mod von_mises;

use super::math::{Format, Real};
use super::memory::Base;
use super::philox::{NoiseAt, fill_words, philox4x32_10};
use super::strided::Strided;
use crate::graph::Law;

/// Proposals before a draw is given up.
const ATTEMPTS: usize = 1000;

/// The random numbers of one element.
struct Sequence {
    key: [u32; 2],
    counter: u32,
    words: [u32; 4],
    half: bool,
}

impl Sequence {
    fn new(key: [u32; 2]) -> Self {
        Sequence { key, counter: 0, words: [0; 4], half: false }
    }

    /// The next number, uniform in the open interval (0, 1).
    fn uniform(&mut self) -> f64 {
        if self.half {
            self.half = false;
            return f64::unit_interval(self.words[2], self.words[3]);
        }
        self.words = philox4x32_10([self.counter, 0, 0, 0], self.key);
        self.counter += 1;
        self.half = true;
        f64::unit_interval(self.words[0], self.words[1])
    }

    /// The next number, of the standard normal distribution.
    fn normal(&mut self) -> f64 {
        Real::normal_quantile(self.uniform())
    }
}

/// A draw from the law with these parameters at a position of the noise.
pub fn draw<T: Real>(law: Law, parameters: &[T], seed: u64, stream: u32, step: u64, element: u64) -> T {
    let [mut high, mut low] = [[0]; 2];
    fill_words(&mut high, &mut low, seed, stream, step, element);
    by_key(law, |i| parameters[i].to_f64(), [high[0], low[0]])
}

fn by_key<T: Real>(law: Law, x: impl Fn(usize) -> f64, key: [u32; 2]) -> T {
    let mut random = Sequence::new(key);
    let random = &mut random;
    let z = match law {
        Law::Gamma => gamma::gamma(x(0), x(1), random),
        Law::LogGamma => gamma::log_gamma(x(0), random),
        Law::Beta => Real::sigmoid(gamma::logit_beta(x(0), x(1), random)),
        Law::LogitBeta => gamma::logit_beta(x(0), x(1), random),
        Law::Poisson => poisson::poisson(x(0), random),
        Law::Binomial => binomial::binomial(x(0), x(1), x(2), random),
        Law::VonMises => von_mises::von_mises(x(0), random),
    };
    let z = T::from_f64(z);
    match law {
        Law::Gamma => z.max(T::MIN_POSITIVE),
        Law::Beta => z.max(T::MIN_POSITIVE).min(T::LARGEST_BELOW_ONE),
        _ => z,
    }
}

/// Elements drawn by one task.
const TASK: usize = 512;

/// The kernel of a draw.
#[derive(Debug)]
pub(crate) struct Draw {
    law: Law,
    stream: u32,
    inputs: Vec<Operand>,
    /// Distances are the numbers of the randomness's elements.
    noise: Operand,
    /// Numbers of the randomness for each element of its first axis.
    row: u64,
    elements: usize,
    /// Offset of the result.
    out: usize,
}

/// A strided tensor, and whether finding its elements is easy.
#[derive(Debug)]
struct Operand {
    tensor: Strided,
    layout: Layout,
}

#[derive(Debug)]
enum Layout {
    /// One element everywhere.
    Constant,
    /// One after another.
    Contiguous,
    General,
}

impl Operand {
    fn new(tensor: Strided) -> Self {
        let mut behind = 1;
        let contiguous = tensor.dims.iter().zip(&tensor.strides).rev().all(|(&dim, &stride)| {
            let fits = dim == 1 || stride == behind;
            behind *= dim;
            fits
        });
        let constant = tensor.dims.iter().zip(&tensor.strides).all(|(&dim, &stride)| dim == 1 || stride == 0);
        let layout = match (constant, contiguous) {
            (true, _) => Layout::Constant,
            (_, true) => Layout::Contiguous,
            _ => Layout::General,
        };
        Operand { tensor, layout }
    }

    fn distance(&self, index: usize) -> usize {
        match self.layout {
            Layout::Constant => 0,
            Layout::Contiguous => index,
            Layout::General => self.tensor.distance(index),
        }
    }
}

impl Draw {
    pub fn new(law: Law, stream: u32, inputs: Vec<Strided>, noise: Strided, row: u64, out: usize) -> Self {
        let elements = noise.numel();
        let inputs = inputs.into_iter().map(Operand::new).collect();
        Draw { law, stream, inputs, noise: Operand::new(noise), row, elements, out }
    }

    /// The law, the number of draws, and the law's parameters.
    pub fn describe(&self) -> (Law, usize, impl Iterator<Item = &Strided>) {
        (self.law, self.elements, self.inputs.iter().map(|input| &input.tensor))
    }

    /// How many tasks there are.
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
        let one_by_one = !matches!(self.noise.layout, Layout::Contiguous);
        if !one_by_one {
            fill_words(&mut high[..n], &mut low[..n], seed, self.stream, step, before + first as u64);
        }
        for (i, out) in out.iter_mut().enumerate() {
            if one_by_one {
                let element = before + self.noise.distance(first + i) as u64;
                fill_words(&mut high[i..=i], &mut low[i..=i], seed, self.stream, step, element);
            }
            let x = |k: usize| {
                let input = &self.inputs[k];
                // SAFETY: the element lies within the buffer of a value of an earlier step, which no kernel writes now.
                let source = unsafe { base.read(input.tensor.offset + input.distance(first + i), 1) };
                source[0].to_f64()
            };
            *out = by_key(self.law, x, [high[i], low[i]]);
        }
    }
}
