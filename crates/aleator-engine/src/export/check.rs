//! Reading: whatever the data says, the result is a valid graph or an error that names the place.

use std::collections::HashSet;

use super::portable::{Imported, Number, Portable, PortableNode, PortableOp, narrow, shape};
use crate::error::Error;
use crate::exec::philox::STREAMS;
use crate::graph::{Graph, NodeId, Op, Shape, TensorData, Unary};

/// The highest order of ψ⁽ⁿ⁾ that is read: computing it takes n steps.
const HIGHEST_ORDER: u32 = 1000;
/// The most axes that are read: operations on k axes take k² steps.
const MOST_AXES: usize = 64;

fn at(place: impl Into<String>, problem: impl Into<String>) -> Error {
    Error::Import { place: place.into(), problem: problem.into() }
}

/// What an operation may be applied to.
enum Arity {
    Exactly(usize),
    AtLeast(usize),
}

/// A node that was read, before its inputs are known to fit.
enum Leaf {
    Input(String),
    Hole(String),
    /// Anything else, and whether the stated shape is the node's own and not inferred.
    Op(Op, bool),
}

impl Portable {
    /// The graph, checked: shapes are inferred again. Black boxes become holes of the same name, which have to be
    /// [substituted](crate::graph::substitute) before the graph runs.
    ///
    /// # Errors
    /// [`Error::Import`] with the place of what is wrong.
    pub fn graph(&self) -> Result<Imported, Error> {
        import(self)
    }
}

fn import(portable: &Portable) -> Result<Imported, Error> {
    let Portable { format, version, noise, nodes, outputs } = portable;
    if format != Portable::FORMAT {
        return Err(at("`format`", format!("{format:?} is not {:?}", Portable::FORMAT)));
    }
    if *version != Portable::VERSION {
        return Err(at("`version`", format!("{version} is not {}", Portable::VERSION)));
    }
    if *noise != Portable::NOISE {
        return Err(at("`noise`", format!("{noise} is not {}", Portable::NOISE)));
    }
    let graph = Graph::new();
    let mut ids: Vec<NodeId> = Vec::with_capacity(nodes.len());
    let mut names = HashSet::new();
    for (place, node) in nodes.iter().enumerate() {
        let id = read(&graph, node, &ids, &mut names)
            .map_err(|problem| at(format!("node {place} ({})", name(&node.op)), problem))?;
        ids.push(id);
    }
    let mut of_outputs = HashSet::new();
    let mut named = Vec::with_capacity(outputs.len());
    for output in outputs {
        let place = || format!("output `{}`", output.name);
        if !of_outputs.insert(&output.name) {
            return Err(at(place(), "another output has this name"));
        }
        let id = ids.get(output.node as usize);
        let id = id.ok_or_else(|| at(place(), format!("there is no node {}", output.node)))?;
        named.push((output.name.clone(), *id));
    }
    Ok(Imported { graph, outputs: named })
}

/// Puts one node into the graph.
fn read(
    graph: &Graph,
    node: &PortableNode,
    before: &[NodeId],
    names: &mut HashSet<String>,
) -> Result<NodeId, String> {
    let lookup = |&i: &u32| {
        let found = before.get(i as usize).copied();
        found.ok_or_else(|| format!("its input {i} is not among the nodes before it"))
    };
    let inputs: Vec<NodeId> = node.inputs.iter().map(lookup).collect::<Result<_, _>>()?;
    let stated = shape(&node.shape).filter(|s| s.rank() <= MOST_AXES);
    let stated = stated.ok_or_else(|| format!("shape {:?} is too large", node.shape))?;
    let (expected, leaf) = operation(&node.op, inputs.len())?;
    let fits = match expected {
        Arity::Exactly(n) => inputs.len() == n,
        Arity::AtLeast(n) => inputs.len() >= n,
    };
    if !fits {
        let expected = match expected {
            Arity::Exactly(n) => format!("{n}"),
            Arity::AtLeast(n) => format!("at least {n}"),
        };
        return Err(format!("it has {} inputs, expected {expected}", inputs.len()));
    }
    let (op, own_shape) = match leaf {
        Leaf::Input(name) => {
            if !names.insert(name.clone()) {
                return Err(format!("another input is called `{name}`"));
            }
            return finished(graph, graph.input(&name, stated).id());
        }
        Leaf::Hole(name) => {
            let inputs: Vec<_> = inputs.iter().map(|&id| graph.expr(id)).collect();
            return finished(graph, graph.hole(&name, &inputs, stated).id());
        }
        Leaf::Op(op, own_shape) => (op, own_shape),
    };
    let inferred = if own_shape { own(&op, &stated)? } else { infer(graph, &op, &inputs)? };
    if inferred != stated {
        return Err(format!("its shape is {inferred}, and not {stated}"));
    }
    finished(graph, graph.insert(op, inputs, stated))
}

/// The node, unless the graph refused it.
fn finished(graph: &Graph, id: NodeId) -> Result<NodeId, String> {
    match graph.error() {
        Some(error) => Err(error.to_string()),
        None => Ok(id),
    }
}

fn infer(graph: &Graph, op: &Op, inputs: &[NodeId]) -> Result<Shape, String> {
    let shapes: Vec<Shape> = inputs.iter().map(|&id| graph.expr(id).shape()).collect();
    op.infer_shape(&shapes.iter().collect::<Vec<_>>()).map_err(|error| error.to_string())
}

