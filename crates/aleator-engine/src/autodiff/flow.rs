//! The nodes through which a derivative can pass: not steps, comparisons and `stop_gradient`.

use crate::graph::{Graph, NodeId, NodeSet, Op};

/// The nodes that have a derivative with respect to some of `sources`, and with respect to which some of `sinks` have a
/// derivative. Both are included.
pub fn active(graph: &Graph, sources: &[NodeId], sinks: &[NodeId]) -> NodeSet {
    NodeSet::between_through(graph, sources, sinks, Op::passes_derivative)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autodiff::{jvp, vjp};

    #[test]
    fn small_derivatives_in_a_large_graph_are_small() {
        let graph = Graph::new();
        let x = graph.input("x", [3]);
        let mut y = x;
        for i in 0..40_000 {
            y = (y * (1.0 + i as f64)).tanh();
        }
        assert!(graph.len() > 100_000);
        let z = y.sin() * y + y.floor();
        // z, the product, sin y and y itself, but not ⌊y⌋, through which no derivative passes.
        assert_eq!(active(&graph, &[y.id()], &[z.id()]).len(), 4);
        assert_eq!(active(&graph, &[y.id()], &[x.id()]).len(), 0);
        let before = graph.len();
        let ones = graph.full(z.shape(), 1.0);
        vjp(&[(z, ones)], &[y]);
        jvp(&[z], &[(y, ones)]);
        assert!(graph.len() - before < 15);
    }

    #[test]
    fn derivatives_pass_where_they_exist() {
        let graph = Graph::new();
        let x = graph.input("x", [3]);
        let (c, s) = (x.less(0.0), x.stop_gradient());
        let y = c.select(x.exp(), s);
        let set = active(&graph, &[x.id()], &[y.id()]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [x.id(), x.exp().id(), y.id()]);
        assert!(active(&graph, &[x.id()], &[c.id(), s.id()]).is_empty());
    }
}
