//! The parser between two tokens.

use super::limits::LONGEST_SOURCE;
use crate::language::ast::{BinaryOperator, ExprId, Expressions, Name, Precedence, UnaryOperator};
use crate::language::errors::{Diagnostic, quote};
use crate::language::lexer::{Lexer, Token};
use crate::language::span::Span;

/// An operator that waits for its right operand.
pub(super) enum Pending {
    Prefix(UnaryOperator, Span),
    Infix(BinaryOperator, ExprId),
}

impl Pending {
    pub fn precedence(&self) -> Precedence {
        match self {
            Pending::Prefix(operator, _) => operator.precedence(),
            Pending::Infix(operator, _) => operator.precedence(),
        }
    }
}

/// The place in the text, and what has been read of it. What it reads is said in the files beside this one.
pub(super) struct Parser<'s> {
    pub source: &'s str,
    lexer: Lexer<'s>,
    /// The token to be read next, and its place.
    pub token: Token,
    pub span: Span,
    /// Where the token before it ends.
    pub previous_end: usize,
    /// The brackets that are open.
    pub open: Vec<Span>,
    /// Levels of nesting: open brackets, waiting prefix operators and powers.
    pub depth: usize,
    pub elements: usize,
    pub pending: Vec<Pending>,
    pub expressions: Expressions,
    /// What messages call the end of the text.
    end: &'static str,
}

/// Boxed, so that the frames of the recursion stay small.
pub(super) type Result<T, E = Box<Diagnostic>> = std::result::Result<T, E>;

#[cold]
pub(super) fn fail<T>(diagnostic: Diagnostic) -> Result<T> {
    Err(Box::new(diagnostic))
}

impl<'s> Parser<'s> {
    pub fn new(source: &'s str, end: &'static str) -> Result<Self> {
        if source.len() > LONGEST_SOURCE {
            return fail(
                Diagnostic::new(format!("the text is longer than {} MiB", LONGEST_SOURCE >> 20))
                    .help("keep numbers in a file of their own: data x : [..] = file(\"x.npy\")"),
            );
        }
        let mut parser = Parser::before(source, end);
        (parser.token, parser.span) = parser.lexer.next()?;
        Ok(parser)
    }

    /// A parser of a text that is not too long, whose first token has not been read.
    pub fn empty(source: &'s str) -> Option<Self> {
        (source.len() <= LONGEST_SOURCE).then(|| Parser::before(source, "the end of the file"))
    }

    fn before(source: &'s str, end: &'static str) -> Self {
        Parser {
            source,
            lexer: Lexer::new(source),
            token: Token::Newline,
            span: Span::new(0, 0),
            previous_end: 0,
            open: Vec::new(),
            depth: 0,
            elements: 0,
            pending: Vec::new(),
            expressions: Expressions::default(),
            end,
        }
    }

    /// Forgets what was open, and goes on at another place.
    pub fn restart(&mut self, at: usize) -> Result<()> {
        self.lexer.restart(at);
        self.open.clear();
        self.pending.clear();
        self.depth = 0;
        self.previous_end = at;
        (self.token, self.span) = (Token::Newline, Span::new(at, at));
        (self.token, self.span) = self.lexer.next()?;
        Ok(())
    }

    // Tokens.

    pub fn advance(&mut self) -> Result<()> {
        self.previous_end = self.span.end;
        (self.token, self.span) = self.lexer.next()?;
        Ok(())
    }

    pub fn skip_newlines(&mut self) -> Result<()> {
        while self.token == Token::Newline {
            self.advance()?;
        }
        Ok(())
    }

    pub fn text(&self) -> &'s str {
        self.span.text(self.source)
    }

    pub fn since(&self, start: usize) -> Span {
        Span::new(start, self.previous_end)
    }

    /// The present token, for a message.
    fn found(&self) -> String {
        match self.token {
            Token::End => self.end.to_owned(),
            Token::Newline => "the end of the line".to_owned(),
            _ => quote(self.text()),
        }
    }

    pub fn unexpected(&self, expected: &str) -> Diagnostic {
        Diagnostic::new(format!("expected {expected}, found {}", self.found()))
            .at(self.span)
            .label(format!("expected {expected}"))
    }

    /// Whether the line, or the text, ended before the present token.
    pub fn at_new_line(&self) -> bool {
        matches!(self.token, Token::End | Token::Newline)
            || self.source[self.previous_end..self.span.start].contains('\n')
    }

    pub fn name(&mut self) -> Result<Name> {
        let name = Name { text: self.text().to_owned(), span: self.span };
        self.advance()?;
        Ok(name)
    }
}

pub(super) fn reserved_help(word: &str) -> String {
    format!("`{word}` is a word of the language and cannot be a name; choose another, such as `{word}_`")
}
