//! The part of a graph that some outputs depend on, as data with names.

use std::collections::HashSet;

use crate::error::Error;
use crate::graph::{
    Binary, External, Graph, Law, NodeId, NodeSet, Op, PullBack, Quantile, Reduction, Shape, TensorData,
    Unary,
};

/// A graph below named outputs. Nodes are in an order in which inputs come before the nodes that use them.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Portable {
    /// `aleator-graph`.
    pub format: String,
    /// The version of this format: [`Portable::VERSION`].
    pub version: u32,
    /// The version of the noise contract: [`Portable::NOISE`].
    pub noise: u32,
    /// What is computed.
    pub nodes: Vec<PortableNode>,
    /// What is asked for.
    pub outputs: Vec<PortableOutput>,
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct PortableNode {
    /// The operation with its attributes.
    pub op: PortableOp,
    /// What it is applied to, by place in [`Portable::nodes`].
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub inputs: Vec<u32>,
    /// The shape of the result.
    pub shape: Vec<u64>,
}

/// A node that is asked for, with its name.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct PortableOutput {
    /// The name, unique among outputs.
    pub name: String,
    /// The place in [`Portable::nodes`].
    pub node: u32,
}

/// A number, bit by bit.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub f64);

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

/// An operation of the engine with its attributes. Axes are counted from the end: 0 is the last one. The operations are those
/// of [`Op`](crate::graph::Op), under the same names. In particular, the softmax functions and `one_hot` are written as they are in
/// the graph, and not as the formulas by which they are computed.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
#[expect(missing_docs, reason = "`Op` documents the operations and their attributes")]
pub enum PortableOp {
    /// A tensor that is given to every run, by its name, which is unique.
    Input(String),
    Scalar(Number),
    Tensor(Vec<Number>),
    Iota,
    Uniform {
        stream: u32,
    },
    Draw {
        law: Law,
        stream: u32,
        shape: Vec<u64>,
    },
    QuantileDerivative(Quantile),
    Unary(Unary),
    Binary(Binary),
    Select,
    Reduce {
        by: Reduction,
        axes: Vec<u64>,
    },
    LogSumExp {
        axes: Vec<u64>,
    },
    LogSoftmax {
        axes: Vec<u64>,
    },
    Softmax {
        axes: Vec<u64>,
    },
    OneHot {
        n: u64,
    },
    ArgMax,
    CumSum {
        reverse: bool,
    },
    MatMul,
    Reshape {
        consumed: u64,
        to: Vec<u64>,
    },
    Broadcast {
        to: Vec<u64>,
    },
    Permute(Vec<u64>),
    Slice {
        axis: u64,
        start: u64,
        len: u64,
    },
    Pad {
        axis: u64,
        before: u64,
        after: u64,
    },
    Concat {
        axis: u64,
    },
    StopGradient,
    /// A placeholder, by its name.
    Hole(String),
    /// A function that is called, of which only the name and the shapes can be written.
    External {
        name: String,
        shape: Vec<u64>,
        input_ranks: Vec<u64>,
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
        pulled_back: Vec<PortablePullBack>,
    },
}

/// A step of differentiation, see [`PullBack`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[expect(missing_docs, reason = "`PullBack` documents the fields")]
pub struct PortablePullBack {
    pub input_ranks: Vec<u64>,
    pub shape: Vec<u64>,
    pub argument: u64,
}

/// A graph that was read, with its outputs by name.
pub struct Imported {
    /// The graph.
    pub graph: Graph,
    /// Names and nodes, in the order of the file.
    pub outputs: Vec<(String, NodeId)>,
}

impl Portable {
    /// What [`Portable::format`] says.
    pub const FORMAT: &str = "aleator-graph";
    /// The version that is written and read.
    pub const VERSION: u32 = 1;
    /// The version of the noise contract that the executor follows.
    pub const NOISE: u32 = 1;

    /// Writes down what `outputs` depend on.
    ///
    /// # Errors
    /// The graph's error, if it has one; [`Error::Argument`] where two inputs or two outputs have one name.
    pub fn new(graph: &Graph, outputs: &[(&str, NodeId)]) -> Result<Self, Error> {
        let ids: Vec<NodeId> = outputs.iter().map(|&(_, id)| id).collect();
        let needed = NodeSet::ancestors(graph, &ids);
        let place = |id: NodeId| needed.position(id).map_or(u32::MAX, |place| place as u32);
        let names = graph.inputs();
        let (mut of_inputs, mut of_outputs) = (HashSet::new(), HashSet::new());
        let mut nodes = Vec::with_capacity(needed.len());
        for id in needed.iter() {
            let node = graph.with_node(id, |node| {
                Ok(PortableNode {
                    op: written(graph, &node.op, |slot| names[slot as usize].name.clone())?,
                    inputs: node.inputs.iter().map(|&i| place(i)).collect(),
                    shape: wide(&node.shape),
                })
            })?;
            if let PortableOp::Input(name) = &node.op
                && !of_inputs.insert(name.clone())
            {
                return Err(twice("inputs", name));
            }
            nodes.push(node);
        }
        if let Some((name, _)) = outputs.iter().find(|(name, _)| !of_outputs.insert(*name)) {
            return Err(twice("outputs", name));
        }
        let output = |&(name, id): &(&str, NodeId)| PortableOutput { name: name.into(), node: place(id) };
        Ok(Portable {
            format: Self::FORMAT.into(),
            version: Self::VERSION,
            noise: Self::NOISE,
            nodes,
            outputs: outputs.iter().map(output).collect(),
        })
    }

