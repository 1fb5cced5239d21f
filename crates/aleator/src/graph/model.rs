//! The graph as its author writes it: parameters, data, random sites, costs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use aleator_engine::graph::{self as engine, Expr, NodeId, Shape};

use super::choice::Choice;
use crate::distributions::{Distribution, Family};
use crate::error::{Error, Result};

/// A tensor that the objective is differentiated by.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: NodeId,
    /// Its shape.
    pub shape: Shape,
    /// Its initial value, row-major.
    pub initial: Vec<f64>,
}

/// A tensor that is given, not differentiated by.
#[derive(Clone, Debug)]
pub struct Data {
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: NodeId,
    /// Its shape.
    pub shape: Shape,
    /// Its value, row-major; may be replaced before a run.
    pub values: Vec<f64>,
}

/// A tensor that is kept from one run to the next and changes by what a run computes, not by its gradient.
#[derive(Clone, Debug)]
pub struct State {
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: NodeId,
    /// Its shape.
    pub shape: Shape,
    /// Its value before the first run, row-major.
    pub initial: Vec<f64>,
    /// The node whose value, averaged over whatever axes it has in front, it takes after a run in training.
    pub next: Option<NodeId>,
}

/// A random node `z ~ D(parameters)`.
#[derive(Clone, Debug)]
pub struct SiteDef {
    /// Its name.
    pub name: String,
    /// Its distribution's formulas.
    pub family: Arc<dyn Family>,
    /// Its distribution's parameters, aligned at `batch` axes.
    pub parameters: Vec<NodeId>,
    /// The axes of independent draws.
    pub batch: Shape,
    /// The axes of one draw.
    pub event: Shape,
    /// Its value in the graph.
    pub value: NodeId,
    /// The estimator its author chose.
    pub(crate) choice: Option<Choice>,
}

/// A node whose elements are all added to the objective.
#[derive(Clone, Debug)]
pub struct Cost {
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: NodeId,
}

#[derive(Clone, Default)]
struct Parts {
    params: Vec<Param>,
    data: Vec<Data>,
    states: Vec<State>,
    sites: Vec<SiteDef>,
    costs: Vec<Cost>,
    named: Vec<(String, NodeId)>,
    /// What has each name, in words; costs and notes may share one.
    names: HashMap<String, &'static str>,
}

/// A stochastic computation graph. Its objective, to be minimised, is the expectation of the sum of all elements of
/// all costs.
///
/// Mistakes in shapes do not panic: the first one is kept and returned when the graph is used. Whatever is derived from a graph is
/// written into a clone of it, under the same ids: what was compiled or measured before changes nothing.
#[derive(Clone, Default)]
pub struct Graph {
    engine: engine::Graph,
    parts: RefCell<Parts>,
}

/// A site as it is written down: a distribution, perhaps with copies and an estimator.
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
    /// Keeps what the author chose for the site.
    pub(crate) fn choose(self, choice: Choice) -> Self {
        Sampled { choice: Some(choice), ..self }
    }

    /// Draws this many independent copies, on a new leading axis.
    pub fn copies(self, copies: usize) -> Self {
        Sampled { copies: Some(copies), ..self }
    }
}

