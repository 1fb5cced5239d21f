//! Jumps whose location moves with a parameter other than through a distribution.
//!
//! ```text
//! J(q) = E 1[z > q]:   ∂J/∂q = −p(q),  but  ∂/∂q 1[z > q] = 0 at almost every z
//! ```
//!
//! The missing term is an integral over the boundary. No estimator here includes it: they differentiate the cost at fixed draws,
//! or the distribution of the draws. It is included if the parameter moves the distribution instead: with z' = z − q, whose
//! distribution depends on q, the cost 1[z' > 0] does not depend on q. If there are only discrete draws, or none, the boundary is
//! reached at isolated values of the parameter: the gradient is correct almost everywhere, while the objective jumps.
//!
//! If a parameter reaches the location only through `stop_gradient`, the author does not differentiate with respect to it there.

use super::continuity::Continuity;
use super::discontinuity::{Discontinuity, DiscontinuityKind};
use super::steps::{Draws, Steps};
use super::way::Stops;
use crate::graph::Graph;

/// A discontinuity whose location moves with parameters.
pub(crate) struct Moving {
    pub discontinuity: Discontinuity,
    /// The names of the parameters.
    pub parameters: Vec<String>,
    /// The site whose draw reaches the location, if there is one.
    pub draw: Option<String>,
    /// Whether the location also depends on a continuous draw, so that the gradient lacks a term.
    pub biased: bool,
}

/// Whether a jump that depends on a continuous draw also moves with a parameter other than through a distribution. The gradient
/// then has a term that no estimator includes.
pub fn discontinuity_moves(graph: &Graph) -> bool {
    let steps = Steps::of(graph);
    moving(&steps, &mut Continuity::of(&steps, Stops::End)).iter().any(|moving| moving.biased)
}

/// The jumps that move with parameters: the first one for each parameter. Those that depend on a continuous draw come first.
pub(crate) fn moving(steps: &Steps<'_>, continuity: &mut Continuity<'_, '_>) -> Vec<Moving> {
    let mut found: Vec<Moving> = Vec::new();
    let mut named: Vec<String> = Vec::new();
    let all = steps.graph.params().len();
    for beside_a_density in [true, false] {
        for index in (0..steps.nodes.len()).filter(|&i| steps.needed[i]) {
            if named.len() == all {
                return found;
            }
            let id = steps.id(index);
            let at = steps.at(id).filter(|step| step.kind != DiscontinuityKind::BlackBox);
            let Some(step) = at.or_else(|| steps.division_by_a_parameter(id)) else { continue };
            let over = steps.over(&step.inputs);
            let biased = over.draws == Draws::Continuous;
            if !over.parameter || biased != beside_a_density {
                continue;
            }
            // With discrete draws, a pole is infinite at isolated values of the parameter, and the gradient is correct elsewhere.
            if !biased && step.kind == DiscontinuityKind::Pole && !continuity.jumps_finitely(id, &step) {
                continue;
            }
            let mut parameters = steps.parameters_beside(&step);
            parameters.retain(|name| !named.contains(name));
            if parameters.is_empty() || continuity.joins(id, &step) {
                continue;
            }
            let discontinuity =
                Discontinuity { kind: step.kind, operation: steps.nodes[index].op.name(), node: id };
            let draw = steps.draw_beside(&step).map(|site| site.name.clone());
            named.extend(parameters.iter().cloned());
            found.push(Moving { discontinuity, parameters, draw, biased });
        }
    }
    found
}
