//! The operations: what a node computes, and the shape of the result.
//!
//! Every operation acts on *trailing* axes, and all axes that it stores are counted from the end. Its inputs may therefore have
//! any additional leading axes, which broadcast as in NumPy. For this reason a graph can be evaluated again with samples,
//! replicates or alternatives in front of a value, without any change downstream.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::external::External;
use super::law::Law;
use super::quantile::Quantile;
use super::shape::Shape;
use crate::error::Error;

/// Elementwise functions of one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Unary {
    /// −x
    Neg,
    /// |x|
    Abs,
    /// −1, 0 or 1
    Sign,
    /// ⌊x⌋
    Floor,
    /// eˣ
    Exp,
    /// eˣ − 1
    Expm1,
    /// log x
    Log,
    /// log(1 + x)
    Log1p,
    /// √x
    Sqrt,
    /// sin x
    Sin,
    /// cos x
    Cos,
    /// tan x
    Tan,
    /// tanh x
    Tanh,
    /// 1 / (1 + e⁻ˣ)
    Sigmoid,
    /// log(1 + eˣ)
    Softplus,
    /// The error function.
    Erf,
    /// The quantile function of the standard normal distribution.
    NormalQuantile,
    /// log |Γ(x)|
    Lgamma,
    /// ψ⁽ⁿ⁾(x), the derivative of order n + 1 of log Γ; n = 0 is digamma, n = 1 trigamma.
    Polygamma(u32),
}

/// Elementwise functions of two arguments. Comparisons return 0 or 1. If an argument is NaN, they return 0, except `Ne`, which
/// returns 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Binary {
    /// x + y
    Add,
    /// x − y
    Sub,
    /// x · y
    Mul,
    /// x / y
    Div,
    /// xʸ
    Pow,
    /// The angle of the point (y, x), from −π to π; the first argument is y.
    Atan2,
    /// The maximum; NaN if either argument is NaN.
    Max,
    /// The minimum; NaN if either argument is NaN.
    Min,
    /// x < y
    Lt,
    /// x ≤ y
    Le,
    /// x = y
    Eq,
    /// x ≠ y
    Ne,
}

/// Reductions over axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Reduction {
    /// Σ
    Sum,
    /// Π
    Prod,
    /// The maximum; NaN if any element is NaN, and −∞ if there are no elements.
    Max,
    /// The minimum; NaN if any element is NaN, and ∞ if there are no elements.
    Min,
}

impl Reduction {
    /// The name of the reduction in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Reduction::Sum => "sum",
            Reduction::Prod => "prod",
            Reduction::Max => "max",
            Reduction::Min => "min",
        }
    }
}

/// The elements of a constant tensor, row-major. Two are equal if they are the same allocation.
#[derive(Clone, Debug)]
pub struct TensorData(pub Arc<[f64]>);

impl PartialEq for TensorData {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
impl Eq for TensorData {}
impl Hash for TensorData {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).cast::<u8>().hash(state);
    }
}

