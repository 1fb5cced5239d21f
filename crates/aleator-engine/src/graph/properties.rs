//! The properties of each operation that passes rely on, in one place: whether it is elementwise, whether it takes few values,
//! and where derivatives and axes pass through it. Every function matches on all operations, so a new operation does not compile
//! until it is added here. (Its shape and its name are in `op`, its derivative is in `autodiff::rules`.)

use super::op::{Binary, Op, Unary};
use super::shape::Shape;

impl Op {
    /// Whether each element of the result depends only on the matching elements of the inputs.
    pub fn is_elementwise(&self) -> bool {
        match self {
            Op::Unary(_)
            | Op::Binary(_)
            | Op::Select
            | Op::StopGradient
            | Op::Draw { .. }
            | Op::QuantileDerivative(_) => true,
            Op::Input(_)
            | Op::Scalar(_)
            | Op::Tensor(_)
            | Op::Iota
            | Op::Uniform { .. }
            | Op::Reduce(..)
            | Op::LogSumExp(_)
            | Op::LogSoftmax(_)
            | Op::Softmax(_)
            | Op::OneHot(_)
            | Op::ArgMax
            | Op::CumSum { .. }
            | Op::MatMul
            | Op::Reshape { .. }
            | Op::Broadcast { .. }
            | Op::Permute(_)
            | Op::Slice { .. }
            | Op::Pad { .. }
            | Op::Concat { .. }
            | Op::Hole(_)
            | Op::External(_)
            | Op::Poison => false,
        }
    }

    /// Whether the result takes few values as the inputs vary, so that its derivative is 0 wherever it exists.
    pub fn takes_few_values(&self) -> bool {
        match self {
            Op::Unary(_) | Op::Binary(_) | Op::ArgMax | Op::OneHot(_) => !self.passes_derivative(0),
            Op::Input(_)
            | Op::Scalar(_)
            | Op::Tensor(_)
            | Op::Iota
            | Op::Uniform { .. }
            | Op::Draw { .. }
            | Op::QuantileDerivative(_)
            | Op::Select
            | Op::Reduce(..)
            | Op::LogSumExp(_)
            | Op::LogSoftmax(_)
            | Op::Softmax(_)
            | Op::CumSum { .. }
            | Op::MatMul
            | Op::Reshape { .. }
            | Op::Broadcast { .. }
            | Op::Permute(_)
            | Op::Slice { .. }
            | Op::Pad { .. }
            | Op::Concat { .. }
            | Op::StopGradient
            | Op::Hole(_)
            | Op::External(_)
            | Op::Poison => false,
        }
    }

    /// Whether ∂y/∂xᵢ of y = op(x) can be nonzero where it exists.
    pub fn passes_derivative(&self, i: usize) -> bool {
        match self {
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
                | Binary::Atan2
                | Binary::Max
                | Binary::Min => true,
            },
            Op::Select => i > 0,
            Op::ArgMax | Op::OneHot(_) | Op::StopGradient | Op::Hole(_) => false,
            // Black boxes, draws and derivatives of quantiles have no derivative: requesting one is an error. The last ones have no
            // inputs.
            Op::External(_) | Op::Draw { .. } | Op::QuantileDerivative(_) | Op::Poison => true,
            Op::Input(_) | Op::Scalar(_) | Op::Tensor(_) | Op::Iota | Op::Uniform { .. } => true,
            Op::Reduce(..)
            | Op::LogSumExp(_)
            | Op::LogSoftmax(_)
            | Op::Softmax(_)
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

    /// The position in the result, of shape `to`, of an axis (from the end) of the input at `position`, of shape `from`, if each
    /// index along it depends only on the same index along the axis of the input; `None` if indices are mixed.
    pub fn carries_axis(&self, position: usize, axis: usize, from: &Shape, to: &Shape) -> Option<usize> {
        match self {
            Op::Unary(_) | Op::Binary(_) | Op::Select | Op::StopGradient => Some(axis),
            Op::Draw { .. } | Op::QuantileDerivative(_) => Some(axis),
            Op::Reduce(_, axes) | Op::LogSumExp(axes) => {
                (!axes.contains(&axis)).then(|| axis - axes.iter().filter(|&&a| a < axis).count())
            }
            Op::LogSoftmax(axes) | Op::Softmax(axes) => (!axes.contains(&axis)).then_some(axis),
            Op::OneHot(_) => Some(axis + 1),
            Op::ArgMax => axis.checked_sub(1),
            Op::CumSum { .. } => (axis > 0).then_some(axis),
            Op::MatMul => match (position, axis) {
                (0, 0) | (1, 1) => None,
                _ => Some(axis),
            },
            Op::Reshape { .. } => {
                // The axis of the same size that has as many elements behind it.
                let behind: usize = from.trailing(axis).iter().product();
                (0..to.rank()).find(|&a| {
                    to.from_end(a) == from.from_end(axis)
                        && to.trailing(a).iter().product::<usize>() == behind
                })
            }
            Op::Broadcast { .. } => Some(axis),
            Op::Permute(order) => {
                let n = order.len();
                if axis >= n {
                    return Some(axis);
                }
                order.iter().position(|&o| o == n - 1 - axis).map(|i| n - 1 - i)
            }
            Op::Slice { axis: a, .. } | Op::Pad { axis: a, .. } | Op::Concat { axis: a } => {
                (*a != axis).then_some(axis)
            }
            Op::External(e) => {
                let (mixed, of_result) = e.mixed_axes(position);
                axis.checked_sub(mixed).map(|kept| kept + of_result)
            }
            Op::Input(_)
            | Op::Scalar(_)
            | Op::Tensor(_)
            | Op::Iota
            | Op::Uniform { .. }
            | Op::Hole(_)
            | Op::Poison => None,
        }
    }
}
