//! What stands around a place in a text.

use aleator::language::Span;

/// Most bytes before a place that are looked at.
const REACH: usize = 8192;

/// What may stand at a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Context<'t> {
    /// The first word of a line.
    Statement,
    /// A distribution, after `~`.
    Distribution,
    /// An estimator, after `via`.
    Estimator,
    /// The options of this estimator.
    Options(&'t str),
    /// An argument of this function or distribution.
    Arguments(&'t str),
    /// Any expression.
    Expression,
    /// Nothing: a comment.
    Comment,
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The word at an offset, also right behind it.
pub(super) fn word_at(text: &str, offset: usize) -> Option<Span> {
    let before = &text[..offset];
    let start = before.trim_end_matches(is_word).len();
    let rest = &text[offset..];
    let end = offset + rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    (start < end).then(|| Span::new(start, end))
}

impl<'t> Context<'t> {
    /// Of an offset, whatever is left of the word before it.
    pub fn of(text: &'t str, offset: usize) -> Self {
        let mut from = offset.saturating_sub(REACH);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let before = text[from..offset].trim_end_matches(is_word);
        let line = before.rsplit('\n').next().unwrap_or("");
        if line.contains('#') && !line.contains('"') {
            return Context::Comment;
        }
        let head = before.trim_end_matches([' ', '\t']);
        if head.ends_with('~') {
            return Context::Distribution;
        }
        if last_word(head) == "via" {
            return Context::Estimator;
        }
        match open_call(before) {
            Some((callee, true)) => Context::Options(callee),
            Some((callee, false)) => Context::Arguments(callee),
            None if line.trim().is_empty() => Context::Statement,
            None => Context::Expression,
        }
    }
}

fn last_word(text: &str) -> &str {
    &text[text.trim_end_matches(is_word).len()..]
}

/// What is called by the innermost bracket that is open at the end of a text, and whether it follows `via`.
fn open_call(text: &str) -> Option<(&str, bool)> {
    let mut depth = 0usize;
    for (at, character) in text.char_indices().rev() {
        match character {
            ')' | ']' => depth += 1,
            '(' | '[' if depth > 0 => depth -= 1,
            '(' => {
                let callee = last_word(&text[..at]);
                let before = text[..at - callee.len()].trim_end();
                return (!callee.is_empty()).then(|| (callee, last_word(before) == "via"));
            }
            // A list or an index, in a call or not.
            '[' => {}
            _ => {}
        }
    }
    None
}

/// The estimator whose options the word at `start` may be one of.
pub(super) fn estimator_of(text: &str, start: usize) -> Option<&str> {
    match Context::of(text, start) {
        Context::Options(estimator) => Some(estimator),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_stand_at_a_place() {
        for (text, expected) in [
            ("", Context::Statement),
            ("x = 1\npa", Context::Statement),
            ("z ~ No", Context::Distribution),
            ("observe x ~", Context::Distribution),
            ("z ~ Normal(0, 1) via re", Context::Estimator),
            ("z ~ Normal(0, 1) via rebar(te", Context::Options("rebar")),
            ("z ~ Normal(lo", Context::Arguments("Normal")),
            ("y = sum(exp(1), ax", Context::Arguments("sum")),
            ("y = sum([1, ", Context::Arguments("sum")),
            ("y = x + lo", Context::Expression),
            ("y = x # via ", Context::Comment),
            ("é = (", Context::Expression),
        ] {
            assert_eq!(Context::of(text, text.len()), expected, "{text}");
        }
        assert_eq!(word_at("ab cd", 3), Some(Span::new(3, 5)));
        assert_eq!(word_at("ab cd", 2), Some(Span::new(0, 2)));
        assert_eq!(word_at("é = 1", 2), None);
        assert_eq!(word_at("", 0), None);
    }
}
