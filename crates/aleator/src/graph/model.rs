//! The graph as the author writes it: parameters, data, random sites and costs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use aleator_engine::graph::{self as engine, Expr, NodeId, Shape};

use super::choice::Choice;
use crate::distributions::{Distribution, Family};
use crate::error::{Error, Result};

/// A tensor with respect to which the objective is differentiated.
#[derive(Clone, Debug)]
pub struct Param {
    /// The name.
    pub name: String,
    /// The node.
    pub node: NodeId,
    /// The shape.
    pub shape: Shape,
    /// The initial value, row-major.
    pub initial: Vec<f64>,
}

/// A tensor with given values, with respect to which nothing is differentiated.
#[derive(Clone, Debug)]
pub struct Data {
    /// The name.
    pub name: String,
    /// The node.
    pub node: NodeId,
    /// The shape.
    pub shape: Shape,
    /// The value, row-major. You may replace it before a run.
    pub values: Vec<f64>,
}

/// A tensor that is kept from one run to the next. A run computes its next value; gradients do not change it.
#[derive(Clone, Debug)]
pub struct State {
    /// The name.
    pub name: String,
    /// The node.
    pub node: NodeId,
    /// The shape.
    pub shape: Shape,
    /// The value before the first run, row-major.
    pub initial: Vec<f64>,
    /// The node whose value becomes the new state after a run in training, averaged over any leading axes.
    pub next: Option<NodeId>,
}

/// A random node `z ~ D(parameters)`.
#[derive(Clone, Debug)]
pub struct SiteDef {
    /// The name.
    pub name: String,
    /// The formulas of the distribution.
    pub family: Arc<dyn Family>,
    /// The parameters of the distribution, aligned at `batch` axes.
    pub parameters: Vec<NodeId>,
    /// The axes of independent draws.
    pub batch: Shape,
    /// The axes of one draw.
    pub event: Shape,
    /// The value of the site in the graph.
    pub value: NodeId,
    /// The estimator that the author chose.
    pub(crate) choice: Option<Choice>,
}

/// A node whose elements are all added to the objective.
#[derive(Clone, Debug)]
pub struct Cost {
    /// The name.
    pub name: String,
    /// The node.
    pub node: NodeId,
    /// Whether it is minus a reward, which the name stands for.
    pub is_reward: bool,
}

/// How much of an objective is rewards, which are subtracted from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Rewards {
    /// Nothing: all costs are costs.
    #[default]
    None,
    /// Some costs are rewards: the objective is E\[costs\] − E\[rewards\].
    Some,
    /// All costs are rewards: the objective is −E\[reward\].
    All,
}

/// A value that was observed: [`Graph::observe`].
#[derive(Clone, Debug)]
pub(crate) struct Observation {
    /// The name of the cost.
    pub name: String,
    /// The formulas of the distribution.
    pub family: Arc<dyn Family>,
    /// The parameters of the distribution.
    pub parameters: Vec<NodeId>,
    /// The observed value.
    pub value: NodeId,
    /// The cost, −log p(value).
    pub cost: NodeId,
}

/// A distribution of which the graph computes a quantity: [`Graph::check_domain`].
#[derive(Clone, Debug)]
pub(crate) struct Law {
    /// Its name in messages.
    pub name: String,
    /// The formulas of the distribution.
    pub family: Arc<dyn Family>,
    /// The parameters of the distribution.
    pub parameters: Vec<NodeId>,
    /// The quantity.
    pub quantity: NodeId,
}

#[derive(Clone, Default)]
struct Parts {
    params: Vec<Param>,
    data: Vec<Data>,
    states: Vec<State>,
    sites: Vec<SiteDef>,
    costs: Vec<Cost>,
    observations: Vec<Observation>,
    laws: Vec<Law>,
    named: Vec<(String, NodeId)>,
    /// What each name refers to, in words. A cost and a named node may share a name.
    names: HashMap<String, &'static str>,
}

