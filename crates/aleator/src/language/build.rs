//! A file's statements to a stochastic graph.
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use aleator_engine::graph::{Expr as Node, Shape};

use crate::data::load_array;
use crate::graph::{Graph, Sampled};

use super::ast::{self, DataSource, Expr, ExprId, Expressions, Name, Statement, StatementKind};
use super::errors::Diagnostic;
use super::estimators::estimator_with;
use super::lower::Lowering;
use super::model::{Definition, DefinitionKind, Model, SiteSpans};
use super::names::check_names;
use super::parser::{Setting, parse};
use super::settings::{NamedArray, Settings};
use super::sites;
use super::span::Span;
use super::values::{Tensor, Value, check};

/// Reads a text and builds its graph. `folder` is where the files of `data` lines are looked for (without one they are
/// an error), `settings` replace the values of parameters, constants and data.
///
/// # Errors
/// The first mistake, with its place in `source`; a mistake in a setting has no place.
///
/// ```
/// use aleator::language::{load, parse_set};
///
/// let source = "param phi = [0.2, -0.4]\nb ~ Bernoulli(logits = phi)\ncost f = (b - 0.45)^2";
/// let model = load(source, None, &[parse_set("phi=0.5")?])?;
/// assert_eq!(model.graph.params()[0].initial, [0.5, 0.5]);
/// # Ok::<(), aleator::language::Diagnostic>(())
/// ```
pub fn load(source: &str, folder: Option<&Path>, settings: &[Setting]) -> Result<Model, Diagnostic> {
    load_with(source, folder, settings, &[])
}

/// The same with arrays in place of the values of data, whose files are not read.
pub(super) fn load_with(
    source: &str,
    folder: Option<&Path>,
    settings: &[Setting],
    arrays: &[NamedArray],
) -> Result<Model, Diagnostic> {
    let file = parse(source)?;
    check_names(source, &file)?;
    let mut settings = Settings::evaluate(&file, settings)?;
    settings.add(arrays);
    let graph = Graph::new();
    let lowering = Lowering::new(graph.engine());
    let mut builder = Builder {
        graph: &graph,
        lowering,
        expressions: &file.expressions,
        folder,
        settings,
        kinds: HashMap::new(),
        definitions: Vec::with_capacity(file.statements.len()),
        files: Vec::new(),
    };
    for statement in &file.statements {
        builder.statement(statement)?;
    }
    let (definitions, places, files) = (builder.definitions, builder.lowering.places, builder.files);
    Ok(Model { graph, definitions, places, files })
}

struct Builder<'a, 'g> {
    graph: &'g Graph,
    lowering: Lowering<'g>,
    expressions: &'a Expressions,
    folder: Option<&'a Path>,
    settings: Settings,
    kinds: HashMap<&'a str, DefinitionKind>,
    definitions: Vec<Definition>,
    files: Vec<(String, PathBuf)>,
}

