//! The places where a cost jumps as a function of a sample. They make a pathwise derivative wrong without any error.

use std::cell::OnceCell;

use aleator_engine::graph::NodeId;

use super::continuity::Continuity;
use super::discontinuity::{Discontinuity, DiscontinuityKind};
use super::steps::Steps;
use super::way::{Edge, FirstOnTheWay, Stops, Way};
use crate::graph::{Graph, SiteDef};

/// The first step (comparison, choice, floor, sign, argmax, black box, a division that jumps) on each path from a site's value to
/// a cost whose sides do not meet. If a path leads through a later site without a differentiable draw, the probabilities of that
/// site may still be smooth, so the path is not followed further.
pub struct FirstDiscontinuities<'a> {
    graph: &'a Graph,
    behind_continuous: OnceCell<FirstOnTheWay<Discontinuity>>,
    behind_discrete: OnceCell<FirstOnTheWay<Discontinuity>>,
}

impl<'a> FirstDiscontinuities<'a> {
    /// Analyses a graph in its current state.
    pub fn of(graph: &'a Graph) -> Self {
        FirstDiscontinuities { graph, behind_continuous: OnceCell::new(), behind_discrete: OnceCell::new() }
    }

    /// The first step downstream of a site's value.
    pub fn behind(&self, site: &SiteDef) -> Option<&Discontinuity> {
        let discrete = site.family.support().is_discrete();
        let cell = if discrete { &self.behind_discrete } else { &self.behind_continuous };
        let all = cell.get_or_init(|| {
            let steps = match discrete {
                true => Steps::between_outcomes(self.graph),
                false => Steps::of(self.graph),
            };
            let follows = |_: usize, later: &SiteDef| later.family.is_reparameterized();
            first_discontinuities(&mut Continuity::of(&steps, Stops::End), discrete, Stops::End, follows)
        });
        all.from(site).map(|(_, discontinuity)| discontinuity)
    }
}

/// The first step on each path from the value of a discrete (or continuous) site. `follows` says, by number and definition,
/// through which later sites a path continues.
pub(crate) fn first_discontinuities(
    continuity: &mut Continuity<'_, '_>,
    discrete: bool,
    stops: Stops,
    follows: impl Fn(usize, &SiteDef) -> bool,
) -> FirstOnTheWay<Discontinuity> {
    let steps = continuity.steps();
    FirstOnTheWay::of(steps.graph, stops, follows, |edge: &Edge<'_>| {
        if !steps.needed[edge.id.index()] || steps.is_never_chosen(edge.op, edge.inputs, edge.position) {
            return Way::Unused;
        }
        let step = steps.at(edge.id).filter(|step| !discrete || step.kind != DiscontinuityKind::Pole);
        match step.filter(|step| step.inputs.contains(&edge.inputs[edge.position])) {
            Some(step) if !continuity.joins(edge.id, &step) => {
                Way::Found(Discontinuity { kind: step.kind, operation: edge.op.name(), node: edge.id })
            }
            _ if edge.op.takes_few_values() => Way::Ends,
            _ => Way::GoesOn,
        }
    })
}

/// For each site, the first `==` or `!=` through which a cost depends on the site's value and which is true with probability 0.
pub(crate) fn never_met(continuity: &mut Continuity<'_, '_>) -> FirstOnTheWay<NodeId> {
    let steps = continuity.steps();
    let ends_at_sites = |_: usize, _: &SiteDef| false;
    FirstOnTheWay::of(steps.graph, Stops::End, ends_at_sites, |edge: &Edge<'_>| {
        if steps.is_never_chosen(edge.op, edge.inputs, edge.position) {
            return Way::Unused;
        }
        let step = steps.at(edge.id).filter(|step| step.never(edge.op));
        match step.filter(|step| step.inputs.contains(&edge.inputs[edge.position])) {
            Some(step) if continuity.never_happens(&step) => Way::Found(edge.id),
            _ if edge.op.takes_few_values() => Way::Ends,
            _ => Way::GoesOn,
        }
    })
}
