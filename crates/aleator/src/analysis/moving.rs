//! Jumps whose place moves with a parameter, not through a law.
//!
//! ```text
//! J(q) = E 1[z > q]:   ∂J/∂q = −p(q),  but  ∂/∂q 1[z > q] = 0 at almost every z
//! ```
//!
//! The term that is missing is an integral over the boundary. No estimator here sees it: they differentiate the cost at
//! fixed draws, or the law of the draws. It is seen where the parameter moves the law instead: with z' = z − q, whose law
//! has q in it, the cost 1[z' > 0] does not depend on q. Beside discrete draws, or none, the boundary is met at single
//! values of the parameter: the gradient is right almost everywhere, while the objective jumps.
//!
//! A parameter that reaches the place through `stop_gradient` alone is one by which the author does not differentiate there.

use super::continuity::Continuity;
use super::discontinuity::{Discontinuity, DiscontinuityKind};
use super::steps::{Draws, Steps};
use super::way::Stops;
use crate::graph::Graph;

/// A discontinuity whose place moves with parameters.
pub(crate) struct Moving {
    pub discontinuity: Discontinuity,
    /// Names of the parameters.
    pub parameters: Vec<String>,
    /// The site whose draw meets the place, where it is one.
    pub draw: Option<String>,
    /// Whether a continuous draw is beside the parameters, so that the gradient lacks a term.
    pub biased: bool,
}

/// Whether a jump beside a continuous draw moves with a parameter other than through a law: the gradient then has a term
/// that nothing here sees.
pub fn discontinuity_moves(graph: &Graph) -> bool {
    let steps = Steps::of(graph);
    moving(&steps, &mut Continuity::of(&steps, Stops::End)).iter().any(|moving| moving.biased)
}

/// Jumps that move with parameters: for each parameter the first, those beside a continuous draw first.
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
            // A pole beside discrete draws is infinite at single values of the parameter, not wrong elsewhere.
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
