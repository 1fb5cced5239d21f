//! How the time of a step grows with batch, samples, latents and depth.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use aleator::distributions::Bernoulli;
use aleator::estimators::{Estimator, ReinforceLoo};
use aleator::graph::Graph;
use aleator::{Options, Program};
use serde::Serialize;

use crate::error::Result;
use crate::rounds::Effort;
use crate::statistics::{exponent, median};
use crate::workloads::SEED;
use crate::workloads::sbn::Sizes;
use crate::workloads::sbn_step::network_of;

/// One quantity, and the times beside it.
#[derive(Clone, Debug, Serialize)]
pub struct Sweep {
    /// What grows.
    pub of: &'static str,
    /// Its values.
    pub values: Vec<usize>,
    /// Microseconds of a step at each of them.
    pub microseconds: Vec<f64>,
    /// α in time = c · valueᵅ.
    pub exponent: f64,
}

/// Width of the layers of the network that grows in depth, pixels included: every layer costs the same.
const WIDTH: usize = 200;
const SIZES: Sizes = Sizes { pixels: 784, latents: 200, batch: 100, samples: 2 };

type Make = fn(usize) -> Result<Program<f32>>;

/// All sweeps, the points of each interleaved.
///
/// # Errors
/// If a program cannot be compiled or run.
pub fn sweeps(effort: Effort, progress: &dyn Fn(&str)) -> Result<Vec<Sweep>> {
    let grown: [(&'static str, &[usize], Make); 4] = [
        ("batch", &[50, 100, 200, 400], |batch| network_of(Sizes { batch, ..SIZES }).compile()),
        ("samples", &[2, 4, 8, 16], |samples| network_of(Sizes { samples, ..SIZES }).compile()),
        ("latents", &[50, 100, 200, 400], |latents| network_of(Sizes { latents, ..SIZES }).compile()),
        ("depth", &[1, 2, 4, 8], deep),
    ];
    grown
        .into_iter()
        .map(|(of, values, make)| {
            progress(of);
            let mut programs = values.iter().map(|&n| make(n)).collect::<Result<Vec<_>>>()?;
            let mut times = vec![Vec::new(); values.len()];
            // The first round warms up.
            for round in 0..=effort.rounds {
                for (program, times) in programs.iter_mut().zip(&mut times) {
                    let seconds = step_time(program, effort)?;
                    if round > 0 {
                        times.push(seconds);
                    }
                }
            }
            let medians: Vec<f64> = times.iter().map(|t| median(t)).collect();
            let points: Vec<(f64, f64)> = values.iter().zip(&medians).map(|(&n, &t)| (n as f64, t)).collect();
            let microseconds = medians.iter().map(|t| t * 1e6).collect();
            Ok(Sweep { of, values: values.to_vec(), microseconds, exponent: exponent(&points) })
        })
        .collect()
}

/// Seconds of a step, over about a turn.
fn step_time(program: &mut Program<f32>, effort: Effort) -> Result<f64> {
    let start = Instant::now();
    let mut count = 0;
    while count == 0 || start.elapsed() < effort.turn {
        black_box(program.run()?.gradient_at(0));
        count += 1;
    }
    Ok(start.elapsed().as_secs_f64() / f64::from(count))
}

/// A sigmoid belief network of `depth` layers of latents, as wide as its input.
///
/// ```text
/// q(h_1 | x) q(h_2 | h_1) ...      encoder, upwards
/// p(x | h_1) p(h_1 | h_2) ...      decoder, downwards, with a uniform prior on top
/// ```
fn deep(depth: usize) -> Result<Program<f32>> {
    let graph = Graph::new();
    let estimator: Arc<dyn Estimator> = Arc::new(ReinforceLoo);
    let weight = |name: String| {
        let values = (0..WIDTH * WIDTH).map(|i| 0.1 * (i as f64).sin()).collect();
        graph.param_tensor(&name, [WIDTH, WIDTH], values)
    };
    let mut below = graph.data("x", [SIZES.batch, WIDTH], vec![1.0]);
    let mut elbo = graph.engine().scalar(0.0);
    for layer in 0..depth {
        let logits = below.matmul(weight(format!("encoder_{layer}")));
        let encoder = Bernoulli::from_finite_logits(logits);
        let h = graph.sample(&format!("h_{layer}"), encoder.clone());
        let reconstruction = (2.0 * h - 1.0).matmul(weight(format!("decoder_{layer}")));
        let decoder = Bernoulli::from_finite_logits(reconstruction);
        elbo = elbo + decoder.log_prob(below).sum_last(1) - encoder.log_prob(h).sum_last(1);
        below = h;
    }
    graph.cost("negative_elbo", -elbo / SIZES.batch as f64);
    let plan = vec![estimator; depth];
    Ok(Program::compile(&graph, &plan, &Options::new().seed(SEED).samples(SIZES.samples))?)
}
