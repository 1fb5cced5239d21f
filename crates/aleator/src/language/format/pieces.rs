//! A text as lines of pieces: tokens with the comments beside them, and brackets with what they hold.

use crate::language::errors::Diagnostic;
use crate::language::lexer::{Lexer, Token};

/// A line of a text, or several that brackets join.
pub(super) enum Line {
    /// One or more empty lines between others.
    Blank,
    /// A comment alone.
    Comment(String),
    /// A statement, and the comment at its end.
    Code {
        /// What it is made of.
        pieces: Vec<Piece>,
        /// With its `#`.
        comment: Option<String>,
    },
}

/// A token with the comments beside it.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub token: Token,
    pub text: String,
    /// Comments on lines of their own before it.
    pub before: Vec<String>,
    /// The comment after it on its line.
    pub after: Option<String>,
}

/// A part of a statement.
pub(super) enum Piece {
    /// A token that is no bracket.
    Leaf(Leaf),
    /// Brackets with what they hold.
    Group(Group),
}

/// What stands between commas, and the comma after it.
pub(super) type Element = (Vec<Piece>, Option<Leaf>);

/// Brackets with what they hold.
pub(super) struct Group {
    pub open: Leaf,
    pub elements: Vec<Element>,
    pub close: Leaf,
    /// Whether there is a comment inside.
    pub has_comments: bool,
}

impl Leaf {
    fn has_comments(&self) -> bool {
        !self.before.is_empty() || self.after.is_some()
    }
}

impl Piece {
    fn has_comments(&self) -> bool {
        match self {
            Piece::Leaf(leaf) => leaf.has_comments(),
            Piece::Group(group) => {
                group.has_comments || !group.open.before.is_empty() || group.close.after.is_some()
            }
        }
    }

    /// The first and the last token.
    pub fn ends(&self) -> (&Leaf, &Leaf) {
        match self {
            Piece::Leaf(leaf) => (leaf, leaf),
            Piece::Group(group) => (&group.open, &group.close),
        }
    }
}

/// The lines of a text that can be parsed.
pub(super) fn lines(source: &str) -> Result<Vec<Line>, Diagnostic> {
    let mut lexer = Lexer::new(source);
    let mut lines: Vec<Line> = Vec::new();
    let mut leaves: Vec<Leaf> = Vec::new();
    let (mut end, mut depth) = (0, 0usize);
    loop {
        let (token, span) = lexer.next()?;
        let gap = Gap::of(&source[end..span.start], end == 0);
        end = span.end;
        let outside = depth == 0 && leaves.is_empty();
        if outside {
            push_gap(&mut lines, &gap);
        }
        match token {
            Token::Newline | Token::End if !leaves.is_empty() => {
                let pieces = Builder::build(std::mem::take(&mut leaves));
                lines.push(Line::Code { pieces, comment: gap.same_line.clone() });
                push_comments(&mut lines, &gap.own_lines);
            }
            Token::Newline | Token::End => {}
            _ => {
                let (mut before, mut after) = (Vec::new(), None);
                if !outside {
                    after = gap.same_line;
                    before = gap.own_lines.into_iter().map(|(comment, _)| comment).collect();
                }
                // A comment that a comma took stays there; the one after the comma goes to a line of its own.
                match leaves.last_mut() {
                    Some(last) if last.after.is_none() => last.after = after,
                    _ => before.splice(0..0, after).for_each(drop),
                }
                // `x  # note` before a comma is `x,  # note`.
                let mut taken = None;
                if token == Token::Comma {
                    taken = leaves.last_mut().and_then(|last| last.after.take());
                }
                match token {
                    Token::OpenParen | Token::OpenBracket => depth += 1,
                    Token::CloseParen | Token::CloseBracket => depth = depth.saturating_sub(1),
                    _ => {}
                }
                let text = span.text(source).to_owned();
                leaves.push(Leaf { token, text, before, after: taken });
            }
        }
        if token == Token::End {
            break;
        }
        if token == Token::Newline {
            // A line that has nothing but its end.
            let rest = &source[end..];
            let empty = rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n');
            if empty && !matches!(lines.last(), None | Some(Line::Blank)) {
                lines.push(Line::Blank);
            }
        }
    }
    while matches!(lines.last(), Some(Line::Blank)) {
        lines.pop();
    }
    Ok(lines)
}

