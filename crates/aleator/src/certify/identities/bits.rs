//! What must be the same to the bit.
//!
//! ```text
//! cone              ĝ(Σ F + 10⁶ w) = ĝ(Σ F),   w ~ Normal(0, 1) a further site that none of the others reaches, drawn last
//! threads           ĝ by one thread = ĝ by two = ĝ by three
//! zero control      ĝ of an estimator whose control variate is held at 0 = ĝ of the score function
//! ```
//!
//! All are compared for the same seed, and so for the same noise. A site multiplies only costs that it reaches by its score, so that the
//! first is not an identity of means: w has mean 0, and an estimate that contains it would still be unbiased.

use std::sync::Arc;

use aleator_engine::compile::CompileOptions;

use super::unknown;
use crate::certify::certificate::{IdentityCertificate, Standing};
use crate::diagnostics::Number;
use crate::distributions::Normal;
use crate::error::{Error, Result};
use crate::estimators::ScoreFunction;
use crate::graph::Graph;
use crate::program::{Options, Program};
use crate::rewrite::{Estimator, Tuning};

/// The largest number of estimates that are compared, and the approximate number of bytes that they may need.
const MOST: usize = 32;
const BYTES: usize = 1 << 24;
/// The size of the cost that no site reaches.
const SIZE: f64 = 1e6;
/// The name of the site that no other reaches.
const OUTSIDE: &str = "(a draw that no other site reaches)";

/// Gradients of several estimates, one parameter after another.
fn gradients(
    graph: &Graph,
    plan: &[Arc<dyn Estimator>],
    samples: usize,
    seed: u64,
    threads: usize,
) -> Result<Vec<f64>> {
    let compile = CompileOptions { threads, ..CompileOptions::default() };
    let options = Options::new().seed(seed).samples(samples).tuning(Tuning::Held).compile_options(compile);
    let each = Program::<f64>::compile(graph, plan, &options)?.value_bytes().max(1);
    let count = (BYTES / each).clamp(1, MOST);
    let mut program = Program::<f64>::compile(graph, plan, &options.replicates(count))?;
    program.run_replicates(0, 0)?;
    Ok((0..graph.params().len()).flat_map(|place| program.gradient_at(place).to_vec()).collect())
}

/// Compares two ways to compute the same numbers.
fn compare(
    identity: &'static str,
    of: &str,
    numbers: Result<Vec<Vec<f64>>>,
    why: &str,
) -> Result<IdentityCertificate> {
    let all = match numbers {
        Ok(all) => all,
        // What stops the estimate is told where its mean is computed.
        Err(Error::Interrupted) => return Err(Error::Interrupted),
        Err(error) => return Ok(unknown(identity, of, error.to_string())),
    };
    let (first, others) = all.split_first().map_or((&[][..], &[][..]), |(first, rest)| (&first[..], rest));
    let differs = |(a, b): (&f64, &f64)| a.to_bits() != b.to_bits() && !(*a == 0.0 && *b == 0.0);
    let size = first.iter().map(|x| x.abs()).fold(0.0, f64::max);
    let deviation = |(a, b): (&f64, &f64)| (a - b).abs() / if size > 0.0 { size } else { 1.0 };
    let pairs = || others.iter().flat_map(|other| first.iter().zip(other));
    if all.iter().flatten().any(|x| !x.is_finite()) {
        return Ok(unknown(identity, of, "an estimate is not finite".into()));
    }
    let fails = pairs().any(differs);
    Ok(IdentityCertificate {
        identity,
        of: of.into(),
        verdict: if fails { Standing::Refuted } else { Standing::Certified },
        method: "bits",
        deviation: Number(pairs().map(deviation).fold(0.0, f64::max)),
        replicates: MOST as u64,
        why: fails.then(|| why.into()),
    })
}

/// Whether a cost that no site reaches leaves the gradient as it is.
pub(super) fn certify_cone(
    graph: &Graph,
    name: &str,
    plan: &[Arc<dyn Estimator>],
    samples: usize,
    seed: u64,
) -> Result<IdentityCertificate> {
    let wider = graph.clone();
    let outside = wider.sample(OUTSIDE, Normal::new(0.0, 1.0));
    wider.cost("(a cost that no other site reaches)", SIZE * outside);
    let wide: Vec<Arc<dyn Estimator>> =
        plan.iter().cloned().chain([Arc::new(ScoreFunction::default()) as Arc<dyn Estimator>]).collect();
    let without = gradients(graph, plan, samples, seed, 1);
    let with = without.and_then(|without| Ok(vec![without, gradients(&wider, &wide, samples, seed, 1)?]));
    compare("cone", name, with, "its gradient contains a cost that no site of its reaches")
}

/// Whether the number of threads makes no difference.
pub(super) fn certify_threads(
    graph: &Graph,
    name: &str,
    plan: &[Arc<dyn Estimator>],
    samples: usize,
    seed: u64,
) -> Result<IdentityCertificate> {
    let by = |threads| gradients(graph, plan, samples, seed, threads);
    let all = [1, 2, 3].into_iter().map(by).collect();
    compare("threads", name, all, "its bits depend on the number of threads, or a black box has hidden state")
}

/// Whether estimates are, to the bit, those of the score function, as they must be if a control variate is 0.
pub fn is_score_function(
    graph: &Graph,
    name: &str,
    plan: &[Arc<dyn Estimator>],
    samples: usize,
    seed: u64,
) -> Result<IdentityCertificate> {
    let score: Arc<dyn Estimator> = Arc::new(ScoreFunction::default());
    let plain = vec![score; plan.len()];
    let both = [plan, &plain].map(|plan| gradients(graph, plan, samples, seed, 1)).into_iter().collect();
    compare("zero control", name, both, "with a control variate of 0, it is not the score function")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distributions::Bernoulli;
    use crate::estimators::Rebar;

    /// A control variate of 0 is the score function, and another one is not.
    #[test]
    fn a_control_variate_that_is_not_0_is_seen() {
        let g = Graph::new();
        let b = g.sample("b", Bernoulli::from_logits(g.param("theta", 0.3)));
        g.cost("f", (b - 0.45).square());
        for (coefficient, expected) in [(0.0, Standing::Certified), (1e-9, Standing::Refuted)] {
            let plan: [Arc<dyn Estimator>; 1] = [Arc::new(Rebar { coefficient, ..Rebar::default() })];
            let identity = is_score_function(&g, "rebar", &plan, 1, 0).unwrap();
            assert_eq!(identity.verdict, expected, "{identity:?}");
        }
    }
}
