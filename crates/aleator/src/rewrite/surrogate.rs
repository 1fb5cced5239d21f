//! Building the surrogate: from a stochastic graph and a plan to a deterministic graph of the objective and its gradient.
//!
//! ```text
//! leading axes   [alternatives ..., replicates, samples]   in front of every value's own axes
//! objective      J = Σ_t c_t mean_K Σ w_t T_t                w_t: weights of the sites that T_t depends on
//! estimate       ĝ = ∇θ J(values) + Σ_sites mean_K Σ w_s weightᵀ ∂expr/∂θ
//! ```
//!
//! Values pass through the author's graph by [`substitute`]: parameters get a replicate axis, sites are replaced by the values
//! that their estimators draw, and all downstream nodes follow.

use std::sync::Arc;

use aleator_engine::graph::{self as engine, Expr, NodeId, Shape};

use super::alternatives::{Alternatives, MOST_ALTERNATIVES};
use super::any_order::{AnyOrder, MOST_ROWS, SecondDerivatives};
use super::audit::Audit;
use super::checks::{DomainCheck, domain_checks};
use super::cone::Cone;
use super::derivatives::Differentiation;
use super::environment::Environment;
use super::estimator::{Estimator, Planned, describe};
use super::estimator_state::{EstimatorParam, Own, Tuning, rules};
use super::outcomes::direction;
use super::rewriter::Rewriter;
use super::site::Site;
use crate::analysis::{Analysis, may_move};
use crate::error::{Error, Result};
use crate::graph::{Graph, Param};

/// The layout of a surrogate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// K, the number of samples averaged in one estimate.
    pub samples: usize,
    /// R, the number of independent estimates in parallel, each with its own gradient; `None` for one estimate without the
    /// additional axis.
    pub replicates: Option<usize>,
    /// Which of the estimators' own parameters change.
    pub tuning: Tuning,
}

/// A deterministic graph whose derivative estimates the gradient.
pub struct Surrogate {
    /// The graph that all nodes below belong to. The author's nodes have the ids that they have in the author's graph.
    pub graph: engine::Graph,
    /// The estimates of the objective, of shape `[R]` (or `[]`).
    pub objective: NodeId,
    /// ∇θ for each parameter, in the order of the graph, of shape `[R] + parameter` (or the shape of the parameter).
    pub gradients: Vec<NodeId>,
    /// The second derivatives, if they were requested: the blocks of the Hessian for each parameter and each other, of shape
    /// `[R] + parameter + other parameter`, or its product with the direction, in the shapes of the gradients.
    pub second: Vec<NodeId>,
    /// The inputs that hold the direction of the product, one for each parameter.
    pub direction: Vec<NodeId>,
    /// The conditions on parameters of distributions.
    pub checks: Vec<DomainCheck>,
    /// The tensors that estimators keep between runs, and how they change.
    pub own: Vec<EstimatorParam>,
    /// The number of cost evaluations per estimate.
    pub evaluations: usize,
    /// Whether the estimate uses random numbers.
    pub random: bool,
    /// Whether an estimator divides the gradient by a number that it learns. Its length is then biased, but not its direction.
    pub rescaled: bool,
    /// Additional diagnostics; empty unless requested.
    pub audit: Audit,
}

/// Rewrites the graph according to the plan, which has one estimator for each site.
///
/// # Errors
/// Returns an error if an estimator does not support its site, if K is too small, or if the graph holds an error.
pub fn build(graph: &Graph, plan: &[Arc<dyn Estimator>], layout: Layout) -> Result<Surrogate> {
    let own = graph.clone();
    let analysis = Analysis::of(&own)?;
    rewrite(own, &analysis, plan, layout, Extras::default())
}

/// Like [`build`], with second derivatives: the gradient is that of an estimate that can be differentiated any number of times.
///
/// # Errors
/// As [`build`], and if an estimator has no proof of second derivatives.
pub fn build_with_second_derivatives(
    graph: &Graph,
    plan: &[Arc<dyn Estimator>],
    layout: Layout,
    second: SecondDerivatives,
) -> Result<Surrogate> {
    let own = graph.clone();
    let analysis = Analysis::of(&own)?;
    rewrite(own, &analysis, plan, layout, Extras { second, ..Extras::default() })
}

