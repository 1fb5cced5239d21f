//! Handles to nodes, with arithmetic operators.
//!
//! An [`Expr`] is a small copyable reference. Operands of different rank are aligned at their last axis when an operation is
//! created (axes of size 1 are inserted), so the meaning of the node does not change if an operand later gets additional leading
//! axes.
//!
//! Numbers mix with expressions:
//!
//! ```
//! use aleator_engine::graph::Graph;
//!
//! let graph = Graph::new();
//! let z = graph.input("z", [3]);
//! assert_eq!((2.0 * z + 1 - 0.5_f32).square(), (2 * z + 1.0 - 0.5).pow(2));
//! assert_eq!(1 - z / 3_usize, 1.0 - z / 3.0);
//! ```

use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Not, Sub};

use super::arena::{Graph, NodeId};
use super::axes::{Axes, Axis, FromEnd};
use super::op::{Binary, Op, Reduction, Unary};
use super::shape::Shape;
use crate::error::Error;

/// A node of a [`Graph`].
#[derive(Clone, Copy)]
pub struct Expr<'g> {
    graph: &'g Graph,
    id: NodeId,
}

impl PartialEq for Expr<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.graph, other.graph) && self.id == other.id
    }
}

impl fmt::Debug for Expr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}: {}", self.id.0, self.shape())
    }
}

