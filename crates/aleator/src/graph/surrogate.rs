//! The rewriter: from a stochastic graph and a plan to a deterministic graph of the objective and its gradient.
//!
//! ```text
//! leading axes   [alternatives ..., replicates, samples]   in front of every value's own axes
//! objective      J = Σ_t c_t mean_K Σ w_t T_t                w_t: weights of the enumerated sites that T_t depends on
//! estimate       ĝ = ∇θ J(values) + Σ_sites mean_K Σ w_s weightᵀ ∂expr/∂θ
//! ```
//!
//! Values pass through the author's graph by [`substitute`]: parameters get a replicate axis, sites are replaced by
//! what their estimators draw, and everything downstream follows.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use aleator_engine::autodiff;
use aleator_engine::graph::{
    self as engine, Expr, NodeId, Op, Reduction, Shape, Stops, ancestors, dependents, substitute_with,
};

use super::between;
use super::cone::Cone;
use super::count;
use super::draws::Draws;
use super::influence::{AxisMap, Influence};
use super::lint::lints_of;
use super::meeting::Meeting;
use super::model::{Graph, Param, SiteDef, State};
use super::one_hot::rows_of_uses;
use super::outcomes::direction;
use super::own::{Aim, Declare, Own, OwnParam, Rule, Score, Tuning, rules};
use super::range::Ranges;
use super::reach::{Constants, Reach, told_apart};
use super::site::{Direction, Draw, Site};
use super::terms::{Linearity, Meetings, Term};
use crate::distributions::{Distribution, Support};
use crate::error::{Error, Result};
use crate::estimators::{Bias, Estimator, GradientTerm, SiteInfo};

/// How a surrogate is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// K: samples averaged in one estimate.
    pub samples: usize,
    /// R: independent estimates side by side, each with its own gradient; `None` for one without the extra axis.
    pub replicates: Option<usize>,
    /// Which of the estimators' own parameters change.
    pub tuning: Tuning,
}

/// A condition on a distribution's parameter, or on its mean where an estimator uses that, to be looked at after a run.
#[derive(Clone, Debug)]
pub struct DomainCheck {
    /// Parameter name.
    pub parameter: String,
    /// Site name.
    pub site: String,
    /// Distribution name.
    pub distribution: &'static str,
    /// What must hold, in words.
    pub constraint: &'static str,
    /// How many elements violate it.
    pub violations: NodeId,
    /// One of the violating values.
    pub example: NodeId,
    /// The estimator that asks for it, where it is no condition of the distribution itself.
    pub estimator: Option<&'static str>,
}

/// A deterministic graph whose derivative estimates the gradient.
pub struct Surrogate {
    /// The graph that all nodes below belong to. The author's nodes have the ids that they have in the author's graph.
    pub graph: engine::Graph,
    /// The objective's estimates, shape `[R]` (or `[]`).
    pub objective: NodeId,
    /// ∇θ by parameter in the graph's order, shape `[R] + parameter` (or the parameter's).
    pub gradients: Vec<NodeId>,
    /// Conditions on parameters of distributions.
    pub checks: Vec<DomainCheck>,
    /// What estimators keep between runs, and how it changes.
    pub own: Vec<OwnParam>,
    /// Cost evaluations per estimate.
    pub evaluations: usize,
    /// Whether the estimate has noise at all.
    pub random: bool,
    /// Whether every estimator of the plan is unbiased here: sees all that the costs do, as far as the lints tell.
    pub unbiased: bool,
    /// Whether an estimator divides the gradient by a number that it learns: its length is biased, not its direction.
    pub rescaled: bool,
    /// What to look at besides; empty where it was not asked for.
    pub audit: Audit,
}

/// What tells whether an estimate is to be trusted, beside the estimate.
#[derive(Default)]
pub struct Audit {
    /// For each site that stands for several alternatives, the sum of their weights (its mean over the batch), of shape `[R]`.
    pub masses: Vec<NodeId>,
    /// Sites whose estimator only sees outcomes that are drawn, and how many elements of their parameter put an outcome at
    /// probability 0 that moves with the graph's parameters.
    pub blind: Vec<(String, NodeId)>,
}

