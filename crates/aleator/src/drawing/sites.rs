//! What every picture of a drawing shows: nodes and edges that exist, and which sites influence which costs, in which colours.

use std::collections::BTreeSet;

use crate::graph::{Diagram, DiagramNode, NodeKind};

use super::text::printable;

/// Colours of sites, told apart also by people who confuse red and green (after Okabe and Ito, darkened for text on white).
const SITE_COLORS: [&str; 8] =
    ["#0072b2", "#d55e00", "#009e73", "#aa3d86", "#b8860b", "#3a9bd0", "#7a4fbf", "#7f5539"];

/// Edges between nodes that exist, each once.
pub(super) fn edges(drawing: &Diagram) -> Vec<(usize, usize)> {
    let n = drawing.nodes.len();
    let mut seen = BTreeSet::new();
    drawing.edges.iter().copied().filter(|&(u, v)| u < n && v < n && u != v && seen.insert((u, v))).collect()
}

/// The costs influenced by a site, each once: indices of nodes.
pub(super) fn influenced(drawing: &Diagram, site: usize) -> BTreeSet<usize> {
    let is_cost = |&i: &usize| drawing.nodes.get(i).is_some_and(|n| n.kind == NodeKind::Cost);
    drawing.nodes[site].influences.iter().copied().filter(is_cost).collect()
}

/// The lines of a node's label that are not empty.
pub(super) fn label_lines(node: &DiagramNode) -> impl Iterator<Item = String> {
    [printable(&node.name), printable(&node.detail)].into_iter().filter(|line| !line.trim().is_empty())
}

/// The random sites and their colours.
pub(super) struct Sites {
    pub sites: Vec<usize>,
    /// By node: its place among the sites.
    order: Vec<Option<usize>>,
    /// By node: the sites that influence this cost.
    pub influencing: Vec<Vec<usize>>,
}

impl Sites {
    pub fn of(drawing: &Diagram) -> Sites {
        let sites: Vec<usize> =
            (0..drawing.nodes.len()).filter(|&i| drawing.nodes[i].kind == NodeKind::Stochastic).collect();
        let mut order = vec![None; drawing.nodes.len()];
        for (place, &site) in sites.iter().enumerate() {
            order[site] = Some(place);
        }
        let mut influencing = vec![Vec::new(); drawing.nodes.len()];
        for &site in &sites {
            for cost in influenced(drawing, site) {
                influencing[cost].push(site);
            }
        }
        Sites { sites, order, influencing }
    }

    pub fn color(&self, node: usize) -> String {
        match self.order[node] {
            None => "#4b5563".to_string(),
            Some(place) if place < SITE_COLORS.len() => SITE_COLORS[place].to_string(),
            // Golden angles keep later hues apart.
            Some(place) => hue_to_hex((place as f64 * 137.508) % 360.0),
        }
    }
}

/// A dark colour of the given hue in degrees (saturation 0.6, lightness 0.4).
fn hue_to_hex(hue: f64) -> String {
    let channel = |n: f64| {
        let k = (n + hue / 30.0) % 12.0;
        let value = 0.4 - 0.24 * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0);
        (value * 255.0).round() as u8
    };
    format!("#{:02x}{:02x}{:02x}", channel(0.0), channel(8.0), channel(4.0))
}