    /// The names, shapes and places of the inputs, in the order of the nodes.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, &[u64], usize)> {
        self.nodes.iter().enumerate().filter_map(|(place, node)| match &node.op {
            PortableOp::Input(name) => Some((&name[..], &node.shape[..], place)),
            _ => None,
        })
    }

    /// The names of the functions that are called, each once, in the order of the nodes.
    pub fn externals(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        let names = self.nodes.iter().filter_map(|node| match &node.op {
            PortableOp::External { name, .. } => Some(&name[..]),
            _ => None,
        });
        names.filter(|name| seen.insert(*name)).collect()
    }
}

/// A shape or axes as they are written.
fn wide(numbers: &[usize]) -> Vec<u64> {
    numbers.iter().map(|&n| n as u64).collect()
}

fn twice(of: &str, name: &str) -> Error {
    let problem = format!("two {of} are called `{name}`; give each a name of its own");
    Error::Argument { operation: "export".into(), problem }
}

/// An operation as it is written.
fn written(graph: &Graph, op: &Op, name: impl Fn(u32) -> String) -> Result<PortableOp, Error> {
    Ok(match op {
        Op::Input(slot) => PortableOp::Input(name(*slot)),
        Op::Scalar(bits) => PortableOp::Scalar(Number(f64::from_bits(*bits))),
        Op::Tensor(TensorData(data)) => PortableOp::Tensor(data.iter().map(|&x| Number(x)).collect()),
        Op::Iota => PortableOp::Iota,
        Op::Uniform { stream } => PortableOp::Uniform { stream: *stream },
        Op::Draw { law, stream, shape } => {
            PortableOp::Draw { law: *law, stream: *stream, shape: wide(shape) }
        }
        Op::QuantileDerivative(quantile) => PortableOp::QuantileDerivative(*quantile),
        Op::Unary(u) => PortableOp::Unary(*u),
        Op::Binary(b) => PortableOp::Binary(*b),
        Op::Select => PortableOp::Select,
        Op::Reduce(by, axes) => PortableOp::Reduce { by: *by, axes: wide(axes) },
        Op::LogSumExp(axes) => PortableOp::LogSumExp { axes: wide(axes) },
        Op::LogSoftmax(axes) => PortableOp::LogSoftmax { axes: wide(axes) },
        Op::Softmax(axes) => PortableOp::Softmax { axes: wide(axes) },
        Op::OneHot(n) => PortableOp::OneHot { n: *n as u64 },
        Op::ArgMax => PortableOp::ArgMax,
        Op::CumSum { reverse } => PortableOp::CumSum { reverse: *reverse },
        Op::MatMul => PortableOp::MatMul,
        Op::Reshape { consumed, to } => PortableOp::Reshape { consumed: *consumed as u64, to: wide(to) },
        Op::Broadcast { to } => PortableOp::Broadcast { to: wide(to) },
        Op::Permute(order) => PortableOp::Permute(wide(order)),
        Op::Slice { axis, start, len } => {
            PortableOp::Slice { axis: *axis as u64, start: *start as u64, len: *len as u64 }
        }
        Op::Pad { axis, before, after } => {
            PortableOp::Pad { axis: *axis as u64, before: *before as u64, after: *after as u64 }
        }
        Op::Concat { axis } => PortableOp::Concat { axis: *axis as u64 },
        Op::StopGradient => PortableOp::StopGradient,
        Op::Hole(number) => PortableOp::Hole(graph.hole_name(*number)),
        Op::External(External { name, shape, input_ranks, pulled_back, .. }) => {
            let step = |PullBack { input_ranks, shape, argument }: &PullBack| PortablePullBack {
                input_ranks: wide(input_ranks),
                shape: wide(shape),
                argument: *argument as u64,
            };
            PortableOp::External {
                name: name.clone(),
                shape: wide(shape),
                input_ranks: wide(input_ranks),
                pulled_back: pulled_back.iter().map(step).collect(),
            }
        }
        Op::Poison => return Err(Error::Hole("a failed operation".into())),
    })
}

/// A shape as it was read, where the target can hold it.
pub(super) fn narrow(numbers: &[u64]) -> Option<Vec<usize>> {
    numbers.iter().map(|&n| usize::try_from(n).ok()).collect()
}

/// The same as a shape.
pub(super) fn shape(numbers: &[u64]) -> Option<Shape> {
    narrow(numbers).map(Shape::from)
}
