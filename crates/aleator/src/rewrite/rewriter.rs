//! The state of a rewrite: sites at the parameters of an environment, and terms weighted by the alternatives of enumerated sites.

use std::rc::Rc;

use aleator_engine::graph::{Expr, FromEnd, Shape};

use super::environment::{Environment, Weights};
use super::estimator_state::Own;
use super::one_hot::rows_of_uses;
use super::site::{Direction, Site};
use super::site_value::SiteValue;
use super::term::GradientTerm;
use crate::analysis::{Analysis, TermGroup, own_densities, relocate};
use crate::distributions::Distribution;
use crate::error::Result;
use crate::graph::Graph;

/// The calls to the estimators of a plan that are made on behalf of another site.
pub(crate) trait PlannedDraws {
    /// The value that a site's estimator draws for it.
    fn draw<'g>(&self, number: usize, site: &Site<'g>) -> Result<SiteValue<'g>>;

    /// The name of a site's estimator.
    fn name(&self, number: usize) -> &'static str;

    /// Whether a site's estimate also contains the outcomes that are not drawn.
    fn visits_every_outcome(&self, number: usize) -> bool;
}

/// The rewriter and the data that it needs during a rewrite.
pub(crate) struct Rewriter<'a, 'g> {
    pub graph: &'g Graph,
    pub analysis: &'a Analysis,
    pub plan: &'a dyn PlannedDraws,
    pub lead: Shape,
    /// The axis positions of the enumerated sites' alternatives, by site; `None` for sites that are drawn.
    pub(super) slots: Vec<Option<usize>>,
    /// The number of axes for the alternatives of enumerated sites.
    pub alternative_axes: usize,
    pub(super) own: Own,
    pub(super) direction: Direction<'g>,
    /// For each site, whether the probability of an outcome may be 0 and have a derivative with respect to the parameters.
    pub(super) may_move: Vec<bool>,
}

