//! Optimisers: an update rule, and a vector with the state of the rule.
//!
//! Rules are elementwise and have no state, so that a vector can be split among threads and the state can be saved.

use std::fmt;

use aleator_engine::exec::Aligned;
use aleator_engine::exec::math::Real;

use crate::error::{Error, Result};

/// The values that are common to all elements in one step.
#[derive(Clone, Copy, Debug)]
pub struct StepContext {
    /// The number t of the step, counted from 1.
    pub step: u64,
    /// The learning rate α.
    pub rate: f64,
    /// The factor by which gradients are multiplied first; less than 1 if they are clipped.
    pub scale: f64,
}

/// An update rule for numbers of type `T`.
pub trait UpdateRule<T: Real>: fmt::Debug + Send + Sync {
    /// The names of the numbers that are stored for each element. Their initial value is 0.
    fn slots(&self) -> &'static [&'static str];

    /// Updates `parameters` by one step. `gradient` has the same length, and `state` contains that many numbers for each of
    /// [`UpdateRule::slots`], one slot after another.
    fn update(&self, now: &StepContext, parameters: &mut [T], gradient: &[T], state: &mut [T]);
}

/// An update rule with its state for one vector of parameters.
#[derive(Debug)]
pub struct Optimizer<T: Real = f64> {
    rule: Box<dyn UpdateRule<T>>,
    rate: f64,
    steps: u64,
    /// The number of elements in a slot.
    len: usize,
    /// The slots, one after another.
    state: Aligned<T>,
}

impl<T: Real> Optimizer<T> {
    /// Creates an optimiser for `len` numbers with a constant learning rate.
    pub fn new(rule: impl UpdateRule<T> + 'static, len: usize, rate: f64) -> Self {
        Self::boxed(Box::new(rule), len, rate)
    }

    pub(super) fn boxed(rule: Box<dyn UpdateRule<T>>, len: usize, rate: f64) -> Self {
        let state = Aligned::zeros(rule.slots().len() * len);
        Optimizer { rule, rate, steps: 0, len, state }
    }

    /// Sets the learning rate of the following steps, for example that of a [`Schedule`](super::Schedule).
    pub fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    /// Updates `parameters` by one step against `gradient`.
    ///
    /// # Errors
    /// Returns an error if the length of `parameters` or `gradient` is not that of the optimiser.
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

    /// The number of steps taken, and the numbers that are stored for each element, by name.
    pub fn state(&self) -> (u64, impl Iterator<Item = (&'static str, &[T])>) {
        let slot = |(i, &name)| (name, &self.state[i * self.len..][..self.len]);
        (self.steps, self.rule.slots().iter().enumerate().map(slot))
    }

    /// Restores what [`Optimizer::state`] returned. Returns false, without changing anything, if the lengths differ.
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
