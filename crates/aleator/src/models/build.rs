//! Where a model is written down: in a graph to train, with sites, or in one to evaluate, with plain draws.

use std::cell::RefCell;
use std::sync::Arc;

use aleator_engine::graph::{Expr, NodeId, Shape, ancestors};

use crate::distributions::{Distribution, Noise};
use crate::graph::{Graph, Sampled};
use crate::nn::{Linear, Mlp, Parameters};
use crate::rewrite::Estimator;

/// What becomes of a model's draws.
#[derive(Clone)]
enum Draws {
    /// Sites, served by an estimator.
    Sites(Arc<dyn Estimator>),
    /// Exact samples without a derivative.
    Samples,
}

/// A graph that a model is being written into.
pub struct Build<'g> {
    graph: &'g Graph,
    parameters: Parameters<'g>,
    draws: Draws,
    /// K independent draws of everything, on a leading axis.
    copies: Option<usize>,
    /// The draws made so far.
    drawn: RefCell<Vec<NodeId>>,
}

impl<'g> Build<'g> {
    /// To train: draws are sites served by `estimator`; with `copies`, K independent ones on a leading axis.
    pub fn to_train(
        graph: &'g Graph,
        parameters: Parameters<'g>,
        estimator: Arc<dyn Estimator>,
        copies: Option<usize>,
    ) -> Self {
        Build { graph, parameters, draws: Draws::Sites(estimator), copies, drawn: RefCell::default() }
    }

    /// To evaluate: draws are exact samples, `samples` of them on a leading axis.
    pub fn to_evaluate(graph: &'g Graph, parameters: Parameters<'g>, samples: usize) -> Self {
        let (copies, drawn) = (Some(samples), RefCell::default());
        Build { graph, parameters, draws: Draws::Samples, copies, drawn }
    }

    /// Whether it is to be trained.
    pub fn is_training(&self) -> bool {
        matches!(self.draws, Draws::Sites(_))
    }

    /// The graph.
    pub fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// A parameter.
    pub fn parameter(&self, name: &str) -> Expr<'g> {
        self.parameters.get(name)
    }

    /// All parameters.
    pub fn parameters(&self) -> &Parameters<'g> {
        &self.parameters
    }

    /// A linear layer at `x`.
    pub fn linear(&self, layer: &Linear, x: Expr<'g>) -> Expr<'g> {
        layer.apply(&self.parameters, x)
    }

    /// A perceptron at `x`.
    pub fn mlp(&self, layers: &Mlp, x: Expr<'g>) -> Expr<'g> {
        layers.apply(&self.parameters, x)
    }

    /// A constant.
    pub fn tensor(&self, shape: impl Into<Shape>, values: Vec<f64>) -> Expr<'g> {
        self.graph.engine().tensor(shape, values)
    }

    /// A draw, with the distribution's batch axes. Where there are K copies they are on a new axis in front, unless the
    /// distribution depends on an earlier draw and so has that axis already.
    pub fn sample(&self, name: &str, distribution: Distribution<'g>) -> Expr<'g> {
        let Some(batch) = distribution.batch_shape() else {
            return self.graph.sample(name, distribution); // records the error
        };
        let copies = if self.depends_on_a_draw(&distribution) { None } else { self.copies };
        let value = self.draw(name, distribution, &batch, copies);
        self.drawn.borrow_mut().push(value.id());
        value
    }

    fn depends_on_a_draw(&self, distribution: &Distribution<'g>) -> bool {
        let parameters: Vec<NodeId> = distribution.parameters().iter().map(|p| p.id()).collect();
        let upstream = ancestors(self.graph.engine(), &parameters);
        self.drawn.borrow().iter().any(|draw| upstream.get(draw.index()) == Some(&true))
    }

    fn draw(
        &self,
        name: &str,
        distribution: Distribution<'g>,
        batch: &Shape,
        copies: Option<usize>,
    ) -> Expr<'g> {
        match &self.draws {
            Draws::Sites(estimator) => {
                let sampled = Sampled::from(distribution).via_shared(estimator.clone());
                self.graph.sample(
                    name,
                    match copies {
                        Some(k) => sampled.copies(k),
                        None => sampled,
                    },
                )
            }
            Draws::Samples => {
                let lead = copies.map_or_else(Shape::scalar, |k| [k].into());
                let shape = lead.join(batch);
                let number = self.drawn.borrow().len() as u32;
                let distribution = distribution.with_batch_rank(shape.rank());
                let mut noise = Noise::new(self.graph.engine(), number, shape);
                distribution.sample(&mut noise).stop_gradient()
            }
        }
    }
}
