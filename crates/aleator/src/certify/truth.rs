//! The exact gradient with its error bounds.

use crate::diagnostics::Exact;
use crate::graph::Graph;

/// A number and the bound of its error.
pub(super) type WithError = (f64, f64);

/// The rounding error of a mean and of the exact gradient as programs compute them, relative to their size.
pub(super) const ROUNDING: f64 = 1e-12;

/// The exact objective, followed by the gradient, with error bounds; `None` if they are not known.
pub(super) fn exact_values(graph: &Graph, exact: &Exact) -> Option<Vec<WithError>> {
    exact.method?;
    let mut values = vec![(exact.objective?.0, 0.0)];
    for param in graph.params() {
        let tensor = exact.gradient.get(&param.name)?;
        let errors = exact.error.get(&param.name);
        values.extend(tensor.values.iter().enumerate().map(|(i, x)| (x.0, errors.map_or(0.0, |e| e[i]))));
    }
    values.iter().all(|(x, _)| x.is_finite()).then_some(values)
}
