//! Tokens to a syntax tree: recursive descent for statements and brackets, an operator stack for expressions.
//!
//! Chains of operators use no recursion at all. Brackets do, and so may whoever walks the tree through a prefix or
//! right-associative operator; therefore brackets, prefix operators and `^` together may nest [`DEEPEST_NESTING`] levels.
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

/// An operator that waits for its right operand.
enum Pending {
    Prefix(UnaryOperator, Span),
    Infix(BinaryOperator, ExprId),
}

impl Pending {
    fn precedence(&self) -> Precedence {
        match self {
            Pending::Prefix(operator, _) => operator.precedence(),
            Pending::Infix(operator, _) => operator.precedence(),
        }
    }
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

    // Statements.

    fn statement(&mut self) -> Result<Statement> {
        let start = self.span.start;
        let kind = match self.token {
            Token::Param => self.param()?,
            Token::Const => self.constant()?,
            Token::Data => self.data()?,
            Token::Cost => self.cost()?,
            Token::Name => self.definition()?,
            _ => return fail(self.no_statement()),
        };
        Ok(Statement { kind, span: self.since(start) })
    }

    fn no_statement(&self) -> Diagnostic {
        let diagnostic = self.unexpected("a statement");
        match self.token {
            Token::Via => diagnostic.help("`via` stands at the end of the line that draws: z ~ Normal(0, 1) via pathwise"),
            token if token.is_keyword() => diagnostic.help(reserved_help(self.text())),
            Token::CloseParen | Token::CloseBracket => diagnostic.help("this bracket was never opened"),
            Token::Slash => diagnostic.help("a comment begins with `#`"),
            _ => diagnostic.help(
                "a line is `param x = ..`, `const x = ..`, `data x : [..] = ..`, `x = ..`, `x ~ Distribution(..)` or `cost x = ..`",
            ),
        }
    }

    /// The name after the keyword that the parser stands at.
    fn defined_name(&mut self, keyword: &str, example: &str) -> Result<Name> {
        self.advance()?;
        match self.token {
            Token::Name => self.name(),
            token if token.is_keyword() => fail(self.unexpected("a name").help(reserved_help(self.text()))),
            Token::Equals => fail(
                Diagnostic::new(format!("`{keyword}` needs a name, found `=`"))
                    .at(self.span)
                    .label("expected a name")
                    .help(format!("write for instance `{example}`")),
            ),
            _ => fail(
                self.unexpected(&format!("a name after `{keyword}`"))
                    .help(format!("write for instance `{example}`")),
            ),
        }
    }

    fn param(&mut self) -> Result<StatementKind> {
        let name = self.defined_name("param", "param theta = 0.5")?;
        let shape = self.optional_shape()?;
        if self.token == Token::Tilde {
            return fail(self.unexpected("`=`").help(format!(
                "a parameter has an initial value: `param {0} = 0`; to draw {0}, leave out `param`",
                name.text
            )));
        }
        self.equals("param", &name)?;
        Ok(StatementKind::Param { name, shape, value: self.expression()? })
    }

    fn constant(&mut self) -> Result<StatementKind> {
        let name = self.defined_name("const", "const c = 1")?;
        if self.token == Token::Colon {
            return fail(self.unexpected("`=`").help(format!(
                "a constant has the shape of its value: `const {} = ones([2, 3])`",
                name.text
            )));
        }
        self.equals("const", &name)?;
        Ok(StatementKind::Const { name, value: self.expression()? })
    }

    fn cost(&mut self) -> Result<StatementKind> {
        let name = self.defined_name("cost", "cost f = x^2")?;
        if self.token == Token::Colon {
            return fail(self.unexpected("`=`").help("a cost has the shape of its value"));
        }
        self.equals("cost", &name)?;
        Ok(StatementKind::Cost { name, value: self.expression()? })
    }

    fn data(&mut self) -> Result<StatementKind> {
        let name = self.defined_name("data", "data x : [100, 3] = file(\"x.npy\")")?;
        let Some(shape) = self.optional_shape()? else {
            return fail(
                self.unexpected("`:` and a shape")
                    .help(format!("data needs a shape: `data {} : [100, 3] = file(\"x.npy\")`", name.text)),
            );
        };
        if matches!(self.token, Token::Newline | Token::End) {
            return Ok(StatementKind::Data { name, shape, source: DataSource::Unspecified });
        }
        self.equals("data", &name)?;
        let source =
            if self.token == Token::File { self.data_file()? } else { DataSource::Value(self.expression()?) };
        Ok(StatementKind::Data { name, shape, source })
    }

    fn data_file(&mut self) -> Result<DataSource> {
        const HELP: &str = "write `file(\"x.npy\")` or `file(\"x.csv\")`, with the path in double quotes";
        self.advance()?;
        let open = self.open_bracket(Token::OpenParen, "`(`").map_err(|diagnostic| diagnostic.help(HELP))?;
        if self.token != Token::Text {
            return fail(self.unexpected("a path in double quotes").help(HELP));
        }
        let span = self.span;
        let path = self.text().trim_matches('"').to_owned();
        if path.is_empty() {
            return fail(Diagnostic::new("the path of the file is empty").at(span).help(HELP));
        }
        self.advance()?;
        if self.token != Token::CloseParen {
            return fail(self.unclosed(open, "`)`"));
        }
        self.close_bracket()?;
        Ok(DataSource::File { path, span })
    }

