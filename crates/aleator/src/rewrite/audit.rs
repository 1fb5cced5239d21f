//! Diagnostics of an estimate: the total weight of enumerated outcomes, and the outcomes that are never drawn.

use aleator_engine::graph::{FromEnd, NodeId, Shape};

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
    /// The sites that are drawn.
    pub drawn: Vec<DrawnSite>,
}

/// A site that is drawn, on the main path of an estimate.
#[derive(Clone, Debug)]
pub struct DrawnSite {
    /// The index of the site.
    pub number: usize,
    /// The sample, before the gradient is stopped.
    pub sample: NodeId,
    /// The parameters of the distribution.
    pub parameters: Vec<NodeId>,
    /// The shape of the noise: sample + batch.
    pub shape: Shape,
}

impl<'g> Rewriter<'_, 'g> {
    /// Creates the diagnostics of an estimate.
    pub(super) fn audit(&self, sites: &[Option<Site<'g>>], environment: &Environment<'g>) -> Audit {
        let mut audit = Audit::default();
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
                None if self.plan.visits_every_outcome(number) => {}
                None => {
                    let parameters = site.distribution.parameters();
                    audit.drawn.push(DrawnSite {
                        number,
                        sample: site.distribution.sample(&mut site.noise()).id(),
                        parameters: parameters.iter().map(|p| p.id()).collect(),
                        shape: site.lead.join(&site.batch),
                    });
                    if let Some(moving) = site.moving_edges() {
                        audit.blind.push((site.name.clone(), moving.sum().id()));
                    }
                }
            }
        }
        audit
    }
}
