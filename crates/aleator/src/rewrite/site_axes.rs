//! The axes of a site: rows of numbers that costs combine, and sums over samples.

use aleator_engine::graph::{Expr, FromEnd, Reduction, Shape};

use super::site::Site;

impl<'g> Site<'g> {
    /// The numbers that one cost combines, in rows: a value of shape sample + batch + event becomes
    /// `[..., batch axes whose elements are never combined, numbers]`. Axes of size 1 that represent a whole batch are repeated.
    pub fn coupled_rows(&self, e: Expr<'g>, event_rank: usize) -> Expr<'g> {
        let batch = self.batch.rank();
        let rank = batch + event_rank;
        let shape = e.with_rank(rank).shape();
        let (lead, event) = match shape.rank().checked_sub(rank) {
            Some(lead) => (shape.leading(lead), shape.trailing(event_rank)),
            // One constant for all elements.
            None => (Shape::scalar(), Shape::from(vec![1; event_rank])),
        };
        let full = self.batch.join(&event);
        let e = e.broadcast_to(lead.join(&full));
        // Positions are from the front: axes whose elements are never combined stay in front.
        let (free, mixed): (Vec<usize>, Vec<usize>) =
            (0..rank).partition(|&i| i < batch && !self.coupled[batch - 1 - i]);
        let numbers: usize = mixed.iter().map(|&i| full[i]).product();
        let order: Vec<usize> = free.iter().chain(&mixed).copied().collect();
        e.permute(&order).reshape_last(mixed.len(), [numbers])
    }

    /// One number for each row of [`Site::coupled_rows`], of shape `[..., batch axes whose elements are never combined, 1]`, in
    /// the layout of the cone's cost.
    pub fn cost_of_rows(&self, rows: Expr<'g>) -> Expr<'g> {
        let batch = self.batch.rank();
        let size = |i: usize| if self.coupled[batch - 1 - i] { 1 } else { self.batch[i] };
        let free = self.coupled.iter().filter(|&&coupled| !coupled).count();
        rows.reshape_last(free + 1, (0..batch).map(size).collect::<Vec<_>>())
    }

    /// A value of shape sample + batch with a sample axis of size K, also where it is the same for all samples.
    pub(crate) fn full_samples(&self, e: Expr<'g>) -> Expr<'g> {
        let batch = self.batch.rank();
        let shape = e.with_rank(batch + 1).shape();
        let lead = shape.leading(shape.rank() - batch - 1);
        e.with_rank(batch + 1).broadcast_to(lead.join(&[self.num_samples()]).join(&shape.trailing(batch)))
    }

    /// Reduces a value of shape sample + batch over the numbers that one cost combines. Their axes remain, with size 1.
    pub fn over_coupled(&self, e: Expr<'g>, how: Reduction) -> Expr<'g> {
        let rank = self.batch.rank();
        let axes: Vec<usize> = (0..rank).filter(|&axis| self.coupled[axis]).collect();
        let reduced = e.reduce(how, FromEnd(&axes));
        axes.iter().fold(reduced, |e, &axis| e.unsqueeze(FromEnd(axis)))
    }

    /// The sum over the sample axis of a value of shape sample + batch. The axis remains, with size 1.
    pub fn sum_over_samples(&self, e: Expr<'g>) -> Expr<'g> {
        let axis = self.batch.rank();
        e.sum_axes(FromEnd(axis)).unsqueeze(FromEnd(axis))
    }
}