/// What a surrogate computes besides the objective and its gradient.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extras {
    /// Whether [`Surrogate::audit`] is set.
    pub audit: bool,
    /// The second derivatives.
    pub second: SecondDerivatives,
}

impl Extras {
    /// The diagnostics alone.
    pub fn audit() -> Self {
        Extras { audit: true, ..Extras::default() }
    }
}

/// Like [`build`], for a graph that has been analysed and becomes the graph of the surrogate.
pub(crate) fn rewrite(
    graph: Graph,
    analysis: &Analysis,
    plan: &[Arc<dyn Estimator>],
    layout: Layout,
    extras: Extras,
) -> Result<Surrogate> {
    let surrogate = rewrite_within(&graph, analysis, plan, layout, extras)?;
    Ok(Surrogate { graph: graph.into_engine(), ..surrogate })
}

/// The same, but all nodes are added to `graph` itself, and the surrogate has an empty graph.
fn rewrite_within(
    graph: &Graph,
    analysis: &Analysis,
    plan: &[Arc<dyn Estimator>],
    layout: Layout,
    extras: Extras,
) -> Result<Surrogate> {
    let engine = graph.engine();
    let admitted = admit(graph, analysis, plan, layout)?;
    let params = graph.params();
    let (mut main, wrt) = copies_of_parameters(graph, &params, layout);
    let planned = Planned(plan);
    let rewriter = Rewriter {
        graph,
        analysis,
        plan: &planned,
        lead: lead(layout),
        slots: admitted.slots,
        alternative_axes: admitted.alternatives.axes(),
        own: Own::default(),
        direction: direction(engine, &params, &wrt),
        may_move: may_move(graph, analysis),
    };
    let sites = draw_sites(&rewriter, plan, &mut main)?;
    let second = extras.second != SecondDerivatives::None;
    let rows: usize = params.iter().map(|param| param.shape.numel()).sum();
    if extras.second == SecondDerivatives::Hessian && rows > MOST_ROWS {
        return Err(Error::Invalid(format!(
            "the parameters have {rows} elements, and a Hessian is computed for up to {MOST_ROWS}: compute its product with a \
             direction instead"
        )));
    }
    let (objective, terms) = if second {
        (rewriter.objective_of_any_order(&orders(analysis, plan)?, &sites, &mut main), vec![])
    } else {
        let objective = objective(&rewriter, &mut main);
        (objective, terms(&rewriter, plan, &sites, &main)?)
    };

    let by = Differentiation { params: &params, wrt: &wrt, replicates: layout.replicates };
    let whole = (objective, engine.full(objective.shape(), 1.0));
    let pairs: Vec<_> = [whole].into_iter().chain(terms).collect();
    let mut gradients = by.vjp(&pairs);
    let direction = match extras.second {
        SecondDerivatives::Product => inputs_of_direction(engine, &params),
        SecondDerivatives::None | SecondDerivatives::Hessian => vec![],
    };
    let second = match extras.second {
        SecondDerivatives::None => vec![],
        SecondDerivatives::Hessian => by.hessian(&gradients),
        SecondDerivatives::Product => by.hessian_product(&gradients, &direction),
    };
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

    let mut checks: Vec<DomainCheck> =
        sites.iter().flatten().flat_map(|site| domain_checks(&site.name, &site.distribution)).collect();
    checks.extend(rewriter.checks_of_laws(&mut main));
    checks.extend(rewriter.mean_checks());
    let audit = if extras.audit { rewriter.audit(&sites, &main) } else { Audit::default() };
    if let Some(error) = engine.error() {
        return Err(error.into());
    }
    Ok(Surrogate {
        graph: engine::Graph::new(),
        objective: objective.id(),
        gradients: gradients.iter().map(|g| g.id()).collect(),
        second: second.iter().map(|h| h.id()).collect(),
        direction: direction.iter().map(|v| v.id()).collect(),
        checks,
        own,
        // Without randomness, one sample is equivalent to K.
        evaluations: match admitted.random {
            true => {
                layout.samples.saturating_mul(admitted.alternatives.most().saturating_add(admitted.extra))
            }
            false => admitted.alternatives.most(),
        },
        random: admitted.random,
        rescaled,
        audit,
    })
}

