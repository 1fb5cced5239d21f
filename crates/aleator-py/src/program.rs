//! Compiled estimates.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aleator::graph::Graph;
use aleator::plan::Plan;
use aleator::rewrite::{Layout, Tuning, build};
use aleator::{Error, Options, Program};
use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::math::Real;
use aleator_engine::exec::philox::STEPS;
use aleator_engine::graph::Op;
use numpy::{Element, PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::sync::{MutexExt, PyOnceLock};
use pyo3::types::{PyDict, PyMapping};

use crate::black_box::Failures;
use crate::errors::{exception, raise_caused};
use crate::graph::PyGraph;
use crate::interrupt::{interruptible, released};
use crate::reports::{Via, plan_of};
use crate::values::{shape_text, with_values};

/// A run that computes more numbers than this takes so long that one must be able to interrupt it.
const MOST_NUMBERS: u64 = 1 << 23;

/// A program of either type of numbers.
enum AnyProgram {
    F64(Program<f64>),
    F32(Program<f32>),
}

/// Calls the same code on either.
macro_rules! with_program {
    ($any:expr, $program:ident => $body:expr) => {
        match $any {
            AnyProgram::F64($program) => $body,
            AnyProgram::F32($program) => $body,
        }
    };
}

/// The numbers of an estimate: its objectives, then the gradient of each parameter.
enum Numbers {
    F64(Vec<f64>),
    F32(Vec<f32>),
}

/// A parameter or data of a program.
struct Slot {
    name: String,
    shape: Vec<usize>,
    /// Its place among the parameters or the data.
    place: usize,
    is_param: bool,
}

/// What changes when a program runs.
struct Running {
    program: AnyProgram,
    /// The step of the next run.
    step: u64,
}

/// What the handle and the estimates share.
pub struct Compiled {
    running: Mutex<Running>,
    failures: Arc<Failures>,
    /// Parameters, then data.
    slots: Vec<Slot>,
    params: usize,
    replicates: Option<usize>,
    seed: u64,
    is_float32: bool,
    /// Whether a run may take so long that it needs a thread of its own: the program is large, or calls Python.
    is_long: bool,
}

/// A compiled estimate.
#[pyclass(frozen, subclass, module = "aleator._aleator", name = "Program")]
pub struct PyProgram {
    compiled: Arc<Compiled>,
}

/// The result of a run.
///
/// Attributes
/// ----------
/// objective : float or numpy.ndarray
///     The objective; one number for each replicate where the program was compiled with `replicates`.
/// gradient : dict of str to numpy.ndarray
///     The gradient by parameter, of the parameter's shape; with a leading axis where there are replicates.
/// step : int
///     The step whose noise was used.
#[pyclass(frozen, module = "aleator._aleator", name = "Estimate")]
pub struct PyEstimate {
    compiled: Arc<Compiled>,
    numbers: Numbers,
    gradient: PyOnceLock<Py<PyDict>>,
    #[pyo3(get)]
    step: u64,
}

/// New values of slots, for one run.
type Given = Vec<(usize, Vec<f64>)>;

fn typed<T: Real>(values: &[f64]) -> Vec<T> {
    values.iter().map(|&x| T::from_f64(x)).collect()
}

impl AnyProgram {
    /// Copies values into a parameter or data.
    fn set(&mut self, slot: &Slot, values: &[f64]) -> Result<(), Error> {
        match (self, slot.is_param) {
            (AnyProgram::F64(p), true) => p.set_param_at(slot.place, values),
            (AnyProgram::F64(p), false) => p.set_data_at(slot.place, values),
            (AnyProgram::F32(p), true) => p.set_param_at(slot.place, &typed(values)),
            (AnyProgram::F32(p), false) => p.set_data_at(slot.place, &typed(values)),
        }
    }

    /// The present values; `None` if no cost depends on them.
    fn get(&mut self, slot: &Slot) -> Option<Vec<f64>> {
        fn wide<T: Real>(values: &[T]) -> Vec<f64> {
            values.iter().map(|x| x.to_f64()).collect()
        }
        with_program!(self, p => match slot.is_param {
            true => p.param_at(slot.place).map(wide),
            false => p.data_mut_at(slot.place).map(|values| wide(values)),
        })
    }

    fn run(&mut self, step: u64, params: usize) -> Result<Numbers, Error> {
        fn numbers<T: Real>(program: &mut Program<T>, step: u64, params: usize) -> Result<Vec<T>, Error> {
            let estimate = program.run_step(step)?;
            let mut numbers = estimate.objectives().to_vec();
            (0..params).for_each(|place| numbers.extend_from_slice(estimate.gradient_at(place)));
            Ok(numbers)
        }
        Ok(match self {
            AnyProgram::F64(p) => Numbers::F64(numbers(p, step, params)?),
            AnyProgram::F32(p) => Numbers::F32(numbers(p, step, params)?),
        })
    }
}

impl Compiled {
    /// Waits for other threads, without the interpreter.
    fn lock(&self, py: Python<'_>) -> MutexGuard<'_, Running> {
        self.running.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner)
    }

    /// The next estimate, or that of a step, at other values. Does not need the interpreter.
    fn run(&self, step: Option<u64>, given: &Given) -> Result<(Numbers, u64), Error> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Running { program, step: next } = &mut *running;
        let step = step.unwrap_or_else(|| {
            let step = *next;
            *next = (step + 1) % STEPS;
            step
        });
        let mut before: Given = Vec::with_capacity(given.len());
        for (slot, values) in given {
            let described = &self.slots[*slot];
            if let Some(present) = program.get(described) {
                program.set(described, values)?;
                before.push((*slot, present));
            }
        }
        let result = program.run(step, self.params);
        for (slot, values) in &before {
            program.set(&self.slots[*slot], values)?;
        }
        Ok((result?, step))
    }

    /// The objectives of a step at these values of all parameters and data, and then the gradient by each parameter. Does not need
    /// the interpreter.
    ///
    /// # Errors
    /// The reason, if the values do not fit or the run fails.
    pub fn numbers_at(&self, step: u64, values: Vec<Vec<f64>>) -> Result<Vec<f64>, String> {
        let size = |slot: &Slot| slot.shape.iter().product::<usize>();
        let fits = self.slots.len() == values.len()
            && self.slots.iter().zip(&values).all(|(slot, values)| size(slot) == values.len());
        if !fits || step >= STEPS {
            return Err(format!("the values or the step {step} do not fit the program"));
        }
        let given = values.into_iter().enumerate().collect();
        let (numbers, _) = self.run(Some(step), &given).map_err(|error| error.to_string())?;
        Ok(match numbers {
            Numbers::F64(numbers) => numbers,
            Numbers::F32(numbers) => numbers.into_iter().map(f64::from).collect(),
        })
    }

    /// The slot of a name.
    fn slot(&self, py: Python<'_>, name: &str) -> PyResult<usize> {
        self.slots.iter().position(|slot| slot.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.slots.iter().map(|slot| slot.name.as_str()).collect();
            let near = aleator::language::nearest(name, known.iter().copied());
            let near = near.map(|near| format!("; did you mean `{near}`?"));
            let near = near.unwrap_or_else(|| format!("; the program has {}", known.join(", ")));
            exception(py, "UnknownNameError", format!("unknown parameter or data `{name}`{near}"))
        })
    }

    /// Calls `take` with values for a slot, row-major, if their shape is the slot's or they are one number.
    fn with_values_of<R>(
        &self,
        slot: usize,
        value: &Bound<'_, PyAny>,
        take: impl FnOnce(&[f64]) -> R,
    ) -> PyResult<R> {
        let Slot { name, shape, .. } = &self.slots[slot];
        with_values(value, name, |given, values| {
            if given == shape {
                Ok(take(values))
            } else if given.is_empty() {
                Ok(take(&vec![values[0]; shape.iter().product()]))
            } else {
                let message = format!("`{name}` has shape {}, got {}", shape_text(shape), shape_text(given));
                Err(exception(value.py(), "ShapeError", message))
            }
        })
    }
}

