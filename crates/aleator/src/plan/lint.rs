//! Warnings about graphs that are valid but probably wrong: costs that an estimator does not differentiate correctly.
//!
//! Each estimator declares how it differentiates the cost ([`Smoothness`]). Two properties are searched for along every path on
//! which it follows the cost:
//!
//! | in the cost                                   | slope or relaxation carries the gradient | expansion at the mean |
//! |-----------------------------------------------|------------------------------------------|-----------------------|
//! | a jump                                        | the mean is wrong                        | it is ignored         |
//! | undefined between the outcomes (`1/(b − ½)`)  | NaN or infinite, at a relaxation         | NaN or infinite       |
//!
//! REBAR belongs in the first column. For example, F = 1\[b > ½\] becomes 1\[ζ > ½\] at a relaxation, so with η = 1 the score
//! term (F(b) − F(ζ̃)) s is 0, and the derivatives of F that should add its mean back are 0 as well.

use std::collections::HashMap;
use std::sync::Arc;

use aleator_engine::graph::{Binary, NodeId, Op};

use super::choice::Plan;
use super::observation::{ImpossibleObservation, impossible_observations};
use crate::analysis::{
    Analysis, Continuity, Discontinuity, DiscontinuityKind, FirstOnTheWay, Ranges, Steps, Stopped, Stops,
    first_discontinuities, moving, never_met,
};
use crate::estimators::{self, EstimatorOptions, Lax, Relax};
use crate::graph::{Graph, SiteDef};
use crate::rewrite::{Bias, Estimator, Smoothness};

/// A warning about a graph that is valid but probably wrong.
#[derive(Clone, Debug)]
pub struct Lint {
    /// The site concerned.
    pub site: String,
    /// The reason and the remedy.
    pub message: String,
    /// The operation that causes the warning.
    pub cause: NodeId,
    /// Whether the mean of an otherwise unbiased estimator differs from the gradient for this reason.
    pub biased: bool,
}

/// The largest number of estimators without a learned part that are named as remedies.
const MOST_PLAIN_REMEDIES: usize = 3;

/// The warnings about a graph under a plan. A graph that holds an error has none.
pub fn lints(graph: &Graph, plan: &Plan) -> Vec<Lint> {
    let graph = &graph.clone();
    let Ok(analysis) = Analysis::of(graph) else { return vec![] };
    let mut found = lints_of(graph, &analysis, &plan.estimators);
    found.extend(impossible_observations(graph).into_iter().map(
        |ImpossibleObservation { cost, message }| Lint {
            site: String::new(),
            message,
            cause: cost,
            biased: false,
        },
    ));
    found
}

/// The same for a graph that has already been analysed.
fn lints_of(graph: &Graph, analysis: &Analysis, plan: &[Arc<dyn Estimator>]) -> Vec<Lint> {
    let (steps, between) = (Steps::of(graph), Steps::between_outcomes(graph));
    let mut found: Vec<Lint> = {
        let moving = moving(&steps, &mut Continuity::of(&steps, Stops::End));
        moving.into_iter().map(Lint::from).collect()
    };
    let moving_jumps: Vec<NodeId> = found.iter().filter(|lint| lint.biased).map(|lint| lint.cause).collect();
    let mut search = Search::new(graph, plan, &steps, &between);
    for (i, (site, estimator)) in analysis.sites.iter().zip(plan).enumerate() {
        let smoothness = estimator.smoothness();
        let name = estimator.properties().name;
        let discrete = site.family.support().is_discrete();
        // If a jump biases every estimator, another estimator is no remedy.
        let hopeless = |jump: &Discontinuity| moving_jumps.contains(&jump.node);
        if smoothness != Smoothness::NotNeeded
            && let Some(jump) = search.discontinuity(site, smoothness).filter(|jump| !hopeless(jump))
        {
            let message = match jump.kind {
                DiscontinuityKind::BlackBox => {
                    format!("{} has no derivative, which {name} needs at `{}`", jump.describe(), site.name)
                }
                _ => discontinuous(site, &**estimator, &jump),
            };
            found.push(Lint {
                site: site.name.clone(),
                message: format!("{message}; {}", remedies(graph, analysis, i)),
                cause: jump.node,
                biased: smoothness != Smoothness::AtMean,
            });
        }
        if smoothness == Smoothness::AtSample
            && let Some(cause) = search.stopped(site)
        {
            let message = format!(
                "there is a stopped gradient between `{}` and the cost: {name} omits the part of the gradient that passes \
                 through it, which estimators that use scores include",
                site.name
            );
            found.push(Lint { site: site.name.clone(), message, cause, biased: true });
        }
        if !discrete && let Some(cause) = search.never_met(site, smoothness) {
            let message = format!(
                "`{}` is continuous and equals any number with probability 0, so this comparison almost always has the same \
                 value; compare with \
                 < or >, or with a range",
                site.name
            );
            found.push(Lint { site: site.name.clone(), message, cause, biased: false });
        }
        if smoothness.leaves_outcomes()
            && discrete
            && let Some((cause, op)) = search.undefined(site, smoothness)
        {
            let operation = op.name();
            // At a pole, the value of a relaxation may jump or have no mean.
            let pole = matches!(op, Op::Binary(Binary::Div | Binary::Pow));

            let message = format!(
                "`{operation}` may be undefined between the outcomes of `{}`, where {name} evaluates the cost: its \
                 estimate may be NaN or infinite; {}",
                site.name,
                remedies(graph, analysis, i)
            );
            let biased = pole && smoothness == Smoothness::InControlVariate;
            found.push(Lint { site: site.name.clone(), message, cause, biased });
        }
    }
    found
}

