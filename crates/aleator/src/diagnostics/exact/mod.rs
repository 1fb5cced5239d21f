//! The exact objective and gradient, where they can be had without sampling.
//!
//! Finite sites are enumerated. All others are integrated and summed, with the objective and its gradient known at each point
//! ([`integrand`]): counts that have no end from 0 to n − 1, continuous numbers by [`cubature`](cubature::integrate). There is
//! an answer only where all of this holds, for the objective and for each number of the gradient, relative to S = ∫ |integrand|:
//!
//! - two rules of different order agree on every cell to within 10⁻¹⁰ S in all, and after all cells are cut once more where
//!   no node of theirs was;
//! - the integrand dies out towards the ends, so that what is beyond them is below 10⁻¹⁰ S;
//! - the weights of counts and densities integrate to 1;
//! - nothing grows so fast that the integral could diverge beyond what numbers reach ([`growth`]);
//! - no cost jumps with a continuous sample, nor where a parameter moves a jump beside one.
//!
//! No finite number of points can prove more: a peak that is narrower than the points are apart may be missed. (In one
//! dimension they are some 10⁻⁴ standard deviations apart, in two 10⁻².)

mod cubature;
mod growth;
mod integrand;
mod points;

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aleator_engine::graph::{NodeId, ancestors};

use super::report::{Exact, Number, Tensor};
use crate::analysis::{FirstDiscontinuities, Stopped, discontinuity_moves};
use crate::distributions::Support;
use crate::error::{Error, Result};
use crate::estimators::{Enumeration, outcome_count};
use crate::graph::Graph;
use crate::plan::Plan;
use crate::program::{Options, Program};
use crate::rewrite::Estimator;
use crate::rewrite::MOST_ALTERNATIVES;
use integrand::{AtPoints, Kind};

/// How many counts of infinitely many are tried first.
const FEW_COUNTS: usize = 64;
/// How many times as many are tried for a count whose parameters depend on another count.
const ROOM_BELOW: usize = 8;
/// The most dimensions that are integrated or summed.
const MOST_DIMENSIONS: usize = 3;
/// The most numbers that enumeration computes, all alternatives together: some seconds' worth.
const MOST_NUMBERS: usize = 1 << 31;

/// Why there is no exact answer where one could be expected.
pub(super) enum Unknown {
    /// It is none of the kinds that can be had.
    NotOfTheKind,
    /// There is something to say about it.
    Because(String),
}

impl From<&str> for Unknown {
    fn from(reason: &str) -> Self {
        Unknown::Because(reason.into())
    }
}

/// The end of the time that may be spent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Option<Instant>);

impl Deadline {
    /// # Errors
    /// If it has passed.
    pub fn check(self) -> Result<(), Unknown> {
        match self.0 {
            Some(end) if Instant::now() > end => Err("it takes too long".into()),
            _ => Ok(()),
        }
    }
}

/// The exact answer; its method is `None` where there is none.
///
/// # Errors
/// If the graph holds an error or a distribution's parameter is outside its domain.
pub fn exact(graph: &Graph) -> Result<Exact> {
    exact_within(graph, None)
}

/// The same, given up after a time.
///
/// # Errors
/// As [`exact`].
pub fn exact_within(graph: &Graph, limit: Option<Duration>) -> Result<Exact> {
    let deadline = Deadline(limit.map(|limit| Instant::now() + limit));
    match solve(graph, deadline)? {
        Ok(answer) => Ok(answer),
        Err(Unknown::NotOfTheKind) => Ok(Exact::default()),
        Err(Unknown::Because(reason)) => Ok(Exact { unknown: Some(reason), ..Exact::default() }),
    }
}

fn solve(graph: &Graph, deadline: Deadline) -> Result<Result<Exact, Unknown>> {
    let graph = &graph.clone();
    // A rule at fixed nodes misses what passes over a moving boundary, as estimators do.
    if discontinuity_moves(graph) {
        return Ok(Err(Unknown::NotOfTheKind));
    }
    let Some(layout) = layout(graph)? else { return Ok(Err(Unknown::NotOfTheKind)) };
    if layout.dimensions() == 0 {
        return enumerate(graph, &layout);
    }
    if let Some(reason) = growth::too_fast(graph) {
        return Ok(Err(Unknown::Because(reason)));
    }
    let method =
        if layout.sites.iter().any(|s| s.kind.is_continuous()) { "quadrature" } else { "enumeration" };
    Ok(cubature::integrate(graph, &layout, deadline)?
        .map(|(values, errors)| answer(graph, method, &values, &errors)))
}

/// The objective, then the gradient of one parameter after another.
fn answer(graph: &Graph, method: &'static str, values: &[f64], errors: &[f64]) -> Exact {
    let mut exact = Exact { method: Some(method), objective: Some(Number(values[0])), ..Exact::default() };
    let mut at = 1;
    for param in graph.params() {
        let here = at..at + param.shape.numel();
        at = here.end;
        let tensor = values[here.clone()].iter().map(|&x| Number(x)).collect();
        exact.gradient.insert(param.name.clone(), Tensor { shape: param.shape.to_vec(), values: tensor });
        exact.error.insert(param.name, errors[here].to_vec());
    }
    exact
}