/// Terms of the objective that the same sites influence in the same way: handled as one.
pub(crate) struct TermGroup {
    /// Coefficients and nodes, all of one shape.
    pub parts: Vec<(f64, NodeId)>,
    /// The author's shape.
    pub shape: Shape,
    /// For each site: its axis map, if the terms depend on it.
    pub maps: Vec<Option<AxisMap>>,
    /// For each site: the draws that each element depends on.
    draws: Vec<Option<Rc<Draws>>>,
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
        if let Some(error) = graph.engine().take_error() {
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

/// ĝ by cost · score and by the score alone, by the graph's parameters.
type ScoreEstimates<'g> = [Vec<Expr<'g>>; 2];

/// By what is differentiated: the graph's parameters in their copies for the replicates.
struct Differentiation<'a, 'g> {
    params: &'a [Param],
    wrt: &'a [Expr<'g>],
    replicates: Option<usize>,
}

impl<'g> Differentiation<'_, 'g> {
    /// Σ weightᵀ ∂expr/∂θ by parameter, of shape `[R] + parameter` (or the parameter's).
    fn vjp(&self, pairs: &[(Expr<'g>, Expr<'g>)]) -> Vec<Expr<'g>> {
        let mut gradients = autodiff::vjp(pairs, self.wrt);
        if let Some(r) = self.replicates {
            for (g, param) in gradients.iter_mut().zip(self.params) {
                *g = g.reshape(Shape::from([r]).join(&param.shape));
            }
        }
        gradients
    }
}

/// Everything that has a value at one setting of the sites.
#[derive(Clone, Default)]
pub(crate) struct Environment<'g> {
    /// The author's nodes with their values here.
    pub values: HashMap<NodeId, Expr<'g>>,
    /// Weights of the enumerated sites, by site.
    pub weights: HashMap<usize, Expr<'g>>,
    /// Whether derivatives by the values pass through the author's `stop_gradient`.
    pub stops: Stops,
}

impl<'g> Environment<'g> {
    /// The author's node at these values.
    pub fn at(&mut self, graph: &'g Graph, node: NodeId) -> Expr<'g> {
        substitute_with(graph.engine(), node, &mut self.values, self.stops)
    }
}

/// The rewriter in the middle of its work.
pub(crate) struct Rewriter<'a, 'g> {
    pub graph: &'g Graph,
    pub analysis: &'a Analysis,
    pub plan: &'a [Arc<dyn Estimator>],
    pub lead: Shape,
    /// The places of the enumerated sites' alternatives, by site.
    pub(super) slots: Vec<usize>,
    /// How many axes the enumerated sites' alternatives take.
    pub alternative_axes: usize,
    own: Own,
    direction: Direction<'g>,
    /// For each site, whether an outcome of probability 0 may move with the parameters.
    may_move: Vec<bool>,
}

/// The most alternatives that one plan may have.
pub const MOST_ALTERNATIVES: usize = 1 << 20;

/// How many alternatives the enumerated sites make together, by group of terms: sites that no term has in common do not
/// multiply.
struct Alternatives {
    /// For each group, which sites it depends on, and its alternatives.
    groups: Vec<(Vec<bool>, usize)>,
}

impl Alternatives {
    fn new(analysis: &Analysis, graph: &Graph) -> Self {
        let of_costs = analysis.groups.iter().map(|g| g.maps.iter().map(Option::is_some).collect());
        let kept = graph.states().into_iter().filter_map(|state| state.next);
        let of_states = kept.map(|next| analysis.influence.iter().map(|i| i.map(next).is_some()).collect());
        Alternatives { groups: of_costs.chain(of_states).map(|sites| (sites, 1)).collect() }
    }

    /// Adds the enumeration of a site's `n` outcomes.
    fn enumerate(&mut self, site: usize, n: usize) {
        for (sites, alternatives) in &mut self.groups {
            if sites[site] {
                *alternatives = alternatives.saturating_mul(n);
            }
        }
    }

    /// The most that a term is evaluated at.
    fn most(&self) -> usize {
        self.groups.iter().map(|g| g.1).max().unwrap_or(1)
    }