macro_rules! unary_methods {
    ($($(#[$doc:meta])* $name:ident => $op:ident;)*) => {
        impl<'g> Expr<'g> {
            $($(#[$doc])* #[track_caller] pub fn $name(self) -> Self { self.graph.apply(Op::Unary(Unary::$op), &[self]) })*
        }
    };
}

unary_methods! {
    /// |x|
    abs => Abs;
    /// −1, 0 or 1
    sign => Sign;
    /// ⌊x⌋
    floor => Floor;
    /// eˣ
    exp => Exp;
    /// eˣ − 1, accurate near 0
    expm1 => Expm1;
    /// log x
    log => Log;
    /// log(1 + x), accurate near 0
    log1p => Log1p;
    /// √x
    sqrt => Sqrt;
    /// sin x
    sin => Sin;
    /// cos x
    cos => Cos;
    /// tan x
    tan => Tan;
    /// tanh x
    tanh => Tanh;
    /// σ(x) = 1 / (1 + e⁻ˣ)
    sigmoid => Sigmoid;
    /// log(1 + eˣ)
    softplus => Softplus;
    /// The error function.
    erf => Erf;
    /// The quantile function of the standard normal distribution.
    normal_quantile => NormalQuantile;
    /// log |Γ(x)|
    lgamma => Lgamma;
}

macro_rules! binary_methods {
    ($($(#[$doc:meta])* $name:ident => $op:ident;)*) => {
        impl<'g> Expr<'g> {
            $($(#[$doc])* #[track_caller] pub fn $name(self, other: impl IntoExpr<'g>) -> Self {
                self.binary(Binary::$op, other.into_expr(self.graph))
            })*
        }
    };
}

binary_methods! {
    /// The elementwise maximum.
    maximum => Max;
    /// The elementwise minimum.
    minimum => Min;
    /// The angle of the point (other, self) in radians, from −π to π: `self` is its second coordinate.
    atan2 => Atan2;
    /// 1 where x < y, else 0.
    less => Lt;
    /// 1 where x ≤ y, else 0.
    less_equal => Le;
    /// 1 where x = y, else 0.
    equal => Eq;
    /// 1 where x ≠ y, else 0.
    not_equal => Ne;
}

/// An operand of an arithmetic operation: an expression or a number of any primitive type.
///
/// Expressions, `f64` and `i32` may stand on the left of an operator: `2.0 * z`, `1 - z`. With more types there, the compiler could
/// not infer the type of a literal. Write `z * n` or `f64::from(x) - z` for the others.
pub trait IntoExpr<'g> {
    /// Converts the operand to an expression in `graph`.
    fn into_expr(self, graph: &'g Graph) -> Expr<'g>;
}

impl<'g> IntoExpr<'g> for Expr<'g> {
    fn into_expr(self, _: &'g Graph) -> Expr<'g> {
        self
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl<'g> IntoExpr<'g> for $number {
            fn into_expr(self, graph: &'g Graph) -> Expr<'g> {
                graph.scalar(self as f64)
            }
        }
    )*};
}

numbers! { f64 f32 i8 i16 i32 i64 isize u8 u16 u32 u64 usize }

impl<'g> Expr<'g> {
    pub(crate) fn new(graph: &'g Graph, id: NodeId) -> Self {
        Expr { graph, id }
    }

    /// The id of the node.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The graph to which the node belongs.
    pub fn graph(self) -> &'g Graph {
        self.graph
    }

    /// The shape of the value.
    pub fn shape(self) -> Shape {
        self.graph.with_node(self.id, |n| n.shape.clone())
    }

    /// The number of axes.
    pub fn rank(self) -> usize {
        self.graph.with_node(self.id, |n| n.shape.rank())
    }

    /// Inserts leading axes of size 1 until there are `rank` axes. Constant scalars need none, because they never get additional
    /// axes.
    #[track_caller]
    pub fn with_rank(self, rank: usize) -> Self {
        let have = self.rank();
        if have >= rank || self.graph.scalar_value(self.id).is_some() {
            return self;
        }
        let to = Shape::from(vec![1; rank - have]).join(&self.shape());
        self.graph.apply(Op::Reshape { consumed: have, to }, &[self])
    }

    #[track_caller]
    fn binary(self, op: Binary, other: Expr<'g>) -> Self {
        let rank = self.rank().max(other.rank());
        self.graph.apply(Op::Binary(op), &[self.with_rank(rank), other.with_rank(rank)])
    }

    /// Selects elementwise: `yes` where `self` is not 0, otherwise `no`.
    #[track_caller]
    pub fn select(self, yes: impl IntoExpr<'g>, no: impl IntoExpr<'g>) -> Self {
        let (yes, no) = (yes.into_expr(self.graph), no.into_expr(self.graph));
        let rank = self.rank().max(yes.rank()).max(no.rank());
        let operands = [self.with_rank(rank), yes.with_rank(rank), no.with_rank(rank)];
        self.graph.apply(Op::Select, &operands)
    }

    /// 1 where x > y, else 0.
    #[track_caller]
    pub fn greater(self, other: impl IntoExpr<'g>) -> Self {
        other.into_expr(self.graph).less(self)
    }

    /// 1 where x ≥ y, else 0.
    #[track_caller]
    pub fn greater_equal(self, other: impl IntoExpr<'g>) -> Self {
        other.into_expr(self.graph).less_equal(self)
    }

    /// x²
    #[track_caller]
    pub fn square(self) -> Self {
        self * self
    }

    /// xʸ. Small integer exponents are expanded into products.
    #[track_caller]
    pub fn pow(self, exponent: impl IntoExpr<'g>) -> Self {
        let exponent = exponent.into_expr(self.graph);
        match self.graph.scalar_value(exponent.id) {
            Some(0.0) => self.graph.full(self.shape(), 1.0),
            Some(2.0) => self * self,
            Some(3.0) => self * self * self,
            Some(4.0) => self.square().square(),
            Some(-1.0) => 1.0 / self,
            Some(0.5) => self.sqrt(),
            _ => self.binary(Binary::Pow, exponent),
        }
    }

    /// ψ⁽ⁿ⁾(x): digamma for n = 0, trigamma for n = 1, and so on.
    #[track_caller]
    pub fn polygamma(self, n: u32) -> Self {
        self.graph.apply(Op::Unary(Unary::Polygamma(n)), &[self])
    }

    /// The same value without a derivative.
    #[track_caller]
    pub fn stop_gradient(self) -> Self {
        self.graph.apply(Op::StopGradient, &[self])
    }

    /// The same node. Records that its value is a continuous function of these nodes although the formulas between jump, as those of
    /// one function do that hold on different parts of its domain. Those who search for jumps read it
    /// ([`Graph::continuous_in`]); nothing else changes. Poles between the nodes and this one are not meant, and are searched for.
    #[must_use]
    pub fn is_continuous_in<const N: usize>(self, of: [Self; N]) -> Self {
        self.graph.record_continuous(self.id, of.map(|argument| argument.id).to_vec());
        self
    }

    /// The positions of `axes` from the end, in ascending order, each once.
    pub(super) fn positions(self, operation: &str, axes: impl Axes) -> Result<Vec<usize>, Error> {
        let axes = axes.axes();
        self.graph.with_node(self.id, |node| {
            let within = axes.into_iter().map(|axis| axis.within(operation, &node.shape));
            let mut positions = within.collect::<Result<Vec<_>, _>>()?;
            positions.sort_unstable();
            positions.dedup();
            Ok(positions)
        })
    }

    /// log Σ eˣ over one axis or several, numerically stable for any x. The axes are removed.
    pub fn logsumexp(self, axes: impl Axes) -> Self {
        match self.positions("logsumexp", axes) {
            Ok(axes) if axes.is_empty() => self,
            Ok(axes) => self.graph.apply(Op::LogSumExp(axes), &[self]),
            Err(error) => self.graph.fail(error),
        }
    }

    /// x − log Σ eˣ along the last axis, numerically stable for any x.
    pub fn log_softmax(self) -> Self {
        self.graph.apply(Op::LogSoftmax(vec![0]), &[self])
    }

    /// eˣ / Σ eˣ along the last axis, numerically stable for any x.
    pub fn softmax(self) -> Self {
        self.graph.apply(Op::Softmax(vec![0]), &[self])
    }

    /// Rows of the identity matrix: 1 at position `self` of `n`, along a new last axis.
    pub fn one_hot(self, n: usize) -> Self {
        self.graph.apply(Op::OneHot(n), &[self])
    }

    /// Reduces one axis or several, which are removed from the shape. Axes are counted as in NumPy: 0 is the first and −1 the last.
    ///
    /// ```
    /// use aleator_engine::graph::{Graph, Reduction};
    ///
    /// let graph = Graph::new();
    /// let x = graph.input("x", [2, 3, 4]);
    /// assert_eq!(x.reduce(Reduction::Max, -1).shape(), [2, 3].into());
    /// assert_eq!(x.reduce(Reduction::Sum, [0, -1]).shape(), [3].into());
    /// ```
    pub fn reduce(self, reduction: Reduction, axes: impl Axes) -> Self {
        match self.positions(reduction.name(), axes) {
            Ok(axes) if axes.is_empty() => self,
            Ok(axes) => self.graph.apply(Op::Reduce(reduction, axes), &[self]),
            Err(error) => self.graph.fail(error),
        }
    }

    /// Σ over one axis or several.
    pub fn sum_axes(self, axes: impl Axes) -> Self {
        self.reduce(Reduction::Sum, axes)
    }

    /// Σ over the last `n` axes.
    pub fn sum_last(self, n: usize) -> Self {
        self.sum_axes(FromEnd(&(0..n).collect::<Vec<_>>()))
    }

    /// Σ over all elements, of shape `[]`.
    pub fn sum(self) -> Self {
        self.sum_last(self.rank())
    }

    /// The mean over all elements, of shape `[]`.
    pub fn mean(self) -> Self {
        let n = self.shape().numel();
        self.sum() / n as f64
    }

    /// The mean over one axis or several.
    pub fn mean_axes(self, axes: impl Axes) -> Self {
        match self.positions("mean", axes) {
            Ok(axes) => {
                let shape = self.shape();
                let n: usize = axes.iter().map(|&a| shape.from_end(a)).product();
                self.sum_axes(FromEnd(&axes)) / n as f64
            }
            Err(error) => self.graph.fail(error),
        }
    }

    /// Inserts an axis of size 1 at position `axis` of the result.
    pub fn unsqueeze(self, axis: impl Into<Axis>) -> Self {
        let (shape, axis) = (self.shape(), axis.into());
        let Some(axis) = axis.position(shape.rank() + 1) else {
            let problem = format!("position {axis} lies outside the axes of shape {shape} and a new one");
            return self.graph.fail(Error::shape("unsqueeze", problem));
        };
        let mut to = vec![1];
        to.extend_from_slice(&shape.trailing(axis));
        self.graph.apply(Op::Reshape { consumed: axis, to: to.into() }, &[self])
    }

    /// Removes an axis of size 1.
    pub fn squeeze(self, axis: impl Into<Axis>) -> Self {
        let (shape, axis) = (self.shape(), axis.into());
        match axis.within("squeeze", &shape) {
            Ok(at) if shape.from_end(at) == 1 => {
                let to = shape.trailing(at);
                self.graph.apply(Op::Reshape { consumed: at + 1, to }, &[self])
            }
            Ok(_) => {
                let problem = format!("axis {axis} of shape {shape} is not of size 1");
                self.graph.fail(Error::shape("squeeze", problem))
            }
            Err(error) => self.graph.fail(error),
        }
    }

    /// Reshapes all axes.
    #[track_caller]
    pub fn reshape(self, shape: impl Into<Shape>) -> Self {
        self.graph.apply(Op::Reshape { consumed: self.rank(), to: shape.into() }, &[self])
    }

    /// Reshapes the last `consumed` axes.
    pub fn reshape_last(self, consumed: usize, shape: impl Into<Shape>) -> Self {
        self.graph.apply(Op::Reshape { consumed, to: shape.into() }, &[self])
    }

    /// Broadcasts to a shape of at least this rank.
    #[track_caller]
    pub fn broadcast_to(self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        let mut e = self;
        if self.graph.scalar_value(self.id).is_some() && shape.rank() > 0 {
            let to = Shape::from(vec![1; shape.rank()]);
            e = self.graph.apply(Op::Reshape { consumed: 0, to }, &[self]);
        }
        let e = e.with_rank(shape.rank());
        self.graph.apply(Op::Broadcast { to: shape }, &[e])
    }

    /// The transpose of broadcasting: sums over axes that `shape` lacks or has with size 1, and repeats elements along axes where
    /// `self` has size 1 and `shape` does not.
    #[track_caller]
    pub fn sum_to(self, shape: &Shape) -> Self {
        let from = self.shape();
        if from == *shape {
            return self;
        }
        let summed: Vec<usize> = (0..from.rank())
            .filter(|&a| a >= shape.rank() || shape.from_end(a) == 1 && from.from_end(a) != 1)
            .collect();
        // Summed axes have size 1 now, and axes to be repeated still have size 1.
        let size = |a| if from.from_end(a) == shape.from_end(a) { shape.from_end(a) } else { 1 };
        let kept: Vec<usize> = (0..shape.rank()).rev().map(size).collect();
        self.sum_axes(FromEnd(&summed)).reshape(kept).broadcast_to(shape)
    }

    /// Permutes the last axes: axis i of the result is axis `order[i]` of these.
    #[track_caller]
    pub fn permute(self, order: &[usize]) -> Self {
        self.graph.apply(Op::Permute(order.to_vec()), &[self])
    }

    /// Exchanges the last two axes.
    #[track_caller]
    pub fn transpose(self) -> Self {
        if self.rank() < 2 {
            return self;
        }
        self.permute(&[1, 0])
    }

    /// Slices `len` elements, beginning at `start`, along an axis.
    pub fn slice(self, axis: impl Into<Axis>, start: usize, len: usize) -> Self {
        match axis.into().within("index", &self.shape()) {
            Ok(axis) => self.graph.apply(Op::Slice { axis, start, len }, &[self]),
            Err(error) => self.graph.fail(error),
        }
    }

    /// Cumulative sums along the last axis.
    #[track_caller]
    pub fn cumsum(self) -> Self {
        self.graph.apply(Op::CumSum { reverse: false }, &[self])
    }

    /// The index of the first largest element along the last axis. The axis is removed.
    #[track_caller]
    pub fn argmax(self) -> Self {
        self.graph.apply(Op::ArgMax, &[self])
    }

    /// The matrix product over the last two axes. A vector is a row on the left and a column on the right.
    #[track_caller]
    pub fn matmul(self, other: Expr<'g>) -> Self {
        let (ra, rb) = (self.rank(), other.rank());
        if ra == 0 || rb == 0 {
            let error = Error::shape(
                "@",
                format!(
                    "matrix product of shapes {} and {}: both sides need at least one axis; use * for scalars",
                    self.shape(),
                    other.shape()
                ),
            );
            return self.graph.fail(error);
        }
        if ra == 1 && rb == 1 && self.shape() == other.shape() {
            // One number has one spelling: the elements of a product of matrices cannot be told apart.
            return self.dot(other);
        }
        // Said here, of the shapes as they were written: below, a vector has become a matrix.
        let (inner, rows) = (self.shape().from_end(0), other.shape().from_end(rb.min(2) - 1));
        if inner != rows {
            let side = if rb == 1 { "the length of the right" } else { "the last but one of the right" };
            let error = Error::shape(
                "@",
                format!(
                    "matrix product of shapes {} and {}: the last axis of the left ({inner}) must equal {side} ({rows})",
                    self.shape(),
                    other.shape()
                ),
            );
            return self.graph.fail(error);
        }
        let a = if ra == 1 { self.unsqueeze(-2) } else { self };
        let b = if rb == 1 { other.unsqueeze(-1) } else { other };
        let rank = a.rank().max(b.rank());
        let mut product = self.graph.apply(Op::MatMul, &[a.with_rank(rank), b.with_rank(rank)]);
        if product.is_poison() {
            return product;
        }
        if rb == 1 {
            product = product.squeeze(-1);
        }
        if ra == 1 {
            product = product.squeeze(if rb == 1 { -1 } else { -2 });
        }
        product
    }

    /// Whether the operation that created the expression failed.
    pub fn is_poison(self) -> bool {
        self.graph.with_node(self.id, |n| n.op == Op::Poison)
    }
}

/// Concatenates expressions along an axis of the part with the most axes. The other axes broadcast. There is no result without
/// parts.
pub fn concat<'g>(parts: &[Expr<'g>], axis: impl Into<Axis>) -> Option<Expr<'g>> {
    let graph = parts.first()?.graph;
    let widest = parts.iter().max_by_key(|e| e.rank())?;
    let axis = match axis.into().within("concat", &widest.shape()) {
        Ok(axis) => axis,
        Err(error) => return Some(graph.fail(error)),
    };
    // A part without the axis is left unchanged, so that it is rejected.
    let has_axis = parts.iter().all(|e| axis < e.rank());
    let rank = if has_axis { parts.iter().map(|e| e.rank()).max()? } else { 0 };
    let parts: Vec<Expr<'g>> = parts.iter().map(|e| e.with_rank(rank)).collect();
    Some(graph.apply(Op::Concat { axis }, &parts))
}

macro_rules! operators {
    ($($trait:ident $method:ident $op:ident;)*) => {$(
        // One implementation for all right-hand sides, so that the type of the result is known before that of a literal is.
        impl<'g, T: IntoExpr<'g>> $trait<T> for Expr<'g> {
            type Output = Expr<'g>;
            #[track_caller]
            fn $method(self, other: T) -> Expr<'g> {
                self.binary(Binary::$op, other.into_expr(self.graph))
            }
        }
        operators!(@left $trait $method $op f64);
        operators!(@left $trait $method $op i32);
    )*};
    (@left $trait:ident $method:ident $op:ident $number:ty) => {
        impl<'g> $trait<Expr<'g>> for $number {
            type Output = Expr<'g>;
            #[track_caller]
            fn $method(self, other: Expr<'g>) -> Expr<'g> {
                self.into_expr(other.graph).binary(Binary::$op, other)
            }
        }
    };
}

operators! {
    Add add Add;
    Sub sub Sub;
    Mul mul Mul;
    Div div Div;
}

/// 1 where `self` is 0, otherwise 0.
impl<'g> Not for Expr<'g> {
    type Output = Expr<'g>;
    #[track_caller]
    fn not(self) -> Expr<'g> {
        self.equal(0.0)
    }
}

impl<'g> Neg for Expr<'g> {
    type Output = Expr<'g>;
    #[track_caller]
    fn neg(self) -> Expr<'g> {
        self.graph.apply(Op::Unary(Unary::Neg), &[self])
    }
}
