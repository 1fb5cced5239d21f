//! `tiny`: eight numbers, thirty operations, forward and backward: what a step costs that computes next to nothing.
//!
//! ```text
//! x₀ given,   x_{i+1} = tanh(x_i w + 0.1)   ten times,   cost = Σ x₁₀
//! ```

use aleator::graph::Graph;
use aleator::{Options, Program};
use serde_json::{Value, json};

use super::{SEED, Workload, double, uniform};
use crate::array::Array;
use crate::error::Result;

/// How many numbers.
const NUMBERS: usize = 8;
/// How many times three operations.
const TIMES: usize = 10;

/// A chain on few numbers.
pub struct Tiny {
    x: Vec<f32>,
    weight: Vec<f32>,
    program: Program<f32>,
}

impl Tiny {
    /// Compiles it.
    ///
    /// # Errors
    /// If it cannot be compiled.
    pub fn new() -> Result<Self> {
        let (x, weight) = (uniform(30, NUMBERS, -1.0, 1.0), uniform(31, NUMBERS, 0.5, 1.5));
        let graph = Graph::new();
        let mut chain = graph.data("x", [NUMBERS], double(&x));
        let w = graph.param_tensor("weight", [NUMBERS], double(&weight));
        for _ in 0..TIMES {
            chain = (chain * w + 0.1).tanh();
        }
        graph.cost("cost", chain);
        let program = Program::compile(&graph, &[], &Options::new().seed(SEED))?;
        Ok(Tiny { x, weight, program })
    }
}

impl Workload for Tiny {
    fn name(&self) -> &'static str {
        "tiny"
    }

    fn summary(&self) -> String {
        format!("{NUMBERS} numbers, {} operations, forward and backward", 3 * TIMES)
    }

    fn settings(&self) -> Value {
        json!({"times": TIMES})
    }

    fn inputs(&self, _: u64) -> Vec<Array> {
        vec![
            Array::new("x", &[NUMBERS], self.x.clone()),
            Array::new("weight", &[NUMBERS], self.weight.clone()),
        ]
    }

    fn outputs(&mut self, step: u64) -> Result<Vec<Array>> {
        let estimate = self.program.run_step(step)?;
        Ok(vec![
            Array::new("loss", &[], vec![estimate.objective() as f32]),
            Array::new("weight", &[NUMBERS], estimate.gradient("weight")?.to_vec()),
        ])
    }

    fn programs(&mut self) -> Vec<(&'static str, &mut Program<f32>)> {
        vec![("", &mut self.program)]
    }

    fn run(&mut self, iterations: usize) -> Result<()> {
        for _ in 0..iterations {
            self.program.run()?;
        }
        Ok(())
    }
}
