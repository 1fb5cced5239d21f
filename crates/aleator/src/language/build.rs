//! A file's statements to a stochastic graph.
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::distributions::Distribution;
use crate::graph::{Graph, Sampled};

use super::ast::{Argument, DataSource, Expr, ExprId, Expressions, Name, Size, Statement, StatementKind};
use super::errors::Diagnostic;
use super::estimators::estimator_with;
use super::loading::Loading;
use super::lower::Lowering;
use super::model::{BatchedData, Definition, DefinitionKind, Model, SiteSpans};
use super::named_distribution::Named;
use super::names::check_names;
use super::parser::{Setting, parse};
use super::programs;
use super::settings::Settings;
use super::sites;
use super::values::{Value, check};

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
    load_with(source, &Loading { folder, settings, ..Loading::default() })
}

/// The same with everything that a text alone does not say.
///
/// # Errors
/// The first mistake, with its place in `source`; a mistake in a setting has no place.
///
/// ```
/// use aleator::language::{Loading, load_with};
///
/// let source = "param w = 0\ndata x : [batch] = [1, 2, 4, 8]\ncost f = mean((x - w)^2)";
/// let model = load_with(source, &Loading { batch: Some(2), ..Loading::default() })?;
/// assert_eq!(model.graph.datasets()[0].values, [1.0, 2.0]);
/// assert_eq!(model.batched.unwrap().total, 4);
/// # Ok::<(), aleator::language::Diagnostic>(())
/// ```
pub fn load_with(source: &str, loading: &Loading<'_>) -> Result<Model, Diagnostic> {
    let file = parse(source)?;
    check_names(source, &file)?;
    let mut settings = Settings::evaluate(&file, loading.settings)?;
    settings.add(loading.arrays);
    let graph = Graph::new();
    let lowering = Lowering::new(graph.engine());
    let mut builder = Builder {
        graph: &graph,
        lowering,
        expressions: &file.expressions,
        loading,
        settings,
        kinds: HashMap::new(),
        costs: HashSet::new(),
        definitions: Vec::with_capacity(file.statements.len()),
        files: Vec::new(),
        commands: Vec::new(),
        batched: None,
        random_values: 0,
    };
    for statement in &file.statements {
        builder.statement(statement)?;
    }
    let Builder { definitions, files, commands, batched, lowering, .. } = builder;
    let places = lowering.places;
    if loading.batch.is_some() && batched.is_none() {
        return Err(Diagnostic::new(
            "no data of this text have `batch` as their first size, so there are no batches",
        )
        .help("write for instance `data x : [batch, 3] = file(\"x.npy\")`"));
    }
    Ok(Model { graph, definitions, places, files, batched, commands })
}

pub(super) struct Builder<'a, 'g> {
    pub graph: &'g Graph,
    pub lowering: Lowering<'g>,
    pub expressions: &'a Expressions,
    pub loading: &'a Loading<'a>,
    pub settings: Settings,
    pub kinds: HashMap<&'a str, DefinitionKind>,
    /// The names of costs.
    costs: HashSet<String>,
    definitions: Vec<Definition>,
    pub files: Vec<(String, PathBuf)>,
    commands: Vec<(String, Vec<String>)>,
    pub batched: Option<BatchedData>,
    /// How many random initial values there were.
    pub random_values: u64,
}

