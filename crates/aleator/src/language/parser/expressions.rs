//! Expressions: an operator stack, so that chains of operators use no recursion.

use super::limits::{MOST_ARGUMENTS, MOST_EXPRESSIONS, MOST_LIST_ELEMENTS};
use super::state::{Parser, Pending, Result, fail, reserved_help};
use crate::language::ast::{BinaryOperator, Call, Expr, ExprId, Index, Precedence, UnaryOperator};
use crate::language::errors::Diagnostic;
use crate::language::lexer::Token;
use crate::language::span::Span;

impl Parser<'_> {
    pub(super) fn push(&mut self, expr: Expr, span: Span) -> Result<ExprId> {
        if self.expressions.len() == MOST_EXPRESSIONS {
            return fail(
                Diagnostic::new(format!(
                    "the text has more than {MOST_EXPRESSIONS} numbers, names and operations"
                ))
                .at(span)
                .help("keep numbers in a file of their own: data x : [..] = file(\"x.npy\")"),
            );
        }
        Ok(self.expressions.push(expr, span))
    }

    /// An expression, up to the first token that cannot belong to it.
    pub(super) fn expression(&mut self) -> Result<ExprId> {
        // Operators of the expressions around this one wait below.
        let base = self.pending.len();
        loop {
            self.prefix_operators(base)?;
            let operand = self.operand()?;
            let Some(operator) = binary_operator(self.token) else {
                return self.reduce(base, operand, |_| true);
            };
            let precedence = operator.precedence();
            let left = self.reduce(base, operand, |waiting| match precedence {
                Precedence::Power => waiting > precedence,
                Precedence::Comparison => waiting > precedence,
                _ => waiting >= precedence,
            })?;
            if precedence == Precedence::Comparison {
                self.check_comparison(base)?;
            }
            if operator == BinaryOperator::Power {
                self.enter()?;
            }
            self.pending.push(Pending::Infix(operator, left));
            self.advance()?;
        }
    }

    pub(super) fn prefix_operators(&mut self, base: usize) -> Result<()> {
        loop {
            let operator = match self.token {
                Token::Minus => UnaryOperator::Negate,
                Token::Not => UnaryOperator::Not,
                _ => return Ok(()),
            };
            let waiting = self.pending[base..].last().map(Pending::precedence);
            if operator == UnaryOperator::Not && waiting.is_some_and(|waiting| waiting > Precedence::Not) {
                return fail(
                    Diagnostic::new("`not` binds less tightly than the operator before it")
                        .at(self.span)
                        .help("put it in parentheses: `(not x)`"),
                );
            }
            self.enter()?;
            self.pending.push(Pending::Prefix(operator, self.span));
            self.advance()?;
        }
    }

    pub(super) fn check_comparison(&self, base: usize) -> Result<()> {
        match self.pending[base..].last() {
            Some(Pending::Infix(first, _)) if first.precedence() == Precedence::Comparison => fail(
                Diagnostic::new("comparisons cannot be chained")
                    .at(self.span)
                    .label("the second comparison")
                    .help(format!(
                        "join them: `a {} b and b {} c`; or put one in parentheses",
                        first.symbol(),
                        self.text()
                    )),
            ),
            _ => Ok(()),
        }
    }

    /// Applies the waiting operators that bind tightly enough to `value`, the last first.
    pub(super) fn reduce(
        &mut self,
        base: usize,
        mut value: ExprId,
        binds: impl Fn(Precedence) -> bool,
    ) -> Result<ExprId> {
        while self.pending.len() > base
            && self.pending.last().is_some_and(|waiting| binds(waiting.precedence()))
        {
            let end = self.expressions[value].span;
            match self.pending.pop() {
                Some(Pending::Prefix(operator, span)) => {
                    self.depth -= 1;
                    value = self.push(Expr::Unary { operator, operand: value }, span.join(end))?;
                }
                Some(Pending::Infix(operator, left)) => {
                    self.depth -= usize::from(operator == BinaryOperator::Power);
                    let span = self.expressions[left].span.join(end);
                    value = self.push(Expr::Binary { operator, left, right: value }, span)?;
                }
                None => {}
            }
        }
        Ok(value)
    }

    /// A number, name, call, list or group, and what is indexed of it.
    pub(super) fn operand(&mut self) -> Result<ExprId> {
        let span = self.span;
        let mut value = match self.token {
            Token::Number => {
                let number = self.text().parse().unwrap_or(f64::NAN);
                self.advance()?;
                self.push(Expr::Number(number), span)?
            }
            Token::True | Token::False => {
                let truth = self.token == Token::True;
                self.advance()?;
                self.push(Expr::Truth(truth), span)?
            }
            Token::Name => self.name_or_call()?,
            Token::OpenParen => self.group()?,
            Token::OpenBracket => self.list()?,
            _ => return fail(self.no_operand()),
        };
        while self.token == Token::OpenBracket {
            value = self.index(value)?;
        }
        Ok(value)
    }

    pub(super) fn name_or_call(&mut self) -> Result<ExprId> {
        let name = self.name()?;
        if self.token != Token::OpenParen {
            return self.push(Expr::Name(name.text), name.span);
        }
        let arguments = self.arguments()?;
        let span = self.since(name.span.start);
        self.push(Expr::Call(Box::new(Call { function: name, arguments })), span)
    }

    pub(super) fn group(&mut self) -> Result<ExprId> {
        let open = self.open_bracket(Token::OpenParen, "`(`")?;
        let value = self.expression()?;
        if self.token == Token::Comma {
            return fail(self.unexpected("`)`").help("lists are written with `[` and `]`"));
        }
        if self.token != Token::CloseParen {
            return fail(self.unclosed(open, "`)`"));
        }
        self.close_bracket()?;
        self.expressions.widen(value, self.since(open.start));
        Ok(value)
    }

    pub(super) fn list(&mut self) -> Result<ExprId> {
        let start = self.span.start;
        let elements = self.items(Token::CloseBracket, "`,` or `]`", usize::MAX, |parser, _| {
            if parser.elements == MOST_LIST_ELEMENTS {
                return fail(
                    Diagnostic::new(format!(
                        "the lists of this text have more than {MOST_LIST_ELEMENTS} elements"
                    ))
                    .at(parser.span)
                    .help("keep numbers in a file of their own: data x : [..] = file(\"x.npy\")"),
                );
            }
            parser.elements += 1;
            parser.expression()
        })?;
        self.push(Expr::List(elements), self.since(start))
    }

    pub(super) fn index(&mut self, base: ExprId) -> Result<ExprId> {
        let start = self.expressions[base].span.start;
        let brackets = self.span;
        let indices = self
            .items(Token::CloseBracket, "`,`, `:` or `]`", MOST_ARGUMENTS, |parser, _| parser.one_index())?;
        let span = self.since(start);
        if indices.is_empty() {
            return fail(
                Diagnostic::new("the brackets of an index are empty")
                    .at(Span::new(brackets.start, span.end))
                    .help("write an index or a slice: `x[0]`, `x[1:3]`, `x[:, 0]`"),
            );
        }
        self.push(Expr::Index { base, indices }, span)
    }

    pub(super) fn one_index(&mut self) -> Result<Index> {
        let from = self.span.start;
        let start = if self.token == Token::Colon { None } else { Some(self.expression()?) };
        if self.token != Token::Colon
            && let Some(at) = start
        {
            return Ok(Index::At(at));
        }
        self.advance()?;
        let bounded = !matches!(self.token, Token::Comma | Token::CloseBracket | Token::Colon);
        let end = if bounded { Some(self.expression()?) } else { None };
        if self.token == Token::Colon {
            return fail(self.unexpected("`,` or `]`").help("a slice has a start and an end, and no step"));
        }
        Ok(Index::Slice { start, end, span: self.since(from) })
    }

    pub(super) fn no_operand(&self) -> Diagnostic {
        if let Some(&open) = self.open.last()
            && (self.token == Token::End || (self.token.begins_statement() && self.at_new_line()))
        {
            return self.unclosed(open, "");
        }
        let diagnostic = self.unexpected("an expression");
        match self.token {
            Token::File => {
                diagnostic.help("files are read by data lines: `data x : [100, 3] = file(\"x.npy\")`")
            }
            Token::Text => diagnostic.help("text in quotes stands only in `file(\"..\")` of a data line"),
            Token::Equals => diagnostic.help("to compare, write `==`"),
            Token::Plus => diagnostic.help("there is no sign `+`; leave it out"),
            Token::Star if self.source[..self.previous_end].ends_with('*') => {
                diagnostic.help("write powers with `^`")
            }
            Token::Slash if self.source[..self.previous_end].ends_with('/') => {
                diagnostic.help("the whole part of a quotient is `floor(a / b)`; a comment begins with `#`")
            }
            Token::Star if self.source[..self.previous_end].ends_with('/') => {
                diagnostic.help("a comment begins with `#` and ends with its line")
            }
            Token::Dot => diagnostic.help("a whole axis is written `:`, as in `x[:, 0]`"),
            Token::Tilde => diagnostic.help("a draw has a line of its own: z ~ Normal(0, 1)"),
            Token::CloseParen if !self.open.is_empty() => {
                diagnostic.help("something is missing before this `)`")
            }
            Token::Newline | Token::End => {
                diagnostic.help("the line is not complete; it goes on after its end only inside `(` or `[`")
            }
            token if token.is_keyword() => diagnostic.help(reserved_help(self.text())),
            _ => diagnostic,
        }
    }
}

fn binary_operator(token: Token) -> Option<BinaryOperator> {
    Some(match token {
        Token::Or => BinaryOperator::Or,
        Token::And => BinaryOperator::And,
        Token::Less => BinaryOperator::Less,
        Token::LessEqual => BinaryOperator::LessEqual,
        Token::Greater => BinaryOperator::Greater,
        Token::GreaterEqual => BinaryOperator::GreaterEqual,
        Token::Equal => BinaryOperator::Equal,
        Token::NotEqual => BinaryOperator::NotEqual,
        Token::Plus => BinaryOperator::Add,
        Token::Minus => BinaryOperator::Subtract,
        Token::Star => BinaryOperator::Multiply,
        Token::Slash => BinaryOperator::Divide,
        Token::At => BinaryOperator::MatrixMultiply,
        Token::Caret => BinaryOperator::Power,
        _ => return None,
    })
}
