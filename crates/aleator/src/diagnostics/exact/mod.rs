//! The exact objective and gradient, if they can be computed without sampling.
//!
//! Finite sites are enumerated. All others are integrated and summed, with the objective and its gradient known at each point
//! ([`integrand`]): unbounded counts from 0 to n − 1, continuous numbers by [quadrature](crate::quadrature::integrate). There is an answer
//! only if all of the following hold, for the objective and for each element of the gradient, relative to S = ∫ |integrand|:
//!
//! - two rules of different order agree on every cell to within 10⁻¹⁰ S in total, and again after all cells are split at points
//!   that were not nodes;
//! - the integrand decays towards the ends, so that the integral beyond them is below 10⁻¹⁰ S;
//! - the weights of counts and densities integrate to 1;
//! - nothing grows so fast that the integral could diverge at values that floating-point numbers do not reach ([`growth`]);
//! - no cost is discontinuous in a continuous sample, and no parameter moves a discontinuity in such a cost.
//!
//! The gradient of a parameter is left out if the objective has no derivative with respect to it at its present value ([`kinks`](super::kinks)).
//!
//! A finite number of points cannot prove more: a peak that is narrower than the distance between points may be missed. (In one
//! dimension they are some 10⁻⁴ standard deviations apart, in two 10⁻².)

mod growth;
mod hessian;
mod integrand;
mod layout;
mod points;
mod second;
mod values;

use std::time::Duration;

use super::kinks::{ROUNDING, Side, without_derivative};
use super::one_sided::sides;
use super::report::{Exact, Number, Tensor};
use crate::error::Result;
use crate::graph::Graph;
use crate::quadrature::{Deadline, Unknown};
use second::Second;
use values::{Values, values};

pub(super) use hessian::exact_second;

/// The exact answer. The method is `None` if there is no exact answer.
///
/// # Errors
/// Returns an error if the graph holds an error, or if a parameter of a distribution is outside its domain.
pub fn exact(graph: &Graph) -> Result<Exact> {
    exact_within(graph, None)
}

/// The same with a time limit.
///
/// # Errors
/// As [`exact`].
pub fn exact_within(graph: &Graph, limit: Option<Duration>) -> Result<Exact> {
    exact_by(graph, Deadline::after(limit))
}

/// The same with a limit of time and operations.
///
/// # Errors
/// As [`exact`].
pub(crate) fn exact_by(graph: &Graph, deadline: Deadline) -> Result<Exact> {
    match solve(graph, deadline)? {
        Ok(answer) => Ok(answer),
        Err(Unknown::NotOfTheKind) => Ok(Exact::default()),
        Err(Unknown::Because(reason)) => Ok(Exact { unknown: Some(reason), ..Exact::default() }),
    }
}

/// The answer, without the gradients of parameters with respect to which there is no derivative.
fn solve(graph: &Graph, deadline: Deadline) -> Result<Result<Exact, Unknown>> {
    let mut exact = match solve_as_it_is(graph, deadline)? {
        Ok(exact) => exact,
        unknown => return Ok(unknown),
    };
    let Some(sides) = sides(graph) else { return Ok(Ok(exact)) };
    // A side without an answer says nothing.
    let solved = |graph: &Graph| solve_as_it_is(graph, deadline).ok()?.ok();
    let (Some(above), Some(below)) = (solved(&sides.above), solved(&sides.below)) else {
        return Ok(Ok(exact));
    };
    let params = graph.params();
    let error = |place: usize, i: usize| {
        let name = &params[place].name;
        [&above, &below].iter().filter_map(|side| side.error.get(name)).map(|errors| errors[i]).sum()
    };
    let both = [&above, &below].map(|side| Side {
        objective: side.objective.map_or(f64::NAN, |x| x.0),
        gradient: params
            .iter()
            .map(|param| {
                side.gradient.get(&param.name).map_or(vec![], |g| g.values.iter().map(|x| x.0).collect())
            })
            .collect(),
    });
    let here = exact.objective.map_or(f64::NAN, |x| x.0);
    let found = without_derivative(graph, &sides.kinks, here, &both, Some(&error));
    for (place, param) in params.iter().enumerate() {
        if let Some(without) = found.iter().find(|without| without.place == place) {
            exact.unknown.get_or_insert(without.message.clone());
            exact.gradient.remove(&param.name);
            exact.error.remove(&param.name);
            continue;
        }
        // Derivatives of the terms may be conventions even if that of the objective exists: max(x, 0) + min(x, 0) at 0.
        let conventional = exact.gradient.get(&param.name).is_some_and(|own| {
            let there = &both[0].gradient[place];
            let differs = |(i, (a, b)): (usize, (&Number, &f64))| {
                (a.0 - b).abs() > ROUNDING * both[0].scale() + error(place, i)
            };
            own.values.iter().zip(there).enumerate().any(differs)
        });
        if conventional && both.iter().all(|side| side.scale().is_finite()) {
            exact
                .gradient
                .extend(above.gradient.get_key_value(&param.name).map(|(k, v)| (k.clone(), v.clone())));
        }
    }
    Ok(Ok(exact))
}

fn solve_as_it_is(graph: &Graph, deadline: Deadline) -> Result<Result<Exact, Unknown>> {
    Ok(values(graph, &Second::default(), deadline)?.map(|values| answer(graph, &values)))
}

/// The objective, followed by the gradients of the parameters.
fn answer(graph: &Graph, values: &Values) -> Exact {
    let Values { method, numbers, errors } = values;
    let mut exact = Exact { method: Some(method), objective: Some(Number(numbers[0])), ..Exact::default() };
    let mut at = 1;
    for param in graph.params() {
        let here = at..at + param.shape.numel();
        at = here.end;
        let tensor = numbers[here.clone()].iter().map(|&x| Number(x)).collect();
        exact.gradient.insert(param.name.clone(), Tensor { shape: param.shape.to_vec(), values: tensor });
        exact.error.insert(param.name, errors[here].to_vec());
    }
    exact
}
