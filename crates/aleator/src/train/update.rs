//! One step for all parameters, where they lie in the program, and what is known of their gradients.
//!
//! Rules of optimisers go element by element, so a tensor is cut into pieces that several threads move at once. Nothing
//! depends on the number of threads.

use aleator_engine::exec::pool;

use super::moments::{GradientMoments, Weights};
use crate::optim::{Now, Rule};

/// Elements that are moved together.
const PIECE: usize = 1 << 13;

/// Vectors by name.
type Named = Vec<(&'static str, Vec<f32>)>;

/// A piece of a tensor: what the rule keeps, and running means of its gradient and of the square of that.
struct Piece {
    state: Vec<Vec<f32>>,
    moments: GradientMoments,
}

/// The state of an optimiser for all parameters of a model.
pub struct Update {
    rule: Box<dyn Rule<f32>>,
    parameters: Vec<Vec<Piece>>,
    weights: Weights,
    sums: Vec<f64>,
}

impl Update {
    /// For parameters of these sizes.
    pub fn new(rule: Box<dyn Rule<f32>>, sizes: impl IntoIterator<Item = usize>) -> Self {
        let piece = |len: usize| Piece {
            state: rule.slots().iter().map(|_| vec![0.0; len]).collect(),
            moments: GradientMoments::new(len),
        };
        let pieces = |size: usize| (0..size).step_by(PIECE).map(|at| piece(PIECE.min(size - at))).collect();
        let parameters = sizes.into_iter().map(pieces).collect();
        Update { rule, parameters, weights: Weights::default(), sums: Vec::new() }
    }

    /// Σ g² of a gradient, in `f64`: finite if and only if all of it is.
    pub fn sum_of_squares(&mut self, gradient: &[f32]) -> f64 {
        let sum = |part: &[f32]| -> f64 {
            // Eight sums side by side, each an exact square in f64.
            let mut lanes = [0.0_f64; 8];
            let rows = part.chunks_exact(8);
            let rest: f64 = rows.remainder().iter().map(|&g| f64::from(g) * f64::from(g)).sum();
            for row in rows {
                lanes.iter_mut().zip(row).for_each(|(l, &g)| *l += f64::from(g) * f64::from(g));
            }
            lanes.iter().sum::<f64>() + rest
        };
        let sum = |part: &[f32]| pulp::Arch::new().dispatch(|| sum(part));
        if gradient.len() <= 4 * PIECE {
            return gradient.chunks(PIECE).map(sum).sum();
        }
        self.sums.resize(gradient.len().div_ceil(PIECE), 0.0);
        pool::process().for_each_mut(&mut self.sums, |i, s| {
            *s = sum(&gradient[i * PIECE..gradient.len().min((i + 1) * PIECE)]);
        });
        self.sums.iter().sum()
    }

    /// Before the parameters of a step are moved: how much this gradient counts in the running means.
    pub fn begin(&mut self) {
        self.weights.advance();
    }

    /// Moves one parameter along its gradient.
    pub fn apply(&mut self, place: usize, now: &Now, parameter: &mut [f32], gradient: &[f32]) {
        let rule = &*self.rule;
        let pieces = self.parameters[place].iter_mut();
        let parts = pieces.zip(parameter.chunks_mut(PIECE)).zip(gradient.chunks(PIECE));
        let mut parts: Vec<_> = parts.collect();
        pool::process().for_each_mut(&mut parts, |_, ((piece, theta), g)| {
            rule.update(now, theta, g, &mut piece.state);
            piece.moments.add(g);
        });
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
                .map(|(i, &name)| (name, pieces.iter().flat_map(|p| &p.state[i]).copied().collect()));
            let moments = GradientMoments::NAMES
                .iter()
                .enumerate()
                .map(|(i, &name)| (name, pieces.iter().flat_map(|p| &p.moments.means[i]).copied().collect()));
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
                    let into = match i.checked_sub(slots.len()) {
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
