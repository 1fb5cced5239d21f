//! The nodes that a site influences, and the axes along which it influences them element by element.
//!
//! Each node in the cone of a site has a map from the site's batch axes to the node's axes. If an axis is mapped, the element of
//! the node with index i along it depends on the site only through elements with index i along the site's axis. If elements are
//! mixed, the map has no entry. A score then multiplies only the costs of its cone and, along mapped axes, only the matching
//! element. All other costs have expectation zero under the score, and would only add variance.

use std::collections::HashMap;
use std::rc::Rc;

use aleator_engine::graph::NodeId;

use crate::graph::{Graph, SiteDef};

/// For each batch axis of the site (0 is the last one), the corresponding axis of the node (0 is its last one).
pub type AxisMap = Vec<Option<usize>>;

/// The axis maps of all nodes that depend on the value of a site.
#[derive(Clone, Debug)]
pub struct Influence {
    maps: HashMap<NodeId, AxisMap>,
}

impl Influence {
    /// Follows the influence of `site` through all current nodes.
    pub fn of(graph: &Graph, site: &SiteDef) -> Self {
        let sites = graph.sites();
        let holes: HashMap<NodeId, &SiteDef> = sites.iter().map(|s| (s.value, s)).collect();
        Self::through(graph, site, &holes, graph.engine().ids())
    }

    /// The same through the given nodes, in order. `holes` maps values to their sites.
    fn through(
        graph: &Graph,
        site: &SiteDef,
        holes: &HashMap<NodeId, &SiteDef>,
        nodes: impl Iterator<Item = NodeId>,
    ) -> Self {
        let engine = graph.engine();
        let event = site.event.rank();
        // An axis of size 1 carries no information.
        let own = (0..site.batch.rank()).map(|i| (site.batch.from_end(i) > 1).then_some(i + event)).collect();
        let mut maps: HashMap<NodeId, AxisMap> = HashMap::from([(site.value, own)]);
        for id in nodes.filter(|id| *id > site.value) {
            let node = engine.node(id);
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
                            None => node.op.carries_axis(position, axis, &input_shape, &node.shape),
                        }?;
                        // Broadcasting never extends a mapped axis, because its size is greater than 1.
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
            if let Some(map) = combined {
                maps.insert(id, map);
            }
        }
        Influence { maps }
    }

    /// Whether the node depends on the site.
    pub fn reaches(&self, node: NodeId) -> bool {
        self.maps.contains_key(&node)
    }

    /// Adds a node that depends on the site in the same way as another node.
    fn add(&mut self, node: NodeId, like: NodeId) {
        if let Some(map) = self.maps.get(&like).cloned() {
            self.maps.entry(node).or_insert(map);
        }
    }

    /// The axis map of a node in the cone.
    pub fn map(&self, node: NodeId) -> Option<&AxisMap> {
        self.maps.get(&node)
    }
}

/// The sites on which a node depends, with one bit for each site.
type Sites = Rc<[u64]>;

/// The influence of all sites.
#[derive(Clone, Debug)]
pub(crate) struct Influences {
    /// For each node, the sites on which it depends; `None` if there are none. Nodes with the same sites share the set.
    sites: Vec<Option<Sites>>,
    /// For each site with batch axes, the axis maps. A site without batch axes needs none.
    maps: Vec<Option<Influence>>,
    /// For each site with batch axes, the nodes that depend on it, in order.
    reached: Vec<Vec<NodeId>>,
}

/// The axis map of a site without batch axes.
static NO_AXES: AxisMap = Vec::new();

impl Influences {
    /// The influence of the sites of a graph on the given nodes, in order, from which the requested results are computed.
    pub fn of(graph: &Graph, sites: &[SiteDef], nodes: &[NodeId]) -> Self {
        let mut all =
            Influences { sites: Vec::new(), maps: Vec::new(), reached: vec![Vec::new(); sites.len()] };
        let mut has_axes = vec![0u64; sites.len().div_ceil(64)];
        for (number, _) in sites.iter().enumerate().filter(|(_, site)| site.batch.rank() > 0) {
            has_axes[number / 64] |= 1 << (number % 64);
        }
        let numbers: HashMap<NodeId, usize> = sites.iter().enumerate().map(|(i, s)| (s.value, i)).collect();
        let engine = graph.engine();
        for &id in nodes {
            let inputs: Vec<Sites> = engine
                .with_node(id, |node| node.inputs.iter().filter_map(|&i| all.row(i).cloned()).collect());
            let own = numbers.get(&id).copied();
            let row = union(&inputs, own);
            for site in row.iter().flat_map(|row| bits(row.iter().zip(&has_axes).map(|(a, b)| a & b))) {
                all.reached[site].push(id);
            }
            all.set(id, row);
        }
        // A site on which no requested result depends influences only itself.
        for (number, site) in sites.iter().enumerate() {
            if all.row(site.value).is_some() {
                continue;
            }
            all.set(site.value, union(&[], Some(number)));
        }
        let holes: HashMap<NodeId, &SiteDef> = sites.iter().map(|s| (s.value, s)).collect();
        let map = |(number, site): (usize, &SiteDef)| {
            let reached = all.reached[number].iter().copied();
            (site.batch.rank() > 0).then(|| Influence::through(graph, site, &holes, reached))
        };
        let maps = sites.iter().enumerate().map(map).collect();
        Influences { maps, ..all }
    }

