//! What the commands `grad`, `compare`, `certify`, `hessian` and `optimize` compute, as JSON.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aleator::certify::{Certify, certify as certify_graph};
use aleator::diagnostics::{
    self, Chosen, Compare, ExactAnswer, OptimizationPath, Optimize, Pilot, Report, SecondOrder, blind_spots,
    choose_by_measurement, kinks,
};
use aleator::estimators::Estimator;
use aleator::graph::Graph;
use aleator::language::estimator_named;
use aleator::plan::{Lint, Plan, lints};
use aleator::{Error, Result};
use pyo3::prelude::*;

use crate::errors::raise_caused;
use crate::graph::PyGraph;
use crate::interrupt::{Progress, interruptible};

/// Estimators that take precedence over the graph's: for a site, or for all without a site.
pub type Via = Vec<(Option<String>, String)>;

/// The JSON of a report, and warnings in words.
type Answer = (String, Vec<String>);

/// The word that stands for the best estimator of a pilot.
const MEASURED: &str = "measured";

/// The plan of a graph.
pub fn plan_of(graph: &Graph, via: &Via, samples: Option<usize>) -> Result<Plan> {
    Ok(chosen_of(graph, via, &Pilot { samples, ..Pilot::default() })?.plan)
}

/// The estimator that is asked for at each site, if any.
type Overrides = Vec<Option<Arc<dyn Estimator>>>;

/// The estimators that are asked for, by site, and which sites a pilot shall decide.
fn asked(graph: &Graph, via: &Via) -> Result<(Overrides, Vec<bool>)> {
    let sites = graph.sites();
    let mut overrides: Overrides = vec![None; sites.len()];
    let mut measured = vec![false; sites.len()];
    for (site, text) in via {
        let by_pilot = text.trim() == MEASURED;
        let estimator = if by_pilot { None } else { Some(estimator_named(text)?) };
        match site {
            None => {
                overrides.fill(estimator);
                measured.fill(by_pilot);
            }
            Some(name) => match sites.iter().position(|site| site.name == *name) {
                Some(place) => (overrides[place], measured[place]) = (estimator, by_pilot),
                None => {
                    return Err(Error::UnknownName {
                        kind: "site",
                        name: name.clone(),
                        known: sites.into_iter().map(|site| site.name).collect(),
                    });
                }
            },
        }
    }
    Ok((overrides, measured))
}

/// The plan of a graph, and what a pilot chose where that is asked for.
fn chosen_of(graph: &Graph, via: &Via, pilot: &Pilot) -> Result<Chosen> {
    let (overrides, measured) = asked(graph, via)?;
    if measured.contains(&true) {
        return choose_by_measurement(graph, &overrides, &measured, pilot);
    }
    Ok(Chosen { plan: Plan::choose(graph, &overrides, pilot.samples)?, sites: vec![] })
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Invalid(error.to_string()))
}

fn sentence(lint: &Lint) -> String {
    lint.message.clone()
}

fn answer(report: &Report) -> Result<Answer> {
    let warnings = report.lints.iter().map(sentence).chain(report.warnings.iter().cloned()).collect();
    Ok((json(report)?, warnings))
}

/// Computes in another thread, on a copy of the graph.
fn compute<R: Send + 'static>(
    py: Python<'_>,
    graph: &PyGraph,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Graph, &Progress) -> Result<R> + Send + 'static,
) -> PyResult<R> {
    let copy = graph.copy();
    interruptible(py, progress, move |shown| work(&copy, shown))?
        .map_err(|error| raise_caused(py, &error, &graph.failures))
}

/// How to measure: `aleator._measuring.Measurement`.
#[derive(FromPyObject)]
pub struct Measurement {
    samples: Option<usize>,
    replicates: usize,
    tune: usize,
    seed: u64,
    exact: bool,
}

impl From<Measurement> for Compare {
    fn from(how: Measurement) -> Self {
        let Measurement { samples, replicates, tune, seed, exact } = how;
        let exact = if exact { ExactAnswer::Auto } else { ExactAnswer::No };
        Compare { estimators: None, plans: vec![], fixed: vec![], samples, replicates, tune, seed, exact }
    }
}

