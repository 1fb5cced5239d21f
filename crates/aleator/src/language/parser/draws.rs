//! What follows `~`: distributions, of draws and of observations, with copies and estimators.

use super::state::{Parser, Result, fail};
use crate::distributions;
use crate::language::ast::{Argument, Copies, EstimatorCall, Expr, Name, Node, StatementKind};
use crate::language::errors::{Diagnostic, quote};
use crate::language::lexer::Token;
use crate::language::span::Span;
use crate::language::synonyms::{Instead, Kind, instead};

/// The mistake of a draw of no copies.
pub(in super::super) fn no_copies(span: Span) -> Diagnostic {
    Diagnostic::new("the number of copies must be at least 1").at(span).help("leave out `[0]` to draw once")
}

impl Parser<'_> {
    pub(super) fn begins_expression(&self) -> bool {
        matches!(
            self.token,
            Token::Name
                | Token::Number
                | Token::OpenParen
                | Token::OpenBracket
                | Token::Minus
                | Token::Not
                | Token::True
                | Token::False
        )
    }

    /// What follows the word `observe`, which stands at `word`.
    pub(super) fn observe(&mut self, word: Span) -> Result<StatementKind> {
        let value = self.expression()?;
        let Node { expr, span } = self.expressions[value].clone();
        let name = match expr {
            Expr::Name(text) => Name { text, span },
            _ => Name { text: "observed".to_owned(), span: word },
        };
        if self.token != Token::Tilde {
            return fail(
                self.unexpected("`~` and a distribution")
                    .help(format!("write for instance `observe {} ~ Normal(0, 1)`", span.text(self.source))),
            );
        }
        self.advance()?;
        let (distribution, arguments) = self.distribution(&format!("observe {}", span.text(self.source)))?;
        match self.token {
            Token::OpenBracket => fail(self.unexpected("the end of the line").help(
                "an observation has no copies; the observed value broadcasts against the distribution",
            )),
            Token::Via => fail(self.unexpected("the end of the line").help(
                "nothing is drawn here; estimators belong to lines such as `z ~ Normal(0, 1) via pathwise`",
            )),
            _ => Ok(StatementKind::Observe { name, value, distribution, arguments }),
        }
    }

    pub(super) fn sample(&mut self, name: Name) -> Result<StatementKind> {
        let (distribution, arguments) = self.distribution(&name.text)?;
        let copies = if self.token == Token::OpenBracket { Some(self.copies()?) } else { None };
        let via = if self.token == Token::Via {
            self.advance()?;
            Some(self.estimator_call()?)
        } else {
            None
        };
        Ok(StatementKind::Sample { name, distribution, arguments, copies, via })
    }

    /// A distribution after `~`; `left` is what stands before.
    fn distribution(&mut self, left: &str) -> Result<(Name, Vec<Argument>)> {
        if self.token != Token::Name {
            let diagnostic = self.unexpected("a distribution after `~`");
            return fail(match self.token {
                Token::Number | Token::OpenParen | Token::OpenBracket | Token::Minus => {
                    diagnostic.help(format!(
                        "`~` draws; to compute write `{0} = ..`, to draw write `{0} ~ Normal(0, 1)`",
                        left
                    ))
                }
                _ => diagnostic.help(format!("write for instance `{} ~ Normal(0, 1)`", left)),
            });
        }
        let distribution = self.name()?;
        if self.token == Token::Dot {
            let rest = &self.source[self.span.end..];
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let ours = match (&rest[..end], instead(Kind::Distribution, &rest[..end], |_| true)) {
                (_, Some(Instead::Word(ours))) => ours,
                (member, _) if distributions::find(member).is_some() => member,
                (_, _) => "Normal",
            };
            return fail(
                self.unexpected(&format!("`(` after {}", quote(&distribution.text)))
                    .help(format!("names have no module in front: write `{left} ~ {ours}(..)`"))
                    .replacing(Span::new(distribution.span.start, self.span.end + end), ours),
            );
        }
        if self.token != Token::OpenParen {
            let help = match self.token {
                Token::Newline | Token::End | Token::Via | Token::OpenBracket => {
                    format!("write its parameters: `{} ~ {}(..)`", left, distribution.text)
                }
                _ => format!("`~` draws from a distribution; to compute write `{} = ..`", left),
            };
            return fail(self.unexpected(&format!("`(` after {}", quote(&distribution.text))).help(help));
        }
        let arguments = self.arguments()?;
        Ok((distribution, arguments))
    }

    pub(super) fn copies(&mut self) -> Result<Copies> {
        let open = self.open_bracket(Token::OpenBracket, "`[`")?;
        let count = self.size("the number of copies")?;
        if let Node { expr: Expr::Number(0.0), span } = &self.expressions[count] {
            return fail(no_copies(*span));
        }
        if self.token == Token::Comma {
            return fail(
                self.unexpected("`]`")
                    .help("copies are one new axis; for more, give the parameters that shape"),
            );
        }
        if self.token != Token::CloseBracket {
            return fail(self.unclosed(open, "`]`"));
        }
        self.close_bracket()?;
        Ok(Copies { count, span: self.since(open.start) })
    }

    pub(super) fn estimator_call(&mut self) -> Result<EstimatorCall> {
        if self.token != Token::Name {
            return fail(
                self.unexpected("the name of an estimator")
                    .help("write for instance `rebar(temperature = 0.5)`"),
            );
        }
        let name = self.name()?;
        let arguments = if self.token == Token::OpenParen { self.arguments()? } else { Vec::new() };
        let span = self.since(name.span.start);
        Ok(EstimatorCall { name, arguments, span })
    }
}
