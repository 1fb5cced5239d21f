//! Where a cost jumps as a function of a sample: what makes a pathwise derivative wrong without any error.

use aleator_engine::graph::{Binary, NodeId, Op, Unary, ancestors};

use super::model::{Graph, SiteDef};

/// What kind of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JumpKind {
    /// `<`, `<=`, `==`, `!=`
    Comparison,
    /// `where` with a condition on the sample.
    Choice,
    /// `floor`
    Rounding,
    /// `sign`
    Sign,
    /// `argmax`
    ArgMax,
    /// `one_hot`: the place of the 1.
    OneHot,
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
            JumpKind::BlackBox => format!("the black box `{}`", self.operation),
            JumpKind::Choice | JumpKind::Rounding | JumpKind::Sign | JumpKind::ArgMax => {
                format!("`{}`", self.operation)
            }
        }
    }
}

/// The first step (comparison, choice, floor, sign, argmax, black box) on a way from the site's value to a cost. Where the
/// way leads through a later site without a differentiable draw, its probabilities may still be smooth: that way is not
/// followed further.
pub fn jump(graph: &Graph, site: &SiteDef) -> Option<Jump> {
    jump_through(graph, site, |_, later| later.family.is_reparameterized())
}

/// The same, where `follows` says (by number and definition) through which later sites the way leads on.
pub(super) fn jump_through(
    graph: &Graph,
    site: &SiteDef,
    follows: impl Fn(usize, &SiteDef) -> bool,
) -> Option<Jump> {
    first_on_the_way(graph, site, follows, |op, comes_from| {
        let kind = match op {
            Op::Unary(Unary::Sign) => JumpKind::Sign,
            Op::Unary(Unary::Floor) => JumpKind::Rounding,
            Op::Binary(Binary::Eq) if comes_from.inputs.iter().any(|&i| counts(graph, i)) => JumpKind::OneHot,
            Op::Binary(Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne) => JumpKind::Comparison,
            Op::ArgMax => JumpKind::ArgMax,
            Op::External(_) => JumpKind::BlackBox,
            // A choice by the sample, whatever the condition is made of. (That both sides may meet is not seen.)
            Op::Select if (comes_from.depends)(comes_from.inputs[0]) => JumpKind::Choice,
            _ => return None,
        };
        Some((kind, op.name()))
    })
    .map(|(node, (kind, operation))| Jump { kind, operation, node })
}

/// Whether a node is 0, 1, …, n − 1, perhaps with more axes.
fn counts(graph: &Graph, mut node: NodeId) -> bool {
    loop {
        let (op, inputs) = graph.engine().with_node(node, |n| (n.op.clone(), n.inputs.clone()));
        match op {
            Op::Iota => return true,
            Op::Reshape { .. } | Op::Broadcast { .. } => node = inputs[0],
            _ => return false,
        }
    }
}

/// The inputs of a node, and which nodes depend on the site differentiably.
pub(super) struct Inputs<'a> {
    pub inputs: &'a [NodeId],
    pub depends: &'a dyn Fn(NodeId) -> bool,
}

/// The first node on a differentiable way from the site's value to a cost of which `what` has something to say.
pub(super) fn first_on_the_way<T>(
    graph: &Graph,
    site: &SiteDef,
    follows: impl Fn(usize, &SiteDef) -> bool,
    what: impl Fn(&Op, &Inputs<'_>) -> Option<T>,
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
        if let Some(found) = what(&node.op, &Inputs { inputs: &node.inputs, depends: &depends }) {
            return Some((id, found));
        }
        smooth[index] = match &node.op {
            Op::StopGradient => false,
            Op::Hole(_) => sites.iter().enumerate().any(|(i, s)| s.value == id && follows(i, s)),
            _ => true,
        };
    }
    None
}