/// The largest number of sites that a message names.
const MOST_NAMED: usize = 5;

/// A plan whose estimators support the sites of its graph.
struct Admitted {
    /// For each site that is enumerated, the position of the axis of its alternatives in front of the lead axes.
    slots: Vec<Option<usize>>,
    alternatives: Alternatives,
    /// The number of cost evaluations per sample in addition to the main one.
    extra: usize,
    /// Whether any site is drawn.
    random: bool,
}

/// Checks for each estimator of the plan that it supports its site.
fn admit(
    graph: &Graph,
    analysis: &Analysis,
    plan: &[Arc<dyn Estimator>],
    layout: Layout,
) -> Result<Admitted> {
    if plan.len() != analysis.sites.len() {
        return Err(Error::Invalid(format!(
            "a plan names one estimator for each site: there are {} sites and {} estimators",
            analysis.sites.len(),
            plan.len()
        )));
    }
    let mut admitted = Admitted {
        slots: vec![None; plan.len()],
        alternatives: Alternatives::new(analysis, graph),
        extra: 0,
        random: false,
    };
    for (i, (site, estimator)) in analysis.sites.iter().zip(plan).enumerate() {
        let mut distribution = None;
        let info = analysis.info(graph, i, &mut distribution);
        let unsuitable = |reason: String| Error::Unsuitable {
            estimator: estimator.properties().name.into(),
            site: site.name.clone(),
            distribution: site.family.name().into(),
            reason,
        };
        estimator.supports(&info).map_err(|reason| unsuitable(reason + &beside(graph, analysis, plan, i)))?;
        if layout.samples < estimator.min_samples() {
            return Err(Error::Samples {
                estimator: estimator.properties().name.into(),
                site: site.name.clone(),
                needed: estimator.min_samples(),
                got: layout.samples,
            });
        }
        estimator.accepts_samples(&info, layout.samples).map_err(unsuitable)?;
        if !analysis.used[i] {
            continue;
        }
        let extra = estimator.extra_evaluations(&info, layout.samples);
        admitted.extra = admitted.extra.saturating_add(extra);
        let Some(n) = estimator.alternatives(&info).map_err(unsuitable)? else {
            admitted.random = true;
            continue;
        };
        admitted.slots[i] = Some(admitted.alternatives.enumerate(analysis, i, n));
        if admitted.alternatives.in_all() > MOST_ALTERNATIVES {
            return Err(unsuitable(format!(
                "together with the sites before it, its enumeration would need more than {MOST_ALTERNATIVES} outcomes"
            )));
        }
    }
    Ok(admitted)
}

/// The other sites of the same estimator that it does not support either, and those that it does, for the message about one site.
fn beside(graph: &Graph, analysis: &Analysis, plan: &[Arc<dyn Estimator>], site: usize) -> String {
    let name = plan[site].properties().name;
    let same =
        |other: &usize| *other != site && plan[*other].properties().name == name && analysis.used[*other];
    let serves = |other: &usize| {
        let mut distribution = None;
        plan[*other].supports(&analysis.info(graph, *other, &mut distribution)).is_ok()
    };
    let (served, refused): (Vec<usize>, Vec<usize>) = (0..plan.len()).filter(same).partition(serves);
    let listed = |sites: &[usize]| {
        let names = sites.iter().take(MOST_NAMED).map(|&other| format!("`{}`", analysis.sites[other].name));
        let more = if sites.len() > MOST_NAMED { ", .." } else { "" };
        names.collect::<Vec<_>>().join(", ") + more
    };
    let mut text = String::new();
    if !refused.is_empty() {
        text += &format!("; nor can it be used at {}", listed(&refused));
    }
    if !served.is_empty() {
        text += &format!("; it can be used at {}: name it there and not for every site", listed(&served));
    }
    text
}

