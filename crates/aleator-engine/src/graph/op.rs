//! The operations: what a node computes and the shape that results.
//!
//! Every operation acts on *trailing* axes, and whatever it stores about axes counts from the end. Its inputs may
//! therefore carry any further leading axes, which broadcast as in NumPy. That is what lets a graph be evaluated
//! again with samples, replicates or alternatives in front of a value, without any change downstream.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::law::Law;
use super::shape::Shape;
use crate::error::Error;

/// Elementwise functions of one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// Elementwise functions of two arguments. Comparisons give 0 or 1 (and 0 where an argument is NaN, but 1 for `Ne`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    /// The larger; NaN if either is.
    Max,
    /// The smaller; NaN if either is.
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
pub enum Reduction {
    /// Σ
    Sum,
    /// Π
    Prod,
    /// The largest; NaN if any is. −∞ over nothing.
    Max,
    /// The smallest; NaN if any is. ∞ over nothing.
    Min,
}

/// The elements of a constant tensor, row-major. Two are equal when they are the same allocation.
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

/// What a black box computes: the inputs' elements (row-major, without leading axes) to the output's; or why it cannot.
pub type ExternalFn = dyn Fn(&[&[f64]], &mut [f64]) -> Result<(), String> + Send + Sync;

/// A user's black-box function: it has values and no derivative.
#[derive(Clone)]
pub struct External {
    /// Its name, for messages and drawings.
    pub name: String,
    /// The shape of its result.
    pub shape: Shape,
    /// How many trailing axes of each input it takes; further leading axes are looped over.
    pub input_ranks: Vec<usize>,
    /// The function.
    pub function: Arc<ExternalFn>,
}

impl std::fmt::Debug for External {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "External({}, {})", self.name, self.shape)
    }
}
impl PartialEq for External {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.function, &other.function) && self.input_ranks == other.input_ranks
    }
}
impl Eq for External {}
impl Hash for External {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.function).cast::<u8>().hash(state);
    }
}

/// What a node computes from its inputs. Axes are counted from the end: 0 is the last one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// A tensor given anew to every run; the number is its slot.
    Input(u32),
    /// A scalar constant, by its bits.
    Scalar(u64),
    /// A constant tensor.
    Tensor(TensorData),
    /// 0, 1, …, n − 1.
    Iota,
    /// Independent uniform numbers in the open interval (0, 1), a pure function of (seed, stream, step, element).
    Uniform {
        /// Which stream of the seed.
        stream: u32,
    },
    /// Independent draws from a law by the inputs, which broadcast against `shape`; a pure function of (seed, stream,
    /// step, element of `shape`) and the inputs. Further leading axes of these share the randomness. No derivative.
    Draw {
        /// The law.
        law: Law,
        /// Which stream of the seed, as for uniform numbers.
        stream: u32,
        /// The shape of the randomness.
        shape: Shape,
    },
    /// An elementwise function of one argument.
    Unary(Unary),
    /// An elementwise function of two arguments.
    Binary(Binary),
    /// Elementwise: the second input where the first is not 0, else the third.
    Select,
    /// A reduction over axes, which disappear. Ascending.
    Reduce(Reduction, Vec<usize>),
    /// The index of the largest element along the last axis, which disappears; the first of equals.
    ArgMax,
    /// Running sums along the last axis; from the end if `reverse`.
    CumSum {
        /// Sum from the end instead.
        reverse: bool,
    },
    /// Matrix product over the last two axes.
    MatMul,
    /// The last `consumed` axes take the shape `to`.
    Reshape {
        /// How many trailing axes are replaced.
        consumed: usize,
        /// What replaces them.
        to: Shape,
    },
    /// The last `to.rank()` axes are broadcast to `to`.
    Broadcast {
        /// The trailing shape.
        to: Shape,
    },
    /// The last axes in another order: axis i of the result (from the front of them) is axis `order[i]` of the input.
    Permute(Vec<usize>),
    /// `len` elements of an axis from `start`.
    Slice {
        /// The axis.
        axis: usize,
        /// First index.
        start: usize,
        /// Number of elements.
        len: usize,
    },
    /// Zeros before and after along an axis.
    Pad {
        /// The axis.
        axis: usize,
        /// Zeros in front.
        before: usize,
        /// Zeros behind.
        after: usize,
    },
    /// The inputs one after another along an axis.
    Concat {
        /// The axis.
        axis: usize,
    },
    /// The value, without its derivative.
    StopGradient,
    /// A value that is filled in before the graph can run; its inputs are what it depends on.
    Hole(u32),
    /// A user's black box.
    External(External),
    /// What is left where an operation failed; the graph keeps the error.
    Poison,
}

impl Op {
    /// The operation's name in messages.
    pub fn name(&self) -> String {
        match self {
            Op::Unary(u) => format!("{u:?}").to_lowercase(),
            Op::Binary(b) => match b {
                Binary::Add => "+",
                Binary::Sub => "-",
                Binary::Mul => "*",
                Binary::Div => "/",
                Binary::Pow => "^",
                Binary::Max => "max",
                Binary::Min => "min",
                Binary::Lt => "<",
                Binary::Le => "<=",
                Binary::Eq => "==",
                Binary::Ne => "!=",
            }
            .into(),
            Op::Reduce(r, _) => format!("{r:?}").to_lowercase(),
            Op::MatMul => "@".into(),
            Op::Select => "where".into(),
            Op::External(e) => e.name.clone(),
            Op::Draw { law, .. } => format!("a draw from {law:?}"),
            other => {
                let text = format!("{other:?}");
                text.split([' ', '(', '{']).next().unwrap_or_default().to_lowercase()
            }
        }
    }

    /// Whether each element of the result depends on just the matching elements of the inputs.
    pub fn is_elementwise(&self) -> bool {
        matches!(self, Op::Unary(_) | Op::Binary(_) | Op::Select | Op::StopGradient | Op::Draw { .. })
    }

    /// The shape of the result. Leaves have none to infer and must not be asked.
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
            Op::Draw { law, shape, .. } => {
                let (got, expected) = (inputs.len(), law.parameters());
                if got != expected {
                    return Err(Error::shape(&name(), format!("{got} parameters, expected {expected}")));
                }
                inputs.iter().try_fold(shape.clone(), |shape, s| {
                    shape.broadcast(s).ok_or_else(|| Error::operands(&name(), &shape, s))
                })
            }
            Op::Reduce(_, axes) => {
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
                dims[at] += before + after;
                Ok(dims.into())
            }
            Op::Concat { axis } => {
                let mut total = 0;
                let mut shape: Option<Shape> = None;
                for s in inputs {
                    let at = axis_within(*axis, s)?;
                    total += s[at];
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