    /// The sum over the groups that have any.
    fn in_all(&self) -> usize {
        self.groups.iter().map(|g| g.1).filter(|&n| n > 1).fold(0, usize::saturating_add)
    }
}

/// Rewrites the graph by the plan (one estimator for each site).
///
/// # Errors
/// If an estimator cannot serve its site, K is too small, or the graph holds an error.
pub fn build(graph: &Graph, plan: &[Arc<dyn Estimator>], layout: Layout) -> Result<Surrogate> {
    build_with(graph, plan, layout, false)
}

/// The same, with [`Surrogate::audit`] where it is wanted.
pub(crate) fn build_with(
    graph: &Graph,
    plan: &[Arc<dyn Estimator>],
    layout: Layout,
    audit: bool,
) -> Result<Surrogate> {
    let own = graph.clone();
    let surrogate = rewrite(&own, plan, layout, audit)?;
    Ok(Surrogate { graph: own.into_engine(), ..surrogate })
}

/// The same, with all that is made written into the graph itself, and an empty one in its place.
fn rewrite(graph: &Graph, plan: &[Arc<dyn Estimator>], layout: Layout, audit: bool) -> Result<Surrogate> {
    let analysis = Analysis::of(graph)?;
    if plan.len() != analysis.sites.len() {
        return Err(Error::Invalid(format!(
            "a plan names one estimator for each site: there are {} sites and {} estimators",
            analysis.sites.len(),
            plan.len()
        )));
    }
    let unseen = lints_of(graph, &analysis, plan).iter().any(|lint| lint.biased);
    let engine = graph.engine();
    let mut slots = Vec::new();
    let mut alternatives = Alternatives::new(&analysis, graph);
    let (mut next_slot, mut extra, mut random) = (0, 0, false);
    for (i, (site, estimator)) in analysis.sites.iter().zip(plan).enumerate() {
        slots.push(next_slot);
        let mut distribution = None;
        let info = analysis.info(graph, i, &mut distribution);
        let unsuitable = |reason: String| Error::Unsuitable {
            estimator: estimator.properties().name.into(),
            site: site.name.clone(),
            distribution: site.family.name().into(),
            reason,
        };
        estimator.serves(&info).map_err(unsuitable)?;
        if layout.samples < estimator.min_samples() {
            return Err(Error::Samples {
                estimator: estimator.properties().name.into(),
                site: site.name.clone(),
                needed: estimator.min_samples(),
                got: layout.samples,
            });
        }
        if !analysis.used[i] {
            continue;
        }
        extra += estimator.extra_evaluations();
        let outcomes = estimator.alternatives(&info).map_err(unsuitable)?;
        random |= outcomes.is_none();
        if let Some(n) = outcomes {
            next_slot += 1;
            alternatives.enumerate(i, n);
            if alternatives.in_all() > MOST_ALTERNATIVES {
                return Err(unsuitable(format!(
                    "together with the sites before it, its enumeration would need more than {MOST_ALTERNATIVES} outcomes"
                )));
            }
        }
    }

    let lead: Shape = layout.replicates.into_iter().chain([layout.samples]).collect::<Vec<_>>().into();
    // Parameters: one copy for each replicate, so that each has its own gradient.
    let params = graph.params();
    let mut main = Environment::default();
    let mut wrt = Vec::new();
    for param in &params {
        let theta = graph.expr(param.node);
        let own = match layout.replicates {
            // The derivative of one is by the parameter itself: a mere reshaping of it could be simplified away from under
            // what uses it.
            None | Some(1) => theta,
            Some(r) => theta
                .with_rank(lead.rank() + param.shape.rank())
                .broadcast_to(Shape::from([r, 1]).join(&param.shape)),
        };
        main.values.insert(param.node, own);
        wrt.push(own);
    }
    let rewriter = Rewriter {
        graph,
        analysis: &analysis,
        plan,
        lead: lead.clone(),
        slots,
        alternative_axes: next_slot,
        own: Own::default(),
        direction: direction(engine, &params, &wrt),
        may_move: may_move(graph, &analysis),
    };

    // Values of the sites, in order.
    let mut sites: Vec<Option<Site<'_>>> = Vec::new();
    for (i, estimator) in plan.iter().enumerate() {
        if !analysis.used[i] {
            sites.push(None);
            continue;
        }
        let site = rewriter.site(i, &mut main);
        rewriter.own.borrow_mut().at_work = i;
        let draw = estimator.draw(&site)?;
        rewriter.enter(i, draw, &mut main);
        sites.push(Some(site));
    }

    // The objective, and the surrogate of each site.
    let mut objective = engine.scalar(0.0);
    for group in &analysis.groups {
        let value = rewriter.group_value(group, &mut main);
        let weighted = rewriter.weigh(value, group, &main, |_| true);
        objective = objective + rewriter.collapse(weighted, group.shape.rank());
    }
    let mut pairs = vec![(objective, engine.full(objective.shape(), 1.0))];
    for (i, site) in sites.iter().enumerate() {
        let Some(site) = site else { continue };
        let cone = Cone::new(&rewriter, i, &main);
        rewriter.own.borrow_mut().at_work = i;
        for term in plan[i].terms(site, &cone)? {
            pairs.push(rewriter.weigh_term(term, i, &main));
        }
    }
    let by = Differentiation { params: &params, wrt: &wrt, replicates: layout.replicates };
    let mut gradients = by.vjp(&pairs);
    let scores = rewriter.scores(layout.tuning, &main, &by);
    rewriter.subtract_coordinate_baselines(&params, &scores, &mut gradients);
    let mut own = {
        let collected = rewriter.own.borrow();
        rules(engine, &collected, layout.tuning, layout.replicates.unwrap_or(1), &gradients, &scores)
    };
    own.extend(graph.states().into_iter().map(|state| rewriter.kept(state, layout.tuning, &mut main)));
    let rescaled = layout.tuning == Tuning::Training && rewriter.own.borrow().rescales;
    let objective = match layout.replicates {
        None => objective,
        Some(r) => objective.broadcast_to([r]),
    };

    let mut checks: Vec<DomainCheck> = sites.iter().flatten().flat_map(domain_checks).collect();
    checks.extend(rewriter.mean_checks());
    let audit = if audit { rewriter.audit(&sites, &main) } else { Audit::default() };
    if let Some(error) = engine.take_error() {
        return Err(error.into());
    }
    Ok(Surrogate {
        graph: engine::Graph::new(),
        objective: objective.id(),
        gradients: gradients.iter().map(|g| g.id()).collect(),
        checks,
        own,
        // Without randomness, one sample is as good as K.
        evaluations: match random {
            true => layout.samples.saturating_mul(alternatives.most() + extra),
            false => alternatives.most(),
        },
        random,
        rescaled,
        unbiased: !rescaled
            && !unseen
            && plan
                .iter()
                .zip(&analysis.used)
                .all(|(e, used)| !used || e.properties().bias == Bias::Unbiased),
        audit,
    })
}

impl<'a, 'g> Rewriter<'a, 'g> {
    /// A site at the parameters that its environment gives.
    pub fn site(&self, number: usize, environment: &mut Environment<'g>) -> Site<'g> {
        let def = &self.analysis.sites[number];
        let engine = self.graph.engine();
        let parameters = def.parameters.iter().map(|&p| environment.at(self.graph, p)).collect();
        let own = def.parameters.iter().map(|&p| self.graph.expr(p)).collect();
        let distribution = Distribution::new(def.family.clone(), own).with_parameters(parameters);
        Site {
            graph: engine,
            number: number as u32,
            name: def.name.clone(),
            distribution,
            batch: def.batch.clone(),
            event: def.event.clone(),
            lead: self.lead.clone(),
            slot: self.slots[number],
            coupled: self.analysis.coupled(number),
            own: Rc::clone(&self.own),
            direction: Rc::clone(&self.direction),
            may_move: self.may_move[number],
        }
    }

    /// Puts a draw in a site's place.
    pub fn enter(&self, number: usize, draw: Draw<'g>, environment: &mut Environment<'g>) {
        environment.values.insert(self.analysis.sites[number].value, draw.value);
        if let Some(places) = draw.places {
            rows_of_uses(self, number, places, environment);
        }
        if let Some(weight) = draw.weight {
            environment.weights.insert(number, weight);
        }
    }

    /// Σ c T over a group's terms, unweighted.
    pub fn group_value(&self, group: &TermGroup, environment: &mut Environment<'g>) -> Expr<'g> {
        let engine = self.graph.engine();
        let mut terms = group.parts.iter().map(|&(c, node)| c * environment.at(self.graph, node));
        let first = terms.next().unwrap_or_else(|| engine.scalar(0.0));
        terms.fold(first, |sum, term| sum + term)
    }

    /// That the means which estimators use are finite, where the support is not bounded.
    fn mean_checks(&self) -> Vec<DomainCheck> {
        let mut means = self.own.borrow().means.clone();
        means.sort_unstable_by_key(|&(_, _, mean)| mean);
        means.dedup_by_key(|&mut (_, _, mean)| mean);
        let unbounded = |&(_, site, _): &(usize, usize, NodeId)| {
            !matches!(
                self.analysis.sites[site].family.support(),
                Support::Boolean | Support::OneHot | Support::UnitInterval | Support::Simplex
            )
        };
        means.retain(unbounded);
        let check = |(at_work, site, mean): (usize, usize, NodeId)| {
            let (def, mean) = (&self.analysis.sites[site], self.graph.expr(mean));
            let estimator = self.plan[at_work].properties().name;
            let infinite = !mean.abs().less(f64::INFINITY);
            let every: Vec<usize> = (0..mean.rank()).collect();
            let example = infinite.select(mean, f64::NEG_INFINITY);
            DomainCheck {
                parameter: "the mean".into(),
                site: def.name.clone(),
                distribution: def.family.name(),
                constraint: "finite",
                violations: infinite.sum().id(),
                example: example.reduce(Reduction::Max, &every).id(),
                estimator: Some(estimator),
            }
        };
        means.into_iter().map(check).collect()
    }

    /// Multiplies by the weights of the enumerated sites that the group depends on and `which` admits.
    pub fn weigh(
        &self,
        mut value: Expr<'g>,
        group: &TermGroup,
        environment: &Environment<'g>,
        which: impl Fn(usize) -> bool,
    ) -> Expr<'g> {
        for number in 0..self.analysis.sites.len() {
            let Some(weight) = environment.weights.get(&number) else { continue };
            if let (true, Some(map)) = (which(number), &group.maps[number]) {
                let pairs = map.iter().enumerate().filter_map(|(i, a)| a.map(|a| (i, a))).collect::<Vec<_>>();
                value = value * relocate(*weight, map.len(), group.shape.rank(), &pairs);
            }
        }
        value
    }

    /// Sums over the alternatives of the enumerated sites that the group depends on and `which` admits; their axes stay,
    /// of size 1.
    pub fn sum_alternatives(
        &self,
        value: Expr<'g>,
        group: &TermGroup,
        environment: &Environment<'g>,
        which: impl Fn(usize) -> bool,
    ) -> Expr<'g> {
        let mut axes: Vec<usize> = (0..self.analysis.sites.len())
            .filter(|n| environment.weights.contains_key(n) && group.maps[*n].is_some() && which(*n))
            .map(|n| group.shape.rank() + self.lead.rank() + self.slots[n])
            .collect();
        axes.sort_unstable();
        let summed = value.sum_axes(&axes);
        axes.into_iter().fold(summed, |e, axis| e.unsqueeze(axis))
    }