    fn row(&self, node: NodeId) -> Option<&Sites> {
        self.sites.get(node.index())?.as_ref()
    }

    fn set(&mut self, node: NodeId, row: Option<Sites>) {
        if row.is_some() {
            let size = self.sites.len().max(node.index() + 1);
            self.sites.resize(size, None);
            self.sites[node.index()] = row;
        }
    }

    /// Whether the node depends on the site.
    pub fn reaches(&self, site: usize, node: NodeId) -> bool {
        let word = self.row(node).and_then(|row| row.get(site / 64));
        word.is_some_and(|word| word >> (site % 64) & 1 == 1)
    }

    /// The sites on which a node depends, in ascending order.
    pub fn sites(&self, node: NodeId) -> impl Iterator<Item = usize> + use<> {
        let row = self.row(node).cloned();
        let words = 0..row.as_ref().map_or(0, |row| row.len());
        bits(words.map(move |place| row.as_ref().map_or(0, |row| row[place])))
    }

    /// The sites on which at least one of two nodes depends, in ascending order.
    pub fn sites_of_either(&self, a: NodeId, b: NodeId) -> impl Iterator<Item = usize> + use<> {
        let rows = [self.row(a).cloned(), self.row(b).cloned()];
        let len = rows.iter().flatten().map(|row| row.len()).max().unwrap_or(0);
        let word = move |place: usize| {
            rows.iter().flatten().fold(0, |all, row| all | row.get(place).copied().unwrap_or(0))
        };
        bits((0..len).map(word))
    }

    /// The nodes that depend on a site with batch axes, in order.
    pub fn reached(&self, site: usize) -> &[NodeId] {
        &self.reached[site]
    }

    /// The axis map of a node in the cone of the site.
    pub fn map(&self, site: usize, node: NodeId) -> Option<&AxisMap> {
        match &self.maps[site] {
            Some(influence) => influence.map(node),
            None => self.reaches(site, node).then_some(&NO_AXES),
        }
    }

    /// Adds a node that depends on all sites in the same way as another node.
    pub fn add(&mut self, node: NodeId, like: NodeId) {
        if self.row(node).is_none() {
            self.set(node, self.row(like).cloned());
            for site in self.sites(like) {
                if let Some(influence) = &mut self.maps[site] {
                    influence.add(node, like);
                }
            }
        }
    }
}

/// The places of the bits that are 1, in ascending order.
fn bits(words: impl Iterator<Item = u64>) -> impl Iterator<Item = usize> {
    words.enumerate().flat_map(|(place, mut rest)| {
        std::iter::from_fn(move || {
            (rest != 0).then(|| {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                64 * place + bit
            })
        })
    })
}

/// The union of some sets and one additional site. If it equals one of the sets, that set is shared.
fn union(sets: &[Sites], more: Option<usize>) -> Option<Sites> {
    let longest = sets.iter().max_by_key(|set| set.len());
    let holds = |set: &Sites, other: &Sites| {
        Rc::ptr_eq(set, other) || set.iter().zip(other.iter()).all(|(a, b)| a & b == *b)
    };
    if let (Some(longest), None) = (longest, more)
        && sets.iter().all(|other| holds(longest, other))
    {
        return Some(Rc::clone(longest));
    }
    let len = longest.map_or(0, |set| set.len()).max(more.map_or(0, |site| site / 64 + 1));
    let mut all = vec![0; len];
    for set in sets {
        all.iter_mut().zip(set.iter()).for_each(|(a, b)| *a |= b);
    }
    if let Some(site) = more {
        all[site / 64] |= 1 << (site % 64);
    }
    (len > 0).then(|| all.into())
}
