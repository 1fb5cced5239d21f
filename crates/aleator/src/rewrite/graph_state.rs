//! Tensors that the author of a graph keeps between runs.

use super::environment::Environment;
use super::estimator_state::{EstimatorParam, Owner, StateUpdate, Tuning};
use super::rewriter::Rewriter;
use crate::analysis::TermGroup;
use crate::graph::State;
use aleator_engine::graph::FromEnd;

impl<'g> Rewriter<'_, 'g> {
    /// A tensor that the author keeps between runs, and its next value: a mean over the samples, weighted if sites are
    /// enumerated.
    pub(super) fn kept(
        &self,
        state: State,
        tuning: Tuning,
        environment: &mut Environment<'g>,
    ) -> EstimatorParam {
        let State { name, node, shape, initial, next } = state;
        let update = match next {
            Some(next) if tuning == Tuning::Training => {
                let sites = self.analysis.influences.sites(next);
                let sites = sites.map(|site| (site, self.analysis.dependence_of_state(site, next))).collect();
                let parts = vec![(1.0, next)];
                let group = TermGroup { parts, shape: self.graph.expr(next).shape(), sites };
                let value = self.group_value(&group, environment);
                let value = self.weigh(value, &group, &environment.weights, |_| true);
                let value = self.sum_alternatives(value, &group, &environment.weights, |_| true);
                StateUpdate::Becomes(
                    value.mean_axes(FromEnd(&(shape.rank()..value.rank()).collect::<Vec<_>>())).id(),
                )
            }
            _ => StateUpdate::Stays,
        };
        EstimatorParam { name, node, shape, initial, update, owner: Owner::Graph }
    }
}
