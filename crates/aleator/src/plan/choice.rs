//! The automatic choice of an estimator for each site.
//!
//! ```text
//! work of a plan = variance × evaluations
//! enumeration of A joint outcomes:   A evaluations; no variance if nothing random is left, else at most that of leave-one-out
//! leave-one-out:                     K evaluations
//! ```
//!
//! Sites whose draws are combined in some cost are considered together. If all of them can be enumerated, their part of the
//! gradient is exact. If other random nodes remain, enumeration multiplies the evaluations by A and may not reduce the variance:
//! in a chain of sixty sites, ten enumerated ones leave fifty scores. Only A ≤ 2 is therefore allowed in this case, so the plan
//! is never worse by more than that factor than one that draws every site and subtracts the mean of the other samples. With one
//! sample there are no others, and the baseline is a moving average; the estimators' own rules keep it at 0 if nothing is tuned.

use std::collections::HashMap;
use std::sync::Arc;

use crate::analysis::{Analysis, FirstDiscontinuities};
use crate::control_variates::Baseline;
use crate::error::{Error, Result};
use crate::estimators::{Enumeration, Pathwise, ReinforceLoo, ScoreFunction, outcome_count};
use crate::graph::{Graph, SiteDef};
use crate::rewrite::{Estimator, SiteInfo, describe};

/// One estimator for each site, and the reason for its choice.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The estimators, in the order of the sites.
    pub estimators: Vec<Arc<dyn Estimator>>,
    /// For each site, the reason for its estimator.
    pub reasons: Vec<String>,
}

/// The largest number of joint outcomes that the automatic choice enumerates.
const FEW_OUTCOMES: usize = 1024;
/// The same limit if other random nodes remain.
const FEW_BESIDE_NOISE: usize = 2;
/// The decay of the moving average of earlier costs at each run.
const DECAY: f64 = 0.95;

impl Plan {
    /// The plan that the author of the graph wrote, completed by the automatic choice, which is always unbiased: enumeration if
    /// it leaves no variance or is cheap, pathwise if the cost is smooth in the sample, and otherwise leave-one-out or, with one
    /// sample, the score function with a moving average (see the documentation of this file). `overrides` (by site, in order)
    /// take precedence. `samples` is K, if it is known.
    ///
    /// # Errors
    /// Returns an error if the graph holds an error, or if no unbiased estimator supports a site for which none is named.
    pub fn choose(
        graph: &Graph,
        overrides: &[Option<Arc<dyn Estimator>>],
        samples: Option<usize>,
    ) -> Result<Self> {
        let graph = &graph.clone();
        let analysis = Analysis::of(graph)?;
        let given: Vec<Option<(Arc<dyn Estimator>, &str)>> = (0..analysis.sites.len())
            .map(|i| match (overrides.get(i).cloned().flatten(), analysis.sites[i].estimator()) {
                (Some(estimator), _) => Some((estimator, "asked for")),
                (None, Some(estimator)) => Some((Arc::clone(estimator), "chosen in the graph")),
                (None, None) => None,
            })
            .collect();
        let options: Vec<Options> = (0..analysis.sites.len())
            .map(|i| Options::of(graph, &analysis, i, given[i].as_ref().map(|(estimator, _)| estimator)))
            .collect();
        let parts = parts(&analysis);
        let enumerated = enumerated(&options, &parts);
        let discontinuities = FirstDiscontinuities::of(graph);
        let mut plan = Plan { estimators: Vec::new(), reasons: Vec::new() };
        for (i, given) in given.into_iter().enumerate() {
            let (estimator, reason) = match given {
                Some((estimator, reason)) => (estimator, reason.to_string()),
                None => {
                    let known = Known { graph, analysis: &analysis, discontinuities: &discontinuities };
                    automatic(&known, i, &options[i], enumerated[&parts[i]], samples)?
                }
            };
            plan.estimators.push(estimator);
            plan.reasons.push(reason);
        }
        Ok(plan)
    }

    /// Calls `choice` for each site, with what is known of the site and whether a cost depends on it.
    pub(crate) fn choose_with<T>(
        graph: &Graph,
        mut choice: impl FnMut(&SiteInfo<'_, '_>, &SiteDef, bool) -> Option<T>,
    ) -> Result<Vec<Option<T>>> {
        let graph = &graph.clone();
        let analysis = Analysis::of(graph)?;
        Ok((0..analysis.sites.len())
            .map(|i| {
                let mut distribution = None;
                let info = analysis.info(graph, i, &mut distribution);
                choice(&info, &analysis.sites[i], analysis.used[i])
            })
            .collect())
    }

    /// The smallest K that all estimators of the plan accept.
    pub fn min_samples(&self) -> usize {
        self.estimators.iter().map(|e| e.min_samples()).max().unwrap_or(1)
    }

    /// The distinct names of the estimators, in the order of the sites.
    pub fn name(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for estimator in &self.estimators {
            if !names.contains(&estimator.properties().name) {
                names.push(estimator.properties().name);
            }
        }
        names.join(" + ")
    }

