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
use super::jump::{Jump, JumpKind, Stops};
use super::lint::Lint;
use super::model::Graph;
use super::steps::{Draws, Steps};

/// Whether a jump beside a continuous draw moves with a parameter other than through a law: the gradient then has a term
/// that nothing here sees.
pub fn moves_a_jump(graph: &Graph) -> bool {
    let steps = Steps::of(graph);
    moving(&steps, &mut Continuity::of(&steps, Stops::End)).iter().any(|lint| lint.biased)
}

/// Jumps that move with parameters: for each parameter the first, those beside a continuous draw first.
pub(super) fn moving(steps: &Steps<'_>, continuity: &mut Continuity<'_, '_>) -> Vec<Lint> {
    let mut found: Vec<Lint> = Vec::new();
    let mut named: Vec<String> = Vec::new();
    let all = steps.graph.params().len();
    for beside_a_density in [true, false] {
        for index in (0..steps.nodes.len()).filter(|&i| steps.needed[i]) {
            if named.len() == all {
                return found;
            }
            let id = steps.id(index);
            let at = steps.at(id).filter(|step| step.kind != JumpKind::BlackBox);
            let Some(step) = at.or_else(|| steps.division_by_a_parameter(id)) else { continue };
            let over = steps.over(&step.inputs);
            let biased = over.draws == Draws::Continuous;
            if !over.parameter || biased != beside_a_density {
                continue;
            }
            // A pole beside discrete draws is infinite at single values of the parameter, not wrong elsewhere.
            if !biased && step.kind == JumpKind::Pole && !continuity.jumps_finitely(id, &step) {
                continue;
            }
            let mut parameters = steps.parameters_beside(&step);
            parameters.retain(|name| !named.contains(name));
            if parameters.is_empty() || continuity.joins(id, &step) {
                continue;
            }
            let jump = Jump { kind: step.kind, operation: steps.nodes[index].op.name(), node: id };
            let draw = steps.draw_beside(&step).map(|site| site.name.clone());
            let message = if biased {
                beside_a_draw(&jump, &parameters, draw.as_deref())
            } else {
                alone(&jump, &parameters)
            };
            named.extend(parameters);
            found.push(Lint { site: draw.unwrap_or_default(), message, cause: id, biased });
        }
    }
    found
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn beside_a_draw(jump: &Jump, parameters: &[String], draw: Option<&str>) -> String {
    let (names, first) = (list(parameters), parameters.first().map_or("q", String::as_str));
    let draw = draw.map_or_else(|| "a draw".to_string(), |name| format!("`{name}`"));
    let what = jump.describe();
    format!(
        "{what} makes the cost jump where {draw} meets a place that moves with {names}: every estimator is biased, because \
         none sees what passes over that place; put {names} into the law of {draw}, so that it moves the draw, or draw it: \
         `tried ~ Normal({first}, s)`"
    )
}

fn alone(jump: &Jump, parameters: &[String]) -> String {
    let names = list(parameters);
    let what = jump.describe();
    format!(
        "{what} makes the cost jump as {names} moves, with no continuous draw beside it: the gradient is right between the \
         jumps and does not see them; smooth the step, as sigmoid(x / 0.1) smooths x > 0"
    )
}
