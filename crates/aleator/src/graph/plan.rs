//! Which estimator at which site.

use std::sync::Arc;

use super::jump::jump;
use super::model::{Graph, SiteDef};
use super::surrogate::Analysis;
use crate::error::{Error, Result};
use crate::estimators::{
    Enumeration, Estimator, Pathwise, ReinforceLoo, ScoreFunction, SiteInfo, describe, outcome_count,
};

/// One estimator for each site, and why.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In the order of the sites.
    pub estimators: Vec<Arc<dyn Estimator>>,
    /// For each site, why this one.
    pub reasons: Vec<String>,
}

/// The most outcomes of one site that the automatic choice enumerates.
const FEW_OUTCOMES: usize = 64;
/// The most outcomes of all sites together that the automatic choice enumerates.
const FEW_JOINT_OUTCOMES: usize = 1024;

impl Plan {
    /// The plan that the graph's author wrote, completed by the automatic choice, which is always unbiased:
    /// enumeration when small, pathwise when the cost is smooth in the sample, else leave-one-out (K ≥ 2) or the
    /// score function. `overrides` (by site, in order) come first. `samples` is K where it is known.
    ///
    /// # Errors
    /// If the graph holds an error, or no unbiased estimator can serve a site without an estimator of its own.
    pub fn choose(
        graph: &Graph,
        overrides: &[Option<Arc<dyn Estimator>>],
        samples: Option<usize>,
    ) -> Result<Self> {
        let analysis = Analysis::of(graph)?;
        let mut plan = Plan { estimators: Vec::new(), reasons: Vec::new() };
        let mut joint = 1usize;
        for (i, site) in analysis.sites.iter().enumerate() {
            let given = overrides.get(i).cloned().flatten();
            let (estimator, reason) = match (given, &site.estimator) {
                (Some(estimator), _) => (estimator, "asked for".to_string()),
                (None, Some(estimator)) => (Arc::clone(estimator), "chosen in the graph".to_string()),
                (None, None) => automatic(graph, &analysis, i, joint, samples)?,
            };
            let mut distribution = None;
            let info = analysis.info(graph, i, &mut distribution);
            if let Ok(Some(n)) = estimator.alternatives(&info) {
                joint = joint.saturating_mul(n);
            }
            plan.estimators.push(estimator);
            plan.reasons.push(reason);
        }
        Ok(plan)
    }

    /// Asks `choice` for each site's estimator, with what is known of the site and whether a cost depends on it.
    pub(crate) fn choose_with<T>(
        graph: &Graph,
        mut choice: impl FnMut(&SiteInfo<'_, '_>, &SiteDef, bool) -> Option<T>,
    ) -> Result<Vec<Option<T>>> {
        let analysis = Analysis::of(graph)?;
        Ok((0..analysis.sites.len())
            .map(|i| {
                let mut distribution = None;
                let info = analysis.info(graph, i, &mut distribution);
                choice(&info, &analysis.sites[i], analysis.used[i])
            })
            .collect())
    }

    /// The smallest K that all its estimators accept.
    pub fn min_samples(&self) -> usize {
        self.estimators.iter().map(|e| e.min_samples()).max().unwrap_or(1)
    }

    /// The distinct names of its estimators in the order of the sites.
    pub fn name(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for estimator in &self.estimators {
            if !names.contains(&estimator.properties().name) {
                names.push(estimator.properties().name);
            }
        }
        names.join(" + ")
    }

    /// Site names with the estimators' descriptions.
    pub fn describe(&self, graph: &Graph) -> Vec<(String, String)> {
        let sites = graph.sites();
        sites.iter().zip(&self.estimators).map(|(s, e)| (s.name.clone(), describe(&**e))).collect()
    }
}

fn automatic(
    graph: &Graph,
    analysis: &Analysis,
    site: usize,
    joint: usize,
    samples: Option<usize>,
) -> Result<(Arc<dyn Estimator>, String)> {
    let def = &analysis.sites[site];
    let mut distribution = None;
    let info = analysis.info(graph, site, &mut distribution);
    if let Ok(n) = outcome_count(&info)
        && n <= FEW_OUTCOMES
        && joint.saturating_mul(n) <= FEW_JOINT_OUTCOMES
    {
        return Ok((Arc::new(Enumeration), format!("only {n} outcomes: the exact sum has no variance")));
    }
    let step = jump(graph, def);
    if Pathwise.serves(&info).is_ok() && step.is_none() {
        return Ok((Arc::new(Pathwise), "continuous, and the cost is smooth in the sample".into()));
    }
    let cause = match step {
        Some(jump) if !def.family.support().is_discrete() => {
            format!("the cost jumps with the sample (`{}`), so pathwise would be wrong", jump.operation)
        }
        _ if !def.family.support().is_discrete() => "its draw has no derivative by its parameters".into(),
        _ => "too many outcomes to enumerate".into(),
    };
    if let Err(reason) = ScoreFunction::default().serves(&info) {
        return Err(Error::Unsuitable {
            estimator: "the automatic choice".into(),
            site: def.name.clone(),
            distribution: def.family.name().into(),
            reason: format!("no unbiased estimator: {cause}; and {reason}"),
        });
    }
    Ok(match samples {
        Some(k) if k >= 2 => (Arc::new(ReinforceLoo), format!("{cause}; K = {k} samples give a baseline")),
        _ => (
            Arc::new(ScoreFunction::default()),
            format!("{cause}; with --samples 2 or more it would be reinforce_loo"),
        ),
    })
}
