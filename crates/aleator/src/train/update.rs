//! The update of all parameters in place, and the statistics of their gradients.
//!
//! Update rules are elementwise, so parameters are processed in blocks that fit into the second-level cache: the rule, the
//! moments of the gradient, and the check for numbers that are not finite. The state of a tensor is stored in the order in which
//! it is read. Results do not depend on the number of threads.

use std::iter;
use std::sync::atomic::{AtomicBool, Ordering};

use aleator_engine::exec::{Aligned, InputAndOutput, pool, vectorized};

use super::moments::{self, Weights};
use crate::optim::{StepContext, UpdateRule};

/// The number of elements in a block. Consecutive vectors begin half a page apart: if their offsets within a page were almost
/// equal, the processor would delay reads of one until writes of the other are complete.
const BLOCK: usize = 7680;
/// The number of parts per thread, for load balancing.
const PARTS: usize = 8;
/// The number of elements up to which one thread is used.
const FEW: usize = 1 << 15;
/// Gradient statistics are updated in every step whose number (from 0) is a multiple of this. Other steps save a pass over
/// memory.
const MEASURED: u64 = 8;

/// Vectors, by name.
type Named = Vec<(&'static str, Vec<f32>)>;

/// The state of a tensor, block by block. Each block contains one vector after another.
struct Kept {
    /// The vectors of the rule.
    state: Aligned<f32>,
    /// The vectors of [`moments`].
    moments: Aligned<f32>,
}

/// A part of a tensor with its state.
struct Part<'a> {
    theta: &'a mut [f32],
    gradient: &'a [f32],
    state: &'a mut [f32],
    moments: &'a mut [f32],
}

/// The state of an optimiser for all parameters of a model.
pub struct Update {
    rule: Box<dyn UpdateRule<f32>>,
    tensors: Vec<Kept>,
    weights: Weights,
}

impl<'a> Part<'a> {
    /// Splits the part into parts of `len` elements (fewer in the last one): whole blocks, or parts of one block.
    fn parts(self, len: usize) -> impl Iterator<Item = Part<'a>> {
        let mut rest = Some(self);
        iter::from_fn(move || {
            let Part { theta, gradient, state, moments } =
                rest.take().filter(|part| !part.theta.is_empty())?;
            let (slots, n) = (state.len() / theta.len(), len.min(theta.len()));
            let (theta, other_theta) = theta.split_at_mut(n);
            let (gradient, other_gradient) = gradient.split_at(n);
            let (state, other_state) = state.split_at_mut(slots * n);
            let (moments, other_moments) = moments.split_at_mut(moments::NAMES.len() * n);
            rest = Some(Part {
                theta: other_theta,
                gradient: other_gradient,
                state: other_state,
                moments: other_moments,
            });
            Some(Part { theta, gradient, state, moments })
        })
    }

    /// Updates the part, block by block, and the gradient statistics if weights are given. Returns false if the gradient is not
    /// finite.
    fn advance(self, rule: &dyn UpdateRule<f32>, now: &StepContext, measures: Option<&Weights>) -> bool {
        self.parts(BLOCK).fold(true, |finite, block| {
            rule.update(now, block.theta, block.gradient, block.state);
            if let Some(weights) = measures {
                moments::add(block.moments, block.gradient, weights);
            }
            finite & is_finite(block.gradient)
        })
    }
}

impl Update {
    /// Creates the state for parameters of these sizes.
    pub fn new(rule: Box<dyn UpdateRule<f32>>, sizes: impl IntoIterator<Item = usize>) -> Self {
        let kept = |size: usize| Kept {
            state: Aligned::zeros(rule.slots().len() * size),
            moments: Aligned::zeros(moments::NAMES.len() * size),
        };
        let tensors = sizes.into_iter().map(kept).collect();
        Update { rule, tensors, weights: Weights::default() }
    }

