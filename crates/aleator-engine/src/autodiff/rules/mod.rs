//! The derivative rules of the operations.

mod elementwise;
mod external;
mod matmul;
mod reduce;
mod softmax;
mod structure;

use crate::error::Error;
use crate::graph::{Expr, Op};

/// (∂y/∂xᵢ)ᵀ ȳ for each requested input xᵢ of y = op(x); `None` if it is zero.
pub fn pull_back<'g>(
    op: &Op,
    inputs: &[Expr<'g>],
    y: Expr<'g>,
    cotangent: Expr<'g>,
    wanted: &[bool],
) -> Vec<Option<Expr<'g>>> {
    match op {
        Op::Unary(_) | Op::Binary(_) => (0..inputs.len())
            .map(|i| {
                let partial = wanted[i].then(|| elementwise::partial(op, i, inputs, y)).flatten()?;
                Some(elementwise::scale(partial, cotangent).sum_to(&inputs[i].shape()))
            })
            .collect(),
        Op::Select => elementwise::select_pull_back(inputs, cotangent, wanted),
        Op::Reduce(reduction, axes) => vec![reduce::pull_back(*reduction, axes, inputs[0], y, cotangent)],
        Op::LogSumExp(axes) => vec![Some(softmax::pull_back_of_log_sum_exp(axes, inputs[0], cotangent))],
        Op::LogSoftmax(axes) => vec![Some(softmax::pull_back_of_log_softmax(axes, inputs[0], cotangent))],
        Op::Softmax(axes) => vec![Some(softmax::pull_back(axes, y, cotangent))],
        Op::MatMul => matmul::pull_back(inputs, cotangent, wanted),
        Op::External(e) if e.derivative.is_some() => external::pull_back(e, inputs, cotangent, wanted),
        Op::External(_) | Op::Draw { .. } | Op::QuantileDerivative(_) => no_derivative(y, op, inputs.len()),
        Op::Reshape { .. }
        | Op::Broadcast { .. }
        | Op::Permute(_)
        | Op::Slice { .. }
        | Op::Pad { .. }
        | Op::CumSum { .. }
        | Op::Concat { .. } => structure::pull_back(op, inputs, cotangent, wanted),
        // No derivative passes.
        Op::Input(_)
        | Op::Scalar(_)
        | Op::Tensor(_)
        | Op::Iota
        | Op::Uniform { .. }
        | Op::OneHot(_)
        | Op::ArgMax
        | Op::StopGradient
        | Op::Hole(_)
        | Op::Poison => vec![None; inputs.len()],
    }
}

/// Σ ∂y/∂xᵢ ẋᵢ over the inputs that have a tangent; `None` if it is zero.
pub fn push_forward<'g>(
    op: &Op,
    inputs: &[Expr<'g>],
    y: Expr<'g>,
    tangents: &[Option<Expr<'g>>],
) -> Option<Expr<'g>> {
    match op {
        Op::Unary(_) | Op::Binary(_) => (0..inputs.len())
            .filter_map(|i| Some(elementwise::scale(elementwise::partial(op, i, inputs, y)?, tangents[i]?)))
            .reduce(|a, b| a + b)
            .map(|t| t.broadcast_to(y.shape())),
        Op::Select => Some(elementwise::select_push_forward(inputs, tangents)?.broadcast_to(y.shape())),
        Op::Reduce(reduction, axes) => reduce::push_forward(*reduction, axes, inputs[0], y, tangents[0]?),
        Op::LogSumExp(axes) => Some(softmax::push_forward_of_log_sum_exp(axes, inputs[0], tangents[0]?)),
        Op::LogSoftmax(axes) => Some(softmax::push_forward_of_log_softmax(axes, inputs[0], tangents[0]?)),
        Op::Softmax(axes) => Some(softmax::push_forward(axes, y, tangents[0]?)),
        Op::MatMul => matmul::push_forward(inputs, tangents),
        Op::External(e) if e.derivative.is_some() => external::push_forward(e, inputs, y, tangents),
        Op::External(_) | Op::Draw { .. } | Op::QuantileDerivative(_) => no_derivative(y, op, 1)[0],
        Op::Reshape { .. }
        | Op::Broadcast { .. }
        | Op::Permute(_)
        | Op::Slice { .. }
        | Op::Pad { .. }
        | Op::CumSum { .. }
        | Op::Concat { .. } => structure::push_forward(op, inputs, tangents),
        // No derivative passes.
        Op::Input(_)
        | Op::Scalar(_)
        | Op::Tensor(_)
        | Op::Iota
        | Op::Uniform { .. }
        | Op::OneHot(_)
        | Op::ArgMax
        | Op::StopGradient
        | Op::Hole(_)
        | Op::Poison => None,
    }
}

fn no_derivative<'g>(y: Expr<'g>, op: &Op, inputs: usize) -> Vec<Option<Expr<'g>>> {
    let poison = y.graph().fail(Error::NoDerivative { operation: op.name() });
    vec![Some(poison); inputs]
}
