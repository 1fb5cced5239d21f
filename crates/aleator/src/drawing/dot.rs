//! The drawing for Graphviz.

use std::fmt::Write as _;

use crate::graph::{Diagram, NodeKind};

use super::sites::{Sites, edges, influenced, label_lines};

/// The drawing in Graphviz's language. Dashed edges lead from sites to the costs that they influence.
pub fn dot(drawing: &Diagram) -> String {
    let mut out = String::from("digraph aleator {\n");
    out.push_str("  rankdir=TB; bgcolor=\"white\"; nodesep=0.4; ranksep=0.5;\n");
    out.push_str("  node [fontname=\"Helvetica,Arial,sans-serif\", fontsize=12, style=filled, fillcolor=\"white\", color=\"#4b5563\"];\n");
    out.push_str("  edge [color=\"#6b7280\", arrowsize=0.7];\n");
    let sites = Sites::of(drawing);
    for (i, node) in drawing.nodes.iter().enumerate() {
        let label = label_lines(node).map(|line| escape_dot(&line)).collect::<Vec<_>>().join("\\n");
        let style = match node.kind {
            NodeKind::Input => {
                "shape=box, style=\"rounded,filled\", fillcolor=\"#f3f4f6\", color=\"#9ca3af\"".to_string()
            }
            NodeKind::Deterministic => "shape=box".to_string(),
            NodeKind::Stochastic => {
                format!("shape=ellipse, penwidth=1.6, color=\"{}\"", sites.color(i))
            }
            NodeKind::Cost => "shape=diamond, fillcolor=\"#fff8e6\", color=\"#8a6d1a\"".to_string(),
        };
        let _ = writeln!(out, "  n{i} [label=\"{label}\", {style}];");
    }
    for (u, v) in edges(drawing) {
        let _ = writeln!(out, "  n{u} -> n{v};");
    }
    for &site in &sites.sites {
        for cost in influenced(drawing, site) {
            let color = sites.color(site);
            let _ = writeln!(
                out,
                "  n{site} -> n{cost} [style=dashed, arrowhead=dot, constraint=false, color=\"{color}\"];"
            );
        }
    }
    out.push_str("}\n");
    out
}

fn escape_dot(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
