//! Diagnostics of an estimate: the total weight of enumerated outcomes, and the outcomes that are never drawn.

use std::collections::HashMap;

use aleator_engine::graph::{Expr, FromEnd, NodeId, Shape};

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
    /// The sites whose samples have weights: they are no draws from the distribution, but outcomes may be too rare among them as well.
    pub weighted: Vec<DrawnSite>,
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
            match environment.weights.get(&number).filter(|_| self.slots[number].is_some()) {
                Some(&own) => {
                    let upstream = self.upstream_weights(number, environment);
                    let weight = upstream.into_iter().fold(own, |product, weight| product * weight);
                    let batch: Vec<usize> = (0..site.batch.rank()).collect();
                    let mean = weight.mean_axes(FromEnd(&batch));
                    audit.masses.push(self.collapse(mean, 0).id());
                }
                None => {
                    let has_weights = environment.weights.contains_key(&number);
                    let list = if has_weights { &mut audit.weighted } else { &mut audit.drawn };
                    list.push(site.as_drawn(number));
                    let moving = match self.plan.visits_every_outcome(number) {
                        true => None,
                        false => self.moving_edges(number, site, environment, &mut held),
                    };
                    audit.blind.extend(moving.map(|moving| (site.name.clone(), moving.sum().id())));
                }
            }
        }
        audit
    }

    /// The elements of a site's parameter at which the probability of an outcome is 0 and moves, if the site may have such
    /// elements. `held` keeps the environment of [`Rewriter::held`] from one site to the next.
    fn moving_edges(
        &self,
        number: usize,
        site: &Site<'g>,
        environment: &Environment<'g>,
        held: &mut Option<Environment<'g>>,
    ) -> Option<Expr<'g>> {
        if !self.may_move[number] {
            return None;
        }
        let held = held.get_or_insert_with(|| self.held(environment));
        let moving = self.site(number, held).moving_edges()?;
        // An estimator that passes a derivative through the value of a draw includes the outcome.
        let value = environment.values.get(&self.analysis.sites[number].value);
        let fits = |value: &&Expr<'g>| value.shape().broadcast(&moving.shape()).is_some();
        Some(match value.filter(fits) {
            Some(&value) => moving * site.stays(value),
            None => moving,
        })
    }
}

impl Site<'_> {
    /// The nodes of a draw.
    fn as_drawn(&self, number: usize) -> DrawnSite {
        DrawnSite {
            number,
            sample: self.distribution.sample(&mut self.noise()).id(),
            parameters: self.distribution.parameters().iter().map(|p| p.id()).collect(),
            shape: self.lead.join(&self.batch),
        }
    }
}
