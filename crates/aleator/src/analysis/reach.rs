//! The draws on which each element of a graph depends: the [`Draws`] of every node, for every site.

use std::collections::HashMap;
use std::rc::Rc;

use aleator_engine::graph::{Binary, Node, NodeId, Op, Shape};

use super::constants::constant_values;
use super::draws::{Draws, Mask};
use super::influence::Influences;
use crate::graph::{Graph, SiteDef};

/// The draws of one site on which the nodes in its cone depend.
///
/// An axis of the site along which no operation mixes draws is not analysed: the result holds for each index along it.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    /// The number of the site.
    site: usize,
    /// The shape of the draws that are distinguished: the batch of the site, with 1 for axes that are not analysed.
    pub told_apart: Shape,
    /// The sets of those nodes of the cone for which something is known; `None` if all are empty.
    known: HashMap<NodeId, Option<Rc<Draws>>>,
    /// The number of bits that further sets may use.
    left: usize,
    /// The set of all draws, for nodes of each rank.
    all: Rc<[Rc<Draws>]>,
}

/// The set of all draws, for nodes of each usual rank.
fn all_draws(count: usize) -> Rc<[Rc<Draws>]> {
    (0..=USUAL_RANK).map(|rank| Rc::new(Draws::all(rank, count))).collect()
}

/// Follows the draws of sites, one after another, through the nodes from which costs are computed.
pub(crate) struct Followers<'a> {
    graph: &'a Graph,
    holes: HashMap<NodeId, &'a SiteDef>,
    influences: &'a Influences,
    constants: &'a Constants,
    /// The nodes, in order.
    nodes: &'a [NodeId],
    /// The nodes at which a set may become smaller.
    narrowing: Vec<NodeId>,
    /// The sets for one draw, which most sites have.
    of_one: Rc<[Rc<Draws>]>,
}

impl<'a> Followers<'a> {
    pub fn new(
        graph: &'a Graph,
        sites: &'a [SiteDef],
        influences: &'a Influences,
        constants: &'a Constants,
        nodes: &'a [NodeId],
    ) -> Self {
        let narrows = |id: &NodeId| graph.engine().with_node(*id, |node| constants.narrows(node));
        Followers {
            graph,
            holes: sites.iter().map(|s| (s.value, s)).collect(),
            influences,
            constants,
            nodes,
            narrowing: nodes.iter().copied().filter(narrows).collect(),
            of_one: all_draws(1),
        }
    }

    /// The nodes that the draws of a site reach. Draws along the axes of `told_apart` are distinguished.
    pub fn follow(&self, number: usize, site: &SiteDef, told_apart: Shape) -> Reach {
        let all = match told_apart.numel() {
            1 => Rc::clone(&self.of_one),
            count => all_draws(count),
        };
        let mut reach =
            Reach { site: number, told_apart, known: HashMap::new(), left: MOST_BITS_OF_A_SITE, all };
        reach.note(site.value, Draws::themselves(&reach.told_apart, site.event.rank()));
        let reached = |id: &NodeId| self.influences.reaches(number, *id);
        if reach.known.is_empty() && !self.narrowing.iter().any(reached) {
            return reach;
        }
        // Where something is known of a site's draws, the site has batch axes, or there are few such sites.
        for id in self.nodes.iter().copied().filter(|id| *id > site.value && reached(id)) {
            let later = self.holes.get(&id).copied();
            reach.follow(self.graph, id, later, self.influences, self.constants);
        }
        reach
    }
}

/// The largest rank for which the sets of all draws are created in advance.
const USUAL_RANK: usize = 6;

/// The largest number of bits for the sets of one site.
const MOST_BITS_OF_A_SITE: usize = 1 << 27;

/// The elements of the constants of a graph that let a set pass.
pub(crate) struct Constants {
    values: HashMap<NodeId, Vec<f64>>,
}

