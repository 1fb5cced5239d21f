//! A profile of a run: the time of each fused group and matrix product, relative to the limits of the machine.
//!
//! ```text
//! share of copying   = bytes / time / (bytes per second of copying large arrays)
//! share of products  = operations / time / (operations per second of a large matrix product)
//! ```
//!
//! The bytes of a part are those of the buffers that it reads and writes, each counted once. Arrays in the caches can be read
//! faster than memory is copied; the share is then above 1. Additions and function values both count as one operation, so a part
//! that computes logarithms reaches its limit far below the speed of products.

use std::time::{Duration, Instant};

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::math::Real;
use aleator_engine::exec::{self, StepKind};
use aleator_engine::graph as engine;
#[cfg(feature = "serde")]
use serde::Serialize;

use crate::error::Result;
use crate::graph::Graph;
use crate::plan::Plan;
use crate::program::{Options, Program};
use crate::rewrite::Tuning;

/// The limits of the machine, measured with all threads.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Limits {
    /// The number of bytes read and written per second when a large array is copied.
    pub copied_bytes_per_second: f64,
    /// The number of operations per second of a large matrix product.
    pub product_operations_per_second: f64,
}

/// A part of a run: a fused group, a matrix product, or another kernel.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct ProfiledPart {
    /// The operations of the part, in words.
    pub what: String,
    /// `fused`, `product` or `other`.
    pub kind: &'static str,
    /// The median time, in seconds.
    pub seconds: f64,
    /// The size in bytes of the buffers that the part reads and writes.
    pub bytes: u64,
    /// The number of arithmetic operations.
    pub operations: u64,
    /// The bytes per second, relative to copying.
    pub share_of_copying: f64,
    /// The operations per second, relative to matrix products.
    pub share_of_products: f64,
}

/// The profile of one run, by parts.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Profile {
    /// The version of the library.
    pub aleator: &'static str,
    /// The name of the file.
    pub file: String,
    /// The estimators.
    pub estimators: String,
    /// `f32` or `f64`.
    pub numbers: &'static str,
    /// K.
    pub samples: usize,
    /// The number of estimates per run.
    pub replicates: usize,
    /// The number of runs that were timed.
    pub runs: usize,
    /// The median time of a run whose parts are not timed, in seconds.
    pub seconds: f64,
    /// The size of all buffers in bytes.
    pub buffer_bytes: usize,
    /// The limits of the machine.
    pub limits: Limits,
    /// The parts in the order in which they run.
    pub parts: Vec<ProfiledPart>,
}

/// The approximate duration of the measurement.
const TIME: Duration = Duration::from_millis(500);
/// The number of elements of the arrays that are copied. They are larger than the caches.
const COPIED: usize = 1 << 23;
/// The numbers of rows and columns of the matrices that are multiplied.
const SIDE: usize = 768;
/// The number of attempts, of which the best is the limit of the machine.
const ATTEMPTS: usize = 5;

/// Profiles the plan's program. Own parameters of estimators keep their initial values.
///
/// # Errors
/// As [`Program::compile`] and [`Program::run`].
pub fn profile<T: Real>(
    graph: &Graph,
    plan: &Plan,
    samples: Option<usize>,
    replicates: Option<usize>,
    seed: u64,
    file: &str,
) -> Result<Profile> {
    let mut options = Options::new().seed(seed).tuning(Tuning::Held);
    if let Some(k) = samples {
        options = options.samples(k);
    }
    if let Some(r) = replicates {
        options = options.replicates(r);
    }
    let mut program = Program::<T>::compile(graph, &plan.estimators, &options)?;
    let summaries = program.parts();
    let mut whole = Vec::new();
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); summaries.len()];
    program.run()?;
    let start = Instant::now();
    let mut step = 0;
    // As it is and in parts by turns, so that both see the same machine.
    while step == 0 || start.elapsed() < TIME {
        let began = Instant::now();
        program.run_step(step)?;
        whole.push(began.elapsed().as_secs_f64());
        program.run_profiled(step, |part, time| times[part].push(time.as_secs_f64()))?;
        step += 1;
    }
    let limits = limits::<T>()?;
    let parts = summaries.into_iter().zip(&mut times).map(|(summary, times)| {
        let seconds = median(times);
        ProfiledPart {
            what: summary.what,
            kind: match summary.kind {
                StepKind::Fused => "fused",
                StepKind::MatMul => "product",
                StepKind::Other => "other",
            },
            seconds,
            bytes: summary.bytes,
            operations: summary.operations,
            share_of_copying: summary.bytes as f64 / seconds / limits.copied_bytes_per_second,
            share_of_products: summary.operations as f64 / seconds / limits.product_operations_per_second,
        }
    });
    Ok(Profile {
        aleator: env!("CARGO_PKG_VERSION"),
        file: file.into(),
        estimators: plan.name(),
        numbers: if T::USES_LOW_WORD { "f64" } else { "f32" },
        samples: program.samples(),
        replicates: replicates.unwrap_or(1),
        runs: whole.len(),
        seconds: median(&mut whole),
        buffer_bytes: program.buffer_bytes(),
        limits,
        parts: parts.collect(),
    })
}

/// Measures the machine.
fn limits<T: Real>() -> Result<Limits> {
    let from = vec![1.0_f64; COPIED];
    let mut to = vec![0.0_f64; COPIED];
    let pool = exec::pool::process();
    let share = COPIED.div_ceil(pool.threads());
    let copied = best(|| {
        let mut parts: Vec<_> = to.chunks_mut(share).zip(from.chunks(share)).collect();
        pool.for_each_mut(&mut parts, |_, (to, from)| to.copy_from_slice(from));
    });
    drop((from, to));

    let graph = engine::Graph::new();
    let (a, b) = (graph.input("a", [SIDE, SIDE]), graph.input("b", [SIDE, SIDE]));
    let product = a.matmul(b).id();
    let mut program = exec::Program::<T>::compile(&graph, &[product], &CompileOptions::default())?;
    let halves = vec![T::from_f64(0.5); SIDE * SIDE];
    for slot in 0..2 {
        program.set_input(slot, &halves)?;
    }
    let multiplied = best(|| program.run(0, 0));
    Ok(Limits {
        copied_bytes_per_second: (2 * COPIED * size_of::<f64>()) as f64 / copied,
        product_operations_per_second: 2.0 * (SIDE as f64).powi(3) / multiplied,
    })
}

/// The shortest time of several attempts, after one that is not counted.
fn best(mut work: impl FnMut()) -> f64 {
    work();
    let times = (0..ATTEMPTS).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distributions::Bernoulli;

    #[test]
    fn every_part_has_a_time() {
        let graph = Graph::new();
        let theta = graph.param("theta", 0.0);
        let b = graph.sample("b", Bernoulli::from_logits(theta));
        graph.cost("loss", (b - 0.45).square());
        let plan = Plan::choose(&graph, &[], None).unwrap();
        let profile = profile::<f64>(&graph, &plan, None, Some(100), 0, "toy").unwrap();
        assert!(!profile.parts.is_empty() && profile.runs > 0 && profile.buffer_bytes > 0);
        assert_eq!((profile.numbers, profile.replicates), ("f64", 100));
        assert!(profile.parts.iter().all(|p| p.seconds >= 0.0 && p.bytes > 0));
    }
}
