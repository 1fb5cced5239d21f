//! What an optimiser is: a rule that moves numbers against their gradient, and a vector that keeps the rule's state.
//!
//! Rules go element by element and keep no state of their own, so that a vector can be cut into pieces, moved by several threads
//! and written to a file.

use std::fmt;

use aleator_engine::exec::Aligned;
use aleator_engine::exec::math::Real;

/// What all elements have in common at one step.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The step's number t, from 1.
    pub step: u64,
    /// The learning rate α.
    pub rate: f64,
    /// Gradients are multiplied by this first: less than 1 where they are clipped.
    pub scale: f64,
}

/// A rule of optimisation, for numbers of type `T`.
pub trait Rule<T: Real>: fmt::Debug + Send + Sync {
    /// Names of the numbers kept for each element, all 0 at first.
    fn slots(&self) -> &'static [&'static str];

    /// Moves `parameters` by one step. `gradient` and each of `state` (in the order of [`Rule::slots`]) are of the same length.
    fn update(&self, now: &Now, parameters: &mut [T], gradient: &[T], state: &mut [Aligned<T>]);
}

/// A rule with its state for one parameter vector.
#[derive(Debug)]
pub struct Optimizer<T: Real = f64> {
    rule: Box<dyn Rule<T>>,
    rate: f64,
    steps: u64,
    state: Vec<Aligned<T>>,
}

impl<T: Real> Optimizer<T> {
    /// For `len` numbers, at a constant learning rate.
    pub fn new(rule: impl Rule<T> + 'static, len: usize, rate: f64) -> Self {
        Self::boxed(Box::new(rule), len, rate)
    }

    pub(super) fn boxed(rule: Box<dyn Rule<T>>, len: usize, rate: f64) -> Self {
        let state = rule.slots().iter().map(|_| Aligned::zeros(len)).collect();
        Optimizer { rule, rate, steps: 0, state }
    }

    /// Moves `parameters` by one step along `gradient`, both as long as was said at the start.
    pub fn step(&mut self, parameters: &mut [T], gradient: &[T]) {
        self.steps += 1;
        let now = Now { step: self.steps, rate: self.rate, scale: 1.0 };
        self.rule.update(&now, parameters, gradient, &mut self.state);
    }

    /// Steps taken, and what is kept for each element by name.
    pub fn state(&self) -> (u64, impl Iterator<Item = (&'static str, &[T])>) {
        (self.steps, self.rule.slots().iter().copied().zip(self.state.iter().map(|s| &s[..])))
    }

    /// Takes over what [`Optimizer::state`] gave; false (and nothing changed) if it does not fit.
    pub fn restore(&mut self, steps: u64, state: &[Vec<T>]) -> bool {
        let fits =
            state.len() == self.state.len() && state.iter().zip(&self.state).all(|(a, b)| a.len() == b.len());
        if fits {
            self.steps = steps;
            self.state.iter_mut().zip(state).for_each(|(to, from)| to.copy_from_slice(from));
        }
        fits
    }
}