/// How to optimise: `aleator._measuring.Optimization`.
#[derive(FromPyObject)]
pub struct Optimization {
    steps: usize,
    learning_rate: f64,
    optimizer: String,
    fix: Vec<String>,
    samples: Option<usize>,
    seed: u64,
}

/// How to certify: `aleator._certifying.Certification`.
#[derive(FromPyObject)]
pub struct Certification {
    samples: Option<usize>,
    confidence: f64,
    bias_bound: f64,
    budget: f64,
    replicates: Option<u64>,
    seed: u64,
}

/// The certificate of these estimators, or of all that are unbiased.
#[pyfunction]
#[pyo3(signature = (graph, estimators, how))]
pub fn certify(
    py: Python<'_>,
    graph: &PyGraph,
    estimators: Option<Vec<String>>,
    how: Certification,
) -> PyResult<String> {
    compute(py, graph, None, move |graph, _| {
        let estimators: Option<Result<Vec<_>>> =
            estimators.map(|texts| texts.iter().map(|text| estimator_named(text)).collect());
        let how = Certify {
            estimators: estimators.transpose()?,
            fixed: vec![],
            samples: how.samples,
            confidence: how.confidence,
            bias_bound: how.bias_bound,
            budget: Duration::try_from_secs_f64(how.budget).unwrap_or(Duration::MAX),
            most_replicates: how.replicates.unwrap_or(u64::MAX),
            seed: how.seed,
            ..Certify::new()
        };
        json(&certify_graph(graph, &how)?)
    })
}

/// How second derivatives are measured: `aleator._second_order.SecondOrder`.
#[derive(FromPyObject)]
pub struct SecondMeasurement {
    samples: Option<usize>,
    replicates: usize,
    seed: u64,
    exact: bool,
    direction: Option<BTreeMap<String, Vec<f64>>>,
}

