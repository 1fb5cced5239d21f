//! Where a site's randomness comes from: streams of uniform numbers, in a fixed order.

use aleator_engine::graph::{Expr, Graph, Shape};

/// How many streams one site may use.
pub const STREAMS_PER_SITE: u32 = 64;

/// The noise of one site. Two `Noise`s with the same site and shape give the same numbers: that is what makes
/// re-evaluations of a graph use common random numbers.
pub struct Noise<'g> {
    graph: &'g Graph,
    next_stream: u32,
    shape: Shape,
    given: Option<Expr<'g>>,
}

impl<'g> Noise<'g> {
    /// The noise of a site (by its number), of shape sample axes + batch axes.
    pub fn new(graph: &'g Graph, site: u32, shape: Shape) -> Self {
        Noise { graph, next_stream: site * STREAMS_PER_SITE, shape, given: None }
    }

    /// The same, but the first draw is `uniforms`: quadrature puts its nodes here.
    pub fn given(graph: &'g Graph, uniforms: Expr<'g>) -> Self {
        Noise { graph, next_stream: 0, shape: uniforms.shape(), given: Some(uniforms) }
    }

    /// Fresh independent numbers, uniform in the open interval (0, 1), one for each element of the site and of
    /// `event`, on a stream of their own.
    pub fn uniform(&mut self, event: &[usize]) -> Expr<'g> {
        if let Some(given) = self.given.take() {
            return given;
        }
        let stream = self.next_stream;
        self.next_stream += 1;
        self.graph.uniform(stream, self.shape.join(event))
    }
}