/// What a node computes from its inputs. Axes are counted from the end: 0 is the last one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// A tensor that is passed to every run; the number is its slot.
    Input(u32),
    /// A scalar constant, stored as bits.
    Scalar(u64),
    /// A constant tensor.
    Tensor(TensorData),
    /// The numbers 0, 1, …, n − 1.
    Iota,
    /// Independent uniform numbers in the open interval (0, 1), a pure function of (seed, stream, step, element).
    Uniform {
        /// The stream of the seed.
        stream: u32,
    },
    /// Independent draws from a law whose parameters are the inputs, which broadcast against `shape`. The draws are a pure
    /// function of (seed, stream, step, element of `shape`) and the inputs. Additional leading axes of the inputs share the
    /// random numbers. There is no derivative.
    Draw {
        /// The law.
        law: Law,
        /// The stream of the seed, as for uniform numbers.
        stream: u32,
        /// The shape of the random numbers.
        shape: Shape,
    },
    /// The derivative of a quantile by a parameter at a fixed probability, elementwise. It has no derivative itself.
    QuantileDerivative(Quantile),
    /// An elementwise function of one argument.
    Unary(Unary),
    /// An elementwise function of two arguments.
    Binary(Binary),
    /// An elementwise selection: the second input where the first is not 0, otherwise the third.
    Select,
    /// A reduction over axes, which are in ascending order and are removed.
    Reduce(Reduction, Vec<usize>),
    /// log Σ eˣ over axes, which are in ascending order and are removed; −∞ if there are no elements.
    LogSumExp(Vec<usize>),
    /// x − log Σ eˣ over axes, which are in ascending order and are kept.
    LogSoftmax(Vec<usize>),
    /// eˣ / Σ eˣ over axes, which are in ascending order and are kept.
    Softmax(Vec<usize>),
    /// A new last axis with this number of elements: 1 at the position that the input names, otherwise 0. There is no 1 if the
    /// input is not one of the positions 0, 1, ….
    OneHot(usize),
    /// The index of the largest element along the last axis, which is removed; the first one of equal elements.
    ArgMax,
    /// Cumulative sums along the last axis, from the end if `reverse` is set.
    CumSum {
        /// Whether to sum from the end.
        reverse: bool,
    },
    /// Matrix product over the last two axes.
    MatMul,
    /// A reshape of the last `consumed` axes to the shape `to`.
    Reshape {
        /// The number of trailing axes that are replaced.
        consumed: usize,
        /// The shape that replaces them.
        to: Shape,
    },
    /// A broadcast of the last `to.rank()` axes to `to`.
    Broadcast {
        /// The trailing shape.
        to: Shape,
    },
    /// A permutation of the last axes: axis i of the result (from the front of them) is axis `order[i]` of the input.
    Permute(Vec<usize>),
    /// A slice of `len` elements along an axis, beginning at `start`.
    Slice {
        /// The axis.
        axis: usize,
        /// The first index.
        start: usize,
        /// The number of elements.
        len: usize,
    },
    /// Padding with zeros before and after, along an axis.
    Pad {
        /// The axis.
        axis: usize,
        /// The number of zeros before.
        before: usize,
        /// The number of zeros after.
        after: usize,
    },
    /// A concatenation of the inputs along an axis.
    Concat {
        /// The axis.
        axis: usize,
    },
    /// The value of the input, without its derivative.
    StopGradient,
    /// A placeholder for a value that must be filled in before the graph can run. It depends on its inputs.
    Hole(u32),
    /// A function of the program that uses the graph.
    External(External),
    /// The result of an operation that failed. The graph holds the error.
    Poison,
}

impl Op {
    /// The name of the operation in messages.
    pub fn name(&self) -> String {
        match self {
            Op::Unary(u) => format!("{u:?}").to_lowercase(),
            Op::Binary(b) => match b {
                Binary::Add => "+",
                Binary::Sub => "-",
                Binary::Mul => "*",
                Binary::Div => "/",
                Binary::Pow => "^",
                Binary::Atan2 => "atan2",
                Binary::Max => "max",
                Binary::Min => "min",
                Binary::Lt => "<",
                Binary::Le => "<=",
                Binary::Eq => "==",
                Binary::Ne => "!=",
            }
            .into(),
            Op::Reduce(r, _) => r.name().into(),
            Op::LogSumExp(_) => "logsumexp".into(),
            Op::LogSoftmax(_) => "log_softmax".into(),
            Op::Softmax(_) => "softmax".into(),
            Op::OneHot(_) => "one_hot".into(),
            Op::MatMul => "@".into(),
            Op::Select => "where".into(),
            Op::External(e) => e.title(),
            Op::Draw { law, .. } => format!("a draw from {law:?}"),
            Op::QuantileDerivative(quantile) => format!("the derivative of a quantile of {quantile:?}"),
            Op::Input(_) => "input".into(),
            Op::Scalar(_) => "scalar".into(),
            Op::Tensor(_) => "tensor".into(),
            Op::Iota => "iota".into(),
            Op::Uniform { .. } => "uniform".into(),
            Op::ArgMax => "argmax".into(),
            Op::CumSum { .. } => "cumsum".into(),
            Op::Reshape { .. } => "reshape".into(),
            Op::Broadcast { .. } => "broadcast".into(),
            Op::Permute(_) => "permute".into(),
            Op::Slice { .. } => "slice".into(),
            Op::Pad { .. } => "pad".into(),
            Op::Concat { .. } => "concat".into(),
            Op::StopGradient => "stopgradient".into(),
            Op::Hole(_) => "hole".into(),
            Op::Poison => "poison".into(),
        }
    }

