//! Functions in Python as operations of a graph.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aleator_engine::graph::{ExternalFn, Shape};
use numpy::{PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// What errors of a graph need of Python, since the library's errors are texts.
#[derive(Default)]
pub struct Failures {
    /// The exceptions of black boxes, until they are raised.
    raised: Mutex<Vec<(String, PyErr)>>,
    /// Where a user's code made what has a name: file and line.
    places: Mutex<HashMap<String, String>>,
}

/// More are not kept: nobody asks for them.
const MOST_FAILURES: usize = 64;

impl Failures {
    fn keep(&self, name: &str, error: PyErr) {
        let mut failures = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() < MOST_FAILURES {
            failures.push((name.into(), error));
        }
    }

    /// Says where a name was given.
    pub fn mark(&self, name: &str, place: &str) {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), place.into());
    }

    /// Where a name was given, if a user's code gave it.
    pub fn place(&self, name: &str) -> Option<String> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// The last exception of the black box of that name; those before it are forgotten.
    pub fn take(&self, name: &str) -> Option<PyErr> {
        let mut failures = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        let last = failures.iter().rposition(|(of, _)| of == name)?;
        let (_, error) = failures.swap_remove(last);
        failures.retain(|(of, _)| of != name);
        Some(error)
    }
}

/// A function that is called with one array for each argument, of the argument's shape; its result is a contiguous array of
/// `float64` that has `size` elements. If it is vectorized, all these arrays have one leading axis more.
pub fn called(
    name: &str,
    size: usize,
    arguments: Vec<Shape>,
    function: Py<PyAny>,
    vectorized: bool,
    failures: &Arc<Failures>,
) -> Arc<ExternalFn> {
    let failures = failures.clone();
    let label = name.to_string();
    let call = move |values: &[&[f64]], result: &mut [f64]| {
        let outcome = Python::try_attach(|py| {
            let calls = result.len().checked_div(size);
            let arrays = values.iter().zip(&arguments).map(|(values, shape)| {
                let flat = numpy::PyArray1::from_slice(py, values);
                let mut shape = shape.to_vec();
                if vectorized {
                    let calls = calls.or_else(|| values.len().checked_div(shape.iter().product()));
                    shape.insert(0, calls.unwrap_or(1));
                }
                flat.reshape(shape).map(|array: Bound<'_, PyArrayDyn<f64>>| array.into_any())
            });
            let arrays = arrays.collect::<PyResult<Vec<_>>>()?;
            let returned = function.bind(py).call1(PyTuple::new(py, arrays)?)?;
            let returned = returned.extract::<PyReadonlyArrayDyn<'_, f64>>()?;
            result.copy_from_slice(returned.as_slice()?);
            Ok::<(), PyErr>(())
        });
        match outcome {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => {
                let text = Python::try_attach(|py| {
                    let kind = error.get_type(py).name().map_or_else(|_| "error".into(), |n| n.to_string());
                    format!("{kind}: {}", error.value(py))
                });
                failures.keep(&label, error);
                Err(text.unwrap_or_default())
            }
            None => Err("the interpreter is ending".to_string()),
        }
    };
    Arc::new(call)
}
