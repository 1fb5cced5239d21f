//! What an optimiser is: a rule that moves numbers against their gradient, and a vector that keeps the rule's state.
//!
//! Rules go element by element and keep no state of their own, so that a vector can be cut into pieces, moved by several threads
//! and written to a file.

use std::fmt;

use aleator_engine::exec::Aligned;
use aleator_engine::exec::math::Real;

use crate::error::{Error, Result};

/// What all elements have in common at one step.
#[derive(Clone, Copy, Debug)]
pub struct StepContext {
    /// The step's number t, from 1.
    pub step: u64,
    /// The learning rate α.
    pub rate: f64,
    /// Gradients are multiplied by this first: less than 1 where they are clipped.
    pub scale: f64,
}

/// A rule of optimisation, for numbers of type `T`.
pub trait UpdateRule<T: Real>: fmt::Debug + Send + Sync {
    /// Names of the numbers kept for each element, all 0 at first.
    fn slots(&self) -> &'static [&'static str];

    /// Moves `parameters` by one step. `gradient` is as long, and `state` holds as many numbers for each of [`UpdateRule::slots`],
    /// one slot after the other.
    fn update(&self, now: &StepContext, parameters: &mut [T], gradient: &[T], state: &mut [T]);
}

/// A rule with its state for one parameter vector.
#[derive(Debug)]
pub struct Optimizer<T: Real = f64> {
    rule: Box<dyn UpdateRule<T>>,
    rate: f64,
    steps: u64,
    /// Numbers in a slot.
    len: usize,
    /// One slot after the other.
    state: Aligned<T>,
}

impl<T: Real> Optimizer<T> {
    /// For `len` numbers, at a constant learning rate.
    pub fn new(rule: impl UpdateRule<T> + 'static, len: usize, rate: f64) -> Self {
        Self::boxed(Box::new(rule), len, rate)
    }

    pub(super) fn boxed(rule: Box<dyn UpdateRule<T>>, len: usize, rate: f64) -> Self {
        let state = Aligned::zeros(rule.slots().len() * len);
        Optimizer { rule, rate, steps: 0, len, state }
    }

    /// Another learning rate from here on, as of a [`Schedule`](super::Schedule).
    pub fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    /// Moves `parameters` by one step along `gradient`.
    ///
    /// # Errors
    /// If they are not both as long as was said at the start.
    pub fn step(&mut self, parameters: &mut [T], gradient: &[T]) -> Result<()> {
        if parameters.len() != self.len || gradient.len() != self.len {
            return Err(Error::Invalid(format!(
                "an optimizer for {} numbers got {} parameters and {} gradients",
                self.len,
                parameters.len(),
                gradient.len()
            )));
        }
        self.steps += 1;
        let now = StepContext { step: self.steps, rate: self.rate, scale: 1.0 };
        self.rule.update(&now, parameters, gradient, &mut self.state);
        Ok(())
    }

    /// Steps taken, and what is kept for each element by name.
    pub fn state(&self) -> (u64, impl Iterator<Item = (&'static str, &[T])>) {
        let slot = |(i, &name)| (name, &self.state[i * self.len..][..self.len]);
        (self.steps, self.rule.slots().iter().enumerate().map(slot))
    }

    /// Takes over what [`Optimizer::state`] gave; false (and nothing changed) if it does not fit.
    pub fn restore(&mut self, steps: u64, state: &[Vec<T>]) -> bool {
        let fits = state.len() == self.rule.slots().len() && state.iter().all(|slot| slot.len() == self.len);
        if fits {
            self.steps = steps;
            self.state.copy_from_slice(&state.concat());
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::super::Adam;
    use super::*;

    #[test]
    fn lengths_that_do_not_fit_are_refused() {
        let mut adam = Optimizer::<f64>::new(Adam::default(), 2, 0.1);
        let mut refused = |parameters: &mut [f64], gradient: &[f64]| adam.step(parameters, gradient).is_err();
        assert!(refused(&mut [0.0], &[1.0]));
        assert!(refused(&mut [0.0; 2], &[1.0; 3]));
        assert!(refused(&mut [0.0; 5], &[1.0; 5]));
        adam.step(&mut [0.0; 2], &[1.0; 2]).unwrap();
        adam.set_rate(0.0);
        let mut theta = [1.0; 2];
        adam.step(&mut theta, &[1.0; 2]).unwrap();
        assert_eq!(theta, [1.0; 2]);
    }
}
