//! Simplification of expressions, as a list of named rules.
//!
//! The rules use only identities that hold for all values, including infinities and NaN: `0 · x` is kept, because it is NaN if x
//! is infinite. A rule looks at one operation and its inputs. The first rule that applies is used.

use super::arena::Graph;
use super::expr::Expr;
use super::fold;
use super::op::{Binary, Op, Reduction, Unary};
use super::shape::Shape;

/// An operation on inputs whose result has this shape.
struct Applied<'a, 'g> {
    graph: &'g Graph,
    op: &'a Op,
    inputs: &'a [Expr<'g>],
    shape: &'a Shape,
}

type Rule = for<'a, 'g> fn(&Applied<'a, 'g>) -> Option<Expr<'g>>;

/// The rules, in the order in which they are tried.
const RULES: [Rule; 11] = [
    functions_of_constants,
    a_choice_by_a_constant,
    neutral_elements,
    signs,
    double_negation,
    reductions_over_one_element,
    reshapes_of_reshapes,
    operations_that_change_nothing,
    permutations_of_permutations,
    stops_of_what_has_no_derivative,
    concatenations_of_one_part,
];

/// An equal, simpler expression, if a rule applies.
pub(super) fn simplified<'g>(
    graph: &'g Graph,
    op: &Op,
    inputs: &[Expr<'g>],
    shape: &Shape,
) -> Option<Expr<'g>> {
    let applied = Applied { graph, op, inputs, shape };
    RULES.iter().find_map(|rule| rule(&applied))
}

impl<'g> Applied<'_, 'g> {
    /// The value of an input, if it is a scalar constant.
    fn constant(&self, i: usize) -> Option<f64> {
        self.graph.scalar_value(self.inputs[i].id())
    }

    fn is_constant(&self, i: usize, value: f64) -> bool {
        self.constant(i) == Some(value)
    }

    /// An input, if it has the shape of the result; otherwise the operation repeats its elements.
    fn of_same_shape(&self, i: usize) -> Option<Expr<'g>> {
        let input = self.inputs[i];
        self.graph.with_node(input.id(), |node| node.shape == *self.shape).then_some(input)
    }
}

/// f(2) and 2 + 3 are constants.
fn functions_of_constants<'g>(a: &Applied<'_, 'g>) -> Option<Expr<'g>> {
    let value = match a.op {
        Op::Unary(function) => fold::unary(*function, a.constant(0)?),
        Op::Binary(function) => fold::binary(*function, a.constant(0)?, a.constant(1)?),
        _ => return None,
    };
    Some(a.graph.scalar(value))
}

/// `where(1, x, y)` = x
fn a_choice_by_a_constant<'g>(a: &Applied<'_, 'g>) -> Option<Expr<'g>> {
    if *a.op != Op::Select {
        return None;
    }
    let condition = a.constant(0)?;
    a.of_same_shape(if condition != 0.0 { 1 } else { 2 })
}

/// x + 0 = x − 0 = 1 · x = x / 1 = x¹ = x
fn neutral_elements<'g>(a: &Applied<'_, 'g>) -> Option<Expr<'g>> {
    let Op::Binary(function) = a.op else { return None };
    let left = match function {
        Binary::Add => a.is_constant(0, 0.0),
        Binary::Mul => a.is_constant(0, 1.0),
        _ => false,
    };
    let right = match function {
        Binary::Add | Binary::Sub => a.is_constant(1, 0.0),
        Binary::Mul | Binary::Div | Binary::Pow => a.is_constant(1, 1.0),
        _ => false,
    };
    match (left, right) {
        (true, _) => a.of_same_shape(1),
        (_, true) => a.of_same_shape(0),
        _ => None,
    }
}

/// −1 · x = 0 − x = −x
fn signs<'g>(a: &Applied<'_, 'g>) -> Option<Expr<'g>> {
    let negated = match a.op {
        Op::Binary(Binary::Mul) if a.is_constant(0, -1.0) => 1,
        Op::Binary(Binary::Mul) if a.is_constant(1, -1.0) => 0,
        Op::Binary(Binary::Sub) if a.is_constant(0, 0.0) => 1,
        _ => return None,
    };
    Some(-a.of_same_shape(negated)?)
}