/// Comments before a statement: all stand on lines of their own.
fn push_gap(lines: &mut Vec<Line>, gap: &Gap) {
    if let Some(comment) = &gap.same_line {
        lines.push(Line::Comment(comment.clone()));
    }
    push_comments(lines, &gap.own_lines);
}

fn push_comments(lines: &mut Vec<Line>, comments: &[(String, bool)]) {
    for (comment, blank) in comments {
        if *blank && !matches!(lines.last(), None | Some(Line::Blank)) {
            lines.push(Line::Blank);
        }
        lines.push(Line::Comment(comment.clone()));
    }
}

/// What stands between two tokens.
struct Gap {
    /// The comment on the line of the first token.
    same_line: Option<String>,
    /// Comments on later lines, and whether an empty line comes before.
    own_lines: Vec<(String, bool)>,
}

impl Gap {
    /// Of the text between two tokens; `first` is before the first token of all.
    fn of(text: &str, first: bool) -> Gap {
        let mut gap = Gap { same_line: None, own_lines: Vec::new() };
        let mut blank = false;
        for (i, line) in text.trim_start_matches('\u{feff}').split('\n').enumerate() {
            let line = line.trim();
            if line.starts_with('#') {
                if i == 0 && !first {
                    gap.same_line = Some(line.to_owned());
                } else {
                    gap.own_lines.push((line.to_owned(), blank));
                }
                blank = false;
            } else {
                blank |= i > 0;
            }
        }
        gap
    }
}

/// A group that is open: the bracket, finished elements, and the present one.
type Open = (Leaf, Vec<Element>, Vec<Piece>);

/// Groups tokens by their brackets, without recursion.
struct Builder {
    stack: Vec<Open>,
    top: Vec<Piece>,
}

impl Builder {
    fn build(leaves: Vec<Leaf>) -> Vec<Piece> {
        let mut builder = Builder { stack: Vec::new(), top: Vec::new() };
        for leaf in leaves {
            builder.add(leaf);
        }
        builder.top
    }

    fn push(&mut self, piece: Piece) {
        match self.stack.last_mut() {
            Some((_, _, present)) => present.push(piece),
            None => self.top.push(piece),
        }
    }

    fn add(&mut self, leaf: Leaf) {
        match leaf.token {
            Token::OpenParen | Token::OpenBracket => self.stack.push((leaf, Vec::new(), Vec::new())),
            Token::CloseParen | Token::CloseBracket => {
                if let Some((open, elements, present)) = self.stack.pop() {
                    self.push(Piece::Group(Group::of(open, elements, present, leaf)));
                }
            }
            Token::Comma => match self.stack.last_mut() {
                Some((_, elements, present)) => elements.push((std::mem::take(present), Some(leaf))),
                None => self.push(Piece::Leaf(leaf)),
            },
            _ => self.push(Piece::Leaf(leaf)),
        }
    }
}

impl Group {
    fn of(open: Leaf, mut elements: Vec<Element>, last: Vec<Piece>, mut close: Leaf) -> Group {
        match last.is_empty() {
            false => elements.push((last, None)),
            // The comma after the last element goes away; its comments stay.
            true => {
                if let Some((pieces, comma)) = elements.last_mut()
                    && let Some(Leaf { mut before, mut after, .. }) = comma.take()
                {
                    match pieces.last_mut() {
                        Some(Piece::Leaf(last)) if before.is_empty() && last.after.is_none() => {
                            last.after = after.take();
                        }
                        Some(Piece::Group(last)) if before.is_empty() && last.close.after.is_none() => {
                            last.close.after = after.take();
                        }
                        _ => {}
                    }
                    before.extend(after);
                    before.append(&mut close.before);
                    close.before = before;
                }
            }
        }
        let inside = |(pieces, comma): &Element| {
            pieces.iter().any(Piece::has_comments) || comma.as_ref().is_some_and(Leaf::has_comments)
        };
        let has_comments = open.after.is_some() || !close.before.is_empty() || elements.iter().any(inside);
        Group { open, elements, close, has_comments }
    }
}
