//! Words for pictures and terminals: how long lines are, and where they break.

use std::fmt::Write as _;

pub(crate) use aleator::drawing::text::{FONT_FAMILY, ellipsize, printable, text_width};

/// Characters of a line of a message.
const LONGEST_LINE: usize = 1000;
/// Lines of a message.
const MOST_LINES: usize = 100;

/// A message fit for a terminal, whatever files it quotes: nothing in it moves the cursor, no line and no message is endless.
pub fn message(text: &str) -> String {
    let mut lines = text.lines().map(|line| ellipsize(&printable(line), LONGEST_LINE));
    let shown: Vec<String> = lines.by_ref().take(MOST_LINES).collect();
    let more = if lines.next().is_some() { "\n…" } else { "" };
    shown.join("\n") + more
}

/// Words broken into lines of at most `width` characters, later lines indented.
pub(crate) fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column == 0 {
            let _ = write!(out, "{word}");
            column = length;
        } else if column + 1 + length > width {
            let _ = write!(out, "\n{:indent$}{word}", "");
            column = indent + length;
        } else {
            let _ = write!(out, " {word}");
            column += 1 + length;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 8, 2), "one two\n  three");
        assert_eq!(wrap("", 8, 2), "");
    }

    #[test]
    fn a_message_quotes_what_it_likes() {
        assert_eq!(message("a\n\u{1b}[2Jb\r\n"), "a\n\u{241b}[2Jb");
        assert_eq!(message(&"x".repeat(10_000)).chars().count(), LONGEST_LINE);
        assert_eq!(message(&"x\n".repeat(10_000)).lines().count(), MOST_LINES + 1);
    }
}
