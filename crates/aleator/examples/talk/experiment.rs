//! The talk's experiment: minimise E[z² + c], z ~ Normal(μ, σ), by plain gradient steps on μ and σ themselves.
//!
//! The objective is μ² + σ² + c: smallest at μ = 0 and σ → 0, where the score of z grows without bound.

use std::sync::Arc;

use aleator::distributions::{Normal, Transform};
use aleator::estimators::{Estimator, GeneralizedReparameterization, Pathwise, ScoreFunction};
use aleator::graph::Graph;
use aleator::optim::{Optimizer, Sgd};
use aleator::{Options, Program, Result};

/// Gradient steps.
pub const STEPS: usize = 10_000;
/// Learning rate η.
pub const RATE: f64 = 1e-3;
/// σ is a parameter like any other, and a noisy step can carry it below 0; it is set to this instead. Where σ is small,
/// one step by the score moves it by about ηc/σ: with this bound by 0.1, with a much smaller one out of sight.
pub const SMALLEST_SIGMA: f64 = 0.01;
/// The constants c.
pub const CONSTANTS: [f64; 2] = [0.0, 1.0];

/// One run.
pub struct Run {
    /// The estimator.
    pub name: &'static str,
    /// c.
    pub constant: f64,
    /// μ and σ before the first step and after each one.
    pub path: Vec<(f64, f64)>,
    /// How many steps would have left σ below [`SMALLEST_SIGMA`].
    pub bounded: usize,
}

impl Run {
    /// The objective's distance from its lower bound c, after that many steps: μ² + σ².
    pub fn excess(&self, steps: usize) -> f64 {
        let (mu, sigma) = self.path[steps];
        mu * mu + sigma * sigma
    }

    /// The mean of σ over the second half of the path.
    pub fn late_sigma(&self) -> f64 {
        let late = &self.path[STEPS / 2..];
        late.iter().map(|(_, sigma)| sigma).sum::<f64>() / late.len() as f64
    }
}

/// E[z² + c] as a graph.
pub fn gaussian(mu: f64, sigma: f64, c: f64) -> Graph {
    let graph = Graph::new();
    let (mu, sigma) = (graph.param("mu", mu), graph.param("sigma", sigma));
    let z = graph.sample("z", Normal::new(mu, sigma));
    graph.cost("loss", z.square() + c);
    graph
}

/// Generalized reparameterization by a transform.
pub fn g_rep(transform: Transform) -> Arc<dyn Estimator> {
    Arc::new(GeneralizedReparameterization { transform })
}

/// The runs of the talk's four estimators from μ = σ = 1, in this order: score function, pathwise, the two g-reps.
pub fn runs(constant: f64, seed: u64) -> Result<Vec<Run>> {
    let estimators: [(_, Arc<dyn Estimator>); 4] = [
        ("score function", Arc::new(ScoreFunction::default())),
        ("pathwise", Arc::new(Pathwise)),
        ("g-rep, location", g_rep(Transform::Location)),
        ("g-rep, shifted scale", g_rep(Transform::ShiftedScale)),
    ];
    estimators.into_iter().map(|(name, estimator)| run(name, estimator, constant, seed)).collect()
}

fn run(name: &'static str, estimator: Arc<dyn Estimator>, constant: f64, seed: u64) -> Result<Run> {
    let graph = gaussian(1.0, 1.0, constant);
    let mut program = Program::<f64>::compile(&graph, &[estimator], &Options::new().seed(seed))?;
    let (mut mu, mut sigma) = ([1.0], [1.0]);
    let mut sgd = Optimizer::<f64>::new(Sgd::default(), 1, RATE);
    let mut run = Run { name, constant, path: vec![(1.0, 1.0)], bounded: 0 };
    for _ in 0..STEPS {
        let estimate = program.run()?;
        sgd.step(&mut mu, estimate.gradient("mu")?)?;
        sgd.step(&mut sigma, estimate.gradient("sigma")?)?;
        if sigma[0] < SMALLEST_SIGMA {
            sigma[0] = SMALLEST_SIGMA;
            run.bounded += 1;
        }
        program.set_param("mu", &mu)?;
        program.set_param("sigma", &sigma)?;
        run.path.push((mu[0], sigma[0]));
    }
    Ok(run)
}