impl Parts {
    fn lengths(&self) -> [usize; 8] {
        let Parts { params, data, states, sites, costs, observations, laws, named, names: _ } = self;
        [
            params.len(),
            data.len(),
            states.len(),
            sites.len(),
            costs.len(),
            observations.len(),
            laws.len(),
            named.len(),
        ]
    }

    /// Removes what was added since [`Parts::lengths`] were these.
    fn truncate(&mut self, lengths: [usize; 8]) {
        let [params, data, states, sites, costs, observations, laws, named] = lengths;
        self.params.truncate(params);
        self.data.truncate(data);
        self.states.truncate(states);
        self.sites.truncate(sites);
        self.costs.truncate(costs);
        self.observations.truncate(observations);
        self.laws.truncate(laws);
        self.named.truncate(named);
        let Parts { params, data, states, sites, names, .. } = self;
        names.retain(|name, _| {
            params.iter().any(|p| p.name == *name)
                || data.iter().any(|d| d.name == *name)
                || states.iter().any(|s| s.name == *name)
                || sites.iter().any(|s| s.name == *name)
        });
    }
}

/// A stochastic computation graph. The objective, which is minimised, is the expectation of the sum of all elements of all costs.
///
/// Shape errors do not panic: the first one is kept and returned when you use the graph. Everything that is derived from a graph
/// is created in a clone of it, under the same ids, so results do not depend on what was compiled or measured before.
///
/// ```
/// use aleator::prelude::*;
///
/// let g = Graph::new();
/// let mu = g.param("mu", 0.3);
/// let z = g.sample("z", Normal::new(mu, 1.0));
/// g.cost("loss", (z - 1).square());
///
/// let mut program = g.compile(&Options::new().samples(64))?; // the estimator is chosen: pathwise here
/// assert!((program.run()?.gradient("mu")?[0] + 1.4).abs() < 1.0); // 2 (mu - 1)
/// # Ok::<(), aleator::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Graph {
    engine: engine::Graph,
    parts: RefCell<Parts>,
}

/// The names of its parts.
impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts.borrow();
        let names = |names: &mut dyn Iterator<Item = &str>| names.map(String::from).collect::<Vec<_>>();
        f.debug_struct("Graph")
            .field("params", &names(&mut parts.params.iter().map(|p| &*p.name)))
            .field("data", &names(&mut parts.data.iter().map(|d| &*d.name)))
            .field("states", &names(&mut parts.states.iter().map(|s| &*s.name)))
            .field("sites", &names(&mut parts.sites.iter().map(|s| &*s.name)))
            .field("costs", &names(&mut parts.costs.iter().map(|c| &*c.name)))
            .field("nodes", &self.engine.len())
            .finish()
    }
}

/// The description of a site: a distribution, optionally with copies and an estimator.
pub struct Sampled<'g> {
    distribution: Distribution<'g>,
    copies: Option<usize>,
    choice: Option<Choice>,
}

impl<'g> From<Distribution<'g>> for Sampled<'g> {
    fn from(distribution: Distribution<'g>) -> Self {
        Sampled { distribution, copies: None, choice: None }
    }
}

impl<'g> Sampled<'g> {
    /// Sets the author's choice of estimator for the site.
    pub(crate) fn choose(self, choice: Choice) -> Self {
        Sampled { choice: Some(choice), ..self }
    }

    /// Draws the given number of independent copies, along a new leading axis.
    pub fn copies(self, copies: usize) -> Self {
        Sampled { copies: Some(copies), ..self }
    }
}

impl<'g> Distribution<'g> {
    /// Draws the given number of independent copies, along a new leading axis.
    pub fn copies(self, copies: usize) -> Sampled<'g> {
        Sampled::from(self).copies(copies)
    }
}

