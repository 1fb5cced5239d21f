//! Names: defined once, before use, and not taken from the language.
use std::collections::{HashMap, HashSet};

use crate::distributions;
use crate::nearest::nearest;

use super::ast::{
    Argument, Call, DataSource, Expr, ExprId, Expressions, File, Name, Size, Statement, StatementKind,
};
use super::call::{Accepts, Function};
use super::errors::{Diagnostic, quote};
use super::functions::FUNCTIONS;
use super::initial;
use super::span::{Place, Span};
use super::synonyms::{Kind, suggest};

/// Names that stand for numbers.
pub const CONSTANTS: &[&str] = &["pi", "inf"];

/// The name that stands for the number of rows of a batch.
pub(super) const BATCH: &str = "batch";

/// The mistake of the number of rows of a batch in another place than it may have.
pub(super) fn misplaced_batch(span: Span) -> Diagnostic {
    Diagnostic::new("`batch` can only be the first size of `data`")
        .at(span)
        .help("write `data x : [batch, 3] = file(\"x.npy\")`; `len(x)` is then the number of rows of a batch")
}

/// Checks that every name is defined before it is used and only once, that functions and distributions exist and stand
/// where they may, and that there is a cost. Names of arguments and an estimator's options are not looked at.
///
/// # Errors
/// The first mistake in the order of `source`, the text that `file` was parsed from.
pub fn check_names(source: &str, file: &File) -> Result<(), Diagnostic> {
    let mut mistakes = Vec::new();
    check_all_names(source, file, &mut Broken::default(), &mut mistakes);
    if mistakes.is_empty() {
        mistakes.extend(check_cost(file).err());
    }
    mistakes.into_iter().next().map_or(Ok(()), Err)
}

/// What cannot be used because of a mistake that has been reported, so that its consequences are not.
#[derive(Default)]
pub(super) struct Broken {
    /// Names whose definition has a mistake, or uses such a name.
    pub names: HashSet<String>,
    /// The statements, by their place in the file.
    pub statements: HashSet<usize>,
}

impl Broken {
    /// Marks a statement and what it defines.
    pub fn insert(&mut self, place: usize, statement: &Statement) {
        self.statements.insert(place);
        self.names.extend(statement.defines().map(|name| name.text.clone()));
    }
}

/// The same for all mistakes except for a missing cost. A name that is not defined is reported once.
pub(super) fn check_all_names(
    source: &str,
    file: &File,
    broken: &mut Broken,
    mistakes: &mut Vec<Diagnostic>,
) {
    let mut definitions = HashMap::new();
    for name in file.statements.iter().filter_map(Statement::defines) {
        definitions.entry(name.text.as_str()).or_insert(name.span);
    }
    let mut scope = Scope { source, definitions, ..Scope::default() };
    scope.broken.clone_from(&broken.names);
    for (place, statement) in file.statements.iter().enumerate() {
        let before = mistakes.len();
        scope.uses_broken = false;
        scope.check_statement(&file.expressions, statement, mistakes);
        if mistakes.len() > before || scope.uses_broken {
            broken.insert(place, statement);
            scope.broken.extend(statement.defines().map(|name| name.text.clone()));
        }
        let Some(name) = statement.defines() else { continue };
        scope.known.entry(&name.text).or_insert(name.span);
        match &statement.kind {
            StatementKind::Sample { .. } => drop(scope.sites.insert(name.text.as_str())),
            StatementKind::External { .. } => drop(scope.externals.insert(name.text.as_str())),
            _ => {}
        }
    }
}

/// Checks that an expression names nothing but constants and functions.
pub(super) fn check_constant(expressions: &Expressions, value: ExprId) -> Result<(), Diagnostic> {
    let mut scope = Scope { constant: true, ..Scope::default() };
    let mut mistakes = Vec::new();
    scope.check_uses(expressions, value, None, &mut mistakes);
    mistakes.into_iter().next().map_or(Ok(()), Err)
}

/// Checks that there is something to minimise.
pub(super) fn check_cost(file: &File) -> Result<(), Diagnostic> {
    let is_cost = |statement: &Statement| {
        use StatementKind::{Cost, Observe, Reward};
        matches!(statement.kind, Cost { .. } | Reward { .. } | Observe { .. })
    };
    if file.statements.iter().any(is_cost) {
        return Ok(());
    }
    let last = file.statements.last();
    Err(Diagnostic::new("there is no cost: nothing to minimise")
        .at(last.map_or(Span::new(0, 0), |statement| statement.span))
        .label("no cost up to here")
        .help(format!(
            "add a line such as `cost f = {}`",
            last.map_or_else(
                || "(x - 1)^2".to_owned(),
                |statement| format!("sum({})", statement.name().text)
            )
        )))
}