    /// A site's term as (expression, cotangent): its weight multiplied by the weights of the sites upstream and divided
    /// by K.
    fn weigh_term(
        &self,
        term: GradientTerm<'g>,
        number: usize,
        environment: &Environment<'g>,
    ) -> (Expr<'g>, Expr<'g>) {
        let mut weight = term.weight;
        for here in self.upstream_weights(number, environment) {
            weight = weight * (0..term.event_rank).fold(here, |e, _| e.unsqueeze(0));
        }
        let weight = weight / self.lead.from_end(0) as f64;
        (term.expr, weight.sum_to(&term.expr.shape()))
    }

    /// What tells whether an estimate is to be trusted.
    fn audit(&self, sites: &[Option<Site<'g>>], environment: &Environment<'g>) -> Audit {
        let mut audit = Audit::default();
        for (number, site) in sites.iter().enumerate() {
            let Some(site) = site else { continue };
            match environment.weights.get(&number) {
                Some(&own) => {
                    let upstream = self.upstream_weights(number, environment);
                    let weight = upstream.into_iter().fold(own, |product, weight| product * weight);
                    let batch: Vec<usize> = (0..site.batch.rank()).collect();
                    let mean = weight.mean_axes(&batch);
                    audit.masses.push(self.collapse(mean, 0).id());
                }
                None => {
                    if let Some(moving) = site.moving_edges() {
                        audit.blind.push((site.name.clone(), moving.sum().id()));
                    }
                }
            }
        }
        audit
    }

    /// The weights of the enumerated sites upstream of a site, in the layout of its batch.
    fn upstream_weights(&self, number: usize, environment: &Environment<'g>) -> Vec<Expr<'g>> {
        let site = &self.analysis.sites[number];
        let mut weights = Vec::new();
        for (upstream, upstream_weight) in sorted(&environment.weights) {
            if let (true, Some(map)) = (upstream != number, self.analysis.influence[upstream].map(site.value))
            {
                let pairs: Vec<(usize, usize)> = map
                    .iter()
                    .enumerate()
                    .filter_map(|(i, a)| Some((i, (*a)?.checked_sub(site.event.rank())?)))
                    .collect();
                weights.push(relocate(upstream_weight, map.len(), site.batch.rank(), &pairs));
            }
        }
        weights
    }

    /// A tensor of the author's that is kept between runs, and what it becomes: a mean over samples, weighted where sites
    /// are enumerated.
    fn kept(&self, state: State, tuning: Tuning, environment: &mut Environment<'g>) -> OwnParam {
        let State { name, node, shape, initial, next } = state;
        let rule = match next {
            Some(next) if tuning == Tuning::Training => {
                let maps = self.analysis.influence.iter().map(|i| i.map(next).cloned()).collect();
                let (draws, meetings) = (Vec::new(), Vec::new());
                let parts = vec![(1.0, next)];
                let group = TermGroup { parts, shape: self.graph.expr(next).shape(), maps, draws, meetings };
                let value = self.group_value(&group, environment);
                let value = self.weigh(value, &group, environment, |_| true);
                let value = self.sum_alternatives(value, &group, environment, |_| true);
                Rule::Becomes(value.mean_axes(&(shape.rank()..value.rank()).collect::<Vec<_>>()).id())
            }
            _ => Rule::Stays,
        };
        OwnParam { name, node, shape, initial, rule, of_graph: true }
    }

    /// For each site with an optimal baseline, the estimates by cost · score and by the score alone.
    fn scores(
        &self,
        tuning: Tuning,
        main: &Environment<'g>,
        by: &Differentiation<'_, 'g>,
    ) -> Vec<ScoreEstimates<'g>> {
        let engine = self.graph.engine();
        let own = self.own.borrow();
        let estimate = |score: &Score| {
            if tuning < Tuning::Pilot && !score.coordinates {
                return Default::default();
            }
            let log_prob = engine.expr(score.log_prob);
            let of = |weight: Expr<'g>| {
                by.vjp(&[self.weigh_term(GradientTerm::score(log_prob, weight), score.site, main)])
            };
            [of(engine.expr(score.cost)), of(engine.full(log_prob.shape(), 1.0))]
        };
        own.scores.iter().map(estimate).collect()
    }

