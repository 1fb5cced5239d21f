//! What a checkpoint contains besides parameters, so that the model can be built again.

use serde::{Deserialize, Serialize};

use super::scg::Source;
use crate::models::DataSummary;

/// What a model is built from.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Recipe {
    /// What a built-in model knows of its data.
    pub data: Option<DataSummary>,
    /// The text of a graph.
    pub graph: Option<Source>,
}
