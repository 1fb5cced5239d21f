//! A surrogate as data with names, for other machines than this crate's own.
//!
//! | output | what it is |
//! |---|---|
//! | `objective` | the estimates of J, of shape `[R]` (or `[]`) |
//! | `violations` | how many numbers violate the condition of a distribution or an estimator: if there is one, all outputs are meaningless |
//! | `gradient.NAME` | those of ∇J by the parameter NAME, of shape `[R] + parameter` (or the parameter's) |
//! | `update.NAME` | what the parameter NAME of an estimator, or state of the graph, becomes after a run |
//! | `descent.NAME` | the gradient against which the estimator's parameter NAME takes a step after a run |
//! | `numerator.NAME`, `denominator.NAME` | those whose running means have the estimator's parameter NAME as their ratio |
//!
//! Inputs have the names of parameters, data, states and estimators' parameters. Noise is a function of seed, stream, step and place:
//! see [`aleator_engine::export`].

use aleator_engine::export::{Float, Number, Portable, stablehlo};
use aleator_engine::graph::{NodeId, Shape};

use super::estimator_state::{Owner, StateUpdate};
use super::surrogate::Surrogate;
use crate::error::Result;
use crate::graph::Graph;

/// A surrogate with everything that a program in another language needs to run it: the graph, and for each input its role, its
/// initial value and how it changes after a run.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct PortableSurrogate {
    /// The computation.
    pub graph: Portable,
    /// The inputs, each with a name of its own. The graph has those of them that its outputs depend on.
    pub inputs: Vec<SurrogateInput>,
    /// Whether the estimate uses random numbers.
    pub random: bool,
}

/// An input of a surrogate.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct SurrogateInput {
    /// The name of the input in the graph.
    pub name: String,
    /// What the input is.
    pub role: InputRole,
    /// The shape.
    pub shape: Vec<u64>,
    /// The initial value, row-major.
    pub initial: Vec<Number>,
    /// How the value changes after a run.
    pub update: InputUpdate,
}

/// What an input of a surrogate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum InputRole {
    /// A parameter of the graph, with respect to which there is a gradient.
    Param,
    /// Data of the graph.
    Data,
    /// A state of the graph.
    State,
    /// A parameter of an estimator.
    Estimator,
}

/// How an input changes after a run, by outputs of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum InputUpdate {
    /// Not by the surrogate.
    None,
    /// It takes the value of `update.NAME`.
    Becomes,
    /// It takes a step of an optimiser against `descent.NAME`.
    Descends,
    /// It is the ratio of the sums of `numerator.NAME` and `denominator.NAME` over the runs.
    Ratio,
}

impl SurrogateInput {
    fn new(name: &str, role: InputRole, shape: &Shape, initial: &[f64], update: InputUpdate) -> Self {
        // One number stands for all elements.
        let initial = match initial {
            [value] => vec![*value; shape.numel()],
            values => values.to_vec(),
        };
        SurrogateInput {
            name: name.into(),
            role,
            shape: shape.iter().map(|&n| n as u64).collect(),
            initial: initial.into_iter().map(Number).collect(),
            update,
        }
    }
}

impl Surrogate {
    /// The surrogate with the roles and initial values of its inputs; `graph` is the author's.
    ///
    /// # Errors
    /// As [`Surrogate::portable`].
    pub fn document(&self, graph: &Graph) -> Result<PortableSurrogate> {
        let params = graph.params().into_iter().map(|param| {
            SurrogateInput::new(
                &param.name,
                InputRole::Param,
                &param.shape,
                &param.initial,
                InputUpdate::None,
            )
        });
        let data = graph.datasets().into_iter().map(|data| {
            SurrogateInput::new(&data.name, InputRole::Data, &data.shape, &data.values, InputUpdate::None)
        });
        let own = self.own.iter().map(|own| {
            let role = match own.owner {
                Owner::Estimator => InputRole::Estimator,
                Owner::Graph => InputRole::State,
            };
            let update = match own.update {
                StateUpdate::Stays => InputUpdate::None,
                StateUpdate::Becomes(_) => InputUpdate::Becomes,
                StateUpdate::Descends(_) => InputUpdate::Descends,
                StateUpdate::Ratio(..) => InputUpdate::Ratio,
            };
            SurrogateInput::new(&own.name, role, &own.shape, &own.initial, update)
        });
        let inputs = params.chain(data).chain(own).collect();
        Ok(PortableSurrogate { graph: self.portable(graph)?, inputs, random: self.random })
    }

    /// The results by name; `graph` is the author's.
    pub fn named_outputs(&self, graph: &Graph) -> Vec<(String, NodeId)> {
        let params = graph.params();
        let gradients = params.iter().zip(&self.gradients);
        let none = self.graph.full([], 0.0);
        let violations = self.checks.iter().fold(none, |sum, check| sum + self.graph.expr(check.violations));
        let mut outputs =
            vec![("objective".to_string(), self.objective), ("violations".to_string(), violations.id())];
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

    /// The surrogate as a Python file that needs JAX and nothing else, see [`aleator_engine::export::jax`]; `graph` is the author's.
    ///
    /// # Errors
    /// As [`Surrogate::portable`].
    pub fn jax(&self, graph: &Graph) -> Result<String> {
        Ok(self.portable(graph)?.jax()?)
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
