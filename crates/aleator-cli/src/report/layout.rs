//! Layered drawing of directed graphs (Sugiyama's method), top to bottom.
//!
//! Nodes get layers by the longest path; edges over several layers pass through bends, shared by all edges from one source; barycentres
//! order each layer; and alternating sweeps of isotonic regression move nodes under their neighbours without changing that order.
//! Components are laid out on their own and packed in rows.

use std::collections::BTreeSet;

/// Distance between neighbours in a layer.
const NODE_GAP: f64 = 34.0;
/// Distance between a passing edge and its neighbours.
const BEND_GAP: f64 = 18.0;
/// Least distance between layers.
const LAYER_GAP: f64 = 46.0;
/// Distance between components.
const COMPONENT_GAP: f64 = 56.0;
/// Edges go straight to their target when bends would be more than this.
const MAX_BENDS: usize = 12_000;

/// A vertical stretch in the middle of an edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bend {
    pub(crate) x: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

/// Where everything goes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Centres of the nodes.
    pub(crate) centres: Vec<(f64, f64)>,
    /// The bends of each edge, from source to target.
    pub(crate) bends: Vec<Vec<Bend>>,
}

/// Lays out boxes of the given sizes. Edges to missing nodes are ignored, loops and edges that close a cycle get no bends.
pub(crate) fn layered(sizes: &[(f64, f64)], edges: &[(usize, usize)]) -> Layout {
    let mut layout = Layout {
        centres: vec![(0.0, 0.0); sizes.len()],
        bends: vec![Vec::new(); edges.len()],
        ..Layout::default()
    };
    let rank = topological_rank(sizes.len(), edges);
    let forward = |&(u, v): &(usize, usize)| u < sizes.len() && v < sizes.len() && rank[u] < rank[v];

    let (component_of, components) = connected_components(sizes.len(), edges);
    let mut edges_of: Vec<Vec<usize>> = vec![Vec::new(); components.len()];
    for (e, edge) in edges.iter().enumerate() {
        if forward(edge) {
            edges_of[component_of[edge.0]].push(e);
        }
    }

    let mut parts: Vec<Part> = Vec::new();
    for (mut nodes, edge_ids) in components.into_iter().zip(edges_of) {
        nodes.sort_by_key(|&node| rank[node]);
        parts.push(Part::new(nodes, edge_ids, sizes, edges));
    }
    pack(&mut parts, &mut layout);
    layout
}

/// Position of each node in an order in which sources come before targets, where that is possible.
fn topological_rank(n: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut successors = vec![Vec::new(); n];
    let mut waiting = vec![0usize; n];
    for &(u, v) in edges {
        if u < n && v < n && u != v {
            successors[u].push(v);
            waiting[v] += 1;
        }
    }
    let mut rank = vec![usize::MAX; n];
    let mut ready: BTreeSet<usize> = (0..n).filter(|&v| waiting[v] == 0).collect();
    let mut next_stuck = 0;
    for position in 0..n {
        let node = ready.pop_first().unwrap_or_else(|| {
            // A cycle: go on with the first node of the file that is left.
            while rank[next_stuck] != usize::MAX {
                next_stuck += 1;
            }
            next_stuck
        });
        rank[node] = position;
        for &v in &successors[node] {
            waiting[v] = waiting[v].saturating_sub(1);
            if waiting[v] == 0 && rank[v] == usize::MAX {
                ready.insert(v);
            }
        }
    }
    rank
}

fn connected_components(n: usize, edges: &[(usize, usize)]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let mut neighbours = vec![Vec::new(); n];
    for &(u, v) in edges {
        if u < n && v < n {
            neighbours[u].push(v);
            neighbours[v].push(u);
        }
    }
    let mut component_of = vec![usize::MAX; n];
    let mut components: Vec<Vec<usize>> = Vec::new();
    for root in 0..n {
        if component_of[root] != usize::MAX {
            continue;
        }
        component_of[root] = components.len();
        let mut members = vec![root];
        let mut at = 0;
        while at < members.len() {
            for &v in &neighbours[members[at]] {
                if component_of[v] == usize::MAX {
                    component_of[v] = components.len();
                    members.push(v);
                }
            }
            at += 1;
        }
        components.push(members);
    }
    (component_of, components)
}

