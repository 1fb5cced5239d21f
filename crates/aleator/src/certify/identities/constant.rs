//! A constant in the cost.
//!
//! ```text
//! ∇θ E[F(z) + c] = ∇θ E F(z),     hence  E ĝ(F + c) = E ĝ(F)  for every unbiased estimate
//! ```
//!
//! c is added to every cost of the graph, so that it lies within the cones of all sites and multiplies their scores. It is 1024 times the size of
//! the objective or of the gradient, whichever is larger. An estimate that is right by chance at this level of the cost, or that limits
//! the cost or its weights, is not right at the other.

use std::sync::Arc;

use super::unknown;
use crate::certify::certificate::{CoordinateCertificate, IdentityCertificate, Standing};
use crate::certify::expectation::is_unsuitable;
use crate::certify::proof::prove;
use crate::certify::truth::WithError;
use crate::diagnostics::Number;
use crate::error::Result;
use crate::graph::{Cost, Graph};
use crate::quadrature::Deadline;
use crate::rewrite::Estimator;

/// The size of the constant, relative to the objective and its gradient.
const LEVEL: f64 = 1024.0;

/// Whether the mean of an estimate whose mean is `truth` is the same with a constant.
///
/// # Errors
/// Returns an error if the graph is wrong.
pub(super) fn certify_constant(
    graph: &Graph,
    name: &str,
    plan: &[Arc<dyn Estimator>],
    samples: usize,
    truth: Option<&[WithError]>,
    bias_bound: f64,
    deadline: Deadline,
) -> Result<IdentityCertificate> {
    let unknown = |why: String| unknown("constant", name, why);
    let Some(truth) = truth else { return Ok(unknown("the mean of its estimate is not proved".into())) };
    let size = truth.iter().map(|(x, _)| x.abs()).fold(0.0, f64::max);
    // A power of two.
    let constant = if size > 0.0 { LEVEL * size.log2().ceil().exp2() } else { LEVEL };
    let (raised, elements) = with_constant(graph, constant);
    let mut moved = truth.to_vec();
    moved[0].0 += constant * elements as f64;
    let proof = match prove(&raised, plan, samples, &moved, bias_bound, deadline) {
        Ok(Ok(proof)) => proof,
        Ok(Err(reason)) => return Ok(unknown(reason)),
        Err(error) if is_unsuitable(&error) => return Ok(unknown(error.to_string())),
        Err(error) => return Err(error),
    };
    let coordinates: Vec<&CoordinateCertificate> = proof.coordinates().collect();
    let verdict = coordinates.iter().map(|c| c.verdict).max().unwrap_or(Standing::Proved);
    let deviation = coordinates.iter().map(|c| c.relative_bias()).fold(0.0, f64::max);
    let why = (verdict == Standing::Refuted).then(|| {
        format!("with {constant:e} added to each cost, the mean is another one, by up to {deviation:e} of the gradient's scale")
    });
    Ok(IdentityCertificate {
        identity: "constant",
        of: name.into(),
        verdict,
        method: proof.method(),
        deviation: Number(deviation),
        replicates: 0,
        why,
    })
}

/// The graph with a constant added to each element of each cost, and the number of elements.
fn with_constant(graph: &Graph, constant: f64) -> (Graph, usize) {
    let own = graph.clone();
    let mut elements = 0;
    let raise = |cost: Cost| {
        let expr = own.expr(cost.node);
        elements += expr.shape().numel();
        Cost { node: (expr + constant).id(), ..cost }
    };
    let costs = own.costs().into_iter().map(raise).collect();
    (own.with_costs(costs), elements)
}
