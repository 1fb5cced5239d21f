//! Proofs: the exact expectation of an estimate beside the exact gradient.

use std::sync::Arc;

use super::certificate::{CoordinateCertificate, PlanCertificate, Standing};
use super::expectation::{Expectation, Power, Question, expectation};
use super::own_state::{OwnState, has_own_state};
use super::truth::{ROUNDING, WithError};
use crate::diagnostics::Number;
use crate::error::Result;
use crate::graph::Graph;
use crate::quadrature::{Deadline, Unknown};
use crate::rewrite::Estimator;

/// An exact expectation beside the exact gradient.
pub(super) struct Proof {
    method: &'static str,
    own_parameters: &'static str,
    gradient: Vec<(String, Vec<CoordinateCertificate>)>,
}

impl Proof {
    /// How the expectation is known.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// All coordinates.
    pub fn coordinates(&self) -> impl Iterator<Item = &CoordinateCertificate> {
        self.gradient.iter().flat_map(|(_, coordinates)| coordinates)
    }

    /// Fills in a certificate.
    pub fn enter(self, blank: PlanCertificate) -> PlanCertificate {
        let verdict = self.coordinates().map(|c| c.verdict).max().unwrap_or(Standing::Proved);
        PlanCertificate {
            method: self.method,
            own_parameters: self.own_parameters,
            verdict,
            gradient: self.gradient.into_iter().collect(),
            ..blank
        }
    }

    fn refutes(&self) -> bool {
        self.coordinates().any(|c| c.verdict == Standing::Refuted)
    }
}

/// Compares the exact expectation of an estimate with the exact gradient, at the initial values of the estimators' own parameters and
/// at others; the reason if it is not known.
pub(super) fn prove(
    graph: &Graph,
    plan: &[Arc<dyn Estimator>],
    samples: usize,
    truth: &[WithError],
    bias_bound: f64,
    deadline: Deadline,
) -> Result<Result<Proof, String>> {
    let at = |state| prove_at(graph, plan, samples, state, truth, bias_bound, deadline);
    let initial = at(OwnState::Initial)?;
    let Ok(proof) = initial else { return Ok(initial) };
    if proof.refutes() || !has_own_state(graph, plan, samples)? {
        return Ok(Ok(proof));
    }
    // Where the second expectation is not known, the first one stands alone, and the certificate says so.
    Ok(Ok(match at(OwnState::Moved)? {
        Ok(moved) if moved.refutes() => Proof { own_parameters: "initial and moved", ..moved },
        Ok(_) => Proof { own_parameters: "initial and moved", ..proof },
        Err(_) => proof,
    }))
}

/// The same at some values of the estimators' own parameters.
pub(super) fn prove_at(
    graph: &Graph,
    plan: &[Arc<dyn Estimator>],
    samples: usize,
    state: OwnState<'_>,
    truth: &[WithError],
    bias_bound: f64,
    deadline: Deadline,
) -> Result<Result<Proof, String>> {
    let question = Question { samples, state, power: Power::First };
    Ok(match expectation(graph, plan, question, deadline)? {
        Ok(expectation) => match judge(graph, &expectation, truth, bias_bound) {
            Some(gradient) => Ok(Proof { method: expectation.method, own_parameters: "initial", gradient }),
            None => Err("the error of its expectation is too large".into()),
        },
        Err(Unknown::NotOfTheKind) => Err("its expectation is not known".into()),
        Err(Unknown::Because(reason)) => Err(reason),
    })
}

/// An error bound that is larger than this share of the scale is no proof. Within the bias bound it is a certificate, as an interval of samples is.
const LARGEST_ERROR: f64 = 1e-4;
/// The factor by which a difference must exceed the error bound to refute.
const CLEAR: f64 = 8.0;

/// Compares the expectation of an estimate with the exact gradient; `None` if the error bounds do not decide.
fn judge(
    graph: &Graph,
    expectation: &Expectation,
    truth: &[WithError],
    bias_bound: f64,
) -> Option<Vec<(String, Vec<CoordinateCertificate>)>> {
    let mut at = 1;
    let mut all = Vec::new();
    for param in graph.params() {
        let here = at..at + param.shape.numel();
        at = here.end;
        let scale = scale(&truth[here.clone()], truth[0].0);
        let coordinate = |i: usize| {
            let (mean, (exact, of_exact)) = (expectation.values[i], truth[i]);
            // A score is a difference of numbers of order 1, and multiplies the cost with all its digits.
            let of_cost = f64::EPSILON * truth[0].0.abs();
            let error = expectation.errors[i] + of_exact + ROUNDING * (mean.abs() + exact.abs()) + of_cost;
            let bias = mean - exact;
            let verdict = if bias.abs() <= error && error <= LARGEST_ERROR * scale {
                Standing::Proved
            } else if bias.abs() <= error && bias.abs() + error <= bias_bound * scale {
                Standing::Certified
            } else if bias.abs() > CLEAR * error {
                Standing::Refuted
            } else {
                return None;
            };
            Some(CoordinateCertificate {
                verdict,
                mean: Number(mean),
                reference: Number(exact),
                bias: [Number(bias - error), Number(bias + error)],
                scale: Number(scale),
            })
        };
        all.push((param.name.clone(), here.map(coordinate).collect::<Option<Vec<_>>>()?));
    }
    Some(all)
}

/// A gradient that is smaller than this share of the objective is 0 as far as rounding of the cost lets one see.
const INVISIBLE: f64 = 1e-10;

/// The scale of a gradient: its largest element, or the size of the objective if that is 0 or hidden by rounding.
fn scale(gradient: &[WithError], objective: f64) -> f64 {
    let largest = gradient.iter().map(|(x, _)| x.abs()).fold(0.0, f64::max);
    let visible = largest > INVISIBLE * objective.abs();
    let sizes = if visible { [largest, 1.0] } else { [objective.abs(), 1.0] };
    sizes.into_iter().find(|&x| x > 0.0).unwrap_or(1.0)
}