/// The names that an expression may use.
#[derive(Default)]
struct Scope<'a> {
    source: &'a str,
    /// First definitions of the whole file.
    definitions: HashMap<&'a str, Span>,
    /// Those above the present line.
    known: HashMap<&'a str, Span>,
    /// Those of them that are sites, and those that are black boxes.
    sites: HashSet<&'a str>,
    externals: HashSet<&'a str>,
    /// Whether the expression is the initial value of a parameter.
    initial: bool,
    /// Whether only a constant expression will do.
    constant: bool,
    /// Names that are not defined because of a mistake that has been reported.
    broken: HashSet<String>,
    /// Whether the present statement uses one of them.
    uses_broken: bool,
}

impl Scope<'_> {
    fn line(&self, span: Span) -> usize {
        Place::of(self.source, span.start).line
    }

    fn check_statement(
        &mut self,
        expressions: &Expressions,
        statement: &Statement,
        mistakes: &mut Vec<Diagnostic>,
    ) {
        if let Some(name) = statement.defines() {
            mistakes.extend(self.check_definition(name).err());
        }
        match &statement.kind {
            StatementKind::Param { name, shape, value } => {
                self.check_sizes(expressions, shape.iter().flat_map(|shape| &shape.sizes), mistakes);
                self.initial = true;
                self.check_uses(expressions, *value, Some(name), mistakes);
                self.initial = false;
            }
            StatementKind::Const { name, value }
            | StatementKind::Let { name, value }
            | StatementKind::Cost { name, value }
            | StatementKind::Reward { name, value } => {
                self.check_uses(expressions, *value, Some(name), mistakes);
            }
            StatementKind::Data { shape, source, .. } => {
                self.check_sizes(expressions, &shape.sizes, mistakes);
                match source {
                    DataSource::Value(value) => self.check_uses(expressions, *value, None, mistakes),
                    DataSource::File { .. } | DataSource::Unspecified => {}
                }
            }
            StatementKind::Sample { name, distribution, arguments, copies, .. } => {
                mistakes.extend(self.check_distribution(name, distribution).err());
                if let Some(copies) = copies {
                    self.check_uses(expressions, copies.count, None, mistakes);
                }
                self.check_arguments(expressions, arguments, mistakes);
            }
            StatementKind::Observe { name, value, distribution, arguments } => {
                self.check_uses(expressions, *value, None, mistakes);
                mistakes.extend(self.check_distribution(name, distribution).err());
                self.check_arguments(expressions, arguments, mistakes);
            }
            StatementKind::External { shape, .. } => self.check_sizes(expressions, &shape.sizes, mistakes),
        }
    }

    fn check_arguments(
        &mut self,
        expressions: &Expressions,
        arguments: &[Argument],
        mistakes: &mut Vec<Diagnostic>,
    ) {
        for argument in arguments {
            self.check_uses(expressions, argument.value, None, mistakes);
        }
    }

    fn check_sizes<'s>(
        &mut self,
        expressions: &Expressions,
        sizes: impl IntoIterator<Item = &'s Size>,
        mistakes: &mut Vec<Diagnostic>,
    ) {
        for size in sizes {
            match size {
                Size::Batch(_) => {}
                Size::Expression(id) => self.check_uses(expressions, *id, None, mistakes),
            }
        }
    }

    fn check_definition(&self, name: &Name) -> Result<(), Diagnostic> {
        let word = name.text.as_str();
        let what = if CONSTANTS.contains(&word) {
            "a constant"
        } else if Function::find(word).is_some_and(|function| !function.may_be_hidden) {
            "a function"
        } else if distributions::find(word).is_some() {
            "a distribution"
        } else if let Some(&first) = self.known.get(word) {
            let line = self.line(first);
            return Err(Diagnostic::new(format!(
                "{} is defined a second time; the first is on line {line}",
                quote(word)
            ))
            .at(name.span)
            .label("second definition")
            .help("a name is defined once and never changed; give this one another name"));
        } else {
            return Ok(());
        };
        Err(Diagnostic::new(format!("`{word}` is {what} of the language and cannot be defined"))
            .at(name.span)
            .help(format!("choose another name, such as `{word}_`")))
    }

    fn check_distribution(&self, site: &Name, distribution: &Name) -> Result<(), Diagnostic> {
        let word = distribution.text.as_str();
        if distributions::find(word).is_some() {
            return Ok(());
        }
        let diagnostic =
            Diagnostic::new(format!("there is no distribution {}", quote(word))).at(distribution.span);
        Err(if FUNCTIONS.contains(&word) {
            diagnostic.help(format!("`{word}` is a function; to compute write `{} = {word}(..)`", site.text))
        } else {
            suggest(diagnostic, Kind::Distribution, word, distributions::names()).unwrap_or_else(
                |diagnostic| {
                    let names: Vec<&str> = distributions::names().collect();
                    diagnostic.help(format!("the distributions are {}", names.join(", ")))
                },
            )
        })
    }

    /// Checks the names of an expression; `defines` is what its line defines, if by `=`.
    fn check_uses(
        &mut self,
        expressions: &Expressions,
        value: ExprId,
        defines: Option<&Name>,
        mistakes: &mut Vec<Diagnostic>,
    ) {
        // Distributions that are arguments of functions that accept them.
        let mut accepted = HashSet::new();
        for (id, node) in expressions.walk(value) {
            let (word, checked) = match &node.expr {
                Expr::Name(word) => (word, self.check_name(word, node.span)),
                Expr::Call(call) if !accepted.contains(&id) => {
                    if Function::find(&call.function.text).is_some_and(|f| f.accepts != Accepts::Values) {
                        accepted.extend(distributions_of(expressions, call));
                    }
                    let defines = defines.filter(|_| id == value);
                    (&call.function.text, self.check_function(&call.function, defines))
                }
                _ => continue,
            };
            // Of a name that is not defined, or whose definition has a mistake, later uses say nothing new.
            if self.broken.contains(word) {
                self.uses_broken = true;
            } else if let Err(mistake) = checked {
                mistakes.push(mistake);
                self.broken.insert(word.clone());
            }
        }
    }

    fn check_name(&self, word: &str, span: Span) -> Result<(), Diagnostic> {
        if self.externals.contains(word) {
            return Err(Diagnostic::new(format!("{} is a black box, used without arguments", quote(word)))
                .at(span)
                .help(format!("write `{word}(..)`")));
        }
        if self.known.contains_key(word) || CONSTANTS.contains(&word) {
            return Ok(());
        }
        if FUNCTIONS.contains(&word) {
            return Err(Diagnostic::new(format!("`{word}` is a function, used without arguments"))
                .at(span)
                .help(format!("write `{word}(..)`")));
        }
        if distributions::find(word).is_some() {
            return Err(draw_first(word, "z", span));
        }
        if self.constant {
            return Err(Diagnostic::new(format!("{} is no constant", quote(word)))
                .at(span)
                .help("a value given here is made of numbers, lists and functions of them"));
        }
        if let Some(&later) = self.definitions.get(word) {
            let message =
                format!("{} is used before it is defined on line {}", quote(word), self.line(later));
            return Err(Diagnostic::new(message)
                .at(span)
                .help("a line uses the names of the lines above it"));
        }
        if word == BATCH {
            return Err(misplaced_batch(span));
        }
        let diagnostic =
            Diagnostic::new(format!("{} is not defined", quote(word))).at(span).label("not defined");
        let words = self.known.keys().chain(CONSTANTS).chain(&["true", "false"]).copied();
        // Sorted, so that the answer does not depend on the order of a hash table.
        let mut words: Vec<&str> = words.collect();
        words.sort_unstable();
        Err(suggest(diagnostic, Kind::Value, word, words.into_iter()).unwrap_or_else(|diagnostic| {
            diagnostic.help(format!("define it on a line above, for instance `param {word} = 0`"))
        }))
    }

    fn check_function(&self, function: &Name, defines: Option<&Name>) -> Result<(), Diagnostic> {
        let word = function.text.as_str();
        if self.externals.contains(word) || (FUNCTIONS.contains(&word) && !self.known.contains_key(word)) {
            return Ok(());
        }
        if initial::find(word).is_some() && !self.known.contains_key(word) {
            return if self.initial { Ok(()) } else { Err(initial::misplaced(word, function.span)) };
        }
        if distributions::find(word).is_some() {
            return Err(match defines {
                Some(name) => {
                    Diagnostic::new(format!("`{word}` is a distribution; `=` computes and does not draw"))
                        .at(function.span)
                        .help(format!("to draw, write `{} ~ {word}(..)`", name.text))
                }
                None => draw_first(word, "z", function.span),
            });
        }
        let quoted = quote(word);
        if self.known.contains_key(word) || CONSTANTS.contains(&word) {
            return Err(Diagnostic::new(format!("{quoted} is not a function"))
                .at(function.span)
                .help(format!("to multiply, write `{word} * (..)`; for an element, `{word}[..]`")));
        }
        let diagnostic = Diagnostic::new(format!("there is no function {quoted}")).at(function.span);
        if word == "command" {
            return Err(
                diagnostic.help("programs are declared: `external f(z) -> [] = command(\"program\")`")
            );
        }
        Err(suggest(diagnostic, Kind::Function, word, FUNCTIONS.iter().copied()).unwrap_or_else(
            |diagnostic| match nearest(word, distributions::names()) {
                Some(near) => diagnostic.did_you_mean(near),
                None => diagnostic.help(format!("the functions are {}", FUNCTIONS.join(", "))),
            },
        ))
    }
}

