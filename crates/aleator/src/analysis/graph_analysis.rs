//! The analysis of a graph: its sites in use, what they influence, and the terms of the objective in groups.

use std::collections::HashMap;
use std::rc::Rc;

use aleator_engine::graph::{NodeId, Op, Shape, ancestors, dependents};

use super::between::undefined_between;
use super::count;
use super::draws::Draws;
use super::influence::{AxisMap, Influences};
use super::meeting::Meeting;
use super::ranges::Ranges;
use super::reach::{Constants, Followers, Reach, told_apart};
use super::terms::{Linearity, Meetings, Term};
use crate::error::{Error, Result};
use crate::graph::{Graph, SiteDef};

/// A group of terms of the objective that depend on the same sites in the same way, and are therefore handled together.
pub(crate) struct TermGroup {
    /// The coefficients and nodes, all of one shape.
    pub parts: Vec<(f64, NodeId)>,
    /// The shape in the author's graph.
    pub shape: Shape,
    /// How the terms depend on each site, in the order of the sites.
    pub sites: Vec<(usize, Rc<Dependence>)>,
}

/// How a group of terms depends on one site.
#[derive(Debug)]
pub(crate) struct Dependence {
    /// The axes of the terms that correspond to axes of the site.
    pub map: AxisMap,
    /// The draws on which each element depends; `None` if no element depends on any.
    draws: Option<Rc<Draws>>,
    /// The elements that are multiplied by the score of each draw; `None` if there are none.
    pub meeting: Option<Meeting>,
}

impl TermGroup {
    /// How the terms depend on a site, if they do.
    pub fn dependence(&self, site: usize) -> Option<&Dependence> {
        let place = self.sites.binary_search_by_key(&site, |(number, _)| *number).ok()?;
        Some(&self.sites[place].1)
    }
}

/// The analysis of a graph for rewriting: the sites in use, their influence, and the terms of the objective.
pub(crate) struct Analysis {
    pub sites: Vec<SiteDef>,
    /// Whether any cost depends on the site.
    pub used: Vec<bool>,
    /// Whether the site is discrete and a downstream node is undefined between the outcomes of the site.
    pub undefined_between: Vec<bool>,
    /// For each parameter of each site, whether it has a derivative with respect to the parameters of the graph.
    pub moving: Vec<Vec<bool>>,
    /// The nodes from which costs and states are computed, in order.
    pub nodes: Vec<NodeId>,
    pub influences: Influences,
    /// The next values of the states.
    pub kept: Vec<NodeId>,
    pub groups: Vec<TermGroup>,
    /// For each site, the indices of the groups that depend on it.
    pub groups_of: Vec<Vec<usize>>,
}

impl Analysis {
    pub fn of(graph: &Graph) -> Result<Self> {
        let engine = graph.engine();
        graph.check()?;
        let (sites, costs) = (graph.sites(), graph.costs());
        if costs.is_empty() {
            return Err(Error::NoCost);
        }
        let cost_nodes: Vec<NodeId> = costs.iter().map(|c| c.node).collect();
        let kept: Vec<NodeId> = graph.states().into_iter().filter_map(|s| s.next).collect();
        let wanted: Vec<NodeId> = cost_nodes.iter().chain(&kept).copied().collect();
        let needed = ancestors(engine, &wanted);
        let used: Vec<bool> = sites.iter().map(|s| needed[s.value.index()]).collect();
        count::check(graph, &sites)?;
        let undefined = undefined_between(graph, &needed);
        let undefined = |s: &SiteDef| s.family.support().is_discrete() && undefined[s.value.index()];
        let undefined_between = sites.iter().map(undefined).collect();
        let nodes: Vec<NodeId> = engine.ids().filter(|id| needed[id.index()]).collect();
        let mut influences = Influences::of(graph, &sites, &nodes);

        let of_costs = ancestors(engine, &cost_nodes);
        let below_costs: Vec<NodeId> = nodes.iter().copied().filter(|id| of_costs[id.index()]).collect();
        let random = dependents(engine, &sites.iter().map(|s| s.value).collect::<Vec<_>>());
        let linearity = Linearity::of(graph, &cost_nodes, &random);
        let mut mixing = vec![false; of_costs.len()];
        linearity.mixing(&below_costs).into_iter().for_each(|id| mixing[id.index()] = true);
        let constants = Constants::of(graph, below_costs.iter().copied());
        let followers = Followers::new(graph, &sites, &influences, &constants, &below_costs);
        let follow = |(number, site): (usize, &SiteDef)| {
            let apart = told_apart(graph, number, site, &influences, [&of_costs, &mixing]);
            let mut of_site = followers.follow(number, site, apart);
            of_site.keep(|id| linearity.linear.contains_key(&id));
            of_site
        };
        let mut reach: Vec<Reach> = sites.iter().enumerate().map(follow).collect();
        let followed = Followed::new(graph, &sites, &influences, &reach);
        let found = linearity.terms(&cost_nodes, &followed);
        // A product with a deterministic factor depends on the same draws, unless the factor is 0.
        let products: Vec<&Term> = found.iter().filter(|t| t.node != t.author).collect();
        let constants = Constants::of(graph, products.iter().map(|t| t.node));
        for term in products {
            influences.add(term.node, term.author);
            for site in influences.sites(term.author) {
                reach[site].follow(graph, term.node, None, &influences, &constants);
            }
        }
        let groups = Grouping { graph, sites: &sites, influences: &influences, reach: &reach }.groups(found);
        let mut groups_of = vec![Vec::new(); sites.len()];
        for (place, group) in groups.iter().enumerate() {
            group.sites.iter().for_each(|(site, _)| groups_of[*site].push(place));
        }
        let moving = moving(graph, &sites);
        Ok(Analysis { sites, used, undefined_between, moving, nodes, influences, kept, groups, groups_of })
    }

