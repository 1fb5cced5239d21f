//! What is wrong with a source text, where, and what to do about it.
use std::path::Path;

use super::span::{Place, Span};
use crate::error::Error;

/// One mistake of a source text or of a setting, as data: a program can draw it with the line it stands in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", in_setting(.setting.as_deref()))]
#[non_exhaustive]
pub struct Diagnostic {
    /// What is wrong, in one sentence.
    pub message: String,
    /// Where, or `None` where the mistake belongs to the text as a whole.
    pub span: Option<Span>,
    /// A few words to write under the place.
    pub label: Option<String>,
    /// The remedy.
    pub help: Option<String>,
    /// What a setting has to do with it, if anything.
    pub setting: Option<Box<SettingNote>>,
    /// Replacements of pieces of the text, any one of which may be what was meant.
    pub suggestions: Box<[Suggestion]>,
}

/// A replacement of a piece of the text that removes a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What is replaced.
    pub span: Span,
    /// What takes its place.
    pub text: String,
}

/// What a setting, which [`parse_set`](super::parse_set) reads, has to do with a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingNote {
    /// The mistake is in the setting of this name, not in the text.
    Wrong(Box<str>),
    /// A setting of this name would give the data their values: another remedy.
    Missing(Box<str>),
}

fn in_setting(note: Option<&SettingNote>) -> String {
    match note {
        Some(SettingNote::Wrong(name)) => format!("in the setting of {}: ", quote(name)),
        Some(SettingNote::Missing(_)) | None => String::new(),
    }
}

impl Diagnostic {
    /// A message without a place.
    pub fn new(message: impl Into<String>) -> Self {
        Diagnostic {
            message: message.into(),
            span: None,
            label: None,
            help: None,
            setting: None,
            suggestions: Box::default(),
        }
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Says what to write under the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Offers a word in place of the one at the place of the mistake.
    #[must_use]
    pub fn did_you_mean(mut self, near: &str) -> Self {
        self.help = Some(format!("did you mean `{near}`?"));
        match self.span {
            Some(span) => self.replacing(span, near),
            None => self,
        }
    }

    /// Adds a replacement of a piece of the text.
    #[must_use]
    pub fn replacing(mut self, span: Span, text: impl Into<String>) -> Self {
        let mut suggestions = std::mem::take(&mut self.suggestions).into_vec();
        suggestions.push(Suggestion { span, text: text.into() });
        self.suggestions = suggestions.into();
        self
    }

    /// Makes it a mistake in the setting of a name, which has no place in the text.
    #[must_use]
    pub fn in_setting(self, name: &str) -> Self {
        let setting = Some(Box::new(SettingNote::Wrong(name.into())));
        Diagnostic { span: None, label: None, setting, suggestions: Box::default(), ..self }
    }

    /// Says that a setting would give values to the data of that name.
    #[must_use]
    pub fn or_setting(mut self, name: &str) -> Self {
        self.setting = Some(Box::new(SettingNote::Missing(name.into())));
        self
    }

    /// The library's error for a mistake in a text, which came from a file or not.
    pub(super) fn in_text(self, text: &str, file: Option<&Path>) -> Error {
        Error::Source {
            file: file.map(Into::into),
            place: self.place(text).map(|place| (place.line, place.column)),
            message: self.to_string(),
            help: self.help,
        }
    }

    /// Line and column of the mistake.
    pub fn place(&self, source: &str) -> Option<Place> {
        self.span.map(|span| Place::of(source, span.start))
    }
}

impl From<Box<Diagnostic>> for Diagnostic {
    fn from(boxed: Box<Diagnostic>) -> Self {
        *boxed
    }
}

/// A piece of source text for a message: between backquotes, without control characters, of bounded length.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::from("`");
    for (i, character) in text.chars().enumerate() {
        if i == 40 {
            quoted.push('…');
            break;
        }
        if character.is_control() {
            quoted.extend(character.escape_default());
        } else {
            quoted.push(character);
        }
    }
    quoted.push('`');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_displays_its_message_and_knows_its_place() {
        let diagnostic = Diagnostic::new("no").at(Span::new(3, 4)).label("here").help("yes");
        assert_eq!(diagnostic.to_string(), "no");
        assert_eq!(diagnostic.place("a\nbc").unwrap().to_string(), "2:2");
        let diagnostic = diagnostic.in_setting("w");
        assert_eq!((diagnostic.to_string().as_str(), diagnostic.span), ("in the setting of `w`: no", None));
        assert_eq!(quote("a\nb"), "`a\\nb`");
        assert_eq!(quote(&"x".repeat(1000)).chars().count(), 43);
    }
}