/// The sum over all outcomes of all sites, where they are finite.
fn enumerate(graph: &Graph, layout: &Layout) -> Result<Result<Exact, Unknown>> {
    let plan = layout.plan(&[], &[]);
    let options = Options::new().samples(1).audit();
    let mut program = match Program::<f64>::compile(graph, &plan, &options) {
        Ok(program) => program,
        // Too many alternatives, or too much memory.
        Err(Error::Unsuitable { .. } | Error::Engine(_)) => return Ok(Err(Unknown::NotOfTheKind)),
        Err(other) => return Err(other),
    };
    if program.work() > MOST_NUMBERS {
        return Ok(Err("its enumeration would take too long".into()));
    }
    let places = program.params().count();
    let mut values = vec![program.run()?.objective()];
    for place in 0..places {
        values.extend_from_slice(program.gradient(place));
    }
    if values.iter().any(|x| x.is_nan())
        && let Some(site) = moving_outcome(graph, layout)?
    {
        return Ok(Err(Unknown::Because(format!(
            "an outcome of `{site}` has probability 0, which moves with a parameter, and a cost there is not finite, so that \
             the gradient does not exist"
        ))));
    }
    // Rounding alone, which is judged with that of the estimates.
    let errors = vec![0.0; values.len()];
    Ok(Ok(answer(graph, "enumeration", &values, &errors)))
}

/// A site with an outcome of probability 0 that moves.
fn moving_outcome(graph: &Graph, layout: &Layout) -> Result<Option<String>> {
    let drawn = |_: &SiteLayout| Arc::new(integrand::Drawn) as Arc<dyn Estimator>;
    let plan: Vec<_> = layout.sites.iter().map(drawn).collect();
    let options = Options::new().samples(1).replicates(MANY_DRAWS).audit();
    let mut program = Program::<f64>::compile(graph, &plan, &options)?;
    program.run()?;
    Ok(program.blind_sites().next().map(str::to_string))
}

/// Draws among which a moving outcome is looked for.
const MANY_DRAWS: usize = 256;

/// How each site is dealt with.
pub(super) struct Layout {
    pub sites: Vec<SiteLayout>,
}

/// How one site is dealt with.
pub(super) struct SiteLayout {
    pub kind: Kind,
    /// Its coordinates.
    pub dimensions: usize,
    /// Whether its parameters depend on another count.
    pub below_count: bool,
}

impl Layout {
    pub fn dimensions(&self) -> usize {
        self.sites.iter().map(|s| s.dimensions).sum()
    }

    /// The plan with the coordinates in these inputs of the graph, one after another, and the reciprocals of their weights.
    pub fn plan(&self, columns: &[NodeId], reciprocals: &[NodeId]) -> Vec<Arc<dyn Estimator>> {
        let mut first = 0;
        let estimator = |site: &SiteLayout| {
            let own = first..first + site.dimensions;
            first = own.end;
            match site.kind {
                Kind::Outcomes => Arc::new(Enumeration) as Arc<dyn Estimator>,
                Kind::Unused => Arc::new(integrand::Drawn),
                kind => {
                    let (columns, reciprocals) = (columns[own.clone()].to_vec(), reciprocals[own].to_vec());
                    Arc::new(AtPoints { kind, columns, reciprocals })
                }
            }
        };
        self.sites.iter().map(estimator).collect()
    }

    /// For each coordinate whether it is a count, and of how many at first.
    pub fn counts(&self) -> Vec<Option<usize>> {
        let of = |site: &SiteLayout| {
            let n = if site.below_count { FEW_COUNTS * ROOM_BELOW } else { FEW_COUNTS };
            vec![(!site.kind.is_continuous()).then_some(n); site.dimensions]
        };
        self.sites.iter().flat_map(of).collect()
    }
}

/// How the sites can be dealt with; `None` where some site cannot be.
fn layout(graph: &Graph) -> Result<Option<Layout>> {
    let mut counts: Vec<NodeId> = Vec::new();
    let mut outcomes = 1usize;
    let (discontinuities, stopped) = (FirstDiscontinuities::of(graph), OnceCell::new());
    let sites = Plan::choose_with(graph, |info, def, used| {
        let (family, parameters) = (info.distribution.family(), info.distribution.parameters());
        let finite = |kind| Some((kind, 0, false));
        if !used {
            return finite(Kind::Unused);
        }
        if let Ok(n) = outcome_count(info) {
            outcomes = outcomes.saturating_mul(n);
            return finite(Kind::Outcomes);
        }
        let draws = info.coupled_draws;
        if matches!(family.support(), Support::Counts | Support::BoundedCounts) {
            let needed = ancestors(graph.engine(), &def.parameters);
            let below_count = counts.iter().any(|value| needed[value.index()]);
            counts.push(def.value);
            return Some((Kind::Counts, draws, below_count));
        }
        if family.support().is_discrete() || discontinuities.behind(def).is_some() {
            return None;
        }
        if family.is_reparameterized() {
            // A derivative along the sample ends there, a score does not: they are not one number.
            if stopped.get_or_init(|| Stopped::of(graph)).behind(def).is_some() {
                return None;
            }
            let numbers = draws.saturating_mul(info.distribution.event_shape().numel());
            return Some((Kind::Uniforms, numbers, false));
        }
        let charted =
            family.chart(parameters, info.distribution.parameters()[0].graph().scalar(0.0)).is_some();
        charted.then_some((Kind::Logits, draws, false))
    })?;
    let sites: Option<Vec<SiteLayout>> = sites
        .into_iter()
        .map(|site| site.map(|(kind, dimensions, below_count)| SiteLayout { kind, dimensions, below_count }))
        .collect();
    let few = |layout: &Layout| {
        outcomes <= MOST_ALTERNATIVES
            && layout.sites.iter().all(|s| s.dimensions <= MOST_DIMENSIONS)
            && layout.dimensions() <= MOST_DIMENSIONS
    };
    Ok(sites.map(|sites| Layout { sites }).filter(few))
}
