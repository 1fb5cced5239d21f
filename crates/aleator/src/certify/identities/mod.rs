//! Identities: what must hold besides the mean, and without a tolerance.
//!
//! | identity | of | what must hold |
//! |---|---|---|
//! | `score` | a site | E ∇θ log p(z; θ) = 0, which is the gradient of the cost 1 |
//! | `constant` | a plan | with c added to every cost, the mean is the same gradient |
//! | `cone` | a plan | a further cost that no site reaches changes no bit of the gradient |
//! | `threads` | a plan | one, two and three threads compute the same bits |
//! | `training` | a plan | the mean is the gradient at the state that some steps of training reach, and no step reads what it changes |
//!
//! `score`, `constant` and `training` are means, known by exact expectation; the score is sampled where that is not known. The others are
//! compared for a number of estimates. An identity that fails refutes the certificate. One that is undecided leaves it as it is.
//!
//! | file | contents |
//! |---|---|
//! | `score` | the mean of the score |
//! | `constant` | the mean with a constant |
//! | `bits` | what must be the same to the bit |
//! | `training` | the mean while own parameters are tuned |

mod bits;
mod constant;
mod score;
mod training;

use std::sync::Arc;

pub(super) use self::bits::is_score_function;
pub(super) use self::score::{prove_scores, sample_score};
use super::certificate::{IdentityCertificate, Standing};
use super::truth::WithError;
use crate::diagnostics::Number;
use crate::error::Result;
use crate::graph::Graph;
use crate::quadrature::Deadline;
use crate::rewrite::Estimator;

/// An identity of which nothing is known.
fn unknown(identity: &'static str, of: &str, why: String) -> IdentityCertificate {
    IdentityCertificate {
        identity,
        of: of.into(),
        verdict: Standing::Undecided,
        method: "none",
        deviation: Number(f64::INFINITY),
        replicates: 0,
        why: Some(why),
    }
}

/// How the identities of a plan are certified.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    /// K
    pub samples: usize,
    /// The seed of all noise.
    pub seed: u64,
    /// The bias, relative to the scale of the gradient, within which a mean must lie.
    pub bias_bound: f64,
    /// The limit of time and operations.
    pub deadline: Deadline,
}

/// The identities of a plan. `truth` is the exact gradient, if the mean of the plan was proved to be it.
///
/// # Errors
/// Returns an error if the graph is wrong.
pub(super) fn of_plan(
    graph: &Graph,
    name: &str,
    plan: &[Arc<dyn Estimator>],
    truth: Option<&[WithError]>,
    setting: Setting,
) -> Result<Vec<IdentityCertificate>> {
    let Setting { samples, seed, bias_bound: bound, deadline } = setting;
    let mut all = vec![
        constant::certify_constant(graph, name, plan, samples, truth, bound, deadline)?,
        bits::certify_cone(graph, name, plan, samples, seed)?,
        bits::certify_threads(graph, name, plan, samples, seed)?,
    ];
    let known = truth.map(|truth| (truth, bound));
    all.extend(training::certify_training(graph, name, plan, samples, seed, known, deadline)?);
    Ok(all)
}