impl Constants {
    /// Examines the constants by which random values may be multiplied or selected.
    pub fn of(graph: &Graph, nodes: impl Iterator<Item = NodeId>) -> Self {
        let engine = graph.engine();
        let operands = |id: NodeId| {
            let node = engine.node(id);
            match node.op {
                Op::Binary(Binary::Mul) | Op::MatMul => node.inputs,
                Op::Binary(Binary::Div) | Op::Select => node.inputs[..1].to_vec(),
                _ => Vec::new(),
            }
        };
        let mut values = constant_values(engine, &nodes.flat_map(operands).collect::<Vec<_>>());
        // All other constants let every set pass.
        values.retain(|_, values| values.contains(&0.0));
        Constants { values }
    }

    /// Whether an operation of this kind may depend on fewer draws than all its inputs together.
    pub fn narrows(&self, node: &Node) -> bool {
        match node.op {
            Op::Concat { .. } | Op::Pad { .. } => true,
            Op::Binary(Binary::Mul | Binary::Div) | Op::MatMul | Op::Select => {
                node.inputs.iter().any(|i| self.values.contains_key(i))
            }
            _ => false,
        }
    }

    /// Where a constant is (or is not) 0; `None` if it never blocks a set or is unknown.
    fn mask(&self, graph: &Graph, id: NodeId, passes: impl Fn(f64) -> bool) -> Option<Mask> {
        let passes: Vec<bool> = self.values.get(&id)?.iter().map(|&v| passes(v)).collect();
        passes.contains(&false).then(|| Mask { shape: graph.expr(id).shape(), passes })
    }
}

impl Reach {
    /// Whether the elements of any node depend on a proper subset of the draws, or on none.
    pub fn says_something(&self) -> bool {
        !self.known.is_empty()
    }

    /// The sets of a node; `None` if no element depends on the site.
    pub fn draws(&self, graph: &Graph, influences: &Influences, node: NodeId) -> Option<Rc<Draws>> {
        if !influences.reaches(self.site, node) {
            return None;
        }
        let all = || {
            let rank = graph.expr(node).rank();
            let new = || Rc::new(Draws::all(rank, self.told_apart.numel()));
            Some(self.all.get(rank).cloned().unwrap_or_else(new))
        };
        self.known.get(&node).cloned().unwrap_or_else(all)
    }

    /// Removes all nodes except these.
    pub fn keep(&mut self, nodes: impl Fn(NodeId) -> bool) {
        self.known.retain(|&id, _| nodes(id));
    }

    fn note(&mut self, node: NodeId, draws: Draws) {
        if draws.is_empty() {
            self.known.insert(node, None);
        } else if !draws.is_all() {
            // Once the memory is used up, no further draws are distinguished.
            self.left = self.left.saturating_sub(draws.size());
            if self.left > 0 {
                self.known.insert(node, Some(Rc::new(draws)));
            }
        }
    }

    /// Adds a node of the cone whose inputs are known.
    pub fn follow(
        &mut self,
        graph: &Graph,
        id: NodeId,
        site: Option<&SiteDef>,
        influences: &Influences,
        constants: &Constants,
    ) {
        // If the inputs may depend on every draw, only few operations have a result that does not.
        let says_something = graph.engine().with_node(id, |node| {
            constants.narrows(node) || node.inputs.iter().any(|i| self.known.contains_key(i))
        });
        if !says_something || self.left == 0 {
            return;
        }
        let node = graph.engine().node(id);
        let inputs: Vec<Option<Rc<Draws>>> =
            node.inputs.iter().map(|&i| self.draws(graph, influences, i)).collect();
        if inputs.iter().all(Option::is_none) {
            self.known.insert(id, None);
            return;
        }
        let draws = match site {
            Some(later) => self.behind_parameters(&inputs, later),
            None => self.behind(graph, &node, &inputs, constants),
        };
        // Most nodes have the sets of an input. These are stored once.
        match inputs.into_iter().flatten().find(|input| **input == draws && !draws.is_all()) {
            Some(same) => {
                self.known.insert(id, Some(same));
            }
            None => self.note(id, draws),
        }
    }

    /// A draw depends on everything on which the parameters of its distribution depend, over whole events.
    fn behind_parameters(&self, inputs: &[Option<Rc<Draws>>], later: &SiteDef) -> Draws {
        let specs = later.family.parameters();
        let event = later.event.rank();
        let each: Vec<Draws> = inputs
            .iter()
            .zip(specs)
            .filter_map(|(draws, spec)| Some(draws.as_ref()?.of_events(spec.event_rank, event)))
            .collect();
        let parts: Vec<(&Draws, Option<&Mask>)> = each.iter().map(|d| (d, None)).collect();
        Draws::union(&parts, later.batch.rank() + event, self.told_apart.numel())
    }