impl Graph {
    /// Creates an empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the underlying graph of tensor operations and drops the rest.
    pub(crate) fn into_engine(self) -> engine::Graph {
        self.engine
    }

    /// Whether all operations succeeded; if not, the first error.
    pub(crate) fn check(&self) -> Result<()> {
        match self.engine.error() {
            Some(error) => Err(Error::of_graph(error, self.engine.error_location())),
            None => Ok(()),
        }
    }

    /// The underlying graph of tensor operations.
    pub fn engine(&self) -> &engine::Graph {
        &self.engine
    }

    /// Calls a function that adds to the graph. If something in it fails, the graph becomes what it was before, without the
    /// error, and the error is the result; see [`engine::Graph::attempt`]. [`Graph::becomes`] is not undone.
    ///
    /// # Errors
    /// The function's own error, the first error of an operation in it, or the one that the graph had before.
    ///
    /// ```
    /// use aleator::prelude::*;
    ///
    /// let g = Graph::new();
    /// let mean = g.param_tensor("mean", [2], vec![0.0]);
    /// let narrow = g.attempt(|| Ok::<_, aleator::Error>(g.sample("z", Normal::new(mean, vec![1.0, 1.0, 1.0]))));
    /// assert!(narrow.is_err());
    /// g.cost("loss", g.sample("z", Normal::new(mean, 1.0)).square()); // the name is free
    /// g.compile(&Options::new())?.run()?;
    /// # Ok::<(), aleator::Error>(())
    /// ```
    pub fn attempt<R, E: From<Error>>(&self, build: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
        struct Caught<E>(E);
        impl<E: From<Error>> From<aleator_engine::Error> for Caught<E> {
            fn from(error: aleator_engine::Error) -> Self {
                Caught(Error::from(error).into())
            }
        }
        let lengths = self.parts.borrow().lengths();
        self.engine.attempt(|| build().map_err(Caught)).map_err(|Caught(error)| {
            self.parts.borrow_mut().truncate(lengths);
            error
        })
    }

