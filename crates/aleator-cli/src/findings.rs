//! Mistakes and warnings as data, for editors and other programs.

use aleator::language::{Diagnostic, Place, Span};
use serde::Serialize;

use crate::failure::help_of;

/// How bad it is.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The graph cannot be used.
    Error,
    /// The graph can be used and is probably wrong.
    Warning,
}

/// A mistake or a warning.
#[derive(Debug, Serialize)]
pub struct Finding {
    severity: Severity,
    message: String,
    /// A few words on the place.
    label: Option<String>,
    /// The remedy.
    help: Option<String>,
    range: Option<Range>,
    /// Replacements, any one of which may be what was meant.
    suggestions: Vec<Replacement>,
}

/// A piece of a text; `end` is the place after its last character.
#[derive(Debug, Serialize)]
struct Range {
    start: Position,
    end: Position,
}

/// A place: line and column in characters, from 1, and the number of bytes before it.
#[derive(Debug, Serialize)]
struct Position {
    line: usize,
    column: usize,
    offset: usize,
}

#[derive(Debug, Serialize)]
struct Replacement {
    range: Range,
    text: String,
}

impl Range {
    fn of(source: &str, span: Span) -> Self {
        let position = |offset: usize| {
            let Place { line, column } = Place::of(source, offset);
            Position { line, column, offset }
        };
        Range { start: position(span.start), end: position(span.end) }
    }
}

impl Finding {
    /// A mistake in a text.
    pub fn error(source: &str, diagnostic: &Diagnostic) -> Self {
        let suggestions = diagnostic.suggestions.iter().map(|suggestion| Replacement {
            range: Range::of(source, suggestion.span),
            text: suggestion.text.clone(),
        });
        Finding {
            severity: Severity::Error,
            message: diagnostic.to_string(),
            label: diagnostic.label.clone(),
            help: help_of(diagnostic),
            range: diagnostic.span.map(|span| Range::of(source, span)),
            suggestions: suggestions.collect(),
        }
    }

    /// A warning about a text.
    pub fn warning(source: &str, message: String, span: Option<Span>) -> Self {
        Finding {
            severity: Severity::Warning,
            message,
            label: None,
            help: None,
            range: span.map(|span| Range::of(source, span)),
            suggestions: Vec::new(),
        }
    }
}
