//! Adam.
//!
//! ```text
//! m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²
//! θ ← θ − α (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
//! ```
//!
//! Reference: `kingma2015adam`.

use aleator_engine::exec::math::Real;
use aleator_engine::exec::vectorized;

use super::update_rule::{StepContext, UpdateRule};

/// Adam's constants.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// β₁
    pub beta1: f64,
    /// β₂
    pub beta2: f64,
    /// ε
    pub epsilon: f64,
}

impl Default for Adam {
    /// β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
    fn default() -> Self {
        Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

impl<T: Real> UpdateRule<T> for Adam {
    fn slots(&self) -> &'static [&'static str] {
        &["m", "v"]
    }

    fn update(&self, now: &StepContext, parameters: &mut [T], gradient: &[T], state: &mut [T]) {
        let (m, v) = state.split_at_mut(gradient.len());
        // One division for each element: α / (1 − β₁ᵗ) and 1 / √(1 − β₂ᵗ) are the same for all.
        let t = now.step as f64;
        let number = T::from_f64;
        let rate = number(now.rate / (1.0 - self.beta1.powf(t)));
        let debias = number(1.0 / (1.0 - self.beta2.powf(t)).sqrt());
        let (beta1, rest1) = (number(self.beta1), number(1.0 - self.beta1));
        let (beta2, rest2) = (number(self.beta2), number(1.0 - self.beta2));
        let (epsilon, scale) = (number(self.epsilon), number(now.scale));
        vectorized(
            #[inline(always)]
            move || {
                let moments = m.iter_mut().zip(v.iter_mut());
                for ((theta, &g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
                    let g = scale * g;
                    *m = beta1 * *m + rest1 * g;
                    *v = beta2 * *v + rest2 * g * g;
                    *theta = *theta - rate * *m / (debias * v.sqrt() + epsilon);
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::Optimizer;
    use super::*;

    #[test]
    fn the_first_steps_by_hand() {
        let mut adam = Optimizer::<f64>::new(Adam::default(), 1, 0.1);
        let mut theta = [1.0];
        adam.step(&mut theta, &[4.0]).unwrap();
        // The first debiased moments are g and g²: a step of α · sign(g).
        assert!((theta[0] - 0.9).abs() < 1e-9);
        adam.step(&mut theta, &[0.0]).unwrap();
        let (m, v) = (0.9 * 0.4 / (1.0 - 0.81), 0.999 * 0.016 / (1.0 - 0.998001));
        assert!((theta[0] - (0.9 - 0.1 * m / f64::sqrt(v))).abs() < 1e-8);
    }
}