impl<'g> Distribution<'g> {
    /// Draws this many independent copies, on a new leading axis.
    pub fn copies(self, copies: usize) -> Sampled<'g> {
        Sampled::from(self).copies(copies)
    }
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// The graph of tensor operations beneath, alone.
    pub(crate) fn into_engine(self) -> engine::Graph {
        self.engine
    }

    /// The graph of tensor operations beneath.
    pub fn engine(&self) -> &engine::Graph {
        &self.engine
    }

    /// The handle of a node.
    pub fn expr(&self, id: NodeId) -> Expr<'_> {
        self.engine.expr(id)
    }

    /// A scalar parameter.
    pub fn param(&self, name: &str, initial: f64) -> Expr<'_> {
        self.param_tensor(name, Shape::scalar(), vec![initial])
    }

    /// A parameter of any shape; a single number fills it.
    pub fn param_tensor(&self, name: &str, shape: impl Into<Shape>, initial: Vec<f64>) -> Expr<'_> {
        self.input("a parameter", name, shape.into(), initial, |parts, name, node, shape, initial| {
            parts.params.push(Param { name, node, shape, initial });
        })
    }

    /// Data of any shape; a single number fills it.
    pub fn data(&self, name: &str, shape: impl Into<Shape>, values: Vec<f64>) -> Expr<'_> {
        self.input("data", name, shape.into(), values, |parts, name, node, shape, values| {
            parts.data.push(Data { name, node, shape, values });
        })
    }

    /// A tensor of any shape that is kept from one run to the next, such as a running mean; a single number fills it.
    /// [`Graph::becomes`] says how it changes.
    pub fn state(&self, name: &str, shape: impl Into<Shape>, initial: Vec<f64>) -> Expr<'_> {
        self.input("a state", name, shape.into(), initial, |parts, name, node, shape, initial| {
            parts.states.push(State { name, node, shape, initial, next: None });
        })
    }

    /// An input of the tensor graph, kept as what it is by `keep`.
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

    /// Takes a name for a parameter, data, a state or a site; an error if it is taken, because what estimators keep, checkpoints
    /// and results are found by name.
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
            problem: format!("there is already {before} of this name; give each a name of its own"),
        }))
    }

    /// Whether an expression belongs to this graph; if not, that is kept as an error.
    fn is_of_this_graph(&self, operation: &str, expr: Expr<'_>) -> bool {
        let own = std::ptr::eq(expr.graph(), &self.engine);
        if !own {
            self.engine.fail(aleator_engine::Error::MixedGraphs { operation: operation.into() });
        }
        own
    }

    /// After every run in training the `state` takes this value, averaged over the axes in front of its own (samples among
    /// them). A run reads what the one before left.
    pub fn becomes<'g>(&'g self, state: Expr<'g>, next: Expr<'g>) {
        if !self.is_of_this_graph("becomes", state) || !self.is_of_this_graph("becomes", next) {
            return;
        }
        let mut parts = self.parts.borrow_mut();
        let Some(kept) = parts.states.iter_mut().find(|s| s.node == state.id()) else {
            self.engine.fail(aleator_engine::Error::Shape {
                operation: "becomes".into(),
                problem: "what changes after a run must be a state of this graph".into(),
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

    /// Bytes that one parameter or data tensor may take.
    const LARGEST_TENSOR: u64 = 1 << 33;

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

    /// A random node. Give a distribution, or one with `.via(estimator)` and `.copies(n)`.
    pub fn sample<'g>(&'g self, name: &str, sampled: impl Into<Sampled<'g>>) -> Expr<'g> {
        let Sampled { distribution, copies, choice } = sampled.into();
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
    pub fn cost(&self, name: &str, expr: Expr<'_>) {
        if !self.is_of_this_graph(name, expr) {
            return;
        }
        self.note(name, expr);
        self.parts.borrow_mut().costs.push(Cost { name: name.into(), node: expr.id() });
    }

    /// Adds the cost −log p(value) of an observed `value`, named `name`, and returns it: one number for each draw of the
    /// distribution's batch. The value's last axes are the event's, the others broadcast against the batch; it may depend on
    /// anything. Elements outside the support cost ∞, but a Boolean or one-hot value that depends on a random node may lie in
    /// between, as relaxations do.
    ///
    /// ```
    /// use aleator::distributions::Normal;
    /// use aleator::graph::Graph;
    ///
    /// let graph = Graph::new();
    /// let one = graph.engine().scalar(1.0);
    /// let weight = graph.sample("weight", Normal::new(graph.param("guess", 8.5), one));
    /// let reading = graph.data("reading", [2], vec![9.3, 9.7]);
    /// graph.observe("reading_cost", reading, &Normal::new(weight, one));
    /// ```
    pub fn observe<'g>(&'g self, name: &str, value: Expr<'g>, distribution: &Distribution<'g>) -> Expr<'g> {
        if !std::ptr::eq(value.graph(), &self.engine) {
            return self.engine.fail(aleator_engine::Error::MixedGraphs { operation: name.into() });
        }
        let cost = match self.misfit(value, distribution) {
            Some(problem) => self
                .engine
                .fail(aleator_engine::Error::Shape { operation: format!("observe `{name}`"), problem }),
            None => {
                let outside = distribution.family().support().excludes(value, distribution.parameters());
                let random = self.depends_on_a_site(value);
                let cost = -distribution.log_prob(value);
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
        }
        cost
    }

    /// Why a value cannot be one of the distribution's, by its shape.
    fn misfit(&self, value: Expr<'_>, distribution: &Distribution<'_>) -> Option<String> {
        if value.is_poison() || distribution.parameters().iter().any(|p| p.is_poison()) {
            return None;
        }
        let Some(batch) = distribution.batch_shape() else {
            return Some(format!("the parameters of {} do not fit together", distribution.name()));
        };
        if let Some(problem) = distribution.misshapen() {
            return Some(problem);
        }
        let (event, shape) = (distribution.event_shape(), value.shape());
        let own = shape.rank() >= event.rank() && shape.trailing(event.rank()) == event;
        if !own {
            return Some(format!(
                "a value of shape {shape} cannot come from {}, whose events have shape {event}",
                distribution.name()
            ));
        }
        let lead = shape.leading(shape.rank() - event.rank());
        lead.broadcast(&batch).is_none().then(|| {
            format!("a value of shape {shape} does not fit the batch {batch} of {}", distribution.name())
        })
    }

    fn depends_on_a_site(&self, value: Expr<'_>) -> bool {
        let upstream = engine::ancestors(&self.engine, &[value.id()]);
        let sites = &self.parts.borrow().sites;
        sites.iter().any(|site| upstream.get(site.value.index()) == Some(&true))
    }

    /// Gives a deterministic node a name, for drawings and messages.
    pub fn note(&self, name: &str, expr: Expr<'_>) {
        if !self.is_of_this_graph(name, expr) {
            return;
        }
        self.parts.borrow_mut().named.push((name.into(), expr.id()));
    }

    /// A black box: values, but no derivative. `function` gets the elements of each argument, row-major, and fills
    /// the result. It may be called from several threads, and must not panic.
    pub fn external<'g>(
        &'g self,
        name: &str,
        shape: impl Into<Shape>,
        arguments: &[Expr<'g>],
        function: impl Fn(&[&[f64]], &mut [f64]) + Send + Sync + 'static,
    ) -> Expr<'g> {
        let external = engine::External {
            name: name.into(),
            shape: shape.into(),
            input_ranks: arguments.iter().map(|a| a.rank()).collect(),
            function: Arc::new(function),
        };
        self.engine.external(external, arguments)
    }

    /// The parameters in order.
    pub fn params(&self) -> Vec<Param> {
        self.parts.borrow().params.clone()
    }

    /// The data in order.
    pub fn datasets(&self) -> Vec<Data> {
        self.parts.borrow().data.clone()
    }

    /// The tensors that are kept between runs, in order.
    pub fn states(&self) -> Vec<State> {
        self.parts.borrow().states.clone()
    }

    /// The sites in order.
    pub fn sites(&self) -> Vec<SiteDef> {
        self.parts.borrow().sites.clone()
    }

    /// The costs in order.
    pub fn costs(&self) -> Vec<Cost> {
        self.parts.borrow().costs.clone()
    }

    /// All names with their nodes, in order.
    pub fn named(&self) -> Vec<(String, NodeId)> {
        self.parts.borrow().named.clone()
    }

    /// Replaces a parameter's initial value; a single number fills it.
    ///
    /// # Errors
    /// If there is no such parameter or the number of elements differs.
    pub fn set_param(&self, name: &str, values: Vec<f64>) -> Result<()> {
        let mut parts = self.parts.borrow_mut();
        let Some(param) = parts.params.iter_mut().find(|p| p.name == name) else {
            return Err(Error::invalid(format!("there is no parameter `{name}`")));
        };
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
