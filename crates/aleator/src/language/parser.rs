//! Tokens to a syntax tree: recursive descent for statements and brackets, an operator stack for expressions.
//!
//! Chains of operators use no recursion at all. Brackets do, and so may whoever walks the tree through a prefix or
//! right-associative operator; therefore brackets, prefix operators and `^` together may nest [`DEEPEST_NESTING`] levels.

mod brackets;
mod expressions;
mod statements;

use expressions::Pending;

use super::ast::{
    Argument, BinaryOperator, Call, Copies, DataSource, EstimatorCall, Expr, ExprId, Expressions, File,
    Index, Name, Node, Precedence, Shape, Statement, StatementKind, UnaryOperator,
};
use super::errors::{Diagnostic, quote};
use super::lexer::{Lexer, Token};
use super::names;
use super::span::{Place, Span};

/// How deep brackets, prefix operators and `^` may nest.
pub const DEEPEST_NESTING: usize = 200;
/// Longest source text, in bytes.
pub const LONGEST_SOURCE: usize = 16 << 20;
/// Most statements in a file.
pub const MOST_STATEMENTS: usize = 100_000;
/// Most expressions in a file, each number, name and operation counted.
pub const MOST_EXPRESSIONS: usize = 1 << 20;
/// Most elements of all lists of a file together.
pub const MOST_LIST_ELEMENTS: usize = 1 << 18;
/// Most arguments of a call, indices of an element, or axes of a shape.
pub const MOST_ARGUMENTS: usize = 64;

/// Reads a file. Names are looked at by [`check_names`](super::check_names), shapes later.
///
/// # Errors
/// The first mistake of the text, with its place and a remedy.
///
/// ```
/// let file = aleator::language::parse("param t = 0\nb ~ Bernoulli(logits = t)\ncost f = (b - 0.45)^2")?;
/// assert_eq!(file.statements.len(), 3);
/// let mistake = aleator::language::parse("param t 0").unwrap_err();
/// assert_eq!(mistake.help.unwrap(), "write `param t = 0`");
/// # Ok::<(), aleator::language::Diagnostic>(())
/// ```
pub fn parse(source: &str) -> Result<File, Diagnostic> {
    let mut parser = Parser::new(source, "the end of the file")?;
    let mut statements = Vec::new();
    loop {
        parser.skip_newlines()?;
        if parser.token == Token::End {
            return Ok(File { statements, expressions: parser.expressions });
        }
        if statements.len() == MOST_STATEMENTS {
            return Err(Diagnostic::new(format!("the file has more than {MOST_STATEMENTS} statements"))
                .at(parser.span));
        }
        let statement = parser.statement()?;
        parser.end_of_statement(&statement)?;
        statements.push(statement);
    }
}

/// An estimator with its options, and the arena that holds their values.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimator {
    /// Values of the options.
    pub expressions: Expressions,
    /// Name and options.
    pub call: EstimatorCall,
}

/// What follows `--via`: an estimator for one site, or for all.
#[derive(Debug, Clone, PartialEq)]
pub struct Via {
    /// The site, or `None` for every site.
    pub site: Option<Name>,
    /// The estimator.
    pub estimator: Estimator,
}

/// What follows `--set`: a parameter or constant and its new value.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Whose value it is.
    pub name: Name,
    /// The arena that holds the value.
    pub expressions: Expressions,
    /// The value; no name occurs in it but `pi` and `inf`.
    pub value: ExprId,
}

/// Reads an estimator, such as `rebar` or `rebar(temperature=0.3)`.
///
/// # Errors
/// The first mistake, with its place in `text` and a remedy.
pub fn parse_estimator(text: &str) -> Result<Estimator, Diagnostic> {
    let mut parser = Parser::new(text, "its end")?;
    parser.skip_newlines()?;
    let call = parser.estimator_call()?;
    parser.end_of_text("write an estimator such as `rebar(temperature=0.3)`")?;
    Ok(Estimator { expressions: parser.expressions, call })
}

