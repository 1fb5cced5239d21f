//! Moving parameters: gradients in `f32` in, optimisers and parameters in `f64`, new values in `f32` out.
//!
//! The rules of the optimisers go element by element, so a tensor is cut into pieces that several threads move at once,
//! each with an optimiser of its own. The result does not depend on the number of threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use aleator_engine::exec::pool;

use super::sbn::Tensor;
use crate::optim::{self, Optimizer};

/// Elements that are moved together.
const PIECE: usize = 1 << 13;

struct Piece {
    optimizer: Box<dyn Optimizer>,
    values: Vec<f64>,
    gradient: Vec<f64>,
}

/// One parameter with its optimiser.
pub struct Moving {
    pieces: Vec<Piece>,
    /// The parameter as the program takes it.
    pub single: Vec<f32>,
}

impl Moving {
    /// From the tensor's values; `None` for an unknown optimiser.
    pub fn new(tensor: &Tensor, optimizer: &str, learning_rate: f64) -> Option<Self> {
        let pieces = tensor
            .values
            .chunks(PIECE)
            .map(|values| {
                Some(Piece {
                    optimizer: optim::by_name(optimizer, learning_rate)?,
                    values: values.to_vec(),
                    gradient: vec![0.0; values.len()],
                })
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Moving { pieces, single: tensor.values.iter().map(|&v| v as f32).collect() })
    }

    /// One step along a gradient of the same length.
    ///
    /// # Errors
    /// The place of a gradient that is not finite; the parameter is then of no use.
    pub fn step(&mut self, gradient: &[f32]) -> Result<(), usize> {
        let tasks = self.pieces.iter_mut().zip(self.single.chunks_mut(PIECE)).zip(gradient.chunks(PIECE));
        let mut tasks: Vec<_> = tasks.collect();
        let bad = AtomicUsize::new(usize::MAX);
        pool::process().for_each_mut(&mut tasks, |i, ((piece, single), g)| {
            if let Some(at) = g.iter().position(|g| !g.is_finite()) {
                bad.fetch_min(i * PIECE + at, Ordering::Relaxed);
                return;
            }
            piece.gradient.iter_mut().zip(*g).for_each(|(wide, &g)| *wide = f64::from(g));
            piece.optimizer.step(&mut piece.values, &piece.gradient);
            single.iter_mut().zip(&piece.values).for_each(|(s, &v)| *s = v as f32);
        });
        match bad.into_inner() {
            usize::MAX => Ok(()),
            at => Err(at),
        }
    }

    /// The parameter's values.
    pub fn values(&self) -> Vec<f64> {
        self.pieces.iter().flat_map(|p| &p.values).copied().collect()
    }
}
