//! Edges in the SVG picture: smooth paths through the bends of the layout, with heads.

use std::fmt::Write as _;

use crate::graph::{Diagram, NodeKind};

use super::layout::{Bend, Layout};
use super::nodes::Shape;
use super::sites::Sites;

/// Draws all edges; those that leave a site have its colour.
pub(super) fn draw_edges(
    out: &mut String,
    edges: &[(usize, usize)],
    layout: &Layout,
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
