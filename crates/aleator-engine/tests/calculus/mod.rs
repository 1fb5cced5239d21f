//! Derivatives held against central differences, and the tools for it: graphs drawn from choices, and their values.

pub mod check;
pub mod draw;
pub mod table;

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::Program;
use aleator_engine::graph::{Expr, Graph, Shape};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

/// What a property says of one case: nothing, or what is wrong.
pub type Verdict = Result<(), String>;

/// A tensor with NumPy's broadcasting.
#[derive(Clone, Debug)]
pub struct Tensor {
    pub shape: Shape,
    pub data: Vec<f64>,
}

impl Tensor {
    /// The element at an index of a shape that this one broadcasts to.
    pub fn at(&self, index: &[usize]) -> f64 {
        let own = &index[index.len() - self.shape.rank()..];
        let place = |i, dim| if dim == 1 { 0 } else { i };
        self.data[own.iter().zip(self.shape.iter()).fold(0, |flat, (&i, &dim)| flat * dim + place(i, dim))]
    }

    /// The trailing axes `event` at an index of the leading ones.
    pub fn part(&self, lead: &[usize], event: &Shape) -> Vec<f64> {
        indices(event).into_iter().map(|own| self.at(&[lead, &own].concat())).collect()
    }
}

/// All indices of a shape, row-major.
pub fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![vec![]], |all, &dim| {
        all.iter().flat_map(|index| (0..dim).map(move |i| [&index[..], &[i]].concat())).collect()
    })
}

/// A program on the calling thread, and the shapes of its outputs.
pub struct Evaluator {
    program: Program<f64>,
    outputs: usize,
}

impl Evaluator {
    pub fn new(graph: &Graph, outputs: &[Expr<'_>]) -> Self {
        let ids: Vec<_> = outputs.iter().map(|e| e.id()).collect();
        let options = CompileOptions { threads: 1, ..CompileOptions::default() };
        let program = Program::compile(graph, &ids, &options).unwrap_or_else(|e| panic!("{e}"));
        Evaluator { program, outputs: ids.len() }
    }

    /// The outputs for inputs given by slot.
    pub fn run(&mut self, inputs: &[Vec<f64>]) -> Vec<Tensor> {
        for (slot, values) in inputs.iter().enumerate() {
            self.program.set_input(slot, values).unwrap();
        }
        self.program.run(0, 0);
        let output =
            |i| Tensor { shape: self.program.output_shape(i).clone(), data: self.program.output(i).to_vec() };
        (0..self.outputs).map(output).collect()
    }
}

/// The values of expressions for inputs given by slot, one after another.
pub fn evaluate(outputs: &[Expr<'_>], inputs: &[&[f64]]) -> Vec<Vec<f64>> {
    let inputs: Vec<Vec<f64>> = inputs.iter().map(|x| x.to_vec()).collect();
    let tensors = Evaluator::new(outputs[0].graph(), outputs).run(&inputs);
    tensors.into_iter().map(|t| t.data).collect()
}

/// Holds a property against choices from a fixed seed, and shrinks those that fail (smaller choices give smaller
/// shapes).
pub fn for_all_choices(name: &str, cases: u32, property: impl Fn(Vec<u32>) -> Verdict) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let choices = proptest::collection::vec(any::<u32>(), 40);
    match runner.run(&choices, |c| property(c).map_err(TestCaseError::fail)) {
        Ok(()) => {}
        Err(TestError::Fail(why, choices)) => panic!("{name}: {why}\nchoices: {choices:?}"),
        Err(TestError::Abort(why)) => panic!("{name}: {why}"),
    }
}

/// Whether two vectors agree up to `tolerance`, relative to the largest number in either and in `beside`.
pub fn close(what: &str, got: &[f64], want: &[f64], beside: &[f64], tolerance: f64) -> Verdict {
    if got.len() != want.len() {
        return Err(format!("{what}: {} elements, expected {}", got.len(), want.len()));
    }
    let largest = got.iter().chain(want).chain(beside).fold(1.0f64, |m, x| m.max(x.abs()));
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        // Infinities may be equal; a NaN is near to nothing.
        let near = g == w || (g - w).abs() <= tolerance * largest;
        if !near {
            return Err(format!("{what}, element {i}: {g}, expected {w}"));
        }
    }
    Ok(())
}