/// The Hessian, or its product with a direction.
#[pyfunction]
#[pyo3(signature = (graph, via, how, progress))]
pub fn hessian(
    py: Python<'_>,
    graph: &PyGraph,
    via: Via,
    how: SecondMeasurement,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Answer> {
    compute(py, graph, progress, move |graph, shown| {
        let SecondMeasurement { samples, replicates, seed, exact, direction } = how;
        let (overrides, measured) = asked(graph, &via)?;
        if measured.contains(&true) {
            return Err(Error::Invalid(format!(
                "\"{MEASURED}\" measures gradients and cannot choose for second derivatives; name an estimator, or leave it out"
            )));
        }
        let plan = Plan::choose_for_second_derivatives(graph, &overrides, samples)?;
        let exact = if exact { ExactAnswer::Auto } else { ExactAnswer::No };
        let how = SecondOrder { samples, replicates, seed, exact, direction };
        let report = diagnostics::hessian(graph, &plan, &how, "", &|done| shown.set("hessian", done))?;
        Ok((json(&report)?, report.warnings))
    })
}

/// One row.
#[pyfunction]
#[pyo3(signature = (graph, via, how, progress))]
pub fn grad(
    py: Python<'_>,
    graph: &PyGraph,
    via: Via,
    how: Measurement,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Answer> {
    let how = Compare::from(how);
    compute(py, graph, progress, move |graph, shown| {
        let pilot = Pilot { samples: how.samples, tune: how.tune, seed: how.seed, ..Pilot::default() };
        let Chosen { plan, sites } = chosen_of(graph, &via, &pilot)?;
        let report = diagnostics::grad(graph, &plan, &how, "", &|label, done| shown.set(label, done))?;
        answer(&Report { measured: sites, ..report })
    })
}

/// A row for each estimator. `via` fixes sites, or adds the plan of a pilot as a row of its own.
#[pyfunction]
#[pyo3(signature = (graph, estimators, via, how, progress))]
pub fn compare(
    py: Python<'_>,
    graph: &PyGraph,
    estimators: Option<Vec<String>>,
    via: Via,
    how: Measurement,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Answer> {
    compute(py, graph, progress, move |graph, shown| {
        let estimators = estimators.map(|texts| texts.iter().map(|text| estimator_named(text)).collect());
        let how = Compare { estimators: estimators.transpose()?, ..Compare::from(how) };
        let every = |(site, text): &&(Option<String>, String)| site.is_none() && text.trim() != MEASURED;
        if let Some((_, text)) = via.iter().find(every) {
            return Err(Error::Invalid(format!(
                "via='{text}' would fix every site, and leave nothing to compare; name one site, via={{'SITE': '{text}'}}, or use \
                 estimators=['{text}']"
            )));
        }
        let (mut overrides, by_pilot) = asked(graph, &via)?;
        let (mut plans, mut measured) = (vec![], vec![]);
        if by_pilot.contains(&true) {
            let pilot = Pilot { samples: how.samples, tune: how.tune, seed: how.seed, ..Pilot::default() };
            let chosen = choose_by_measurement(graph, &overrides, &by_pilot, &pilot)?;
            measured = chosen.sites;
            // A pilot that was asked for every site makes one more row.
            if via.iter().any(|(site, _)| site.is_none()) {
                plans.push(chosen.plan);
            } else {
                let sites = overrides.iter_mut().zip(&by_pilot).zip(&chosen.plan.estimators);
                sites
                    .filter(|((_, by_pilot), _)| **by_pilot)
                    .for_each(|((own, _), e)| *own = Some(Arc::clone(e)));
            }
        }
        let sites = graph.sites().into_iter().map(|site| site.name);
        let fixed = sites.zip(overrides).filter_map(|(name, given)| Some((name, given?))).collect();
        let how = Compare { plans, fixed, ..how };
        let report = diagnostics::compare(graph, &how, "", &|label, done| shown.set(label, done))?;
        answer(&Report { measured, ..report })
    })
}

/// The exact answer, and why there is none.
#[pyfunction]
#[pyo3(signature = (graph, seconds))]
pub fn exact(py: Python<'_>, graph: &PyGraph, seconds: Option<f64>) -> PyResult<(String, Option<String>)> {
    let limit = seconds.map(|s| Duration::try_from_secs_f64(s).unwrap_or(Duration::MAX));
    // A deadline that no clock reaches is none.
    let limit = limit.filter(|limit| *limit < Duration::from_secs(1 << 40));
    compute(py, graph, None, move |graph, _| {
        let exact = diagnostics::exact_within(graph, limit)?;
        Ok((json(&exact)?, exact.unknown))
    })
}

/// The path of an optimisation.
#[pyfunction]
#[pyo3(signature = (graph, via, how, progress))]
pub fn optimize(
    py: Python<'_>,
    graph: &PyGraph,
    via: Via,
    how: Optimization,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Answer> {
    compute(py, graph, progress, move |graph, shown| {
        let Optimization { steps, learning_rate, optimizer, fix: fixed, samples, seed } = how;
        let Chosen { plan, sites } = chosen_of(graph, &via, &Pilot { samples, seed, ..Pilot::default() })?;
        let how = Optimize { steps, learning_rate, optimizer, samples, fixed, seed, ..Optimize::default() };
        let found = [lints(graph, &plan), blind_spots(graph, &plan), kinks(graph, &plan)].concat();
        let warnings = found.iter().map(sentence).collect();
        let path = diagnostics::optimize(graph, &plan, &how, "", &|step, _| shown.set("optimize", step))?;
        Ok((json(&OptimizationPath { measured: sites, ..path })?, warnings))
    })
}

/// The estimator of each site, and why it was chosen.
#[pyfunction]
#[pyo3(signature = (graph, via, samples))]
pub fn plan(
    py: Python<'_>,
    graph: &PyGraph,
    via: Via,
    samples: Option<usize>,
) -> PyResult<Vec<(String, String, String)>> {
    compute(py, graph, None, move |graph, _| {
        let plan = plan_of(graph, &via, samples)?;
        let described = plan.describe(graph).into_iter().zip(plan.reasons);
        Ok(described.map(|((site, estimator), reason)| (site, estimator, reason)).collect())
    })
}

/// What is wrong with the graph under these estimators, a sentence each.
#[pyfunction]
#[pyo3(signature = (graph, via, samples))]
pub fn lint(py: Python<'_>, graph: &PyGraph, via: Via, samples: Option<usize>) -> PyResult<Vec<String>> {
    compute(py, graph, None, move |graph, _| {
        let plan = plan_of(graph, &via, samples)?;
        Ok(lints(graph, &plan).iter().map(sentence).collect())
    })
}
