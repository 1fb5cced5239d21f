//! The graph: an arena of nodes in topological order, in which equal nodes are stored once.
//!
//! There is one node for each (operation, inputs), so common subexpressions are never duplicated. Shape errors do not panic: the
//! first error is kept and its result is poisoned. [`Graph::error`] and compilation return this error every time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::panic::Location;
use std::path::Path;

use hashbrown::HashTable;

use super::op::Op;
use super::shape::Shape;
use crate::error::{Error, human_bytes};

/// The index of a node in its graph. Inputs always have smaller ids than the nodes that use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The position of the node in the arena.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An operation applied to inputs.
#[derive(Clone, Debug)]
pub struct Node {
    /// The operation.
    pub op: Op,
    /// The inputs of the operation.
    pub inputs: Vec<NodeId>,
    /// The shape of the result.
    pub shape: Shape,
}

/// A tensor that is passed to every run.
#[derive(Clone, Debug)]
pub struct InputInfo {
    /// The name.
    pub name: String,
    /// The node.
    pub node: NodeId,
}

#[derive(Clone, Default)]
struct Arena {
    nodes: Vec<Node>,
    /// Every node with the hash of its contents, so that an equal node is found without storing a second copy.
    index: HashTable<(u64, NodeId)>,
    hasher: RandomState,
    inputs: Vec<InputInfo>,
    holes: Vec<String>,
    /// The nodes of which somebody knows that their values are continuous functions of some of the nodes before them.
    continuous: BTreeMap<NodeId, Vec<NodeId>>,
    error: Option<(Error, &'static Location<'static>)>,
}

/// A graph of tensor operations to which you add nodes. [`Expr`](super::Expr) is a handle to a node. A clone has the same nodes under the same
/// ids, and is independent from then on.
#[derive(Clone, Default)]
pub struct Graph {
    arena: RefCell<Arena>,
}

/// The largest number of elements of a single node: far more than fit into memory, and far fewer than an index can count.
const MAX_ELEMENTS: u64 = 1 << 40;

