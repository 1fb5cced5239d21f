//! The library's tables, from which Python makes its classes.

use aleator::distributions as laws;
use aleator::estimators::{self as methods, OptionDefault};
use aleator::language::{FUNCTIONS, estimator_named};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::errors::raise;

/// Distributions: name, summary, and for each signature the names of its parameters.
#[pyfunction]
pub fn distributions() -> Vec<(&'static str, &'static str, Vec<Vec<&'static str>>)> {
    let row = |entry: &laws::Entry| {
        (entry.name, entry.summary, entry.signatures.iter().map(|s| s.names.to_vec()).collect())
    };
    laws::all().iter().map(row).collect()
}

/// The names of the language's functions.
#[pyfunction]
pub fn functions() -> Vec<&'static str> {
    FUNCTIONS.to_vec()
}

/// Estimators as dictionaries: name, aliases, summary, formula, requirements, advice, options.
#[pyfunction]
pub fn estimators(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let rows = PyList::empty(py);
    for entry in methods::all() {
        let p = entry.properties;
        let row = PyDict::new(py);
        row.set_item("name", p.name)?;
        row.set_item("aliases", p.aliases.to_vec())?;
        row.set_item("summary", p.summary)?;
        row.set_item("formula", p.formula)?;
        row.set_item("distributions", p.distributions)?;
        row.set_item("requires", p.requires)?;
        row.set_item("evaluations", p.evaluations)?;
        row.set_item("advice", p.advice)?;
        row.set_item("reference", p.reference)?;
        let options = PyList::empty(py);
        for option in p.options {
            let described = PyDict::new(py);
            described.set_item("name", option.name)?;
            described.set_item("description", option.to_string())?;
            match option.default {
                OptionDefault::Number(x) if x.fract() == 0.0 && x.abs() < 1e9 => {
                    described.set_item("default", x as i64)?;
                }
                OptionDefault::Number(x) => described.set_item("default", x)?,
                OptionDefault::Truth(truth) => described.set_item("default", truth)?,
                OptionDefault::Word(word) => described.set_item("default", word)?,
            }
            options.append(described)?;
        }
        row.set_item("options", options)?;
        rows.append(row)?;
    }
    Ok(rows)
}

/// An estimator as the language writes it, with the options that are not at their defaults.
#[pyfunction]
pub fn describe_estimator(py: Python<'_>, text: &str) -> PyResult<String> {
    let estimator = estimator_named(text).map_err(|error| raise(py, &error))?;
    Ok(methods::describe(estimator.as_ref()))
}
