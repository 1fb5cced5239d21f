//! Remedies for what other languages write: dots and words.

use super::state::Parser;
use crate::language::call::Function;
use crate::language::errors::Diagnostic;
use crate::language::span::Span;
use crate::language::synonyms::{Instead, Kind, instead};

/// Members of a tensor in other libraries, and what is written here of a tensor `x`.
const MEMBERS: &[(&[&str], &str)] = &[
    (&["T", "mT", "t"], "transpose(x)"),
    (&["shape", "size", "length"], "len(x)"),
    (&["detach"], "stop_gradient(x)"),
    (&["item", "numpy", "data", "value"], "x"),
];

impl Parser<'_> {
    /// The word that ends where the present token begins or before it.
    pub(super) fn word_before(&self) -> Span {
        let before = &self.source[..self.previous_end];
        let word = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        Span::new(word.len(), self.previous_end)
    }

    /// The remedy where the word before the present token is a function, or a word of that kind, of other languages.
    pub(super) fn foreign_word_before(&self) -> Option<&'static str> {
        match instead(Kind::Function, self.word_before().text(self.source), |_| true)? {
            Instead::Say(remedy) => Some(remedy),
            Instead::Word(_) => None,
        }
    }

    /// What to say about the dot that the parser stands at, after the word at `base`.
    pub(super) fn dotted(&self, diagnostic: Diagnostic, base: Span) -> Diagnostic {
        let rest = &self.source[self.span.end..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let member = &rest[..end];
        let called = rest[end..].starts_with('(');
        let whole = Span::new(base.start, self.span.end + end);
        let word = base.text(self.source);
        if let Some(Instead::Say(modules)) = instead(Kind::Value, word, |_| true)
            && end > 0
            && word != "T"
        {
            // A function of a library: `torch.exp(x)`.
            let known = |ours: &str| Function::find(ours).is_some();
            return match instead(Kind::Function, member, known) {
                _ if known(member) => {
                    let diagnostic = diagnostic.replacing(whole, member);
                    diagnostic.help(format!("names have no module in front: write `{member}(..)`"))
                }
                Some(Instead::Word(ours)) => {
                    let diagnostic = diagnostic.replacing(whole, ours);
                    diagnostic.help(format!("names have no module in front: write `{ours}(..)`"))
                }
                Some(Instead::Say(remedy)) => diagnostic.help(remedy),
                None => diagnostic.help(modules),
            };
        }
        let own = MEMBERS.iter().find(|(names, _)| names.contains(&member));
        if let Some((_, ours)) = own {
            let shown = if word.is_empty() { (*ours).to_owned() } else { ours.replace('x', word) };
            let diagnostic = match word.is_empty() || called {
                true => diagnostic,
                false => diagnostic.replacing(whole, shown.clone()),
            };
            return diagnostic.help(format!("write `{shown}`"));
        }
        let function = if Function::find(member).is_some() { member } else { "sum" };
        diagnostic.help(format!("functions are called by name, not with a dot: `{function}(x)`"))
    }
}