/// A node or a bend.
struct Item {
    width: f64,
    height: f64,
    layer: usize,
    bend: bool,
    up: Vec<usize>,
    down: Vec<usize>,
    x: f64,
}

impl Item {
    fn is_end(&self) -> bool {
        self.up.is_empty() || self.down.is_empty()
    }
}

/// One component with its own coordinates.
struct Part {
    nodes: Vec<usize>,
    /// Edge of the drawing and the items of its bends.
    chains: Vec<(usize, Vec<usize>)>,
    /// Nodes (in the order of `nodes`), then bends.
    items: Vec<Item>,
    layers: Vec<Vec<usize>>,
    /// Top and height of each layer.
    bands: Vec<(f64, f64)>,
    width: f64,
    height: f64,
}

impl Part {
    /// `nodes` in topological order.
    fn new(nodes: Vec<usize>, edge_ids: Vec<usize>, sizes: &[(f64, f64)], edges: &[(usize, usize)]) -> Part {
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
        part.order();
        part.place_horizontally();
        part.place_vertically();
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

    /// Reorders layers so that few edges cross.
    fn order(&mut self) {
        let sweeps = if self.items.len() > 3000 { 6 } else { 24 };
        let mut position = vec![0usize; self.items.len()];
        let mut best = self.layers.clone();
        let mut fewest = self.crossings(&mut position);
        for sweep in 0..sweeps {
            if fewest == 0 {
                break;
            }
            let down = sweep % 2 == 0;
            let count = self.layers.len();
            for step in 1..count {
                let layer = if down { step } else { count - 1 - step };
                let reference = if down { layer - 1 } else { layer + 1 };
                for (i, &item) in self.layers[reference].iter().enumerate() {
                    position[item] = i;
                }
                let mut keyed: Vec<(f64, usize)> = Vec::with_capacity(self.layers[layer].len());
                for (i, &item) in self.layers[layer].iter().enumerate() {
                    let neighbours = if down { &self.items[item].up } else { &self.items[item].down };
                    let sum: usize = neighbours.iter().map(|&n| position[n]).sum();
                    let key = if neighbours.is_empty() {
                        i as f64 / self.layers[layer].len() as f64 * self.layers[reference].len() as f64
                    } else {
                        sum as f64 / neighbours.len() as f64
                    };
                    keyed.push((key, item));
                }
                keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
                self.layers[layer] = keyed.into_iter().map(|(_, item)| item).collect();
            }
            if self.items.len() <= 400 {
                self.swap_neighbours(&mut position);
            }
            let crossings = self.crossings(&mut position);
            if crossings < fewest {
                fewest = crossings;
                best.clone_from(&self.layers);
            }
        }
        self.layers = best;
    }

    /// Swaps neighbours in a layer where that removes crossings.
    fn swap_neighbours(&mut self, position: &mut [usize]) {
        for layer in &self.layers {
            for (i, &item) in layer.iter().enumerate() {
                position[item] = i;
            }
        }
        let crossings = |a: &[usize], b: &[usize], position: &[usize]| -> usize {
            a.iter().map(|&u| b.iter().filter(|&&v| position[v] < position[u]).count()).sum()
        };
        for _ in 0..4 {
            let mut improved = false;
            for layer in &mut self.layers {
                for i in 1..layer.len() {
                    let (a, b) = (&self.items[layer[i - 1]], &self.items[layer[i]]);
                    let now = crossings(&a.up, &b.up, position) + crossings(&a.down, &b.down, position);
                    let swapped = crossings(&b.up, &a.up, position) + crossings(&b.down, &a.down, position);
                    if swapped < now {
                        layer.swap(i - 1, i);
                        position[layer[i - 1]] = i - 1;
                        position[layer[i]] = i;
                        improved = true;
                    }
                }
            }
            if !improved {
                break;
            }
        }
    }

    /// Counts crossings between neighbouring layers with a Fenwick tree.
    fn crossings(&self, position: &mut [usize]) -> usize {
        let mut total = 0;
        for pair in self.layers.windows(2) {
            for (i, &item) in pair[1].iter().enumerate() {
                position[item] = i;
            }
            let size = pair[1].len();
            let mut tree = vec![0usize; size + 1];
            let mut seen = 0;
            for &item in &pair[0] {
                let targets = &self.items[item].down;
                for &target in targets {
                    let mut i = position[target] + 1;
                    let mut not_right = 0;
                    while i > 0 {
                        not_right += tree[i];
                        i &= i - 1;
                    }
                    total += seen - not_right;
                }
                for &target in targets {
                    let mut i = position[target] + 1;
                    while i <= size {
                        tree[i] += 1;
                        i += i & i.wrapping_neg();
                    }
                }
                seen += targets.len();
            }
        }
        total
    }

    fn place_horizontally(&mut self) {
        // Offsets that keep neighbours in a layer apart.
        let offsets: Vec<Vec<f64>> = self
            .layers
            .iter()
            .map(|layer| {
                let mut x = 0.0;
                let mut offsets = vec![0.0; layer.len()];
                for i in 1..layer.len() {
                    let (a, b) = (&self.items[layer[i - 1]], &self.items[layer[i]]);
                    let gap = if a.bend || b.bend { BEND_GAP } else { NODE_GAP };
                    x += a.width / 2.0 + gap + b.width / 2.0;
                    offsets[i] = x;
                }
                offsets
            })
            .collect();
        for (layer, offsets) in self.layers.iter().zip(&offsets) {
            let middle = offsets.last().map_or(0.0, |x| x / 2.0);
            for (&item, x) in layer.iter().zip(offsets) {
                self.items[item].x = x - middle;
            }
        }
        // First along one direction at a time, which moves much; then to rest. Long chains need many rounds.
        let rounds = (400_000 / self.items.len().max(1)).clamp(8, 6000);
        let count = self.layers.len();
        for round in 0..rounds {
            let both = round >= 8;
            let mut moved = 0.0_f64;
            let down = round % 2 == 0;
            for step in 0..count {
                let layer = if down { step } else { count - 1 - step };
                let mut wanted = Vec::with_capacity(self.layers[layer].len());
                for (&item, offset) in self.layers[layer].iter().zip(&offsets[layer]) {
                    let this = &self.items[item];
                    let (mut sum, mut weights) = (this.x * 0.01, 0.01);
                    let up = if both || down { this.up.as_slice() } else { &[] };
                    let below = if both || !down { this.down.as_slice() } else { &[] };
                    for &other in up.iter().chain(below) {
                        let other = &self.items[other];
                        // Sources and sinks follow what lies between them, and so the spine of the graph stays upright.
                        let at_end = this.is_end() || other.is_end();
                        let weight = match (this.bend, other.bend) {
                            (true, true) => 8.0,
                            _ if at_end => 0.25,
                            (false, false) => 1.0,
                            _ => 2.0,
                        };
                        sum += weight * other.x;
                        weights += weight;
                    }
                    wanted.push((sum / weights - offset, weights));
                }
                for ((&item, offset), x) in
                    self.layers[layer].iter().zip(&offsets[layer]).zip(isotonic(&wanted))
                {
                    moved = moved.max((self.items[item].x - x - offset).abs());
                    self.items[item].x = x + offset;
                }
            }
            if both && moved < 0.001 {
                break;
            }
        }
        let left = self.items.iter().map(|i| i.x - i.width / 2.0).fold(f64::INFINITY, f64::min);
        let right = self.items.iter().map(|i| i.x + i.width / 2.0).fold(f64::NEG_INFINITY, f64::max);
        for item in &mut self.items {
            item.x -= left;
        }
        self.width = (right - left).max(0.0);
    }

    fn place_vertically(&mut self) {
        let mut top = 0.0;
        for layer in &self.layers {
            let height = layer.iter().map(|&i| self.items[i].height).fold(0.0, f64::max);
            self.bands.push((top, height));
            // Flat edges need more room to be told apart.
            let reach = layer
                .iter()
                .flat_map(|&i| self.items[i].down.iter().map(move |&j| (i, j)))
                .map(|(i, j)| (self.items[i].x - self.items[j].x).abs())
                .fold(0.0, f64::max);
            self.height = top + height;
            top += height + (reach * 0.14).clamp(LAYER_GAP, 130.0);
        }
    }
}

/// Layers by the longest path; a node with more edges down than up then sinks towards its targets.
fn assign_layers(n: usize, pairs: &BTreeSet<(usize, usize)>) -> Vec<usize> {
    let mut layer = vec![0usize; n];
    let mut degree = vec![0isize; n];
    // Nodes are in topological order, and so are the pairs by their source.
    for &(u, v) in pairs {
        layer[v] = layer[v].max(layer[u] + 1);
        degree[u] += 1;
        degree[v] -= 1;
    }
    for u in (0..n).rev() {
        let nearest = pairs.range((u, 0)..(u + 1, 0)).map(|&(_, v)| layer[v]).min();
        if let Some(nearest) = nearest.filter(|_| degree[u] > 0) {
            layer[u] = nearest - 1;
        }
    }
    layer
}

/// The non-decreasing sequence nearest to the weighted values in least squares (pool adjacent violators).
fn isotonic(wanted: &[(f64, f64)]) -> Vec<f64> {
    let mut blocks: Vec<(f64, f64, usize)> = Vec::with_capacity(wanted.len());
    for &(value, weight) in wanted {
        let (mut mean, mut total, mut count) = (value, weight, 1);
        while let Some(&(m, w, c)) = blocks.last() {
            if m <= mean {
                break;
            }
            blocks.pop();
            mean = (mean * total + m * w) / (total + w);
            total += w;
            count += c;
        }
        blocks.push((mean, total, count));
    }
    blocks.into_iter().flat_map(|(mean, _, count)| std::iter::repeat_n(mean, count)).collect()
}

/// Puts components in rows, about as wide as a page, and fills in the layout.
fn pack(parts: &mut [Part], layout: &mut Layout) {
    let widest = parts.iter().map(|p| p.width).fold(0.0, f64::max);
    let area: f64 = parts.iter().map(|p| (p.width + COMPONENT_GAP) * (p.height + COMPONENT_GAP)).sum();
    let limit = widest.max((area * 1.6).sqrt());
    let (mut x, mut y, mut row) = (0.0, 0.0, 0.0_f64);
    for part in parts.iter() {
        if x > 0.0 && x + part.width > limit {
            x = 0.0;
            y += row + COMPONENT_GAP;
            row = 0.0;
        }
        for (i, &node) in part.nodes.iter().enumerate() {
            let (top, height) = part.bands[part.items[i].layer];
            layout.centres[node] = (x + part.items[i].x, y + top + height / 2.0);
        }
        for (e, chain) in &part.chains {
            let bend = |&item: &usize| {
                let (top, height) = part.bands[part.items[item].layer];
                Bend { x: x + part.items[item].x, top: y + top, bottom: y + top + height }
            };
            layout.bends[*e] = chain.iter().map(bend).collect();
        }
        row = row.max(part.height);
        layout.width = layout.width.max(x + part.width);
        layout.height = layout.height.max(y + row);
        x += part.width + COMPONENT_GAP;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn boxes(n: usize) -> Vec<(f64, f64)> {
        vec![(60.0, 30.0); n]
    }

    #[test]
    fn sources_are_above_targets() {
        let edges = [(0, 2), (1, 2), (2, 3), (0, 3)];
        let layout = layered(&boxes(4), &edges);
        for (u, v) in edges {
            assert!(layout.centres[u].1 < layout.centres[v].1);
        }
        assert_eq!(layout.bends[3].len(), 1);
    }

    #[test]
    fn crossings_are_removed() {
        // Two chains that cross in the order of the file.
        let edges = [(0, 3), (1, 2), (2, 4), (3, 4)];
        let layout = layered(&boxes(5), &edges);
        let before = layout.centres[0].0 < layout.centres[1].0;
        assert_eq!(before, layout.centres[3].0 < layout.centres[2].0);
    }

    #[test]
    fn isotonic_pools() {
        assert_eq!(isotonic(&[(1.0, 1.0), (3.0, 1.0), (2.0, 1.0)]), [1.0, 2.5, 2.5]);
        assert_eq!(isotonic(&[]), Vec::<f64>::new());
    }

    proptest! {
        #[test]
        fn boxes_never_overlap(n in 1usize..24, edges in prop::collection::vec((0usize..26, 0usize..26), 0..60)) {
            let layout = layered(&boxes(n), &edges);
            for (i, a) in layout.centres.iter().enumerate() {
                prop_assert!(a.0.is_finite() && a.1.is_finite());
                prop_assert!(a.0 >= 29.9 && a.0 <= layout.width - 29.9 && a.1 <= layout.height);
                for b in &layout.centres[..i] {
                    prop_assert!((a.0 - b.0).abs() > 60.0 || (a.1 - b.1).abs() > 30.0, "{:?} {:?}", a, b);
                }
            }
        }
    }
}
