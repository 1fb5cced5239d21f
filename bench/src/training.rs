//! A step of training beside its gradient: what minibatches, the optimiser and the gradient's statistics cost.

use std::sync::Arc;
use std::time::Instant;

use aleator::data::{Dataset, Rows};
use aleator::estimators::ReinforceLoo;
use aleator::models::Sbn;
use aleator::train::{TrainConfig, Trainer};
use serde::Serialize;

use crate::error::Result;
use crate::rounds::{Effort, calibrate, turn};
use crate::statistics::{Ratio, median, ratio};
use crate::workloads::sbn::Sizes;
use crate::workloads::sbn_step::network_of;
use crate::workloads::{double, uniform};

/// A step of the trainer, and one of `sbn-step`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Training {
    /// Median seconds of a step of the trainer.
    pub seconds: f64,
    /// Median seconds of an `sbn-step`.
    pub gradient_seconds: f64,
    /// The first relative to the second.
    pub ratio: Ratio,
}

/// The sizes of `sbn-step`.
const SIZES: Sizes = Sizes { pixels: 784, latents: 200, batch: 100, samples: 2 };
/// Turns of a round. They are shorter than elsewhere: the two sides differ by little, and what else the machine does should
/// disturb both alike.
const TURNS: u32 = 8;
/// As many images as MNIST has to learn from: they do not fit into a cache.
const IMAGES: usize = 60_000;

/// Measures both in turn.
///
/// # Errors
/// If one of them fails.
pub fn measure(effort: Effort, progress: &dyn Fn(&str)) -> Result<Training> {
    let mean = uniform(0, SIZES.pixels, 0.05, 0.95);
    let mut values = uniform(1, IMAGES * SIZES.pixels, 0.0, 1.0);
    for image in values.chunks_exact_mut(SIZES.pixels) {
        image.iter_mut().zip(&mean).for_each(|(u, p)| *u = f32::from(*u < *p));
    }
    let train = Rows { values, width: SIZES.pixels };
    let held_out = train.thinned(10);
    let data = Dataset { name: "noise".into(), train, held_out, image: None, dynamic: false };
    let config = TrainConfig {
        estimator: Some(Arc::new(ReinforceLoo)),
        batch: SIZES.batch,
        samples: Some(SIZES.samples),
        learning_rate: Some(1e-4),
        steps: 1_000_000_000,
        ..TrainConfig::new(Arc::new(Sbn::new(double(&mean), SIZES.latents)), Arc::new(data))
    };
    let mut trainer = Trainer::new(&config)?;
    let mut program = network_of(SIZES).compile()?;

    let mut train = |n: usize| -> Result<f64> {
        let start = Instant::now();
        for _ in 0..n {
            trainer.advance()?;
        }
        Ok(start.elapsed().as_secs_f64())
    };
    let mut gradient = |n: usize| -> Result<f64> {
        let start = Instant::now();
        for _ in 0..n {
            program.run()?;
        }
        Ok(start.elapsed().as_secs_f64())
    };
    let effort = Effort { turn: effort.turn / TURNS, ..effort };
    let counts = (calibrate(effort, &mut train)?, calibrate(effort, &mut gradient)?);
    let (mut steps, mut gradients) = (Vec::new(), Vec::new());
    for round in 0..effort.rounds {
        progress(&format!("round {} of {}", round + 1, effort.rounds));
        let mut both = [Vec::new(), Vec::new()];
        for _ in 0..TURNS {
            both[0].push(turn(counts.0, &mut train)?);
            both[1].push(turn(counts.1, &mut gradient)?);
        }
        steps.push(median(&both[0]));
        gradients.push(median(&both[1]));
    }
    Ok(Training {
        seconds: median(&steps),
        gradient_seconds: median(&gradients),
        ratio: ratio(&steps, &gradients),
    })
}
