//! Errors in a `.scg` file: the place, an excerpt with the culprit underlined, and the remedy.

use ariadne::{Color, Config, IndexType, Label, Report, ReportKind, Source};

use super::text::printable;

/// Longest excerpt of one line, in characters.
const WINDOW: usize = 110;

/// Renders one error. The first line is `error: FILE:LINE:COL: message` (columns count characters from 1); below it stand the line with the
/// span underlined and labelled, and the help. `span` is in bytes; it may lie at or beyond the end of the file. Without a span only the
/// file is named.
///
/// A span over several lines is shown by its first one, and of a very long line only the surroundings of the span.
pub fn render_diagnostic(
    file_name: &str,
    source: &str,
    message: &str,
    span: Option<(usize, usize)>,
    label: Option<&str>,
    help: Option<&str>,
    color: bool,
) -> String {
    let file_name = printable(file_name);
    let message = lines(message);
    let help = help.map(lines);
    let error = if color { "\u{1b}[31merror:\u{1b}[0m" } else { "error:" };
    let Some((start, end)) = span else {
        let help = help.map(|help| format!("  help: {help}\n")).unwrap_or_default();
        return format!("{error} {file_name}: {message}\n{help}");
    };

    let place = Place::of(source, start, end);
    let (text, from, to) = place.excerpt();
    let location = format!("{file_name}:{}:{}", place.line, place.column);

    // Empty lines before the excerpt give ariadne the true line number.
    let skipped = place.line - 1;
    let excerpt = format!("{}{text}", "\n".repeat(skipped));
    let span = (file_name.as_str(), skipped + from..skipped + to);
    // Without a word the place would not be underlined.
    let mut mark = Label::new(span.clone()).with_message(printable(label.unwrap_or("here")));
    if color {
        mark = mark.with_color(Color::Red);
    }
    let mut report = Report::build(ReportKind::Error, span)
        .with_config(Config::default().with_color(color).with_index_type(IndexType::Char).with_tab_width(4))
        .with_label(mark);
    if let Some(help) = help {
        report = report.with_help(help);
    }
    let mut out = Vec::new();
    let written = report.finish().write((file_name.as_str(), Source::from(excerpt)), &mut out);
    let out = String::from_utf8_lossy(&out);
    // Ariadne's own first line gives way to ours; and where the source line was cut, its column is the one in the excerpt.
    let body = match (written, out.split_once('\n')) {
        (Ok(()), Some((_, body))) => body,
        _ => "",
    };
    let shown = format!("{file_name}:{}:{} ", place.line, from + 1);
    let body = body.replacen(&shown, &format!("{location} "), 1);
    let body: String = body.lines().flat_map(|line| [line.trim_end(), "\n"]).collect();
    format!("{error} {location}: {message}\n{body}")
}

/// Several lines stay several lines, each fit to be shown.
fn lines(text: &str) -> String {
    text.trim_end().lines().map(printable).collect::<Vec<_>>().join("\n")
}

/// A span's first line and where in it the span lies.
struct Place {
    /// Line number from 1.
    line: usize,
    /// Column in characters from 1.
    column: usize,
    /// The line's characters without its end.
    text: Vec<char>,
    /// How many characters of this line the span covers.
    length: usize,
}

impl Place {
    fn of(source: &str, start: usize, end: usize) -> Place {
        let start = floor_boundary(source, start);
        let end = floor_boundary(source, end.max(start));
        let line_start = source[..start].rfind('\n').map_or(0, |i| i + 1);
        let line_end = source[start..].find('\n').map_or(source.len(), |i| start + i);
        let line = source[line_start..line_end].trim_end_matches('\r');
        let start = start.min(line_start + line.len());
        let end = end.clamp(start, line_start + line.len());
        Place {
            line: source[..line_start].matches('\n').count() + 1,
            column: source[line_start..start].chars().count() + 1,
            text: printable(line).chars().collect(),
            length: source[start..end].chars().count(),
        }
    }

