//! `elementwise`: a chain of elementwise operations on pathwise noise, forward and backward.
//!
//! ```text
//! z = μ + eˢ logit u
//! a = σ(z),   b = tanh(½ μ + z),   d = exp(−z²/10),   h = √(1 + softplus(a b + log(1 + z²) d))
//! cost = Σ (h − d)² / n
//! ```

use aleator::distributions::Logistic;
use aleator::estimators::Pathwise;
use aleator::graph::Graph;
use aleator::{Options, Program};
use serde_json::{Value, json};

use super::{SEED, Size, Workload, double, site_noise, uniform};
use crate::array::Array;
use crate::error::Result;

/// About twenty operations, and the gradients by location and scale.
pub struct Elementwise {
    shape: [usize; 2],
    location: Vec<f32>,
    log_scale: Vec<f32>,
    program: Program<f32>,
}

impl Elementwise {
    /// Compiles it.
    ///
    /// # Errors
    /// If it cannot be compiled.
    pub fn new(size: Size) -> Result<Self> {
        let shape = match size {
            Size::Full => [1000, 200],
            Size::Small => [3, 5],
        };
        let count = shape[0] * shape[1];
        let location = uniform(20, count, -1.0, 1.0);
        let log_scale = uniform(21, count, -1.0, 0.0);
        let graph = Graph::new();
        let mu = graph.param_tensor("location", shape, double(&location));
        let s = graph.param_tensor("log_scale", shape, double(&log_scale));
        let z = graph.sample("z", Logistic::new(mu, s.exp()).via(Pathwise));
        let a = z.sigmoid();
        let b = (0.5 * mu + z).tanh();
        let d = (-0.1 * z.square()).exp();
        let h = (1.0 + (a * b + (1.0 + z.square()).log() * d).softplus()).sqrt();
        graph.cost("cost", (h - d).square() / count as f64);
        let plan: [std::sync::Arc<dyn aleator::estimators::Estimator>; 1] = [std::sync::Arc::new(Pathwise)];
        let program = Program::compile(&graph, &plan, &Options::new().seed(SEED))?;
        Ok(Elementwise { shape, location, log_scale, program })
    }
}

impl Workload for Elementwise {
    fn name(&self) -> &'static str {
        "elementwise"
    }

    fn summary(&self) -> String {
        let [rows, columns] = self.shape;
        format!("{rows}×{columns} numbers, 21 elementwise operations with noise, forward and backward")
    }

    fn settings(&self) -> Value {
        json!({})
    }

    fn inputs(&self, step: u64) -> Vec<Array> {
        vec![
            Array::new("location", &self.shape, self.location.clone()),
            Array::new("log_scale", &self.shape, self.log_scale.clone()),
            site_noise(&self.shape, step),
        ]
    }

    fn outputs(&mut self, step: u64) -> Result<Vec<Array>> {
        let estimate = self.program.run_step(step)?;
        Ok(vec![
            Array::new("loss", &[], vec![estimate.objective() as f32]),
            Array::new("location", &self.shape, estimate.gradient("location")?.to_vec()),
            Array::new("log_scale", &self.shape, estimate.gradient("log_scale")?.to_vec()),
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