impl<'a, 'g> Builder<'a, 'g> {
    fn statement(&mut self, statement: &'a Statement) -> Result<(), Diagnostic> {
        let mut site = None;
        let mut roots = Vec::new();
        let name = statement.name();
        let mut definition_name = name.text.clone();
        let sizes = |sizes: &[Size]| sizes.iter().map(|size| size.expression()).collect::<Vec<ExprId>>();
        let (kind, value) = match &statement.kind {
            StatementKind::Param { shape, value, .. } => {
                roots.extend(shape.iter().flat_map(|shape| sizes(&shape.sizes)));
                roots.push(*value);
                (DefinitionKind::Param, self.param(name, shape.as_ref(), *value)?)
            }
            StatementKind::Const { value, .. } => {
                roots.push(*value);
                (DefinitionKind::Const, self.constant(name, *value)?)
            }
            StatementKind::Data { shape, source, .. } => {
                roots.extend(sizes(&shape.sizes));
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
                self.costs.insert(name.text.clone());
                self.graph.cost(&name.text, value.expr);
                (DefinitionKind::Cost, value)
            }
            StatementKind::Reward { value, .. } => {
                roots.push(*value);
                let value = self.lowering.lower(self.expressions, *value)?;
                self.costs.insert(name.text.clone());
                self.graph.reward(&name.text, value.expr);
                (DefinitionKind::Reward, value)
            }
            StatementKind::Observe { value, distribution, arguments, .. } => {
                roots.push(*value);
                roots.extend(arguments.iter().map(|argument| argument.value));
                let observed = self.lowering.lower(self.expressions, *value)?.expr;
                let (distribution, spans) = self.distribution(distribution, arguments)?;
                definition_name = self.free_cost_name(&name.text);
                let expr = self.graph.observe(&definition_name, observed, &distribution);
                check(expr, self.expressions[*value].span)?;
                site = Some(spans);
                (DefinitionKind::Observation, Value { expr, constant: false })
            }
            StatementKind::External { parameters, shape, command, command_span, .. } => {
                roots.extend(sizes(&shape.sizes));
                let shape = self.shape(shape)?;
                let black_box =
                    programs::declare(name, parameters, shape, command, *command_span, self.loading)?;
                self.commands.push((name.text.clone(), command.clone()));
                self.lowering.black_boxes.insert(name.text.clone(), black_box);
                return Ok(self.define(
                    statement,
                    definition_name,
                    DefinitionKind::BlackBox,
                    None,
                    &roots,
                    None,
                ));
            }
            StatementKind::Sample { distribution, arguments, copies, via, .. } => {
                roots.extend(arguments.iter().map(|argument| argument.value));
                roots.extend(copies.iter().map(|copies| copies.count));
                let (law, mut spans) = self.distribution(distribution, arguments)?;
                let mut sampled = Sampled::from(law.clone());
                if let Some(copies) = copies {
                    sampled = sampled.copies(self.copies(copies)?);
                }
                if let Some(call) = via {
                    sampled = sampled.via_shared(estimator_with(&mut self.lowering, call, self.expressions)?);
                }
                let expr = self.graph.sample(&name.text, sampled);
                let end = arguments.last().map_or(distribution.span, |argument| argument.span);
                check(expr, distribution.span.join(end))?;
                let batch = expr.shape().leading(expr.rank() - law.event_shape().rank());
                let law = law.with_batch_rank(batch.rank());
                let named = Named { distribution: law, batch, draw: Some(expr), constant: false };
                self.lowering.sites.insert(name.text.clone(), named);
                spans.copies = copies.map(|copies| copies.span);
                spans.via = via.as_ref().map(|call| call.span);
                site = Some(spans);
                (DefinitionKind::Site, Value { expr, constant: false })
            }
        };
        check(value.expr, name.span)?;
        if let Some(name) = statement.defines() {
            self.lowering.names.insert(name.text.clone(), value);
        }
        self.define(statement, definition_name, kind, Some(value), &roots, site);
        Ok(())
    }

    fn define(
        &mut self,
        statement: &'a Statement,
        name: String,
        kind: DefinitionKind,
        value: Option<Value<'g>>,
        roots: &[ExprId],
        site: Option<SiteSpans>,
    ) {
        if let Some(name) = statement.defines() {
            self.kinds.insert(&name.text, kind);
        }
        self.definitions.push(Definition {
            name,
            kind,
            node: value.map(|value| value.expr.id()),
            uses: self.uses(roots),
            name_span: statement.name().span,
            span: statement.span,
            site,
        });
    }

    /// A distribution with its parameters, and their places.
    fn distribution(
        &mut self,
        name: &Name,
        arguments: &[Argument],
    ) -> Result<(Distribution<'g>, SiteSpans), Diagnostic> {
        let bound = sites::bind(sites::find(name)?, name, arguments)?;
        let mut parameters = Vec::with_capacity(bound.arguments.len());
        for (_, value, _) in &bound.arguments {
            parameters.push(self.lowering.lower(self.expressions, *value)?.expr);
        }
        let arguments = bound.arguments.iter().map(|(name, _, span)| ((*name).to_owned(), *span)).collect();
        let spans = SiteSpans { distribution: name.span, arguments, copies: None, via: None };
        Ok((bound.signature.build(parameters), spans))
    }

    /// A name of a cost that no other has: `x`, `x_2`, ..
    fn free_cost_name(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut count = 1;
        while !self.costs.insert(name.clone()) {
            count += 1;
            name = format!("{wanted}_{count}");
        }
        name
    }

    /// The names of the file that expressions use.
    fn uses(&self, roots: &[ExprId]) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut uses = Vec::new();
        for &root in roots {
            for (_, node) in self.expressions.walk(root) {
                let name = match &node.expr {
                    Expr::Name(name) => name,
                    Expr::Call(call) => &call.function.text,
                    _ => continue,
                };
                if self.kinds.contains_key(name.as_str()) && seen.insert(name.as_str()) {
                    uses.push(name.clone());
                }
            }
        }
        uses
    }
}