/// How to compile: `aleator.program.Options`.
#[derive(FromPyObject)]
struct How {
    via: Via,
    samples: Option<usize>,
    replicates: Option<usize>,
    seed: u64,
    tune: bool,
    tune_rate: Option<f64>,
    is_float32: bool,
    threads: Option<usize>,
}

fn compile(graph: &Graph, how: &How, failures: Arc<Failures>) -> Result<Compiled, Error> {
    let plan = plan_of(graph, &how.via, how.samples)?;
    let tuning = if how.tune { Tuning::Training } else { Tuning::Held };
    let compile = CompileOptions { threads: how.threads.unwrap_or(0), ..CompileOptions::default() };
    let mut options = Options::new().seed(how.seed).tuning(tuning).compile_options(compile);
    if let Some(samples) = how.samples {
        options = options.samples(samples);
    }
    if let Some(replicates) = how.replicates {
        options = options.replicates(replicates);
    }
    if let Some(rate) = how.tune_rate {
        options = options.tuning_rate(rate);
    }
    let program = if how.is_float32 {
        AnyProgram::F32(Program::compile(graph, &plan.estimators, &options)?)
    } else {
        AnyProgram::F64(Program::compile(graph, &plan.estimators, &options)?)
    };
    let engine = graph.engine();
    let calls = engine.ids().any(|id| engine.with_node(id, |node| matches!(node.op, Op::External(_))));
    let numbers: u64 = with_program!(&program, p => p.parts().iter().map(|part| part.operations).sum());
    let (params, data) = (graph.params(), graph.datasets());
    let slot = |(place, (name, shape)), is_param| Slot { name, shape, place, is_param };
    let count = params.len();
    let params = params.into_iter().map(|p| (p.name, p.shape.to_vec())).enumerate();
    let data = data.into_iter().map(|d| (d.name, d.shape.to_vec())).enumerate();
    Ok(Compiled {
        running: Mutex::new(Running { program, step: 0 }),
        failures,
        slots: params.map(|p| slot(p, true)).chain(data.map(|d| slot(d, false))).collect(),
        params: count,
        replicates: how.replicates,
        seed: how.seed,
        is_float32: how.is_float32,
        is_long: calls || numbers > MOST_NUMBERS,
    })
}