impl<'g> Rewriter<'_, 'g> {
    /// A site at the parameters of its environment.
    pub fn site(&self, number: usize, environment: &mut Environment<'g>) -> Site<'g> {
        let def = &self.analysis.sites[number];
        let engine = self.graph.engine();
        let parameters = def.parameters.iter().map(|&p| environment.at(self.graph, p)).collect();
        let own = def.parameters.iter().map(|&p| self.graph.expr(p)).collect();
        let distribution = Distribution::new(def.family.clone(), own).with_parameters(parameters);
        Site {
            graph: engine,
            number: number as u32,
            name: def.name.clone(),
            distribution,
            batch: def.batch.clone(),
            event: def.event.clone(),
            lead: self.lead.clone(),
            slot: self.slots[number].unwrap_or(0),
            front: self.lead.rank() + self.alternative_axes,
            conditional: self.analysis.is_conditional(number),
            coupled: self.analysis.coupled(number),
            moving: self.analysis.moving[number].as_slice().into(),
            own: Rc::clone(&self.own),
            direction: Rc::clone(&self.direction),
            may_move: self.may_move[number],
        }
    }

    /// Sets the value of a site to a draw.
    pub fn enter(&self, number: usize, draw: SiteValue<'g>, environment: &mut Environment<'g>) {
        environment.values.insert(self.analysis.sites[number].value, draw.value);
        if let Some(places) = draw.places {
            let Analysis { sites, nodes, influences, .. } = self.analysis;
            let depends = |node| influences.sites(node).any(|site| site >= number);
            let axis = self.lead.rank() + self.slots[number].unwrap_or(0);
            rows_of_uses(self.graph, &sites[number], nodes, depends, axis, places, environment);
        }
        if let Some(log_prob) = draw.log_prob {
            let Analysis { sites, nodes, .. } = self.analysis;
            for node in own_densities(self.graph, &sites[number], nodes) {
                environment.values.insert(node, log_prob);
            }
        }
        if let Some(weight) = draw.weight {
            environment.weights.insert(number, weight);
        }
    }

    /// Σ c T over a group's terms, unweighted.
    pub fn group_value(&self, group: &TermGroup, environment: &mut Environment<'g>) -> Expr<'g> {
        let engine = self.graph.engine();
        let mut terms = group.parts.iter().map(|&(c, node)| c * environment.at(self.graph, node));
        let first = terms.next().unwrap_or_else(|| engine.scalar(0.0));
        terms.fold(first, |sum, term| sum + term)
    }

    /// Multiplies by the weights of the sites on which the group depends and for which `which` holds.
    pub fn weigh(
        &self,
        mut value: Expr<'g>,
        group: &TermGroup,
        weights: &Weights<'g>,
        which: impl Fn(usize) -> bool,
    ) -> Expr<'g> {
        for (number, dependence) in &group.sites {
            let Some(weight) = weights.get(number) else { continue };
            let map = &dependence.map;
            if which(*number) {
                let pairs = map.iter().enumerate().filter_map(|(i, a)| a.map(|a| (i, a))).collect::<Vec<_>>();
                value = value * relocate(*weight, map.len(), group.shape.rank(), &pairs);
            }
        }
        value
    }

    /// Sums over the alternatives of the enumerated sites on which the group depends and for which `which` holds. Their axes
    /// remain, with size 1.
    pub fn sum_alternatives(
        &self,
        value: Expr<'g>,
        group: &TermGroup,
        weights: &Weights<'g>,
        which: impl Fn(usize) -> bool,
    ) -> Expr<'g> {
        let numbers = group.sites.iter().map(|(number, _)| *number);
        let mut axes: Vec<usize> = numbers
            .filter(|n| weights.contains_key(n) && which(*n))
            .filter_map(|n| Some(group.shape.rank() + self.lead.rank() + self.slots[n]?))
            .collect();
        axes.sort_unstable();
        let summed = value.sum_axes(FromEnd(&axes));
        axes.into_iter().fold(summed, |e, axis| e.unsqueeze(FromEnd(axis)))
    }

    /// A term of a site as (expression, cotangent): its weight, multiplied by the weights of the sites upstream and divided by K.
    pub(super) fn weigh_term(
        &self,
        term: GradientTerm<'g>,
        number: usize,
        environment: &Environment<'g>,
    ) -> (Expr<'g>, Expr<'g>) {
        let mut weight = term.weight;
        for here in self.upstream_weights(number, environment) {
            weight = weight * (0..term.event_rank).fold(here, |e, _| e.unsqueeze(-1));
        }
        let weight = weight / self.lead.from_end(0) as f64;
        (term.expr, weight.sum_to(&term.expr.shape()))
    }

    /// The weights of the enumerated sites upstream of a site, in the layout of its batch.
    pub(super) fn upstream_weights(&self, number: usize, environment: &Environment<'g>) -> Vec<Expr<'g>> {
        let site = &self.analysis.sites[number];
        let mut weights = Vec::new();
        let influences = &self.analysis.influences;
        for upstream in influences.sites(site.value).filter(|&upstream| upstream != number) {
            let Some(&upstream_weight) = environment.weights.get(&upstream) else { continue };
            if let Some(map) = influences.map(upstream, site.value) {
                let pairs: Vec<(usize, usize)> = map
                    .iter()
                    .enumerate()
                    .filter_map(|(i, a)| Some((i, (*a)?.checked_sub(site.event.rank())?)))
                    .collect();
                weights.push(relocate(upstream_weight, map.len(), site.batch.rank(), &pairs));
            }
        }
        weights
    }

    /// The mean over samples and the sum over all other axes except the replicates: shape `[R]`, `[1]` or `[]`.
    pub(super) fn collapse(&self, e: Expr<'g>, core_rank: usize) -> Expr<'g> {
        let rank = core_rank + self.lead.rank();
        let e = if e.rank() < rank {
            let shape = Shape::from(vec![1; rank - e.rank()]).join(&e.shape());
            e.broadcast_to(shape)
        } else {
            e
        };
        let k = e.shape().from_end(core_rank);
        let summed: Vec<usize> = (0..e.rank()).filter(|&axis| axis <= core_rank || axis >= rank).collect();
        e.sum_axes(FromEnd(&summed)) / k as f64
    }
}
