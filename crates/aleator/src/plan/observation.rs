//! Warnings about observations that cannot happen: their cost is ∞ whatever the draws are.
//!
//! Only values that do not depend on a random node are considered, at the present data and the initial parameters. A bound of the
//! support that depends on a random node, such as the end of an interval, is not considered either.

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::Program;
use aleator_engine::graph::{Expr, FromEnd, NodeId, NodeSet, Reduction};

use crate::graph::{Graph, Observation};

/// An observation that cannot happen.
pub(super) struct ImpossibleObservation {
    /// Its cost.
    pub cost: NodeId,
    /// The reason and the remedy.
    pub message: String,
}

/// The observations with values outside the support of their distribution. A graph whose observations cannot be evaluated has
/// none.
pub(super) fn impossible_observations(graph: &Graph) -> Vec<ImpossibleObservation> {
    let observations = graph.observations();
    let suspects: Vec<(&Observation, Suspect<'_>)> =
        observations.iter().filter_map(|o| Some((o, Suspect::of(graph, o)?))).collect();
    let outputs: Vec<_> =
        suspects.iter().flat_map(|(_, suspect)| [suspect.count.id(), suspect.example.id()]).collect();
    let Some(program) = evaluate(graph, &outputs) else { return vec![] };
    let warning = |(i, (observation, suspect)): (usize, &(&Observation, Suspect<'_>))| {
        let count = program.output(2 * i)[0];
        let Observation { name, family, .. } = observation;
        let message = format!(
            "`{name}` observes {}, which cannot be drawn from {} ({}), so this cost is infinite ({count} of {} observed \
             numbers); correct the data or choose another distribution",
            program.output(2 * i + 1)[0],
            family.name(),
            family.support().describe(),
            suspect.elements
        );
        (count > 0.0).then_some(ImpossibleObservation { cost: observation.cost, message })
    };
    suspects.iter().enumerate().filter_map(warning).collect()
}

/// What is computed for an observation.
struct Suspect<'g> {
    /// The number of elements outside the support.
    count: Expr<'g>,
    /// The largest of them.
    example: Expr<'g>,
    elements: usize,
}

impl<'g> Suspect<'g> {
    /// `None` if no element can be outside, or if draws decide which ones are.
    fn of(graph: &'g Graph, observation: &Observation) -> Option<Self> {
        let value = graph.expr(observation.value);
        let parameters: Vec<_> = observation.parameters.iter().map(|&p| graph.expr(p)).collect();
        let outside = observation.family.support().outside(value, &parameters)?;
        let upstream = NodeSet::ancestors(graph.engine(), &[outside.id()]);
        if graph.sites().iter().any(|site| upstream.contains(site.value)) {
            return None;
        }
        let example = outside.select(value, f64::NEG_INFINITY);
        let every: Vec<usize> = (0..example.rank()).collect();
        Some(Suspect {
            count: outside.sum(),
            elements: outside.shape().numel(),
            example: example.reduce(Reduction::Max, FromEnd(&every)),
        })
    }
}

/// Runs the part of the graph that has no random nodes, at the present data and the initial parameters and states.
fn evaluate(graph: &Graph, outputs: &[NodeId]) -> Option<Program<f64>> {
    if outputs.is_empty() {
        return None;
    }
    let engine = graph.engine();
    let mut program = Program::<f64>::compile(engine, outputs, &CompileOptions::default()).ok()?;
    let inputs = engine.inputs();
    let slot_of = |node| inputs.iter().position(|input| input.node == node);
    let params = graph.params().into_iter().map(|p| (p.node, p.initial));
    let data = graph.datasets().into_iter().map(|d| (d.node, d.values));
    let states = graph.states().into_iter().map(|s| (s.node, s.initial));
    for (node, values) in params.chain(data).chain(states) {
        program.set_input(slot_of(node)?, &values).ok()?;
    }
    program.run(0, 0);
    Some(program)
}
