//! Black boxes that are programs.

use super::limits::MOST_ARGUMENTS;
use super::state::{Parser, Result, fail};
use crate::language::ast::{Name, StatementKind};
use crate::language::errors::{Diagnostic, quote};
use crate::language::lexer::Token;

impl Parser<'_> {
    /// What follows the word `external`.
    pub(super) fn external(&mut self) -> Result<StatementKind> {
        const HELP: &str =
            "write for instance `external cost_of(z) -> [] = command(\"python3\", \"simulator.py\")`";
        let name = self.name()?;
        if self.token != Token::OpenParen {
            return fail(self.unexpected("`(` and the names of the arguments").help(HELP));
        }
        let parameters =
            self.items(Token::CloseParen, "`,` or `)`", MOST_ARGUMENTS, |parser, earlier: &[Name]| {
                if parser.token != Token::Name {
                    return fail(parser.unexpected("the name of an argument").help(HELP));
                }
                let name = parser.name()?;
                match earlier.iter().any(|other| other.text == name.text) {
                    true => fail(
                        Diagnostic::new(format!("two arguments are called {}", quote(&name.text)))
                            .at(name.span),
                    ),
                    false => Ok(name),
                }
            })?;
        if parameters.is_empty() {
            return fail(Diagnostic::new("a black box needs at least one argument").at(name.span).help(HELP));
        }
        if self.token != Token::Arrow {
            let shape = "the shape of the result follows `->`; a single number has the shape `[]`";
            return fail(self.unexpected("`->` and a shape").help(format!("{shape}: {HELP}")));
        }
        self.advance()?;
        if self.token != Token::OpenBracket {
            return fail(self.unexpected("a shape in brackets after `->`").help(HELP));
        }
        let shape = self.shape()?;
        if self.token != Token::Equals {
            return fail(self.unexpected("`=`").help(HELP));
        }
        self.advance()?;
        let start = self.span.start;
        if self.token != Token::Name || self.text() != "command" {
            return fail(self.unexpected("`command(..)`").help(HELP));
        }
        self.advance()?;
        if self.token != Token::OpenParen {
            return fail(self.unexpected("`(`").help(HELP));
        }
        let command = self.items(Token::CloseParen, "`,` or `)`", MOST_ARGUMENTS, |parser, _| {
            if parser.token != Token::Text {
                return fail(parser.unexpected("a text in double quotes").help(HELP));
            }
            let text = parser.text().trim_matches('"').to_owned();
            parser.advance()?;
            Ok(text)
        })?;
        let command_span = self.since(start);
        match command.first() {
            Some(program) if !program.is_empty() => {
                Ok(StatementKind::External { name, parameters, shape, command, command_span })
            }
            _ => fail(Diagnostic::new("the command names no program").at(command_span).help(HELP)),
        }
    }
}
