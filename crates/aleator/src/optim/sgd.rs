//! Stochastic gradient descent, with momentum.
//!
//! ```text
//! u ← μ u + g,   θ ← θ − α u
//! ```
//!
//! μ = 0 is plain descent.

use aleator_engine::exec::math::Real;
use aleator_engine::exec::vectorized;

use super::update_rule::{StepContext, UpdateRule};

/// Gradient steps with momentum.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sgd {
    /// μ
    pub momentum: f64,
}

impl<T: Real> UpdateRule<T> for Sgd {
    fn slots(&self) -> &'static [&'static str] {
        if self.momentum == 0.0 { &[] } else { &["u"] }
    }

    fn update(&self, now: &StepContext, parameters: &mut [T], gradient: &[T], state: &mut [T]) {
        let (rate, scale) = (T::from_f64(now.rate), T::from_f64(now.scale));
        let momentum = T::from_f64(self.momentum);
        if state.is_empty() {
            vectorized(
                #[inline(always)]
                move || {
                    for (theta, &g) in parameters.iter_mut().zip(gradient) {
                        *theta = *theta - rate * (scale * g);
                    }
                },
            );
        } else {
            vectorized(
                #[inline(always)]
                move || {
                    for ((theta, &g), u) in parameters.iter_mut().zip(gradient).zip(state.iter_mut()) {
                        *u = momentum * *u + scale * g;
                        *theta = *theta - rate * *u;
                    }
                },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Optimizer;
    use super::*;

    #[test]
    fn two_steps_with_momentum_by_hand() {
        let mut theta = [1.0];
        let mut sgd = Optimizer::<f64>::new(Sgd { momentum: 0.5 }, 1, 0.1);
        sgd.step(&mut theta, &[2.0]).unwrap();
        sgd.step(&mut theta, &[1.0]).unwrap();
        // u = 2, then 0.5 · 2 + 1 = 2.
        assert!((theta[0] - 0.6).abs() < 1e-12);
        let mut plain = [1.0];
        Optimizer::<f64>::new(Sgd::default(), 1, 0.1).step(&mut plain, &[2.0]).unwrap();
        assert!((plain[0] - 0.8).abs() < 1e-12);
    }
}
