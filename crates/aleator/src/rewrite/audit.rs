//! What tells whether an estimate is to be trusted: the mass of enumerated outcomes, and the outcomes that no draw shows.

use aleator_engine::graph::NodeId;

use super::environment::Environment;
use super::rewriter::Rewriter;
use super::site::Site;

/// What tells whether an estimate is to be trusted, beside the estimate.
#[derive(Default)]
pub struct Audit {
    /// For each site that stands for several alternatives, the sum of their weights (its mean over the batch), of shape `[R]`.
    pub masses: Vec<NodeId>,
    /// Sites whose estimator only sees outcomes that are drawn, and how many elements of their parameter put an outcome at
    /// probability 0 that moves with the graph's parameters.
    pub blind: Vec<(String, NodeId)>,
}

impl<'g> Rewriter<'_, 'g> {
    /// What tells whether an estimate is to be trusted.
    pub(super) fn audit(&self, sites: &[Option<Site<'g>>], environment: &Environment<'g>) -> Audit {
        let mut audit = Audit::default();
        for (number, site) in sites.iter().enumerate() {
            let Some(site) = site else { continue };
            match environment.weights.get(&number) {
                Some(&own) => {
                    let upstream = self.upstream_weights(number, environment);
                    let weight = upstream.into_iter().fold(own, |product, weight| product * weight);
                    let batch: Vec<usize> = (0..site.batch.rank()).collect();
                    let mean = weight.mean_axes(&batch);
                    audit.masses.push(self.collapse(mean, 0).id());
                }
                None => {
                    if let Some(moving) = site.moving_edges() {
                        audit.blind.push((site.name.clone(), moving.sum().id()));
                    }
                }
            }
        }
        audit
    }
}