    fn behind(
        &self,
        graph: &Graph,
        node: &Node,
        inputs: &[Option<Rc<Draws>>],
        constants: &Constants,
    ) -> Draws {
        let (rank, count) = (node.shape.rank(), self.told_apart.numel());
        let not_zero = |i: usize| constants.mask(graph, node.inputs[i], |v| v != 0.0);
        let union = |masks: &[Option<Mask>]| {
            let with_mask =
                inputs.iter().zip(masks.iter().map(Option::as_ref).chain(std::iter::repeat(None)));
            let parts: Vec<_> =
                with_mask.filter_map(|(draws, mask)| Some((&**draws.as_ref()?, mask))).collect();
            Draws::union(&parts, rank, count)
        };
        match &node.op {
            Op::Binary(Binary::Mul) => union(&[not_zero(1), not_zero(0)]),
            Op::Binary(Binary::Div) => union(&[None, not_zero(0)]),
            Op::Select => union(&[None, not_zero(0), constants.mask(graph, node.inputs[0], |v| v == 0.0)]),
            op if op.is_elementwise() => union(&[]),
            Op::MatMul => {
                let sides = [0, 1].map(|i| {
                    let other = not_zero(1 - i).filter(|_| inputs[1 - i].is_none());
                    Some(inputs[i].as_ref()?.of_product(i == 0, other.as_ref()))
                });
                let parts: Vec<_> = sides.iter().flatten().map(|d| (d, None)).collect();
                Draws::union(&parts, rank, count)
            }
            Op::External(e) => {
                let event = |(i, draws): (usize, &Option<Rc<Draws>>)| {
                    let (mixed, of_result) = e.mixed_axes(i);
                    Some(draws.as_ref()?.of_events(mixed, of_result))
                };
                let each: Vec<Draws> = inputs.iter().enumerate().filter_map(event).collect();
                Draws::union(&each.iter().map(|d| (d, None)).collect::<Vec<_>>(), rank, count)
            }
            op => {
                let given: Vec<Option<&Draws>> = inputs.iter().map(Option::as_deref).collect();
                let shapes: Vec<Shape> = node.inputs.iter().map(|&i| graph.expr(i).shape()).collect();
                Draws::moved(op, &given, &shapes, count).unwrap_or_else(|| Draws::all(rank, count))
            }
        }
    }
}

/// The shape of the draws that are distinguished: the batch of the site, with 1 for each axis along which no node of `all` mixes
/// them. If there are too many draws, only the axes along which nodes of `mixing` mix them are included.
pub(crate) fn told_apart(
    graph: &Graph,
    number: usize,
    site: &SiteDef,
    influences: &Influences,
    [all, mixing]: [&[bool]; 2],
) -> Shape {
    let rank = site.batch.rank();
    if rank == 0 {
        return Shape::scalar();
    }
    let map_of = |node: NodeId| influences.map(number, node);
    let mixed_by = |nodes: &[bool]| {
        let mut mixed = vec![false; rank];
        for &id in influences.reached(number).iter().filter(|id| nodes[id.index()]) {
            let Some(map) = map_of(id) else { continue };
            graph.engine().with_node(id, |node| {
                for input in node.inputs.iter().filter_map(|i| map_of(*i)) {
                    let loses = |axis: usize| map[axis].is_none() && input[axis].is_some();
                    (0..rank).for_each(|axis| mixed[axis] |= loses(axis));
                }
            });
        }
        let size = |i: usize| if mixed[rank - 1 - i] { site.batch[i] } else { 1 };
        Shape::from((0..rank).map(size).collect::<Vec<_>>())
    };
    let few = |shape: &Shape| Draws::are_few(shape.numel());
    Some(mixed_by(all))
        .filter(few)
        .or_else(|| Some(mixed_by(mixing)).filter(few))
        .unwrap_or(vec![1; rank].into())
}