    /// ĝ_d ← ĝ_d − b_d s_d, for the sites that have a baseline for each coordinate.
    fn subtract_coordinate_baselines(
        &self,
        params: &[Param],
        scores: &[ScoreEstimates<'g>],
        gradients: &mut [Expr<'g>],
    ) {
        let mut own = self.own.borrow_mut();
        for (number, [_, alone]) in scores.iter().enumerate() {
            let Score { site, coordinates: true, .. } = own.scores[number] else { continue };
            let site = &self.analysis.sites[site].name;
            for (place, param) in params.iter().enumerate() {
                let declare = Declare {
                    name: format!("{site}.baseline.{}", param.name),
                    shape: param.shape.clone(),
                    initial: &|n| vec![0.0; n],
                    aim: Aim::OptimalBaseline { score: number, coordinates: Some(place) },
                    from: Tuning::Pilot,
                };
                let baseline = own.declare(self.graph.engine(), declare);
                gradients[place] = gradients[place] - baseline * alone[place];
            }
        }
    }

    /// Mean over samples, sum over everything else but the replicates: shape `[R]`, `[1]` or `[]`.
    fn collapse(&self, e: Expr<'g>, core_rank: usize) -> Expr<'g> {
        let rank = core_rank + self.lead.rank();
        let e = if e.rank() < rank {
            let shape = Shape::from(vec![1; rank - e.rank()]).join(&e.shape());
            e.broadcast_to(shape)
        } else {
            e
        };
        let k = e.shape().from_end(core_rank);
        let summed: Vec<usize> = (0..e.rank()).filter(|&axis| axis <= core_rank || axis >= rank).collect();
        e.sum_axes(&summed) / k as f64
    }
}

/// In the order of the sites, so that the graph is the same every time.
fn sorted<'g>(weights: &HashMap<usize, Expr<'g>>) -> Vec<(usize, Expr<'g>)> {
    let mut all: Vec<(usize, Expr<'g>)> = weights.iter().map(|(n, w)| (*n, *w)).collect();
    all.sort_by_key(|(number, _)| *number);
    all
}

/// Moves the last `from_rank` axes to a layout of `to_rank` axes: axis `from` becomes axis `to` for each of `pairs`,
/// axes without a partner are summed, and the rest of the new layout has size 1. Axes count from the end.
pub(crate) fn relocate<'g>(
    e: Expr<'g>,
    from_rank: usize,
    to_rank: usize,
    pairs: &[(usize, usize)],
) -> Expr<'g> {
    let summed: Vec<usize> = (0..from_rank).filter(|a| !pairs.iter().any(|(from, _)| from == a)).collect();
    let e = e.sum_axes(&summed);
    // What is left, from the last axis on: sources in their order, and where each goes.
    let mut by_source = pairs.to_vec();
    by_source.sort_unstable();
    let mut by_target: Vec<usize> = (0..by_source.len()).collect();
    by_target.sort_unstable_by_key(|&i| by_source[i].1);
    let n = pairs.len();
    // As positions from the front of the last n axes.
    let order: Vec<usize> = (0..n).map(|front| n - 1 - by_target[n - 1 - front]).collect();
    let e = e.permute(&order);
    let mut shape = vec![1; to_rank];
    for (i, &source) in by_target.iter().enumerate() {
        shape[to_rank - 1 - by_source[source].1] = e.shape().from_end(i);
    }
    e.reshape_last(n, shape)
}

/// For each site, whether an outcome of probability 0 may move: its family has such edges, and its parameter depends on the
/// graph's and may reach one.
fn may_move(graph: &Graph, analysis: &Analysis) -> Vec<bool> {
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

fn domain_checks(site: &Site<'_>) -> Vec<DomainCheck> {
    let distribution = &site.distribution;
    let family = distribution.family();
    let mut checks: Vec<DomainCheck> = family
        .parameters()
        .iter()
        .zip(distribution.parameters())
        .map(|(spec, &parameter)| {
            let violated = spec.constraint.violated(parameter);
            let every: Vec<usize> = (0..violated.rank()).collect();
            let example = violated.select(parameter, f64::NEG_INFINITY);
            DomainCheck {
                parameter: spec.name.into(),
                site: site.name.clone(),
                distribution: family.name(),
                constraint: spec.constraint.describe(),
                violations: violated.sum().id(),
                example: example.reduce(Reduction::Max, &every).id(),
                estimator: None,
            }
        })
        .collect();
    if let Some((violated, rule)) = family.jointly_violated(distribution.parameters()) {
        let count = violated.sum().id();
        checks.push(DomainCheck {
            parameter: "the parameters".into(),
            site: site.name.clone(),
            distribution: family.name(),
            constraint: rule,
            violations: count,
            example: count,
            estimator: None,
        });
    }
    checks
}
