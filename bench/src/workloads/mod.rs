//! Aleator's side of each workload.

pub mod bernoulli;
pub mod elementwise;
pub mod sbn;
pub mod sbn_rebar;
pub mod sbn_step;
pub mod tiny;
pub mod toy_variance;

use aleator::Program;
use aleator_engine::exec::philox;
use serde_json::Value;

use self::sbn_step::{Method, SbnStep};
use crate::array::Array;
use crate::error::Result;

/// The seed of all noise and of all inputs.
pub const SEED: u64 = 20_240_607;
/// The first stream of inputs; sites count theirs from 0.
const INPUTS: u32 = philox::STREAMS - 1000;

/// Work that every side does alike.
pub trait Workload {
    /// What it is called on the command line, by peers and in the results.
    fn name(&self) -> &'static str;

    /// One line: what a step is.
    fn summary(&self) -> String;

    /// Sizes and constants that the arrays do not tell.
    fn settings(&self) -> Value;

    /// What is given to every side, with the noise of a step.
    fn inputs(&self, step: u64) -> Vec<Array>;

    /// What a step computes from the noise of that step.
    ///
    /// # Errors
    /// If the step fails.
    fn outputs(&mut self, step: u64) -> Result<Vec<Array>>;

    /// Steps on further noise.
    ///
    /// # Errors
    /// If a step fails.
    fn run(&mut self, iterations: usize) -> Result<()>;

    /// Its programs by name, to be looked into.
    fn programs(&mut self) -> Vec<(&'static str, &mut Program<f32>)> {
        vec![]
    }

    /// The largest difference from a peer's output that is rounding of 32-bit numbers, relative to the largest element.
    fn tolerance(&self) -> f64 {
        1e-5
    }
}

/// How large a workload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// As it is timed.
    Full,
    /// A few numbers, for tests.
    Small,
}

/// The names of all workloads, in the order in which they are measured.
pub const NAMES: [&str; 9] = [
    "sbn-step",
    "sbn-rebar",
    "sbn-disarm",
    "sbn-arms",
    "sbn-local-expectation",
    "elementwise",
    "tiny",
    "bernoulli",
    "toy-variance",
];

/// The workload of that name; `None` if there is none.
///
/// # Errors
/// If it cannot be compiled.
pub fn build(name: &str, size: Size) -> Result<Option<Box<dyn Workload>>> {
    Ok(Some(match name {
        "sbn-step" => Box::new(SbnStep::new(Method::LeaveOneOut, size)?),
        "sbn-disarm" => Box::new(SbnStep::new(Method::Disarm, size)?),
        "sbn-arms" => Box::new(SbnStep::new(Method::Arms, size)?),
        "sbn-local-expectation" => Box::new(SbnStep::new(Method::LocalExpectation, size)?),
        "sbn-rebar" => Box::new(sbn_rebar::SbnRebar::new(size)?),
        "elementwise" => Box::new(elementwise::Elementwise::new(size)?),
        "tiny" => Box::new(tiny::Tiny::new()?),
        "bernoulli" => Box::new(bernoulli::Draws::new(size)?),
        "toy-variance" => Box::new(toy_variance::ToyVariance::new(size)?),
        _ => return Ok(None),
    }))
}

/// The uniform numbers that the first stream of the first site holds at a step.
fn site_noise(shape: &[usize], step: u64) -> Array {
    let mut values = vec![0.0; shape.iter().product()];
    philox::fill_uniform(&mut values, SEED, 0, step, 0);
    Array::new("noise", shape, values)
}

/// Input numbers, uniform between two bounds.
pub(crate) fn uniform(number: u32, count: usize, low: f32, high: f32) -> Vec<f32> {
    let mut values = vec![0.0_f32; count];
    philox::fill_uniform(&mut values, SEED, INPUTS + number, 0, 0);
    values.iter_mut().for_each(|u| *u = low + (high - low) * *u);
    values
}

/// The same numbers as the library's graphs take them.
pub(crate) fn double(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&x| f64::from(x)).collect()
}
