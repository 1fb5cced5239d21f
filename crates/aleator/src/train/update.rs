//! One step for all parameters, where they lie in the program, and what is known of their gradients.
//!
//! Rules of optimisers go element by element, so tensors are cut into pieces that several threads move at once; a piece stays
//! in the cache while everything is done to it. Nothing depends on the number of threads.

use std::sync::atomic::{AtomicBool, Ordering};

use aleator_engine::exec::{Aligned, InputAndOutput, pool, wide};

use super::moments::{GradientMoments, Weights};
use crate::optim::{Now, Rule};

/// Elements that are moved together.
const PIECE: usize = 8000;

/// So few pieces are moved by one thread.
const FEW: usize = 4;
/// Gradients are measured at every step with a number (from 0) that this divides: a pass over memory less at the others.
const MEASURED: u64 = 8;

/// Vectors by name.
type Named = Vec<(&'static str, Vec<f32>)>;

/// A piece of a tensor: what the rule keeps, and running means of its gradient and of the square of that.
struct Piece {
    state: Vec<Aligned<f32>>,
    moments: GradientMoments,
}

/// The state of an optimiser for all parameters of a model.
pub struct Update {
    rule: Box<dyn Rule<f32>>,
    parameters: Vec<Vec<Piece>>,
    weights: Weights,
}

impl Update {
    /// For parameters of these sizes.
    pub fn new(rule: Box<dyn Rule<f32>>, sizes: impl IntoIterator<Item = usize>) -> Self {
        let piece = |len: usize| Piece {
            state: rule.slots().iter().map(|_| Aligned::zeros(len)).collect(),
            moments: GradientMoments::new(len),
        };
        let pieces = |size: usize| (0..size).step_by(PIECE).map(|at| piece(PIECE.min(size - at))).collect();
        let parameters = sizes.into_iter().map(pieces).collect();
        Update { rule, parameters, weights: Weights::default() }
    }

    /// Σ g² of a gradient, in `f64`.
    pub fn sum_of_squares(gradient: &[f32]) -> f64 {
        // Eight sums side by side, each of exact squares.
        wide(
            #[inline(always)]
            || {
                let mut lanes = [0.0_f64; 8];
                let rows = gradient.chunks_exact(8);
                let rest: f64 = rows.remainder().iter().map(|&g| f64::from(g) * f64::from(g)).sum();
                for row in rows {
                    lanes.iter_mut().zip(row).for_each(|(l, &g)| *l += f64::from(g) * f64::from(g));
                }
                lanes.iter().sum::<f64>() + rest
            },
        )
    }

    /// Moves all parameters along their gradients; false if a gradient is not finite, and then nothing here is worth anything.
    /// `None` for a parameter that nothing depends on.
    #[must_use]
    pub fn apply(&mut self, now: &Now, parameters: Vec<Option<InputAndOutput<'_, f32>>>) -> bool {
        let measures = (now.step - 1).is_multiple_of(MEASURED);
        if measures {
            self.weights.advance();
        }
        let rule = &*self.rule;
        let one = |(piece, theta, gradient): (&mut Piece, &mut [f32], &[f32])| {
            rule.update(now, theta, gradient, &mut piece.state);
            if measures {
                piece.moments.add(gradient);
            }
            is_finite(gradient)
        };
        let (moved, gradients): (Vec<_>, Vec<_>) = self
            .parameters
            .iter_mut()
            .zip(parameters)
            .filter_map(|(pieces, parameter)| parameter.map(|(theta, g)| ((pieces, theta), g)))
            .unzip();
        let mut all: Vec<_> = moved
            .into_iter()
            .zip(&gradients)
            .flat_map(|((pieces, theta), gradient)| {
                let parts = theta.chunks_mut(PIECE).zip(gradient.chunks(PIECE));
                pieces.iter_mut().zip(parts).map(|(piece, (theta, g))| (piece, theta, g))
            })
            .collect();
        if all.len() <= FEW {
            return all.into_iter().map(one).fold(true, |a, b| a & b);
        }
        let finite = AtomicBool::new(true);
        pool::process().for_each_mut(&mut all, |_, (piece, theta, gradient)| {
            if !one((piece, theta, gradient)) {
                finite.store(false, Ordering::Relaxed);
            }
        });
        finite.into_inner()
    }

    /// For each parameter: Σ Var g and Σ (E g)² over its elements, without bias; `None` before the second step.
    pub fn statistics(&self) -> Option<Vec<[f64; 2]>> {
        let of = |pieces: &Vec<Piece>| {
            pieces.iter().try_fold([0.0; 2], |[variance, square], piece| {
                let [v, s] = piece.moments.sums(&self.weights)?;
                Some([variance + v, square + s])
            })
        };
        self.parameters.iter().map(of).collect()
    }

    /// Everything that has to be kept: for each parameter the vectors by name, then the weights.
    pub fn state(&self) -> (Vec<Named>, [f64; 2]) {
        let joined = |pieces: &[Piece]| {
            let slots = self
                .rule
                .slots()
                .iter()
                .enumerate()
                .map(|(i, &name)| (name, pieces.iter().flat_map(|p| p.state[i].iter()).copied().collect()));
            let moments = GradientMoments::NAMES
                .iter()
                .enumerate()
                .map(|(i, &name)| (name, pieces.iter().flat_map(|p| p.moments.means[i].iter()).copied().collect()));
            slots.chain(moments).collect()
        };
        (self.parameters.iter().map(|p| joined(p)).collect(), self.weights.state())
    }

    /// Takes over what [`Update::state`] of an equal one gave: vectors by parameter and name.
    ///
    /// # Errors
    /// The name of a vector that is missing or of another length.
    pub fn restore(
        &mut self,
        weights: [f64; 2],
        part: &dyn Fn(usize, &str) -> Option<Vec<f32>>,
    ) -> Result<(), String> {
        let slots = self.rule.slots();
        for (place, pieces) in self.parameters.iter_mut().enumerate() {
            let len: usize = pieces.iter().map(|p| p.moments.means[0].len()).sum();
            for (i, name) in slots.iter().chain(&GradientMoments::NAMES).enumerate() {
                let values = part(place, name).filter(|v| v.len() == len).ok_or(*name)?;
                for (piece, values) in pieces.iter_mut().zip(values.chunks(PIECE)) {
                    let into: &mut [f32] = match i.checked_sub(slots.len()) {
                        None => &mut piece.state[i],
                        Some(moment) => &mut piece.moments.means[moment],
                    };
                    into.copy_from_slice(values);
                }
            }
        }
        self.weights.restore(weights);
        Ok(())
    }
}

/// Whether all of it is.
fn is_finite(values: &[f32]) -> bool {
    // x · 0 is 0 for a finite x, else not a number. Lanes side by side, since sums in order would wait for each other.
    wide(
        #[inline(always)]
        || {
            let mut lanes = [0.0_f32; 64];
            let rows = values.chunks_exact(64);
            let rest: f32 = rows.remainder().iter().map(|x| x * 0.0).sum();
            for row in rows {
                lanes.iter_mut().zip(row).for_each(|(l, x)| *l += x * 0.0);
            }
            lanes.iter().sum::<f32>() + rest == 0.0
        },
    )
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::optim::Sgd;

    #[test]
    fn pieces_together_are_the_whole() {
        // A tensor of several pieces, one of two numbers, and one that nothing depends on.
        let sizes = [5 * PIECE + 7, 2, 3];
        let mut update = Update::new(Box::new(Sgd { momentum: 0.5 }), sizes);
        let mut values: Vec<Vec<f32>> = sizes.iter().map(|&n| vec![1.0; n]).collect();
        let gradients: Vec<Vec<f32>> =
            sizes.iter().map(|&n| (0..n).map(|i| (i % 17) as f32).collect()).collect();
        let mut step = |step, gradients: &[Vec<f32>], values: &mut [Vec<f32>]| {
            let both = values.iter_mut().zip(gradients).enumerate();
            let parameters = both.map(|(i, (v, g))| (i != 2).then(|| (&mut v[..], Cow::from(g)))).collect();
            update.apply(&Now { step, rate: 0.1, scale: 2.0 }, parameters)
        };
        assert!(step(1, &gradients, &mut values) && step(2, &gradients, &mut values));
        for (values, gradient) in values.iter().zip(&gradients).take(2) {
            // u = 2 g, then 3 g.
            assert!(values.iter().zip(gradient).all(|(v, g)| (v - (1.0 - 0.5 * g)).abs() < 1e-5));
        }
        assert_eq!(values[2], [1.0; 3]);
        let mut broken = gradients.clone();
        broken[0][PIECE + 5] = f32::NAN;
        assert!(!step(3, &broken, &mut values));
        let mut broken = gradients;
        broken[1][1] = f32::NEG_INFINITY;
        assert!(!step(4, &broken, &mut values));
    }

    #[test]
    fn the_sum_of_squares_of_any_length() {
        for n in [0, 1, 7, 8, 9, 100] {
            let values: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let expected: f64 = (0..n).map(|i| f64::from(i * i)).sum();
            assert_eq!(Update::sum_of_squares(&values), expected);
        }
    }
}
