//! The result of a run: the objective and its gradient.

use std::fmt;

use aleator_engine::backend::Executable;
use aleator_engine::exec::math::Real;

use super::slot::{Slot, place_of};
use crate::error::Result;

/// The objective is the first output, and the gradients follow in the order of the parameters.
pub(super) const OBJECTIVE: usize = 0;
pub(super) const FIRST_GRADIENT: usize = 1;

/// One estimate of the objective and its gradient, or R of them side by side.
#[derive(Clone, Copy)]
pub struct Estimate<'p, T: Real = f64> {
    pub(super) executable: &'p dyn Executable<T>,
    pub(super) params: &'p [Slot],
}

impl<'p, T: Real> Estimate<'p, T> {
    /// The objective: the first (or only) estimate.
    pub fn objective(&self) -> f64 {
        self.objectives()[0].to_f64()
    }

    /// The objective of each replicate.
    pub fn objectives(&self) -> &'p [T] {
        self.executable.output(OBJECTIVE)
    }

    /// The gradient of the parameter of that name, flat and row-major, one replicate after another.
    ///
    /// # Errors
    /// Returns an error if there is no such parameter.
    pub fn gradient(&self, name: &str) -> Result<&'p [T]> {
        Ok(self.gradient_at(place_of("parameter", self.params, name)?))
    }

    /// The gradient of the parameter at that place in the graph's order.
    ///
    /// # Panics
    /// Panics if there is no parameter at that place.
    #[track_caller]
    pub fn gradient_at(&self, place: usize) -> &'p [T] {
        let count = self.params.len();
        assert!(place < count, "there is no parameter at place {place}: the graph has {count}");
        self.executable.output(FIRST_GRADIENT + place)
    }
}

impl<T: Real> fmt::Debug for Estimate<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Estimate").field("objectives", &self.objectives()).finish_non_exhaustive()
    }
}
