//! A stochastic computation graph as a picture: deterministic nodes are squares, sites circles, costs diamonds.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use aleator::graph::{Diagram, DiagramNode, NodeKind};

use super::layout::{self, Bend};
use super::text::{FONT_FAMILY, ellipsize, escape_xml, printable, text_width};

/// Colours of sites, told apart also by people who confuse red and green (after Okabe and Ito, darkened for text on white).
const SITE_COLORS: [&str; 8] =
    ["#0072b2", "#d55e00", "#009e73", "#aa3d86", "#b8860b", "#3a9bd0", "#7a4fbf", "#7f5539"];

const NAME_SIZE: f64 = 14.0;
const DETAIL_SIZE: f64 = 11.0;
const LINE: f64 = 15.0;
const DOT: f64 = 4.0;
const DOT_STEP: f64 = 12.0;
/// Most dots on one cost; the rest is a number.
const MAX_DOTS: usize = 8;
/// Most sites in the legend.
const MAX_LEGEND: usize = 16;
const MARGIN: f64 = 28.0;

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

/// The drawing as an SVG picture, laid out here: every site has a colour, costs carry dots in the colours of the sites that influence
/// them, and a legend names both.
pub fn svg(drawing: &Diagram) -> String {
    let sites = Sites::of(drawing);
    let shapes: Vec<Shape> = (0..drawing.nodes.len()).map(|i| Shape::of(drawing, i, &sites)).collect();
    let sizes: Vec<_> = shapes.iter().map(|s| (s.width, s.height)).collect();
    let edges = edges(drawing);
    let layout = layout::layered(&sizes, &edges);

    let legend = legend(drawing, &sites, layout.width.max(430.0));
    let width = layout.width.max(legend.width) + 2.0 * MARGIN;
    let legend_top = MARGIN + layout.height + if layout.height > 0.0 { 34.0 } else { 0.0 };
    let height = legend_top + legend.height + MARGIN - 6.0;

    let mut out = String::new();
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0}" height="{height:.0}" viewBox="0 0 {width:.0} {height:.0}" font-family="{FONT_FAMILY}" role="img" aria-label="stochastic computation graph">"#
    );
    let _ = writeln!(out, r##"<rect width="100%" height="100%" fill="#ffffff"/>"##);
    let shift = ((width - layout.width) / 2.0).max(MARGIN);
    let _ = writeln!(out, r#"<g transform="translate({shift:.1} {MARGIN:.1})">"#);
    draw_edges(&mut out, &edges, &layout, &shapes, drawing, &sites);
    for (i, node) in drawing.nodes.iter().enumerate() {
        draw_node(&mut out, node, &shapes[i], layout.centres[i], sites.color(i));
    }
    out.push_str("</g>\n");
    if drawing.nodes.is_empty() {
        let _ = writeln!(
            out,
            r##"<text x="{MARGIN}" y="{:.1}" font-size="{NAME_SIZE}" fill="#6b7280">nothing to draw</text>"##,
            MARGIN + 12.0
        );
    } else {
        let rule = legend_top - 14.0;
        let _ = writeln!(out, r##"<path d="M{MARGIN} {rule:.1}H{:.1}" stroke="#e5e7eb"/>"##, width - MARGIN);
        let _ = writeln!(out, "<g transform=\"translate({MARGIN} {legend_top:.1})\">\n{}</g>", legend.svg);
    }
    out.push_str("</svg>\n");
    out
}

/// Edges between nodes that exist, each once.
fn edges(drawing: &Diagram) -> Vec<(usize, usize)> {
    let n = drawing.nodes.len();
    let mut seen = BTreeSet::new();
    drawing.edges.iter().copied().filter(|&(u, v)| u < n && v < n && u != v && seen.insert((u, v))).collect()
}

/// The costs influenced by a site, each once: indices of nodes.
fn influenced(drawing: &Diagram, site: usize) -> BTreeSet<usize> {
    let is_cost = |&i: &usize| drawing.nodes.get(i).is_some_and(|n| n.kind == NodeKind::Cost);
    drawing.nodes[site].influences.iter().copied().filter(is_cost).collect()
}

fn label_lines(node: &DiagramNode) -> impl Iterator<Item = String> {
    [printable(&node.name), printable(&node.detail)].into_iter().filter(|line| !line.trim().is_empty())
}

fn escape_dot(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
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

/// The random sites and their colours.
struct Sites {
    sites: Vec<usize>,
    /// By node: its place among the sites.
    order: Vec<Option<usize>>,
    /// By node: the sites that influence this cost.
    influencing: Vec<Vec<usize>>,
}

impl Sites {
    fn of(drawing: &Diagram) -> Sites {
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

    fn color(&self, node: usize) -> String {
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

/// A node's outline and text, around its centre.
struct Shape {
    kind: NodeKind,
    width: f64,
    height: f64,
    name: String,
    detail: String,
    /// Colours of the sites that influence a cost.
    dots: Vec<String>,
    /// Sites beyond the last dot.
    more: usize,
}

impl Shape {
    fn of(drawing: &Diagram, index: usize, sites: &Sites) -> Shape {
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
    fn rise(&self, dx: f64) -> f64 {
        let (a, b) = (self.width / 2.0, self.height / 2.0);
        let t = (dx.abs() / a.max(1e-9)).min(1.0);
        match self.kind {
            NodeKind::Input | NodeKind::Deterministic => b,
            NodeKind::Stochastic => b * (1.0 - t * t).sqrt(),
            NodeKind::Cost => b * (1.0 - t),
        }
    }

    /// The widest that arrow heads may spread on the upper side.
    fn spread(&self) -> f64 {
        self.width
            * match self.kind {
                NodeKind::Input | NodeKind::Deterministic => 0.7,
                NodeKind::Stochastic => 0.55,
                NodeKind::Cost => 0.4,
            }
    }
}

fn draw_edges(
    out: &mut String,
    edges: &[(usize, usize)],
    layout: &layout::Layout,
    shapes: &[Shape],
    drawing: &Diagram,
    sites: &Sites,
) {
    // Arrow heads that end at one node stand side by side in the order in which the edges come in.
    let mut incoming: Vec<Vec<(f64, usize)>> = vec![Vec::new(); shapes.len()];
    for (e, &(u, v)) in edges.iter().enumerate() {
        let from = layout.bends[e].last().map_or(layout.centres[u].0, |b| b.x);
        incoming[v].push((from, e));
    }
    let mut port = vec![0.0; edges.len()];
    for (v, list) in incoming.iter_mut().enumerate() {
        list.sort_by(|a, b| a.0.total_cmp(&b.0));
        let gaps = list.len().saturating_sub(1) as f64;
        let spread = (gaps * 15.0).min(shapes[v].spread());
        for (i, &(_, e)) in list.iter().enumerate() {
            port[e] = if gaps > 0.0 { spread * (i as f64 / gaps - 0.5) } else { 0.0 };
        }
    }
    let _ = writeln!(out, r#"<g fill="none" stroke-width="1.3" stroke-linecap="round">"#);
    // Edges from one node share their bends: the one with most draws them, the others branch off from it.
    let mut longest = vec![usize::MAX; shapes.len()];
    for (e, &(u, _)) in edges.iter().enumerate() {
        if longest[u] == usize::MAX || layout.bends[e].len() > layout.bends[longest[u]].len() {
            longest[u] = e;
        }
    }
    for (e, &(u, v)) in edges.iter().enumerate() {
        let (x0, y0) = (layout.centres[u].0, layout.centres[u].1 + shapes[u].rise(0.0));
        let (x1, y1) = (layout.centres[v].0 + port[e], layout.centres[v].1 - shapes[v].rise(port[e]));
        let random = drawing.nodes[u].kind == NodeKind::Stochastic;
        let color = if random { sites.color(u) } else { "#8a929e".to_string() };
        let bends = layout.bends[e].as_slice();
        let (start, bends) = match bends.last() {
            Some(last) if e != longest[u] => ((last.x, last.bottom), &[][..]),
            _ => ((x0, y0), bends),
        };
        let (path, direction) = edge_path(start, (x1, y1 - 1.0), bends);
        let _ = writeln!(out, r#"<path d="{path}" stroke="{color}"/>"#);
        draw_head(out, (x1, y1 - 1.0), direction, &color);
    }
    out.push_str("</g>\n");
}

/// A smooth path through the bends, and its direction at the end.
fn edge_path(start: (f64, f64), end: (f64, f64), bends: &[Bend]) -> (String, (f64, f64)) {
    const HEAD: f64 = 7.0;
    let mut path = format!("M{:.1} {:.1}", start.0, start.1);
    if end.1 - HEAD <= start.1 {
        // Upwards (only in a cycle): a straight line.
        let _ = write!(path, "L{:.1} {:.1}", end.0, end.1);
        return (path, (end.0 - start.0, end.1 - start.1));
    }
    let mut at = start;
    let mut curve = |to: (f64, f64)| {
        let middle = (to.1 - at.1) * 0.5;
        if (to.0 - at.0).abs() < 0.05 {
            let _ = write!(path, "V{:.1}", to.1);
        } else {
            let _ = write!(
                path,
                "C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
                at.0,
                at.1 + middle,
                to.0,
                to.1 - middle,
                to.0,
                to.1
            );
        }
        at = to;
    };
    for bend in bends {
        curve((bend.x, bend.top));
        curve((bend.x, bend.bottom));
    }
    curve((end.0, end.1 - HEAD));
    (path, (0.0, 1.0))
}

fn draw_head(out: &mut String, tip: (f64, f64), direction: (f64, f64), color: &str) {
    let length = direction.0.hypot(direction.1).max(1e-9);
    let (dx, dy) = (direction.0 / length, direction.1 / length);
    let back = (tip.0 - 8.5 * dx, tip.1 - 8.5 * dy);
    let _ = writeln!(
        out,
        r#"<path d="M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z" fill="{color}"/>"#,
        tip.0,
        tip.1,
        back.0 - 3.6 * dy,
        back.1 + 3.6 * dx,
        back.0 + 3.6 * dy,
        back.1 - 3.6 * dx,
    );
}

fn draw_node(out: &mut String, node: &DiagramNode, shape: &Shape, (x, y): (f64, f64), color: String) {
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
fn outline(kind: NodeKind, width: f64, height: f64, color: &str) -> String {
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

struct Legend {
    svg: String,
    width: f64,
    height: f64,
}

/// What shapes and dots mean, in lines of at most `limit` wide where single entries allow it.
fn legend(drawing: &Diagram, sites: &Sites, limit: f64) -> Legend {
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

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::super::plot::tests::look_at;
    use super::super::to_png;
    use super::*;

    pub(crate) fn node(name: &str, detail: &str, kind: NodeKind) -> DiagramNode {
        DiagramNode { name: name.into(), detail: detail.into(), kind, influences: Vec::new() }
    }

    /// Two stochastic layers, two costs.
    fn two_layers() -> Diagram {
        use NodeKind::{Cost, Deterministic, Input, Stochastic};
        let mut nodes = vec![
            node("phi", "param [3]", Input),
            node("W", "param [3, 2]", Input),
            node("target", "const [2]", Input),
            node("prior", "const [3]", Input),
            node("h", "Bernoulli [3] via rebar", Stochastic),
            node("mean", "[2]", Deterministic),
            node("y", "Normal [2] via pathwise", Stochastic),
            node("error", "[2]", Deterministic),
            node("energy", "sum((y - target)^2)", Cost),
            node("kl", "[]", Cost),
        ];
        nodes[4].influences = vec![8, 9];
        nodes[6].influences = vec![8];
        let edges = vec![(0, 4), (4, 5), (1, 5), (5, 6), (6, 7), (2, 7), (7, 8), (4, 9), (3, 9), (0, 9)];
        Diagram { nodes, edges }
    }

    fn assert_well_formed(svg: &str) {
        resvg::usvg::Tree::from_str(svg, &resvg::usvg::Options::default()).expect("an SVG that can be read");
    }

    #[test]
    fn svg_shows_shapes_and_influence() {
        let picture = svg(&two_layers());
        look_at("graph", &picture);
        assert_well_formed(&picture);
        assert_eq!(picture.matches("<title>").count(), 10);
        assert!(
            picture.contains("<ellipse")
                && picture.contains("<rect")
                && picture.contains("Z\" fill=\"#fff8e6\"")
        );
        assert!(picture.contains("influences energy, kl"), "{picture}");
        // One dot in the legend and one on every cost for each site.
        assert_eq!(picture.matches(r##"r="4" fill="#0072b2""##).count(), 3);
        assert_eq!(picture.matches(r##"r="4" fill="#d55e00""##).count(), 2);
    }

    #[test]
    fn dot_and_mermaid_tell_the_same() {
        let drawing = two_layers();
        let text = dot(&drawing);
        assert!(text.starts_with("digraph"));
        assert!(text.contains("n4 [label=\"h\\nBernoulli [3] via rebar\", shape=ellipse"), "{text}");
        assert!(text.contains("shape=diamond") && text.contains("n0 -> n4;"));
        assert!(text.contains("n6 -> n8 [style=dashed"));
        let text = mermaid(&drawing);
        assert!(text.starts_with("flowchart TD\n"));
        assert!(text.contains("n4((\"h<br/>Bernoulli #91;3#93; via rebar\")):::stochastic"), "{text}");
        assert!(text.contains("n8{\"energy") && text.contains("n6 -. influences .-> n8"));
    }

    #[test]
    fn names_are_escaped() {
        let hostile = "a\"b<c>&\\d\n}";
        let drawing =
            Diagram { nodes: vec![node(hostile, "\u{0}--><script>", NodeKind::Cost)], edges: vec![] };
        assert!(dot(&drawing).contains(r#"label="a\"b<c>&\\d }\n"#), "{}", dot(&drawing));
        let picture = svg(&drawing);
        assert_well_formed(&picture);
        assert!(!picture.contains("<script>") && picture.contains("a&quot;b&lt;c&gt;&amp;"));
        assert!(!mermaid(&drawing).contains("<script>"));
    }

    #[test]
    fn odd_graphs() {
        for drawing in [
            Diagram::default(),
            Diagram { nodes: vec![node("", "", NodeKind::Stochastic)], edges: vec![(0, 0), (0, 5)] },
            Diagram {
                nodes: vec![node("a", "", NodeKind::Input), node("b", "", NodeKind::Cost)],
                edges: vec![(0, 1), (1, 0)],
            },
        ] {
            assert_well_formed(&svg(&drawing));
            assert!(dot(&drawing).contains("digraph"));
            to_png(&svg(&drawing)).unwrap();
        }
    }

    #[test]
    fn deep_and_disconnected() {
        use NodeKind::{Cost, Deterministic, Input, Stochastic};
        // A chain of twelve random layers with weights and a cost each, and some nodes apart.
        let mut drawing = Diagram::default();
        let mut below = None;
        for layer in 0..12 {
            let at = drawing.nodes.len();
            drawing.nodes.push(node(&format!("W{layer}"), "param [200, 200]", Input));
            drawing.nodes.push(node(&format!("logits{layer}"), "[200]", Deterministic));
            drawing.nodes.push(node(
                &format!("h{layer}"),
                "Bernoulli [200] via rebar(temperature=0.5)",
                Stochastic,
            ));
            drawing.nodes.push(node(&format!("kl{layer}"), "sum", Cost));
            drawing.edges.extend([(at, at + 1), (at + 1, at + 2), (at + 2, at + 3), (at + 1, at + 3)]);
            drawing.edges.extend(below.map(|h| (h, at + 1)));
            drawing.edges.push((2, at + 3));
            below = Some(at + 2);
        }
        let costs: Vec<usize> = (0..12).map(|i| 4 * i + 3).collect();
        for layer in 0..12 {
            drawing.nodes[4 * layer + 2].influences = costs[layer..].to_vec();
        }
        for (name, kind) in [("unused", Input), ("alone", Stochastic), ("penalty", Cost)] {
            drawing.nodes.push(node(name, "", kind));
        }
        let picture = svg(&drawing);
        look_at("graph-deep", &picture);
        assert_well_formed(&picture);
        assert!(picture.contains("+4</text>") && picture.contains("influences no cost"));
    }

    #[test]
    fn thousands_of_nodes() {
        let n = 2000;
        let kinds = [NodeKind::Input, NodeKind::Deterministic, NodeKind::Stochastic, NodeKind::Cost];
        let nodes: Vec<_> = (0..n).map(|i| node(&format!("x{i}"), "detail", kinds[i % 4])).collect();
        let chain: Vec<_> = (1..n).map(|i| (i - 1, i)).collect();
        let hub: Vec<_> = (1..n).flat_map(|i| [(i - 1, i), (0, i)]).collect();
        let wide: Vec<_> = (1..n).map(|i| (0, i)).collect();
        let tangle: Vec<_> =
            (1..n).flat_map(|i| [(i * 7919 % i, i), (i * 104_729 % i, i), (i / 2, i)]).collect();
        for edges in [chain, hub, wide, tangle, Vec::new()] {
            let start = std::time::Instant::now();
            let mut drawing = Diagram { nodes: nodes.clone(), edges };
            for i in (2..n).step_by(4) {
                drawing.nodes[i].influences = (3..n).step_by(4).collect();
            }
            let picture = svg(&drawing);
            println!("{} bytes in {:?}", picture.len(), start.elapsed());
            assert!(picture.ends_with("</svg>\n") && picture.len() < 8_000_000);
            assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
        }
    }

    fn drawings() -> impl Strategy<Value = Diagram> {
        let kind = prop_oneof![
            Just(NodeKind::Input),
            Just(NodeKind::Deterministic),
            Just(NodeKind::Stochastic),
            Just(NodeKind::Cost)
        ];
        let node = (".{0,40}", ".{0,60}", kind, prop::collection::vec(0usize..40, 0..6))
            .prop_map(|(name, detail, kind, influences)| DiagramNode { name, detail, kind, influences });
        (prop::collection::vec(node, 0..30), prop::collection::vec((0usize..32, 0usize..32), 0..60))
            .prop_map(|(nodes, edges)| Diagram { nodes, edges })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_drawing_can_be_drawn(drawing in drawings()) {
            assert_well_formed(&svg(&drawing));
            prop_assert!(dot(&drawing).starts_with("digraph"));
            prop_assert!(mermaid(&drawing).starts_with("flowchart"));
        }
    }
}
