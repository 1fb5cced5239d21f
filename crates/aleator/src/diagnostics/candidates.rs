//! The plans of a comparison: which estimators are tried, and at which sites.

use std::sync::Arc;

use crate::control_variates::Baseline;
use crate::error::{Error, Result};
use crate::estimators::{self, EstimatorOptions, ScoreFunction};
use crate::graph::Graph;
use crate::plan::Plan;
use crate::rewrite::Estimator;

/// Whether two plans have the same estimators with the same options. Estimators are compared by their descriptions; those from
/// outside the crate may differ in what these do not say.
pub(super) fn is_same(graph: &Graph, a: &Plan, b: &Plan) -> bool {
    let known = |plan: &Plan| {
        let name = |estimator: &Arc<dyn Estimator>| estimator.properties().name;
        plan.estimators.iter().all(|e| estimators::all().iter().any(|entry| entry.properties.name == name(e)))
    };
    known(a) && known(b) && a.describe(graph) == b.describe(graph)
}

/// All estimators with their default options. At K = 1, where leave-one-out does not apply, also the score function with
/// baselines.
pub(super) fn candidates(samples: Option<usize>) -> Vec<Arc<dyn Estimator>> {
    let mut all: Vec<Arc<dyn Estimator>> = Vec::new();
    for entry in estimators::all() {
        all.extend(entry.build(EstimatorOptions::none()).ok());
        if entry.properties.name == ScoreFunction::default().properties().name
            && samples.is_none_or(|k| k == 1)
        {
            for baseline in [Baseline::Optimal, Baseline::MovingAverage { decay: 0.95 }] {
                all.push(Arc::new(ScoreFunction { baseline }));
            }
        }
    }
    all
}

/// The fixed estimator of each site of a graph, of those that are fixed by name.
///
/// # Errors
/// Returns an error if there is no site of that name.
pub(crate) fn fixed_sites(
    graph: &Graph,
    by_name: &[(String, Arc<dyn Estimator>)],
) -> Result<Vec<Option<Arc<dyn Estimator>>>> {
    let sites = graph.sites();
    let mut fixed = vec![None; sites.len()];
    for (name, estimator) in by_name {
        let place = sites.iter().position(|site| site.name == *name);
        let unknown = || Error::UnknownName {
            kind: "site",
            name: name.clone(),
            known: sites.iter().map(|site| site.name.clone()).collect(),
        };
        fixed[place.ok_or_else(unknown)?] = Some(Arc::clone(estimator));
    }
    Ok(fixed)
}

/// The plan that uses an estimator at every site that it supports, except for those whose estimator is fixed: `fixed` has an entry for
/// each site. Other sites keep the estimator of the graph or the automatic choice.
///
/// # Errors
/// Returns an error if the estimator supports no site that is free, or if a plan cannot be chosen.
pub fn plan_with(
    graph: &Graph,
    estimator: &Arc<dyn Estimator>,
    fixed: &[Option<Arc<dyn Estimator>>],
    samples: Option<usize>,
) -> Result<Plan> {
    let mut first_reason = None;
    let free = |name: &str| graph.sites().iter().zip(fixed).any(|(s, f)| s.name == name && f.is_none());
    let overrides = Plan::choose_with(graph, |info, def, _| match estimator.supports(info) {
        _ if !free(&def.name) => None,
        // The author's own options count where the author named the same estimator.
        Ok(()) => Some(match def.estimator() {
            Some(own) if own.properties().name == estimator.properties().name => own.clone(),
            _ => estimator.clone(),
        }),
        Err(reason) => {
            first_reason.get_or_insert(format!("`{}` is {}: {reason}", def.name, def.family.name()));
            None
        }
    })?;
    if overrides.iter().all(Option::is_none) {
        return Err(Error::Invalid(first_reason.unwrap_or_else(|| "the graph has no random site".into())));
    }
    let overrides: Vec<_> = fixed.iter().zip(overrides).map(|(f, o)| f.clone().or(o)).collect();
    Plan::choose(graph, &overrides, samples)
}
