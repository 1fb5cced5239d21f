//! A distribution of an expression, with what a site adds to it.
use aleator_engine::graph::{Expr as Node, Shape};

use crate::distributions::Distribution;

/// A distribution of an expression.
#[derive(Clone)]
pub(super) struct Named<'g> {
    pub distribution: Distribution<'g>,
    /// The shape of independent draws.
    pub batch: Shape,
    /// The draw, of a site.
    pub draw: Option<Node<'g>>,
    /// Whether the parameters are constant.
    pub constant: bool,
}

impl<'g> Named<'g> {
    /// A quantity with one number for each draw.
    pub fn for_each_draw(&self, quantity: Node<'g>) -> Node<'g> {
        quantity.broadcast_to(self.batch.clone())
    }

    /// A quantity of the shape of the draws.
    pub fn like_draws(&self, quantity: Node<'g>) -> Node<'g> {
        quantity.broadcast_to(self.batch.join(&self.distribution.event_shape()))
    }
}
