//! Places in a source text.
use std::fmt;

/// A piece of a source text: the bytes from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset of the byte after the last.
    pub end: usize,
}

impl Span {
    /// The bytes `start..end`.
    pub fn new(start: usize, end: usize) -> Self {
        Span { start, end }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn join(self, other: Span) -> Span {
        Span::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// The text at this place, or `""` where the span does not belong to `source`.
    pub fn text(self, source: &str) -> &str {
        source.get(self.start..self.end).unwrap_or("")
    }
}

/// A position as people and editors count it; displayed as `2:24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters (not bytes), from 1.
    pub column: usize,
}

impl Place {
    /// The line and column of a byte offset of `source`. An offset past the end means the end,
    /// one inside a character means that character. A byte-order mark has no width.
    pub fn of(source: &str, offset: usize) -> Place {
        let mut offset = offset.min(source.len());
        while !source.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &source[..offset];
        let start_of_line = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        let characters = before[start_of_line..].trim_start_matches('\u{feff}').chars();
        Place { line, column: characters.count() + 1 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let source = "\u{feff}ab\nθ = ü\r\nx";
        for (offset, line, column) in [
            (0, 1, 1),
            (3, 1, 1),
            (4, 1, 2),
            (5, 1, 3),
            (6, 2, 1),
            (7, 2, 1),
            (8, 2, 2),
            (13, 2, 6),
            (15, 3, 1),
            (999, 3, 2),
        ] {
            assert_eq!(Place::of(source, offset), Place { line, column }, "offset {offset}");
        }
        assert_eq!(Place::of("", 0).to_string(), "1:1");
    }

    #[test]
    fn spans_join_and_read() {
        let span = Span::new(4, 6).join(Span::new(1, 2));
        assert_eq!(span, Span::new(1, 6));
        assert_eq!(span.text("abcdefgh"), "bcdef");
        assert_eq!(Span::new(1, 99).text("abc"), "");
    }
}
