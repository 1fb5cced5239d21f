//! The graph: an arena of nodes in topological order, where equal nodes are one node.
//!
//! A node is made once for each (operation, inputs), so common subexpressions never exist twice. Wrong shapes do not
//! panic: the first error is kept, the result is poisoned, and whoever asks [`Graph::error`] or compiles the graph
//! receives that error, every time.

use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use super::op::Op;
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

/// A growing graph of tensor operations. Handles to its nodes are [`Expr`](super::Expr)s. A clone has the same nodes under the same ids, and
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

    /// The first error, if there was any. It stays: a graph with an error cannot be compiled.
    pub fn error(&self) -> Option<Error> {
        self.arena.borrow().error.clone()
    }

    /// Keeps an error, unless there is one already, and gives the node that stands for what could not be made.
    pub(super) fn keep_error(&self, error: Error) -> NodeId {
        self.arena.borrow_mut().error.get_or_insert(error);
        self.intern(Op::Poison, vec![], Shape::scalar())
    }

    /// The shape of an operation's result.
    pub(super) fn infer_shape(&self, op: &Op, inputs: &[NodeId]) -> Result<Shape, Error> {
        let arena = self.arena.borrow();
        op.infer_shape(&inputs.iter().map(|id| &arena.nodes[id.index()].shape).collect::<Vec<_>>())
    }

    /// The node of an operation on inputs that gives this shape, or that of an error if the shape is too large.
    pub(super) fn insert(&self, op: Op, inputs: Vec<NodeId>, shape: Shape) -> NodeId {
        if shape.checked_numel().is_some_and(|n| n as u64 <= MAX_ELEMENTS) {
            return self.intern(op, inputs, shape);
        }
        let bytes = shape.iter().fold(8u128, |n, &d| n.saturating_mul(d as u128));
        let limit = human_bytes(8 * MAX_ELEMENTS as u128);
        let what = format!("a tensor of shape {shape}");
        self.keep_error(Error::Memory { what, needed: human_bytes(bytes), limit })
    }

    fn intern(&self, op: Op, inputs: Vec<NodeId>, shape: Shape) -> NodeId {
        let mut arena = self.arena.borrow_mut();
        let Arena { nodes, index, hasher, .. } = &mut *arena;
        let hash = hasher.hash_one((&op, &inputs, &shape));
        let is_equal = |&(other, id): &(u64, NodeId)| {
            let node = &nodes[id.index()];
            other == hash && node.op == op && node.inputs == inputs && node.shape == shape
        };
        if let Some(&(_, id)) = index.find(hash, is_equal) {
            return id;
        }
        let id = NodeId(u32::try_from(nodes.len()).unwrap_or(u32::MAX));
        nodes.push(Node { op, inputs, shape });
        index.insert_unique(hash, (hash, id), |&(hash, _)| hash);
        id
    }

    /// A new input in the next slot.
    pub(super) fn insert_input(&self, name: &str, shape: Shape) -> NodeId {
        let slot = self.arena.borrow().inputs.len() as u32;
        let node = self.insert(Op::Input(slot), vec![], shape);
        self.arena.borrow_mut().inputs.push(InputInfo { name: name.to_string(), node });
        node
    }

    /// A new hole that depends on some nodes.
    pub(super) fn insert_hole(&self, name: &str, inputs: Vec<NodeId>, shape: Shape) -> NodeId {
        let number = {
            let mut arena = self.arena.borrow_mut();
            arena.holes.push(name.to_string());
            arena.holes.len() as u32 - 1
        };
        self.insert(Op::Hole(number), inputs, shape)
    }

    /// The value of a scalar constant.
    pub fn scalar_value(&self, id: NodeId) -> Option<f64> {
        self.with_node(id, |n| match n.op {
            Op::Scalar(bits) => Some(f64::from_bits(bits)),
            _ => None,
        })
    }
}
