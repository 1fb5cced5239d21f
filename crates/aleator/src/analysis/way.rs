//! The differentiable paths (*ways*) from samples to costs.
//!
//! Each search looks for a property of an edge, from an input to the node that uses it. One backward pass from the costs to the
//! sites therefore finds the first place for every site at once.

use std::collections::HashMap;

use aleator_engine::graph::{Binary, NodeId, Op, Reduction, ancestors, dependents};

use crate::graph::{Graph, SiteDef};

/// How a search treats the author's stopped gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stops {
    /// The path ends there, as for a derivative along the sample.
    End,
    /// It is ignored: the derivative of a control variate follows every path from a relaxation to the cost.
    Open,
}

/// Whether a node is a maximum. If its gradient is stopped, it only shifts or scales and does not change the value. A maximum that is
/// replaced by a number where it is infinite is one as well.
pub(crate) fn is_a_maximum(graph: &Graph, mut id: NodeId) -> bool {
    let engine = graph.engine();
    let number = |id: &NodeId| engine.scalar_value(*id);
    let asks_for_infinity = |id: NodeId| {
        engine.with_node(id, |node| {
            let compares = matches!(node.op, Op::Binary(Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne));
            compares && node.inputs.iter().any(|i| number(i).is_some_and(f64::is_infinite))
        })
    };
    loop {
        let copied = engine.with_node(id, |node| match (&node.op, &node.inputs[..]) {
            (Op::Reshape { .. } | Op::Broadcast { .. }, [x]) => Ok(*x),
            (Op::Binary(Binary::Max), [x, y]) if number(x) == Some(f64::NEG_INFINITY) => Ok(*y),
            (Op::Binary(Binary::Max), [x, y]) if number(y) == Some(f64::NEG_INFINITY) => Ok(*x),
            (Op::Select, [c, x, y]) if asks_for_infinity(*c) && number(y).is_some() => Ok(*x),
            (Op::Select, [c, x, y]) if asks_for_infinity(*c) && number(x).is_some() => Ok(*y),
            (Op::Reduce(Reduction::Max, _), _) => Err(true),
            _ => Err(false),
        });
        match copied {
            Ok(input) => id = input,
            Err(is_maximum) => return is_maximum,
        }
    }
}

/// The next edge of a path: from the input at `position` to the node `id`.
pub(crate) struct Edge<'a> {
    pub id: NodeId,
    pub op: &'a Op,
    pub inputs: &'a [NodeId],
    pub position: usize,
}

/// The result of examining an edge.
pub(crate) enum Way<T> {
    /// What the search looks for. It is the same for every edge to the node.
    Found(T),
    /// Nothing, and the path does not continue through the node.
    Ends,
    /// The input has no effect on the node: what is on a path to it alone does not count.
    Unused,
    /// Nothing.
    GoesOn,
}

/// For each node, the first place on a differentiable path from it to a cost at which something is found.
pub(crate) struct FirstOnTheWay<T> {
    first: Vec<Option<NodeId>>,
    said: HashMap<NodeId, T>,
}

impl<T> FirstOnTheWay<T> {
    /// Searches a graph in its current state. `follows` says, by number and definition, through which later sites a path
    /// continues.
    pub fn of(
        graph: &Graph,
        stops: Stops,
        follows: impl Fn(usize, &SiteDef) -> bool,
        mut what: impl FnMut(&Edge<'_>) -> Way<T>,
    ) -> Self {
        let engine = graph.engine();
        let costs: Vec<NodeId> = graph.costs().iter().map(|c| c.node).collect();
        let needed = ancestors(engine, &costs);
        let sites = graph.sites();
        let passes: HashMap<NodeId, bool> =
            sites.iter().enumerate().map(|(i, site)| (site.value, follows(i, site))).collect();
        let random = dependents(engine, &sites.iter().map(|s| s.value).collect::<Vec<_>>());
        let mut found = FirstOnTheWay { first: vec![None; needed.len()], said: HashMap::new() };
        let mut used = vec![false; needed.len()];
        costs.iter().for_each(|cost| used[cost.index()] = true);
        for index in (0..needed.len()).rev().filter(|&i| needed[i] && random[i]) {
            if !used[index] {
                continue;
            }
            let (id, node) = engine.nodes_at(index);
            let goes_on = match &node.op {
                Op::StopGradient => stops == Stops::Open && !is_a_maximum(graph, node.inputs[0]),
                Op::Hole(_) => passes.get(&id) == Some(&true),
                _ => true,
            };
            for (position, &input) in node.inputs.iter().enumerate().filter(|(_, i)| random[i.index()]) {
                let edge = Edge { id, op: &node.op, inputs: &node.inputs, position };
                let way = what(&edge);
                if matches!(way, Way::Unused) {
                    continue;
                }
                used[input.index()] = true;
                let place = match way {
                    Way::Found(said) => {
                        found.said.insert(id, said);
                        Some(id)
                    }
                    Way::Ends | Way::Unused => None,
                    Way::GoesOn => found.first[index].filter(|_| goes_on),
                };
                let first = &mut found.first[input.index()];
                *first = first.iter().copied().chain(place).min();
            }
        }
        found
    }

    /// The first place on a path from a site's value.
    pub fn from(&self, site: &SiteDef) -> Option<(NodeId, &T)> {
        let first = (*self.first.get(site.value.index())?)?;
        Some((first, self.said.get(&first)?))
    }
}
