//! Numbers from Python and back.

use numpy::{PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyFloat;

/// Calls `look` with the shape and the elements of anything that makes an array of numbers, row-major. A contiguous array of
/// `float64` is not copied.
pub fn with_values<R>(
    value: &Bound<'_, PyAny>,
    what: &str,
    look: impl FnOnce(&[usize], &[f64]) -> PyResult<R>,
) -> PyResult<R> {
    if let Ok(number) = value.cast::<PyFloat>() {
        return look(&[], &[number.value()]);
    }
    if let Ok(array) = value.extract::<PyReadonlyArrayDyn<'_, f64>>()
        // `as_slice` alone takes arrays in Fortran's order too.
        && array.is_c_contiguous()
        && let Ok(slice) = array.as_slice()
    {
        return look(array.shape(), slice);
    }
    let array = as_float(value, what)?;
    let array = array.extract::<PyReadonlyArrayDyn<'_, f64>>()?;
    look(array.shape(), array.as_slice()?)
}

/// `aleator._arrays.as_float`, which says what is wrong with what is no array of numbers.
fn as_float<'py>(value: &Bound<'py, PyAny>, what: &str) -> PyResult<Bound<'py, PyAny>> {
    static FUNCTION: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = value.py();
    let function = FUNCTION
        .get_or_try_init(py, || py.import("aleator._arrays")?.getattr("as_float").map(Bound::unbind))?;
    function.bind(py).call1((value, what))
}

/// A shape as Python writes it.
pub fn shape_text(shape: &[usize]) -> String {
    match shape {
        [n] => format!("({n},)"),
        shape => {
            let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
            format!("({})", sizes.join(", "))
        }
    }
}
