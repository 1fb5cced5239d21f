//! The graph: an arena of nodes in topological order, where equal nodes are one node.
//!
//! A node is made once for each (operation, inputs), so common subexpressions never exist twice. Wrong shapes do not
//! panic: the first error is kept, the result is poisoned, and whoever compiles the graph (or asks
//! [`Graph::take_error`] at the call that made it) receives the error.

use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use super::expr::Expr;
use super::law::Law;
use super::op::{Binary, External, Op, Reduction, TensorData, Unary};
use super::shape::Shape;
use crate::error::{Error, human_bytes};

/// The index of a node in its graph. Inputs always have smaller ids than the nodes that use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The position in the arena.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One operation applied to inputs.
#[derive(Clone, Debug)]
pub struct Node {
    /// What is computed.
    pub op: Op,
    /// From what.
    pub inputs: Vec<NodeId>,
    /// The result's shape.
    pub shape: Shape,
}

/// A tensor that is given anew to every run.
#[derive(Clone, Debug)]
pub struct InputInfo {
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: NodeId,
}

#[derive(Clone, Default)]
struct Arena {
    nodes: Vec<Node>,
    /// Every node with the hash of what it is, so that an equal one is found without a second copy of it.
    index: HashTable<(u64, NodeId)>,
    hasher: RandomState,
    inputs: Vec<InputInfo>,
    holes: Vec<String>,
    error: Option<Error>,
}

/// A growing graph of tensor operations. Handles to its nodes are [`Expr`]s. A clone has the same nodes under the same ids, and
/// grows on its own from there.
#[derive(Clone, Default)]
pub struct Graph {
    arena: RefCell<Arena>,
}

