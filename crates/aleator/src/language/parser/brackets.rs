//! What stands in brackets: arguments, shapes, lists of anything; and their nesting.

use super::limits::{DEEPEST_NESTING, MOST_ARGUMENTS};
use super::state::{Parser, Result, fail, reserved_help};
use crate::language::ast::{Argument, Expr, ExprId, Name, Node, Shape, Size};
use crate::language::errors::{Diagnostic, quote};
use crate::language::lexer::Token;
use crate::language::span::{Place, Span};

impl Parser<'_> {
    /// Goes one level deeper, for the bracket or operator at the present token.
    pub(super) fn enter(&mut self) -> Result<()> {
        if self.depth == DEEPEST_NESTING {
            return fail(
                Diagnostic::new(format!("this is nested more than {DEEPEST_NESTING} levels deep"))
                    .at(self.span)
                    .help("give inner parts names on lines of their own"),
            );
        }
        self.depth += 1;
        Ok(())
    }

    pub(super) fn open_bracket(&mut self, bracket: Token, expected: &str) -> Result<Span> {
        if self.token != bracket {
            return fail(self.unexpected(expected));
        }
        self.enter()?;
        let open = self.span;
        self.open.push(open);
        self.advance()?;
        Ok(open)
    }

    pub(super) fn close_bracket(&mut self) -> Result<()> {
        self.open.pop();
        self.depth -= 1;
        self.advance()
    }

    /// The bracket opened at `open` ought to be closed at the present token, and is not.
    pub(super) fn unclosed(&self, open: Span, expected: &str) -> Diagnostic {
        let bracket = open.text(self.source);
        let closing = if bracket == "(" { ")" } else { "]" };
        let began_earlier = || self.source[open.start..self.span.start].contains('\n');
        if self.at_new_line() || (self.token == Token::Tilde && began_earlier()) {
            return Diagnostic::new(format!("this `{bracket}` is never closed"))
                .at(open)
                .label("opened here")
                .help(format!("add the missing `{closing}`"));
        }
        let diagnostic = self.unexpected(expected);
        match self.token {
            Token::CloseParen | Token::CloseBracket => diagnostic.help(format!(
                "the `{bracket}` at {} is closed by `{closing}`",
                Place::of(self.source, open.start)
            )),
            _ => self.help_after_expression(diagnostic),
        }
    }

    /// What to do about a token that cannot follow an expression.
    pub(super) fn help_after_expression(&self, diagnostic: Diagnostic) -> Diagnostic {
        match self.token {
            Token::StarStar => diagnostic.help("write powers with `^`"),
            Token::Equals => {
                diagnostic.help("to compare, write `==`; the name of an argument is a plain word")
            }
            Token::Tilde => diagnostic.help("a draw has a line of its own: z ~ Normal(0, 1)"),
            Token::CloseParen | Token::CloseBracket => diagnostic.help("this bracket was never opened"),
            Token::Dot => self.dotted(diagnostic, self.word_before()),
            Token::Name if self.text() == "if" => diagnostic.help("write `where(cond, a, b)`"),
            Token::Name if self.text() == "for" => diagnostic
                .help("there are no loops in an expression; functions and operators work on whole tensors"),
            Token::Name | Token::Number | Token::Text | Token::Colon
                if self.foreign_word_before().is_some() =>
            {
                diagnostic.help(self.foreign_word_before().unwrap_or_default())
            }
            Token::Colon if self.open.is_empty() => {
                diagnostic.help("only `param` and `data` have a shape written down")
            }
            Token::Name | Token::Number | Token::OpenParen if self.open.is_empty() => {
                diagnostic.help("to multiply, write `*`")
            }
            Token::Name | Token::Number | Token::OpenParen | Token::OpenBracket => {
                diagnostic.help("put `,` between two values; to multiply, write `*`")
            }
            Token::Not => diagnostic.help("write `!=`, or `and not`"),
            token if token.is_keyword() => diagnostic.help(reserved_help(self.text())),
            _ => diagnostic,
        }
    }

    /// Items with commas between them, from an opening bracket to its closing one; a comma may follow the last.
    pub(super) fn items<T>(
        &mut self,
        closing: Token,
        expected: &str,
        most: usize,
        mut item: impl FnMut(&mut Self, &[T]) -> Result<T>,
    ) -> Result<Vec<T>> {
        let open = self.span;
        let opening = if closing == Token::CloseParen { Token::OpenParen } else { Token::OpenBracket };
        self.open_bracket(opening, "a bracket")?;
        let mut items = Vec::new();
        while self.token != closing {
            if items.len() == most {
                return fail(
                    Diagnostic::new(format!("there are more than {most} entries between these brackets"))
                        .at(open),
                );
            }
            items.push(item(self, &items)?);
            match self.token {
                Token::Comma => self.advance()?,
                token if token == closing => {}
                _ => return fail(self.unclosed(open, expected)),
            }
        }
        self.close_bracket()?;
        Ok(items)
    }

    pub(super) fn arguments(&mut self) -> Result<Vec<Argument>> {
        self.items(Token::CloseParen, "`,` or `)`", MOST_ARGUMENTS, Self::argument)
    }

    pub(super) fn argument(&mut self, earlier: &[Argument]) -> Result<Argument> {
        let first = self.span;
        let mut value = self.expression()?;
        let name = self.argument_name(first, value, earlier)?;
        if name.is_some() {
            value = self.expression()?;
        }
        let span = first.join(self.expressions[value].span);
        Ok(Argument { name, value, span })
    }

    /// If what was read as the expression `value`, from the token `first` on, is a name before `=`: takes it back as that.
    pub(super) fn argument_name(
        &mut self,
        first: Span,
        value: ExprId,
        earlier: &[Argument],
    ) -> Result<Option<Name>> {
        let mut names = earlier.iter().filter_map(|argument| argument.name.as_ref());
        let Node { expr, span } = &self.expressions[value];
        // A name in parentheses is wider than its letters, and no argument name.
        if self.token != Token::Equals || !matches!(expr, Expr::Name(_)) || *span != first {
            return match names.next() {
                None => Ok(None),
                Some(named) => fail(
                    Diagnostic::new("an argument without a name follows one with a name")
                        .at(*span)
                        .label(format!("comes after {}", quote(&named.text)))
                        .help("give it a name too, or move it to the front"),
                ),
            };
        }
        let text = first.text(self.source);
        if names.any(|name| name.text == text) {
            return fail(Diagnostic::new(format!("the argument {} is given twice", quote(text))).at(first));
        }
        self.expressions.pop();
        self.advance()?;
        Ok(Some(Name { text: text.to_owned(), span: first }))
    }

    pub(super) fn optional_shape(&mut self) -> Result<Option<Shape>> {
        if self.token != Token::Colon {
            return Ok(None);
        }
        self.advance()?;
        if self.token != Token::OpenBracket {
            let help = if self.token == Token::Number {
                format!("write the shape in brackets: `: [{}]`", self.text())
            } else {
                "write a shape such as `: [2, 3]`; a scalar has none, or `[]`".to_owned()
            };
            return fail(self.unexpected("a shape in brackets after `:`").help(help));
        }
        Ok(Some(self.shape()?))
    }

    /// A shape in brackets.
    pub(super) fn shape(&mut self) -> Result<Shape> {
        let start = self.span.start;
        let sizes = self.items(Token::CloseBracket, "`,` or `]`", MOST_ARGUMENTS, |parser, earlier| {
            let is_batch = earlier.is_empty() && parser.token == Token::Name && parser.text() == "batch";
            let first = parser.span;
            let size = parser.size("the length of an axis")?;
            // `batch` alone; `batch + 1` speaks of a constant.
            let alone = parser.expressions[size].span == first;
            Ok(if is_batch && alone { Size::Batch(size) } else { Size::Expression(size) })
        })?;
        Ok(Shape { sizes, span: self.since(start) })
    }

    /// A constant whole number: of a number alone it is checked here, of an expression later.
    pub(super) fn size(&mut self, what: &str) -> Result<ExprId> {
        if self.token == Token::Minus {
            return fail(self.unexpected(&format!("a whole number as {what}")).help("it cannot be negative"));
        }
        if !matches!(self.token, Token::Number | Token::Name | Token::OpenParen) {
            return fail(
                self.unexpected(&format!("a whole number as {what}"))
                    .help("write a number such as `3`, or the name of a constant: `const n = 3`"),
            );
        }
        let size = self.expression()?;
        let Node { expr: Expr::Number(number), span } = &self.expressions[size] else { return Ok(size) };
        if *number != number.trunc() {
            return fail(
                Diagnostic::new(format!(
                    "expected a whole number as {what}, found {}",
                    quote(span.text(self.source))
                ))
                .at(*span)
                .label("not a whole number")
                .help(format!("write `{}`, or the name of a constant: `const n = 3`", number.round())),
            );
        }
        // The largest number below which all whole numbers are numbers of 64 bits.
        if *number > 9_007_199_254_740_992.0 {
            return fail(
                Diagnostic::new(format!("{} is too large as {what}", quote(span.text(self.source))))
                    .at(*span),
            );
        }
        Ok(size)
    }
}
