//! The drawing as an SVG picture.

use std::fmt::Write as _;

use crate::graph::Diagram;

use super::edges::draw_edges;
use super::layout::layered;
use super::legend::legend;
use super::nodes::{NAME_SIZE, Shape, draw_node};
use super::sites::{Sites, edges};
use super::text::FONT_FAMILY;

const MARGIN: f64 = 28.0;

/// The drawing as an SVG picture, laid out here: every site has a colour, costs carry dots in the colours of the sites that influence
/// them, and a legend names both.
pub fn svg(drawing: &Diagram) -> String {
    let sites = Sites::of(drawing);
    let shapes: Vec<Shape> = (0..drawing.nodes.len()).map(|i| Shape::of(drawing, i, &sites)).collect();
    let sizes: Vec<_> = shapes.iter().map(|s| (s.width, s.height)).collect();
    let edges = edges(drawing);
    let layout = layered(&sizes, &edges);

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