/// Elements a single node may have: far more than memory holds, far less than an index does.
const MAX_ELEMENTS: u64 = 1 << 40;

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of nodes made so far.
    pub fn len(&self) -> usize {
        self.arena.borrow().nodes.len()
    }

    /// The nodes made so far, inputs before what uses them.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.len() as u32).map(NodeId)
    }

    /// Whether no node was made yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The handle of a node.
    pub fn expr(&self, id: NodeId) -> Expr<'_> {
        Expr::new(self, id)
    }

    /// A copy of a node.
    pub fn node(&self, id: NodeId) -> Node {
        self.arena.borrow().nodes[id.index()].clone()
    }

    /// The node at a position of the arena, with its id.
    pub fn nodes_at(&self, index: usize) -> (NodeId, Node) {
        let id = NodeId(index as u32);
        (id, self.node(id))
    }

    /// Looks at a node without copying it.
    pub fn with_node<R>(&self, id: NodeId, look: impl FnOnce(&Node) -> R) -> R {
        look(&self.arena.borrow().nodes[id.index()])
    }

    /// The tensors that a run must be given, by slot.
    pub fn inputs(&self) -> Vec<InputInfo> {
        self.arena.borrow().inputs.clone()
    }

    /// The name of a hole.
    pub fn hole_name(&self, number: u32) -> String {
        self.arena.borrow().holes[number as usize].clone()
    }

    /// The first error since the last call, if any; the graph is then clean again.
    pub fn take_error(&self) -> Option<Error> {
        self.arena.borrow_mut().error.take()
    }

    /// Records an error (the first one wins) and gives a poisoned expression.
    pub fn fail(&self, error: Error) -> Expr<'_> {
        self.arena.borrow_mut().error.get_or_insert(error);
        self.insert(Op::Poison, vec![], Shape::scalar())
    }

    /// The node of an operation on inputs that is known to have this shape, as it is.
    pub(crate) fn insert(&self, op: Op, inputs: Vec<NodeId>, shape: Shape) -> Expr<'_> {
        match shape.checked_extent() {
            Some(n) if n as u64 <= MAX_ELEMENTS => {}
            _ => {
                let bytes = shape.iter().fold(8u128, |n, &d| n.saturating_mul(d as u128));
                let what = format!("a tensor of shape {shape}");
                let limit = human_bytes(8 * MAX_ELEMENTS as u128);
                return self.fail(Error::Memory { what, needed: human_bytes(bytes), limit });
            }
        }
        let mut arena = self.arena.borrow_mut();
        let Arena { nodes, index, hasher, .. } = &mut *arena;
        let hash = hasher.hash_one((&op, &inputs, &shape));
        let is_equal = |&(other, id): &(u64, NodeId)| {
            let node = &nodes[id.index()];
            other == hash && node.op == op && node.inputs == inputs && node.shape == shape
        };
        if let Some(&(_, id)) = index.find(hash, is_equal) {
            return Expr::new(self, id);
        }
        let id = NodeId(u32::try_from(nodes.len()).unwrap_or(u32::MAX));
        nodes.push(Node { op, inputs, shape });
        index.insert_unique(hash, (hash, id), |&(hash, _)| hash);
        Expr::new(self, id)
    }

    /// A tensor given anew to every run.
    pub fn input(&self, name: &str, shape: impl Into<Shape>) -> Expr<'_> {
        let slot = self.arena.borrow().inputs.len() as u32;
        let expr = self.insert(Op::Input(slot), vec![], shape.into());
        let info = InputInfo { name: name.to_string(), node: expr.id() };
        self.arena.borrow_mut().inputs.push(info);
        expr
    }

    /// A placeholder that must be replaced (see [`Graph::substitute`](crate::graph::substitute)) before the graph runs; it depends on `inputs`.
    pub fn hole<'g>(&'g self, name: &str, inputs: &[Expr<'g>], shape: impl Into<Shape>) -> Expr<'g> {
        let number = {
            let mut arena = self.arena.borrow_mut();
            arena.holes.push(name.to_string());
            arena.holes.len() as u32 - 1
        };
        self.insert(Op::Hole(number), inputs.iter().map(|e| e.id()).collect(), shape.into())
    }

    /// A scalar constant.
    pub fn scalar(&self, value: f64) -> Expr<'_> {
        // One bit pattern for every NaN, so that equal constants are one node.
        let bits = if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
        self.insert(Op::Scalar(bits), vec![], Shape::scalar())
    }

    /// A constant of any shape with the same value everywhere.
    pub fn full(&self, shape: impl Into<Shape>, value: f64) -> Expr<'_> {
        let shape = shape.into();
        let scalar = self.scalar(value);
        if shape.rank() == 0 {
            return scalar;
        }
        let ones = Shape::from(vec![1; shape.rank()]);
        let scalar = self.apply(Op::Reshape { consumed: 0, to: ones }, &[scalar]);
        self.apply(Op::Broadcast { to: shape }, &[scalar])
    }

    /// A constant tensor from its elements, row-major.
    pub fn tensor(&self, shape: impl Into<Shape>, data: Vec<f64>) -> Expr<'_> {
        let shape = shape.into();
        if shape.checked_numel() != Some(data.len()) {
            return self
                .fail(Error::shape("tensor", format!("{} numbers do not fill shape {shape}", data.len())));
        }
        match data[..] {
            [value] if shape.rank() == 0 => self.scalar(value),
            _ => self.insert(Op::Tensor(TensorData(data.into())), vec![], shape),
        }
    }

    /// 0, 1, …, n − 1, shape `[n]`.
    pub fn iota(&self, n: usize) -> Expr<'_> {
        self.insert(Op::Iota, vec![], [n].into())
    }

    /// Independent uniform numbers in the open interval (0, 1); the same stream and shape is the same noise.
    pub fn uniform(&self, stream: u32, shape: impl Into<Shape>) -> Expr<'_> {
        self.insert(Op::Uniform { stream }, vec![], shape.into())
    }

    /// Independent draws from a law, one for each element of `shape`, with which its parameters broadcast; the same
    /// stream and shape is the same randomness.
    pub fn draw<'g>(&'g self, law: Law, stream: u32, shape: Shape, parameters: &[Expr<'g>]) -> Expr<'g> {
        // Axes are aligned now, as by the operators, so that parameters may grow more of them later.
        let rank = parameters.iter().map(|e| e.rank()).fold(shape.rank(), usize::max);
        let shape = Shape::from(vec![1; rank - shape.rank()]).join(&shape);
        let parameters: Vec<Expr<'g>> = parameters.iter().map(|e| e.with_rank(rank)).collect();
        self.apply(Op::Draw { law, stream, shape }, &parameters)
    }

    /// A user's black-box function; see [`External`].
    pub fn external<'g>(&'g self, external: External, inputs: &[Expr<'g>]) -> Expr<'g> {
        let (got, expected) = (inputs.len(), external.input_ranks.len());
        if got != expected {
            return self.fail(Error::shape(&external.name, format!("{got} arguments, expected {expected}")));
        }
        // Leading axes are aligned now, as by the operators, so that inputs may grow more of them later.
        let leading = |(e, own): (&Expr<'g>, &usize)| e.rank().saturating_sub(*own);
        let most = inputs.iter().zip(&external.input_ranks).map(leading).max().unwrap_or(0);
        let align =
            |(e, &own): (&Expr<'g>, &usize)| if e.rank() < own { *e } else { e.with_rank(own + most) };
        let inputs: Vec<Expr<'g>> = inputs.iter().zip(&external.input_ranks).map(align).collect();
        self.apply(Op::External(external), &inputs)
    }

    /// The node of an operation on inputs, simplified where that changes no value. An error poisons the result.
    pub fn apply<'g>(&'g self, op: Op, inputs: &[Expr<'g>]) -> Expr<'g> {
        let ids: Vec<NodeId> = inputs.iter().map(|e| e.id()).collect();
        let shape = {
            let arena = self.arena.borrow();
            let nodes: Vec<&Node> = ids.iter().map(|id| &arena.nodes[id.index()]).collect();
            if let Some(i) = nodes.iter().position(|n| n.op == Op::Poison) {
                return Expr::new(self, ids[i]);
            }
            op.infer_shape(&nodes.iter().map(|n| &n.shape).collect::<Vec<_>>())
        };
        match shape {
            Err(error) => self.fail(error),
            Ok(shape) => match self.simplify(&op, inputs, &shape) {
                Some(simpler) => simpler,
                None => self.insert(op, ids, shape),
            },
        }
    }

    /// The value of a scalar constant.
    pub fn scalar_value(&self, id: NodeId) -> Option<f64> {
        self.with_node(id, |n| match n.op {
            Op::Scalar(bits) => Some(f64::from_bits(bits)),
            _ => None,
        })
    }

    /// An equal, simpler expression, if there is one. Only identities that hold for every value, infinities and NaN
    /// included, are used (so `0 · x` stays).
    fn simplify<'g>(&'g self, op: &Op, inputs: &[Expr<'g>], shape: &Shape) -> Option<Expr<'g>> {
        let constants: Vec<Option<f64>> = inputs.iter().map(|e| self.scalar_value(e.id())).collect();
        match (op, &constants[..]) {
            (Op::Unary(u), [Some(x)]) => return Some(self.scalar(super::fold::unary(*u, *x))),
            (Op::Binary(b), [Some(x), Some(y)]) => {
                return Some(self.scalar(super::fold::binary(*b, *x, *y)));
            }
            (Op::Select, [Some(c), _, _]) => {
                let chosen = if *c != 0.0 { inputs[1] } else { inputs[2] };
                if chosen.shape() == *shape {
                    return Some(chosen);
                }
            }
            _ => {}
        }
        let same_shape = |e: Expr<'g>| (e.shape() == *shape).then_some(e);
        let constant = |i: usize, value: f64| constants[i] == Some(value);
        match op {
            Op::Binary(Binary::Add) if constant(0, 0.0) => same_shape(inputs[1]),
            Op::Binary(Binary::Add | Binary::Sub) if constant(1, 0.0) => same_shape(inputs[0]),
            Op::Binary(Binary::Mul) if constant(0, 1.0) => same_shape(inputs[1]),
            Op::Binary(Binary::Mul | Binary::Div | Binary::Pow) if constant(1, 1.0) => same_shape(inputs[0]),
            Op::Binary(Binary::Mul) if constant(0, -1.0) && inputs[1].shape() == *shape => Some(-inputs[1]),
            Op::Binary(Binary::Mul) if constant(1, -1.0) && inputs[0].shape() == *shape => Some(-inputs[0]),
            Op::Binary(Binary::Sub) if constant(0, 0.0) && inputs[1].shape() == *shape => Some(-inputs[1]),
            Op::Unary(Unary::Neg) => self.with_input(inputs[0], |op| *op == Op::Unary(Unary::Neg)),
            Op::Reduce(Reduction::Sum | Reduction::Prod | Reduction::Max | Reduction::Min, axes)
                if axes.iter().all(|&a| inputs[0].shape().from_end(a) == 1) =>
            {
                let rank = inputs[0].rank();
                Some(self.apply(Op::Reshape { consumed: rank, to: shape.clone() }, inputs))
            }
            Op::Reshape { consumed, to } => {
                if inputs[0].shape() == *shape {
                    return Some(inputs[0]);
                }
                let (consumed, from) = self.with_node(inputs[0].id(), |n| match &n.op {
                    Op::Reshape { consumed: first, to: middle } if *consumed >= middle.rank() => {
                        Some((first + consumed - middle.rank(), n.inputs[0]))
                    }
                    _ => None,
                })?;
                Some(self.apply(Op::Reshape { consumed, to: to.clone() }, &[self.expr(from)]))
            }
            Op::Broadcast { .. } | Op::Slice { .. } | Op::Pad { .. } => same_shape(inputs[0]),
            Op::Concat { .. } if inputs.len() == 1 => Some(inputs[0]),
            Op::Permute(order) if order.iter().enumerate().all(|(i, &o)| i == o) => Some(inputs[0]),
            Op::Permute(order) => {
                let (composed, from) = self.with_node(inputs[0].id(), |n| match &n.op {
                    Op::Permute(first) if first.len() == order.len() => {
                        Some((order.iter().map(|&o| first[o]).collect(), n.inputs[0]))
                    }
                    _ => None,
                })?;
                Some(self.apply(Op::Permute(composed), &[self.expr(from)]))
            }
            Op::StopGradient => self
                .with_node(inputs[0].id(), |n| {
                    matches!(
                        n.op,
                        Op::StopGradient | Op::Scalar(_) | Op::Tensor(_) | Op::Iota | Op::Uniform { .. }
                    )
                })
                .then_some(inputs[0]),
            Op::MatMul => self.fold_batch_into_rows(inputs[0], inputs[1], shape),
            _ => None,
        }
    }

    fn with_input<'g>(&'g self, e: Expr<'g>, is: impl Fn(&Op) -> bool) -> Option<Expr<'g>> {
        self.with_node(e.id(), |n| is(&n.op).then(|| n.inputs[0])).map(|id| self.expr(id))
    }

    /// `[.., y, m, k] @ [.., 1, k, n]` is one product with `y · m` rows, and so is its derivative.
    fn fold_batch_into_rows<'g>(&'g self, a: Expr<'g>, b: Expr<'g>, shape: &Shape) -> Option<Expr<'g>> {
        let (sa, sb) = (a.shape(), b.shape());
        let batch = sa.rank() - 2;
        let folded = (0..batch).take_while(|&i| sb.from_end(i + 2) == 1).count();
        if folded == 0 {
            return None;
        }
        let rows: usize = (0..=folded).map(|i| sa.from_end(i + 1)).product();
        let to = Shape::from([rows, sa.from_end(0)]);
        let left = self.apply(Op::Reshape { consumed: folded + 2, to }, &[a]);
        let squeezed = folded.min(sb.rank() - 2);
        let to = sb.trailing(2);
        let right = self.apply(Op::Reshape { consumed: squeezed + 2, to }, &[b]);
        let product = self.apply(Op::MatMul, &[left, right]);
        let to = shape.trailing(folded + 2);
        Some(self.apply(Op::Reshape { consumed: 2, to }, &[product]))
    }
}
