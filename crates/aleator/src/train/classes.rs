//! Classes without rows, of which a classifier can learn nothing or its accuracy says nothing.

use super::config::TrainConfig;
use crate::data::Rows;
use crate::models;

/// The largest number of classes that one warning names.
const MOST_NAMES: usize = 10;

impl TrainConfig {
    /// Classes without rows.
    pub(super) fn warnings_of_classes(&self) -> Vec<String> {
        let Some(data) = &self.recipe.data else { return Vec::new() };
        let (Some(classes), true) =
            (data.classes, models::find(self.model.name()).is_some_and(|entry| entry.has_label()))
        else {
            return Vec::new();
        };
        let warning = |(which, rows, effect): (&str, &Rows, &str)| {
            let absent = absent(rows, classes);
            let name = |class: &usize| data.labels.get(*class).cloned().unwrap_or_else(|| class.to_string());
            let names: Vec<String> = absent.iter().take(MOST_NAMES).map(name).collect();
            let more = if absent.len() > MOST_NAMES { ", .." } else { "" };
            let kind = if absent.len() == 1 { "the class" } else { "one of the classes" };
            (rows.count() > 0 && !absent.is_empty()).then(|| {
                format!(
                    "no {which} row has {kind} {}{more}, so that {effect}; add such rows, or draw others with the setting `data-seed`",
                    names.join(", ")
                )
            })
        };
        let validation = self.validation.as_deref();
        let parts = [
            Some(("training", &self.data.train, "nothing is learned of them")),
            validation.map(|rows| ("validation", rows, "the best parameters are chosen without them")),
            Some(("held-out", &self.data.held_out, "the accuracy says nothing of them")),
        ];
        parts.into_iter().flatten().filter_map(warning).collect()
    }
}

/// The classes that are no label in the last column.
fn absent(rows: &Rows, classes: usize) -> Vec<usize> {
    let mut is_present = vec![false; classes];
    for label in rows.values.chunks_exact(rows.width.max(1)).filter_map(|row| row.last()) {
        if let Some(present) = is_present.get_mut(*label as usize) {
            *present = true;
        }
    }
    (0..classes).filter(|&class| !is_present[class]).collect()
}
