//! Places as editors count them, in lines and UTF-16 units from 0, and in bytes.

use aleator::language::Span;
use lsp_types::{Position, Range};

/// The offset of a position; a position outside of the text means the nearest place in it.
pub(super) fn offset(text: &str, position: Position) -> usize {
    let mut start = 0;
    for _ in 0..position.line {
        match text[start..].find('\n') {
            Some(end) => start += end + 1,
            None => return text.len(),
        }
    }
    let line = text[start..].split('\n').next().unwrap_or("").trim_end_matches('\r');
    let mut units = 0;
    for (at, character) in line.char_indices() {
        if units >= position.character as usize {
            return start + at;
        }
        units += character.len_utf16();
    }
    start + line.len()
}

/// The position of an offset; one inside a character means its beginning.
pub(super) fn position(text: &str, offset: usize) -> Position {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.bytes().filter(|&byte| byte == b'\n').count();
    let character: usize = before[start..].chars().map(char::len_utf16).sum();
    Position { line: line as u32, character: character as u32 }
}

/// The range of a span.
pub(super) fn range(text: &str, span: Span) -> Range {
    Range { start: position(text, span.start), end: position(text, span.end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_of_utf_16() {
        let text = "aé😀b\r\nc";
        for (at, line, character) in
            [(0, 0, 0), (1, 0, 1), (3, 0, 2), (7, 0, 4), (8, 0, 5), (10, 1, 0), (11, 1, 1)]
        {
            let place = Position { line, character };
            assert_eq!(position(text, at), place, "{at}");
            assert_eq!(offset(text, place), at, "{at}");
        }
        // Outside of the text, and inside a character.
        for (line, character, at) in
            [(0, 99, 8), (9, 0, 11), (1, 99, 11), (u32::MAX, u32::MAX, 11), (0, 3, 7)]
        {
            assert_eq!(offset(text, Position { line, character }), at, "{line}:{character}");
        }
        assert_eq!(position(text, 5), Position { line: 0, character: 2 });
        assert_eq!(position(text, 999), Position { line: 1, character: 1 });
        assert_eq!(offset("", Position { line: 3, character: 3 }), 0);
    }
}
