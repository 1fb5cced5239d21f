//! A graph's analysis: its sites in use, what they influence, the objective's terms in groups.

use std::rc::Rc;

use aleator_engine::graph::{NodeId, Op, Shape, ancestors, dependents};

use super::between;
use super::count;
use super::draws::Draws;
use super::influence::{AxisMap, Influence};
use super::meeting::Meeting;
use super::range::Ranges;
use super::reach::{Constants, Reach, told_apart};
use super::site_info::SiteInfo;
use super::terms::{Linearity, Meetings, Term};
use crate::distributions::{Distribution, Support};
use crate::error::{Error, Result};
use crate::graph::{Graph, SiteDef};

/// Terms of the objective that the same sites influence in the same way: handled as one.
pub(crate) struct TermGroup {
    /// Coefficients and nodes, all of one shape.
    pub parts: Vec<(f64, NodeId)>,
    /// The author's shape.
    pub shape: Shape,
    /// For each site: its axis map, if the terms depend on it.
    pub maps: Vec<Option<AxisMap>>,
    /// For each site: the draws that each element depends on.
    pub draws: Vec<Option<Rc<Draws>>>,
    /// For each site: which elements the score of each draw meets.
    pub meetings: Vec<Option<Meeting>>,
}

/// A graph's analysis for rewriting: sites in use, their influence, the objective's terms.
pub(crate) struct Analysis {
    pub sites: Vec<SiteDef>,
    /// Whether a cost depends on the site at all.
    pub used: Vec<bool>,
    /// Whether the site is discrete and something behind it is undefined between its outcomes.
    pub undefined_between: Vec<bool>,
    pub influence: Vec<Influence>,
    pub groups: Vec<TermGroup>,
}

impl Analysis {
    pub fn of(graph: &Graph) -> Result<Self> {
        if let Some(error) = graph.engine().error() {
            return Err(error.into());
        }
        let (sites, costs) = (graph.sites(), graph.costs());
        if costs.is_empty() {
            return Err(Error::NoCost);
        }
        let cost_nodes: Vec<NodeId> = costs.iter().map(|c| c.node).collect();
        let kept = graph.states().into_iter().filter_map(|s| s.next);
        let wanted: Vec<NodeId> = cost_nodes.iter().copied().chain(kept).collect();
        let needed = ancestors(graph.engine(), &wanted);
        let used: Vec<bool> = sites.iter().map(|s| needed[s.value.index()]).collect();
        count::check(graph, &sites)?;
        let undefined = |s: &SiteDef| {
            s.family.support().is_discrete() && between::undefined_between(graph, s.value, &needed)
        };
        let undefined_between = sites.iter().map(undefined).collect();
        let end = wanted.iter().map(|c| c.index() + 1).max().unwrap_or(0);
        let mut influence: Vec<Influence> =
            sites.iter().map(|s| Influence::of(graph, s, &sites, end.max(s.value.index() + 1))).collect();

        let of_costs = ancestors(graph.engine(), &cost_nodes);
        let nodes: Vec<NodeId> =
            (0..end).filter(|&i| of_costs[i]).map(|i| graph.engine().nodes_at(i).0).collect();
        let random = dependents(graph.engine(), &sites.iter().map(|s| s.value).collect::<Vec<_>>());
        let linearity = Linearity::of(graph, &cost_nodes, &random);
        let mixing = linearity.mixing(&nodes);
        let constants = Constants::of(graph, nodes.iter().copied());
        let mut reach: Vec<Reach> = Vec::new();
        for (site, influence) in sites.iter().zip(&influence) {
            let apart = told_apart(graph, site, influence, [&nodes, &mixing]);
            let mut of_site =
                Reach::of(graph, site, &sites, influence, apart, &constants, nodes.iter().copied());
            of_site.keep(|id| linearity.linear.contains_key(&id));
            reach.push(of_site);
        }
        let followed = Followed { graph, sites: &sites, influence: &influence, reach: &reach };
        let found = linearity.terms(&cost_nodes, &followed);
        // A product with what is not random depends on the same draws, unless it is one with 0.
        let products: Vec<NodeId> = found.iter().filter(|t| t.node != t.author).map(|t| t.node).collect();
        let constants = Constants::of(graph, products.into_iter());
        for (influence, reach) in influence.iter_mut().zip(&mut reach) {
            for term in found.iter().filter(|t| t.node != t.author) {
                if !influence.reaches(term.author) {
                    continue;
                }
                influence.add(term.node, term.author);
                reach.follow(graph, term.node, None, influence, &constants);
            }
        }

        let mut groups: Vec<TermGroup> = Vec::new();
        for Term { node, coefficient, .. } in found {
            let shape = graph.expr(node).shape();
            let maps: Vec<Option<AxisMap>> = influence.iter().map(|i| i.map(node).cloned()).collect();
            let draws: Vec<Option<Rc<Draws>>> =
                influence.iter().zip(&reach).map(|(i, r)| r.draws(graph, i, node)).collect();
            match groups.iter_mut().find(|g| g.shape == shape && g.maps == maps && g.draws == draws) {
                Some(group) => group.parts.push((coefficient, node)),
                None => {
                    let meeting = |i: usize| {
                        let (draws, map) = (draws[i].as_deref()?, maps[i].as_ref()?);
                        let meeting = Meeting::of(draws, &reach[i].told_apart, map, &shape, &sites[i].batch);
                        (!meeting.is_none()).then_some(meeting)
                    };
                    let meetings = (0..sites.len()).map(meeting).collect();
                    groups.push(TermGroup { parts: vec![(coefficient, node)], shape, maps, draws, meetings });
                }
            }
        }
        Ok(Analysis { sites, used, undefined_between, influence, groups })
    }