    /// The groups that depend on a site, with their indices and their dependence.
    pub fn groups_behind(&self, site: usize) -> impl Iterator<Item = (usize, &TermGroup, &Dependence)> {
        self.groups_of[site].iter().filter_map(move |&place| {
            let group = &self.groups[place];
            Some((place, group, group.dependence(site)?))
        })
    }

    /// How a node that no score multiplies, such as the next value of a state, depends on a site.
    pub fn dependence_of_state(&self, site: usize, node: NodeId) -> Rc<Dependence> {
        let map = self.influences.map(site, node).cloned().unwrap_or_default();
        Rc::new(Dependence { map, draws: None, meeting: None })
    }

    /// For each batch axis of a site, whether some cost, or the next value of a state, combines its elements.
    pub fn coupled(&self, site: usize) -> Vec<bool> {
        let of_states = || self.kept.iter().filter_map(|&next| self.influences.map(site, next));
        let combines = |axis: usize| {
            self.groups_behind(site).any(|(_, _, dependence)| dependence.map[axis].is_none())
                || of_states().any(|map| map[axis].is_none())
        };
        (0..self.sites[site].batch.rank()).map(combines).collect()
    }

    /// Whether the parameters of a site depend on earlier draws.
    pub fn is_conditional(&self, site: usize) -> bool {
        let parameters = &self.sites[site].parameters;
        parameters.iter().any(|&parameter| self.influences.sites(parameter).next().is_some())
    }
}

/// For each parameter of each site, whether it has a derivative with respect to the parameters of the graph, directly or through other
/// draws.
fn moving(graph: &Graph, sites: &[SiteDef]) -> Vec<Vec<bool>> {
    let engine = graph.engine();
    let mut moves = vec![false; engine.len()];
    graph.params().iter().for_each(|param| moves[param.node.index()] = true);
    for id in engine.ids() {
        engine.with_node(id, |node| {
            if node.op != Op::StopGradient && node.inputs.iter().any(|input| moves[input.index()]) {
                moves[id.index()] = true;
            }
        });
    }
    sites.iter().map(|site| site.parameters.iter().map(|p| moves[p.index()]).collect()).collect()
}

/// Whether the distribution of any site depends on a parameter. If none does, the estimators have nothing to do: the gradient is the
/// mean derivative of the cost at the draws. Sites that no cost depends on do not count.
///
/// # Errors
/// Returns an error if the graph holds an error.
pub(crate) fn laws_depend_on_params(graph: &Graph) -> Result<bool> {
    let analysis = Analysis::of(graph)?;
    let mut used = analysis.moving.iter().zip(&analysis.used);
    Ok(used.any(|(moving, used)| *used && moving.contains(&true)))
}

/// For each site, whether an outcome may have probability 0 with a nonzero derivative: the family has such boundary values, and
/// the parameter depends on those of the graph and may reach one.
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

/// Collects terms in groups.
struct Grouping<'a> {
    graph: &'a Graph,
    sites: &'a [SiteDef],
    influences: &'a Influences,
    reach: &'a [Reach],
}

