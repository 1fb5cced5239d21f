//! The talk's experiment: minimise E[z² + c], z ~ Normal(μ, σ), by plain gradient steps on μ and σ themselves.
//!
//! The objective is μ² + σ² + c: smallest at μ = 0, σ → 0, where the score of z grows without bound.

use std::sync::Arc;

use aleator::distributions::{Normal, Transform};
use aleator::estimators::{Estimator, GeneralizedReparameterization, Pathwise, ScoreFunction};
use aleator::graph::Graph;
use aleator::optim::{Optimizer, Sgd};
use aleator::{Options, Program, Result};

/// Gradient steps.
pub const STEPS: usize = 10_000;
/// Learning rate.
pub const RATE: f64 = 1e-3;
/// σ is a parameter like any other, and a noisy step can carry it below 0: it is set to this instead.
pub const SMALLEST_SIGMA: f64 = 1e-3;
/// The constants c that are compared.
pub const CONSTANTS: [f64; 2] = [0.0, 1.0];
/// Estimators of the experiment.
pub const NAMES: [&str; 4] = ["score function", "pathwise", "g-rep, location", "g-rep, shifted scale"];

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

/// One run.
pub struct Run {
    /// μ and σ before the first step and after each one.
    pub path: Vec<(f64, f64)>,
    /// How many steps would have left σ below [`SMALLEST_SIGMA`].
    pub clamped: usize,
}

impl Run {
    /// μ and σ after the last step.
    pub fn end(&self) -> (f64, f64) {
        self.path[self.path.len() - 1]
    }
}

/// The runs of all [`NAMES`] from μ = σ = 1.
pub fn runs(c: f64, seed: u64) -> Result<Vec<Run>> {
    let estimators: [Arc<dyn Estimator>; 4] = [
        Arc::new(ScoreFunction::default()),
        Arc::new(Pathwise),
        g_rep(Transform::Location),
        g_rep(Transform::ShiftedScale),
    ];
    estimators.into_iter().map(|estimator| run(estimator, c, seed)).collect()
}

fn run(estimator: Arc<dyn Estimator>, c: f64, seed: u64) -> Result<Run> {
    let graph = gaussian(1.0, 1.0, c);
    let mut program = Program::<f64>::compile(&graph, &[estimator], &Options::new().seed(seed))?;
    let (mut mu, mut sigma) = ([1.0], [1.0]);
    let mut sgd = Sgd::new(RATE);
    let mut run = Run { path: vec![(mu[0], sigma[0])], clamped: 0 };
    for _ in 0..STEPS {
        let estimate = program.run()?;
        sgd.step(&mut mu, estimate.gradient("mu")?);
        sgd.step(&mut sigma, estimate.gradient("sigma")?);
        if sigma[0] < SMALLEST_SIGMA {
            sigma[0] = SMALLEST_SIGMA;
            run.clamped += 1;
        }
        program.set_param(0, &mu)?;
        program.set_param(1, &sigma)?;
        run.path.push((mu[0], sigma[0]));
    }
    Ok(run)
}
