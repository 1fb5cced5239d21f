//! RMSprop.
//!
//! ```text
//! v ← ρ v + (1 − ρ) g²,   θ ← θ − α g / (√v + ε)
//! ```
//!
//! Reference: `tieleman2012rmsprop`.

use aleator_engine::exec::math::Real;
use aleator_engine::exec::vectorized;

use super::update_rule::{StepContext, UpdateRule};

/// RMSprop's constants.
#[derive(Clone, Copy, Debug)]
pub struct RmsProp {
    /// ρ
    pub decay: f64,
    /// ε
    pub epsilon: f64,
}

impl Default for RmsProp {
    /// ρ = 0.9, ε = 1e-8.
    fn default() -> Self {
        RmsProp { decay: 0.9, epsilon: 1e-8 }
    }
}

impl<T: Real> UpdateRule<T> for RmsProp {
    fn slots(&self) -> &'static [&'static str] {
        &["v"]
    }

    fn update(&self, now: &StepContext, parameters: &mut [T], gradient: &[T], state: &mut [T]) {
        let number = T::from_f64;
        let (decay, rest) = (number(self.decay), number(1.0 - self.decay));
        let (rate, epsilon, scale) = (number(now.rate), number(self.epsilon), number(now.scale));
        vectorized(
            #[inline(always)]
            move || {
                for ((theta, &g), v) in parameters.iter_mut().zip(gradient).zip(state.iter_mut()) {
                    let g = scale * g;
                    *v = decay * *v + rest * g * g;
                    *theta = *theta - rate * g / (v.sqrt() + epsilon);
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
    fn the_first_step_by_hand() {
        let mut theta = [1.0];
        Optimizer::<f64>::new(RmsProp::default(), 1, 0.1).step(&mut theta, &[2.0]).unwrap();
        // v = 0.1 · 4, a step of 0.1 · 2 / √0.4.
        assert!((theta[0] - (1.0 - 0.2 / 0.4_f64.sqrt())).abs() < 1e-7);
    }
}
