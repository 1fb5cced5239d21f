//! The canonical form of a text: the same tokens and comments, with spaces and line ends where they belong.
//!
//! | what | how |
//! |---|---|
//! | statements | one a line, as they are; of several empty lines one is kept |
//! | spaces | around operators and `=`, after commas; none around `^`, inside brackets and around the `:` of a slice |
//! | long lines | broken inside brackets: one element a line, or as many numbers as fit; before operators where that is not enough |
//! | comments | where they were: on lines of their own, or two spaces after what they follow, in one column on adjacent lines |
//!
//! Numbers and parentheses stay as they were written. A comma after the last element goes away.

mod layout;
mod pieces;

use super::errors::Diagnostic;
use super::parser::parse;

use layout::Writer;
use pieces::{Line, lines};

/// The canonical form of a text, which has the same syntax tree and comments. Formatting it again changes nothing.
///
/// # Errors
/// The first mistake of the text, if it cannot be parsed.
///
/// ```
/// let text = aleator::language::format("param t=0.5# start\n\n\nz~Normal(t,1) [3]\ncost f=sum( z^ 2 )")?;
/// assert_eq!(text, "param t = 0.5  # start\n\nz ~ Normal(t, 1)[3]\ncost f = sum(z^2)\n");
/// # Ok::<(), aleator::language::Diagnostic>(())
/// ```
pub fn format(source: &str) -> Result<String, Diagnostic> {
    parse(source)?;
    let mut out = String::with_capacity(source.len());
    // Adjacent lines of code with comments at their ends: code and comment.
    let mut adjacent: Vec<(String, String)> = Vec::new();
    for line in lines(source)? {
        match line {
            Line::Blank => {
                align(&mut out, &mut adjacent);
                out.push('\n');
            }
            Line::Comment(comment) => {
                align(&mut out, &mut adjacent);
                out.push_str(&comment);
                out.push('\n');
            }
            Line::Code { pieces, comment } => {
                let code = Writer::write(&pieces);
                match comment {
                    Some(comment) if !code.contains('\n') => adjacent.push((code, comment)),
                    comment => {
                        align(&mut out, &mut adjacent);
                        adjacent.push((code, comment.unwrap_or_default()));
                        align(&mut out, &mut adjacent);
                    }
                }
            }
        }
    }
    align(&mut out, &mut adjacent);
    Ok(out)
}

/// Writes lines with their comments in one column.
fn align(out: &mut String, lines: &mut Vec<(String, String)>) {
    let width = |code: &str| code.rsplit('\n').next().unwrap_or(code).chars().count();
    let column = lines.iter().map(|(code, _)| width(code)).max().unwrap_or(0);
    for (code, comment) in lines.drain(..) {
        out.push_str(&code);
        if !comment.is_empty() {
            out.extend(std::iter::repeat_n(' ', column - width(&code) + 2));
            out.push_str(&comment);
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests;
