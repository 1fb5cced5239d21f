//! What a run trains: a model or a graph.

use std::fmt;
use std::sync::Arc;

use super::own_graph::OwnGraph;
use crate::models::{Model, Score};

/// What a run trains.
#[derive(Clone)]
pub enum Subject {
    /// A model of rows of data, whose objective is a bound, a likelihood or a reward.
    Model(Arc<dyn Model>),
    /// A graph, whose objective is minimised.
    Graph(Arc<OwnGraph>),
}

impl Subject {
    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Subject::Model(model) => model.name(),
            Subject::Graph(graph) => graph.name(),
        }
    }

    /// The sizes in a few words.
    pub fn describe(&self) -> String {
        match self {
            Subject::Model(model) => model.describe(),
            Subject::Graph(graph) if graph.columns().is_empty() => "a graph with data of a fixed size".into(),
            Subject::Graph(graph) => {
                let names: Vec<_> = graph.columns().iter().map(|column| column.name.as_str()).collect();
                format!("a graph of rows of {}", names.join(", "))
            }
        }
    }

    /// The number of elements in a row of data; 0 if there are no rows.
    pub fn width(&self) -> usize {
        match self {
            Subject::Model(model) => model.width(),
            Subject::Graph(graph) => graph.width(),
        }
    }

    /// Whether the data have rows, from which minibatches are taken.
    pub fn has_rows(&self) -> bool {
        match self {
            Subject::Model(_) => true,
            Subject::Graph(graph) => !graph.columns().is_empty(),
        }
    }

    /// What the mean of an evaluation measures; `None` for a graph, whose objective it is.
    pub fn score(&self) -> Option<Score> {
        match self {
            Subject::Model(model) => Some(model.score()),
            Subject::Graph(_) => None,
        }
    }

    /// The model.
    pub fn model(&self) -> Option<&dyn Model> {
        match self {
            Subject::Model(model) => Some(&**model),
            Subject::Graph(_) => None,
        }
    }
}

/// Everything on which training depends, as the model or the graph prints it.
impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Model(model) => model.fmt(f),
            Subject::Graph(graph) => graph.fmt(f),
        }
    }
}

impl<M: Model + 'static> From<Arc<M>> for Subject {
    fn from(model: Arc<M>) -> Self {
        Subject::Model(model)
    }
}

impl From<Arc<dyn Model>> for Subject {
    fn from(model: Arc<dyn Model>) -> Self {
        Subject::Model(model)
    }
}

impl From<OwnGraph> for Subject {
    fn from(graph: OwnGraph) -> Self {
        Subject::Graph(Arc::new(graph))
    }
}

impl From<Arc<OwnGraph>> for Subject {
    fn from(graph: Arc<OwnGraph>) -> Self {
        Subject::Graph(graph)
    }
}
