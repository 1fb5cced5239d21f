//! Sets of nodes that are reached from other nodes, at a computational cost that depends on the size of the set and not of the
//! graph.
//!
//! Inputs have smaller ids than the nodes that use them. A traversal from some nodes to their inputs that always continues with
//! the largest id therefore visits every node once, in descending order, and needs no table of visited nodes. A node that was
//! created before all of some others cannot depend on them, so a traversal towards them stops there.

use std::collections::BinaryHeap;

use super::arena::{Graph, NodeId};
use super::op::Op;

/// A set of nodes of one graph, in the order of their ids: inputs precede the nodes that use them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSet {
    /// The ids in ascending order, each once.
    ids: Vec<NodeId>,
}

impl NodeSet {
    /// The nodes from which `sinks` are computed, including `sinks`.
    pub fn ancestors(graph: &Graph, sinks: &[NodeId]) -> Self {
        Self::walk_back(graph, sinks, NodeId(0), |_, _| true)
    }

    /// The nodes that depend on some of `sources` and on which some of `sinks` depend, including both. Nodes that were created
    /// before all sources are not visited.
    pub fn between(graph: &Graph, sources: &[NodeId], sinks: &[NodeId]) -> Self {
        Self::between_through(graph, sources, sinks, |_, _| true)
    }

    /// The same, along the inputs of an operation for which `passes` is true.
    pub(crate) fn between_through(
        graph: &Graph,
        sources: &[NodeId],
        sinks: &[NodeId],
        passes: impl Fn(&Op, usize) -> bool,
    ) -> Self {
        let mut sources = sources.to_vec();
        sources.sort_unstable();
        let Some(&first) = sources.first() else { return NodeSet::default() };
        let reached = Self::walk_back(graph, sinks, first, &passes);
        let mut between = NodeSet::default();
        for id in reached.iter() {
            let depends = sources.binary_search(&id).is_ok()
                || graph.with_node(id, |n| {
                    let mut inputs = n.inputs.iter().enumerate();
                    inputs.any(|(i, input)| passes(&n.op, i) && between.contains(*input))
                });
            if depends {
                // `reached` is ascending, and so is any selection from it.
                between.ids.push(id);
            }
        }
        between
    }

    /// The nodes, beginning at `first`, from which `sinks` are computed, along the inputs for which `passes` is true.
    fn walk_back(
        graph: &Graph,
        sinks: &[NodeId],
        first: NodeId,
        passes: impl Fn(&Op, usize) -> bool,
    ) -> Self {
        let mut ahead: BinaryHeap<NodeId> = sinks.iter().copied().filter(|id| *id >= first).collect();
        let mut ids = Vec::new();
        while let Some(id) = ahead.pop() {
            if ids.last() == Some(&id) {
                continue;
            }
            ids.push(id);
            graph.with_node(id, |n| {
                let inputs = n.inputs.iter().enumerate();
                ahead
                    .extend(inputs.filter(|&(i, input)| *input >= first && passes(&n.op, i)).map(|(_, i)| i));
            });
        }
        ids.reverse();
        NodeSet { ids }
    }

    /// The number of nodes in the set.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether the set contains a node.
    pub fn contains(&self, id: NodeId) -> bool {
        self.position(id).is_some()
    }

    /// The index of a node within the set, if the set contains it.
    pub fn position(&self, id: NodeId) -> Option<usize> {
        self.ids.binary_search(&id).ok()
    }

    /// Iterates over the nodes: inputs precede the nodes that use them, and follow them in reverse.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = NodeId> + ExactSizeIterator + '_ {
        self.ids.iter().copied()
    }
}

/// Which nodes depend on others, including those. The result is indexed by node and covers all current nodes. It examines every
/// node that was created after the first of `sources`.
pub fn dependents(graph: &Graph, sources: &[NodeId]) -> Vec<bool> {
    let mut depends = vec![false; graph.len()];
    for source in sources {
        depends[source.index()] = true;
    }
    let first = sources.iter().map(|s| s.index() + 1).min().unwrap_or(usize::MAX);
    for i in first..depends.len() {
        let through =
            graph.with_node(NodeId(i as u32), |n| n.inputs.iter().any(|input| depends[input.index()]));
        depends[i] |= through;
    }
    depends
}

/// Which nodes others are computed from, including those. The result is indexed by node and covers all current nodes, for passes
/// that examine a whole graph once. The computational cost of [`NodeSet::ancestors`] depends only on the nodes that it reaches.
pub fn ancestors(graph: &Graph, sinks: &[NodeId]) -> Vec<bool> {
    let mut needed = vec![false; graph.len()];
    for sink in sinks {
        needed[sink.index()] = true;
    }
    let last = sinks.iter().map(|s| s.index() + 1).max().unwrap_or(0);
    for i in (0..last).rev() {
        if needed[i] {
            graph.with_node(NodeId(i as u32), |n| {
                for input in &n.inputs {
                    needed[input.index()] = true;
                }
            });
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Expr;

    /// A chain of n steps from `x`, each of several nodes.
    fn chain<'g>(x: Expr<'g>, n: usize) -> Expr<'g> {
        (0..n).fold(x, |y, i| (y * (2.0 + i as f64)).tanh())
    }

    fn of(graph: &Graph, which: &[bool]) -> Vec<NodeId> {
        graph.ids().filter(|id| which[id.index()]).collect()
    }

    #[test]
    fn sets_are_what_the_whole_graph_says() {
        let graph = Graph::new();
        let (a, b) = (graph.input("a", [3]), graph.input("b", [3]));
        let (left, right) = (chain(a, 5), chain(b, 5));
        let joined = chain(left + right, 4);
        let aside = chain(left, 3);
        for sinks in [vec![joined], vec![aside, right], vec![a], vec![joined, joined, aside], vec![]] {
            let sinks: Vec<NodeId> = sinks.iter().map(|e| e.id()).collect();
            let whole = ancestors(&graph, &sinks);
            let set = NodeSet::ancestors(&graph, &sinks);
            assert_eq!(set.iter().collect::<Vec<_>>(), of(&graph, &whole));
            assert!(graph.ids().all(|id| set.contains(id) == whole[id.index()]));
            for sources in [vec![a], vec![left], vec![right, a], vec![joined], vec![]] {
                let sources: Vec<NodeId> = sources.iter().map(|e| e.id()).collect();
                let behind = dependents(&graph, &sources);
                let both: Vec<bool> = whole.iter().zip(&behind).map(|(a, b)| *a && *b).collect();
                let set = NodeSet::between(&graph, &sources, &sinks);
                assert_eq!(set.iter().collect::<Vec<_>>(), of(&graph, &both));
                assert_eq!((set.len(), set.is_empty()), (of(&graph, &both).len(), !both.contains(&true)));
            }
        }
    }

    #[test]
    fn a_walk_visits_what_it_reaches_and_nothing_else() {
        let graph = Graph::new();
        let x = graph.input("x", [3]);
        let long = chain(x, 40_000);
        let small = chain(long, 3);
        chain(long, 10_000);
        assert!(graph.len() > 100_000);
        // All nodes before `long` are below the first relevant id.
        assert_eq!(NodeSet::walk_back(&graph, &[small.id()], long.id(), |_, _| true).len(), 7);
        assert_eq!(NodeSet::between(&graph, &[long.id()], &[small.id()]).len(), 7);
        let fresh = chain(graph.input("y", [3]), 2);
        assert_eq!(NodeSet::ancestors(&graph, &[fresh.id()]).len(), 7);
    }
}