/// What is found downstream of sites, by how their estimators differentiate the cost. The search is made once for all sites.
struct Search<'a> {
    graph: &'a Graph,
    plan: &'a [Arc<dyn Estimator>],
    steps: &'a Steps<'a>,
    /// The steps, where draws may lie between outcomes.
    between: &'a Steps<'a>,
    ranges: Option<Ranges>,
    discontinuities: HashMap<(Smoothness, bool), FirstOnTheWay<Discontinuity>>,
    never_met: HashMap<Stops, FirstOnTheWay<NodeId>>,
    undefined: HashMap<Smoothness, FirstOnTheWay<Op>>,
    stopped: Option<Stopped>,
}

impl<'a> Search<'a> {
    fn new(
        graph: &'a Graph,
        plan: &'a [Arc<dyn Estimator>],
        steps: &'a Steps<'a>,
        between: &'a Steps<'a>,
    ) -> Self {
        Search {
            graph,
            plan,
            steps,
            between,
            ranges: None,
            discontinuities: HashMap::new(),
            never_met: HashMap::new(),
            undefined: HashMap::new(),
            stopped: None,
        }
    }

    /// The first jump on a path from the site.
    fn discontinuity(&mut self, site: &SiteDef, smoothness: Smoothness) -> Option<Discontinuity> {
        let discrete = site.family.support().is_discrete();
        let all = self.discontinuities.entry((smoothness, discrete)).or_insert_with(|| {
            let (steps, stops) = (if discrete { self.between } else { self.steps }, stops(smoothness));
            let follows =
                |later: usize, def: &SiteDef| follows(self.graph, smoothness, self.plan.get(later), def);
            first_discontinuities(&mut Continuity::of(steps, stops), discrete, stops, follows)
        });
        all.from(site).map(|(_, jump)| jump.clone())
    }

    fn stopped(&mut self, site: &SiteDef) -> Option<NodeId> {
        self.stopped.get_or_insert_with(|| Stopped::of(self.graph)).behind(site)
    }

    /// The first comparison for equality, downstream of a continuous site, of numbers that are never equal.
    fn never_met(&mut self, site: &SiteDef, smoothness: Smoothness) -> Option<NodeId> {
        let stops = stops(smoothness);
        let all = self.never_met.entry(stops);
        all.or_insert_with(|| never_met(&mut Continuity::of(self.steps, stops))).from(site).map(|(id, _)| id)
    }