    /// The line, cut to a window around the span if it is long, and the span in it; never an empty span.
    fn excerpt(&self) -> (String, usize, usize) {
        let first = self.column - 1;
        let last = first + self.length.max(1);
        let mut text = self.text.clone();
        if first >= text.len() {
            // The span is the line's end: underline a blank there.
            text.push(' ');
        }
        if text.len() <= WINDOW {
            return (text.iter().collect(), first, last.min(text.len()));
        }
        let length = (last - first).min(WINDOW * 2 / 3);
        let from = first.saturating_sub((WINDOW - length) / 2).min(text.len() - WINDOW);
        let to = from + WINDOW;
        let mut cut = String::new();
        if from > 0 {
            cut.push('…');
        }
        cut.extend(&text[from..to]);
        if to < text.len() {
            cut.push('…');
        }
        let shift = from - usize::from(from > 0).min(from);
        (cut, first - shift, (first + length).min(to) - shift)
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn render(source: &str, span: (usize, usize)) -> String {
        render_diagnostic(
            "toy.scg",
            source,
            "unknown name `thta`",
            Some(span),
            Some("not defined"),
            Some("did you mean `theta`?"),
            false,
        )
    }

    #[test]
    fn names_the_place_and_shows_it() {
        let source = "param theta = 0.0\nb ~ Bernoulli(logits = thta)\ncost f = b\n";
        let at = source.find("thta").unwrap();
        let text = render(source, (at, at + 4));
        println!("{text}");
        assert!(text.starts_with("error: toy.scg:2:24: unknown name `thta`\n"), "{text}");
        assert!(text.contains("2 │ b ~ Bernoulli(logits = thta)\n"), "{text}");
        assert!(text.contains("not defined"), "{text}");
        assert!(text.contains("Help: did you mean `theta`?"), "{text}");
        assert!(text.contains("[ toy.scg:2:24 ]"), "{text}");
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn columns_count_characters() {
        let source = "# größe\r\nσ = exp(λ)\r\n";
        let at = source.find('λ').unwrap();
        let text = render(source, (at, at + 'λ'.len_utf8()));
        assert!(text.starts_with("error: toy.scg:2:9: "), "{text}");
        assert!(!text.contains('\r'));
    }

    #[test]
    fn ends_and_emptiness() {
        assert!(render("", (0, 0)).starts_with("error: toy.scg:1:1: "));
        assert!(render("", (7, 9)).starts_with("error: toy.scg:1:1: "));
        assert!(render("cost f = (", (10, 10)).starts_with("error: toy.scg:1:11: "));
        assert!(render("cost f = (\n", (11, 11)).starts_with("error: toy.scg:2:1: "));
        assert!(render("a = 1\r\n", (5, 7)).starts_with("error: toy.scg:1:6: "));
        let without =
            render_diagnostic("toy.scg", "", "no cost", None, None, Some("add `cost f = ...`"), false);
        assert_eq!(without, "error: toy.scg: no cost\n  help: add `cost f = ...`\n");
    }

    #[test]
    fn long_lines_are_cut_around_the_span() {
        let source = format!("x = {}thta{}\n", "a + ".repeat(9000), " + b".repeat(9000));
        let at = source.find("thta").unwrap();
        let text = render(&source, (at, at + 4));
        println!("{text}");
        assert!(text.starts_with(&format!("error: toy.scg:1:{}: ", at + 1)));
        assert!(text.contains(&format!("[ toy.scg:1:{} ]", at + 1)), "{text}");
        assert!(text.contains("thta") && text.contains('…'));
        assert!(text.len() < 1500, "{}", text.len());
        let whole = render(&source, (4, source.len()));
        assert!(whole.len() < 1800, "{}", whole.len());
        assert!(render(&source, (source.len() - 1, source.len())).len() < 1500);
    }

    #[test]
    fn colour_only_when_asked() {
        let text = render_diagnostic("toy.scg", "a = 1", "no", Some((0, 1)), None, None, true);
        assert!(text.contains("\u{1b}["));
    }

    #[test]
    fn hostile_text_is_defused() {
        let text = render_diagnostic(
            "a\u{1b}[2J",
            "x \u{1b}[2J \u{2028} y",
            "m\u{7}",
            Some((2, 3)),
            Some("l\n"),
            Some("h\u{1b}"),
            false,
        );
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text}");
    }

    proptest! {
        #[test]
        fn never_panics(source in "(?s).{0,80}", start in 0usize..200, length in 0usize..100, color: bool) {
            let text = render_diagnostic("f", &source, "m", Some((start, start + length)), Some("l"), Some("h"), color);
            prop_assert!(text.contains("f:"));
        }

        #[test]
        fn first_line_is_the_contract(source in "[a-zλ字\r\n\t ]{0,400}", start in 0usize..900, length in 0usize..300) {
            let text = render_diagnostic("f", &source, "m", Some((start, start + length)), None, None, false);
            let first = text.lines().next().unwrap();
            let mut fields = first.split(':');
            prop_assert_eq!(fields.next(), Some("error"));
            prop_assert_eq!(fields.next(), Some(" f"));
            let line: usize = fields.next().unwrap().parse().unwrap();
            let column: usize = fields.next().unwrap().parse().unwrap();
            prop_assert!(line >= 1 && column >= 1);
        }
    }
}