impl PyProgram {
    /// What the handle holds.
    pub fn compiled(&self) -> &Arc<Compiled> {
        &self.compiled
    }
}

#[pymethods]
impl PyProgram {
    #[new]
    fn new(py: Python<'_>, graph: &PyGraph, how: How) -> PyResult<Self> {
        let (copy, failures) = (graph.copy(), graph.failures.clone());
        let failing = failures.clone();
        let compiled = interruptible(py, None, move |_| compile(&copy, &how, failures))?;
        let compiled = compiled.map_err(|error| raise_caused(py, &error, &failing))?;
        Ok(PyProgram { compiled: Arc::new(compiled) })
    }

    /// Computes an estimate.
    ///
    /// Parameters
    /// ----------
    /// values : mapping of str to array_like, optional
    ///     Values of parameters and data for this call; the others, and later calls, keep theirs. A single number fills the shape.
    /// step : int, optional
    ///     The step whose noise is used; by default the one after that of the last call without `step`. The same seed and step give
    ///     the same numbers.
    ///
    /// Returns
    /// -------
    /// Estimate
    ///     With `objective` and `gradient`.
    ///
    /// Raises
    /// ------
    /// DomainError
    ///     If a parameter of a distribution lies outside of its domain.
    /// BlackBoxError
    ///     If a function in Python raised; its exception is the cause.
    /// UnknownNameError, ShapeError
    ///     If `values` has other names or shapes than the graph.
    #[pyo3(signature = (values=None, *, step=None))]
    fn __call__(
        &self,
        py: Python<'_>,
        values: Option<&Bound<'_, PyAny>>,
        step: Option<u64>,
    ) -> PyResult<PyEstimate> {
        let compiled = &self.compiled;
        if step.is_some_and(|step| step >= STEPS) {
            return Err(exception(py, "AleatorError", format!("step must be below {STEPS}")));
        }
        let mut given = Vec::new();
        if let Some(values) = values {
            let mapping = values.cast::<PyMapping>().map_err(|_| {
                pyo3::exceptions::PyTypeError::new_err(
                    "the values of a call are a mapping of names to arrays, such as {\"theta\": 0.3}",
                )
            })?;
            for item in mapping.items()?.iter() {
                let (name, value) = item.extract::<(String, Bound<'_, PyAny>)>()?;
                let slot = compiled.slot(py, &name)?;
                given.push((slot, compiled.with_values_of(slot, &value, |values| values.to_vec())?));
            }
        }
        let outcome = if compiled.is_long {
            let shared = compiled.clone();
            interruptible(py, None, move |_| shared.run(step, &given))?
        } else {
            released(py, || compiled.run(step, &given))?
        };
        let (numbers, step) = outcome.map_err(|error| raise_caused(py, &error, &compiled.failures))?;
        Ok(PyEstimate { compiled: compiled.clone(), numbers, gradient: PyOnceLock::new(), step })
    }

    /// Sets the values of a parameter or of data, for all later calls. A contiguous array of the program's dtype is copied once.
    ///
    /// Parameters
    /// ----------
    /// name : str
    ///     The name of a parameter or data.
    /// value : array_like
    ///     Values of its shape, or a single number.
    ///
    /// Raises
    /// ------
    /// UnknownNameError, ShapeError
    ///     If there is nothing of that name, or the shape differs.
    fn set(&self, py: Python<'_>, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let compiled = &self.compiled;
        let slot = compiled.slot(py, name)?;
        let outcome = compiled.with_values_of(slot, value, |values| {
            compiled.lock(py).program.set(&compiled.slots[slot], values)
        })?;
        outcome.map_err(|error| crate::errors::raise(py, &error))
    }

    /// The present values of a parameter or of data.
    ///
    /// Parameters
    /// ----------
    /// name : str
    ///     The name of a parameter or data.
    ///
    /// Returns
    /// -------
    /// numpy.ndarray
    ///     A copy, of the program's dtype.
    ///
    /// Raises
    /// ------
    /// UnknownNameError
    ///     If there is nothing of that name.
    /// UnusedError
    ///     If no cost depends on it, so that the program has no values of it.
    fn get<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let compiled = &self.compiled;
        let slot = &compiled.slots[compiled.slot(py, name)?];
        let values = compiled.lock(py).program.get(slot).ok_or_else(|| {
            exception(
                py,
                "UnusedError",
                format!("no cost depends on `{name}`: the program does not hold its values"),
            )
        })?;
        if compiled.is_float32 {
            array(py, &typed::<f32>(&values), &slot.shape)
        } else {
            array(py, &values, &slot.shape)
        }
    }

