//! The source of a site's randomness: streams of uniform numbers, in a fixed order.

use aleator_engine::graph::{Expr, FromEnd, Graph, Law, Shape, concat};

use super::net::Net;

/// The largest number of streams per site.
pub const STREAMS_PER_SITE: u32 = 64;

/// The first stream of a site whose uniform numbers are only compared with ½, so that each of them is a fair coin.
pub const FIRST_STREAM_OF_COINS: u32 = 32;

/// The noise of one site. Two values of this type with the same site and shape return the same numbers, so that repeated
/// evaluations of a graph use common random numbers.
#[derive(Clone)]
pub struct Noise<'g> {
    graph: &'g Graph,
    next_stream: u32,
    shape: Shape,
    given: Option<Expr<'g>>,
    copies: Option<Copies>,
    mirrored: Option<Mirrored>,
    net: Option<Net>,
}

/// The samples of which the second half mirrors the first.
#[derive(Clone, Copy)]
struct Mirrored {
    samples: usize,
    /// The number of axes behind that of the samples, without those of an event.
    behind: usize,
}

/// Several independent numbers in place of each uniform one, along a first axis.
#[derive(Clone, Copy)]
struct Copies {
    count: usize,
    /// The number of axes of size 1 between the first axis and the shape.
    ones: usize,
}

impl<'g> Noise<'g> {
    /// The noise of the site with this index, of shape sample + batch.
    pub fn new(graph: &'g Graph, site: u32, shape: Shape) -> Self {
        Noise {
            graph,
            next_stream: site * STREAMS_PER_SITE,
            shape,
            given: None,
            copies: None,
            mirrored: None,
            net: None,
        }
    }

    /// The same, but the first stream is `uniforms`. Quadrature uses this to evaluate a graph at its nodes.
    pub fn given(graph: &'g Graph, uniforms: Expr<'g>) -> Self {
        Noise {
            graph,
            next_stream: 0,
            shape: uniforms.shape(),
            given: Some(uniforms),
            copies: None,
            mirrored: None,
            net: None,
        }
    }

    /// The same streams, from which [`Noise::uniform`] returns `count` independent numbers for each, along a first axis that is
    /// followed by `ones` axes of size 1.
    pub(crate) fn copies(self, count: usize, ones: usize) -> Self {
        Noise { copies: Some(Copies { count, ones }), ..self }
    }

    /// The same streams, of which the uniform numbers u of the first half of the samples are followed by 1 − u for the second half.
    /// `behind` is the number of axes behind that of the samples. Draws from other laws are not mirrored.
    pub(crate) fn mirrored(self, samples: usize, behind: usize) -> Self {
        Noise { mirrored: Some(Mirrored { samples, behind }), ..self }
    }

    /// The same streams, whose uniform numbers are the coordinates of the points of a scrambled net, one point for each sample. Draws
    /// from other laws are not.
    pub(crate) fn in_net(self, net: Net) -> Self {
        Noise { net: Some(net), ..self }
    }

    /// The graph to which the noise belongs.
    pub(super) fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// Independent uniform numbers in the open interval (0, 1) from the next stream, one for each element of the site and of
    /// `event`.
    pub fn uniform(&mut self, event: &[usize]) -> Expr<'g> {
        if let Some(given) = self.given.take() {
            return given;
        }
        let stream = self.stream();
        if let Some(Mirrored { samples, behind }) = self.mirrored {
            let axis = FromEnd(behind + event.len());
            let first = self.graph.uniform(stream, self.shape.join(event)).slice(axis, 0, samples / 2);
            return concat(&[first, 1.0 - first], axis).unwrap_or(first);
        }
        if let Some(net) = &mut self.net {
            let coins = stream + FIRST_STREAM_OF_COINS;
            return net.points(self.graph, [stream, coins], &self.shape, event);
        }
        let Some(Copies { count, ones }) = self.copies else {
            return self.graph.uniform(stream, self.shape.join(event));
        };
        // The rows of a stream are numbered along its first axis, so the copies are drawn on the last axis of the shape.
        let drawn = self.graph.uniform(stream, self.shape.join(&[count]).join(event));
        let rank = self.shape.rank();
        let order: Vec<usize> = [rank].into_iter().chain(0..rank).chain(rank + 1..drawn.rank()).collect();
        let shape = Shape::from([count]).join(&vec![1; ones]).join(&self.shape).join(event);
        drawn.permute(&order).reshape(shape)
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

    /// Draws from Gamma(concentration, rate) from the next stream, one for each element of the site. Neither these nor the
    /// following draws have a derivative. The parameters broadcast against the shape of the site; elements along additional
    /// leading axes of the parameters use the same random numbers.
    pub fn gamma(&mut self, concentration: Expr<'g>, rate: Expr<'g>) -> Expr<'g> {
        self.draw(Law::Gamma, &[], &[concentration, rate])
    }

    /// Logarithms of draws from Gamma(concentration, 1), one for each element of the site and of `event`, which are the last axes
    /// of `concentration`. They are the logarithms of the draws of [`Noise::gamma`] from the same stream, but do not underflow.
    pub fn log_gamma(&mut self, event: &[usize], concentration: Expr<'g>) -> Expr<'g> {
        self.draw(Law::LogGamma, event, &[concentration])
    }

    /// Draws from Beta(concentration1, concentration0).
    pub fn beta(&mut self, concentration1: Expr<'g>, concentration0: Expr<'g>) -> Expr<'g> {
        self.draw(Law::Beta, &[], &[concentration1, concentration0])
    }

    /// The logits of the draws of [`Noise::beta`] from the same stream, without rounding to 0 and 1.
    pub fn logit_beta(&mut self, concentration1: Expr<'g>, concentration0: Expr<'g>) -> Expr<'g> {
        self.draw(Law::LogitBeta, &[], &[concentration1, concentration0])
    }

    /// Draws from Poisson(rate).
    pub fn poisson(&mut self, rate: Expr<'g>) -> Expr<'g> {
        self.draw(Law::Poisson, &[], &[rate])
    }

    /// Draws from Binomial(total_count, probs), where 1 − probs is a separate parameter.
    pub fn binomial(&mut self, total_count: Expr<'g>, probs: Expr<'g>, complement: Expr<'g>) -> Expr<'g> {
        self.draw(Law::Binomial, &[], &[total_count, probs, complement])
    }

    /// The same, one for each element of the site and of `event`, which are the last axes of the parameters.
    pub(super) fn binomials(
        &mut self,
        event: &[usize],
        total_count: Expr<'g>,
        probs: Expr<'g>,
        complement: Expr<'g>,
    ) -> Expr<'g> {
        self.draw(Law::Binomial, event, &[total_count, probs, complement])
    }

    /// Draws from VonMises(0, concentration), in [−π, π].
    pub fn von_mises(&mut self, concentration: Expr<'g>) -> Expr<'g> {
        self.draw(Law::VonMises, &[], &[concentration])
    }
}