    /// The names of the sites with the descriptions of their estimators.
    pub fn describe(&self, graph: &Graph) -> Vec<(String, String)> {
        let sites = graph.sites();
        sites.iter().zip(&self.estimators).map(|(s, e)| (s.name.clone(), describe(&**e))).collect()
    }
}

/// The properties of a site on which the choice depends.
struct Options {
    /// Whether an estimator has been named for it.
    given: bool,
    /// The number of outcomes that its enumeration adds, for the estimator that it has or could have.
    outcomes: Option<usize>,
}

impl Options {
    fn of(graph: &Graph, analysis: &Analysis, site: usize, given: Option<&Arc<dyn Estimator>>) -> Self {
        let mut distribution = None;
        let info = analysis.info(graph, site, &mut distribution);
        let outcomes = match given {
            Some(estimator) => estimator.alternatives(&info).ok().flatten(),
            None => outcome_count(&info).ok(),
        };
        Options { given: given.is_some(), outcomes }
    }
}

/// For each site, the number of the part of the graph to which it belongs. Two sites are in the same part if a term of the
/// objective depends on both; parts have no terms in common.
fn parts(analysis: &Analysis) -> Vec<usize> {
    let mut part: Vec<usize> = (0..analysis.sites.len()).collect();
    for group in &analysis.groups {
        let mut together = group.sites.iter().map(|(site, _)| *site);
        let Some(first) = together.next() else { continue };
        for other in together {
            let (a, b) = (root(&part, first), root(&part, other));
            (part[a.max(b)], part[other]) = (a.min(b), a.min(b));
        }
    }
    (0..part.len()).map(|site| root(&part, site)).collect()
}

/// The first site of a site's part. Each site refers to one of its part that does not come after it; the first refers to itself.
fn root(part: &[usize], mut site: usize) -> usize {
    while part[site] != site {
        site = part[site];
    }
    site
}

/// For each part, whether the sites that have no estimator yet and could be enumerated will be enumerated.
fn enumerated(options: &[Options], parts: &[usize]) -> HashMap<usize, bool> {
    struct Part {
        /// The number of joint outcomes that enumeration would add, and the resulting total.
        added: usize,
        in_all: usize,
        noise_left: bool,
    }
    let mut all: HashMap<usize, Part> = HashMap::new();
    for (option, &number) in options.iter().zip(parts) {
        let part = all.entry(number).or_insert(Part { added: 1, in_all: 1, noise_left: false });
        let outcomes = option.outcomes.unwrap_or(1);
        part.in_all = part.in_all.saturating_mul(outcomes);
        part.noise_left |= option.outcomes.is_none();
        if !option.given {
            part.added = part.added.saturating_mul(outcomes);
        }
    }
    let few = |p: Part| p.in_all <= FEW_OUTCOMES && (!p.noise_left || p.added <= FEW_BESIDE_NOISE);
    all.into_iter().map(|(number, part)| (number, few(part))).collect()
}

/// What is known of the graph for whose sites estimators are chosen.
struct Known<'a> {
    graph: &'a Graph,
    analysis: &'a Analysis,
    discontinuities: &'a FirstDiscontinuities<'a>,
}

fn automatic(
    known: &Known<'_>,
    site: usize,
    options: &Options,
    enumerate: bool,
    samples: Option<usize>,
) -> Result<(Arc<dyn Estimator>, String)> {
    let Known { graph, analysis, discontinuities } = *known;
    let def = &analysis.sites[site];
    let mut distribution = None;
    let info = analysis.info(graph, site, &mut distribution);
    if let (true, Some(n)) = (enumerate, options.outcomes) {
        return Ok((Arc::new(Enumeration), format!("only {n} outcomes: the exact sum has no variance")));
    }
    let step = discontinuities.behind(def);
    if Pathwise.supports(&info).is_ok() && step.is_none() {
        return Ok((Arc::new(Pathwise), "continuous, and the cost is smooth in the sample".into()));
    }
    let cause = match step {
        Some(jump) if !def.family.support().is_discrete() => {
            format!("the cost jumps with the sample (`{}`), so pathwise would be wrong", jump.operation)
        }
        _ if !def.family.support().is_discrete() => {
            "its samples have no derivative with respect to its parameters".into()
        }
        _ if options.outcomes.is_some() => {
            "too many outcomes together with the sites that its costs depend on".into()
        }
        _ => "too many outcomes to enumerate".to_string(),
    };
    if let Err(reason) = ScoreFunction::default().supports(&info) {
        return Err(Error::Unsuitable {
            estimator: "the automatic choice".into(),
            site: def.name.clone(),
            distribution: def.family.name().into(),
            reason: format!("no unbiased estimator: {cause}; and {reason}"),
        });
    }
    Ok(match samples {
        Some(1) => (
            Arc::new(ScoreFunction { baseline: Baseline::MovingAverage { decay: DECAY } }),
            format!(
                "{cause}; the baseline is the mean cost of earlier steps if tuning is on; with `samples = 2` or more it \
                 would be reinforce_loo"
            ),
        ),
        Some(k) => (Arc::new(ReinforceLoo), format!("{cause}; K = {k} samples give a baseline")),
        None => {
            (Arc::new(ReinforceLoo), format!("{cause}; each of two samples is the baseline of the other"))
        }
    })
}