    /// The names of the parameters.
    fn _params(&self) -> Vec<String> {
        self.compiled.slots[..self.compiled.params].iter().map(|slot| slot.name.clone()).collect()
    }

    /// The names of the data.
    fn _data(&self) -> Vec<String> {
        self.compiled.slots[self.compiled.params..].iter().map(|slot| slot.name.clone()).collect()
    }

    /// The estimators' own parameters by name: shape and values.
    fn _own<'py>(&self, py: Python<'py>) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
        let running = self.compiled.lock(py);
        let own: Vec<(String, Vec<usize>, Vec<f64>)> = with_program!(&running.program, p => {
            p.own_params().map(|(name, shape, values)| (name.into(), shape.to_vec(), values.to_vec())).collect()
        });
        drop(running);
        own.into_iter().map(|(name, shape, values)| Ok((name, array(py, &values, &shape)?))).collect()
    }

    /// The step of the next call.
    fn _step(&self, py: Python<'_>) -> u64 {
        self.compiled.lock(py).step
    }

    /// What estimators keep, for a pickle.
    fn _own_state(&self, py: Python<'_>) -> Vec<(String, Vec<f64>)> {
        with_program!(&self.compiled.lock(py).program, p => p.own_state())
    }

    /// Takes over what another program of the same graph had.
    fn _restore(&self, py: Python<'_>, step: u64, own: Vec<(String, Vec<f64>)>) -> PyResult<()> {
        let mut running = self.compiled.lock(py);
        running.step = step;
        let find = |name: &str| own.iter().find(|(of, _)| of == name).map(|(_, values)| values.clone());
        let restored = with_program!(&mut running.program, p => p.restore_own_state(&find));
        drop(running);
        restored.map_err(|error| crate::errors::raise(py, &error))
    }

    /// Seconds of one run in Rust, the mean over `runs` of them: what a call costs beyond that is Python's.
    fn _seconds_per_run(&self, py: Python<'_>, runs: u64) -> PyResult<f64> {
        let compiled = &self.compiled;
        let timed = released(py, || {
            let mut running = compiled.running.lock().unwrap_or_else(PoisonError::into_inner);
            let start = Instant::now();
            for step in 0..runs {
                running.program.run(step % STEPS, compiled.params)?;
            }
            Ok::<_, Error>(start.elapsed().as_secs_f64() / runs.max(1) as f64)
        })?;
        timed.map_err(|error| raise_caused(py, &error, &compiled.failures))
    }

    /// int: Samples averaged in one estimate.
    #[getter]
    fn samples(&self, py: Python<'_>) -> usize {
        with_program!(&self.compiled.lock(py).program, p => p.samples())
    }

    /// int or None: Independent estimates of one call.
    #[getter]
    fn replicates(&self) -> Option<usize> {
        self.compiled.replicates
    }

    /// int: The seed of all noise.
    #[getter]
    fn seed(&self) -> u64 {
        self.compiled.seed
    }

    /// int: Evaluations of the costs in one estimate.
    #[getter]
    fn evaluations(&self, py: Python<'_>) -> usize {
        with_program!(&self.compiled.lock(py).program, p => p.evaluations())
    }

    /// bool: Whether every estimator in it is unbiased.
    #[getter]
    fn unbiased(&self, py: Python<'_>) -> bool {
        with_program!(&self.compiled.lock(py).program, p => p.is_unbiased())
    }

    /// str: ``"float64"`` or ``"float32"``.
    #[getter]
    fn dtype(&self) -> &'static str {
        if self.compiled.is_float32 { "float32" } else { "float64" }
    }
}

