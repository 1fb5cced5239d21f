//! The outcomes that a draw did not take, with their probabilities.
//!
//! ```text
//! outcome k of n was drawn:     k + 1, k + 2, …, k + n − 1   modulo n
//! ```
//!
//! An outcome whose probability is 0 and does not move with the parameters is replaced by the draw itself, with probability 0, so
//! that costs are not evaluated there; see `outcomes`.

use aleator_engine::graph::{Expr, FromEnd, Reduction, Shape};

use super::site::Site;
use crate::distributions::Support;
use crate::error::Result;

impl<'g> Site<'g> {
    /// The n − 1 other outcomes of each draw of `value`, in the layout of [`Site::in_front`]: shape `[n − 1]` + sample + batch +
    /// event, and their probabilities, of shape `[n − 1]` + sample + batch.
    ///
    /// # Errors
    /// Returns an error if the support is not finite.
    pub fn other_outcomes(&self, value: Expr<'g>) -> Result<(Expr<'g>, Expr<'g>)> {
        let parameters = self.distribution.parameters();
        let family = self.distribution.family();
        let n = family.outcome_count(parameters).ok_or_else(|| self.lacks("finite support"))?;
        let rank = self.front + self.batch.rank();
        let value = value.with_rank(rank + self.event.rank());
        let place = match family.support() {
            Support::OneHot => value.argmax(),
            Support::Boolean | Support::Indices | Support::BoundedCounts => value,
            _ => self.place_in(self.table_of_outcomes(n)?, value),
        };
        let steps = (self.graph.iota(n - 1) + 1.0).reshape(Shape::from([n - 1]).join(&vec![1; rank]));
        let next = place + steps;
        let next = next - n as f64 * next.greater_equal(n as f64);
        let others = match family.support() {
            Support::OneHot => next.one_hot(n),
            Support::Boolean | Support::Indices | Support::BoundedCounts => next,
            _ => self.table_of_outcomes(n)?.gather(next),
        };
        let mass = self.mass_of_each(others, value);
        let entered = self.entered(mass);
        Ok((self.over_event(entered).select(others, value), entered.select(mass, 0.0)))
    }

    /// All outcomes of one draw, of shape `[n]` + event.
    fn table_of_outcomes(&self, n: usize) -> Result<Expr<'g>> {
        let outcomes = self.distribution.family().outcomes(self.distribution.parameters());
        let outcomes = outcomes.ok_or_else(|| self.lacks("finite support"))?;
        Ok(self.graph.tensor(Shape::from([n]).join(&self.event), outcomes.concat()))
    }

    /// The place of each draw in a table of all outcomes.
    fn place_in(&self, table: Expr<'g>, value: Expr<'g>) -> Expr<'g> {
        let (n, event) = (table.shape()[0], self.event.rank());
        let ones = vec![1; value.rank() - event];
        let table = table.reshape(Shape::from([n]).join(&ones).join(&self.event));
        let axes: Vec<usize> = (0..event).collect();
        let same = table.equal(value).reduce(Reduction::Prod, FromEnd(&axes));
        let places = self.graph.iota(n).reshape(Shape::from([n]).join(&ones));
        (same * places).sum_axes(0)
    }
}
