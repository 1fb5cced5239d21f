//! Critical values with a stated false-positive rate, and what they are compared with.

use aleator::diagnostics::{Measure, measure};
use aleator::graph::Graph;
use aleator::{Options, Program};
use statrs::distribution::{ContinuousCDF, Normal};

use super::{Exactly, Shared};

/// The chance that all comparisons of one test together fail although everything is right.
const FAMILY_WISE: f64 = 1e-6;

/// |z| that a standard normal variable exceeds with probability `FAMILY_WISE / comparisons`.
pub fn critical_value(comparisons: usize) -> f64 {
    Normal::standard().inverse_cdf(1.0 - FAMILY_WISE / comparisons as f64 / 2.0)
}

/// So many replicates of K samples, with the estimators' own parameters as they start.
pub fn untuned(samples: usize, replicates: usize) -> Measure {
    Measure { samples: Some(samples), replicates, tune: 0, seed: 2024 }
}

/// Measures a plan and compares the mean of each coordinate with the exact gradient; `comparisons` are those of the
/// whole test.
#[track_caller]
pub fn means_agree(
    what: &str,
    graph: &Graph,
    plan: &[Shared],
    how: &Measure,
    exact: &[f64],
    comparisons: usize,
) {
    let replicates = how.replicates;
    let measured = measure(graph, plan, how, &|_| {}).unwrap();
    let critical = critical_value(comparisons);
    for (i, (m, exact)) in measured.gradient.iter().flatten().zip(exact).enumerate() {
        let error = (m.variance().unwrap() / replicates as f64).sqrt();
        let off = m.mean - exact;
        assert!(
            off.abs() <= critical * error + 1e-9 * exact.abs().max(1.0),
            "{what} [{i}]: mean {} ± {error}, exact {exact}",
            m.mean
        );
    }
}

/// Measures a plan and compares mean and variance of each coordinate with the exact moments. The error of a sample
/// variance follows from the exact fourth moment: Var s² ≈ (m₄ − σ⁴)/n.
#[track_caller]
pub fn variances_agree(
    what: &str,
    graph: &Graph,
    plan: &[Shared],
    samples: usize,
    n: usize,
    exact: &Exactly,
    comparisons: usize,
) {
    let measured =
        measure(graph, plan, &Measure { samples: Some(samples), replicates: n, tune: 0, seed: 7 }, &|_| {})
            .unwrap();
    let critical = critical_value(comparisons);
    for (i, m) in measured.gradient.iter().flatten().enumerate() {
        let (mean, variance) = (exact.mean[i], exact.variance[i]);
        let rounding = 1e-9 * mean.abs().max(1.0);
        let error = (variance.max(0.0) / n as f64).sqrt();
        let off = m.mean - mean;
        assert!(off.abs() <= critical * error + rounding, "{what} [{i}]: mean {}, exact {mean}", m.mean);
        let error = ((exact.fourth[i] - variance * variance).max(0.0) / n as f64).sqrt();
        let measured = m.variance().unwrap();
        let off = measured - variance;
        // Beyond the first order, Var s² has a term 2σ⁴/n².
        let second_order = 10.0 * variance / n as f64;
        assert!(
            off.abs() <= critical * error + second_order + rounding,
            "{what} [{i}]: variance {measured} ± {error}, exact {variance}"
        );
    }
}

/// Gradients of all parameters (one vector for each replicate) and the objectives of one run.
pub fn replicates(
    graph: &Graph,
    plan: &[Shared],
    samples: usize,
    replicates: usize,
    seed: u64,
) -> (Vec<f64>, Vec<Vec<f64>>) {
    let options = Options::new().samples(samples).replicates(replicates).seed(seed);
    let mut program = Program::<f64>::compile(graph, plan, &options).unwrap();
    let sizes: Vec<usize> = program.params().map(|(_, shape)| shape.numel()).collect();
    let estimate = program.run_step(0).unwrap();
    let gradients = (0..replicates)
        .map(|r| {
            let of = |(place, &n): (usize, &usize)| estimate.gradient_at(place)[r * n..(r + 1) * n].to_vec();
            sizes.iter().enumerate().flat_map(of).collect()
        })
        .collect();
    (estimate.objectives().to_vec(), gradients)
}
