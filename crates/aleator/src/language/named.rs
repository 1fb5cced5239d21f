//! Graphs from texts and files, and estimators by name, for graphs that are written in Rust.

use std::path::Path;
use std::sync::Arc;

use super::build::load_with;
use super::errors::Diagnostic;
use super::estimators::estimator;
use super::loading::Loading;
use super::parser::{LONGEST_SOURCE, parse_estimator};
use crate::distributions::Distribution;
use crate::error::{Error, Result};
use crate::estimators::Estimator;
use crate::graph::{Graph, Sampled};

impl Graph {
    /// The graph that a text of the language describes. `data` from files need [`Graph::from_file`].
    ///
    /// # Errors
    /// The first mistake in the text, with its line and column.
    ///
    /// ```
    /// use aleator::prelude::*;
    ///
    /// let graph = Graph::from_text("param theta = 0\nb ~ Bernoulli(logits = theta)\ncost f = (b - 0.45)^2")?;
    /// assert_eq!(graph.sites()[0].name, "b");
    ///
    /// let error = Graph::from_text("param theta = 0\nb ~ Bernoulli(logits = teta)\ncost f = b").err().unwrap();
    /// assert_eq!(error.to_string(), "line 2, column 24: `teta` is not defined; did you mean `theta`?");
    /// # Ok::<(), aleator::Error>(())
    /// ```
    pub fn from_text(text: &str) -> Result<Graph> {
        Self::from_text_in(text, None, None)
    }

    /// The graph that a text of the language describes. Data files are looked for in `folder`, without which they are an error;
    /// `file` is where the text comes from, for messages.
    ///
    /// # Errors
    /// The first mistake in the text, with its line and column.
    pub fn from_text_in(text: &str, folder: Option<&Path>, file: Option<&Path>) -> Result<Graph> {
        Self::from_text_with(text, file, &Loading { folder, ..Loading::default() })
    }

    /// The same with everything that a text alone does not say; `file` is where the text comes from, for messages.
    ///
    /// # Errors
    /// The first mistake in the text; an array of another shape than its data.
    pub fn from_text_with(text: &str, file: Option<&Path>, loading: &Loading<'_>) -> Result<Graph> {
        Ok(load_with(text, loading).map_err(|mistake| mistake.in_text(text, file))?.graph)
    }

    /// The graph that a file of the language describes. Data files are looked for beside it.
    ///
    /// # Errors
    /// If the file cannot be read; the first mistake in it, with its line and column.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Graph> {
        let path = path.as_ref();
        let unreadable = |reason: String| Error::Source {
            file: Some(path.into()),
            place: None,
            message: format!("cannot be read: {reason}"),
            help: None,
        };
        let length = std::fs::metadata(path).map_err(|e| unreadable(e.to_string()))?.len();
        if length > LONGEST_SOURCE as u64 {
            let limit = LONGEST_SOURCE >> 20;
            return Err(unreadable(format!(
                "it is larger than {limit} MiB; put large arrays into .npy files"
            )));
        }
        let text = std::fs::read_to_string(path).map_err(|e| unreadable(e.to_string()))?;
        Self::from_text_in(&text, path.parent(), Some(path))
    }
}

/// The estimator that a text names as the language does: `rebar(temperature = 0.3)`.
///
/// # Errors
/// If there is no such estimator (the error suggests the nearest one), or it does not accept an option.
pub fn estimator_named(text: &str) -> Result<Arc<dyn Estimator>> {
    let parsed = parse_estimator(text).and_then(|call| estimator(&call.call, &call.expressions));
    // A text of one line needs no place.
    parsed.map_err(|mistake| Diagnostic { span: None, ..mistake }.in_text(text, None))
}

impl Sampled<'_> {
    /// Names the estimator of this site as the language does: `via_named("rebar(temperature = 0.3)")`.
    ///
    /// # Errors
    /// If there is no such estimator (the error suggests the nearest one), or it does not accept an option.
    ///
    /// ```
    /// use aleator::prelude::*;
    ///
    /// let g = Graph::new();
    /// let b = g.sample("b", Bernoulli::from_logits(g.param("theta", 0.0)).via_named("rebar(temperature = 0.3)")?);
    /// g.cost("loss", (b - 0.45).square());
    /// g.compile(&Options::new())?.run()?;
    ///
    /// let error = Normal::new(0.0, 1.0).via_named("pathwize").err().unwrap();
    /// assert_eq!(error.to_string(), "there is no estimator `pathwize`; did you mean `pathwise`?");
    /// # Ok::<(), aleator::Error>(())
    /// ```
    pub fn via_named(self, text: &str) -> Result<Self> {
        Ok(self.via_shared(estimator_named(text)?))
    }
}

impl<'g> Distribution<'g> {
    /// Names the estimator of the site drawn from this distribution; see [`Sampled::via_named`].
    ///
    /// # Errors
    /// If there is no such estimator, or it does not accept an option.
    pub fn via_named(self, text: &str) -> Result<Sampled<'g>> {
        Sampled::from(self).via_named(text)
    }
}
