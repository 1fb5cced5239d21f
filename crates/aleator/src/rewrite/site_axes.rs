//! A site's axes: numbers that costs mix side by side, sums over samples.

use aleator_engine::graph::{Expr, Shape};

use super::site::Site;

impl<'g> Site<'g> {
    /// The numbers that belong together in one cost side by side: something of shape sample + batch + event becomes
    /// `[..., batch axes whose elements never mix, numbers]`. Axes of size 1 that stand for a whole batch are repeated.
    pub fn coupled_rows(&self, e: Expr<'g>, event_rank: usize) -> Expr<'g> {
        let batch = self.batch.rank();
        let rank = batch + event_rank;
        let shape = e.with_rank(rank).shape();
        let (lead, event) = match shape.rank().checked_sub(rank) {
            Some(lead) => (shape.leading(lead), shape.trailing(event_rank)),
            // A constant for all.
            None => (Shape::scalar(), Shape::from(vec![1; event_rank])),
        };
        let full = self.batch.join(&event);
        let e = e.broadcast_to(lead.join(&full));
        // Positions from the front: what never mixes stays in front.
        let (free, mixed): (Vec<usize>, Vec<usize>) =
            (0..rank).partition(|&i| i < batch && !self.coupled[batch - 1 - i]);
        let numbers: usize = mixed.iter().map(|&i| full[i]).product();
        let order: Vec<usize> = free.iter().chain(&mixed).copied().collect();
        e.permute(&order).reshape_last(mixed.len(), [numbers])
    }

    /// One number for each row of [`Site::coupled_rows`], as `[..., batch axes whose elements never mix, 1]`, in the layout
    /// of the cone's cost.
    pub fn cost_of_rows(&self, rows: Expr<'g>) -> Expr<'g> {
        let batch = self.batch.rank();
        let size = |i: usize| if self.coupled[batch - 1 - i] { 1 } else { self.batch[i] };
        let free = self.coupled.iter().filter(|&&coupled| !coupled).count();
        rows.reshape_last(free + 1, (0..batch).map(size).collect::<Vec<_>>())
    }

    /// Σ over the sample axis, which stays as an axis of size 1, of something of shape sample + batch.
    pub fn sum_over_samples(&self, e: Expr<'g>) -> Expr<'g> {
        let axis = self.batch.rank();
        e.sum_axes(&[axis]).unsqueeze(axis)
    }
}
