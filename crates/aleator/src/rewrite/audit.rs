//! Diagnostics of an estimate: the total weight of enumerated outcomes, and the outcomes that are never drawn.

use std::collections::HashMap;

use aleator_engine::graph::{Expr, FromEnd, NodeId};

use super::environment::Environment;
use super::rewriter::Rewriter;
use super::site::Site;

/// Values that are computed together with an estimate and show whether it is reliable.
#[derive(Default)]
pub struct Audit {
    /// For each site with several alternatives, the sum of their weights (the mean over the batch), of shape `[R]`.
    pub masses: Vec<NodeId>,
    /// The sites whose estimator uses only outcomes that are drawn, each with the number of elements of its parameter for which
    /// the probability of an outcome is 0 and has a derivative with respect to the graph's parameters.
    pub blind: Vec<(String, NodeId)>,
}

impl<'g> Rewriter<'_, 'g> {
    /// The same values, with discrete draws held fixed: their derivatives are those of an estimator, such as straight-through, and
    /// not of the draws.
    fn held(&self, environment: &Environment<'g>) -> Environment<'g> {
        let params = self.graph.params();
        let mut values: HashMap<_, _> = params
            .iter()
            .filter_map(|param| Some((param.node, *environment.values.get(&param.node)?)))
            .collect();
        for site in &self.analysis.sites {
            if let Some(&value) = environment.values.get(&site.value) {
                let discrete = site.family.support().is_discrete();
                values.insert(site.value, if discrete { value.stop_gradient() } else { value });
            }
        }
        Environment { values, stops: environment.stops, ..Environment::default() }
    }

    /// Creates the diagnostics of an estimate.
    pub(super) fn audit(&self, sites: &[Option<Site<'g>>], environment: &Environment<'g>) -> Audit {
        let mut audit = Audit::default();
        let mut held = None;
        for (number, site) in sites.iter().enumerate() {
            let Some(site) = site else { continue };
            match environment.weights.get(&number) {
                Some(&own) => {
                    let upstream = self.upstream_weights(number, environment);
                    let weight = upstream.into_iter().fold(own, |product, weight| product * weight);
                    let batch: Vec<usize> = (0..site.batch.rank()).collect();
                    let mean = weight.mean_axes(FromEnd(&batch));
                    audit.masses.push(self.collapse(mean, 0).id());
                }
                None => {
                    if !self.may_move[number] {
                        continue;
                    }
                    let held = held.get_or_insert_with(|| self.held(environment));
                    if let Some(moving) = self.site(number, held).moving_edges() {
                        // An estimator that passes a derivative through the value of a draw includes the outcome.
                        let value = environment.values.get(&self.analysis.sites[number].value);
                        let fits = |value: &&Expr<'g>| value.shape().broadcast(&moving.shape()).is_some();
                        let moving = match value.filter(fits) {
                            Some(&value) => moving * site.stays(value),
                            None => moving,
                        };
                        audit.blind.push((site.name.clone(), moving.sum().id()));
                    }
                }
            }
        }
        audit
    }
}
