//! Adam.
//!
//! ```text
//! m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²
//! θ ← θ − α (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
//! ```
//!
//! Reference: `kingma2015adam`.

use super::Optimizer;

/// Adam with its moments.
#[derive(Clone, Debug)]
pub struct Adam {
    /// α
    pub learning_rate: f64,
    /// β₁
    pub beta1: f64,
    /// β₂
    pub beta2: f64,
    /// ε
    pub epsilon: f64,
    steps: i32,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Adam {
    /// β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
    pub fn new(learning_rate: f64) -> Self {
        Adam {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            steps: 0,
            first: vec![],
            second: vec![],
        }
    }
}

impl Optimizer for Adam {
    fn step(&mut self, parameters: &mut [f64], gradient: &[f64]) {
        self.first.resize(parameters.len(), 0.0);
        self.second.resize(parameters.len(), 0.0);
        self.steps = self.steps.saturating_add(1);
        // One division for each element: α / (1 − β₁ᵗ) and 1 / √(1 − β₂ᵗ) are the same for all.
        let rate = self.learning_rate / (1.0 - self.beta1.powi(self.steps));
        let debias = 1.0 / (1.0 - self.beta2.powi(self.steps)).sqrt();
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((theta, g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *m = self.beta1 * *m + (1.0 - self.beta1) * g;
            *v = self.beta2 * *v + (1.0 - self.beta2) * g * g;
            *theta -= rate * *m / (debias * v.sqrt() + self.epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_steps_by_hand() {
        let mut adam = Adam::new(0.1);
        let mut theta = [1.0];
        adam.step(&mut theta, &[4.0]);
        // The first debiased moments are g and g²: a step of α · sign(g).
        assert!((theta[0] - 0.9).abs() < 1e-9);
        adam.step(&mut theta, &[0.0]);
        let (m, v) = (0.9 * 0.4 / (1.0 - 0.81), 0.999 * 0.016 / (1.0 - 0.998001));
        assert!((theta[0] - (0.9 - 0.1 * m / f64::sqrt(v))).abs() < 1e-8);
    }
}
