//! A file's statements to a stochastic graph.
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::distributions::Distribution;
use crate::graph::{BatchedData, Graph, Sampled};

use super::ast::{Argument, Expr, ExprId, Expressions, File, Name, Statement, StatementKind};
use super::domain::check_domain;
use super::errors::{Diagnostic, quote};
use super::estimators::estimator_with;
use super::loading::Loading;
use super::lower::Lowering;
use super::model::{Definition, DefinitionKind, Model, SiteSpans};
use super::named_distribution::{Evaluated, Named};
use super::names::{Broken, check_all_names, check_cost, check_names};
use super::parser::{MOST_MISTAKES, Recovered, Setting, parse, parse_all};
use super::programs;
use super::settings::Settings;
use super::sites;
use super::span::Span;
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
    let settings = Settings::evaluate(&file, loading.settings)?;
    let mut mistakes = Vec::new();
    match build(&file, &mut Broken::default(), loading, settings, 1, &mut mistakes) {
        Some(model) => Ok(model),
        None => Err(mistakes.into_iter().next().unwrap_or_else(|| Diagnostic::new("nothing was built"))),
    }
}

/// The same with all mistakes that are independent of each other, at most [`MOST_MISTAKES`](super::MOST_MISTAKES).
///
/// # Errors
/// The mistakes in the order of the text, those without a place last.
///
/// ```
/// use aleator::language::{Loading, load_all};
///
/// let source = "param a = nothing\nz ~ Normall(a, 1)\ncost f = z + a";
/// let mistakes = load_all(source, &Loading::default()).err().unwrap();
/// let places: Vec<String> = mistakes.iter().map(|m| m.place(source).unwrap().to_string()).collect();
/// assert_eq!(places, ["1:11", "2:5"]);
/// ```
pub fn load_all(source: &str, loading: &Loading<'_>) -> Result<Model, Vec<Diagnostic>> {
    let Recovered { file, mut mistakes, names } = parse_all(source);
    let readable = mistakes.is_empty();
    let mut broken = Broken { names: names.into_iter().collect(), ..Broken::default() };
    check_all_names(source, &file, &mut broken, &mut mistakes);
    if readable {
        mistakes.extend(check_cost(&file).err());
    }
    let of_broken = |setting: &Setting| broken.names.contains(&setting.name.text);
    let settings: Vec<Setting> =
        loading.settings.iter().filter(|setting| readable || !of_broken(setting)).cloned().collect();
    let model = match Settings::evaluate(&file, &settings) {
        Ok(settings) if mistakes.len() < MOST_MISTAKES => {
            build(&file, &mut broken, loading, settings, MOST_MISTAKES, &mut mistakes)
        }
        Ok(_) => None,
        Err(mistake) => {
            mistakes.push(mistake);
            None
        }
    };
    mistakes.sort_by_key(|mistake| mistake.span.map_or(usize::MAX, |span| span.start));
    mistakes.truncate(MOST_MISTAKES);
    match model {
        Some(model) if mistakes.is_empty() => Ok(model),
        _ => Err(mistakes),
    }
}

/// The mistakes of a text, as those of [`load_all`]; none if there are none.
///
/// ```
/// use aleator::language::{Loading, diagnose};
///
/// let mistakes = diagnose("param theta = 0\ncost f = thta^2", &Loading::default());
/// assert_eq!(mistakes[0].suggestions[0].text, "theta");
/// assert!(diagnose("param theta = 0\ncost f = theta^2", &Loading::default()).is_empty());
/// ```
pub fn diagnose(source: &str, loading: &Loading<'_>) -> Vec<Diagnostic> {
    load_all(source, loading).err().unwrap_or_default()
}

