//! A graph with the values of its inputs.

use std::cell::RefCell;

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::Program;
use aleator_engine::exec::math::Real;
use aleator_engine::graph::{Expr, Graph, Shape};

#[derive(Default)]
pub struct Bench {
    pub graph: Graph,
    values: RefCell<Vec<Vec<f64>>>,
}

impl Bench {
    pub fn new() -> Self {
        Self::default()
    }

    /// A tensor that the compiler cannot fold.
    pub fn input(&self, shape: impl Into<Shape>, values: Vec<f64>) -> Expr<'_> {
        self.values.borrow_mut().push(values);
        self.graph.input("x", shape)
    }

    /// All outputs, row-major, of one run in precision `T`.
    pub fn run<T: Real>(&self, outputs: &[Expr<'_>], seed: u64) -> Vec<Vec<f64>> {
        let ids: Vec<_> = outputs.iter().map(|e| e.id()).collect();
        let options = CompileOptions { threads: 1, ..CompileOptions::default() };
        let mut program = Program::<T>::compile(&self.graph, &ids, &options).unwrap();
        for (slot, values) in self.values.borrow().iter().enumerate() {
            let values: Vec<T> = values.iter().map(|&v| T::from_f64(v)).collect();
            program.set_input(slot, &values).unwrap();
        }
        program.run(seed, 0);
        (0..ids.len()).map(|i| program.output(i).iter().map(|v| v.to_f64()).collect()).collect()
    }
}

/// Column `j` of rows of length `width`.
pub fn column(values: &[f64], width: usize, j: usize) -> Vec<f64> {
    values.iter().skip(j).step_by(width).copied().collect()
}
