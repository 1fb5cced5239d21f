//! The choice of estimators by measurement: variance times price, site by site, from a pilot with noise of its own.
//!
//! ```text
//! W(plan) = Σ Var ĝ · price        the smallest is chosen: at equal work in total it has the smallest variance
//! ```
//!
//! Var is measured from the estimates of the pilot, whose noise has another seed than the estimates that follow, so that these stay
//! unbiased. The price is that of the compiled program, by [`Program::price`]: it counts operations and does not look at a clock, so
//! the same graph, settings and seed give the same choice on every machine.
//!
//! The plan begins with the best of the automatic choice and of plans with one estimator at every site that supports it, because an
//! exact sum over several sites has no variance only if all of them are enumerated. Then, site by site, each unbiased estimator is
//! tried while the others stay, until a whole round changes nothing. If there are many sites, those of one distribution for which the automatic choice is the same are decided
//! together.

use std::collections::HashMap;
use std::sync::Arc;

use super::candidates::candidates;
use super::measure::{Measure, Measurement, estimates};
use super::report::{Candidate, Number, SiteChoice};
use super::verdict::ROUNDING;
use crate::control_variates::Baseline;
use crate::error::{Error, Result};
use crate::estimators::{Estimator, ScoreFunction, describe};
use crate::graph::Graph;
use crate::plan::Plan;
use crate::program::{Options, Program};
use crate::rewrite::Bias;

/// The settings of a choice by measurement.
#[derive(Clone, Copy, Debug)]
pub struct Pilot {
    /// K, the number of samples per estimate; `None` for the smallest number that each plan accepts.
    pub samples: Option<usize>,
    /// The number of steps by which the estimators' own parameters are tuned before they are measured.
    pub tune: usize,
    /// The largest number of estimates by which a plan is measured. Expensive plans are measured by fewer.
    pub replicates: usize,
    /// The seed of the estimates that will follow. The noise of the pilot is that of another one.
    pub seed: u64,
    /// The operations that the measurement of one plan may take.
    pub operations: u64,
}

impl Default for Pilot {
    fn default() -> Self {
        Pilot { samples: None, tune: 0, replicates: 1000, seed: 0, operations: 1 << 29 }
    }
}

/// A plan of which some estimators were chosen by measurement.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The plan.
    pub plan: Plan,
    /// How the estimators were chosen, for each site that was asked for.
    pub sites: Vec<SiteChoice>,
}

/// Up to so many sites are decided one by one.
const ONE_BY_ONE: usize = 8;
/// The largest number of rounds over all sites.
const ROUNDS: usize = 3;
/// The fewest estimates from which a variance is measured.
const FEWEST: u64 = 32;
/// Another estimator takes the place of the present one if its W is below this share of the present one's: smaller differences are
/// within the error of the pilot.
const BETTER: f64 = 0.9;

