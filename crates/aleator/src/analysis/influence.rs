//! What a site influences, and along which axes element by element.
//!
//! For each node in a site's cone, the map of the site's batch axes to the node's axes says: the node's element with
//! index i along that axis depends on the site only through elements with index i along the site's. Where elements
//! mix, the map has no entry. A score then meets only the costs of its cone, and along mapped axes only the matching
//! element: everything else has expectation zero under the score, and would only add variance.

use std::collections::HashMap;

use aleator_engine::graph::{NodeId, Op, Shape};

use crate::graph::{Graph, SiteDef};

/// For each batch axis of the site (0 is the last one): the node's axis (0 is its last) that goes with it.
pub type AxisMap = Vec<Option<usize>>;

/// The axis maps of all nodes that depend on a site's value.
#[derive(Clone, Debug)]
pub struct Influence {
    maps: HashMap<NodeId, AxisMap>,
}

impl Influence {
    /// Follows the influence of `site` through the nodes made so far, up to `end`.
    pub fn of(graph: &Graph, site: &SiteDef, sites: &[SiteDef], end: usize) -> Self {
        let engine = graph.engine();
        let holes: HashMap<NodeId, &SiteDef> = sites.iter().map(|s| (s.value, s)).collect();
        let event = site.event.rank();
        // An axis of size 1 says nothing.
        let own = (0..site.batch.rank()).map(|i| (site.batch.from_end(i) > 1).then_some(i + event)).collect();
        let mut maps: HashMap<NodeId, AxisMap> = HashMap::from([(site.value, own)]);
        for (id, node) in (site.value.index() + 1..end).map(|i| engine.nodes_at(i)) {
            let mut combined: Option<AxisMap> = None;
            for (position, input) in node.inputs.iter().enumerate() {
                let Some(map) = maps.get(input) else { continue };
                let input_shape = engine.expr(*input).shape();
                let through: AxisMap = map
                    .iter()
                    .map(|axis| {
                        let axis = (*axis)?;
                        let to = match holes.get(&id) {
                            Some(later) => {
                                let spec = later.family.parameters()[position];
                                (axis >= spec.event_rank).then(|| axis - spec.event_rank + later.event.rank())
                            }
                            None => carry(&node.op, position, axis, &input_shape, &node.shape),
                        }?;
                        // Broadcasting never stretches a mapped axis, whose size is above 1.
                        (node.shape.from_end(to) == input_shape.from_end(axis)).then_some(to)
                    })
                    .collect();
                combined = Some(match combined {
                    None => through,
                    Some(have) => {
                        have.iter().zip(&through).map(|(a, b)| if a == b { *a } else { None }).collect()
                    }
                });
            }
            if let Some(map) = unfolded(graph, &maps, id).or(combined) {
                maps.insert(id, map);
            }
        }
        Influence { maps }
    }

    /// Whether the node depends on the site.
    pub fn reaches(&self, node: NodeId) -> bool {
        self.maps.contains_key(&node)
    }

    /// Adds a node that depends on the site as another does.
    pub(crate) fn add(&mut self, node: NodeId, like: NodeId) {
        if let Some(map) = self.maps.get(&like).cloned() {
            self.maps.entry(node).or_insert(map);
        }
    }

    /// The axis map of a node in the cone.
    pub fn map(&self, node: NodeId) -> Option<&AxisMap> {
        self.maps.get(&node)
    }
}

/// The map of a product `a @ w` that the engine writes as one of matrices, with all leading axes of `a` as rows, and `w` none of the
/// site's: only the last axis of `a` is mixed, or the last few, if `a` was itself reshaped to put them in one.
fn unfolded(graph: &Graph, maps: &HashMap<NodeId, AxisMap>, id: NodeId) -> Option<AxisMap> {
    let engine = graph.engine();
    let input_of = |id: NodeId, op: fn(&Op) -> bool| {
        let node = engine.node(id);
        op(&node.op).then(|| node.inputs.clone())
    };
    let is_reshape = |op: &Op| matches!(op, Op::Reshape { .. });
    let product = input_of(id, is_reshape)?[0];
    let [rows, weights] = input_of(product, |op| *op == Op::MatMul)?[..] else { return None };
    let folded = input_of(rows, is_reshape)?[0];
    let (from, to) = (engine.expr(folded).shape(), engine.expr(id).shape());
    let lead = to.rank().checked_sub(1)?;
    let mixed = from.rank().checked_sub(lead).filter(|&mixed| mixed > 0)?;
    let same = from.leading(lead) == to.leading(lead);
    let keeps_last = engine.expr(rows).shape().from_end(0) == from.trailing(mixed).iter().product::<usize>()
        && engine.expr(product).shape().from_end(0) == to.from_end(0);
    if !same || !keeps_last || maps.contains_key(&weights) {
        return None;
    }
    Some(
        maps.get(&folded)?
            .iter()
            .map(|axis| axis.and_then(|a| (a + 1).checked_sub(mixed)).filter(|&a| a > 0))
            .collect(),
    )
}

/// Where axis `axis` (from the end) of the input at `position` goes; `None` where its elements mix.
fn carry(op: &Op, position: usize, axis: usize, from: &Shape, to: &Shape) -> Option<usize> {
    match op {
        op if op.is_elementwise() => Some(axis),
        Op::Reduce(_, axes) => {
            (!axes.contains(&axis)).then(|| axis - axes.iter().filter(|&&a| a < axis).count())
        }
        Op::ArgMax => axis.checked_sub(1),
        Op::CumSum { .. } => (axis > 0).then_some(axis),
        Op::MatMul => match (position, axis) {
            (0, 0) | (1, 1) => None,
            _ => Some(axis),
        },
        Op::Reshape { .. } => {
            // The axis with as many elements behind it, and the same size.
            let behind: usize = from.trailing(axis).iter().product();
            (0..to.rank()).find(|&a| {
                to.from_end(a) == from.from_end(axis) && to.trailing(a).iter().product::<usize>() == behind
            })
        }
        Op::Broadcast { .. } => Some(axis),
        Op::Permute(order) => {
            let n = order.len();
            if axis >= n {
                return Some(axis);
            }
            order.iter().position(|&o| o == n - 1 - axis).map(|i| n - 1 - i)
        }
        Op::Slice { axis: a, .. } | Op::Pad { axis: a, .. } | Op::Concat { axis: a } => {
            (*a != axis).then_some(axis)
        }
        Op::External(e) => axis.checked_sub(e.input_ranks[position]).map(|leading| leading + e.shape.rank()),
        _ => None,
    }
}