/// −(−x) = x
fn double_negation<'g>(a: &Applied<'_, 'g>) -> Option<Expr<'g>> {
    let negation = Op::Unary(Unary::Neg);
    if *a.op != negation {
        return None;
    }
    let inner = a.graph.with_node(a.inputs[0].id(), |node| (node.op == negation).then(|| node.inputs[0]))?;
    Some(a.graph.expr(inner))
}

/// A sum or log Σ eˣ over axes of size 1 is a reshape.
fn reductions_over_one_element<'g>(a: &Applied<'_, 'g>) -> Option<Expr<'g>> {
    let axes = match a.op {
        Op::Reduce(Reduction::Sum | Reduction::Prod | Reduction::Max | Reduction::Min, axes) => axes,
        Op::LogSumExp(axes) => axes,
        _ => return None,
    };
    let from = a.inputs[0].shape();
    let reshape = Op::Reshape { consumed: from.rank(), to: a.shape.clone() };
    axes.iter().all(|&axis| from.from_end(axis) == 1).then(|| a.graph.apply(reshape, a.inputs))
}

/// A reshape of the full result of another reshape is one reshape.
fn reshapes_of_reshapes<'g>(a: &Applied<'_, 'g>) -> Option<Expr<'g>> {
    let Op::Reshape { consumed, to } = a.op else { return None };
    if let Some(same) = a.of_same_shape(0) {
        return Some(same);
    }
    let (consumed, from) = a.graph.with_node(a.inputs[0].id(), |node| match &node.op {
        Op::Reshape { consumed: first, to: middle } if *consumed >= middle.rank() => {
            Some((first + consumed - middle.rank(), node.inputs[0]))
        }
        _ => None,
    })?;
    Some(a.graph.apply(Op::Reshape { consumed, to: to.clone() }, &[a.graph.expr(from)]))
}

/// A broadcast, slice or pad to the shape of its input does nothing.
fn operations_that_change_nothing<'g>(a: &Applied<'_, 'g>) -> Option<Expr<'g>> {
    let may = matches!(a.op, Op::Broadcast { .. } | Op::Slice { .. } | Op::Pad { .. });
    if may { a.of_same_shape(0) } else { None }
}

/// Two permutations are one, and a permutation that moves nothing is removed.
fn permutations_of_permutations<'g>(a: &Applied<'_, 'g>) -> Option<Expr<'g>> {
    let Op::Permute(order) = a.op else { return None };
    if order.iter().enumerate().all(|(i, &o)| i == o) {
        return Some(a.inputs[0]);
    }
    let (composed, from) = a.graph.with_node(a.inputs[0].id(), |node| match &node.op {
        Op::Permute(first) if first.len() == order.len() => {
            Some((order.iter().map(|&o| first[o]).collect(), node.inputs[0]))
        }
        _ => None,
    })?;
    Some(a.graph.apply(Op::Permute(composed), &[a.graph.expr(from)]))
}

/// Constants, noise and stopped gradients have no derivative to stop.
fn stops_of_what_has_no_derivative<'g>(a: &Applied<'_, 'g>) -> Option<Expr<'g>> {
    let has_none = |op: &Op| {
        matches!(op, Op::StopGradient | Op::Scalar(_) | Op::Tensor(_) | Op::Iota | Op::Uniform { .. })
    };
    let stops = *a.op == Op::StopGradient;
    (stops && a.graph.with_node(a.inputs[0].id(), |node| has_none(&node.op))).then(|| a.inputs[0])
}

/// A concatenation of one part is that part.
fn concatenations_of_one_part<'g>(a: &Applied<'_, 'g>) -> Option<Expr<'g>> {
    (matches!(a.op, Op::Concat { .. }) && a.inputs.len() == 1).then(|| a.inputs[0])
}
