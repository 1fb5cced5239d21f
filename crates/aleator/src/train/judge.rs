//! The evaluation of what a run trains: a model's weights, or a graph's objective.

use super::config::TrainConfig;
use super::evaluation::{Evaluation, EvaluationResult};
use super::graph_evaluation::GraphEvaluation;
use super::subject::Subject;
use crate::data::Rows;
use crate::error::Result;
use crate::nn::Tensor;

/// A compiled evaluation of either kind.
pub enum Judge {
    /// Of a model.
    Model(Box<Evaluation>),
    /// Of a graph.
    Graph(Box<GraphEvaluation>),
}

impl Judge {
    /// Compiles the evaluation of `rows` with `samples` draws each.
    ///
    /// # Errors
    /// Returns an error if the graph cannot be built or compiled.
    pub fn new(config: &TrainConfig, tensors: &[Tensor], rows: Rows, samples: usize) -> Result<Self> {
        Ok(match &config.model {
            Subject::Model(model) => {
                Judge::Model(Box::new(Evaluation::new(&**model, tensors, rows, samples, config.seed)?))
            }
            Subject::Graph(graph) => {
                Judge::Graph(Box::new(GraphEvaluation::new(graph, rows, config.batch, samples, config.seed)?))
            }
        })
    }

    /// Evaluates at the parameters, in the order of the tensors.
    ///
    /// # Errors
    /// Returns an error if the result is not finite.
    pub fn run<'t>(&mut self, parameters: impl Iterator<Item = &'t [f32]>) -> Result<EvaluationResult> {
        match self {
            Judge::Model(evaluation) => evaluation.run(parameters),
            Judge::Graph(evaluation) => evaluation.run(parameters),
        }
    }
}
