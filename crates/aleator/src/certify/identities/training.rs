//! The mean of an estimate whose own parameters are tuned.
//!
//! ```text
//! E[ĝ_t | ψ_t] = ∇J        for every state ψ_t that training reaches: baselines, weights and networks of control variates
//! ```
//!
//! An estimate of a training step reads the state that earlier steps have left, and changes it afterwards. Its own draws therefore do not
//! enter it through the state, and its mean, given the state, is the gradient. Two things are looked at. In each of a number of steps, the
//! gradient must be, to the bit, that of a program whose state is held at what it was before the step. After them, the expectation
//! of the next estimate is computed at the state that was reached, with the estimator in its mode of training. A baseline
//! that contains the draw which it is subtracted from fails there, also if it shows only after the first steps.
//!
//! An estimator that divides by a number that it learns is, in training, only unbiased up to a factor. It is compared to the bit alone.

use std::sync::Arc;

use super::unknown;
use crate::certify::certificate::{IdentityCertificate, Standing};
use crate::certify::expectation::is_unsuitable;
use crate::certify::own_state::OwnState;
use crate::certify::proof::prove_at;
use crate::certify::truth::WithError;
use crate::diagnostics::Number;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::program::{Options, Program};
use crate::quadrature::Deadline;
use crate::rewrite::{Estimator, Tuning};

/// The number of steps before the expectation is computed.
const STEPS: u64 = 8;

/// What the steps have shown.
struct Trained {
    /// Whether all gradients are those of the state before each step.
    reads_before: bool,
    /// The state that was reached.
    state: Vec<(String, Vec<f64>)>,
    /// Whether the estimate is a multiple of an unbiased one.
    rescaled: bool,
}

/// Trains for some steps; `None` if the plan has nothing to tune.
fn train(graph: &Graph, plan: &[Arc<dyn Estimator>], samples: usize, seed: u64) -> Result<Option<Trained>> {
    let options = Options::new().seed(seed).samples(samples);
    let mut tuned = Program::<f64>::compile(graph, plan, &options.clone().tuning(Tuning::Training))?;
    if !tuned.is_tuned() || tuned.own_params().next().is_none() {
        return Ok(None);
    }
    let mut held = Program::<f64>::compile(graph, plan, &options.tuning(Tuning::Held))?;
    let mut reads_before = true;
    for step in 0..STEPS {
        held.adopt_own_params(&tuned)?;
        tuned.run_step(step)?;
        held.run_step(step)?;
        let bits = |x: &[f64]| x.iter().map(|x| (x + 0.0).to_bits()).collect::<Vec<_>>();
        let places = 0..graph.params().len();
        reads_before &= places.clone().all(|i| bits(tuned.gradient_at(i)) == bits(held.gradient_at(i)));
    }
    let state = tuned.own_params().map(|(name, _, values)| (name.to_string(), values.to_vec())).collect();
    Ok(Some(Trained { reads_before, state, rescaled: tuned.is_rescaled() }))
}

/// Whether the estimates of training are unbiased given the state; `None` if the plan has no state.
///
/// # Errors
/// Returns an error if the graph is wrong.
pub(super) fn certify_training(
    graph: &Graph,
    name: &str,
    plan: &[Arc<dyn Estimator>],
    samples: usize,
    seed: u64,
    truth: Option<(&[WithError], f64)>,
    deadline: Deadline,
) -> Result<Option<IdentityCertificate>> {
    let unknown = |why: String| Ok(Some(unknown("training", name, why)));
    let trained = match train(graph, plan, samples, seed) {
        Ok(Some(trained)) => trained,
        Ok(None) => return Ok(None),
        Err(Error::Interrupted) => return Err(Error::Interrupted),
        Err(error) => return unknown(error.to_string()),
    };
    let certificate = |verdict, method, deviation, why: Option<&str>| {
        Ok(Some(IdentityCertificate {
            identity: "training",
            of: name.into(),
            verdict,
            method,
            deviation: Number(deviation),
            replicates: STEPS,
            why: why.map(Into::into),
        }))
    };
    if !trained.reads_before {
        let why = "an estimate of training is not that of the state before it";
        return certificate(Standing::Refuted, "bits", f64::INFINITY, Some(why));
    }
    if trained.rescaled {
        return certificate(Standing::Certified, "bits", 0.0, None);
    }
    let Some((truth, bias_bound)) = truth else {
        return unknown("the mean of its estimate is not proved".into());
    };
    let state = OwnState::Trained(&trained.state);
    let proof = match prove_at(graph, plan, samples, state, truth, bias_bound, deadline) {
        Ok(Ok(proof)) => proof,
        Ok(Err(reason)) => return unknown(reason),
        Err(error) if is_unsuitable(&error) => return unknown(error.to_string()),
        Err(error) => return Err(error),
    };
    let verdict = proof.coordinates().map(|c| c.verdict).max().unwrap_or(Standing::Proved);
    let deviation = proof.coordinates().map(|c| c.relative_bias()).fold(0.0, f64::max);
    let why =
        (verdict == Standing::Refuted).then_some("after some steps of training, its mean is another one");
    certificate(verdict, proof.method(), deviation, why)
}