/// Reads the value of `--via`, such as `b=rebar(temperature=0.3)` or `rebar`.
///
/// # Errors
/// The first mistake, with its place in `text` and a remedy.
pub fn parse_via(text: &str) -> Result<Via, Diagnostic> {
    let mut parser = Parser::new(text, "its end")?;
    parser.skip_newlines()?;
    let mut call = parser.estimator_call()?;
    let mut site = None;
    if parser.token == Token::Equals && call.span == call.name.span {
        parser.advance()?;
        site = Some(call.name);
        call = parser.estimator_call()?;
    }
    parser.end_of_text("write `SITE=ESTIMATOR` or `ESTIMATOR`, such as `b=rebar(temperature=0.3)`")?;
    Ok(Via { site, estimator: Estimator { expressions: parser.expressions, call } })
}

/// Reads the value of `--set`, such as `theta=0.7` or `phi=[0.1, 0.2]`.
///
/// # Errors
/// The first mistake, with its place in `text` and a remedy; also a value that is no constant expression.
pub fn parse_set(text: &str) -> Result<Setting, Diagnostic> {
    const HELP: &str = "write `NAME=VALUE`, such as `theta=0.7` or `phi=[0.1, 0.2]`";
    let mut parser = Parser::new(text, "its end")?;
    parser.skip_newlines()?;
    if parser.token != Token::Name {
        return Err(parser.unexpected("the name of a parameter or constant").help(HELP));
    }
    let name = parser.name()?;
    if parser.token != Token::Equals {
        return Err(parser.unexpected("`=`").help(HELP));
    }
    parser.advance()?;
    let value = parser.expression()?;
    parser.end_of_text(HELP)?;
    names::check_constant(&parser.expressions, value)?;
    Ok(Setting { name, expressions: parser.expressions, value })
}

struct Parser<'s> {
    source: &'s str,
    lexer: Lexer<'s>,
    /// The token to be read next, and its place.
    token: Token,
    span: Span,
    /// Where the token before it ends.
    previous_end: usize,
    /// The brackets that are open.
    open: Vec<Span>,
    /// Levels of nesting: open brackets, waiting prefix operators and powers.
    depth: usize,
    elements: usize,
    pending: Vec<Pending>,
    expressions: Expressions,
    /// What messages call the end of the text.
    end: &'static str,
}

/// Boxed, so that the frames of the recursion stay small.
type Result<T, E = Box<Diagnostic>> = std::result::Result<T, E>;

#[cold]
fn fail<T>(diagnostic: Diagnostic) -> Result<T> {
    Err(Box::new(diagnostic))
}

impl<'s> Parser<'s> {
    fn new(source: &'s str, end: &'static str) -> Result<Self> {
        if source.len() > LONGEST_SOURCE {
            return fail(
                Diagnostic::new(format!("the text is longer than {} MiB", LONGEST_SOURCE >> 20))
                    .help("keep numbers in a file of their own: data x : [..] = file(\"x.npy\")"),
            );
        }
        let mut lexer = Lexer::new(source);
        let (token, span) = lexer.next()?;
        Ok(Parser {
            source,
            lexer,
            token,
            span,
            previous_end: 0,
            open: Vec::new(),
            depth: 0,
            elements: 0,
            pending: Vec::new(),
            expressions: Expressions::default(),
            end,
        })
    }

    // Tokens.

    fn advance(&mut self) -> Result<()> {
        self.previous_end = self.span.end;
        (self.token, self.span) = self.lexer.next()?;
        Ok(())
    }

    fn skip_newlines(&mut self) -> Result<()> {
        while self.token == Token::Newline {
            self.advance()?;
        }
        Ok(())
    }

    fn text(&self) -> &'s str {
        self.span.text(self.source)
    }

    fn since(&self, start: usize) -> Span {
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

    fn unexpected(&self, expected: &str) -> Diagnostic {
        Diagnostic::new(format!("expected {expected}, found {}", self.found()))
            .at(self.span)
            .label(format!("expected {expected}"))
    }

    /// Whether the line, or the text, ended before the present token.
    fn at_new_line(&self) -> bool {
        matches!(self.token, Token::End | Token::Newline)
            || self.source[self.previous_end..self.span.start].contains('\n')
    }

    fn name(&mut self) -> Result<Name> {
        let name = Name { text: self.text().to_owned(), span: self.span };
        self.advance()?;
        Ok(name)
    }
}

fn reserved_help(word: &str) -> String {
    format!("`{word}` is a word of the language and cannot be a name; choose another, such as `{word}_`")
}

#[cfg(test)]
mod tests;
