//! Which nodes a derivative can pass through at all: not those behind steps, comparisons and `stop_gradient`.

use crate::graph::{Binary, Graph, NodeId, NodeSet, Op, Unary};

/// Whether ∂y/∂xᵢ of y = op(x) is more than zero everywhere it exists.
fn passes(op: &Op, i: usize) -> bool {
    match op {
        Op::Unary(u) => match u {
            Unary::Sign | Unary::Floor => false,
            Unary::Neg
            | Unary::Abs
            | Unary::Exp
            | Unary::Expm1
            | Unary::Log
            | Unary::Log1p
            | Unary::Sqrt
            | Unary::Sin
            | Unary::Cos
            | Unary::Tan
            | Unary::Tanh
            | Unary::Sigmoid
            | Unary::Softplus
            | Unary::Erf
            | Unary::NormalQuantile
            | Unary::Lgamma
            | Unary::Polygamma(_) => true,
        },
        Op::Binary(b) => match b {
            Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne => false,
            Binary::Add
            | Binary::Sub
            | Binary::Mul
            | Binary::Div
            | Binary::Pow
            | Binary::Max
            | Binary::Min => true,
        },
        Op::Select => i > 0,
        Op::ArgMax | Op::StopGradient | Op::Hole(_) => false,
        // Those without a derivative, so that asking for it is an error, and those without inputs.
        Op::External(_) | Op::Draw { .. } | Op::Poison => true,
        Op::Input(_) | Op::Scalar(_) | Op::Tensor(_) | Op::Iota | Op::Uniform { .. } => true,
        Op::Reduce(..)
        | Op::CumSum { .. }
        | Op::MatMul
        | Op::Reshape { .. }
        | Op::Broadcast { .. }
        | Op::Permute(_)
        | Op::Slice { .. }
        | Op::Pad { .. }
        | Op::Concat { .. } => true,
    }
}

/// The nodes that have a derivative by some of `sources` and by which some of `sinks` have one, both included.
pub fn active(graph: &Graph, sources: &[NodeId], sinks: &[NodeId]) -> NodeSet {
    NodeSet::between_through(graph, sources, sinks, passes)
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
        // z, the product, sin y and y itself; not ⌊y⌋, through which nothing passes.
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
