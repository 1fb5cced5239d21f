//! The variance of an estimate beside that of another plan, both by exact expectation.
//!
//! ```text
//! Var ĝ = E ĝ² − (E ĝ)²,      summed over the coordinates
//! ```
//!
//! A mistake in the coupling of draws often leaves the mean alone and only raises the variance. It shows where the estimate promises not to
//! be worse than another one.

use std::sync::Arc;

use super::certificate::{Standing, VarianceCertificate};
use super::expectation::{Expectation, Power, Question, expectation};
use super::own_state::OwnState;
use crate::diagnostics::Number;
use crate::error::Result;
use crate::graph::Graph;
use crate::quadrature::{Deadline, Unknown};
use crate::rewrite::Estimator;

/// A variance and the bound of its error.
type WithError = (f64, f64);

/// The factor by which a difference must exceed the error bound to refute.
const CLEAR: f64 = 8.0;
/// An error bound that is larger than this share of the variance proves nothing.
const LARGEST_ERROR: f64 = 1e-3;

/// The sum of the variances of all coordinates.
fn total(
    graph: &Graph,
    plan: &[Arc<dyn Estimator>],
    samples: usize,
    deadline: Deadline,
) -> Result<Result<WithError, Unknown>> {
    let moment = |power| {
        let question = Question { samples, state: OwnState::Initial, power };
        expectation(graph, plan, question, deadline)
    };
    let first = match moment(Power::First)? {
        Ok(first) => first,
        Err(unknown) => return Ok(Err(unknown)),
    };
    Ok(moment(Power::Second)?.map(|second| difference(&first, &second)))
}

/// Σ (E ĝ² − (E ĝ)²) over the coordinates, which follow the objective.
fn difference(first: &Expectation, second: &Expectation) -> WithError {
    let (mut sum, mut error) = (0.0, 0.0);
    for i in 1..first.values.len() {
        let mean = first.values[i];
        sum += second.values[i] - mean * mean;
        error += second.errors[i] + 2.0 * mean.abs() * first.errors[i] + f64::EPSILON * second.values[i];
    }
    (sum, error)
}

/// Compares the variance of a plan with that of another one, both with K samples.
///
/// # Errors
/// Returns an error if one of the plans does not serve the graph.
pub(super) fn compare_variances(
    graph: &Graph,
    plan: &[Arc<dyn Estimator>],
    reference: (&str, &[Arc<dyn Estimator>]),
    samples: usize,
    deadline: Deadline,
) -> Result<VarianceCertificate> {
    let (name, other) = reference;
    let own = total(graph, plan, samples, deadline)?;
    let others = total(graph, other, samples, deadline)?;
    let interval = |known: &Result<WithError, Unknown>| {
        let (value, error) = *known.as_ref().unwrap_or(&(f64::NAN, f64::INFINITY));
        [Number((value - error).max(0.0)), Number(value + error)]
    };
    let verdict = match (&own, &others) {
        (Ok((a, of_a)), Ok((b, of_b))) => {
            let error = of_a + of_b;
            if a - b > CLEAR * error {
                Standing::Refuted
            } else if a - b <= error && error <= LARGEST_ERROR * b.max(0.0) + f64::EPSILON {
                Standing::Proved
            } else {
                Standing::Undecided
            }
        }
        _ => Standing::Undecided,
    };
    Ok(VarianceCertificate {
        verdict,
        total: interval(&own),
        reference: name.into(),
        of_reference: interval(&others),
    })
}
