//! The graph, whose expressions Python knows by the numbers of their nodes.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aleator::drawing::svg;
use aleator::graph::{Cost, Diagram, Graph};
use aleator::language::{Commands, Loading, NamedArray, estimator_named};
use aleator_engine::graph::{Derivative, Expr, External, NodeId, Shape};
use numpy::{PyArray1, PyArrayDyn, PyArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::black_box::{Failures, called};
use crate::distributions::{Given, Quantity, quantity};
use crate::errors::{guard, raise};
use crate::mistake::{Mistake, expr, exprs};
use crate::operations::Operands;
use crate::values::with_values;

/// The node's number and its shape.
pub type Made = (usize, Vec<usize>);

/// A graph under construction.
#[pyclass(frozen, module = "aleator._aleator", name = "Graph")]
pub struct PyGraph {
    graph: Mutex<Graph>,
    pub failures: Arc<Failures>,
}

fn made(expr: Expr<'_>) -> Made {
    (expr.id().index(), expr.shape().to_vec())
}

impl PyGraph {
    pub fn new(graph: Graph) -> Self {
        PyGraph { graph: Mutex::new(graph), failures: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Graph> {
        self.graph.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy, for what takes time.
    pub fn copy(&self) -> Graph {
        self.lock().clone()
    }

    /// Adds to the graph. After a mistake it is as it was before. `build` must not call Python.
    fn add(
        &self,
        py: Python<'_>,
        build: impl for<'g> FnOnce(&'g Graph) -> Result<Expr<'g>, Mistake>,
    ) -> PyResult<Made> {
        let outcome = guard(py, || {
            let graph = self.lock();
            graph.attempt(|| build(&graph).map(made))
        })?;
        outcome.map_err(|mistake| mistake.raise(py))
    }

    /// Reads the graph. `look` must not call Python.
    fn look<R>(&self, py: Python<'_>, look: impl FnOnce(&Graph) -> R) -> PyResult<R> {
        guard(py, || look(&self.lock()))
    }
}

#[pymethods]
impl PyGraph {
    #[new]
    fn empty() -> Self {
        PyGraph::new(Graph::new())
    }

    /// Becomes the graph that a text of the language describes. Data files are looked for in `folder`, and not read where there is an
    /// array of the data's name.
    /// `timeout` is how many seconds a program of the text may take for one answer; without it, programs may not run.
    #[pyo3(signature = (text, folder=None, file=None, arrays=None, batch=None, seed=0, timeout=None))]
    #[allow(clippy::too_many_arguments)]
    fn read(
        &self,
        py: Python<'_>,
        text: &str,
        folder: Option<PathBuf>,
        file: Option<PathBuf>,
        arrays: Option<HashMap<String, Bound<'_, PyAny>>>,
        batch: Option<usize>,
        seed: u64,
        timeout: Option<f64>,
    ) -> PyResult<()> {
        let commands = match timeout.map(Duration::try_from_secs_f64) {
            None => Commands::Refused,
            Some(Ok(timeout)) => Commands::Allowed { timeout },
            Some(Err(_)) => {
                return Err(PyValueError::new_err("the timeout must be a positive number of seconds"));
            }
        };
        let mut given: Vec<NamedArray> = Vec::new();
        for (name, array) in arrays.unwrap_or_default() {
            given.push(with_values(&array, &name, |shape, values| {
                Ok((name.clone(), shape.to_vec(), values.to_vec()))
            })?);
        }
        let loading = Loading {
            folder: folder.as_deref(),
            arrays: &given,
            batch,
            seed,
            commands,
            ..Loading::default()
        };
        let loaded = guard(py, || Graph::from_text_with(text, file.as_deref(), &loading))?;
        *self.lock() = loaded.map_err(|error| raise(py, &error))?;
        Ok(())
    }

    /// An independent graph with the same nodes.
    fn clone(&self, py: Python<'_>) -> PyResult<Self> {
        Ok(PyGraph { graph: Mutex::new(self.look(py, Graph::clone)?), failures: self.failures.clone() })
    }

    /// Says where in the user's code a name was given, for later errors.
    fn mark(&self, name: &str, place: &str) {
        self.failures.mark(name, place);
    }

    /// A constant.
    fn constant(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Made> {
        with_values(value, "a constant", |shape, values| {
            self.add(py, |graph| {
                Ok(match shape {
                    [] => graph.engine().scalar(values[0]),
                    shape => graph.engine().tensor(shape, values.to_vec()),
                })
            })
        })
    }

    /// Adds a parameter or data: `kind` is "param" or "data".
    fn input(&self, py: Python<'_>, kind: &str, name: &str, value: &Bound<'_, PyAny>) -> PyResult<Made> {
        with_values(value, name, |shape, values| {
            self.add(py, |graph| match kind {
                "param" => Ok(graph.param_tensor(name, shape, values.to_vec())),
                "data" => Ok(graph.data(name, shape, values.to_vec())),
                "state" => Ok(graph.state(name, shape, values.to_vec())),
                _ => Err(Mistake::Text("AleatorError", format!("there is no input of kind {kind}"))),
            })
        })
    }

    /// Applies an operation.
    fn apply(&self, py: Python<'_>, operation: &str, ids: Vec<usize>, numbers: Vec<i64>) -> PyResult<Made> {
        self.add(py, |graph| {
            let operands = Operands { graph: graph.engine(), of: &exprs(graph, &ids)?, numbers: &numbers };
            operands.apply(operation).ok_or_else(|| {
                Mistake::Text(
                    "AleatorError",
                    format!("there is no operation {operation} of {} operands", ids.len()),
                )
            })
        })
    }

    /// Adds a site.
    #[pyo3(signature = (name, distribution, ids, copies, via))]
    fn sample(
        &self,
        py: Python<'_>,
        name: &str,
        distribution: (String, usize),
        ids: Vec<usize>,
        copies: Option<usize>,
        via: Option<&str>,
    ) -> PyResult<Made> {
        self.add(py, |graph| {
            let given = Given { distribution: &distribution, ids: &ids };
            let mut sampled = aleator::graph::Sampled::from(given.on(graph)?);
            if let Some(copies) = copies {
                sampled = sampled.copies(copies);
            }
            if let Some(via) = via {
                sampled = sampled.via_shared(estimator_named(via)?);
            }
            Ok(graph.sample(name, sampled))
        })
    }

    /// Adds a cost.
    fn cost(&self, py: Python<'_>, name: &str, id: usize) -> PyResult<()> {
        self.add(py, |graph| {
            let expr = expr(graph, id)?;
            graph.cost(name, expr);
            Ok(expr)
        })
        .map(|_| ())
    }

    fn reward(&self, py: Python<'_>, name: &str, id: usize) -> PyResult<()> {
        self.add(py, |graph| {
            let expr = expr(graph, id)?;
            graph.reward(name, expr);
            Ok(expr)
        })
        .map(|_| ())
    }

    /// What a state becomes after a run: the mean of a node over the samples.
    fn becomes(&self, py: Python<'_>, state: usize, id: usize) -> PyResult<()> {
        self.add(py, |graph| {
            let (state, next) = (expr(graph, state)?, expr(graph, id)?);
            graph.becomes(state, next);
            Ok(next)
        })
        .map(|_| ())
    }

    /// Names a node for diagrams.
    fn note(&self, py: Python<'_>, name: &str, id: usize) -> PyResult<()> {
        self.add(py, |graph| {
            let expr = expr(graph, id)?;
            graph.note(name, expr);
            Ok(expr)
        })
        .map(|_| ())
    }

    /// Adds the cost of an observation.
    fn observe(
        &self,
        py: Python<'_>,
        name: &str,
        value: usize,
        distribution: (String, usize),
        ids: Vec<usize>,
    ) -> PyResult<Made> {
        self.add(py, |graph| {
            let given = Given { distribution: &distribution, ids: &ids };
            Ok(graph.observe(name, expr(graph, value)?, &given.on(graph)?))
        })
    }

    /// A quantity of a distribution, or of two.
    fn quantity(
        &self,
        py: Python<'_>,
        what: &str,
        distributions: Vec<((String, usize), Vec<usize>)>,
        value: Option<usize>,
    ) -> PyResult<Made> {
        self.add(py, |graph| {
            let given = distributions.iter().map(|(distribution, ids)| Given { distribution, ids }.on(graph));
            let given = given.collect::<Result<Vec<_>, _>>()?;
            let value = value.map(|id| expr(graph, id)).transpose()?;
            quantity(graph, &Quantity { what, distributions: &given, value })
        })
    }

    /// Adds a call of a black box.
    fn external(
        &self,
        py: Python<'_>,
        name: &str,
        shape: Vec<usize>,
        ids: Vec<usize>,
        function: Py<PyAny>,
        vectorized: bool,
    ) -> PyResult<Made> {
        self.add(py, |graph| {
            let arguments = exprs(graph, &ids)?;
            let shapes: Vec<Shape> = arguments.iter().map(|e| e.shape()).collect();
            let ranks = shapes.iter().map(|shape| shape.rank()).collect();
            let size = shape.iter().product();
            let function = called(name, size, shapes, function, vectorized, &self.failures);
            let external = External { vectorized, ..External::new(name, shape, ranks, function) };
            Ok(graph.engine().external(external, &arguments))
        })
    }

    /// A function with a derivative. `ranks` are the numbers of trailing axes of the arguments that one call consumes, and `shape` is
    /// that of its result. `rows` says which of them have independent rows. Of `pull_backs` there are none, or one for each argument.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are those of a function in Python, as it is written there"
    )]
    fn call(
        &self,
        py: Python<'_>,
        name: &str,
        shape: Vec<usize>,
        ids: Vec<usize>,
        ranks: Vec<usize>,
        function: Py<PyAny>,
        rows: Vec<bool>,
        pull_backs: Vec<Py<PyAny>>,
        may_jump: bool,
    ) -> PyResult<Made> {
        self.add(py, |graph| {
            let arguments = exprs(graph, &ids)?;
            let own = |(e, rank): (&Expr<'_>, &usize)| e.shape().trailing(*rank);
            let own: Vec<Shape> = arguments.iter().zip(&ranks).map(own).collect();
            let forward = called(name, shape.iter().product(), own.clone(), function, false, &self.failures);
            let with_cotangent: Vec<Shape> = own.iter().cloned().chain([shape.clone().into()]).collect();
            let pulled = |(function, of): (Py<PyAny>, &Shape)| {
                called(name, of.numel(), with_cotangent.clone(), function, false, &self.failures)
            };
            let given = !pull_backs.is_empty();
            let pull_backs: Vec<_> = pull_backs.into_iter().zip(&own).map(pulled).collect();
            let derivative = Some(Derivative { may_jump, pull_backs: given.then(|| pull_backs.into()) });
            let external = External { derivative, rows, ..External::new(name, shape, ranks, forward) };
            Ok(graph.engine().external(external, &arguments))
        })
    }

    /// Parameters by name: node, shape.
    fn params(&self, py: Python<'_>) -> PyResult<Vec<(String, Made)>> {
        self.look(py, |graph| {
            graph.params().into_iter().map(|p| (p.name, (p.node.index(), p.shape.to_vec()))).collect()
        })
    }

    /// Data by name: node, shape.
    fn datasets(&self, py: Python<'_>) -> PyResult<Vec<(String, Made)>> {
        self.look(py, |graph| {
            graph.datasets().into_iter().map(|d| (d.name, (d.node.index(), d.shape.to_vec()))).collect()
        })
    }

    /// Sites by name: node, shape.
    fn sites(&self, py: Python<'_>) -> PyResult<Vec<(String, Made)>> {
        self.look(py, |graph| {
            let site = |s: aleator::graph::SiteDef| (s.name, made(graph.expr(s.value)));
            graph.sites().into_iter().map(site).collect()
        })
    }

    /// Costs by name: node, shape.
    fn costs(&self, py: Python<'_>) -> PyResult<Vec<(String, Made)>> {
        self.look(py, |graph| {
            let named = graph.named();
            // The name of a reward stands for the reward, and not for the cost that it is.
            let value = |cost: &Cost| match cost.is_reward {
                true => named
                    .iter()
                    .rev()
                    .find(|(name, _)| *name == cost.name)
                    .map_or(cost.node, |(_, node)| *node),
                false => cost.node,
            };
            graph
                .costs()
                .into_iter()
                .map(|cost| (cost.name.clone(), made(graph.expr(value(&cost)))))
                .collect()
        })
    }

    /// The name of a site's distribution, and of the estimator that was chosen for it.
    fn site(&self, py: Python<'_>, name: &str) -> PyResult<Option<(&'static str, Option<String>)>> {
        self.look(py, |graph| {
            let sites = graph.sites();
            let site = sites.iter().find(|site| site.name == name)?;
            let via = site.estimator().map(|e| aleator::estimators::describe(e.as_ref()));
            Some((site.family.name(), via))
        })
    }

    /// The initial value of a parameter or data.
    fn initial<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyArrayDyn<f64>>>> {
        let found = self.look(py, |graph| {
            let param = graph.params().into_iter().find(|p| p.name == name).map(|p| (p.shape, p.initial));
            let data = || graph.datasets().into_iter().find(|d| d.name == name).map(|d| (d.shape, d.values));
            param.or_else(data)
        })?;
        let Some((shape, values)) = found else { return Ok(None) };
        PyArray1::from_vec(py, values).reshape(shape.to_vec()).map(Some)
    }

    /// The values of nodes that depend on constants and data alone.
    fn evaluate<'py>(&self, py: Python<'py>, ids: Vec<usize>) -> PyResult<Vec<Bound<'py, PyArrayDyn<f64>>>> {
        let graph = self.look(py, Graph::clone)?;
        let computed = crate::interrupt::released(py, move || {
            let ids: Option<Vec<NodeId>> = ids.iter().map(|&id| graph.engine().id_at(id)).collect();
            let ids = ids.ok_or_else(|| aleator::Error::Invalid("there is no such node".into()))?;
            let options = aleator_engine::compile::CompileOptions::default();
            let mut program = aleator_engine::exec::Program::<f64>::compile(graph.engine(), &ids, &options)?;
            program.run(0, 0);
            let shape = |id: &NodeId| graph.expr(*id).shape().to_vec();
            let values = ids.iter().enumerate().map(|(i, id)| (shape(id), program.output(i).to_vec()));
            Ok::<_, aleator::Error>(values.collect::<Vec<_>>())
        })?;
        let computed = computed.map_err(|error| raise(py, &error))?;
        computed.into_iter().map(|(shape, v)| PyArray1::from_vec(py, v).reshape(shape)).collect()
    }

    /// The drawing as SVG.
    fn svg(&self, py: Python<'_>) -> PyResult<String> {
        self.look(py, |graph| svg(&Diagram::of(graph)))
    }
}