fn array<'py, T: Element + Copy>(
    py: Python<'py>,
    values: &[T],
    shape: &[usize],
) -> PyResult<Bound<'py, PyAny>> {
    Ok(PyArray1::from_slice(py, values).reshape(shape.to_vec())?.into_any())
}

impl PyEstimate {
    fn number_of_objectives(&self) -> usize {
        self.compiled.replicates.unwrap_or(1)
    }

    fn numbers<'py>(
        &self,
        py: Python<'py>,
        from: usize,
        len: usize,
        shape: &[usize],
    ) -> PyResult<Bound<'py, PyAny>> {
        match &self.numbers {
            Numbers::F64(numbers) => array(py, &numbers[from..from + len], shape),
            Numbers::F32(numbers) => array(py, &numbers[from..from + len], shape),
        }
    }
}

#[pymethods]
impl PyEstimate {
    #[getter]
    fn objective<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match (self.compiled.replicates, &self.numbers) {
            (Some(n), _) => self.numbers(py, 0, n, &[n]),
            (None, Numbers::F64(numbers)) => Ok(numbers[0].into_pyobject(py)?.into_any()),
            (None, Numbers::F32(numbers)) => Ok(f64::from(numbers[0]).into_pyobject(py)?.into_any()),
        }
    }

    #[getter]
    fn gradient<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let make = || {
            let gradient = PyDict::new(py);
            let mut at = self.number_of_objectives();
            for slot in &self.compiled.slots[..self.compiled.params] {
                let mut shape = slot.shape.clone();
                if let Some(n) = self.compiled.replicates {
                    shape.insert(0, n);
                }
                let len = shape.iter().product();
                gradient.set_item(&slot.name, self.numbers(py, at, len, &shape)?)?;
                at += len;
            }
            Ok::<_, PyErr>(gradient.unbind())
        };
        Ok(self.gradient.get_or_try_init(py, make)?.bind(py).clone())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!(
            "Estimate(objective={}, gradient={})",
            self.objective(py)?.repr()?,
            self.gradient(py)?.repr()?
        ))
    }
}

/// The surrogate of a graph: its document as JSON (see `aleator::rewrite::PortableSurrogate`), and the same computation as a Python file
/// for JAX. With `tune`, its outputs contain the changes of the estimators' own parameters.
#[pyfunction]
#[pyo3(signature = (graph, via, samples, replicates, tune))]
pub fn surrogate(
    py: Python<'_>,
    graph: &PyGraph,
    via: Via,
    samples: Option<usize>,
    replicates: Option<usize>,
    tune: bool,
) -> PyResult<(String, String)> {
    let (copy, failures) = (graph.copy(), graph.failures.clone());
    let texts = interruptible(py, None, move |_| {
        let plan: Plan = plan_of(&copy, &via, samples)?;
        let tuning = if tune { Tuning::Training } else { Tuning::Held };
        let samples = samples.unwrap_or_else(|| plan.min_samples());
        if samples == 0 || replicates == Some(0) {
            return Err(Error::Invalid("at least one sample and one replicate are needed".into()));
        }
        let built = build(&copy, &plan.estimators, Layout { samples, replicates, tuning })?;
        let document = built.document(&copy)?;
        let json = serde_json::to_string(&document).map_err(|error| Error::Invalid(error.to_string()))?;
        Ok::<_, Error>((json, document.graph.jax()?))
    })?;
    texts.map_err(|error| raise_caused(py, &error, &failures))
}