    /// The first operation downstream of a discrete site that may be undefined between the outcomes of the site.
    fn undefined(&mut self, site: &SiteDef, smoothness: Smoothness) -> Option<(NodeId, Op)> {
        let ranges = self.ranges.get_or_insert_with(|| Ranges::of(self.graph));
        let all = self.undefined.entry(smoothness).or_insert_with(|| {
            let follows =
                |later: usize, def: &SiteDef| follows(self.graph, smoothness, self.plan.get(later), def);
            ranges.undefined(self.graph, stops(smoothness), follows)
        });
        all.from(site).map(|(id, op)| (id, op.clone()))
    }
}

/// Whether an estimator that differentiates the cost in this way follows it through a stopped gradient.
fn stops(smoothness: Smoothness) -> Stops {
    match smoothness {
        Smoothness::InControlVariate => Stops::Open,
        Smoothness::NotNeeded | Smoothness::AtSample | Smoothness::AtRelaxation | Smoothness::AtMean => {
            Stops::End
        }
    }
}

/// Whether every estimator of a plan is unbiased for this graph: it is unbiased in general, and according to the warnings it
/// differentiates the costs correctly.
pub(crate) fn is_unbiased(graph: &Graph, analysis: &Analysis, plan: &[Arc<dyn Estimator>]) -> bool {
    let by_nature = |(e, used): (&Arc<dyn Estimator>, &bool)| !used || e.properties().bias == Bias::Unbiased;
    plan.iter().zip(&analysis.used).all(by_nature)
        && !lints_of(graph, analysis, plan).iter().any(|lint| lint.biased)
}

/// Whether an estimator that differentiates the cost in this way follows it through a later site.
fn follows(
    graph: &Graph,
    smoothness: Smoothness,
    planned: Option<&Arc<dyn Estimator>>,
    later: &SiteDef,
) -> bool {
    let parameters: Vec<_> = later.parameters.iter().map(|&p| graph.expr(p)).collect();
    let as_planned = planned.is_some_and(|e| e.smoothness().passes_through_value());
    match smoothness {
        Smoothness::NotNeeded | Smoothness::AtSample | Smoothness::AtRelaxation => as_planned,
        Smoothness::InControlVariate => true,
        Smoothness::AtMean => as_planned || later.family.mean(&parameters).is_some(),
    }
}

/// The warning that a cost jumps, with the consequences.
fn discontinuous(site: &SiteDef, estimator: &dyn Estimator, jump: &Discontinuity) -> String {
    let name = estimator.properties().name;
    let effect = match (estimator.smoothness(), estimator.properties().bias) {
        (Smoothness::AtMean, _) => {
            format!("{name} remains unbiased, but its expansion ignores the jump and may only add variance")
        }
        (Smoothness::InControlVariate, _) => format!(
            "{name} is biased here: it computes the mean of its control variate from derivatives, which ignore the jump"
        ),
        (_, Bias::Biased) => format!("the {name} gradient omits the contribution of the jump"),
        (_, Bias::Unbiased) => {
            format!("its {name} gradient is biased: the derivative ignores the jump")
        }
    };
    format!("{} makes the cost discontinuous in `{}`; {effect}", jump.describe(), site.name)
}

/// The estimators that allow any cost: the first ones of the table, and those with a learned control variate.
fn remedies(graph: &Graph, analysis: &Analysis, site: usize) -> String {
    let mut distribution = None;
    let info = analysis.info(graph, site, &mut distribution);
    let plain = estimators::all()
        .iter()
        .filter(|e| e.properties.smoothness == Smoothness::NotNeeded && e.properties.bias == Bias::Unbiased)
        .filter(|e| e.build(EstimatorOptions::none()).is_ok_and(|e| e.supports(&info).is_ok()))
        .map(|e| e.properties.name);
    let relax = Relax { use_cost: false, ..Relax::default() };
    let learned =
        [("lax", Lax::default().supports(&info)), ("relax(use_cost = false)", relax.supports(&info))];
    let learned = learned.iter().filter(|(_, serves)| serves.is_ok()).map(|(name, _)| *name);
    let names: Vec<&str> = plain.take(MOST_PLAIN_REMEDIES).chain(learned).collect();
    match names.split_last() {
        None => "smooth the step, as sigmoid(x / 0.1) smooths x > 0".into(),
        Some((only, [])) => format!("use {only}"),
        Some((last, others)) => format!("use {} or {last}", others.join(", ")),
    }
}
