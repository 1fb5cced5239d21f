//! What should be known of a configuration before it is used.

use super::config::TrainConfig;
use super::scg::Source;
use crate::diagnostics::{blind_spots, kinks};
use crate::error::Error;
use crate::language::{Model, Place};
use crate::plan::{Lint, Plan, lints};

impl TrainConfig {
    /// Classes without rows, and for a graph in the language what is probably wrong with it under the estimators of the run: costs that
    /// these do not differentiate correctly, outcomes that are never drawn, and kinks and jumps at the initial values of parameters.
    pub fn warnings(&self) -> Vec<String> {
        let mut found = self.warnings_of_classes();
        found.extend(self.recipe.graph.iter().flat_map(|source| self.warnings_of_graph(source)));
        found
    }

    /// Where the black box that an error speaks of stands in the text of the graph, such as `own.scg:3:1`.
    pub fn place_of(&self, error: &Error) -> Option<String> {
        let (source, name) = (self.recipe.graph.as_ref()?, error.black_box()?);
        let model = source.load(&[], self.model.has_rows().then_some(self.batch), self.seed).ok()?;
        let place = Place::of(&source.text, model.definition(name)?.name_span.start);
        Some(format!("{}:{place}", source.name))
    }

    /// The warnings about a graph; nothing if it cannot be built, which is an error elsewhere.
    fn warnings_of_graph(&self, source: &Source) -> Vec<String> {
        let batch = self.model.has_rows().then_some(self.batch);
        let Ok(model) = source.load(&[], batch, self.seed) else { return Vec::new() };
        let graph = &model.graph;
        let overrides = vec![self.estimator.clone(); graph.sites().len()];
        let Ok(plan) = Plan::choose(graph, &overrides, self.samples) else { return Vec::new() };
        let all = lints(graph, &plan).into_iter().chain(blind_spots(graph, &plan)).chain(kinks(graph, &plan));
        all.map(|lint| with_place(source, &model, &lint)).collect()
    }
}

/// A warning with the place of its cause in the text.
fn with_place(source: &Source, model: &Model, lint: &Lint) -> String {
    let span = model.place_of(lint.cause).or_else(|| model.via_span(&lint.site));
    let place = span.map(|span| format!("{}:{}: ", source.name, Place::of(&source.text, span.start)));
    format!("{}{}", place.unwrap_or_default(), lint.message)
}
