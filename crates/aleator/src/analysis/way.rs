//! The differentiable ways from a sample to a cost, followed node by node.

use aleator_engine::graph::{NodeId, Op, Reduction, ancestors};

use crate::graph::{Graph, SiteDef};

/// What an author's stopped gradient is to whoever follows a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stops {
    /// The end of it, as for a derivative along the sample.
    End,
    /// Nothing: a control variate's slope follows every way from a relaxation to the cost.
    Open,
}

/// Whether a node is a maximum: where a gradient is stopped there, it shifts or scales, and changes no value.
pub(crate) fn is_a_maximum(graph: &Graph, mut id: NodeId) -> bool {
    let engine = graph.engine();
    while let Op::Reshape { .. } | Op::Broadcast { .. } = engine.node(id).op {
        id = engine.node(id).inputs[0];
    }
    matches!(engine.node(id).op, Op::Reduce(Reduction::Max, _))
}

/// The inputs of a node, and which nodes depend on the site differentiably.
pub(crate) struct Inputs<'a> {
    pub inputs: &'a [NodeId],
    pub depends: &'a dyn Fn(NodeId) -> bool,
}

/// What is found at a node.
pub(crate) enum Way<T> {
    /// What was looked for.
    Found(T),
    /// Nothing, and what comes out of it is not looked at.
    Ends,
    /// Nothing.
    GoesOn,
}

/// The first node on a differentiable way from the site's value to a cost of which `what` has something to say.
pub(crate) fn first_on_the_way<T>(
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
