//! Where a cost jumps as a function of a sample: what makes a pathwise derivative wrong without any error.

use aleator_engine::graph::NodeId;

use super::continuity::Continuity;
use super::discontinuity::Discontinuity;
use super::discontinuity::DiscontinuityKind;
use super::steps::{Steps, takes_few_values};
use super::way::{Stops, Way, first_on_the_way};
use crate::graph::{Graph, SiteDef};

/// The first step (comparison, choice, floor, sign, argmax, black box, a division that jumps) on a way from the site's
/// value to a cost whose sides do not meet. Where the way leads through a later site without a differentiable draw, its
/// probabilities may still be smooth: that way is not followed further.
pub fn first_discontinuity(graph: &Graph, site: &SiteDef) -> Option<Discontinuity> {
    let steps = match site.family.support().is_discrete() {
        true => Steps::between_outcomes(graph),
        false => Steps::of(graph),
    };
    let mut continuity = Continuity::of(&steps, Stops::End);
    first_discontinuity_on_the_way(&mut continuity, site, Stops::End, |_, later| {
        later.family.is_reparameterized()
    })
}

/// The same, where `follows` says (by number and definition) through which later sites the way leads on.
pub(crate) fn first_discontinuity_on_the_way(
    continuity: &mut Continuity<'_, '_>,
    site: &SiteDef,
    stops: Stops,
    follows: impl Fn(usize, &SiteDef) -> bool,
) -> Option<Discontinuity> {
    let steps = continuity.steps();
    let found = first_on_the_way(steps.graph, site, stops, follows, |id, op, on_the_way| {
        let poles = !site.family.support().is_discrete();
        let step = steps.at(id).filter(|step| poles || step.kind != DiscontinuityKind::Pole);
        match step.filter(|step| step.inputs.iter().any(|&i| (on_the_way.depends)(i))) {
            Some(step) if !continuity.joins(id, &step) => Way::Found((step.kind, op.name())),
            _ if takes_few_values(op) => Way::Ends,
            _ => Way::GoesOn,
        }
    });
    found.map(|(node, (kind, operation))| Discontinuity { kind, operation, node })
}

/// The first `==` or `!=` by which a cost depends on a site's value and that is met with probability 0.
pub(crate) fn never_met(continuity: &mut Continuity<'_, '_>, site: &SiteDef) -> Option<NodeId> {
    let steps = continuity.steps();
    let found = first_on_the_way(
        steps.graph,
        site,
        Stops::End,
        |_, _| false,
        |id, op, on_the_way| {
            let step = steps.at(id).filter(|step| step.never(op));
            match step.filter(|step| step.inputs.iter().any(|&i| (on_the_way.depends)(i))) {
                Some(step) if continuity.never_happens(&step) => Way::Found(()),
                _ if takes_few_values(op) => Way::Ends,
                _ => Way::GoesOn,
            }
        },
    );
    found.map(|(node, ())| node)
}
