//! Nodes in the SVG picture: their outlines, text and dots.

use std::fmt::Write as _;

use crate::graph::{Diagram, DiagramNode, NodeKind};

use super::sites::{Sites, label_lines};
use super::text::{ellipsize, escape_xml, printable, text_width};

/// Size of the letters of a name.
pub(super) const NAME_SIZE: f64 = 14.0;
const DETAIL_SIZE: f64 = 11.0;
const LINE: f64 = 15.0;
/// Radius of a dot.
pub(super) const DOT: f64 = 4.0;
const DOT_STEP: f64 = 12.0;
/// Most dots on one cost; the rest is a number.
const MAX_DOTS: usize = 8;

/// A node's outline and text, around its centre.
pub(super) struct Shape {
    kind: NodeKind,
    pub width: f64,
    pub height: f64,
    name: String,
    detail: String,
    /// Colours of the sites that influence a cost.
    dots: Vec<String>,
    /// Sites beyond the last dot.
    more: usize,
}

impl Shape {
    pub fn of(drawing: &Diagram, index: usize, sites: &Sites) -> Shape {
        let node = &drawing.nodes[index];
        let limit = if node.kind == NodeKind::Cost { 24 } else { 36 };
        let name = ellipsize(&printable(&node.name), limit - 8);
        let detail = ellipsize(&printable(&node.detail), limit);
        let dots: Vec<_> = sites.influencing[index].iter().take(MAX_DOTS).map(|&s| sites.color(s)).collect();
        let more = sites.influencing[index].len() - dots.len();
        let mut shape = Shape { kind: node.kind, width: 0.0, height: 0.0, name, detail, dots, more };
        let rows = shape.rows();
        let widest = rows.iter().map(|r| r.1).fold(0.0, f64::max);
        let tall = rows.last().map_or(0.0, |r| r.0 + 7.0) * 2.0;
        (shape.width, shape.height) = match node.kind {
            NodeKind::Input | NodeKind::Deterministic => ((widest + 24.0).max(38.0), (tall + 12.0).max(38.0)),
            NodeKind::Stochastic => {
                let ratio = (widest / tall.max(1.0) * 0.62).clamp(1.0, 2.3);
                let radius =
                    rows.iter().map(|&(y, w)| (w / 2.0 / ratio).hypot(y.abs() + 7.0)).fold(16.0, f64::max)
                        + 5.0;
                (2.0 * radius * ratio, 2.0 * radius)
            }
            NodeKind::Cost => {
                let ratio = 1.75;
                let half =
                    rows.iter().map(|&(y, w)| w / 2.0 / ratio + y.abs() + 8.0).fold(18.0, f64::max) + 5.0;
                (2.0 * half * ratio, 2.0 * half)
            }
        };
        shape
    }

    /// Centre and width of each row of text (or dots), the rows centred on 0.
    fn rows(&self) -> Vec<(f64, f64)> {
        let mut widths = vec![text_width(&self.name, NAME_SIZE, true)];
        if !self.detail.trim().is_empty() {
            widths.push(text_width(&self.detail, DETAIL_SIZE, false));
        }
        if !self.dots.is_empty() {
            let more = if self.more > 0 { 26.0 } else { 0.0 };
            widths.push(self.dots.len() as f64 * DOT_STEP + more);
        }
        let top = -(widths.len() as f64 - 1.0) / 2.0 * LINE;
        widths.into_iter().enumerate().map(|(i, w)| (top + i as f64 * LINE, w)).collect()
    }

    /// How far above the centre the outline is at `dx` from the middle.
    pub fn rise(&self, dx: f64) -> f64 {
        let (a, b) = (self.width / 2.0, self.height / 2.0);
        let t = (dx.abs() / a.max(1e-9)).min(1.0);
        match self.kind {
            NodeKind::Input | NodeKind::Deterministic => b,
            NodeKind::Stochastic => b * (1.0 - t * t).sqrt(),
            NodeKind::Cost => b * (1.0 - t),
        }
    }

    /// The widest that arrow heads may spread on the upper side.
    pub fn spread(&self) -> f64 {
        self.width
            * match self.kind {
                NodeKind::Input | NodeKind::Deterministic => 0.7,
                NodeKind::Stochastic => 0.55,
                NodeKind::Cost => 0.4,
            }
    }
}

/// Draws a node around its centre.
pub(super) fn draw_node(
    out: &mut String,
    node: &DiagramNode,
    shape: &Shape,
    (x, y): (f64, f64),
    color: String,
) {
    let title = label_lines(node).collect::<Vec<_>>().join("\n");
    let _ = writeln!(
        out,
        r#"<g transform="translate({x:.1} {y:.1})" text-anchor="middle"><title>{}</title>"#,
        escape_xml(&title)
    );
    out.push_str(&outline(shape.kind, shape.width, shape.height, &color));
    let mut rows = shape.rows().into_iter();
    let mut text = |out: &mut String, text: &str, size: f64, style: &str| {
        if let Some((row, _)) = rows.next() {
            let baseline = row + size * 0.36;
            let _ = writeln!(
                out,
                r#"<text y="{baseline:.1}" font-size="{size}" {style}>{}</text>"#,
                escape_xml(text)
            );
        }
    };
    text(out, &shape.name, NAME_SIZE, r##"font-weight="bold" fill="#111827""##);
    if !shape.detail.trim().is_empty() {
        text(out, &shape.detail, DETAIL_SIZE, r##"fill="#4b5563""##);
    }
    if let Some((row, width)) = rows.next() {
        let left = -width / 2.0 + DOT_STEP / 2.0;
        for (i, dot) in shape.dots.iter().enumerate() {
            let _ = writeln!(
                out,
                r#"<circle cx="{:.1}" cy="{row:.1}" r="{DOT}" fill="{dot}"/>"#,
                left + i as f64 * DOT_STEP
            );
        }
        if shape.more > 0 {
            let at = left + shape.dots.len() as f64 * DOT_STEP - DOT;
            let _ = writeln!(
                out,
                r##"<text x="{at:.1}" y="{:.1}" font-size="10" text-anchor="start" fill="#4b5563">+{}</text>"##,
                row + 3.6,
                shape.more
            );
        }
    }
    out.push_str("</g>\n");
}

/// The outline of a node around the origin.
pub(super) fn outline(kind: NodeKind, width: f64, height: f64, color: &str) -> String {
    let (a, b) = (width / 2.0, height / 2.0);
    match kind {
        NodeKind::Input => format!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{:.1}\" fill=\"#f3f4f6\" stroke=\"#b6bcc6\"/>\n",
            -a,
            -b,
            (height / 4.0).min(9.0)
        ),
        NodeKind::Deterministic => format!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"#ffffff\" stroke=\"#4b5563\" stroke-width=\"1.4\"/>\n",
            -a, -b
        ),
        NodeKind::Stochastic => format!(
            "<ellipse rx=\"{a:.1}\" ry=\"{b:.1}\" fill=\"#ffffff\"/><ellipse rx=\"{a:.1}\" ry=\"{b:.1}\" fill=\"{color}\" fill-opacity=\"0.09\" stroke=\"{color}\" stroke-width=\"2\"/>\n"
        ),
        NodeKind::Cost => format!(
            "<path d=\"M0 {:.1}L{a:.1} 0L0 {b:.1}L{:.1} 0Z\" fill=\"#fff8e6\" stroke=\"#8a6d1a\" stroke-width=\"1.5\" stroke-linejoin=\"round\"/>\n",
            -b, -a
        ),
    }
}
