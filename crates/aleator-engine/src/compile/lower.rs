//! From graph to values: dead nodes are dropped, and reshapes, transposes, broadcasts, slices and `stop_gradient` turn
//! into views of the values that are really computed.

use std::collections::HashMap;
use std::sync::Arc;

use super::decay::Decays;
use super::views::View;
use crate::error::Error;
use crate::exec::tile::Logistic;
use crate::graph::{Binary, External, Graph, Law, Node, NodeId, NodeSet, Op, Reduction, Shape, Unary};

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
    Decay,
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
    fn is_pointwise(&self) -> bool {
        matches!(self, Kind::Unary(_) | Kind::Binary(_) | Kind::Decay | Kind::Logistic(_) | Kind::Select)
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
    fn push(&mut self, kind: Kind, inputs: Vec<View>, shape: Shape) -> View {
        let view = View::whole(self.values.len(), &shape);
        self.values.push(Value { kind, inputs, shape });
        view
    }
}

impl Lowered {
    /// An arithmetic operation on operands that broadcast to `shape`. What they only repeat is computed once.
    pub fn push_pointwise(&mut self, kind: Kind, inputs: Vec<View>, shape: &Shape) -> View {
        let mut inputs: Vec<View> = inputs.into_iter().map(|view| view.broadcast(shape)).collect();
        let narrow = without_repeats(&mut inputs, shape);
        self.push(kind, inputs, narrow).broadcast(shape)
    }
}

/// The values that `outputs` depend on.
pub(crate) fn lower(graph: &Graph, outputs: &[NodeId]) -> Result<Lowered, Error> {
    let needed = NodeSet::ancestors(graph, outputs);
    let mut lowered = Lowered { values: Vec::with_capacity(needed.len()), outputs: Vec::new() };
    // By the place of a node in `needed`.
    let mut views: Vec<View> = Vec::with_capacity(needed.len());
    let place = |id: NodeId| needed.position(id).unwrap_or_else(|| unreachable!("inputs come first"));
    let mut decays = Decays::new(graph, &needed);
    for id in needed.iter() {
        let view = graph.with_node(id, |node| {
            let inputs = node.inputs.iter().map(|i| views[place(*i)].clone()).collect();
            match decays.shared(graph, node) {
                Some((op, argument)) => {
                    Ok(decays.lower(op, argument, &mut lowered, inputs, &views[place(argument)]))
                }
                None => lower_node(graph, &mut lowered, node, inputs),
            }
        })?;
        views.push(view);
    }
    let mut copies: HashMap<NodeId, usize> = HashMap::new();
    for &id in outputs {
        let view = views[place(id)].clone();
        let source = &lowered.values[view.value];
        let shape = Shape::from(view.dims.clone());
        let value = if view.is_identity(source.shape.numel()) && !source.is_given() {
            view.value
        } else {
            *copies.entry(id).or_insert_with(|| lowered.push(Kind::Copy, vec![view], shape.clone()).value)
        };
        lowered.outputs.push((value, shape));
    }
    Ok(lowered)
}

fn lower_node(
    graph: &Graph,
    lowered: &mut Lowered,
    node: &Node,
    mut inputs: Vec<View>,
) -> Result<View, Error> {
    let shape = &node.shape;
    let kind = match &node.op {
        Op::StopGradient => return Ok(inputs.remove(0)),
        Op::Reshape { .. } => {
            let view = inputs.remove(0);
            return Ok(match view.reshape(shape) {
                Some(reshaped) => reshaped,
                None => {
                    let dims = Shape::from(view.dims.clone());
                    let mut copy = lowered.push(Kind::Copy, vec![view], dims);
                    (copy.dims, copy.strides) = (shape.to_vec(), shape.strides());
                    copy
                }
            });
        }
        Op::Broadcast { .. } => return Ok(inputs.remove(0).broadcast(shape)),
        Op::Permute(order) => return Ok(inputs.remove(0).permute(order)),
        Op::Slice { axis, start, len } => return Ok(inputs.remove(0).slice(*axis, *start, *len)),
        Op::Hole(number) => return Err(Error::Hole(graph.hole_name(*number))),
        Op::Poison => return Err(Error::Hole("a failed operation".into())),
        Op::Input(slot) => Kind::Input(*slot as usize),
        Op::Scalar(bits) => Kind::Scalar(f64::from_bits(*bits)),
        Op::Tensor(data) => Kind::Tensor(data.0.clone()),
        Op::Iota => Kind::Iota,
        Op::Uniform { stream } => Kind::Uniform(*stream),
        Op::Draw { law, stream, shape } => Kind::Draw { law: *law, stream: *stream, noise: shape.clone() },
        Op::Unary(u) => Kind::Unary(*u),
        Op::Binary(b) => Kind::Binary(*b),
        Op::Select => Kind::Select,
        Op::Reduce(reduction, axes) => Kind::Reduce(*reduction, axes.clone()),
        Op::ArgMax => Kind::ArgMax,
        Op::CumSum { reverse } => Kind::CumSum { reverse: *reverse },
        Op::MatMul => Kind::MatMul,
        Op::Pad { axis, before, .. } => Kind::Pad { axis: *axis, before: *before },
        Op::Concat { axis } => Kind::Concat { axis: *axis },
        Op::External(external) => Kind::External(external.clone()),
    };
    if kind.is_pointwise() {
        return Ok(lowered.push_pointwise(kind, inputs, shape));
    }
    if matches!(kind, Kind::Draw { .. }) {
        inputs = inputs.into_iter().map(|view| view.broadcast(shape)).collect();
    }
    Ok(lowered.push(kind, inputs, shape.clone()))
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