    fn equals(&mut self, keyword: &str, name: &Name) -> Result<()> {
        if self.token == Token::Equals {
            return self.advance();
        }
        let diagnostic = self.unexpected(&format!("`=` after {}", quote(&name.text)));
        fail(match self.token {
            Token::Number | Token::Name | Token::Minus => {
                diagnostic.help(format!("write `{keyword} {} = {}`", name.text, self.rest_of_line()))
            }
            Token::OpenBracket if keyword == "param" => {
                diagnostic.help(format!("a shape follows a colon: `param {} : [3] = 0`", name.text))
            }
            Token::Equal => diagnostic.help("`==` compares; a definition has a single `=`"),
            Token::Tilde => diagnostic
                .help(format!("only a line without `{keyword}` can draw: `{} ~ Normal(0, 1)`", name.text)),
            Token::Newline | Token::End => {
                diagnostic.help(format!("give it a value: `{keyword} {} = 0`", name.text))
            }
            _ => diagnostic,
        })
    }

    /// The line from the present token on, without its comment, for a remedy.
    fn rest_of_line(&self) -> String {
        let rest = &self.source[self.span.start..];
        let line = rest.split(['\n', '#']).next().unwrap_or("").trim();
        if line.chars().count() <= 40 && !line.contains(char::is_control) {
            line.to_owned()
        } else {
            "..".to_owned()
        }
    }

    fn definition(&mut self) -> Result<StatementKind> {
        let name = self.name()?;
        match self.token {
            Token::Equals => {
                self.advance()?;
                Ok(StatementKind::Let { name, value: self.expression()? })
            }
            Token::Tilde => {
                self.advance()?;
                self.sample(name)
            }
            _ => fail(self.no_definition(&name)),
        }
    }

    fn no_definition(&self, name: &Name) -> Diagnostic {
        let word = &name.text;
        let diagnostic = self.unexpected(&format!("`=` or `~` after {}", quote(word)));
        match self.token {
            Token::Colon => diagnostic.help(format!("only parameters and data have a shape written down: `param {word} : [3] = 0`")),
            Token::Equal => diagnostic.help("`==` compares; a definition has a single `=`"),
            Token::Name => diagnostic.help(format!(
                "a line begins with `param`, `const`, `data`, `cost` or the name that it defines; {} is none of these words",
                quote(word)
            )),
            Token::Less => diagnostic.help(format!("to define write `{word} = ..`, to draw write `{word} ~ Normal(0, 1)`")),
            Token::Plus | Token::Minus | Token::Star | Token::Slash => {
                diagnostic.help("a name is defined once and never changed; give the new value a new name")
            }
            Token::OpenBracket => diagnostic.help("elements are not assigned one by one; write a list: `x = [1, 2]`"),
            _ => diagnostic.help(format!("give the value a name: `cost f = {word}..` or `y = {word}..`")),
        }
    }

    fn sample(&mut self, name: Name) -> Result<StatementKind> {
        if self.token != Token::Name {
            let diagnostic = self.unexpected("a distribution after `~`");
            return fail(match self.token {
                Token::Number | Token::OpenParen | Token::OpenBracket | Token::Minus => {
                    diagnostic.help(format!(
                        "`~` draws; to compute write `{0} = ..`, to draw write `{0} ~ Normal(0, 1)`",
                        name.text
                    ))
                }
                _ => diagnostic.help(format!("write for instance `{} ~ Normal(0, 1)`", name.text)),
            });
        }
        let distribution = self.name()?;
        if self.token != Token::OpenParen {
            let help = match self.token {
                Token::Newline | Token::End | Token::Via | Token::OpenBracket => {
                    format!("write its parameters: `{} ~ {}(..)`", name.text, distribution.text)
                }
                _ => format!("`~` draws from a distribution; to compute write `{} = ..`", name.text),
            };
            return fail(self.unexpected(&format!("`(` after {}", quote(&distribution.text))).help(help));
        }
        let arguments = self.arguments()?;
        let copies = if self.token == Token::OpenBracket { Some(self.copies()?) } else { None };
        let via = if self.token == Token::Via {
            self.advance()?;
            Some(self.estimator_call()?)
        } else {
            None
        };
        Ok(StatementKind::Sample { name, distribution, arguments, copies, via })
    }