    /// Σ g² of a gradient, in `f64`.
    pub fn sum_of_squares(gradient: &[f32]) -> f64 {
        // Eight sums side by side, each of exact squares.
        vectorized(
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

    /// Updates all parameters against their gradients. Returns false if a gradient is not finite; the state is then invalid. An
    /// entry is `None` for a parameter on which nothing depends.
    #[must_use]
    pub fn apply(&mut self, now: &StepContext, parameters: Vec<Option<InputAndOutput<'_, f32>>>) -> bool {
        let measures = (now.step - 1).is_multiple_of(MEASURED);
        if measures {
            self.weights.advance();
        }
        let (rule, weights) = (&*self.rule, self.weights);
        let measures = measures.then_some(&weights);
        let (moved, gradients): (Vec<_>, Vec<_>) = self
            .tensors
            .iter_mut()
            .zip(parameters)
            .filter_map(|(kept, parameter)| parameter.map(|(theta, g)| ((kept, theta), g)))
            .unzip();
        let elements: usize = gradients.iter().map(|g| g.len()).sum();
        let share = elements.div_ceil(PARTS * pool::process().threads()).next_multiple_of(BLOCK).max(BLOCK);
        let all = moved.into_iter().zip(&gradients).flat_map(|((kept, theta), gradient)| {
            let Kept { state, moments } = kept;
            Part { theta, gradient, state, moments }.parts(share)
        });
        if elements <= FEW {
            return all.fold(true, |finite, part| finite & part.advance(rule, now, measures));
        }
        let finite = AtomicBool::new(true);
        let mut all: Vec<_> = all.map(Some).collect();
        pool::process().for_each_mut(&mut all, |_, part| {
            if let Some(part) = part.take()
                && !part.advance(rule, now, measures)
            {
                finite.store(false, Ordering::Relaxed);
            }
        });
        finite.into_inner()
    }

    /// For each parameter, unbiased estimates of Σ Var g and Σ (E g)² over its elements; `None` before the second step.
    pub fn statistics(&self) -> Option<Vec<[f64; 2]>> {
        let of = |kept: &Kept| {
            kept.moments.chunks(moments::NAMES.len() * BLOCK).try_fold(
                [0.0; 2],
                |[variance, square], block| {
                    let [v, s] = moments::sums(block, &self.weights)?;
                    Some([variance + v, square + s])
                },
            )
        };
        self.tensors.iter().map(of).collect()
    }

    /// The state, for a checkpoint: the vectors of each parameter by name, and the weights.
    pub fn state(&self) -> (Vec<Named>, [f64; 2]) {
        let of = |kept: &Kept| {
            let state = vectors(self.rule.slots(), &kept.state);
            state.chain(vectors(&moments::NAMES, &kept.moments)).collect()
        };
        (self.tensors.iter().map(of).collect(), self.weights.state())
    }

    /// Restores the state that [`Update::state`] returned: vectors by parameter and name.
    ///
    /// # Errors
    /// Returns the name of a vector that is missing or has another length.
    pub fn restore(
        &mut self,
        weights: [f64; 2],
        part: &dyn Fn(usize, &str) -> Option<Vec<f32>>,
    ) -> Result<(), String> {
        for (place, kept) in self.tensors.iter_mut().enumerate() {
            let part = |name: &str| part(place, name);
            restore(self.rule.slots(), &mut kept.state, &part)?;
            restore(&moments::NAMES, &mut kept.moments, &part)?;
        }
        self.weights.restore(weights);
        Ok(())
    }
}

/// Interleaves vectors block by block.
fn vectors(names: &'static [&'static str], kept: &[f32]) -> impl Iterator<Item = (&'static str, Vec<f32>)> {
    let count = names.len();
    names.iter().enumerate().map(move |(i, &name)| {
        let blocks = kept.chunks(count * BLOCK).map(|block| block.chunks(block.len() / count));
        (name, blocks.filter_map(|mut vectors| vectors.nth(i)).flatten().copied().collect())
    })
}

/// The inverse of [`vectors`].
fn restore(names: &[&str], kept: &mut [f32], part: &dyn Fn(&str) -> Option<Vec<f32>>) -> Result<(), String> {
    let count = names.len();
    for (i, &name) in names.iter().enumerate() {
        let values = part(name).filter(|v| v.len() == kept.len() / count).ok_or(name)?;
        for (block, values) in kept.chunks_mut(count * BLOCK).zip(values.chunks(BLOCK)) {
            block[i * values.len()..][..values.len()].copy_from_slice(values);
        }
    }
    Ok(())
}

/// Whether all numbers are finite.
fn is_finite(values: &[f32]) -> bool {
    // Bits without the sign are in the order of the numbers, and those of infinity are the first that are not finite.
    vectorized(
        #[inline(always)]
        || values.iter().fold(0, |largest, x| largest.max(x.abs().to_bits())) < f32::INFINITY.to_bits(),
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
        let sizes = [5 * BLOCK + 7, 2, 3];
        let mut update = Update::new(Box::new(Sgd { momentum: 0.5 }), sizes);
        let mut values: Vec<Vec<f32>> = sizes.iter().map(|&n| vec![1.0; n]).collect();
        let gradients: Vec<Vec<f32>> =
            sizes.iter().map(|&n| (0..n).map(|i| (i % 17) as f32).collect()).collect();
        let mut step = |step, gradients: &[Vec<f32>], values: &mut [Vec<f32>]| {
            let both = values.iter_mut().zip(gradients).enumerate();
            let parameters = both.map(|(i, (v, g))| (i != 2).then(|| (&mut v[..], Cow::from(g)))).collect();
            update.apply(&StepContext { step, rate: 0.1, scale: 2.0 }, parameters)
        };
        assert!(step(1, &gradients, &mut values) && step(2, &gradients, &mut values));
        for (values, gradient) in values.iter().zip(&gradients).take(2) {
            // u = 2 g, then 3 g.
            assert!(values.iter().zip(gradient).all(|(v, g)| (v - (1.0 - 0.5 * g)).abs() < 1e-5));
        }
        assert_eq!(values[2], [1.0; 3]);
        let mut broken = gradients.clone();
        broken[0][BLOCK + 5] = f32::NAN;
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
