//! A distribution of an expression, with what a site adds to it.
use aleator_engine::graph::{Expr as Node, Shape};

use crate::distributions::Distribution;

use super::model::SiteSpans;

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
    /// The places of its parts in the text.
    pub spans: SiteSpans,
}

/// A distribution of which a quantity is computed.
pub(super) struct Evaluated<'g> {
    /// The distribution as it is written.
    pub name: String,
    pub named: Named<'g>,
    pub quantity: Node<'g>,
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
