//! Where a cost jumps as a function of a sample: what makes a pathwise derivative wrong without any error.

use aleator_engine::graph::{NodeId, Op, Reduction, ancestors};

use super::continuity::Continuity;
use super::model::{Graph, SiteDef};
use super::steps::{Steps, takes_few_values};

/// What kind of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JumpKind {
    /// `<`, `<=`, `==`, `!=`
    Comparison,
    /// `where` with a condition that is neither a comparison nor a truth value.
    Choice,
    /// `floor`
    Rounding,
    /// `sign`
    Sign,
    /// `argmax`
    ArgMax,
    /// `one_hot`: the place of the 1.
    OneHot,
    /// A division by what may be 0, or another function with a pole.
    Pole,
    /// A black box: whether it jumps is not known, it has no derivative.
    BlackBox,
}

/// An operation through which a cost depends on a sample in steps.
#[derive(Clone, Debug)]
pub struct Jump {
    /// What it is.
    pub kind: JumpKind,
    /// The operation, as it is written.
    pub operation: String,
    /// Its node.
    pub node: NodeId,
}

impl Jump {
    /// In words, such as "a comparison" or "`floor`".
    pub fn describe(&self) -> String {
        match self.kind {
            JumpKind::Comparison => "a comparison".into(),
            JumpKind::OneHot => "`one_hot`".into(),
            JumpKind::Pole if self.operation == "/" => "a division by what may be 0".into(),
            JumpKind::Pole => format!("`{}`, where it has a pole or a jump,", self.operation),
            JumpKind::BlackBox => format!("the black box `{}`", self.operation),
            JumpKind::Choice | JumpKind::Rounding | JumpKind::Sign | JumpKind::ArgMax => {
                format!("`{}`", self.operation)
            }
        }
    }
}

/// The first step (comparison, choice, floor, sign, argmax, black box, a division that jumps) on a way from the site's
/// value to a cost whose sides do not meet. Where the way leads through a later site without a differentiable draw, its
/// probabilities may still be smooth: that way is not followed further.
pub fn jump(graph: &Graph, site: &SiteDef) -> Option<Jump> {
    let steps = match site.family.support().is_discrete() {
        true => Steps::between_outcomes(graph),
        false => Steps::of(graph),
    };
    let mut continuity = Continuity::of(&steps, Stops::End);
    jump_through(&mut continuity, site, Stops::End, |_, later| later.family.is_reparameterized())
}

/// The same, where `follows` says (by number and definition) through which later sites the way leads on.
pub(super) fn jump_through(
    continuity: &mut Continuity<'_, '_>,
    site: &SiteDef,
    stops: Stops,
    follows: impl Fn(usize, &SiteDef) -> bool,
) -> Option<Jump> {
    let steps = continuity.steps();
    let found = first_on_the_way(steps.graph, site, stops, follows, |id, op, on_the_way| {
        let poles = !site.family.support().is_discrete();
        let step = steps.at(id).filter(|step| poles || step.kind != JumpKind::Pole);
        match step.filter(|step| step.inputs.iter().any(|&i| (on_the_way.depends)(i))) {
            Some(step) if !continuity.joins(id, &step) => Way::Found((step.kind, op.name())),
            _ if takes_few_values(op) => Way::Ends,
            _ => Way::GoesOn,
        }
    });
    found.map(|(node, (kind, operation))| Jump { kind, operation, node })
}

/// The first `==` or `!=` by which a cost depends on a site's value and that is met with probability 0.
pub(super) fn never_met(continuity: &mut Continuity<'_, '_>, site: &SiteDef) -> Option<NodeId> {
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

/// What an author's stopped gradient is to whoever follows a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stops {
    /// The end of it, as for a derivative along the sample.
    End,
    /// Nothing: a control variate's slope follows every way from a relaxation to the cost.
    Open,
}

