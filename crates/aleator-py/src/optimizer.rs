//! Update rules of optimisers, one vector of parameters each.

use std::sync::{Mutex, PoisonError};

use aleator::Error;
use aleator::optim::{NAMES, Optimizer, by_name};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::errors::raise;

/// An update rule with its state.
#[pyclass(frozen, module = "aleator._aleator", name = "Optimizer")]
pub struct PyOptimizer(Mutex<Optimizer>);

#[pymethods]
impl PyOptimizer {
    /// The rule of a name, for as many numbers.
    #[new]
    fn new(py: Python<'_>, name: &str, size: usize, learning_rate: f64) -> PyResult<Self> {
        let unknown = || Error::UnknownName {
            kind: "optimizer",
            name: name.into(),
            known: NAMES.map(String::from).into(),
        };
        let optimizer = by_name(name, size, learning_rate).ok_or_else(unknown);
        optimizer.map(|optimizer| PyOptimizer(Mutex::new(optimizer))).map_err(|error| raise(py, &error))
    }

    /// The parameters after a step against the gradient.
    fn step<'py>(
        &self,
        py: Python<'py>,
        params: PyReadonlyArray1<'py, f64>,
        gradient: PyReadonlyArray1<'py, f64>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let mut stepped = params.as_slice()?.to_vec();
        let mut optimizer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        optimizer.step(&mut stepped, gradient.as_slice()?).map_err(|error| raise(py, &error))?;
        Ok(PyArray1::from_vec(py, stepped))
    }
}