impl Graph {
    /// Creates an empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.arena.borrow().nodes.len()
    }

    /// The nodes, in an order in which inputs precede the nodes that use them.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.len() as u32).map(NodeId)
    }

    /// Whether the graph has no nodes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns a copy of a node.
    pub fn node(&self, id: NodeId) -> Node {
        self.arena.borrow().nodes[id.index()].clone()
    }

    /// Returns the node at a position of the arena, with its id.
    pub fn nodes_at(&self, index: usize) -> (NodeId, Node) {
        let id = NodeId(index as u32);
        (id, self.node(id))
    }

    /// Calls a function with a reference to a node, without copying the node.
    pub fn with_node<R>(&self, id: NodeId, look: impl FnOnce(&Node) -> R) -> R {
        look(&self.arena.borrow().nodes[id.index()])
    }

    /// The tensors that must be passed to a run, by slot.
    pub fn inputs(&self) -> Vec<InputInfo> {
        self.arena.borrow().inputs.clone()
    }

    /// The name of a hole.
    pub fn hole_name(&self, number: u32) -> String {
        self.arena.borrow().holes[number as usize].clone()
    }

    /// The first error, if there is one. It is kept: a graph with an error cannot be compiled.
    pub fn error(&self) -> Option<Error> {
        self.arena.borrow().error.as_ref().map(|(error, _)| error.clone())
    }

    /// The place in the caller's source of the operation that caused the first error. `None` if there is no error, or if the place
    /// is unknown because the operation was called by a function of this crate that does not track its caller.
    pub fn error_location(&self) -> Option<&'static Location<'static>> {
        let (_, location) = self.arena.borrow().error.clone()?;
        let own = Path::new(file!()).ancestors().nth(2)?;
        (!Path::new(location.file()).starts_with(own)).then_some(location)
    }

    /// The id of the node at a position of the arena, if there is one.
    pub fn id_at(&self, index: usize) -> Option<NodeId> {
        (index < self.len()).then_some(NodeId(index as u32))
    }

    /// Calls a function that adds nodes. If it or an operation in it fails, the graph becomes what it was before, without the error,
    /// and the error is the result: an interactive session goes on after a mistake. Expressions made by the function are
    /// then meaningless.
    ///
    /// # Errors
    /// The function's own error, the first error of an operation in it, or the one that the graph had before.
    ///
    /// ```
    /// use aleator_engine::Error;
    /// use aleator_engine::graph::Graph;
    ///
    /// let graph = Graph::new();
    /// let (x, y) = (graph.input("x", [2]), graph.input("y", [3]));
    /// assert!(graph.attempt(|| Ok::<_, Error>(x + y)).is_err());
    /// assert!(graph.attempt(|| Ok::<_, Error>(x + 1)).is_ok() && graph.error().is_none());
    /// ```
    pub fn attempt<R, E: From<Error>>(&self, build: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
        if let Some(error) = self.error() {
            return Err(error.into());
        }
        let (nodes, inputs, holes) = {
            let arena = self.arena.borrow();
            (arena.nodes.len(), arena.inputs.len(), arena.holes.len())
        };
        let result = build();
        let mut arena = self.arena.borrow_mut();
        let error = match (result, arena.error.take()) {
            (Ok(result), None) => return Ok(result),
            (Err(error), _) => error,
            (Ok(_), Some((error, _))) => error.into(),
        };
        arena.nodes.truncate(nodes);
        arena.index.retain(|(_, id)| id.index() < nodes);
        arena.inputs.truncate(inputs);
        arena.holes.truncate(holes);
        arena.continuous.retain(|id, _| id.index() < nodes);
        Err(error)
    }

    /// Stores an error, unless there is one already, and returns the poisoned node that replaces the result.
    #[track_caller]
    pub(super) fn keep_error(&self, error: Error) -> NodeId {
        self.arena.borrow_mut().error.get_or_insert((error, Location::caller()));
        self.intern(Op::Poison, vec![], Shape::scalar())
    }

    /// The shape of the result of an operation.
    pub(super) fn infer_shape(&self, op: &Op, inputs: &[NodeId]) -> Result<Shape, Error> {
        let arena = self.arena.borrow();
        op.infer_shape(&inputs.iter().map(|id| &arena.nodes[id.index()].shape).collect::<Vec<_>>())
    }

    /// The node of an operation on inputs that gives this shape, or that of an error if the shape is too large.
    #[track_caller]
    pub(crate) fn insert(&self, op: Op, inputs: Vec<NodeId>, shape: Shape) -> NodeId {
        if shape.checked_extent().is_some_and(|n| n as u64 <= MAX_ELEMENTS) {
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

    /// Adds an input in the next slot.
    #[track_caller]
    pub(super) fn insert_input(&self, name: &str, shape: Shape) -> NodeId {
        let slot = self.arena.borrow().inputs.len() as u32;
        let node = self.insert(Op::Input(slot), vec![], shape);
        self.arena.borrow_mut().inputs.push(InputInfo { name: name.to_string(), node });
        node
    }

    /// Adds a hole that depends on the given nodes.
    #[track_caller]
    pub(super) fn insert_hole(&self, name: &str, inputs: Vec<NodeId>, shape: Shape) -> NodeId {
        let number = {
            let mut arena = self.arena.borrow_mut();
            arena.holes.push(name.to_string());
            arena.holes.len() as u32 - 1
        };
        self.insert(Op::Hole(number), inputs, shape)
    }

    /// [`Expr::is_continuous_in`](super::Expr::is_continuous_in). The first record of a node stays.
    pub(super) fn record_continuous(&self, id: NodeId, of: Vec<NodeId>) {
        // A result that has been simplified may be older than an argument, and says nothing then.
        if of.iter().all(|argument| *argument < id) {
            self.arena.borrow_mut().continuous.entry(id).or_insert(of);
        }
    }

    /// The nodes of whose values a node is known to be a continuous function: [`Expr::is_continuous_in`](super::Expr::is_continuous_in).
    pub fn continuous_in(&self, id: NodeId) -> Option<Vec<NodeId>> {
        self.arena.borrow().continuous.get(&id).cloned()
    }

    /// The value of a scalar constant.
    pub fn scalar_value(&self, id: NodeId) -> Option<f64> {
        self.with_node(id, |n| match n.op {
            Op::Scalar(bits) => Some(f64::from_bits(bits)),
            _ => None,
        })
    }
}
