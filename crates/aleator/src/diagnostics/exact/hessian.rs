//! Exact second derivatives, by the same rules as the gradient.
//!
//! They need more of the graph: the first derivatives must not jump where a rule differentiates under the integral. At a kink that lies
//! exactly at the present parameters, there is no answer unless both sides of it agree.

use super::second::Second;
use super::values::{Values, values};
use crate::diagnostics::one_sided::sides;
use crate::error::Result;
use crate::graph::Graph;
use crate::quadrature::{Deadline, Unknown};
use crate::rewrite::SecondDerivatives;

/// The difference of two sides that rounding explains, relative to the largest number.
const ROUNDING: f64 = 1e-9;

/// The exact second derivatives in the order of a program's blocks, or the reason why there are none.
///
/// # Errors
/// Returns an error if the graph holds an error, or if a parameter of a distribution is outside its domain.
pub(in crate::diagnostics) fn exact_second(
    graph: &Graph,
    kind: SecondDerivatives,
    direction: &[Vec<f64>],
    deadline: Deadline,
) -> Result<Result<Vec<f64>, Unknown>> {
    let second = Second { kind, direction: direction.to_vec() };
    let first = 1 + graph.params().iter().map(|p| p.shape.numel()).sum::<usize>();
    let of = |values: Values| values.numbers[first..].to_vec();
    let Some(sides) = sides(graph) else { return Ok(values(graph, &second, deadline)?.map(of)) };
    let both = [values(&sides.above, &second, deadline)?, values(&sides.below, &second, deadline)?];
    let [Ok(above), Ok(below)] = both else { return Ok(Err(Unknown::NotOfTheKind)) };
    let scale = above.numbers.iter().fold(0.0, |scale: f64, x| scale.max(x.abs()));
    let differs = |i: usize| {
        let allowed = ROUNDING * scale + above.errors[i] + below.errors[i];
        let near = (above.numbers[i] - below.numbers[i]).abs() <= allowed;
        !near
    };
    if (0..above.numbers.len()).any(differs) {
        return Ok(Err(Unknown::Because(
            "the objective has no second derivative at the present parameters: they lie exactly at a kink or a jump".into(),
        )));
    }
    Ok(Ok(of(above)))
}
