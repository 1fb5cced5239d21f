//! A surrogate as data with names, for other machines than this crate's own.
//!
//! | output | what it is |
//! |---|---|
//! | `objective` | the estimates of J, of shape `[R]` (or `[]`) |
//! | `gradient.NAME` | those of ∇J by the parameter NAME, of shape `[R] + parameter` (or the parameter's) |
//! | `update.NAME` | what the parameter NAME of an estimator, or state of the graph, becomes after a run |
//! | `descent.NAME` | the gradient against which the estimator's parameter NAME takes a step after a run |
//! | `numerator.NAME`, `denominator.NAME` | those whose running means have the estimator's parameter NAME as their ratio |
//!
//! Inputs have the names of parameters, data, states and estimators' parameters. Noise is a function of seed, stream, step and place:
//! see [`aleator_engine::export`].

use aleator_engine::export::{Float, Portable, stablehlo};
use aleator_engine::graph::NodeId;

use super::estimator_state::StateUpdate;
use super::surrogate::Surrogate;
use crate::error::Result;
use crate::graph::Graph;

impl Surrogate {
    /// The results by name; `graph` is the author's.
    pub fn named_outputs(&self, graph: &Graph) -> Vec<(String, NodeId)> {
        let params = graph.params();
        let gradients = params.iter().zip(&self.gradients);
        let mut outputs = vec![("objective".to_string(), self.objective)];
        outputs.extend(gradients.map(|(param, &node)| (format!("gradient.{}", param.name), node)));
        for own in &self.own {
            let name = &own.name;
            match own.update {
                StateUpdate::Stays => {}
                StateUpdate::Becomes(node) => outputs.push((format!("update.{name}"), node)),
                StateUpdate::Descends(node) => outputs.push((format!("descent.{name}"), node)),
                StateUpdate::Ratio(above, below) => {
                    outputs.push((format!("numerator.{name}"), above));
                    outputs.push((format!("denominator.{name}"), below));
                }
            }
        }
        outputs
    }

    /// The surrogate as data, which is written as JSON and read back; `graph` is the author's.
    ///
    /// # Errors
    /// If two inputs have one name, as a parameter has that is called like an estimator's own.
    pub fn portable(&self, graph: &Graph) -> Result<Portable> {
        let outputs = self.named_outputs(graph);
        let outputs: Vec<(&str, NodeId)> = outputs.iter().map(|(name, node)| (&name[..], *node)).collect();
        Ok(Portable::new(&self.graph, &outputs)?)
    }

    /// The surrogate as StableHLO text, with the seed and the step of its noise as its first arguments; `graph` is the author's.
    ///
    /// # Errors
    /// As [`Surrogate::portable`], and if an operation has no translation: black boxes and draws by rejection. All are listed.
    pub fn stablehlo(&self, graph: &Graph, float: Float) -> Result<String> {
        let outputs = self.named_outputs(graph);
        let outputs: Vec<(&str, NodeId)> = outputs.iter().map(|(name, node)| (&name[..], *node)).collect();
        Ok(stablehlo(&self.graph, &outputs, float)?)
    }
}
