//! Where a model is written down: in a graph to train, with sites, or in one to evaluate, with plain draws.

use std::cell::Cell;
use std::sync::Arc;

use aleator_engine::graph::{Expr, Shape};

use crate::distributions::{Distribution, Noise};
use crate::estimators::Estimator;
use crate::graph::{Graph, Sampled};
use crate::nn::{Linear, Mlp, Parameters};

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
    sites: Cell<u32>,
}

impl<'g> Build<'g> {
    /// To train: draws are sites served by `estimator`; with `copies`, K independent ones on a leading axis.
    pub fn to_train(
        graph: &'g Graph,
        parameters: Parameters<'g>,
        estimator: Arc<dyn Estimator>,
        copies: Option<usize>,
    ) -> Self {
        Build { graph, parameters, draws: Draws::Sites(estimator), copies, sites: Cell::new(0) }
    }

    /// To evaluate: draws are exact samples, `samples` of them on a leading axis.
    pub fn to_evaluate(graph: &'g Graph, parameters: Parameters<'g>, samples: usize) -> Self {
        Build { graph, parameters, draws: Draws::Samples, copies: Some(samples), sites: Cell::new(0) }
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

    /// A draw. The distribution's batch axes are `[rows, latents]`, or `[K, rows, latents]` where it depends on an earlier draw
    /// and there are copies; then so are the draw's.
    pub fn sample(&self, name: &str, distribution: Distribution<'g>) -> Expr<'g> {
        let Some(batch) = distribution.batch_shape() else {
            return self.graph.sample(name, distribution); // records the error
        };
        let copies = if batch.rank() < 3 { self.copies } else { None };
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
                let shape = lead.join(&batch);
                let number = self.sites.replace(self.sites.get() + 1);
                let distribution = distribution.with_batch_rank(shape.rank());
                let mut noise = Noise::new(self.graph.engine(), number, shape);
                distribution.sample(&mut noise).stop_gradient()
            }
        }
    }
}