/// Builds the statements that are not broken; a model if there is no mistake. Stops at the mistake that makes `most`.
fn build(
    file: &File,
    broken: &mut Broken,
    loading: &Loading<'_>,
    mut settings: Settings,
    most: usize,
    mistakes: &mut Vec<Diagnostic>,
) -> Option<Model> {
    settings.add(loading.arrays);
    // A graph that has refused an operation stays refused, so what is not broken is then built in another.
    loop {
        let graph = Graph::new();
        let mut builder = Builder::new(&graph, file, loading, settings.clone());
        let mut again = false;
        for (place, statement) in file.statements.iter().enumerate() {
            if broken.statements.contains(&place) {
                continue;
            }
            if builder.uses_broken(statement, broken) {
                broken.insert(place, statement);
                continue;
            }
            let Err(mistake) = builder.statement(statement) else { continue };
            mistakes.push(mistake);
            broken.insert(place, statement);
            if mistakes.len() >= most {
                return None;
            }
            again = graph.engine().error().is_some();
            if again {
                break;
            }
        }
        if again {
            continue;
        }
        let Builder { definitions, files, commands, batched, lowering, .. } = builder;
        let Lowering { places, evaluated, .. } = lowering;
        let mut distributions = HashMap::new();
        for Evaluated { name, named, quantity } in evaluated {
            graph.check_domain(&name, &named.distribution, quantity);
            distributions.entry(name).or_insert(named.spans);
        }
        if loading.batch.is_some() && batched.is_none() && mistakes.is_empty() {
            mistakes.push(
                Diagnostic::new(
                    "no data of this text have `batch` as their first size, so there are no batches",
                )
                .help("write for instance `data x : [batch, 3] = file(\"x.npy\")`"),
            );
        }
        return mistakes.is_empty().then_some(Model {
            graph,
            definitions,
            places,
            distributions,
            files,
            batched,
            commands,
        });
    }
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
    fn new(graph: &'g Graph, file: &'a File, loading: &'a Loading<'a>, settings: Settings) -> Self {
        Builder {
            graph,
            lowering: Lowering::new(graph.engine()),
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
        }
    }

    /// Whether a statement uses a name whose definition has a mistake.
    fn uses_broken(&self, statement: &Statement, broken: &Broken) -> bool {
        let broken_part = |root: ExprId| {
            self.expressions.walk(root).any(|(_, node)| match &node.expr {
                Expr::Name(name) => broken.names.contains(name),
                Expr::Call(call) => broken.names.contains(&call.function.text),
                _ => false,
            })
        };
        !broken.names.is_empty() && statement.roots().into_iter().any(broken_part)
    }

    fn statement(&mut self, statement: &'a Statement) -> Result<(), Diagnostic> {
        let mut site = None;
        let roots = statement.roots();
        let name = statement.name();
        let mut definition_name = name.text.clone();
        let (kind, value) = match &statement.kind {
            StatementKind::Param { shape, value, .. } => {
                (DefinitionKind::Param, self.param(name, shape.as_ref(), *value)?)
            }
            StatementKind::Const { value, .. } => (DefinitionKind::Const, self.constant(name, *value)?),
            StatementKind::Data { shape, source, .. } => {
                (DefinitionKind::Data, self.data(name, shape, source)?)
            }
            StatementKind::Let { value, .. } => {
                let value = self.lowering.lower(self.expressions, *value)?;
                self.graph.note(&name.text, value.expr);
                (DefinitionKind::Deterministic, value)
            }
            StatementKind::Cost { value, .. } => {
                let value = self.lowering.lower(self.expressions, *value)?;
                self.costs.insert(name.text.clone());
                self.graph.cost(&name.text, value.expr);
                (DefinitionKind::Cost, value)
            }
            StatementKind::Reward { value, .. } => {
                let value = self.lowering.lower(self.expressions, *value)?;
                self.costs.insert(name.text.clone());
                self.graph.reward(&name.text, value.expr);
                (DefinitionKind::Reward, value)
            }
            StatementKind::Observe { value, distribution, arguments, .. } => {
                let observed = self.lowering.lower(self.expressions, *value)?.expr;
                let what = format!("the observation of {} ({})", quote(&name.text), distribution.text);
                let (distribution, spans) = self.distribution(&what, distribution, arguments)?;
                definition_name = self.free_cost_name(&name.text);
                let expr = self.graph.observe(&definition_name, observed, &distribution);
                check(expr, self.expressions[*value].span)?;
                site = Some(spans);
                (DefinitionKind::Observation, Value { expr, constant: false })
            }
            StatementKind::External { parameters, shape, command, command_span, .. } => {
                let shape = self.shape(shape)?;
                let black_box = programs::declare(
                    name,
                    parameters,
                    shape,
                    command,
                    *command_span,
                    self.loading.commands,
                    self.loading.folder,
                )?;
                self.commands.push((name.text.clone(), command.clone()));
                self.lowering.black_boxes.insert(name.text.clone(), black_box);
                self.define(statement, definition_name, DefinitionKind::BlackBox, None, &roots, None);
                return Ok(());
            }
            StatementKind::Sample { distribution, arguments, copies, via, .. } => {
                let what = format!("{} ({})", quote(&name.text), distribution.text);
                let (law, mut spans) = self.distribution(&what, distribution, arguments)?;
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
                spans.copies = copies.map(|copies| copies.span);
                spans.via = via.as_ref().map(|call| call.span);
                let named = Named {
                    distribution: law,
                    batch,
                    draw: Some(expr),
                    constant: false,
                    spans: spans.clone(),
                };
                self.lowering.sites.insert(name.text.clone(), named);
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

    /// A distribution with its parameters, and their places; `what` it belongs to, in words.
    fn distribution(
        &mut self,
        what: &str,
        name: &Name,
        arguments: &[Argument],
    ) -> Result<(Distribution<'g>, SiteSpans), Diagnostic> {
        let bound = sites::bind(sites::find(name)?, name, arguments)?;
        let mut parameters = Vec::with_capacity(bound.arguments.len());
        for (_, value, _) in &bound.arguments {
            parameters.push(self.lowering.lower(self.expressions, *value)?);
        }
        let places: Vec<Span> = bound.arguments.iter().map(|(_, _, span)| *span).collect();
        let spans = SiteSpans::of(name.span, &bound);
        let distribution = bound.signature.build(parameters.iter().map(|value| value.expr).collect());
        let parameters = parameters.into_iter().zip(places);
        check_domain(what, &distribution, parameters, &mut self.lowering.constants)?;
        Ok((distribution, spans))
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
