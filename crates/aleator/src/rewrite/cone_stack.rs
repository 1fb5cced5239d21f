//! The costs at several values of a site, which stand along an axis in front of all others and are evaluated at once.
//!
//! ```text
//! costs_at:         F(z₁), …, F(zₙ)
//! cost_with_each:   F(z₁, …, zᵢ₋₁, z'ᵢ, zᵢ₊₁, …), for each draw i, where one draw is replaced and the others keep their values
//! ```
//!
//! Draws whose costs are never combined (for example the rows of a batch) are replaced together. The number of evaluations of
//! `cost_with_each` is the number of draws that costs combine.

use aleator_engine::graph::{Expr, Shape, Stops, concat};

use super::cone::{Cone, DownstreamSites};
use super::site::Site;
use crate::error::Result;

impl<'g> Site<'g> {
    /// Moves `values`, of shape `[n]` + sample + batch + event, to a layout in which the first axis stands in front of the axes of
    /// enumerated sites, so that [`Cone::costs_at`] accepts them. `event_rank` is the number of event axes of `values`.
    pub fn in_front(&self, values: Expr<'g>, event_rank: usize) -> Expr<'g> {
        let shape = values.shape();
        let rest = shape.trailing(shape.rank() - 1);
        let ones = (self.front + self.batch.rank() + event_rank).saturating_sub(rest.rank());
        values.reshape(Shape::from(vec![shape[0]]).join(&vec![1; ones]).join(&rest))
    }
}

impl<'g> Site<'g> {
    /// Several values of the site, of shape sample + batch + event each, in the layout of [`Site::in_front`].
    pub fn stacked(&self, values: &[Expr<'g>]) -> Expr<'g> {
        let rank = self.front + self.batch.rank() + self.event.rank();
        let own = self.lead.join(&self.batch).join(&self.event);
        let values: Vec<Expr<'g>> = values.iter().map(|value| value.with_rank(rank)).collect();
        let shape = values.iter().fold(own, |all, value| all.broadcast(&value.shape()).unwrap_or(all));
        let values: Vec<Expr<'g>> =
            values.iter().map(|value| value.broadcast_to(shape.clone()).unsqueeze(0)).collect();
        concat(&values, 0).unwrap_or_else(|| self.graph.full(Shape::from([0]).join(&shape), 0.0))
    }

    /// A number of each draw, with all of its axes: none stands for several samples or draws.
    pub fn of_every_draw(&self, e: Expr<'g>) -> Expr<'g> {
        let own = self.lead.join(&self.batch);
        match own.broadcast(&e.shape()) {
            Some(shape) => e.broadcast_to(shape),
            None => e,
        }
    }
}

impl<'g> Cone<'_, 'g> {
    /// [`Cone::cost_at`] for several values, in the layout of [`Site::in_front`]. The costs have that axis in front.
    ///
    /// # Errors
    /// Returns an error if a later site cannot be evaluated as `later` requests.
    pub fn costs_at(&self, values: Expr<'g>, later: DownstreamSites<'g>) -> Result<Expr<'g>> {
        let count = values.shape()[0];
        let costs = self.cost_at(values, later)?;
        Ok(costs.broadcast_to(self.with_front(costs, &[count])))
    }

    /// The downstream costs with one draw of the site replaced, for each of its draws: at the place of draw i, the costs with draw i
    /// taken from `replacements` and all other draws from the main path. `replacements` has the layout of [`Site::in_front`], and
    /// the costs have that axis in front. Later sites are drawn again as in [`Cone::cost_at`].
    ///
    /// # Errors
    /// Returns an error if a later site cannot be evaluated as `later` requests.
    pub fn cost_with_each(&self, replacements: Expr<'g>, later: DownstreamSites<'g>) -> Result<Expr<'g>> {
        let analysis = self.rewriter.analysis;
        let def = &analysis.sites[self.site];
        let (batch, event) = (def.batch.rank(), def.event.rank());
        let coupled = analysis.coupled(self.site);
        // Alternative d has draw d replaced. Draws that no cost combines have one alternative.
        let own: Vec<usize> =
            (0..batch).map(|i| if coupled[batch - 1 - i] { def.batch[i] } else { 1 }).collect();
        let draws: usize = own.iter().product();
        let count = replacements.shape()[0];
        let replaced = |event: usize| {
            let ones = self.rewriter.lead.rank() + self.rewriter.alternative_axes + 1;
            let shape = Shape::from([draws]).join(&vec![1; ones]).join(&own).join(&vec![1; event]);
            self.rewriter.graph.engine().iota(draws).one_hot(draws).reshape(shape)
        };
        let values = replaced(event).select(replacements.unsqueeze(0), self.value());
        let costs = self.costs_in(&mut self.environment_at(values, later, Stops::Stay)?);
        // At the place of draw d, alternative d.
        let at_own_place = |costs: Expr<'g>| {
            let costs = costs.broadcast_to(self.with_front(costs, &[draws, count]));
            replaced(0).select(costs, 0.0).sum_axes(0)
        };
        Ok(self.sum(costs.into_iter().map(at_own_place).collect()))
    }

    /// The shape of costs with these axes in front of all others.
    fn with_front(&self, costs: Expr<'g>, front: &[usize]) -> Shape {
        let Self { rewriter, site, .. } = self;
        let rank =
            rewriter.lead.rank() + rewriter.alternative_axes + rewriter.analysis.sites[*site].batch.rank();
        let shape = costs.shape();
        let own = shape.trailing(shape.rank().min(rank));
        Shape::from(front.to_vec()).join(&vec![1; rank - own.rank()]).join(&own)
    }
}
