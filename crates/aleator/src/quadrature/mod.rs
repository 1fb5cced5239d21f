//! Integrals over a few numbers and sums over unbounded counts, with error bounds.

mod cubature;
mod unknown;

use crate::error::Result;

pub(crate) use cubature::{CONFIRMED, integrate};
pub(crate) use unknown::{Deadline, Unknown};

/// The sizes of an integrand.
#[derive(Clone, Debug)]
pub(crate) struct Size {
    /// The number of results at a point.
    pub numbers: usize,
    /// The number of weights, which are the last results. Their integrals are 1.
    pub weights: usize,
    /// The number of operations per point.
    pub work: usize,
    /// For each coordinate, whether its points are logits of uniform numbers instead of uniform numbers.
    pub logits: Vec<bool>,
}

/// Numbers that are integrated, as functions of coordinates.
pub(crate) trait Integrand {
    /// The sizes.
    fn size(&self) -> Size;

    /// Calls `visit` with the index of each point and the results there. `columns` has a row for each coordinate, followed by one
    /// for the reciprocals of its weights.
    ///
    /// # Errors
    /// If the results cannot be computed for a reason that no other points would mend.
    fn evaluate(
        &mut self,
        columns: &[Vec<f64>],
        visit: &mut dyn FnMut(usize, &[f64]),
    ) -> Result<Result<(), Unknown>>;
}
