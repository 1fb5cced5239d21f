//! The diagram of a stochastic computation graph as data: its nodes and edges, without layout or appearance.

use std::collections::HashMap;

use aleator_engine::graph::{NodeId, dependents};

use super::model::Graph;

/// The kind of a node in the diagram, which determines its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A parameter, constant or data input.
    Input,
    /// A deterministic expression: a square.
    Deterministic,
    /// A random site: a circle.
    Stochastic,
    /// A cost: a diamond.
    Cost,
}

/// One node of the diagram.
#[derive(Clone, Debug)]
pub struct DiagramNode {
    /// The name of the node in the file.
    pub name: String,
    /// The second line: shape, distribution or estimator, such as `Bernoulli [3] via rebar`.
    pub detail: String,
    /// The kind of the node.
    pub kind: NodeKind,
    /// For a site: the indices of the costs it influences.
    pub influences: Vec<usize>,
}

/// The nodes and the edges `from → to` between them (indices into `nodes`). The diagram is acyclic.
#[derive(Clone, Debug, Default)]
pub struct Diagram {
    /// The nodes in the order of the file.
    pub nodes: Vec<DiagramNode>,
    /// The edges of the data flow.
    pub edges: Vec<(usize, usize)>,
}

impl Diagram {
    /// Creates the diagram of a graph. It contains the named nodes, and edges from the named nodes that each one is computed
    /// from.
    pub fn of(graph: &Graph) -> Self {
        let engine = graph.engine();
        let (sites, costs) = (graph.sites(), graph.costs());
        let (params, data) = (graph.params(), graph.datasets());
        let named = graph.named();
        let mut diagram = Diagram::default();
        let mut drawn: HashMap<NodeId, usize> = HashMap::new();
        for (name, id) in &named {
            let shape = engine.expr(*id).shape();
            let of_shape = if shape.rank() == 0 { String::new() } else { format!(" {shape}") };
            let is_cost = costs.iter().any(|c| c.name == *name && c.node == *id);
            let (kind, detail) = if is_cost {
                (NodeKind::Cost, format!("cost{of_shape}"))
            } else if let Some(site) = sites.iter().find(|s| s.value == *id) {
                let via = site.choice.as_ref().map(|e| format!(" via {}", e.name()));
                (NodeKind::Stochastic, format!("{}{of_shape}{}", site.family.name(), via.unwrap_or_default()))
            } else if params.iter().any(|p| p.node == *id) {
                (NodeKind::Input, format!("param{of_shape}"))
            } else if data.iter().any(|d| d.node == *id) {
                (NodeKind::Input, format!("data{of_shape}"))
            } else if engine.with_node(*id, |n| n.inputs.is_empty()) {
                (NodeKind::Input, format!("const{of_shape}"))
            } else {
                (NodeKind::Deterministic, of_shape.trim().to_string())
            };
            let place = diagram.nodes.len();
            // A second name for the same node (for example a cost that is a site) gets an edge from the first.
            match drawn.get(id) {
                Some(&first) => diagram.edges.push((first, place)),
                None => {
                    let sources = named_sources(graph, *id, &drawn);
                    diagram.edges.extend(sources.into_iter().map(|source| (source, place)));
                    drawn.insert(*id, place);
                }
            }
            diagram.nodes.push(DiagramNode { name: name.clone(), detail, kind, influences: vec![] });
        }
        for site in &sites {
            let depends = dependents(engine, &[site.value]);
            let reached = (0..diagram.nodes.len())
                .filter(|&i| diagram.nodes[i].kind == NodeKind::Cost)
                .filter(|&i| depends[named[i].1.index()])
                .collect();
            if let Some(&place) = drawn.get(&site.value) {
                diagram.nodes[place].influences = reached;
            }
        }
        diagram
    }
}

/// The named nodes from which a node is computed, without other named nodes in between.
fn named_sources(graph: &Graph, id: NodeId, drawn: &HashMap<NodeId, usize>) -> Vec<usize> {
    let engine = graph.engine();
    let mut found = Vec::new();
    let mut seen = vec![false; engine.len()];
    let mut stack = engine.node(id).inputs;
    while let Some(id) = stack.pop() {
        if std::mem::replace(&mut seen[id.index()], true) {
            continue;
        }
        match drawn.get(&id) {
            Some(&place) => found.push(place),
            None => stack.extend(engine.node(id).inputs),
        }
    }
    found.sort_unstable();
    found
}