/// Chooses the estimators of the sites for which `measured` is true. The others get the estimators of `given`, the graph or the
/// automatic choice. Both lists are in the order of the sites.
///
/// # Errors
/// Returns an error if the graph holds an error, if no unbiased estimator supports a site, or if the computation is interrupted.
pub fn choose_by_measurement(
    graph: &Graph,
    given: &[Option<Arc<dyn Estimator>>],
    measured: &[bool],
    how: &Pilot,
) -> Result<Chosen> {
    let mut plan = Plan::choose(graph, given, how.samples)?;
    let groups = groups(graph, &plan, measured);
    let mut prices = Prices { graph, how, known: HashMap::new() };
    let asked: Vec<usize> = groups.iter().flatten().copied().collect();
    if let Some(better) = prices.everywhere(&plan, &asked)? {
        plan = better;
    }
    // The candidates of each group, in the round in which it was decided last.
    let mut tables: Vec<Vec<Candidate>> = vec![Vec::new(); groups.len()];
    for _ in 0..ROUNDS {
        let mut changed = false;
        for (group, table) in groups.iter().zip(&mut tables) {
            let decision = prices.decide(&plan, group)?;
            *table = decision.candidates;
            if let Some(estimator) = decision.better {
                group.iter().for_each(|&site| plan.estimators[site] = Arc::clone(&estimator));
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let mut sites: Vec<(usize, SiteChoice)> = Vec::new();
    let named = graph.sites();
    for (group, candidates) in groups.iter().zip(tables) {
        for &site in group {
            let estimator = describe(&*plan.estimators[site]);
            plan.reasons[site] = "measured: the smallest variance × operations".into();
            let name = named[site].name.clone();
            sites.push((site, SiteChoice { site: name, estimator, candidates: candidates.clone() }));
        }
    }
    sites.sort_by_key(|(site, _)| *site);
    Ok(Chosen { plan, sites: sites.into_iter().map(|(_, choice)| choice).collect() })
}

/// The sites that are decided together.
fn groups(graph: &Graph, plan: &Plan, measured: &[bool]) -> Vec<Vec<usize>> {
    let sites = graph.sites();
    let asked: Vec<usize> = (0..sites.len()).filter(|&i| measured.get(i) == Some(&true)).collect();
    if asked.len() <= ONE_BY_ONE {
        return asked.into_iter().map(|site| vec![site]).collect();
    }
    let mut groups: Vec<((&str, String), Vec<usize>)> = Vec::new();
    for site in asked {
        let key = (sites[site].family.name(), describe(&*plan.estimators[site]));
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, group)) => group.push(site),
            None => groups.push((key, vec![site])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// What was found of a group of sites.
struct Decision {
    /// The estimator that replaces the present one, if one is better.
    better: Option<Arc<dyn Estimator>>,
    /// All that were measured, the best one first.
    candidates: Vec<Candidate>,
}

/// The plans that have been measured, by their descriptions.
struct Prices<'a> {
    graph: &'a Graph,
    how: &'a Pilot,
    known: HashMap<Vec<String>, Option<(f64, u64)>>,
}

impl Prices<'_> {
    /// The best plan with one estimator at all of these sites that support it, if it is better than the present one.
    fn everywhere(&mut self, plan: &Plan, sites: &[usize]) -> Result<Option<Plan>> {
        let work =
            |found: Option<(f64, u64)>| found.map(|(variance, price)| (variance * price as f64, price));
        let now =
            work(self.of(plan)?).map_or((f64::INFINITY, u64::MAX), |(work, price)| (BETTER * work, price));
        let mut best: Option<((f64, u64), Plan)> = None;
        let named = self.graph.sites();
        for estimator in candidates(self.how.samples).into_iter().filter(|e| is_candidate(&**e)) {
            let mut with = plan.clone();
            sites.iter().for_each(|&site| with.estimators[site] = Arc::clone(&estimator));
            for (name, _) in with.unsupported(self.graph)? {
                let place = named.iter().position(|site| site.name == name);
                place.into_iter().for_each(|site| with.estimators[site] = Arc::clone(&plan.estimators[site]));
            }
            let Some(found) = work(self.of(&with)?) else { continue };
            let least = best.as_ref().map_or(now, |(least, _)| *least);
            if found < least {
                best = Some((found, with));
            }
        }
        Ok(best.map(|(_, plan)| plan))
    }

    /// Tries each estimator at a group of sites, while the others stay.
    fn decide(&mut self, plan: &Plan, group: &[usize]) -> Result<Decision> {
        let Some(&first) = group.first() else { return Ok(Decision { better: None, candidates: vec![] }) };
        let present = Arc::clone(&plan.estimators[first]);
        let others = candidates(self.how.samples).into_iter().filter(|e| is_candidate(&**e));
        let others = others.filter(|e| describe(&**e) != describe(&*present));
        let mut tried: Vec<(Arc<dyn Estimator>, Candidate)> = Vec::new();
        for estimator in [present.clone()].into_iter().chain(others) {
            let mut with = plan.clone();
            group.iter().for_each(|&site| with.estimators[site] = Arc::clone(&estimator));
            if let Some((variance, price)) = self.of(&with)? {
                let name = describe(&*estimator);
                tried.push((estimator, Candidate { estimator: name, variance: Number(variance), price }));
            }
        }
        let now =
            tried.iter().find(|(e, _)| Arc::ptr_eq(e, &present)).map(|(_, candidate)| candidate.clone());
        tried.sort_by(|(_, a), (_, b)| a.work().total_cmp(&b.work()).then(a.price.cmp(&b.price)));
        let better = |candidate: &Candidate| match &now {
            None => true,
            Some(now) if candidate.work() == 0.0 && now.work() == 0.0 => candidate.price < now.price,
            Some(now) => candidate.work() < BETTER * now.work(),
        };
        let best = tried.first().filter(|(_, candidate)| better(candidate)).map(|(e, _)| Arc::clone(e));
        let candidates = tried.into_iter().map(|(_, candidate)| candidate).collect();
        Ok(Decision { better: best, candidates })
    }

    /// The variance and the price of a plan; `None` if it cannot be used, is biased or takes too long to measure.
    fn of(&mut self, plan: &Plan) -> Result<Option<(f64, u64)>> {
        let key: Vec<String> = plan.estimators.iter().map(|e| describe(&**e)).collect();
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let found = match self.measured(plan) {
            Err(error @ (Error::NoCost | Error::Interrupted)) => return Err(error),
            Err(_) => None,
            Ok(found) => found,
        };
        self.known.insert(key, found);
        Ok(found)
    }

    fn measured(&self, plan: &Plan) -> Result<Option<(f64, u64)>> {
        let &Pilot { samples, tune, replicates, seed, operations } = self.how;
        let mut options = Options::new();
        if let Some(k) = samples {
            options = options.samples(k);
        }
        if !plan.unsupported(self.graph)?.is_empty() {
            return Ok(None);
        }
        let program = Program::<f64>::compile(self.graph, &plan.estimators, &options)?;
        let price = program.price();
        let affordable = operations / price.max(1);
        let enough = if program.is_random() { affordable >= FEWEST } else { affordable > 0 };
        if !enough || !program.is_unbiased() {
            return Ok(None);
        }
        drop(program);
        let replicates = replicates.min(usize::try_from(affordable).unwrap_or(usize::MAX)).max(2);
        let how = Measure { samples, replicates, tune, seed: seed_of_pilot(seed) };
        let measurement = estimates(self.graph, &plan.estimators, &how, &|_| {})?.measurement;
        let variance = total_variance(&measurement).filter(|_| measurement.unbiased);
        Ok(variance.map(|variance| (variance, price)))
    }
}

/// Whether an estimator may be chosen: it is unbiased, and nothing in it is computed from estimates that training does not have.
fn is_candidate(estimator: &dyn Estimator) -> bool {
    let optimal = describe(&ScoreFunction { baseline: Baseline::Optimal });
    estimator.properties().bias == Bias::Unbiased && describe(estimator) != optimal
}

/// Σ Var over the coordinates of the gradient, where rounding counts as none; `None` if it is not a finite number.
fn total_variance(measurement: &Measurement) -> Option<f64> {
    let of_coordinate = |m: &super::Moments| {
        let deviation = m.standard_deviation()?;
        if deviation <= ROUNDING * m.mean.abs().max(measurement.objective.mean.abs()) {
            Some(0.0)
        } else {
            m.variance()
        }
    };
    let total: Option<f64> = measurement.gradient.iter().flatten().map(of_coordinate).sum();
    total.filter(|total| total.is_finite())
}

/// Another seed, whose noise no estimate uses.
fn seed_of_pilot(seed: u64) -> u64 {
    seed.rotate_left(32) ^ 0x9E37_79B9_7F4A_7C15
}
