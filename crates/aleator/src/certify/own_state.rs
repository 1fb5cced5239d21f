//! The values of the estimators' own parameters in a proof.
//!
//! The mean of an unbiased estimate depends neither on the weights of its control variate nor on its baseline. Many of these start at 0,
//! and a mistake in what they multiply would not show there. The proof is therefore made twice: at the initial values, and with each
//! number that tuning changes moved by up to ±½. The identity `training` computes it at the values that training reaches.

use std::sync::Arc;

use aleator_engine::exec::philox;

use crate::analysis::Analysis;
use crate::error::Result;
use crate::graph::Graph;
use crate::rewrite::{Estimator, EstimatorParam, Extras, Layout, Owner, StateUpdate, Tuning, rewrite};

/// The values of the estimators' own parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum OwnState<'a> {
    /// The initial values.
    Initial,
    /// Those that tuning changes are moved, and the others are as they start.
    Moved,
    /// These values by name, which steps of training have reached.
    Trained(&'a [(String, Vec<f64>)]),
}

/// The stream of the numbers by which values are moved, which is disjoint from those of the sites.
const STREAM: u32 = philox::STREAMS - 201;

impl OwnState<'_> {
    /// The mode in which the estimate is built: it says what changes without an effect on the mean.
    pub fn tuning(self) -> Tuning {
        match self {
            OwnState::Initial => Tuning::Held,
            OwnState::Moved => Tuning::Tuned,
            OwnState::Trained(_) => Tuning::Training,
        }
    }

    /// The values of a parameter.
    pub fn values(self, own: &EstimatorParam) -> Vec<f64> {
        if let OwnState::Trained(reached) = self
            && let Some((_, values)) = reached.iter().find(|(name, _)| *name == own.name)
        {
            return values.clone();
        }
        let mut values = own.initial.clone();
        if self == OwnState::Moved && moves(own) {
            let mut by = vec![0.0; values.len()];
            let row = own.node.index() as u64;
            philox::fill_uniform(&mut by, 0, STREAM, 0, row);
            values.iter_mut().zip(by).for_each(|(x, u): (&mut f64, f64)| *x += u - 0.5);
        }
        values
    }
}

/// Whether tuning changes a parameter.
fn moves(own: &EstimatorParam) -> bool {
    own.owner == Owner::Estimator && own.update != StateUpdate::Stays
}

/// Whether any parameter of the plan's estimators is moved.
pub(super) fn has_own_state(graph: &Graph, plan: &[Arc<dyn Estimator>], samples: usize) -> Result<bool> {
    let own = graph.clone();
    let analysis = Analysis::of(&own)?;
    let layout = Layout { samples, replicates: Some(1), tuning: OwnState::Moved.tuning() };
    Ok(rewrite(own, &analysis, plan, layout, Extras::default())?.own.iter().any(moves))
}
