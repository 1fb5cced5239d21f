//! The values of a program before they are scheduled: given, constant or computed.

use std::sync::Arc;

use super::views::View;
use crate::exec::tile::Logistic;
use crate::graph::{Binary, External, Law, Reduction, Shape, Unary};

/// How a value comes about.
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
    /// Whether it is an arithmetic operation on the matching elements of operands.
    pub fn is_pointwise(&self) -> bool {
        matches!(self, Kind::Unary(_) | Kind::Binary(_) | Kind::ExpNegAbs | Kind::Logistic(_) | Kind::Select)
    }
}

/// A tensor that is given, constant or computed.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub kind: Kind,
    /// For elementwise kinds and draws, already broadcast to the shape.
    pub inputs: Vec<View>,
    pub shape: Shape,
}

impl Value {
    /// Whether each element depends on the matching elements of its inputs alone.
    pub fn is_elementwise(&self) -> bool {
        self.kind.is_pointwise() || matches!(self.kind, Kind::Uniform(_) | Kind::Copy)
    }

    /// Whether it is part of a fused kernel.
    pub fn is_fused(&self) -> bool {
        self.is_elementwise() || matches!(self.kind, Kind::Reduce(..))
    }

    /// Whether it is there before a program runs.
    pub fn is_given(&self) -> bool {
        matches!(self.kind, Kind::Input(_) | Kind::Scalar(_) | Kind::Tensor(_) | Kind::Iota)
    }

    /// Number of elements that a fused kernel visits to compute it.
    pub fn iterations(&self) -> usize {
        match self.kind {
            Kind::Reduce(..) => self.inputs[0].numel(),
            _ => self.shape.numel(),
        }
    }
}

/// What is to be computed: inputs of a value have smaller numbers.
pub(crate) struct Lowered {
    pub values: Vec<Value>,
    /// The value that holds each output in row-major order, and the output's shape.
    pub outputs: Vec<(usize, Shape)>,
}

impl Lowered {
    /// A value of its own.
    pub fn push(&mut self, kind: Kind, inputs: Vec<View>, shape: Shape) -> View {
        let view = View::whole(self.values.len(), &shape);
        self.values.push(Value { kind, inputs, shape });
        view
    }

    /// An arithmetic operation on operands that broadcast to `shape`. What they only repeat is computed once.
    pub fn push_pointwise(&mut self, kind: Kind, inputs: Vec<View>, shape: &Shape) -> View {
        let mut inputs: Vec<View> = inputs.into_iter().map(|view| view.broadcast(shape)).collect();
        let narrow = without_repeats(&mut inputs, shape);
        self.push(kind, inputs, narrow).broadcast(shape)
    }
}

/// Narrows the operands of an elementwise operation to one element along each axis that all of them only repeat, and gives
/// the shape that is left: the operation is computed once and its result repeated.
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
