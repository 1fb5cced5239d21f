//! Pictures of graphs of all sorts, also of odd and hostile ones.

use aleator::graph::{Diagram, DiagramNode, NodeKind};
use proptest::prelude::*;

use super::{dot, mermaid, svg};
use crate::report::plot::tests::look_at;
use crate::report::to_png;

fn node(name: &str, detail: &str, kind: NodeKind) -> DiagramNode {
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
        picture.contains("<ellipse") && picture.contains("<rect") && picture.contains("Z\" fill=\"#fff8e6\"")
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
    let drawing = Diagram { nodes: vec![node(hostile, "\u{0}--><script>", NodeKind::Cost)], edges: vec![] };
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
    let tangle: Vec<_> = (1..n).flat_map(|i| [(i * 7919 % i, i), (i * 104_729 % i, i), (i / 2, i)]).collect();
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
