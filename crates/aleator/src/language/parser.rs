//! Tokens to a syntax tree: recursive descent for statements and brackets, an operator stack for expressions.
//!
//! Chains of operators use no recursion at all. Brackets do, and so may whoever walks the tree through a prefix or
//! right-associative operator; therefore brackets, prefix operators and `^` together may nest [`DEEPEST_NESTING`] levels.

mod brackets;
mod draws;
mod expressions;
mod external;
mod foreign;
mod limits;
mod recovery;
mod state;
mod statements;

pub(super) use draws::no_copies;
pub use limits::{
    DEEPEST_NESTING, LONGEST_SOURCE, MOST_ARGUMENTS, MOST_EXPRESSIONS, MOST_LIST_ELEMENTS, MOST_STATEMENTS,
};
pub use recovery::MOST_MISTAKES;
pub(super) use recovery::{Recovered, parse_all};

use state::Parser;

use super::ast::{EstimatorCall, ExprId, Expressions, File, Name};
use super::errors::Diagnostic;
use super::lexer::Token;
use super::names::check_constant;

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
    while let Some(statement) = parser.next_statement(statements.len())? {
        statements.push(statement);
    }
    Ok(File { statements, expressions: parser.expressions })
}

/// The statements of a text that can be read, whatever is wrong with the others.
///
/// ```
/// let file = aleator::language::parse_partially("param t = 0\nb ~ Bern(\ncost f = t");
/// assert_eq!(file.statements.len(), 2);
/// ```
pub fn parse_partially(source: &str) -> File {
    parse_all(source).file
}

/// An estimator with its options, and the arena that holds their values.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimator {
    /// Values of the options.
    pub expressions: Expressions,
    /// Name and options.
    pub call: EstimatorCall,
}

/// An estimator for one site, or for all.
#[derive(Debug, Clone, PartialEq)]
pub struct Via {
    /// The site, or `None` for every site.
    pub site: Option<Name>,
    /// The estimator.
    pub estimator: Estimator,
}

/// A parameter, constant or data and its new value.
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

/// Reads the choice of an estimator, such as `b=rebar(temperature=0.3)` or `rebar`.
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

/// Reads a setting, such as `theta=0.7` or `phi=[0.1, 0.2]`.
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
    check_constant(&parser.expressions, value)?;
    Ok(Setting { name, expressions: parser.expressions, value })
}

#[cfg(test)]
mod tests;