/// The shape of a node that has no inputs.
fn own(op: &Op, stated: &Shape) -> Result<Shape, String> {
    match op {
        Op::Scalar(_) => Ok(Shape::scalar()),
        Op::Tensor(data) if stated.checked_numel() != Some(data.0.len()) => {
            Err(format!("{} numbers do not fill shape {stated}", data.0.len()))
        }
        Op::Iota if stated.rank() != 1 => Err(format!("shape {stated} has not one axis")),
        _ => Ok(stated.clone()),
    }
}

/// An operation whose attributes make sense by themselves, and what it may be applied to.
fn operation(op: &PortableOp, got: usize) -> Result<(Arity, Leaf), String> {
    use Arity::{AtLeast, Exactly};
    let number = |n: u64| usize::try_from(n).map_err(|_| format!("{n} is too large"));
    let numbers = |all: &[u64]| {
        let all = narrow(all).filter(|all| all.len() <= MOST_AXES);
        all.ok_or_else(|| "it has too many or too large axes".to_string())
    };
    let ascending = |axes: &[u64]| {
        let axes = numbers(axes)?;
        match axes.is_empty() || axes.windows(2).any(|pair| pair[0] >= pair[1]) {
            true => Err(format!("{axes:?} are not ascending axes")),
            false => Ok(axes),
        }
    };
    let stream = |stream: u32| {
        if stream < STREAMS { Ok(stream) } else { Err(format!("stream {stream} is not below {STREAMS}")) }
    };
    let computed = |arity, op| Ok((arity, Leaf::Op(op, false)));
    let leaf = |op| Ok((Exactly(0), Leaf::Op(op, true)));
    match op {
        PortableOp::Input(name) => Ok((Exactly(0), Leaf::Input(name.clone()))),
        PortableOp::Scalar(Number(x)) => leaf(Op::Scalar(x.to_bits())),
        PortableOp::Tensor(data) => leaf(Op::Tensor(TensorData(data.iter().map(|Number(x)| *x).collect()))),
        PortableOp::Iota => leaf(Op::Iota),
        PortableOp::Uniform { stream: s } => leaf(Op::Uniform { stream: stream(*s)? }),
        PortableOp::Draw { law, stream: s, shape } => {
            let shape = Shape::from(numbers(shape)?);
            computed(Exactly(law.parameters()), Op::Draw { law: *law, stream: stream(*s)?, shape })
        }
        PortableOp::QuantileDerivative(quantile) => {
            computed(Exactly(quantile.inputs()), Op::QuantileDerivative(*quantile))
        }
        PortableOp::Unary(Unary::Polygamma(n)) if *n > HIGHEST_ORDER => {
            Err(format!("order {n} exceeds {HIGHEST_ORDER}"))
        }
        PortableOp::Unary(u) => computed(Exactly(1), Op::Unary(*u)),
        PortableOp::Binary(b) => computed(Exactly(2), Op::Binary(*b)),
        PortableOp::Select => computed(Exactly(3), Op::Select),
        PortableOp::Reduce { by, axes } => computed(Exactly(1), Op::Reduce(*by, ascending(axes)?)),
        PortableOp::LogSumExp { axes } => computed(Exactly(1), Op::LogSumExp(ascending(axes)?)),
        PortableOp::LogSoftmax { axes } => computed(Exactly(1), Op::LogSoftmax(ascending(axes)?)),
        PortableOp::Softmax { axes } => computed(Exactly(1), Op::Softmax(ascending(axes)?)),
        PortableOp::OneHot { n } => computed(Exactly(1), Op::OneHot(number(*n)?)),
        PortableOp::ArgMax => computed(Exactly(1), Op::ArgMax),
        PortableOp::CumSum { reverse } => computed(Exactly(1), Op::CumSum { reverse: *reverse }),
        PortableOp::MatMul => computed(Exactly(2), Op::MatMul),
        PortableOp::Reshape { consumed, to } => {
            let to = Shape::from(numbers(to)?);
            computed(Exactly(1), Op::Reshape { consumed: number(*consumed)?, to })
        }
        PortableOp::Broadcast { to } => computed(Exactly(1), Op::Broadcast { to: numbers(to)?.into() }),
        PortableOp::Permute(order) => computed(Exactly(1), Op::Permute(numbers(order)?)),
        PortableOp::Slice { axis, start, len } => {
            let (axis, start, len) = (number(*axis)?, number(*start)?, number(*len)?);
            computed(Exactly(1), Op::Slice { axis, start, len })
        }
        PortableOp::Pad { axis, before, after } => {
            let (axis, before, after) = (number(*axis)?, number(*before)?, number(*after)?);
            computed(Exactly(1), Op::Pad { axis, before, after })
        }
        PortableOp::Concat { axis } => computed(AtLeast(1), Op::Concat { axis: number(*axis)? }),
        PortableOp::StopGradient => computed(Exactly(1), Op::StopGradient),
        PortableOp::Hole(name) => Ok((AtLeast(0), Leaf::Hole(name.clone()))),
        PortableOp::External { name, input_ranks, .. } if input_ranks.len() != got => {
            Err(format!("`{name}` has {got} arguments, expected {}", input_ranks.len()))
        }
        PortableOp::External { name, .. } => Ok((AtLeast(0), Leaf::Hole(name.clone()))),
    }
}

/// How an operation is called in messages.
pub(super) fn name(op: &PortableOp) -> String {
    match op {
        PortableOp::Unary(u) => format!("{u:?}"),
        PortableOp::Binary(b) => format!("{b:?}"),
        PortableOp::Input(name) | PortableOp::Hole(name) | PortableOp::External { name, .. } => {
            format!("`{name}`")
        }
        PortableOp::Draw { law, .. } => format!("a draw from {law:?}"),
        other => {
            let text = format!("{other:?}");
            text.split([' ', '(', '{']).next().unwrap_or_default().to_string()
        }
    }
}
