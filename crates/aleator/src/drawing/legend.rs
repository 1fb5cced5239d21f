//! The legend of the SVG picture.

use std::fmt::Write as _;

use crate::graph::{Diagram, NodeKind};

use super::nodes::{DOT, outline};
use super::sites::{Sites, influenced};
use super::text::{ellipsize, escape_xml, printable, text_width};

/// Most sites in the legend.
const MAX_LEGEND: usize = 16;

/// The legend as a piece of SVG, and its size.
pub(super) struct Legend {
    pub svg: String,
    pub width: f64,
    pub height: f64,
}

/// What shapes and dots mean, in lines of at most `limit` wide where single entries allow it.
pub(super) fn legend(drawing: &Diagram, sites: &Sites, limit: f64) -> Legend {
    const SIZE: f64 = 11.5;
    let kinds = [
        (NodeKind::Input, "input"),
        (NodeKind::Deterministic, "deterministic"),
        (NodeKind::Stochastic, "stochastic"),
        (NodeKind::Cost, "cost"),
    ];
    let present = kinds.iter().filter(|(kind, _)| drawing.nodes.iter().any(|n| n.kind == *kind));
    // Each line is a list of entries: glyph, text, bold part in front.
    let mut groups: Vec<Vec<(String, String, String)>> = Vec::new();
    groups.push(
        present
            .map(|&(kind, word)| {
                let (w, h) = if kind == NodeKind::Cost {
                    (19.0, 14.0)
                } else {
                    (if kind == NodeKind::Input { 17.0 } else { 13.0 }, 13.0)
                };
                (outline(kind, w, h, "#4b5563"), String::new(), word.to_string())
            })
            .collect(),
    );
    let mut influences = Vec::new();
    for &site in sites.sites.iter().take(MAX_LEGEND) {
        let costs: Vec<String> =
            influenced(drawing, site).into_iter().map(|c| printable(&drawing.nodes[c].name)).collect();
        let costs = if costs.is_empty() { "no cost".to_string() } else { ellipsize(&costs.join(", "), 60) };
        let dot = format!("<circle r=\"{DOT}\" fill=\"{}\"/>\n", sites.color(site));
        let name = ellipsize(&printable(&drawing.nodes[site].name), 28);
        influences.push((dot, name, format!("influences {costs}")));
    }
    if sites.sites.len() > MAX_LEGEND {
        influences.push((
            String::new(),
            String::new(),
            format!("and {} more sites", sites.sites.len() - MAX_LEGEND),
        ));
    }
    groups.push(influences);

    let mut legend = Legend { svg: String::new(), width: 0.0, height: 0.0 };
    for group in groups.into_iter().filter(|g| !g.is_empty()) {
        legend.height += 20.0;
        let mut x = 0.0;
        for (glyph, bold, plain) in group {
            let bold_width = if bold.is_empty() { 0.0 } else { text_width(&bold, SIZE, true) + 5.0 };
            let entry = 18.0 + bold_width + text_width(&plain, SIZE, false);
            if x > 0.0 && x + entry > limit {
                x = 0.0;
                legend.height += 20.0;
            }
            let y = legend.height - 10.0;
            let _ = write!(legend.svg, r#"<g transform="translate({:.1} {y:.1})">{glyph}"#, x + 7.0);
            let _ = write!(legend.svg, r##"<text x="14" y="4" font-size="{SIZE}" fill="#4b5563">"##);
            if !bold.is_empty() {
                let _ = write!(
                    legend.svg,
                    r##"<tspan font-weight="bold" fill="#111827">{}</tspan> "##,
                    escape_xml(&bold)
                );
            }
            let _ = writeln!(legend.svg, "{}</text></g>", escape_xml(&plain));
            legend.width = legend.width.max(x + entry);
            x += entry + 24.0;
        }
    }
    legend
}
