//! `bernoulli`: draws from given probabilities.

use aleator::distributions::{Bernoulli, Noise};
use aleator_engine::compile::CompileOptions;
use aleator_engine::exec;
use aleator_engine::graph::Graph;
use serde_json::{Value, json};

use super::{SEED, Size, Workload, site_noise, uniform};
use crate::array::Array;
use crate::error::Result;

/// The draws alone, without a gradient.
pub struct Draws {
    shape: [usize; 2],
    probs: Vec<f32>,
    program: exec::Program<f32>,
    step: u64,
}

impl Draws {
    /// Compiles it.
    ///
    /// # Errors
    /// If it cannot be compiled.
    pub fn new(size: Size) -> Result<Self> {
        let shape = match size {
            Size::Full => [100, 200],
            Size::Small => [3, 5],
        };
        let probs = uniform(40, shape[0] * shape[1], 0.0, 1.0);
        let graph = Graph::new();
        let p = graph.input("probs", shape);
        let z = Bernoulli::from_probs(p).sample(&mut Noise::new(&graph, 0, shape.into()));
        let mut program = exec::Program::compile(&graph, &[z.id()], &CompileOptions::default())?;
        program.set_input(0, &probs)?;
        Ok(Draws { shape, probs, program, step: 0 })
    }
}

impl Workload for Draws {
    fn name(&self) -> &'static str {
        "bernoulli"
    }

    fn summary(&self) -> String {
        format!("{}×{} Bernoulli draws from probabilities", self.shape[0], self.shape[1])
    }

    fn settings(&self) -> Value {
        json!({})
    }

    fn inputs(&self, step: u64) -> Vec<Array> {
        vec![Array::new("probs", &self.shape, self.probs.clone()), site_noise(&self.shape, step)]
    }

    fn outputs(&mut self, step: u64) -> Result<Vec<Array>> {
        self.program.run(SEED, step);
        Ok(vec![Array::new("draws", &self.shape, self.program.output(0).to_vec())])
    }

    fn run(&mut self, iterations: usize) -> Result<()> {
        for _ in 0..iterations {
            self.program.run(SEED, self.step);
            self.step += 1;
        }
        Ok(())
    }
}