    /// The expression of a node.
    pub fn expr(&self, id: NodeId) -> Expr<'_> {
        self.engine.expr(id)
    }

    /// Adds a scalar parameter.
    #[track_caller]
    pub fn param(&self, name: &str, initial: f64) -> Expr<'_> {
        self.param_tensor(name, Shape::scalar(), vec![initial])
    }

    /// Adds a parameter of any shape. A single number fills the shape.
    #[track_caller]
    pub fn param_tensor(&self, name: &str, shape: impl Into<Shape>, initial: Vec<f64>) -> Expr<'_> {
        self.input("a parameter", name, shape.into(), initial, |parts, name, node, shape, initial| {
            parts.params.push(Param { name, node, shape, initial });
        })
    }

    /// Adds data of any shape. A single number fills the shape.
    #[track_caller]
    pub fn data(&self, name: &str, shape: impl Into<Shape>, values: Vec<f64>) -> Expr<'_> {
        self.input("data", name, shape.into(), values, |parts, name, node, shape, values| {
            parts.data.push(Data { name, node, shape, values });
        })
    }

    /// Adds a tensor of any shape that is kept from one run to the next, such as a running mean. A single number fills the shape.
    /// [`Graph::becomes`] defines how it changes.
    #[track_caller]
    pub fn state(&self, name: &str, shape: impl Into<Shape>, initial: Vec<f64>) -> Expr<'_> {
        self.input("a state", name, shape.into(), initial, |parts, name, node, shape, initial| {
            parts.states.push(State { name, node, shape, initial, next: None });
        })
    }

    /// Adds an input of the tensor graph, and registers it with `keep`.
    #[track_caller]
    fn input(
        &self,
        what: &'static str,
        name: &str,
        shape: Shape,
        values: Vec<f64>,
        keep: impl FnOnce(&mut Parts, String, NodeId, Shape, Vec<f64>),
    ) -> Expr<'_> {
        if let Err(error) = self.take_name(name, what) {
            return error;
        }
        let expr = self.engine.input(name, shape.clone());
        let Some(values) = self.fill(name, &shape, values) else { return expr };
        self.note(name, expr);
        keep(&mut self.parts.borrow_mut(), name.into(), expr.id(), shape, values);
        expr
    }

    /// Registers the name of a parameter, data, a state or a site. It is an error if the name is taken, because estimator state,
    /// checkpoints and results are looked up by name.
    #[track_caller]
    fn take_name(&self, name: &str, what: &'static str) -> Result<(), Expr<'_>> {
        let before = match self.parts.borrow_mut().names.entry(name.into()) {
            Entry::Vacant(free) => {
                free.insert(what);
                return Ok(());
            }
            Entry::Occupied(taken) => *taken.get(),
        };
        Err(self.engine.fail(aleator_engine::Error::Argument {
            operation: name.into(),
            problem: format!("there is already {before} of this name; choose another name"),
        }))
    }

    /// Whether an expression belongs to this graph. If it does not, the graph keeps an error.
    #[track_caller]
    fn is_of_this_graph(&self, operation: &str, expr: Expr<'_>) -> bool {
        let own = std::ptr::eq(expr.graph(), &self.engine);
        if !own {
            self.engine.fail(aleator_engine::Error::MixedGraphs { operation: operation.into() });
        }
        own
    }

    /// Sets the value that `state` takes after every run in training: the mean of `next` over the axes in front of the state's
    /// own (including the samples). Each run reads the value that the previous run stored.
    #[track_caller]
    pub fn becomes<'g>(&'g self, state: Expr<'g>, next: Expr<'g>) {
        if !self.is_of_this_graph("becomes", state) || !self.is_of_this_graph("becomes", next) {
            return;
        }
        let mut parts = self.parts.borrow_mut();
        let Some(kept) = parts.states.iter_mut().find(|s| s.node == state.id()) else {
            self.engine.fail(aleator_engine::Error::Shape {
                operation: "becomes".into(),
                problem: "only a state of this graph can change after a run".into(),
            });
            return;
        };
        if next.rank() >= kept.shape.rank() && next.shape().trailing(kept.shape.rank()) == kept.shape {
            kept.next = Some(next.id());
        } else {
            self.engine.fail(aleator_engine::Error::Shape {
                operation: kept.name.clone(),
                problem: format!(
                    "it has shape {} and cannot take a value of shape {}",
                    kept.shape,
                    next.shape()
                ),
            });
        }
    }

    /// The largest size in bytes of one parameter or data tensor.
    const LARGEST_TENSOR: u64 = 1 << 33;

    #[track_caller]
    fn fill(&self, name: &str, shape: &Shape, values: Vec<f64>) -> Option<Vec<f64>> {
        let count = shape.checked_numel();
        match (count, values.len()) {
            (Some(n), _) if n as u64 > Self::LARGEST_TENSOR / 8 => {
                self.engine.fail(aleator_engine::Error::Memory {
                    what: format!("`{name}` of shape {shape}"),
                    needed: aleator_engine::human_bytes(8 * n as u128),
                    limit: aleator_engine::human_bytes(Self::LARGEST_TENSOR as u128),
                });
                None
            }
            (None, _) => None, // The engine has recorded the error already.
            (Some(n), 1) => Some(vec![values[0]; n]),
            (Some(n), m) if n == m => Some(values),
            (Some(n), m) => {
                self.engine.fail(aleator_engine::Error::Shape {
                    operation: name.into(),
                    problem: format!("shape {shape} has {n} elements, but {m} numbers were given"),
                });
                None
            }
        }
    }

    /// Adds a random node. Pass a distribution, optionally with `.via(estimator)` and `.copies(n)`.
    #[track_caller]
    pub fn sample<'g>(&'g self, name: &str, sampled: impl Into<Sampled<'g>>) -> Expr<'g> {
        let Sampled { distribution, copies, choice } = sampled.into();
        let distribution = distribution.on(&self.engine);
        if let Err(error) = self.take_name(name, "a site") {
            return error;
        }
        let Some(batch) = distribution.batch_shape() else {
            let shapes: Vec<String> =
                distribution.parameters().iter().map(|p| p.shape().to_string()).collect();
            return self.engine.fail(aleator_engine::Error::Shape {
                operation: distribution.name().into(),
                problem: format!("the parameters' shapes {} do not fit together", shapes.join(" and ")),
            });
        };
        if let Some(problem) = distribution.misshapen() {
            let operation = distribution.name().into();
            return self.engine.fail(aleator_engine::Error::Shape { operation, problem });
        }
        let batch = match copies {
            Some(n) => Shape::from([n]).join(&batch),
            None => batch,
        };
        let distribution = distribution.with_batch_rank(batch.rank());
        let event = distribution.event_shape();
        let value = self.engine.hole(name, distribution.parameters(), batch.join(&event));
        if value.is_poison() {
            return value;
        }
        self.note(name, value);
        self.parts.borrow_mut().sites.push(SiteDef {
            name: name.into(),
            family: distribution.family().clone(),
            parameters: distribution.parameters().iter().map(|p| p.id()).collect(),
            batch,
            event,
            value: value.id(),
            choice,
        });
        value
    }

    /// Adds the sum of all elements of `expr` to the objective.
    #[track_caller]
    pub fn cost(&self, name: &str, expr: Expr<'_>) {
        if !self.is_of_this_graph(name, expr) {
            return;
        }
        self.note(name, expr);
        self.parts.borrow_mut().costs.push(Cost { name: name.into(), node: expr.id(), is_reward: false });
    }

    /// Subtracts the sum of all elements of `expr` from the objective, which is minimised.
    ///
    /// ```
    /// use aleator::prelude::*;
    ///
    /// let g = Graph::new();
    /// let b = g.sample("b", Bernoulli::from_logits(g.param("theta", 0.0)).via(Enumeration));
    /// g.reward("win", 3.0 * b);
    /// assert_eq!(g.compile(&Options::new())?.run()?.objective(), -1.5);
    /// # Ok::<(), aleator::Error>(())
    /// ```
    #[track_caller]
    pub fn reward(&self, name: &str, expr: Expr<'_>) {
        if !self.is_of_this_graph(name, expr) {
            return;
        }
        self.note(name, expr);
        let node = (-expr).id();
        self.parts.borrow_mut().costs.push(Cost { name: name.into(), node, is_reward: true });
    }

    /// Adds the cost −log p(value) of an observed `value`, named `name`, and returns it: one number for each draw of the
    /// distribution's batch. The value's last axes are the event's, the others broadcast against the batch; it may depend on
    /// anything. Elements outside the support cost ∞, and [`lints`](crate::plan::lints) warns about those that do not depend on a
    /// random node. A Boolean or one-hot value that depends on one may lie between the outcomes, as relaxations do.
    ///
    /// ```
    /// use aleator::distributions::Normal;
    /// use aleator::graph::Graph;
    ///
    /// let graph = Graph::new();
    /// let weight = graph.sample("weight", Normal::new(graph.param("guess", 8.5), 1.0));
    /// let reading = graph.data("reading", [2], vec![9.3, 9.7]);
    /// graph.observe("reading_cost", reading, &Normal::new(weight, 1.0));
    /// ```
    #[track_caller]
    pub fn observe<'g>(&'g self, name: &str, value: Expr<'g>, distribution: &Distribution<'g>) -> Expr<'g> {
        if !std::ptr::eq(value.graph(), &self.engine) {
            return self.engine.fail(aleator_engine::Error::MixedGraphs { operation: name.into() });
        }
        let distribution = &distribution.on(&self.engine);
        let cost = match distribution.misfit(value) {
            Some(problem) => self
                .engine
                .fail(aleator_engine::Error::Shape { operation: format!("observe `{name}`"), problem }),
            None => {
                let outside = distribution.family().support().excludes(value, distribution.parameters());
                let random = self.depends_on_a_site(value);
                let cost = -self.log_prob_at(distribution, value);
                match outside.filter(|_| !random) {
                    Some(outside) => {
                        let event = distribution.event_shape().rank();
                        outside.sum_last(event).greater(0.0).select(f64::INFINITY, cost)
                    }
                    None => cost,
                }
            }
        };
        if !cost.is_poison() {
            self.cost(name, cost);
            self.check_domain(name, distribution, cost);
            self.parts.borrow_mut().observations.push(Observation {
                name: name.into(),
                family: distribution.family().clone(),
                parameters: distribution.parameters().iter().map(|p| p.id()).collect(),
                value: value.id(),
                cost: cost.id(),
            });
        }
        cost
    }

    /// log p(value), summed over the event, with the parameters checked in every run: see [`Graph::check_domain`]. At the draw of a
    /// count it is smooth between the counts, so that an estimator may evaluate it at the mean of the draw.
    ///
    /// ```
    /// use aleator::distributions::Poisson;
    /// use aleator::graph::Graph;
    ///
    /// let g = Graph::new();
    /// let k = g.sample("k", Poisson::new(g.param("rate", 2.3)));
    /// g.cost("entropy", g.log_prob("k again", &Poisson::new(2.0), k));
    /// ```
    #[track_caller]
    pub fn log_prob<'g>(&'g self, name: &str, distribution: &Distribution<'g>, value: Expr<'g>) -> Expr<'g> {
        if !self.is_of_this_graph(name, value) {
            return value;
        }
        if let Some(problem) = distribution.misfit(value) {
            return self.engine.fail(aleator_engine::Error::Shape { operation: name.into(), problem });
        }
        let log_prob = self.log_prob_at(distribution, value);
        self.check_domain(name, distribution, log_prob);
        log_prob
    }

    fn log_prob_at<'g>(&self, distribution: &Distribution<'g>, value: Expr<'g>) -> Expr<'g> {
        let parts = self.parts.borrow();
        let count = |site: &SiteDef| site.value == value.id() && site.family.support().is_of_counts();
        if parts.sites.iter().any(count) {
            distribution.log_prob_of_count(value)
        } else {
            distribution.log_prob(value)
        }
    }

    /// Checks in every run that the parameters of a distribution lie in their domains, as those of sites and observations do. The
    /// distribution is one of which the graph computes a `quantity`, such as a log-density or an entropy; it is checked if a cost
    /// depends on the quantity. `name` stands for the distribution in messages.
    ///
    /// ```
    /// use aleator::prelude::*;
    ///
    /// let g = Graph::new();
    /// let prior = Normal::new(0.0, g.param("scale", -1.0)).on(g.engine());
    /// let z = g.sample("z", Normal::new(g.param("mu", 0.3), 1.0));
    /// let log_prob = prior.log_prob(z);
    /// g.check_domain("prior", &prior, log_prob);
    /// g.cost("surprise", -log_prob);
    ///
    /// let error = g.compile(&Options::new())?.run().err().unwrap();
    /// assert_eq!(error.to_string(), "scale of `prior` (Normal) must be positive, got -1");
    /// # Ok::<(), aleator::Error>(())
    /// ```
    #[track_caller]
    pub fn check_domain<'g>(&'g self, name: &str, distribution: &Distribution<'g>, quantity: Expr<'g>) {
        let distribution = distribution.on(&self.engine);
        let mut nodes = distribution.parameters().iter().chain([&quantity]);
        if quantity.is_poison() || !nodes.all(|node| self.is_of_this_graph(name, *node)) {
            return;
        }
        self.parts.borrow_mut().laws.push(Law {
            name: name.into(),
            family: distribution.family().clone(),
            parameters: distribution.parameters().iter().map(|p| p.id()).collect(),
            quantity: quantity.id(),
        });
    }

    fn depends_on_a_site(&self, value: Expr<'_>) -> bool {
        let upstream = engine::NodeSet::ancestors(&self.engine, &[value.id()]);
        self.parts.borrow().sites.iter().any(|site| upstream.contains(site.value))
    }

    /// Names a deterministic node, for diagrams and messages.
    #[track_caller]
    pub fn note(&self, name: &str, expr: Expr<'_>) {
        if !self.is_of_this_graph(name, expr) {
            return;
        }
        self.parts.borrow_mut().named.push((name.into(), expr.id()));
    }

    /// Adds a black box, which has values but no derivative. `function` receives the elements of each argument, row-major, and
    /// fills the result. It may be called from several threads, and it must not panic. Use
    /// [`Graph::external_fallible`] for a function that may fail.
    ///
    /// ```
    /// use aleator::prelude::*;
    ///
    /// let g = Graph::new();
    /// let b = g.sample("b", Bernoulli::from_logits(g.param_tensor("theta", [3], vec![0.0])).via(ReinforceLoo));
    /// let longest_run = g.external("longest_run", [], &[b], |arguments, result| {
    ///     let runs = arguments[0].split(|&x| x == 0.0).map(|run| run.len());
    ///     result[0] = runs.max().unwrap_or(0) as f64;
    /// });
    /// g.cost("loss", (longest_run - 2).square());
    /// g.compile(&Options::new().samples(8))?.run()?;
    /// # Ok::<(), aleator::Error>(())
    /// ```
    #[track_caller]
    pub fn external<'g>(
        &'g self,
        name: &str,
        shape: impl Into<Shape>,
        arguments: &[Expr<'g>],
        function: impl Fn(&[&[f64]], &mut [f64]) + Send + Sync + 'static,
    ) -> Expr<'g> {
        self.external_fallible(name, shape, arguments, move |arguments, result| {
            function(arguments, result);
            Ok::<(), Infallible>(())
        })
    }

    /// A black box that may fail: a run then returns its error with the name of the black box.
    #[track_caller]
    pub fn external_fallible<'g, E: fmt::Display>(
        &'g self,
        name: &str,
        shape: impl Into<Shape>,
        arguments: &[Expr<'g>],
        function: impl Fn(&[&[f64]], &mut [f64]) -> Result<(), E> + Send + Sync + 'static,
    ) -> Expr<'g> {
        let called: Arc<engine::ExternalFn> = Arc::new(move |arguments: &[&[f64]], result: &mut [f64]| {
            function(arguments, result).map_err(|reason| reason.to_string())
        });
        let input_ranks = arguments.iter().map(|a| a.rank()).collect();
        let external = engine::External::new(name, shape, input_ranks, called);
        self.engine.external(external, arguments)
    }

    /// The parameters, in the order in which they were added.
    pub fn params(&self) -> Vec<Param> {
        self.parts.borrow().params.clone()
    }

    /// The data, in the order in which they were added.
    pub fn datasets(&self) -> Vec<Data> {
        self.parts.borrow().data.clone()
    }

    /// The states, in the order in which they were added.
    pub fn states(&self) -> Vec<State> {
        self.parts.borrow().states.clone()
    }

    /// The sites, in the order in which they were added.
    pub fn sites(&self) -> Vec<SiteDef> {
        self.parts.borrow().sites.clone()
    }

    /// The costs, in the order in which they were added.
    pub fn costs(&self) -> Vec<Cost> {
        self.parts.borrow().costs.clone()
    }

    /// How much of the objective is rewards.
    pub fn rewards(&self) -> Rewards {
        let parts = self.parts.borrow();
        match parts.costs.iter().filter(|cost| cost.is_reward).count() {
            0 => Rewards::None,
            count if count == parts.costs.len() => Rewards::All,
            _ => Rewards::Some,
        }
    }

    /// The same graph without the costs that are no rewards.
    pub(crate) fn rewards_alone(&self) -> Graph {
        let graph = self.clone();
        {
            let mut parts = graph.parts.borrow_mut();
            parts.costs.retain(|cost| cost.is_reward);
            parts.observations.clear();
        }
        graph
    }

    /// The same graph with other costs, whose nodes are nodes of it.
    pub(crate) fn with_costs(self, costs: Vec<Cost>) -> Graph {
        {
            let mut parts = self.parts.borrow_mut();
            parts.costs = costs;
            parts.observations.clear();
        }
        self
    }

    /// The observations, in the order in which they were added.
    pub(crate) fn observations(&self) -> Vec<Observation> {
        self.parts.borrow().observations.clone()
    }

    /// The distributions of which the graph computes a quantity, in the order in which they were added.
    pub(crate) fn laws(&self) -> Vec<Law> {
        self.parts.borrow().laws.clone()
    }

    /// Replaces the nodes of sites, costs, states and observations by those that `to` returns. Parameters and data remain.
    pub(crate) fn redirect(&self, mut to: impl FnMut(NodeId) -> NodeId) {
        let parts = &mut *self.parts.borrow_mut();
        let Parts { params: _, data: _, states, sites, costs, observations, laws, named, names: _ } = parts;
        for site in sites {
            site.parameters.iter_mut().for_each(|node| *node = to(*node));
            site.value = to(site.value);
        }
        costs.iter_mut().for_each(|cost| cost.node = to(cost.node));
        states.iter_mut().for_each(|state| state.next = state.next.map(&mut to));
        for Observation { parameters, value, cost, name: _, family: _ } in observations {
            parameters.iter_mut().chain([value, cost]).for_each(|node| *node = to(*node));
        }
        for Law { parameters, quantity, name: _, family: _ } in laws {
            parameters.iter_mut().chain([quantity]).for_each(|node| *node = to(*node));
        }
        named.iter_mut().for_each(|(_, node)| *node = to(*node));
    }

    /// All names with their nodes, in the order in which they were added.
    pub fn named(&self) -> Vec<(String, NodeId)> {
        self.parts.borrow().named.clone()
    }

    /// Replaces the values of data.
    ///
    /// # Errors
    /// Returns an error if there are no such data or if the number of elements differs.
    pub fn set_data(&self, name: &str, values: Vec<f64>) -> Result<()> {
        let mut parts = self.parts.borrow_mut();
        let Some(place) = parts.data.iter().position(|data| data.name == name) else {
            return Err(Error::unknown_name("data", name, parts.data.iter().map(|data| data.name.as_str())));
        };
        let data = &mut parts.data[place];
        let n = data.shape.numel();
        if values.len() != n {
            let given = values.len();
            return Err(Error::invalid(format!("`{name}` has {n} elements, but {given} numbers were given")));
        }
        data.values = values;
        Ok(())
    }

    /// Replaces the initial value of a parameter. A single number fills the shape.
    ///
    /// # Errors
    /// Returns an error if there is no such parameter or if the number of elements differs.
    pub fn set_param(&self, name: &str, values: Vec<f64>) -> Result<()> {
        let mut parts = self.parts.borrow_mut();
        let Some(place) = parts.params.iter().position(|p| p.name == name) else {
            return Err(Error::unknown_name("parameter", name, parts.params.iter().map(|p| p.name.as_str())));
        };
        let param = &mut parts.params[place];
        let n = param.shape.numel();
        param.initial = match values.len() {
            1 => vec![values[0]; n],
            len if len == n => values,
            len => {
                return Err(Error::invalid(format!(
                    "`{name}` has {n} elements, but {len} numbers were given"
                )));
            }
        };
        Ok(())
    }
}