/// The arguments of a call that are distributions with their parameters.
pub(super) fn distributions_of(expressions: &Expressions, call: &Call) -> impl Iterator<Item = ExprId> {
    call.arguments.iter().map(|argument| argument.value).filter(|&id| match &expressions[id].expr {
        Expr::Call(inner) => distributions::find(&inner.function.text).is_some(),
        _ => false,
    })
}

fn draw_first(distribution: &str, name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(format!("`{distribution}` is a distribution and has no place in an expression"))
        .at(span)
        .help(format!("draw on a line of its own, `{name} ~ {distribution}(..)`, and compute with `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::parse;

    fn check(source: &str) -> Result<(), Diagnostic> {
        check_names(source, &parse(source).unwrap())
    }

    #[test]
    fn well_named_files_pass() {
        for source in [
            "cost f = 1",
            "param t = pi\nb ~ Bernoulli(logits = t) via rebar(temperature = 0.5, coupling = common)\ncost f = -inf * b",
            "const axis = 1\ndata x : [2] = file(\"x.csv\")\ndata y : [2] = [axis, 2]\ndata z : [3]\ncost f = sum(x + y, axis = 0)",
            "param t = 0\ncost f = t\ncost g = f + t",
        ] {
            assert_eq!(check(source), Ok(()), "{source}");
        }
    }

    #[test]
    fn every_mistake_is_shown_at_its_place() {
        for (source, place, message, help) in [
            (
                "param theta = 0.5\nb ~ Bernoulli(logits = thta)\ncost f = b\n",
                "2:24",
                "`thta` is not defined",
                "`theta`",
            ),
            ("cost f = qqq", "1:10", "`qqq` is not defined", "param qqq = 0"),
            ("cost f = (Pi + 1)", "1:11", "`Pi`", "`pi`"),
            ("cost f = True", "1:10", "`True`", "`true`"),
            ("y = x + 1\nx = 1\ncost f = y", "1:5", "before it is defined on line 2", "lines above"),
            ("x = x + 1\ncost f = x", "1:5", "before it is defined on line 1", "lines above"),
            (
                "x = 1\n\nx = 2\ncost f = x",
                "3:1",
                "`x` is defined a second time; the first is on line 1",
                "another name",
            ),
            ("param b = 0\nb ~ Bernoulli(0.5)\ncost f = b", "2:1", "line 1", "another name"),
            ("pi = 3", "1:1", "a constant of the language", "`pi_`"),
            ("param exp = 3", "1:7", "a function of the language", "`exp_`"),
            ("cost mean = 3", "1:6", "a function of the language", "`mean_`"),
            ("Normal ~ Normal(0, 1)", "1:1", "a distribution of the language", "`Normal_`"),
            ("z ~ Bernouli(0.5)", "1:5", "no distribution `Bernouli`", "`Bernoulli`"),
            ("z ~ exp(0.5)", "1:5", "no distribution `exp`", "`z = exp(..)`"),
            ("z ~ Quux(0.5)", "1:5", "no distribution `Quux`", "Bernoulli, Categorical"),
            ("z = Normal(0, 1)", "1:5", "`=` computes and does not draw", "`z ~ Normal(..)`"),
            ("cost f = 1 + Normal(0, 1)", "1:14", "`Normal` is a distribution", "line of its own"),
            ("cost f = Normal", "1:10", "`Normal` is a distribution", "line of its own"),
            ("cost f = exp", "1:10", "without arguments", "`exp(..)`"),
            ("cost f = sgimoid(1)", "1:10", "no function `sgimoid`", "`sigmoid`"),
            ("cost f = Bernouli(1)", "1:10", "no function `Bernouli`", "`Bernoulli`"),
            ("cost f = frobnicate(1)", "1:10", "no function `frobnicate`", "exp, log"),
            ("x = 1\ncost f = x(2)", "2:10", "`x` is not a function", "`x * (..)`"),
            ("cost f = sum([1, [2, q]][0:r])", "1:22", "`q` is not defined", ""),
            ("z ~ Normal(loc = m, scale = 1)", "1:18", "`m` is not defined", ""),
            ("x = 1", "1:1", "no cost", "cost f = sum(x)"),
            ("", "1:1", "no cost", "cost f ="),
        ] {
            let diagnostic = check(source).expect_err(source);
            assert!(diagnostic.message.contains(message), "{source}: {diagnostic:?}");
            assert!(diagnostic.help.clone().unwrap_or_default().contains(help), "{source}: {diagnostic:?}");
            assert_eq!(diagnostic.place(source).unwrap().to_string(), place, "{source}: {diagnostic:?}");
        }
    }
}