impl<'a, 'g> Builder<'a, 'g> {
    fn statement(&mut self, statement: &'a Statement) -> Result<(), Diagnostic> {
        let mut site = None;
        let mut roots = Vec::new();
        let name = statement.name();
        let (kind, value) = match &statement.kind {
            StatementKind::Param { shape, value, .. } => {
                roots.push(*value);
                (DefinitionKind::Param, self.param(name, shape.as_ref(), *value)?)
            }
            StatementKind::Const { value, .. } => {
                roots.push(*value);
                (DefinitionKind::Const, self.constant(name, *value)?)
            }
            StatementKind::Data { shape, source, .. } => {
                if let DataSource::Value(value) = source {
                    roots.push(*value);
                }
                (DefinitionKind::Data, self.data(name, shape, source)?)
            }
            StatementKind::Let { value, .. } => {
                roots.push(*value);
                let value = self.lowering.lower(self.expressions, *value)?;
                self.graph.note(&name.text, value.expr);
                (DefinitionKind::Deterministic, value)
            }
            StatementKind::Cost { value, .. } => {
                roots.push(*value);
                let value = self.lowering.lower(self.expressions, *value)?;
                self.graph.cost(&name.text, value.expr);
                (DefinitionKind::Cost, value)
            }
            StatementKind::Sample { distribution, arguments, copies, via, .. } => {
                roots.extend(arguments.iter().map(|argument| argument.value));
                let entry = sites::find(distribution)?;
                let bound = sites::bind(entry, distribution, arguments)?;
                let mut parameters = Vec::with_capacity(bound.arguments.len());
                for (_, value, _) in &bound.arguments {
                    parameters.push(self.lowering.lower(self.expressions, *value)?.expr);
                }
                let mut sampled = Sampled::from(bound.signature.build(parameters));
                if let Some(copies) = copies {
                    sampled = sampled.copies(copies.count);
                }
                if let Some(call) = via {
                    sampled = sampled.via_shared(estimator_with(&mut self.lowering, call, self.expressions)?);
                }
                let expr = self.graph.sample(&name.text, sampled);
                let end = arguments.last().map_or(distribution.span, |argument| argument.span);
                check(expr, distribution.span.join(end))?;
                let spans = bound.arguments.iter().map(|(name, _, span)| ((*name).to_owned(), *span));
                site = Some(SiteSpans {
                    distribution: distribution.span,
                    arguments: spans.collect(),
                    copies: copies.map(|copies| copies.span),
                    via: via.as_ref().map(|call| call.span),
                });
                (DefinitionKind::Site, Value { expr, constant: false })
            }
        };
        check(value.expr, name.span)?;
        self.lowering.names.insert(name.text.clone(), value);
        self.kinds.insert(&name.text, kind);
        self.definitions.push(Definition {
            name: name.text.clone(),
            kind,
            node: value.expr.id(),
            uses: self.uses(&roots),
            name_span: name.span,
            span: statement.span,
            site,
        });
        Ok(())
    }

