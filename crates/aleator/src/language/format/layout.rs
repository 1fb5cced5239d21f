//! Pieces of a statement to text: spaces between tokens, and lines that break inside brackets.

use super::pieces::{Group, Leaf, Piece};
use crate::language::lexer::Token;

/// Longest line that is not broken, in characters, without its comment.
pub(super) const WIDTH: usize = 100;
/// Spaces of one level.
const INDENT: usize = 4;

/// Writes one statement.
pub(super) struct Writer {
    out: String,
    /// Characters of the present line.
    column: usize,
    indent: usize,
    /// Whether the next token goes to a new line, because a comment ends this one.
    new_line: bool,
    /// Open brackets around the present token that are square.
    square: Vec<bool>,
}

/// A sequence of pieces with what stands before its first.
type Sequence<'a> = &'a [Piece];

impl Writer {
    /// The text of a statement, without the end of its line.
    pub fn write(pieces: &[Piece]) -> String {
        let mut writer =
            Writer { out: String::new(), column: 0, indent: 0, new_line: false, square: Vec::new() };
        let fits =
            pieces.iter().all(|piece| !has_inner_comments(piece)) && flat_width(pieces, false) <= WIDTH;
        writer.sequence(pieces, fits, 0);
        writer.out
    }

    fn line(&mut self) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', self.indent));
        self.column = self.indent;
        self.new_line = false;
    }

    fn at_line_start(&self) -> bool {
        self.column == self.indent && self.out[self.out.rfind('\n').map_or(0, |i| i + 1)..].trim().is_empty()
    }

    fn leaf(&mut self, leaf: &Leaf, space: bool) {
        for comment in &leaf.before {
            if self.new_line || !self.at_line_start() {
                self.line();
            }
            self.out.push_str(comment);
            self.new_line = true;
        }
        if self.new_line {
            self.line();
        } else if space && !self.at_line_start() {
            self.out.push(' ');
            self.column += 1;
        }
        self.out.push_str(&leaf.text);
        self.column += leaf.text.chars().count();
        if let Some(comment) = &leaf.after {
            self.out.push_str("  ");
            self.out.push_str(comment);
            self.new_line = true;
        }
    }

    /// Pieces one after another; `flat` where they are known to fit. `tail` characters follow the last on its line.
    fn sequence(&mut self, pieces: Sequence<'_>, flat: bool, tail: usize) {
        let square = self.square.last().copied().unwrap_or(false);
        for (i, piece) in pieces.iter().enumerate() {
            let space = space_before(pieces, i, square, !self.square.is_empty());
            match piece {
                Piece::Leaf(leaf) => self.leaf(leaf, space),
                Piece::Group(group) => {
                    let fits = flat || {
                        let rest = width_to_next_group(pieces, i, square, !self.square.is_empty(), tail);
                        !group.has_comments
                            && self.column + usize::from(space) + group_width(group) + rest <= WIDTH
                    };
                    self.group(group, fits, space);
                }
            }
        }
    }

    fn group(&mut self, group: &Group, flat: bool, space: bool) {
        self.leaf(&group.open, space);
        self.square.push(group.open.token == Token::OpenBracket);
        if flat || group.elements.is_empty() && !group.has_comments {
            for (i, (pieces, comma)) in group.elements.iter().enumerate() {
                if i > 0 {
                    self.out.push(' ');
                    self.column += 1;
                }
                self.sequence(pieces, true, 0);
                if let Some(comma) = comma {
                    self.leaf(comma, false);
                }
            }
        } else {
            self.indent += INDENT;
            self.elements(group);
            self.indent -= INDENT;
            match group.close.before.is_empty() {
                true => self.line(),
                // The comments before the bracket have the indent of the elements.
                false => {
                    self.indent += INDENT;
                    for comment in &group.close.before {
                        self.line();
                        self.out.push_str(comment);
                    }
                    self.indent -= INDENT;
                    self.line();
                }
            }
        }
        self.square.pop();
        let close = Leaf { before: Vec::new(), ..group.close.clone() };
        match flat {
            true => self.leaf(&group.close, false),
            false => self.leaf(&close, false),
        }
    }

    /// Elements on lines of their own; short ones without comments fill lines.
    fn elements(&mut self, group: &Group) {
        let square = group.open.token == Token::OpenBracket;
        let filled = !group.has_comments && group.elements.iter().all(|(pieces, _)| is_short(pieces));
        for (i, (pieces, comma)) in group.elements.iter().enumerate() {
            let after = usize::from(comma.is_some());
            let width = flat_width(pieces, square) + after;
            if i == 0 || !filled || self.column + 1 + width > WIDTH {
                self.line();
            } else {
                self.out.push(' ');
                self.column += 1;
            }
            let quiet = pieces.iter().all(|piece| !has_comments(piece));
            if quiet && self.column + width <= WIDTH {
                self.sequence(pieces, true, 0);
            } else {
                self.broken(pieces, square, after);
            }
            if let Some(comma) = comma {
                self.leaf(comma, false);
            }
        }
    }

    /// An element that is too long for a line: a new one before each of its loosest operators.
    fn broken(&mut self, pieces: Sequence<'_>, square: bool, tail: usize) {
        let loosest = (0..pieces.len()).filter_map(|i| level(pieces, i)).min();
        let mut start = 0;
        for i in 0..pieces.len() {
            if i > start && loosest.is_some() && level(pieces, i) == loosest {
                self.part(pieces, start, i, square, 0);
                // A comment at the end of the part, or before the operator, begins the line itself.
                if !self.new_line && pieces[i].ends().0.before.is_empty() {
                    self.line();
                }
                start = i;
            }
        }
        self.part(pieces, start, pieces.len(), square, tail);
    }

    /// The pieces from `start` to `end` of a sequence.
    fn part(&mut self, pieces: Sequence<'_>, start: usize, end: usize, square: bool, tail: usize) {
        for i in start..end {
            let space = space_before(pieces, i, square, true);
            match &pieces[i] {
                Piece::Leaf(leaf) => self.leaf(leaf, space),
                Piece::Group(group) => {
                    let rest = width_to_next_group(&pieces[..end], i, square, true, tail);
                    let fits = !group.has_comments
                        && self.column + usize::from(space) + group_width(group) + rest <= WIDTH;
                    self.group(group, fits, space);
                }
            }
        }
    }
}

