//! The drawing for Mermaid, which web pages and Markdown show.

use std::fmt::Write as _;

use crate::graph::{Diagram, NodeKind};

use super::sites::{Sites, edges, influenced, label_lines};

/// The drawing as a Mermaid flowchart. Dotted edges lead from sites to the costs that they influence.
pub fn mermaid(drawing: &Diagram) -> String {
    let mut out = String::from("flowchart TD\n");
    for (i, node) in drawing.nodes.iter().enumerate() {
        let label = label_lines(node).map(|line| escape_mermaid(&line)).collect::<Vec<_>>().join("<br/>");
        let (open, close, class) = match node.kind {
            NodeKind::Input => ("(", ")", "input"),
            NodeKind::Deterministic => ("[", "]", "deterministic"),
            NodeKind::Stochastic => ("((", "))", "stochastic"),
            NodeKind::Cost => ("{", "}", "cost"),
        };
        let _ = writeln!(out, "  n{i}{open}\"{label}\"{close}:::{class}");
    }
    for (u, v) in edges(drawing) {
        let _ = writeln!(out, "  n{u} --> n{v}");
    }
    for &site in &Sites::of(drawing).sites {
        for cost in influenced(drawing, site) {
            let _ = writeln!(out, "  n{site} -. influences .-> n{cost}");
        }
    }
    out.push_str("  classDef input fill:#f3f4f6,stroke:#9ca3af,color:#111827\n");
    out.push_str("  classDef deterministic fill:#ffffff,stroke:#4b5563,color:#111827\n");
    out.push_str("  classDef stochastic fill:#e8f1f8,stroke:#0072b2,color:#111827\n");
    out.push_str("  classDef cost fill:#fff8e6,stroke:#8a6d1a,color:#111827\n");
    out
}

fn escape_mermaid(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '#' | '"' | '<' | '>' | '&' | '`' | ';' | '\\' | '*' | '_' | '|' | '{' | '}' | '[' | ']' => {
                let _ = write!(out, "#{};", c as u32);
            }
            c => out.push(c),
        }
    }
    out
}