    fn copies(&mut self) -> Result<Copies> {
        let open = self.open_bracket(Token::OpenBracket, "`[`")?;
        let (count, span) = self.whole_number("the number of copies")?;
        if count == 0 {
            return fail(
                Diagnostic::new("the number of copies must be at least 1")
                    .at(span)
                    .help("leave out `[0]` to draw once"),
            );
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

    fn estimator_call(&mut self) -> Result<EstimatorCall> {
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

    fn end_of_statement(&mut self, statement: &Statement) -> Result<()> {
        if matches!(self.token, Token::Newline | Token::End) {
            return Ok(());
        }
        let diagnostic = self.unexpected("the end of the line");
        fail(match (&statement.kind, self.token) {
            (StatementKind::Sample { via: Some(_), .. }, Token::OpenBracket) => {
                diagnostic.help("the number of copies comes before `via`: z ~ Normal(0, 1)[10] via pathwise")
            }
            (StatementKind::Sample { .. }, token) if token != Token::Via => diagnostic.help(format!(
                "a draw stands alone on its line; compute with {} on the next",
                quote(&statement.name().text)
            )),
            (StatementKind::Sample { .. }, _) => diagnostic.help("a site has one estimator"),
            (_, Token::Via) => diagnostic.help("only a draw has an estimator: z ~ Normal(0, 1) via pathwise"),
            _ => self.help_after_expression(diagnostic),
        })
    }

    fn end_of_text(&mut self, help: &str) -> Result<()> {
        self.skip_newlines()?;
        if self.token == Token::End { Ok(()) } else { fail(self.unexpected("its end").help(help)) }
    }

    // Brackets.

    /// Goes one level deeper, for the bracket or operator at the present token.
    fn enter(&mut self) -> Result<()> {
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

    fn open_bracket(&mut self, bracket: Token, expected: &str) -> Result<Span> {
        if self.token != bracket {
            return fail(self.unexpected(expected));
        }
        self.enter()?;
        let open = self.span;
        self.open.push(open);
        self.advance()?;
        Ok(open)
    }

    fn close_bracket(&mut self) -> Result<()> {
        self.open.pop();
        self.depth -= 1;
        self.advance()
    }

    /// The bracket opened at `open` ought to be closed at the present token, and is not.
    fn unclosed(&self, open: Span, expected: &str) -> Diagnostic {
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
    fn help_after_expression(&self, diagnostic: Diagnostic) -> Diagnostic {
        match self.token {
            Token::StarStar => diagnostic.help("write powers with `^`"),
            Token::Equals => {
                diagnostic.help("to compare, write `==`; the name of an argument is a plain word")
            }
            Token::Tilde => diagnostic.help("a draw has a line of its own: z ~ Normal(0, 1)"),
            Token::CloseParen | Token::CloseBracket => diagnostic.help("this bracket was never opened"),
            Token::Dot => diagnostic.help("functions are called by name, not with a dot: `sum(x)`"),
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
    fn items<T>(
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

    fn arguments(&mut self) -> Result<Vec<Argument>> {
        self.items(Token::CloseParen, "`,` or `)`", MOST_ARGUMENTS, Self::argument)
    }

    fn argument(&mut self, earlier: &[Argument]) -> Result<Argument> {
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
    fn argument_name(&mut self, first: Span, value: ExprId, earlier: &[Argument]) -> Result<Option<Name>> {
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

    fn optional_shape(&mut self) -> Result<Option<Shape>> {
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
        let start = self.span.start;
        let dimensions = self.items(Token::CloseBracket, "`,` or `]`", MOST_ARGUMENTS, |parser, _| {
            Ok(parser.whole_number("the length of an axis")?.0)
        })?;
        Ok(Some(Shape { dimensions, span: self.since(start) }))
    }

    fn whole_number(&mut self, what: &str) -> Result<(usize, Span)> {
        let (text, span) = (self.text(), self.span);
        if self.token != Token::Number || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            let help = match self.token {
                Token::Name => "it cannot be a name or an expression; write the number itself",
                Token::Minus => "it cannot be negative",
                _ => "write it with digits only, such as `3`",
            };
            return fail(self.unexpected(&format!("a whole number as {what}")).help(help));
        }
        let Ok(number) = text.parse() else {
            return fail(Diagnostic::new(format!("{} is too large as {what}", quote(text))).at(span));
        };
        self.advance()?;
        Ok((number, span))
    }

    // Expressions.

    fn push(&mut self, expr: Expr, span: Span) -> Result<ExprId> {
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
    fn expression(&mut self) -> Result<ExprId> {
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

    fn prefix_operators(&mut self, base: usize) -> Result<()> {
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

    fn check_comparison(&self, base: usize) -> Result<()> {
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
    fn reduce(
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
    fn operand(&mut self) -> Result<ExprId> {
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

    fn name_or_call(&mut self) -> Result<ExprId> {
        let name = self.name()?;
        if self.token != Token::OpenParen {
            return self.push(Expr::Name(name.text), name.span);
        }
        let arguments = self.arguments()?;
        let span = self.since(name.span.start);
        self.push(Expr::Call(Box::new(Call { function: name, arguments })), span)
    }

    fn group(&mut self) -> Result<ExprId> {
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

    fn list(&mut self) -> Result<ExprId> {
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

    fn index(&mut self, base: ExprId) -> Result<ExprId> {
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

    fn one_index(&mut self) -> Result<Index> {
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

    fn no_operand(&self) -> Diagnostic {
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
            Token::Slash => diagnostic.help("a comment begins with `#`"),
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

fn reserved_help(word: &str) -> String {
    format!("`{word}` is a word of the language and cannot be a name; choose another, such as `{word}_`")
}

#[cfg(test)]
mod tests;
