//! Tensors that a graph's author keeps between runs.

use super::environment::Environment;
use super::estimator_state::{OwnParam, Rule, Tuning};
use super::rewriter::Rewriter;
use crate::analysis::TermGroup;
use crate::graph::State;

impl<'g> Rewriter<'_, 'g> {
    /// A tensor of the author's that is kept between runs, and what it becomes: a mean over samples, weighted where sites
    /// are enumerated.
    pub(super) fn kept(&self, state: State, tuning: Tuning, environment: &mut Environment<'g>) -> OwnParam {
        let State { name, node, shape, initial, next } = state;
        let rule = match next {
            Some(next) if tuning == Tuning::Training => {
                let sites = self.analysis.influences.sites(next);
                let sites = sites.map(|site| (site, self.analysis.dependence_of_state(site, next))).collect();
                let parts = vec![(1.0, next)];
                let group = TermGroup { parts, shape: self.graph.expr(next).shape(), sites };
                let value = self.group_value(&group, environment);
                let value = self.weigh(value, &group, &environment.weights, |_| true);
                let value = self.sum_alternatives(value, &group, &environment.weights, |_| true);
                Rule::Becomes(value.mean_axes(&(shape.rank()..value.rank()).collect::<Vec<_>>()).id())
            }
            _ => Rule::Stays,
        };
        OwnParam { name, node, shape, initial, rule, of_graph: true }
    }
}