/// The first stopped gradient between a site's value and a cost or the law of a later site, that a value passes. A maximum
/// that is held, which logsumexp and norms shift and scale by, changes no value.
pub(crate) fn stopped(graph: &Graph, site: &SiteDef) -> Option<NodeId> {
    let engine = graph.engine();
    let costs: Vec<NodeId> = graph.costs().iter().map(|c| c.node).collect();
    let needed = ancestors(engine, &costs);
    let end = costs.iter().map(|c| c.index() + 1).max().unwrap_or(0);
    let mut depends = vec![false; end.max(site.value.index() + 1)];
    let mut held: Vec<Option<NodeId>> = vec![None; depends.len()];
    depends[site.value.index()] = true;
    for index in site.value.index() + 1..end {
        let (id, node) = engine.nodes_at(index);
        let inputs = match &node.op {
            Op::Select => &node.inputs[1..],
            _ => &node.inputs[..],
        };
        let (smooth, stop) =
            (inputs.iter().any(|i| depends[i.index()]), inputs.iter().find_map(|i| held[i.index()]));
        if !needed[index] || takes_few_values(&node.op) {
            continue;
        }
        (depends[index], held[index]) = match &node.op {
            Op::StopGradient if is_a_maximum(graph, inputs[0]) => (false, None),
            Op::StopGradient => (false, stop.or(smooth.then_some(id))),
            Op::Reduce(Reduction::Max, _) => (smooth, None),
            Op::Hole(_) if stop.is_some() => return stop,
            Op::Hole(_) => {
                let sites = graph.sites();
                let later = sites.iter().find(|later| later.value == id);
                (smooth && later.is_some_and(|later| later.family.is_reparameterized()), None)
            }
            _ => (smooth, stop),
        };
        if held[index].is_some() && costs.contains(&id) {
            return held[index];
        }
    }
    None
}

/// Whether a node is a maximum: where a gradient is stopped there, it shifts or scales, and changes no value.
pub(super) fn is_a_maximum(graph: &Graph, mut id: NodeId) -> bool {
    let engine = graph.engine();
    while let Op::Reshape { .. } | Op::Broadcast { .. } = engine.node(id).op {
        id = engine.node(id).inputs[0];
    }
    matches!(engine.node(id).op, Op::Reduce(Reduction::Max, _))
}

/// The inputs of a node, and which nodes depend on the site differentiably.
pub(super) struct Inputs<'a> {
    pub inputs: &'a [NodeId],
    pub depends: &'a dyn Fn(NodeId) -> bool,
}

/// What is found at a node.
pub(super) enum Way<T> {
    /// What was looked for.
    Found(T),
    /// Nothing, and what comes out of it is not looked at.
    Ends,
    /// Nothing.
    GoesOn,
}

/// The first node on a differentiable way from the site's value to a cost of which `what` has something to say.
pub(super) fn first_on_the_way<T>(
    graph: &Graph,
    site: &SiteDef,
    stops: Stops,
    follows: impl Fn(usize, &SiteDef) -> bool,
    mut what: impl FnMut(NodeId, &Op, &Inputs<'_>) -> Way<T>,
) -> Option<(NodeId, T)> {
    let engine = graph.engine();
    let costs: Vec<NodeId> = graph.costs().iter().map(|c| c.node).collect();
    let needed = ancestors(engine, &costs);
    let sites = graph.sites();
    let end = costs.iter().map(|c| c.index() + 1).max().unwrap_or(0);
    let mut smooth = vec![false; end.max(site.value.index() + 1)];
    smooth[site.value.index()] = true;
    for index in site.value.index() + 1..end {
        let (id, node) = engine.nodes_at(index);
        if !needed[index] || !node.inputs.iter().any(|i| smooth[i.index()]) {
            continue;
        }
        let depends = |i: NodeId| smooth[i.index()];
        let goes_on = match what(id, &node.op, &Inputs { inputs: &node.inputs, depends: &depends }) {
            Way::Found(found) => return Some((id, found)),
            Way::Ends => false,
            Way::GoesOn => true,
        };
        smooth[index] = goes_on
            && match &node.op {
                Op::StopGradient => stops == Stops::Open && !is_a_maximum(graph, node.inputs[0]),
                Op::Hole(_) => sites.iter().enumerate().any(|(i, s)| s.value == id && follows(i, s)),
                _ => true,
            };
    }
    None
}