    /// The shape of the result. Do not call this for leaves, whose shape cannot be inferred.
    pub fn infer_shape(&self, inputs: &[&Shape]) -> Result<Shape, Error> {
        let name = || self.name();
        let axis_within = |axis: usize, s: &Shape| {
            if axis < s.rank() {
                Ok(s.rank() - 1 - axis)
            } else {
                Err(Error::shape(&name(), format!("shape {s} has no axis {axis} (from the end)")))
            }
        };
        match self {
            Op::Unary(_) | Op::StopGradient => Ok(inputs[0].clone()),
            Op::Binary(_) | Op::Select => inputs[1..].iter().try_fold(inputs[0].clone(), |shape, s| {
                shape.broadcast(s).ok_or_else(|| Error::operands(&name(), &shape, s))
            }),
            Op::QuantileDerivative(quantile) => {
                let (got, expected) = (inputs.len(), quantile.inputs());
                if got != expected {
                    return Err(Error::shape(&name(), format!("{got} inputs, expected {expected}")));
                }
                inputs.iter().try_fold(Shape::scalar(), |shape, s| {
                    shape.broadcast(s).ok_or_else(|| Error::operands(&name(), &shape, s))
                })
            }
            Op::Draw { law, shape, .. } => {
                let (got, expected) = (inputs.len(), law.parameters());
                if got != expected {
                    return Err(Error::shape(&name(), format!("{got} parameters, expected {expected}")));
                }
                inputs.iter().try_fold(shape.clone(), |shape, s| {
                    shape.broadcast(s).ok_or_else(|| Error::operands(&name(), &shape, s))
                })
            }
            Op::Reduce(_, axes) | Op::LogSumExp(axes) => {
                for &axis in axes {
                    axis_within(axis, inputs[0])?;
                }
                let rank = inputs[0].rank();
                Ok(Shape::from(
                    (0..rank)
                        .filter(|i| !axes.contains(&(rank - 1 - i)))
                        .map(|i| inputs[0][i])
                        .collect::<Vec<_>>(),
                ))
            }
            Op::LogSoftmax(axes) | Op::Softmax(axes) => {
                for &axis in axes {
                    axis_within(axis, inputs[0])?;
                }
                Ok(inputs[0].clone())
            }
            Op::OneHot(n) => Ok(inputs[0].join(&[*n])),
            Op::ArgMax => {
                let axis = axis_within(0, inputs[0])?;
                if inputs[0][axis] == 0 {
                    return Err(Error::shape(&name(), "the last axis is empty"));
                }
                Ok(inputs[0].leading(axis))
            }
            Op::CumSum { .. } => axis_within(0, inputs[0]).map(|_| inputs[0].clone()),
            Op::MatMul => {
                let (a, b) = (inputs[0], inputs[1]);
                if a.rank() < 2 || b.rank() < 2 || a.from_end(0) != b.from_end(1) {
                    return Err(Error::shape(
                        "@",
                        format!(
                            "matrix product of shapes {a} and {b}: the last axis of the left must equal the last but one of the right"
                        ),
                    ));
                }
                let batch = a
                    .leading(a.rank() - 2)
                    .broadcast(&b.leading(b.rank() - 2))
                    .ok_or_else(|| Error::operands("@", a, b))?;
                Ok(batch.join(&[a.from_end(1), b.from_end(0)]))
            }
            Op::Reshape { consumed, to } => {
                let s = inputs[0];
                if *consumed > s.rank() || s.trailing(*consumed).checked_numel() != to.checked_numel() {
                    return Err(Error::shape(
                        "reshape",
                        format!("shape {s} cannot become {to}: the number of elements differs"),
                    ));
                }
                Ok(s.leading(s.rank() - consumed).join(to))
            }
            Op::Broadcast { to } => {
                let s = inputs[0];
                let problem = || Error::shape("broadcast", format!("shape {s} does not broadcast to {to}"));
                if to.rank() > s.rank() {
                    return Err(problem());
                }
                let tail = s.trailing(to.rank());
                if tail.iter().zip(to.iter()).any(|(&from, &to)| from != to && from != 1) {
                    return Err(problem());
                }
                Ok(s.leading(s.rank() - to.rank()).join(to))
            }
            Op::Permute(order) => {
                let s = inputs[0];
                let mut sorted = order.clone();
                sorted.sort_unstable();
                if order.len() > s.rank() || sorted.iter().enumerate().any(|(i, &o)| i != o) {
                    return Err(Error::shape(
                        "transpose",
                        format!("{order:?} is no order of the axes of {s}"),
                    ));
                }
                let tail = s.trailing(order.len());
                Ok(s.leading(s.rank() - order.len())
                    .join(&order.iter().map(|&o| tail[o]).collect::<Vec<_>>()))
            }
            Op::Slice { axis, start, len } => {
                let at = axis_within(*axis, inputs[0])?;
                if start.checked_add(*len).is_none_or(|end| end > inputs[0][at]) {
                    return Err(Error::shape(
                        "index",
                        format!(
                            "elements {start}..{} lie outside an axis of {} elements",
                            start.saturating_add(*len),
                            inputs[0][at]
                        ),
                    ));
                }
                let mut dims = inputs[0].to_vec();
                dims[at] = *len;
                Ok(dims.into())
            }
            Op::Pad { axis, before, after } => {
                let at = axis_within(*axis, inputs[0])?;
                let mut dims = inputs[0].to_vec();
                dims[at] = dims[at].saturating_add(*before).saturating_add(*after);
                Ok(dims.into())
            }
            Op::Concat { axis } => {
                let mut total = 0usize;
                let mut shape: Option<Shape> = None;
                for s in inputs {
                    let at = axis_within(*axis, s)?;
                    total = s[at].saturating_add(total);
                    let mut dims = s.to_vec();
                    dims[at] = 1;
                    let dims = Shape::from(dims);
                    shape = Some(match shape {
                        None => dims,
                        Some(have) => {
                            have.broadcast(&dims).ok_or_else(|| Error::operands("concat", inputs[0], s))?
                        }
                    });
                }
                let mut dims =
                    shape.ok_or_else(|| Error::shape("concat", "at least one operand is needed"))?.to_vec();
                let rank = dims.len();
                dims[rank - 1 - axis] = total;
                Ok(dims.into())
            }
            Op::External(e) => {
                let mut lead = Shape::scalar();
                for (s, &rank) in inputs.iter().zip(&e.input_ranks) {
                    if s.rank() < rank {
                        return Err(Error::shape(
                            &e.name,
                            format!("an argument has shape {s}, expected at least {rank} axes"),
                        ));
                    }
                    let leading = s.leading(s.rank() - rank);
                    lead =
                        lead.broadcast(&leading).ok_or_else(|| Error::operands(&e.name, &lead, &leading))?;
                }
                Ok(lead.join(&e.shape))
            }
            Op::Input(_)
            | Op::Scalar(_)
            | Op::Tensor(_)
            | Op::Iota
            | Op::Uniform { .. }
            | Op::Hole(_)
            | Op::Poison => Ok(Shape::scalar()),
        }
    }
}
