//! One connected component: its nodes and the bends of its edges, in layers.

use std::collections::BTreeSet;

use super::topology::assign_layers;

/// Edges go straight to their target when bends would be more than this.
const MAX_BENDS: usize = 12_000;

/// A node or a bend.
pub(super) struct Item {
    pub width: f64,
    pub height: f64,
    pub layer: usize,
    pub bend: bool,
    pub up: Vec<usize>,
    pub down: Vec<usize>,
    pub x: f64,
}

impl Item {
    /// Whether edges end or begin here only.
    pub fn is_end(&self) -> bool {
        self.up.is_empty() || self.down.is_empty()
    }
}

/// One component with its own coordinates.
pub(super) struct Part {
    pub nodes: Vec<usize>,
    /// Edge of the drawing and the items of its bends.
    pub chains: Vec<(usize, Vec<usize>)>,
    /// Nodes (in the order of `nodes`), then bends.
    pub items: Vec<Item>,
    pub layers: Vec<Vec<usize>>,
    /// Top and height of each layer.
    pub bands: Vec<(f64, f64)>,
    pub width: f64,
    pub height: f64,
}

impl Part {
    /// `nodes` in topological order; neither ordered within layers nor placed yet.
    pub fn new(
        nodes: Vec<usize>,
        edge_ids: Vec<usize>,
        sizes: &[(f64, f64)],
        edges: &[(usize, usize)],
    ) -> Part {
        let mut local = vec![0; nodes.iter().max().map_or(0, |m| m + 1)];
        for (i, &node) in nodes.iter().enumerate() {
            local[node] = i;
        }
        let pairs: BTreeSet<(usize, usize)> =
            edge_ids.iter().map(|&e| (local[edges[e].0], local[edges[e].1])).collect();
        let layer_of = assign_layers(nodes.len(), &pairs);
        let items = nodes
            .iter()
            .zip(&layer_of)
            .map(|(&node, &layer)| Item {
                width: sizes[node].0,
                height: sizes[node].1,
                layer,
                bend: false,
                up: Vec::new(),
                down: Vec::new(),
                x: 0.0,
            })
            .collect();
        let layers = vec![Vec::new(); layer_of.iter().max().map_or(0, |m| m + 1)];
        let mut part =
            Part { nodes, chains: Vec::new(), items, layers, bands: Vec::new(), width: 0.0, height: 0.0 };
        part.add_bends(&edge_ids, edges, &local);
        for item in 0..part.items.len() {
            part.layers[part.items[item].layer].push(item);
        }
        part
    }

    /// One chain of bends per source, long enough for its furthest target.
    fn add_bends(&mut self, edge_ids: &[usize], edges: &[(usize, usize)], local: &[usize]) {
        let mut targets: Vec<Vec<(usize, usize)>> = vec![Vec::new(); self.nodes.len()];
        for &e in edge_ids {
            targets[local[edges[e].0]].push((local[edges[e].1], e));
        }
        let mut budget = MAX_BENDS;
        for (source, targets) in targets.into_iter().enumerate() {
            let layer = self.items[source].layer;
            let last = targets.iter().map(|&(target, _)| self.items[target].layer).max().unwrap_or(layer + 1);
            let mut length = last.saturating_sub(layer + 1);
            if length > budget {
                length = 0;
            }
            budget -= length;
            // chain[i] is what an edge passes in layer `layer + i`.
            let mut chain = vec![source];
            for step in 1..=length {
                let bend = self.items.len();
                let above = chain[step - 1];
                self.items.push(Item {
                    width: 0.0,
                    height: 0.0,
                    layer: layer + step,
                    bend: true,
                    up: vec![above],
                    down: Vec::new(),
                    x: 0.0,
                });
                self.items[above].down.push(bend);
                chain.push(bend);
            }
            let mut joined = BTreeSet::new();
            for (target, e) in targets {
                let span = self.items[target].layer - layer;
                if span <= chain.len() {
                    let above = chain[span - 1];
                    if joined.insert(target) {
                        self.items[above].down.push(target);
                        self.items[target].up.push(above);
                    }
                    self.chains.push((e, chain[1..span].to_vec()));
                }
            }
        }
    }
}
