//! Synthetic data for models without images, as functions of the seed.

use aleator_engine::exec::math::Real;
use aleator_engine::exec::philox::{self, STREAMS};

use crate::data::{Dataset, Rows};

/// The random stream of all synthetic data.
const STREAM: u32 = STREAMS - 103;
const TRAINING: usize = 2000;
const HELD_OUT: usize = 500;

fn dataset(name: &str, width: usize, mut row: impl FnMut(usize) -> Vec<f32>) -> Dataset {
    let mut part =
        |from: usize, count: usize| Rows { values: (from..from + count).flat_map(&mut row).collect(), width };
    let (train, held_out) = (part(0, TRAINING), part(TRAINING, HELD_OUT));
    Dataset { name: name.into(), train, held_out, image: None, dynamic: false }
}

/// `count` uniform numbers of a row.
fn uniforms(seed: u64, row: usize, count: usize) -> Vec<f64> {
    let mut values = vec![0.0; count];
    philox::fill_uniform(&mut values, seed, STREAM, row as u64, 0);
    values
}

/// Five clusters on a circle in the plane.
pub fn clusters(seed: u64) -> Dataset {
    dataset("clusters", 2, |i| {
        let u = uniforms(seed, i, 3);
        let angle = (5.0 * u[0]).floor() * std::f64::consts::TAU / 5.0;
        let normal = |u: f64| 0.7 * Real::normal_quantile(u);
        vec![(5.0 * angle.cos() + normal(u[1])) as f32, (5.0 * angle.sin() + normal(u[2])) as f32]
    })
}

/// Eight features and a label that follows a logistic regression.
pub fn labelled(seed: u64) -> Dataset {
    let weights: Vec<f64> = uniforms(seed, usize::MAX >> 17, 9).into_iter().map(|u| 4.0 * u - 2.0).collect();
    dataset("labelled", 9, |i| {
        let u = uniforms(seed, i, 9);
        let features: Vec<f64> = u[..8].iter().map(|&u| Real::normal_quantile(u)).collect();
        let logit: f64 = features.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>() + weights[8];
        let label = f64::from(u[8] < 1.0 / (1.0 + (-logit).exp()));
        features.into_iter().chain([label]).map(|v| v as f32).collect()
    })
}

/// The length of the longest synthetic sequence, including the end token.
const LENGTH: usize = 12;

/// Walks around a ring of five tokens with a constant stride, of 3 to 11 tokens and an end token.
pub fn walks(seed: u64) -> Dataset {
    dataset("walks", LENGTH, |i| {
        let u = uniforms(seed, i, 3);
        let pick = |u: f64, n: usize| ((u * n as f64) as usize).min(n - 1);
        let (start, stride, length) = (pick(u[0], 5), 1 + pick(u[1], 4), 3 + pick(u[2], LENGTH - 3));
        let token = |t: usize| if t < length { 1 + (start + stride * t) % 5 } else { 0 };
        (0..LENGTH).map(|t| token(t) as f32).collect()
    })
}

/// Initial states near upright.
pub fn starts(seed: u64) -> Dataset {
    let mut data =
        dataset("starts", 4, |i| uniforms(seed, i, 4).into_iter().map(|u| (0.1 * u - 0.05) as f32).collect());
    data.held_out = data.held_out.thinned(100);
    data
}
