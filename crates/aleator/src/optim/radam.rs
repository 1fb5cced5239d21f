//! RAdam: Adam that uses the second moment only when its estimate is reliable.
//!
//! ```text
//! ρ∞ = 2 / (1 − β₂) − 1,   ρₜ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ),   m̂ = m / (1 − β₁ᵗ)
//! ρₜ > 5:  r = √[(ρₜ − 4)(ρₜ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρₜ)],   θ ← θ − α r m̂ √(1 − β₂ᵗ) / (√v + ε)
//! else:    θ ← θ − α m̂
//! ```
//!
//! m and v are those of Adam. The bound is 5 and ε is added to √v, as in PyTorch; the paper uses 4 and has no ε. Reference:
//! `liu2020variance`.

use aleator_engine::exec::math::Real;

use super::Adam;
use super::update_rule::{StepContext, UpdateRule};

/// RAdam, with the constants of Adam.
#[derive(Clone, Copy, Debug, Default)]
pub struct RAdam {
    /// β₁, β₂ and ε.
    pub adam: Adam,
}

impl RAdam {
    /// r, or `None` while ρₜ is too small.
    fn rectification(&self, step: u64) -> Option<f64> {
        let (beta2, t) = (self.adam.beta2, step as f64);
        let limit = 2.0 / (1.0 - beta2) - 1.0;
        let power = beta2.powf(t);
        let rho = limit - 2.0 * t * power / (1.0 - power);
        let ratio = (rho - 4.0) * (rho - 2.0) * limit / ((limit - 4.0) * (limit - 2.0) * rho);
        (rho > 5.0).then(|| ratio.sqrt())
    }
}

impl<T: Real> UpdateRule<T> for RAdam {
    fn slots(&self) -> &'static [&'static str] {
        UpdateRule::<T>::slots(&self.adam)
    }

    fn update(&self, now: &StepContext, parameters: &mut [T], gradient: &[T], state: &mut [T]) {
        if let Some(r) = self.rectification(now.step) {
            // Adam divides by √(v / (1 − β₂ᵗ)) + ε.
            let epsilon = self.adam.epsilon / (1.0 - self.adam.beta2.powf(now.step as f64)).sqrt();
            let adam = Adam { epsilon, ..self.adam };
            return adam.update(&StepContext { rate: r * now.rate, ..*now }, parameters, gradient, state);
        }
        let (m, v) = state.split_at_mut(gradient.len());
        let number = T::from_f64;
        let rate = number(now.rate / (1.0 - self.adam.beta1.powf(now.step as f64)));
        let (beta1, rest1) = (number(self.adam.beta1), number(1.0 - self.adam.beta1));
        let (beta2, rest2) = (number(self.adam.beta2), number(1.0 - self.adam.beta2));
        let moments = m.iter_mut().zip(v.iter_mut());
        for ((theta, &g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
            let g = number(now.scale) * g;
            *m = beta1 * *m + rest1 * g;
            *v = beta2 * *v + rest2 * g * g;
            *theta = *theta - rate * *m;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Optimizer;
    use super::*;

    #[test]
    fn the_first_steps_follow_the_mean_alone() {
        let mut theta = [1.0];
        let mut radam = Optimizer::<f64>::new(RAdam::default(), 1, 0.1);
        radam.step(&mut theta, &[4.0]).unwrap();
        // m̂ = g.
        assert!((theta[0] - 0.6).abs() < 1e-12);
    }

    #[test]
    fn a_rectified_step_by_hand() {
        // After five gradients of 0, m = (1 − β₁) g and v = (1 − β₂) g²; a large ε shows where it stands.
        let adam = Adam { epsilon: 0.3, ..Adam::default() };
        let (mut theta, g) = ([1.0], 4.0);
        let mut radam = Optimizer::<f64>::new(RAdam { adam }, 1, 0.1);
        (0..5).for_each(|_| radam.step(&mut theta, &[0.0]).unwrap());
        assert_eq!(theta, [1.0]);
        radam.step(&mut theta, &[g]).unwrap();
        let (m, v) = (0.1 * g / (1.0 - 0.9_f64.powi(6)), 0.001 * g * g);
        let r = RAdam::default().rectification(6).unwrap();
        let expected = 1.0 - 0.1 * r * m * (1.0 - 0.999_f64.powi(6)).sqrt() / (v.sqrt() + 0.3);
        assert!((theta[0] - expected).abs() < 1e-12);
    }

    #[test]
    fn rectification_begins_at_the_sixth_step() {
        // β₂ = 0.999: ρₜ ≈ t at first, and r of step 6 from the formula by hand.
        let radam = RAdam::default();
        assert_eq!(radam.rectification(5), None);
        let r = radam.rectification(6).unwrap();
        let (limit, p) = (1999.0, 0.999_f64.powi(6));
        let rho = limit - 12.0 * p / (1.0 - p);
        assert!((rho - 5.994).abs() < 0.01, "{rho}");
        let expected = ((rho - 4.0) * (rho - 2.0) * limit / ((limit - 4.0) * (limit - 2.0) * rho)).sqrt();
        assert!((r - expected).abs() < 1e-12);
        assert!(radam.rectification(1_000_000).unwrap() > 0.9999);
    }
}
