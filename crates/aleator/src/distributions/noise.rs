//! Where a site's randomness comes from: streams of uniform numbers, in a fixed order.

use aleator_engine::graph::{Expr, Graph, Law, Shape};

/// How many streams one site may use.
pub const STREAMS_PER_SITE: u32 = 64;

/// The noise of one site. Two `Noise`s with the same site and shape give the same numbers: that is what makes
/// re-evaluations of a graph use common random numbers.
#[derive(Clone)]
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

    /// The graph that it is part of.
    pub(super) fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// Fresh independent numbers, uniform in the open interval (0, 1), one for each element of the site and of
    /// `event`, on a stream of their own.
    pub fn uniform(&mut self, event: &[usize]) -> Expr<'g> {
        if let Some(given) = self.given.take() {
            return given;
        }
        let stream = self.stream();
        self.graph.uniform(stream, self.shape.join(event))
    }

    fn stream(&mut self) -> u32 {
        let stream = self.next_stream;
        self.next_stream += 1;
        stream
    }

    fn draw(&mut self, law: Law, event: &[usize], parameters: &[Expr<'g>]) -> Expr<'g> {
        let stream = self.stream();
        self.graph.draw(law, stream, self.shape.join(event), parameters)
    }

    /// Draws from Gamma(concentration, rate), one for each element of the site, on a stream of their own. Neither these nor
    /// the following ones have a derivative; parameters broadcast against the site's shape, and further leading axes
    /// of theirs see the same randomness.
    pub fn gamma(&mut self, concentration: Expr<'g>, rate: Expr<'g>) -> Expr<'g> {
        self.draw(Law::Gamma, &[], &[concentration, rate])
    }

    /// Logarithms of draws from Gamma(concentration, 1), one for each element of the site and of `event`, which is the end of
    /// `concentration`'s shape: those that [`Noise::gamma`] makes from the same stream, without their underflow.
    pub fn log_gamma(&mut self, event: &[usize], concentration: Expr<'g>) -> Expr<'g> {
        self.draw(Law::LogGamma, event, &[concentration])
    }

    /// Draws from Beta(concentration1, concentration0).
    pub fn beta(&mut self, concentration1: Expr<'g>, concentration0: Expr<'g>) -> Expr<'g> {
        self.draw(Law::Beta, &[], &[concentration1, concentration0])
    }

    /// logit z of the draws z that [`Noise::beta`] makes from the same stream, without their rounding to 0 and 1.
    pub fn logit_beta(&mut self, concentration1: Expr<'g>, concentration0: Expr<'g>) -> Expr<'g> {
        self.draw(Law::LogitBeta, &[], &[concentration1, concentration0])
    }

    /// Draws from Poisson(rate).
    pub fn poisson(&mut self, rate: Expr<'g>) -> Expr<'g> {
        self.draw(Law::Poisson, &[], &[rate])
    }

    /// Draws from Binomial(total_count, probs), with 1 − probs as a parameter of its own.
    pub fn binomial(&mut self, total_count: Expr<'g>, probs: Expr<'g>, complement: Expr<'g>) -> Expr<'g> {
        self.draw(Law::Binomial, &[], &[total_count, probs, complement])
    }

    /// Draws from VonMises(0, concentration), in [−π, π].
    pub fn von_mises(&mut self, concentration: Expr<'g>) -> Expr<'g> {
        self.draw(Law::VonMises, &[], &[concentration])
    }
}
