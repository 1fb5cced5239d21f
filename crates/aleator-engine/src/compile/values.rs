//! The values of a program before scheduling: inputs, constants and computed values.

use std::sync::Arc;

use super::views::View;
use crate::exec::tile::Logistic;
use crate::graph::{Binary, External, Law, Quantile, Reduction, Shape, Unary};

/// How a value is obtained.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Input(usize),
    Scalar(f64),
    Tensor(Arc<[f64]>),
    Iota,
    Uniform(u32),
    Draw {
        law: Law,
        stream: u32,
        noise: Shape,
    },
    QuantileDerivative(Quantile),
    Unary(Unary),
    Binary(Binary),
    /// exp(-|x|)
    ExpNegAbs,
    /// A function of x and exp(-|x|).
    Logistic(Logistic),
    Select,
    Copy,
    Reduce(Reduction, Vec<usize>),
    ArgMax,
    CumSum {
        reverse: bool,
    },
    MatMul,
    Concat {
        axis: usize,
    },
    Pad {
        axis: usize,
        before: usize,
    },
    External(External),
}

impl Kind {
    /// Whether it is an arithmetic operation on matching elements of the operands.
    pub fn is_pointwise(&self) -> bool {
        matches!(self, Kind::Unary(_) | Kind::Binary(_) | Kind::ExpNegAbs | Kind::Logistic(_) | Kind::Select)
    }
}

/// A tensor: an input, a constant or a computed value.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub kind: Kind,
    /// The inputs. For elementwise kinds and draws, they are already broadcast to the shape.
    pub inputs: Vec<View>,
    pub shape: Shape,
}

impl Value {
    /// Whether each element depends only on the matching elements of the inputs.
    pub fn is_elementwise(&self) -> bool {
        self.kind.is_pointwise() || matches!(self.kind, Kind::Uniform(_) | Kind::Copy)
    }

    /// Whether it is part of a fused kernel.
    pub fn is_fused(&self) -> bool {
        self.is_elementwise() || matches!(self.kind, Kind::Reduce(..))
    }

    /// Whether it is available before a program runs.
    pub fn is_given(&self) -> bool {
        matches!(self.kind, Kind::Input(_) | Kind::Scalar(_) | Kind::Tensor(_) | Kind::Iota)
    }

    /// The number of elements that a fused kernel visits to compute it.
    pub fn iterations(&self) -> usize {
        match self.kind {
            Kind::Reduce(..) => self.inputs[0].numel(),
            _ => self.shape.numel(),
        }
    }
}

/// The values to compute. The inputs of a value have smaller numbers.
pub(crate) struct Lowered {
    pub values: Vec<Value>,
    /// The value that holds each output in row-major order, and the shape of the output.
    pub outputs: Vec<(usize, Shape)>,
}

impl Lowered {
    /// Adds a value.
    pub fn push(&mut self, kind: Kind, inputs: Vec<View>, shape: Shape) -> View {
        let view = View::whole(self.values.len(), &shape);
        self.values.push(Value { kind, inputs, shape });
        view
    }

    /// Adds an arithmetic operation on operands that broadcast to `shape`. Along axes that the operands only repeat, it is
    /// computed once.
    pub fn push_pointwise(&mut self, kind: Kind, inputs: Vec<View>, shape: &Shape) -> View {
        let mut inputs: Vec<View> = inputs.into_iter().map(|view| view.broadcast(shape)).collect();
        let narrow = without_repeats(&mut inputs, shape);
        self.push(kind, inputs, narrow).broadcast(shape)
    }
}

/// Narrows the operands of an elementwise operation to one element along each axis that all of them only repeat, and returns the
/// remaining shape: the operation is computed once and its result is repeated.
fn without_repeats(inputs: &mut [View], shape: &Shape) -> Shape {
    let mut narrow = shape.to_vec();
    for (axis, dim) in narrow.iter_mut().enumerate().filter(|(_, dim)| **dim > 1) {
        if inputs.iter().all(|view| view.strides[axis] == 0) {
            *dim = 1;
            inputs.iter_mut().for_each(|view| view.dims[axis] = 1);
        }
    }
    narrow.into()
}
