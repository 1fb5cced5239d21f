//! Layered drawing of directed graphs (Sugiyama's method), top to bottom.
//!
//! Nodes get layers by the longest path; edges over several layers pass through bends, shared by all edges from one source; barycentres
//! order each layer; and alternating sweeps of isotonic regression move nodes under their neighbours without changing that order.
//! Components are laid out on their own and packed in rows.

mod order;
mod part;
mod place;
mod topology;

use part::Part;
use topology::{connected_components, topological_rank};

/// Distance between components.
const COMPONENT_GAP: f64 = 56.0;

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
        let mut part = Part::new(nodes, edge_ids, sizes, edges);
        part.order();
        part.place_horizontally();
        part.place_vertically();
        parts.push(part);
    }
    pack(&mut parts, &mut layout);
    layout
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