impl Grouping<'_> {
    fn groups(&self, terms: Vec<Term>) -> Vec<TermGroup> {
        let mut groups: Vec<TermGroup> = Vec::new();
        // The groups of a shape that depend on the same sites.
        let mut alike: HashMap<(Shape, Vec<usize>), Vec<usize>> = HashMap::new();
        let mut of_one_draw = HashMap::new();
        for Term { node, coefficient, .. } in terms {
            let shape = self.graph.expr(node).shape();
            let sites: Vec<usize> = self.influences.sites(node).collect();
            let candidates = alike.entry((shape.clone(), sites)).or_default();
            match candidates.iter().find(|&&group| self.is_alike(node, &groups[group])) {
                Some(&group) => groups[group].parts.push((coefficient, node)),
                None => {
                    let numbers = self.influences.sites(node);
                    let sites = numbers.map(|site| (site, self.dependence(site, node, &mut of_one_draw)));
                    let sites = sites.collect();
                    candidates.push(groups.len());
                    groups.push(TermGroup { parts: vec![(coefficient, node)], shape, sites });
                }
            }
        }
        groups
    }

    /// Whether a term with the shape of a group, which depends on the same sites, depends on them in the same way.
    fn is_alike(&self, node: NodeId, group: &TermGroup) -> bool {
        group.sites.iter().all(|(site, dependence)| {
            let map = self.influences.map(*site, node);
            map == Some(&dependence.map)
                && self.reach[*site].draws(self.graph, self.influences, node) == dependence.draws
        })
    }

    /// How a term depends on a site. All sites with one draw, on which all elements depend, share the result, by the rank of the
    /// term.
    fn dependence(
        &self,
        site: usize,
        node: NodeId,
        of_one_draw: &mut HashMap<usize, Rc<Dependence>>,
    ) -> Rc<Dependence> {
        let shape = self.graph.expr(node).shape();
        let reach = &self.reach[site];
        let new = || {
            let map = self.influences.map(site, node).cloned().unwrap_or_default();
            let draws = reach.draws(self.graph, self.influences, node);
            let of = |draws: &Rc<Draws>| {
                Meeting::of(draws, &reach.told_apart, &map, &shape, &self.sites[site].batch)
            };
            let meeting = draws.as_ref().map(of).filter(|meeting| !meeting.is_none());
            Rc::new(Dependence { map, draws, meeting })
        };
        if self.sites[site].batch.rank() > 0 || reach.says_something() {
            return new();
        }
        Rc::clone(of_one_draw.entry(shape.rank()).or_insert_with(new))
    }
}

/// Which draws influence the nodes of a graph.
struct Followed<'a> {
    graph: &'a Graph,
    sites: &'a [SiteDef],
    influences: &'a Influences,
    reach: &'a [Reach],
    /// For each site, whether more is known than whether a node depends on it.
    several: Vec<bool>,
}

impl<'a> Followed<'a> {
    fn new(graph: &'a Graph, sites: &'a [SiteDef], influences: &'a Influences, reach: &'a [Reach]) -> Self {
        let several = |(site, reach): (&SiteDef, &Reach)| site.batch.rank() > 0 || reach.says_something();
        let several = sites.iter().zip(reach).map(several).collect();
        Followed { graph, sites, influences, reach, several }
    }

    /// The axis map and the sets of draws of a node.
    fn of(&self, site: usize, node: NodeId) -> Option<(&AxisMap, Rc<Draws>)> {
        let map = self.influences.map(site, node)?;
        Some((map, self.reach[site].draws(self.graph, self.influences, node)?))
    }
}

impl Meetings for Followed<'_> {
    fn same(&self, part: NodeId, whole: NodeId) -> bool {
        let reaches = |site, node| self.influences.reaches(site, node);
        self.influences.sites_of_either(part, whole).all(|site| {
            if !self.several[site] {
                return reaches(site, part) == reaches(site, whole);
            }
            match (self.of(site, part), self.of(site, whole)) {
                (None, None) => true,
                (Some((map, draws)), Some((of_whole, all))) => map == of_whole && draws.same(&all),
                _ => false,
            }
        })
    }

    fn alike_along(&self, node: NodeId, axes: &[usize]) -> bool {
        let mut several = self.influences.sites(node).filter(|&site| self.several[site]);
        several.all(|site| {
            let Some((map, draws)) = self.of(site, node) else { return true };
            let goes_along = |axis: &Option<usize>| axis.is_some_and(|a| axes.contains(&a));
            !map.iter().any(goes_along) && axes.iter().all(|&a| draws.shape().from_end(a) == 1)
        })
    }

    fn kept(&self, from: NodeId, to: NodeId) -> bool {
        let mut several = self.influences.sites(from).filter(|&site| self.several[site]);
        several.all(|site| match (self.of(site, from), self.of(site, to)) {
            (Some((before, _)), Some((after, draws))) => {
                !draws.is_all() || before.iter().zip(after).all(|(a, b)| a.is_none() || b.is_some())
            }
            _ => true,
        })
    }

    fn draws_of_an_element(&self, node: NodeId) -> Vec<(usize, usize)> {
        let count = |site: usize| {
            let (map, draws) = self.of(site, node)?;
            let (batch, apart) = (&self.sites[site].batch, &self.reach[site].told_apart);
            // All draws along an axis that is neither mapped nor distinguished; one draw along a mapped axis.
            let count =
                (0..batch.rank()).fold(draws.most(), |n, axis| match (map[axis], apart.from_end(axis)) {
                    (None, 1) => n.saturating_mul(batch.from_end(axis)),
                    _ => n,
                });
            (count > 0).then_some((site, count))
        };
        self.influences.sites(node).filter_map(count).collect()
    }
}
