//! `toy-variance`: mean and variance over many independent gradient estimates of E[(b − 0.45)²], b ~ Bernoulli(σ(θ)), by
//! each estimator that all sides have.

use std::sync::Arc;

use aleator::diagnostics::Moments;
use aleator::distributions::Bernoulli;
use aleator::estimators::{
    Enumeration, Estimator, GumbelSoftmax, Rebar, ReinforceLoo, ScoreFunction, StraightThrough,
};
use aleator::graph::Graph;
use aleator::rewrite::Tuning;
use aleator::{Options, Program};
use serde_json::{Value, json};

use super::{SEED, Size, Workload, site_noise};
use crate::array::Array;
use crate::error::Result;

const THETA: f64 = 0.3;
const TARGET: f64 = 0.45;
const TAU: f64 = 0.5;
/// Estimates that one run computes side by side.
const AT_ONCE: usize = 20_000;

/// The estimators in the order of the results.
fn estimators() -> [Arc<dyn Estimator>; 6] {
    [
        Arc::new(ScoreFunction::default()),
        Arc::new(ReinforceLoo),
        Arc::new(GumbelSoftmax { temperature: TAU }),
        Arc::new(Rebar { temperature: TAU, tune: false, ..Rebar::default() }),
        Arc::new(StraightThrough),
        Arc::new(Enumeration),
    ]
}

/// One program for each estimator; a step is a million estimates of each.
pub struct ToyVariance {
    estimates: usize,
    at_once: usize,
    programs: Vec<Program<f32>>,
    next: u64,
}

impl ToyVariance {
    /// Compiles it.
    ///
    /// # Errors
    /// If it cannot be compiled.
    pub fn new(size: Size) -> Result<Self> {
        let (estimates, at_once) = match size {
            Size::Full => (1_000_000, AT_ONCE),
            Size::Small => (64, 64),
        };
        let graph = Graph::new();
        let theta = graph.param("theta", THETA);
        let b = graph.sample("b", Bernoulli::from_logits(theta));
        graph.cost("cost", (b - TARGET).square());
        let options = Options::new().seed(SEED).replicates(at_once).tuning(Tuning::Held);
        let compile = |e: Arc<dyn Estimator>| Program::compile(&graph, &[e], &options);
        let programs = estimators().into_iter().map(compile).collect::<Result<_, _>>()?;
        Ok(ToyVariance { estimates, at_once, programs, next: 0 })
    }

    /// Mean and variance of each estimator's gradients over `runs` runs from a step on.
    fn moments(&mut self, first: u64, runs: u64) -> Result<[Vec<f32>; 2]> {
        let mut result = [vec![], vec![]];
        for program in &mut self.programs {
            let mut moments = Moments::default();
            for step in first..first + runs {
                let estimate = program.run_step(step)?;
                moments.add(estimate.gradient_at(0).iter().map(|&g| f64::from(g)));
            }
            result[0].push(moments.mean as f32);
            result[1].push(moments.variance().unwrap_or(f64::NAN) as f32);
        }
        Ok(result)
    }
}

impl Workload for ToyVariance {
    fn name(&self) -> &'static str {
        "toy-variance"
    }

    fn summary(&self) -> String {
        format!(
            "mean and variance of {} gradient estimates of E[(b − {TARGET})²] by each of six estimators: score function, \
             leave-one-out with K = 2, Gumbel-softmax, REBAR, straight-through, enumeration",
            self.estimates
        )
    }

    fn settings(&self) -> Value {
        json!({"theta": THETA, "target": TARGET, "tau": TAU, "estimates": self.estimates})
    }

    /// The noise of as many estimates as one run computes.
    fn inputs(&self, step: u64) -> Vec<Array> {
        let single = site_noise(&[self.at_once], step);
        let pairs = Array { name: "noise_pairs", ..site_noise(&[self.at_once, 2], step) };
        vec![single, pairs]
    }

    fn outputs(&mut self, step: u64) -> Result<Vec<Array>> {
        let [mean, variance] = self.moments(step, 1)?;
        Ok(vec![Array::new("mean", &[6], mean), Array::new("variance", &[6], variance)])
    }

    fn programs(&mut self) -> Vec<(&'static str, &mut Program<f32>)> {
        let names = estimators().map(|e| e.properties().name);
        names.into_iter().zip(&mut self.programs).collect()
    }

    fn run(&mut self, iterations: usize) -> Result<()> {
        let runs = (self.estimates / self.at_once) as u64;
        for _ in 0..iterations {
            self.moments(self.next, runs)?;
            self.next += runs;
        }
        Ok(())
    }
}
