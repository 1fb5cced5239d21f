//! Reading on after a mistake: at the next statement.

use super::state::Parser;
use crate::language::ast::File;
use crate::language::errors::Diagnostic;

/// Most mistakes of a text that are reported.
pub const MOST_MISTAKES: usize = 10;

/// What can be read of a text with mistakes.
#[derive(Default)]
pub(in super::super) struct Recovered {
    /// The statements without a mistake.
    pub file: File,
    /// The mistakes, in the order of the text.
    pub mistakes: Vec<Diagnostic>,
    /// The names that the other statements probably define.
    pub names: Vec<String>,
}

/// Reads all statements that can be read.
pub(in super::super) fn parse_all(source: &str) -> Recovered {
    let mut recovered = Recovered::default();
    let mut parser = match Parser::new(source, "the end of the file") {
        Ok(parser) => parser,
        Err(mistake) => match Parser::empty(source) {
            // The first word of the text is no token.
            Some(mut parser) => {
                let start = mistake.span.map_or(source.len(), |span| span.start);
                recovered.mistakes.push(*mistake);
                parser.recover(start, start, &mut recovered);
                parser
            }
            None => {
                recovered.mistakes.push(*mistake);
                return recovered;
            }
        },
    };
    while recovered.mistakes.len() < MOST_MISTAKES {
        let start = parser.span.start;
        match parser.next_statement(recovered.file.statements.len()) {
            Ok(Some(statement)) => recovered.file.statements.push(statement),
            Ok(None) => break,
            Err(mistake) => {
                let at = mistake.span.map_or(start, |span| span.start);
                recovered.mistakes.push(*mistake);
                parser.recover(start, at.max(start), &mut recovered);
            }
        }
    }
    recovered.file.expressions = parser.expressions;
    recovered
}

impl Parser<'_> {
    /// Goes on at the first line after the mistake at `at` that can be a statement, where the broken one began at `start`.
    fn recover(&mut self, mut start: usize, mut at: usize, recovered: &mut Recovered) {
        loop {
            let inside_brackets = !self.open.is_empty();
            // The present token may lie on the line of the mistake or, after an open bracket, far below it.
            let first =
                self.source[start.min(self.source.len())..].trim_start_matches(['\n', '\r', ' ', '\t']);
            let first_line = first.lines().next().unwrap_or("");
            recovered.names.extend(defined_by(first_line));
            let mut line = next_line(self.source, at);
            while line < self.source.len() && inside_brackets && !begins_statement(&self.source[line..]) {
                line = next_line(self.source, line);
            }
            match self.restart(line) {
                Ok(()) => return,
                Err(mistake) => {
                    (start, at) = (line, mistake.span.map_or(line, |span| span.start.max(line)));
                    if recovered.mistakes.len() < MOST_MISTAKES {
                        recovered.mistakes.push(*mistake);
                    }
                }
            }
        }
    }
}

/// The beginning of the line after the one of a place.
fn next_line(source: &str, at: usize) -> usize {
    source.get(at..).and_then(|rest| rest.find('\n')).map_or(source.len(), |end| at + end + 1)
}

/// Whether a text begins, without an indent, as statements do.
fn begins_statement(text: &str) -> bool {
    let line = text.lines().next().unwrap_or("");
    let mut words = words(line);
    match (words.next(), words.next()) {
        (Some("param" | "const" | "data" | "cost" | "reward" | "external" | "observe"), Some(_)) => true,
        (Some(name), _) => {
            let rest = line[name.len()..].trim_start();
            line.starts_with(name)
                && (rest.starts_with('~') || (rest.starts_with('=') && !rest.starts_with("==")))
        }
        _ => false,
    }
}

/// The names that a line with a mistake may define: its first word, and the second where it follows directly.
fn defined_by(line: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut words = words(line);
    let Some(first) = words.next() else { return found };
    let after = line.find(first).map_or("", |at| &line[at + first.len()..]);
    found.push(first.to_owned());
    if let Some(second) = words.next()
        && after.trim_start().starts_with(second)
    {
        found.push(second.to_owned());
    }
    found
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(source: &str) -> Vec<String> {
        parse_all(source).mistakes.iter().map(|m| m.place(source).unwrap().to_string()).collect()
    }

    #[test]
    fn every_broken_line_is_reported_once() {
        for (source, expected, statements) in [
            ("param a = \nb = (1 +\ncost f = b", &["1:11", "2:5"][..], 1),
            ("a = 1 $ 2\nb = ?\nc = 3\n€ = 4\ncost f = c", &["1:7", "2:5", "4:1"], 2),
            ("$\n$\ncost f = 1", &["1:1", "2:1"], 1),
            ("y = [1,\n  2 3,\n  4]\nz = 1\ncost f = ]", &["2:5", "5:10"], 1),
            ("y = sum(\n  a == 3 4\n  b\n)\ncost f = 1", &["2:10"], 1),
            ("y = 'a\nz = 1", &["1:5"], 1),
            ("if x\n  y = 1\ncost f = 2", &["1:1"], 2),
            ("y = (((((", &["1:9"], 0),
        ] {
            assert_eq!(places(source), expected, "{source}");
            assert_eq!(parse_all(source).file.statements.len(), statements, "{source}");
        }
        assert_eq!(parse_all(&"x = $\n".repeat(100)).mistakes.len(), MOST_MISTAKES);
        assert_eq!(parse_all("").mistakes, []);
    }

    #[test]
    fn names_of_broken_lines_are_known() {
        assert_eq!(parse_all("param b 0\nlet x = 1\nq += 1").names, ["param", "b", "let", "x", "q"]);
    }
}