    /// For each batch axis of a site: whether some cost mixes its elements.
    pub fn coupled(&self, site: usize) -> Vec<bool> {
        (0..self.sites[site].batch.rank())
            .map(|axis| {
                self.groups.iter().any(|g| g.maps[site].as_ref().is_some_and(|map| map[axis].is_none()))
            })
            .collect()
    }

    /// A site's description before rewriting.
    pub fn info<'a, 'g>(
        &'a self,
        graph: &'g Graph,
        site: usize,
        distribution: &'a mut Option<Distribution<'g>>,
    ) -> SiteInfo<'a, 'g> {
        let def = &self.sites[site];
        let parameters = def.parameters.iter().map(|&p| graph.expr(p)).collect();
        let coupled = self.coupled(site);
        let rank = def.batch.rank();
        let coupled_draws =
            (0..rank).filter(|&i| coupled[i]).fold(1usize, |n, i| n.saturating_mul(def.batch.from_end(i)));
        let built = Distribution::new(def.family.clone(), parameters);
        SiteInfo {
            name: &def.name,
            distribution: distribution.insert(built),
            batch: &def.batch,
            draws: def.batch.numel(),
            coupled_draws,
            support_moves: def.family.support() == Support::Interval && depends_on_params(graph, def),
            undefined_between: self.undefined_between[site],
        }
    }
}

/// Whether a site's parameters have a derivative by the graph's, directly or by way of other draws.
fn depends_on_params(graph: &Graph, site: &SiteDef) -> bool {
    let engine = graph.engine();
    let mut reached = vec![false; engine.len()];
    let mut waiting = site.parameters.clone();
    while let Some(id) = waiting.pop() {
        if !std::mem::replace(&mut reached[id.index()], true) {
            engine.with_node(id, |node| {
                if node.op != Op::StopGradient {
                    waiting.extend(&node.inputs);
                }
            });
        }
    }
    graph.params().iter().any(|param| reached[param.node.index()])
}

/// For each site, whether an outcome of probability 0 may move: its family has such edges, and its parameter depends on the
/// graph's and may reach one.
pub(crate) fn may_move(graph: &Graph, analysis: &Analysis) -> Vec<bool> {
    let engine = graph.engine();
    let edges = |site: &SiteDef| site.family.edges();
    if analysis.sites.iter().zip(&analysis.used).all(|(site, used)| !used || edges(site).is_none()) {
        return vec![false; analysis.sites.len()];
    }
    let params: Vec<NodeId> = graph.params().iter().map(|p| p.node).collect();
    let (moved, ranges) = (dependents(engine, &params), Ranges::anywhere(graph));
    let may = |site: &SiteDef| {
        let (place, ends) = edges(site)?;
        let parameter = site.parameters[place];
        Some(moved[parameter.index()] && ends.iter().any(|&end| !ranges.excludes(parameter, end)))
    };
    analysis.sites.iter().map(|site| may(site).unwrap_or(false)).collect()
}

/// What is known of the draws that reach the nodes of a graph.
struct Followed<'a> {
    graph: &'a Graph,
    sites: &'a [SiteDef],
    influence: &'a [Influence],
    reach: &'a [Reach],
}

impl Followed<'_> {
    /// The axis maps and sets of a node, by site.
    fn of(&self, node: NodeId) -> impl Iterator<Item = Option<(&AxisMap, Rc<Draws>)>> {
        self.influence.iter().zip(self.reach).map(move |(influence, reach)| {
            Some((influence.map(node)?, reach.draws(self.graph, influence, node)?))
        })
    }
}

impl Meetings for Followed<'_> {
    fn same(&self, part: NodeId, whole: NodeId) -> bool {
        self.of(part).zip(self.of(whole)).all(|pair| match pair {
            (None, None) => true,
            (Some((map, draws)), Some((of_whole, all))) => map == of_whole && draws.same(&all),
            _ => false,
        })
    }

    fn alike_along(&self, node: NodeId, axes: &[usize]) -> bool {
        self.of(node).flatten().all(|(map, draws)| {
            let goes_along = |axis: &Option<usize>| axis.is_some_and(|a| axes.contains(&a));
            !map.iter().any(goes_along) && axes.iter().all(|&a| draws.shape().from_end(a) == 1)
        })
    }

    fn kept(&self, from: NodeId, to: NodeId) -> bool {
        self.of(from).zip(self.of(to)).all(|pair| match pair {
            (Some((before, _)), Some((after, draws))) => {
                !draws.is_all() || before.iter().zip(after).all(|(a, b)| a.is_none() || b.is_some())
            }
            _ => true,
        })
    }

    fn draws_of_an_element(&self, node: NodeId) -> Vec<usize> {
        let count = |(i, found): (usize, Option<(&AxisMap, Rc<Draws>)>)| {
            let Some((map, draws)) = found else { return 0 };
            let (batch, apart) = (&self.sites[i].batch, &self.reach[i].told_apart);
            // All draws along an axis that is neither mapped nor told apart; one along a mapped one.
            (0..batch.rank()).fold(draws.most(), |n, axis| match (map[axis], apart.from_end(axis)) {
                (None, 1) => n.saturating_mul(batch.from_end(axis)),
                _ => n,
            })
        };
        self.of(node).enumerate().map(count).collect()
    }
}
