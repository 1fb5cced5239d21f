//! Words in pictures: their width, what to escape, where to cut.

/// Fonts for SVG: any that the viewer has, none of them much wider than DejaVu Sans.
pub const FONT_FAMILY: &str = "Helvetica Neue, Helvetica, Arial, DejaVu Sans, sans-serif";

/// Advance widths of DejaVu Sans for the characters 32 to 126, in hundredths of the font size.
const ADVANCE: [u8; 95] = [
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    34, 34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63,
    61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97,
    63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
];

/// Approximate width of a line of text. DejaVu Sans is wider than most, so text seldom exceeds it.
pub fn text_width(text: &str, size: f64, bold: bool) -> f64 {
    let hundredths: f64 = text
        .chars()
        .map(|c| match c as usize {
            code @ 32..=126 => f64::from(ADVANCE[code - 32]),
            // Wide scripts and emoji take a full em.
            code if code >= 0x1100 => 100.0,
            _ => 65.0,
        })
        .sum();
    hundredths / 100.0 * size * if bold { 1.12 } else { 1.0 }
}

/// The text cut to at most `max_chars` characters, the last an ellipsis if anything was cut.
pub fn ellipsize(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_string();
    }
    let mut cut: String = text.chars().take(max_chars.saturating_sub(1)).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// One line fit to be shown: control and direction-changing characters, which could disturb a terminal or are no XML, replaced one for one.
pub fn printable(text: &str) -> String {
    text.chars().map(printable_char).collect()
}

fn printable_char(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => ' ',
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => {
            '\u{fffd}'
        }
        c => c,
    }
}

/// Text as the content or a quoted attribute of XML.
pub fn escape_xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' => escaped.push('\n'),
            c => escaped.push(printable_char(c)),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_cuts() {
        assert_eq!(escape_xml("a<b & \"c\"\u{1}"), "a&lt;b &amp; &quot;c&quot;\u{2401}");
        assert_eq!(ellipsize("héllo", 5), "héllo");
        assert_eq!(ellipsize("héllo wörld", 7), "héllo…");
        assert_eq!(printable("a\u{1b}[31m\u{202e}"), "a\u{241b}[31m\u{fffd}");
    }

    #[test]
    fn wider_letters_are_wider() {
        assert!(text_width("mmm", 10.0, false) > text_width("iii", 10.0, false));
        assert!(text_width("m", 10.0, true) > text_width("m", 10.0, false));
    }
}