/// How each estimator of a plan is differentiated more than once.
fn orders(analysis: &Analysis, plan: &[Arc<dyn Estimator>]) -> Result<Vec<AnyOrder>> {
    let order = |(i, estimator): (usize, &Arc<dyn Estimator>)| {
        let site = &analysis.sites[i];
        match estimator.any_order() {
            Some(order) => Ok(order),
            // Nothing is computed from it.
            None if !analysis.used[i] => Ok(AnyOrder::Differentiable),
            None => Err(Error::Unsuitable {
                estimator: describe(&**estimator),
                site: site.name.clone(),
                distribution: site.family.name().into(),
                reason: "its second derivatives have no proof; use pathwise, enumeration, reinforce_loo, or score_function \
                         without a baseline"
                    .into(),
            }),
        }
    };
    plan.iter().enumerate().map(order).collect()
}

/// The inputs that hold the direction in which a Hessian is applied.
fn inputs_of_direction<'g>(engine: &'g engine::Graph, params: &[Param]) -> Vec<Expr<'g>> {
    params
        .iter()
        .map(|param| engine.input(&format!("direction of {}", param.name), param.shape.clone()))
        .collect()
}

/// The axes in front of every value's own axes: replicates, if any, and samples.
fn lead(layout: Layout) -> Shape {
    layout.replicates.into_iter().chain([layout.samples]).collect::<Vec<_>>().into()
}

/// The parameters, with one copy for each replicate, so that each replicate has its own gradient.
fn copies_of_parameters<'g>(
    graph: &'g Graph,
    params: &[Param],
    layout: Layout,
) -> (Environment<'g>, Vec<Expr<'g>>) {
    let rank = lead(layout).rank();
    let copies: Vec<Expr<'g>> = params
        .iter()
        .map(|param| {
            let theta = graph.expr(param.node);
            match layout.replicates {
                // For a single replicate, the derivative is with respect to the parameter itself: a reshaped copy might be
                // simplified away, and nothing would depend on it.
                None | Some(1) => theta,
                Some(r) => theta
                    .with_rank(rank + param.shape.rank())
                    .broadcast_to(Shape::from([r, 1]).join(&param.shape)),
            }
        })
        .collect();
    let values = params.iter().map(|param| param.node).zip(copies.iter().copied()).collect();
    (Environment { values, ..Environment::default() }, copies)
}

/// Draws the value of every site on which a cost depends, in the order of the sites; `None` for the other sites.
fn draw_sites<'g>(
    rewriter: &Rewriter<'_, 'g>,
    plan: &[Arc<dyn Estimator>],
    main: &mut Environment<'g>,
) -> Result<Vec<Option<Site<'g>>>> {
    let draw = |(i, estimator): (usize, &Arc<dyn Estimator>)| {
        if !rewriter.analysis.used[i] {
            return Ok(None);
        }
        let site = rewriter.site(i, main);
        rewriter.own.borrow_mut().at_work = i;
        let value = estimator.draw(&site)?;
        rewriter.enter(i, value, main);
        Ok(Some(site))
    };
    plan.iter().enumerate().map(draw).collect()
}

/// J: the sum of all terms of the objective at the values of the sites.
fn objective<'g>(rewriter: &Rewriter<'_, 'g>, main: &mut Environment<'g>) -> Expr<'g> {
    let mut objective = rewriter.graph.engine().scalar(0.0);
    for group in &rewriter.analysis.groups {
        let value = rewriter.group_value(group, main);
        main.groups.push(value);
        let weighted = rewriter.weigh(value, group, &main.weights, |_| true);
        objective = objective + rewriter.collapse(weighted, group.shape.rank());
    }
    objective
}

/// The terms of the sites' estimators as pairs of an expression and its cotangent.
fn terms<'g>(
    rewriter: &Rewriter<'_, 'g>,
    plan: &[Arc<dyn Estimator>],
    sites: &[Option<Site<'g>>],
    main: &Environment<'g>,
) -> Result<Vec<(Expr<'g>, Expr<'g>)>> {
    let mut pairs = Vec::new();
    for (i, site) in sites.iter().enumerate() {
        let Some(site) = site else { continue };
        let cone = Cone::new(rewriter, i, main);
        rewriter.own.borrow_mut().at_work = i;
        for term in plan[i].terms(site, &cone)? {
            pairs.push(rewriter.weigh_term(term, i, main));
        }
    }
    Ok(pairs)
}