fn has_comments(piece: &Piece) -> bool {
    let (first, last) = piece.ends();
    !first.before.is_empty() || last.after.is_some() || has_inner_comments(piece)
}

fn has_inner_comments(piece: &Piece) -> bool {
    match piece {
        Piece::Leaf(leaf) => leaf.after.is_some() || !leaf.before.is_empty(),
        Piece::Group(group) => group.has_comments,
    }
}

/// A number, a name, or minus one of them.
fn is_short(pieces: &[Piece]) -> bool {
    match pieces {
        [Piece::Leaf(_)] => true,
        [Piece::Leaf(sign), Piece::Leaf(_)] => sign.token == Token::Minus,
        _ => false,
    }
}

fn group_width(group: &Group) -> usize {
    let square = group.open.token == Token::OpenBracket;
    let elements = group.elements.iter().map(|(pieces, _)| flat_width_inside(pieces, square));
    2 + elements.sum::<usize>() + 2 * group.elements.len().saturating_sub(1)
}

/// The characters of pieces on one line, outside of brackets where `square` is false and there are none around.
fn flat_width(pieces: &[Piece], square: bool) -> usize {
    width_of(pieces, square, square)
}

fn flat_width_inside(pieces: &[Piece], square: bool) -> usize {
    width_of(pieces, square, true)
}

fn width_of(pieces: &[Piece], square: bool, inside: bool) -> usize {
    let width =
        |i: usize| usize::from(i > 0 && space_before(pieces, i, square, inside)) + piece_width(&pieces[i]);
    (0..pieces.len()).map(width).sum()
}

fn piece_width(piece: &Piece) -> usize {
    match piece {
        Piece::Leaf(leaf) => leaf.text.chars().count(),
        Piece::Group(group) => group_width(group),
    }
}

/// The characters after the piece at `i` that must stay on its line: up to the next bracket that can be broken.
fn width_to_next_group(pieces: &[Piece], i: usize, square: bool, inside: bool, tail: usize) -> usize {
    let mut width = 0;
    for j in i + 1..pieces.len() {
        width += usize::from(space_before(pieces, j, square, inside));
        match &pieces[j] {
            Piece::Leaf(leaf) => width += leaf.text.chars().count(),
            Piece::Group(group) if group.elements.is_empty() => width += 2,
            Piece::Group(_) => return width + 1,
        }
    }
    width + tail
}

/// How tightly the binary operator at a place binds, loosest first.
fn level(pieces: &[Piece], i: usize) -> Option<u8> {
    let Piece::Leaf(leaf) = &pieces[i] else { return None };
    Some(match leaf.token {
        Token::Or => 0,
        Token::And => 1,
        Token::Less
        | Token::LessEqual
        | Token::Greater
        | Token::GreaterEqual
        | Token::Equal
        | Token::NotEqual => 2,
        Token::Plus => 3,
        Token::Minus if !is_prefix(pieces, i) => 3,
        Token::Star | Token::Slash | Token::At => 4,
        _ => return None,
    })
}

/// Whether the minus at a place is a sign.
fn is_prefix(pieces: &[Piece], i: usize) -> bool {
    match i.checked_sub(1).map(|before| &pieces[before]) {
        None => true,
        Some(Piece::Group(_)) => false,
        Some(Piece::Leaf(leaf)) => match leaf.token {
            Token::Name => i == 1 && is_observe(pieces),
            Token::Number | Token::Text | Token::True | Token::False => false,
            _ => true,
        },
    }
}

/// Whether a statement begins with the word `observe`, and not with a name of this spelling.
fn is_observe(pieces: &[Piece]) -> bool {
    let defines = |piece: &Piece| match piece {
        Piece::Leaf(leaf) => matches!(leaf.token, Token::Equals | Token::Tilde),
        Piece::Group(_) => false,
    };
    match pieces {
        [Piece::Leaf(first), second, ..] => first.text == "observe" && !defines(second),
        _ => false,
    }
}

/// Whether there is a space before the piece at a place; `square` and `inside` tell of the brackets around.
fn space_before(pieces: &[Piece], i: usize, square: bool, inside: bool) -> bool {
    let Some(before) = i.checked_sub(1) else { return false };
    let (_, last) = pieces[before].ends();
    let (first, _) = pieces[i].ends();
    let sign = |place: usize| {
        matches!(&pieces[place], Piece::Leaf(leaf) if leaf.token == Token::Minus) && is_prefix(pieces, place)
    };
    match (last.token, first.token) {
        (_, Token::Comma) => false,
        (Token::Caret, _) | (_, Token::Caret) => false,
        // The colon of a slice.
        (Token::Colon, _) | (_, Token::Colon) if inside && square => false,
        _ if sign(before) => false,
        // Calls, indices and copies.
        (Token::Name, Token::OpenParen | Token::OpenBracket) => before == 0 && !inside && is_observe(pieces),
        (Token::File, Token::OpenParen) => false,
        (Token::CloseParen | Token::CloseBracket, Token::OpenBracket) => false,
        _ => true,
    }
}
