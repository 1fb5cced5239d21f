//! AdamW: Adam with decoupled weight decay.
//!
//! ```text
//! θ ← θ − α λ θ,   then Adam
//! ```
//!
//! The decay does not pass through Adam's moments, unlike a penalty λ/2 |θ|² in the objective.
//! Reference: `loshchilov2019decoupled`.

use aleator_engine::exec::math::Real;

use super::Adam;
use super::update_rule::{StepContext, UpdateRule};

/// AdamW's constants.
#[derive(Clone, Copy, Debug)]
pub struct AdamW {
    /// The constants of Adam.
    pub adam: Adam,
    /// λ
    pub weight_decay: f64,
}

impl Default for AdamW {
    /// λ = 0.01.
    fn default() -> Self {
        AdamW { adam: Adam::default(), weight_decay: 0.01 }
    }
}

impl<T: Real> UpdateRule<T> for AdamW {
    fn slots(&self) -> &'static [&'static str] {
        UpdateRule::<T>::slots(&self.adam)
    }

    fn update(&self, now: &StepContext, parameters: &mut [T], gradient: &[T], state: &mut [T]) {
        let keep = T::from_f64(1.0 - now.rate * self.weight_decay);
        parameters.iter_mut().for_each(|theta| *theta = keep * *theta);
        self.adam.update(now, parameters, gradient, state);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Optimizer;
    use super::*;

    #[test]
    fn the_first_step_by_hand() {
        let rule = AdamW { weight_decay: 0.5, ..AdamW::default() };
        let mut theta = [2.0];
        Optimizer::<f64>::new(rule, 1, 0.1).step(&mut theta, &[-3.0]).unwrap();
        // 2 (1 − 0.1 · 0.5) = 1.9, then Adam's first step of α against the sign.
        assert!((theta[0] - 2.0).abs() < 1e-8);
    }
}
