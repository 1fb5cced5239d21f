//! Statements: one a line.

use super::limits::MOST_STATEMENTS;
use super::state::{Parser, Result, fail, reserved_help};
use crate::language::ast::{DataSource, Name, Statement, StatementKind};
use crate::language::errors::{Diagnostic, quote};
use crate::language::lexer::Token;
use crate::language::synonyms::{Instead, Kind, instead};

impl Parser<'_> {
    /// The next statement, after so many; none at the end.
    pub(super) fn next_statement(&mut self, count: usize) -> Result<Option<Statement>> {
        self.skip_newlines()?;
        if self.token == Token::End {
            return Ok(None);
        }
        if count == MOST_STATEMENTS {
            return fail(
                Diagnostic::new(format!("the file has more than {MOST_STATEMENTS} statements")).at(self.span),
            );
        }
        let statement = self.statement()?;
        self.end_of_statement(&statement)?;
        Ok(Some(statement))
    }

    pub(super) fn statement(&mut self) -> Result<Statement> {
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

    pub(super) fn no_statement(&self) -> Diagnostic {
        let diagnostic = self.unexpected("a statement");
        match self.token {
            Token::Plus | Token::Minus | Token::Star | Token::At | Token::And | Token::Or
                if self.previous_end > 0 =>
            {
                diagnostic.help("a line goes on after its end only inside brackets: put the whole expression into parentheses")
            }
            Token::Via => diagnostic.help("`via` stands at the end of the line that draws: z ~ Normal(0, 1) via pathwise"),
            token if token.is_keyword() => diagnostic.help(reserved_help(self.text())),
            Token::CloseParen | Token::CloseBracket => diagnostic.help("this bracket was never opened"),
            Token::Slash => diagnostic.help("a comment begins with `#`"),
            Token::Text => diagnostic.help("a comment begins with `#`"),
            _ => diagnostic.help(
                "a line is `param x = ..`, `const x = ..`, `data x : [..] = ..`, `x = ..`, `x ~ Distribution(..)`, `observe x ~ Distribution(..)`, `cost x = ..`, `reward x = ..` or `external f(x) -> [..] = command(..)`",
            ),
        }
    }

    /// The name after the keyword that the parser stands at.
    pub(super) fn defined_name(&mut self, keyword: &str, example: &str) -> Result<Name> {
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

    pub(super) fn param(&mut self) -> Result<StatementKind> {
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

    pub(super) fn constant(&mut self) -> Result<StatementKind> {
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

    pub(super) fn cost(&mut self) -> Result<StatementKind> {
        let name = self.defined_name("cost", "cost f = x^2")?;
        if self.token == Token::Colon {
            return fail(self.unexpected("`=`").help("a cost has the shape of its value"));
        }
        self.equals("cost", &name)?;
        Ok(StatementKind::Cost { name, value: self.expression()? })
    }

    pub(super) fn data(&mut self) -> Result<StatementKind> {
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

    pub(super) fn data_file(&mut self) -> Result<DataSource> {
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

    pub(super) fn equals(&mut self, keyword: &str, name: &Name) -> Result<()> {
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
    pub(super) fn rest_of_line(&self) -> String {
        let rest = &self.source[self.span.start..];
        let line = rest.split(['\n', '#']).next().unwrap_or("").trim();
        if line.chars().count() <= 40 && !line.contains(char::is_control) {
            line.to_owned()
        } else {
            "..".to_owned()
        }
    }

    pub(super) fn definition(&mut self) -> Result<StatementKind> {
        let name = self.name()?;
        // `observe`, `reward` and `external` begin statements, and are names where a definition follows them.
        match (name.text.as_str(), self.token) {
            (_, Token::Equals | Token::Tilde) => {}
            ("reward", Token::Name) => return self.reward(),
            ("external", Token::Name) => return self.external(),
            ("observe", _) if self.begins_expression() => return self.observe(name.span),
            _ => {}
        }
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

    pub(super) fn no_definition(&self, name: &Name) -> Diagnostic {
        let word = &name.text;
        let diagnostic = self.unexpected(&format!("`=` or `~` after {}", quote(word)));
        if matches!(self.token, Token::Name | Token::Number | Token::OpenParen | Token::Text | Token::Colon)
            && let Some(remedy) = self.of_foreign_statement(name)
        {
            return remedy;
        }
        let and_equals = self.source[self.span.end..].starts_with('=');
        match self.token {
            Token::Dot => self.dotted(diagnostic, name.span),
            Token::Colon if and_equals => diagnostic.help(format!("write `{word} = ..`")),
            Token::Plus | Token::Minus | Token::Star | Token::Slash if and_equals => diagnostic.help(format!(
                "a name is defined once and never changed; write `{word}_2 = {word} {} ..`, or add up by several `cost` lines",
                self.text()
            )),
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

    /// What to say of a line that begins with a word of another language.
    fn of_foreign_statement(&self, name: &Name) -> Option<Diagnostic> {
        let word = name.text.as_str();
        let diagnostic = Diagnostic::new(format!("{} begins no statement", quote(word))).at(name.span);
        match instead(Kind::Statement, word, |_| true)? {
            Instead::Word(ours) => Some(diagnostic.did_you_mean(ours)),
            Instead::Say(remedy) => Some(diagnostic.help(remedy)),
        }
    }

    pub(super) fn reward(&mut self) -> Result<StatementKind> {
        let name = self.name()?;
        if self.token == Token::Colon {
            return fail(self.unexpected("`=`").help("a reward has the shape of its value"));
        }
        self.equals("reward", &name)?;
        Ok(StatementKind::Reward { name, value: self.expression()? })
    }

    pub(super) fn end_of_statement(&mut self, statement: &Statement) -> Result<()> {
        if matches!(self.token, Token::Newline | Token::End) {
            return Ok(());
        }
        let diagnostic = self.unexpected("the end of the line");
        fail(match (&statement.kind, self.token) {
            (StatementKind::Sample { via: Some(_), .. }, Token::OpenBracket) => {
                diagnostic.help("the number of copies comes before `via`: z ~ Normal(0, 1)[10] via pathwise")
            }
            (StatementKind::Sample { .. }, Token::Name) if self.text() == "for" => {
                diagnostic.help("copies are written in brackets: `z ~ Normal(0, 1)[10]`")
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

    pub(super) fn end_of_text(&mut self, help: &str) -> Result<()> {
        self.skip_newlines()?;
        if self.token == Token::End { Ok(()) } else { fail(self.unexpected("its end").help(help)) }
    }
}
