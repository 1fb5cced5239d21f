//! RMSprop.
//!
//! ```text
//! v ← ρ v + (1 − ρ) g²,   θ ← θ − α g / (√v + ε)
//! ```
//!
//! Reference: `tieleman2012rmsprop`.

use super::Optimizer;

/// RMSprop with its mean square.
#[derive(Clone, Debug)]
pub struct RmsProp {
    /// α
    pub learning_rate: f64,
    /// ρ
    pub decay: f64,
    /// ε
    pub epsilon: f64,
    mean_square: Vec<f64>,
}

impl RmsProp {
    /// ρ = 0.9, ε = 1e-8.
    pub fn new(learning_rate: f64) -> Self {
        RmsProp { learning_rate, decay: 0.9, epsilon: 1e-8, mean_square: vec![] }
    }
}

impl Optimizer for RmsProp {
    fn step(&mut self, parameters: &mut [f64], gradient: &[f64]) {
        self.mean_square.resize(parameters.len(), 0.0);
        for ((theta, g), v) in parameters.iter_mut().zip(gradient).zip(&mut self.mean_square) {
            *v = self.decay * *v + (1.0 - self.decay) * g * g;
            *theta -= self.learning_rate * g / (v.sqrt() + self.epsilon);
        }
    }
}
