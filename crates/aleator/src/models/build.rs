//! The construction of a model's graph: with sites for training, or with plain samples for evaluation.

use std::cell::RefCell;
use std::sync::Arc;

use aleator_engine::graph::{Expr, NodeId, Shape, ancestors};

use crate::distributions::{Distribution, Noise};
use crate::graph::{Graph, Sampled};
use crate::nn::{Linear, Mlp, Parameters};
use crate::rewrite::Estimator;

/// The kind of a model's draws.
#[derive(Clone)]
enum Draws {
    /// Sites with an estimator.
    Sites(Arc<dyn Estimator>),
    /// Exact samples without a derivative.
    Samples,
}

/// The graph in which a model is constructed.
pub struct Build<'g> {
    graph: &'g Graph,
    parameters: Parameters<'g>,
    draws: Draws,
    /// The number of independent copies of all draws, along a leading axis.
    copies: Option<usize>,
    /// The previous draws.
    drawn: RefCell<Vec<NodeId>>,
}

impl<'g> Build<'g> {
    /// For training: draws are sites with `estimator`. With `copies`, there are K independent copies of them along a leading
    /// axis.
    pub fn to_train(
        graph: &'g Graph,
        parameters: Parameters<'g>,
        estimator: Arc<dyn Estimator>,
        copies: Option<usize>,
    ) -> Self {
        Build { graph, parameters, draws: Draws::Sites(estimator), copies, drawn: RefCell::default() }
    }

    /// For evaluation: draws are exact samples, `samples` of them along a leading axis.
    pub fn to_evaluate(graph: &'g Graph, parameters: Parameters<'g>, samples: usize) -> Self {
        let (copies, drawn) = (Some(samples), RefCell::default());
        Build { graph, parameters, draws: Draws::Samples, copies, drawn }
    }

    /// Whether the graph is for training.
    pub fn is_training(&self) -> bool {
        matches!(self.draws, Draws::Sites(_))
    }

    /// The graph.
    pub fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// The parameter of that name.
    pub fn parameter(&self, name: &str) -> Expr<'g> {
        self.parameters.get(name)
    }

    /// All parameters.
    pub fn parameters(&self) -> &Parameters<'g> {
        &self.parameters
    }

    /// The output of a linear layer at `x`.
    pub fn linear(&self, layer: &Linear, x: Expr<'g>) -> Expr<'g> {
        layer.apply(&self.parameters, x)
    }

    /// The output of a perceptron at `x`.
    pub fn mlp(&self, layers: &Mlp, x: Expr<'g>) -> Expr<'g> {
        layers.apply(&self.parameters, x)
    }

    /// A constant tensor.
    pub fn tensor(&self, shape: impl Into<Shape>, values: Vec<f64>) -> Expr<'g> {
        self.graph.engine().tensor(shape, values)
    }

    /// A draw, with the batch axes of the distribution. If there are K copies, they are along an additional leading axis, unless
    /// the distribution depends on an earlier draw and already has this axis.
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
