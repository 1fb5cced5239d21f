//! Single precision: as near to double precision as rounding allows, with the same bits for any number of threads.
//!
//! Both precisions see the same noise, but an `f32` is the middle of the cell of length 2u, u = 2⁻²⁴, in which the `f64` lies.
//! So U differs by up to u, and an estimate g(U) by up to |g'(U)| u beside the rounding of its own operations, which is a
//! few u of the numbers that it is made of. Those numbers are of the size of the largest result, of which a small one is
//! what is left by cancellation: hence one scale for a whole estimate,
//!
//! ```text
//! S = the largest root mean square, over the replicates, of the objective and of the components of the gradient
//! ```
//!
//! No multiple of u S bounds every replicate, as g' is unbounded: 1/φ(z) for a normal quantile z, 1/(U (1 − U)) for a logit,
//! 1/U for −log U, and a jump where a draw is a comparison with U or its proposal is accepted by one. But all of these exceed
//! t for a proportion of about 1/t of the draws, a jump of size S being an error of t = 1/u with a probability of a few u. So
//! with e₁ ≥ e₂ ≥ … the errors of n replicates,
//!
//! ```text
//! the median:  e ≤ M u S
//! the tail:    at most 1 + C n / t errors exceed t u S, for every t:   (k − 1) eₖ ≤ C n u S,   k ≥ 2
//! ```
//!
//! One error may thus be of any size. It is the draw that falls on the other side, for which the tail leaves a probability
//! of C n u = 6·10⁻⁴ with n = 256; two of them are not allowed.

use std::collections::BTreeSet;

use aleator::estimators::{Bias, all};
use aleator::graph::Graph;
use aleator::{Options, Program};
use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::math::Real;

use crate::common::problems::{Problem, bounds, continuous, discrete, drawn, jumps, larger};
use crate::common::*;

/// u, the unit roundoff of `f32`.
const ROUNDOFF: f64 = 1.0 / (1 << 24) as f64;
/// M. The largest that these tests meet is 5.6, of sums over outcomes.
const MEDIAN: f64 = 16.0;
/// C. The largest that these tests meet is 12 of normal variables, and 18 of a Beta variable whose density is unbounded at 1,
/// near which an `f32` has no more digits to show; five other seeds gave 23 at most.
const TAIL: f64 = 40.0;

/// A set of problems: its name, and what writes them.
type Set = (&'static str, fn() -> Vec<Problem>);

const TABLE: [Set; 6] = [
    ("discrete", discrete),
    ("bounds", bounds),
    ("larger", larger),
    ("continuous", continuous),
    ("jumps", jumps),
    ("drawn", drawn),
];

/// Plans that the crate accepts, with descriptions: of one estimator at all sites, biased ones included, and of several as
/// [`plans`] makes them.
fn accepted_plans(problems: &str, graph: &Graph, apart: &[usize]) -> Vec<(String, Vec<Shared>)> {
    let sites = graph.sites().len();
    let biased = all().iter().filter(|e| e.properties.bias != Bias::Unbiased);
    let biased = biased.map(|e| named(e.properties.name));
    let of_one = unbiased().into_iter().map(|row| row.estimator).chain(biased).map(|e| vec![e; sites]);
    let of_several = plans(graph, &rows_for(problems), apart).into_iter().map(|plan| estimators(&plan));
    let mut known = BTreeSet::new();
    of_one
        .chain(of_several)
        .map(|plan| (describe(&plan), plan))
        .filter(|(text, plan)| known.insert(text.clone()) && is_accepted(graph, plan))
        .collect()
}

/// The objective and each component of the gradient, of all replicates.
fn results<T: Real>(program: &mut Program<T>, step: u64) -> Vec<Vec<T>> {
    let sizes: Vec<usize> = program.params().map(|(_, shape)| shape.numel()).collect();
    let estimate = program.run_step(step).unwrap();
    let mut results = vec![estimate.objectives().to_vec()];
    for (place, &size) in sizes.iter().enumerate() {
        let gradient = estimate.gradient_at(place);
        results.extend((0..size).map(|i| gradient.iter().skip(i).step_by(size).copied().collect()));
    }
    results
}

fn root_mean_square(x: &[f64]) -> f64 {
    (x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64).sqrt()
}

/// M and C of one result, in units of u S: the smallest with which the bounds hold.
fn smallest_bounds(single: &[f32], double: &[f64], scale: f64) -> (f64, f64) {
    let n = single.len();
    let error = |(s, d): (&f32, &f64)| (f64::from(*s) - d).abs() / (ROUNDOFF * scale);
    let mut errors: Vec<f64> = single.iter().zip(double).map(error).collect();
    errors.sort_by(|a, b| b.total_cmp(a));
    let tail = errors.iter().enumerate().skip(1).map(|(before, e)| before as f64 * e / n as f64);
    (errors[n / 2], tail.fold(0.0, f64::max))
}

#[test]
fn single_precision_is_near_double_precision() {
    let options = Options::new().replicates(256).seed(2024);
    for (problems, write) in TABLE {
        for (name, graph) in write() {
            for (text, plan) in accepted_plans(problems, &graph, &[0, 7]) {
                let mut double = Program::<f64>::compile(&graph, &plan, &options).unwrap();
                let mut single = Program::<f32>::compile(&graph, &plan, &options).unwrap();
                // Own parameters have left the place where they start, and are the same for both.
                for step in 0..3 {
                    double.run_step(step).unwrap();
                }
                single.adopt_own_params(&double).unwrap();
                let (double, single) = (results(&mut double, 3), results(&mut single, 3));
                let scale = double.iter().map(|x| root_mean_square(x)).fold(0.0, f64::max);
                for (i, (single, double)) in single.iter().zip(&double).enumerate() {
                    let (median, tail) = smallest_bounds(single, double, scale);
                    assert!(
                        median <= MEDIAN && tail <= TAIL,
                        "{name}, {text}, result {i}: M = {median}, C = {tail}"
                    );
                }
            }
        }
    }
}

/// The bits of all results of a step, and of what it tuned.
fn bits(graph: &Graph, plan: &[Shared], threads: usize) -> Vec<u64> {
    let compile = CompileOptions { threads, ..CompileOptions::default() };
    // Enough that nine of ten programs have steps that are shared out.
    let options = Options::new().replicates(4096).seed(5).compile_options(compile);
    let mut program = Program::<f32>::compile(graph, plan, &options).unwrap();
    let results = results(&mut program, 0).concat();
    let own = program.own_params().flat_map(|(_, _, values)| values).map(|x| x.to_bits());
    results.iter().map(|x| u64::from(x.to_bits())).chain(own).collect()
}

#[test]
fn threads_do_not_change_a_bit() {
    for (problems, write) in TABLE {
        let plans: Vec<_> = write().iter().map(|(_, graph)| accepted_plans(problems, graph, &[0])).collect();
        // The order in which a program adds depends on what its graph was compiled for before: each number of threads has
        // graphs of its own. 0 are the threads of the process.
        let written = [1, 2, 3, 0].map(|threads| (threads, write()));
        for (number, plans) in plans.iter().enumerate() {
            for (text, plan) in plans {
                let [one, others @ ..] = written.each_ref().map(|(threads, graphs)| {
                    let (name, graph) = &graphs[number];
                    (name, threads, bits(graph, plan, *threads))
                });
                for (name, threads, got) in others {
                    assert!(got == one.2, "{name}, {text}: {threads} threads");
                }
            }
        }
    }
}