    /// The names of the file that expressions use.
    fn uses(&self, roots: &[ExprId]) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut uses = Vec::new();
        for &root in roots {
            for (_, node) in self.expressions.walk(root) {
                if let Expr::Name(name) = &node.expr
                    && self.kinds.contains_key(name.as_str())
                    && seen.insert(name.as_str())
                {
                    uses.push(name.clone());
                }
            }
        }
        uses
    }

    fn param(
        &mut self,
        name: &Name,
        shape: Option<&ast::Shape>,
        value: ExprId,
    ) -> Result<Value<'g>, Diagnostic> {
        let initial = self.numbers(&format!("the initial value of `{}`", name.text), value)?;
        let span = shape.map_or(self.expressions[value].span, |shape| shape.span);
        let shape = shape.map_or(initial.shape.clone(), |shape| Shape::from(&shape.dimensions[..]));
        self.store(&name.text, &shape, span)?;
        let value_span = self.expressions[value].span;
        let mut values = fit(&name.text, &shape, initial).map_err(|d| d.at(value_span))?;
        if let Some(set) = self.settings.take(&name.text) {
            values = fit(&name.text, &shape, set).map_err(|d| d.in_setting(&name.text))?;
        }
        Ok(given(self.graph.param_tensor(&name.text, shape, values)))
    }

    fn constant(&mut self, name: &Name, value: ExprId) -> Result<Value<'g>, Diagnostic> {
        let mut tensor = self.numbers(&format!("the value of `{}`", name.text), value)?;
        if let Some(set) = self.settings.take(&name.text) {
            tensor = match set.shape.rank() {
                0 => {
                    let filled = vec![set.values[0]; tensor.values.len()];
                    Tensor { shape: tensor.shape, values: Rc::from(filled) }
                }
                _ => set,
            };
        }
        self.store(&name.text, &tensor.shape, self.expressions[value].span)?;
        let expr = self.graph.engine().tensor(tensor.shape, tensor.values.to_vec());
        self.graph.note(&name.text, expr);
        Ok(Value { expr, constant: true })
    }

    fn data(
        &mut self,
        name: &Name,
        shape: &ast::Shape,
        source: &DataSource,
    ) -> Result<Value<'g>, Diagnostic> {
        let declared = Shape::from(&shape.dimensions[..]);
        self.store(&name.text, &declared, shape.span)?;
        let set = self.settings.take(&name.text);
        let values = match (source, set) {
            (_, Some(set)) => fit(&name.text, &declared, set).map_err(|d| d.in_setting(&name.text))?,
            (DataSource::Value(value), None) => {
                let tensor = self.numbers(&format!("the value of `{}`", name.text), *value)?;
                let span = self.expressions[*value].span;
                fit(&name.text, &declared, tensor).map_err(|d| d.at(span))?
            }
            (DataSource::File { path, span }, None) => self.file(&name.text, &declared, path, *span)?,
            (DataSource::Unspecified, None) => {
                return Err(Diagnostic::new(format!("`{}` has no values", name.text))
                    .at(name.span)
                    .help(format!("write `data {0} : {declared} = file(\"{0}.npy\")`", name.text))
                    .or_setting(&name.text));
            }
        };
        Ok(given(self.graph.data(&name.text, declared, values)))
    }

    fn file(&mut self, name: &str, declared: &Shape, path: &str, span: Span) -> Result<Vec<f64>, Diagnostic> {
        let Some(folder) = self.folder else {
            return Err(Diagnostic::new("a text that is not a file has no folder to look for files in")
                .at(span)
                .help("write the numbers down")
                .or_setting(name));
        };
        let path = folder.join(path);
        let (shape, values) =
            load_array(&path).map_err(|error| Diagnostic::new(error.to_string()).at(span))?;
        self.files.push((name.to_string(), path));
        // A table of one row or column serves as a vector.
        let without_ones = |shape: &[usize]| shape.iter().copied().filter(|&n| n != 1).collect::<Vec<_>>();
        if shape[..] == declared[..] || without_ones(&shape) == without_ones(declared) {
            return Ok(values);
        }
        let shape = Shape::from(shape);
        let message = format!("`{name}` is declared with shape {declared}, but the file holds {shape}");
        Err(Diagnostic::new(message).at(span).label(format!("shape {shape}")))
    }

    fn store(&mut self, name: &str, shape: &Shape, span: Span) -> Result<(), Diagnostic> {
        let stored = self.lowering.constants.store(&format!("`{name}`"), shape);
        stored.map_err(|message| Diagnostic::new(message).at(span))
    }

    /// The numbers of an expression that must be constant.
    fn numbers(&mut self, what: &str, root: ExprId) -> Result<Tensor, Diagnostic> {
        let value = self.lowering.lower(self.expressions, root)?;
        let span = self.expressions[root].span;
        if value.constant {
            let tensor = self.lowering.constants.tensor(value);
            return tensor.map_err(|message| Diagnostic::new(message).at(span));
        }
        let mut diagnostic = Diagnostic::new(format!("{what} must be constant")).at(span);
        for (_, node) in self.expressions.walk(root) {
            if let Expr::Name(name) = &node.expr
                && let Some(value) = self.lowering.names.get(name)
                && !value.constant
                && let Some(kind) = self.kinds.get(name.as_str())
            {
                diagnostic =
                    Diagnostic::new(format!("{what} must be constant, but `{name}` is {}", kind.describe()))
                        .at(node.span)
                        .label("not constant");
                break;
            }
        }
        Err(diagnostic.help("use numbers, lists, functions of them, and names defined with `const`"))
    }
}

fn given(expr: Node<'_>) -> Value<'_> {
    Value { expr, constant: false }
}

/// A tensor's numbers in a declared shape, which a single number fills.
fn fit(name: &str, declared: &Shape, tensor: Tensor) -> Result<Vec<f64>, Diagnostic> {
    if tensor.shape == *declared || tensor.shape.rank() == 0 {
        return Ok(tensor.values.to_vec());
    }
    let message = format!("`{name}` has shape {declared}, but the value has shape {}", tensor.shape);
    Err(Diagnostic::new(message)
        .label(format!("shape {}", tensor.shape))
        .help("the shapes must be the same; a single number fills any shape"))
}
