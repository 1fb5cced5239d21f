//! How a tensor that a program keeps changes after a run.
//!
//! This is [`StateUpdate`] with the indices of its outputs and the numbers that it accumulates: the moments of Adam, the sums of a
//! ratio.

use aleator_engine::backend::Executable;
use aleator_engine::exec::math::Real;
use aleator_engine::graph::NodeId;

use crate::error::Result;
use crate::optim::{Adam, Optimizer};
use crate::rewrite::StateUpdate;

/// The rule of one tensor.
pub(super) enum Update {
    Stays,
    Becomes { output: usize },
    Descends { output: usize, gradient: Vec<f64>, optimizer: Optimizer },
    Ratio { outputs: [usize; 2], sums: [Vec<f64>; 2] },
}

impl Update {
    /// For a tensor of `len` numbers. `add_output` makes a node an output and returns its index.
    pub fn new(
        update: StateUpdate,
        len: usize,
        rule: &Adam,
        rate: f64,
        add_output: &mut impl FnMut(NodeId) -> usize,
    ) -> Self {
        let zeros = || vec![0.0; len];
        match update {
            StateUpdate::Stays => Update::Stays,
            StateUpdate::Becomes(node) => Update::Becomes { output: add_output(node) },
            StateUpdate::Descends(node) => Update::Descends {
                output: add_output(node),
                gradient: zeros(),
                optimizer: Optimizer::new(*rule, len, rate),
            },
            StateUpdate::Ratio(above, below) => {
                Update::Ratio { outputs: [add_output(above), add_output(below)], sums: [zeros(), zeros()] }
            }
        }
    }

    /// Whether the tensor ever changes.
    pub fn changes(&self) -> bool {
        !matches!(self, Update::Stays)
    }

    /// Updates the values from the outputs of the last run.
    pub fn apply<T: Real>(&mut self, values: &mut [f64], executable: &dyn Executable<T>) -> Result<()> {
        let read = |output: usize| executable.output(output).iter().map(|x| x.to_f64());
        match self {
            Update::Stays => {}
            Update::Becomes { output } => values.iter_mut().zip(read(*output)).for_each(|(v, new)| *v = new),
            Update::Descends { output, gradient, optimizer } => {
                gradient.iter_mut().zip(read(*output)).for_each(|(g, new)| *g = new);
                optimizer.step(values, gradient)?;
            }
            Update::Ratio { outputs, sums } => {
                for (sum, &output) in sums.iter_mut().zip(&*outputs) {
                    sum.iter_mut().zip(read(output)).for_each(|(s, new)| *s += new);
                }
                let [above, below] = sums;
                for ((v, a), b) in values.iter_mut().zip(above).zip(below) {
                    *v = if *b > 0.0 { *a / *b } else { 0.0 };
                }
            }
        }
        Ok(())
    }

    /// The accumulated numbers, by name.
    pub fn accumulated(&self) -> Vec<(&'static str, Vec<f64>)> {
        match self {
            Update::Stays | Update::Becomes { .. } => vec![],
            Update::Descends { optimizer, .. } => {
                let (steps, slots) = optimizer.state();
                let slots = slots.map(|(name, values)| (name, values.to_vec()));
                std::iter::once(("steps", vec![steps as f64])).chain(slots).collect()
            }
            Update::Ratio { sums: [above, below], .. } => {
                vec![("above", above.clone()), ("below", below.clone())]
            }
        }
    }

    /// Restores the numbers of [`Update::accumulated`], in that order.
    pub fn restore(&mut self, parts: &[Vec<f64>]) {
        match (self, parts) {
            (Update::Descends { optimizer, .. }, [steps, slots @ ..]) => {
                optimizer.restore(steps[0] as u64, slots);
            }
            (Update::Ratio { sums, .. }, [above, below]) => *sums = [above.clone(), below.clone()],
            _ => {}
        }
    }
}
