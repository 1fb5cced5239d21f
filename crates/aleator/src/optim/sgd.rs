//! Stochastic gradient descent: θ ← θ − α g.

use super::Optimizer;

/// Plain gradient steps.
#[derive(Clone, Debug)]
pub struct Sgd {
    /// α
    pub learning_rate: f64,
}

impl Sgd {
    /// With learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Sgd { learning_rate }
    }
}

impl Optimizer for Sgd {
    fn step(&mut self, parameters: &mut [f64], gradient: &[f64]) {
        for (theta, g) in parameters.iter_mut().zip(gradient) {
            *theta -= self.learning_rate * g;
        }
    }
}
