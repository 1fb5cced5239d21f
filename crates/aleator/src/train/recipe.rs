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

/// How the rows of data are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Some are trained on, and others held out.
    Training,
    /// All of them are evaluated as they are, so that none are held out.
    Evaluation,
}

impl Recipe {
    /// The recipe for a table whose columns were chosen for the model: their names need not be those that the model has learned from.
    pub(super) fn for_columns(&self, chosen: Option<&String>) -> Recipe {
        let mut recipe = self.clone();
        if let (Some(data), Some(_)) = (&mut recipe.data, chosen) {
            data.columns.clear();
        }
        recipe
    }
}
