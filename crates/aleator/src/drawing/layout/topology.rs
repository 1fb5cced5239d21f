//! An order of the nodes, the components that no edge connects, and the layers.

use std::collections::BTreeSet;

/// Position of each node in an order in which sources come before targets, where that is possible.
pub(super) fn topological_rank(n: usize, edges: &[(usize, usize)]) -> Vec<usize> {
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

/// The component of each node, and the nodes of each component.
pub(super) fn connected_components(n: usize, edges: &[(usize, usize)]) -> (Vec<usize>, Vec<Vec<usize>>) {
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

/// Layers by the longest path; a node with more edges down than up then sinks towards its targets.
pub(super) fn assign_layers(n: usize, pairs: &BTreeSet<(usize, usize)>) -> Vec<usize> {
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
