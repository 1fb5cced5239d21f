//! Which estimator at which site.
//!
//! ```text
//! work of a plan = variance × evaluations
//! enumeration of A joint outcomes:   A evaluations; no variance if nothing random is left, else at most that of leave-one-out
//! leave-one-out:                     K evaluations
//! ```
//!
//! Sites whose draws meet in some cost are looked at together. If all of them can be enumerated, their part of the gradient is
//! exact. If something random is left, enumerating the others multiplies the evaluations by A and may leave the variance as it is
//! (of a chain of sixty sites, ten enumerated ones leave fifty scores): so only A ≤ 2 is allowed there, and the plan is never
//! worse by more than that factor than one that draws every site and subtracts the mean of the other samples. With one sample
//! there is no other; then the baseline is a moving average, which estimators' own rules keep at 0 where nothing is tuned.

use std::collections::HashMap;
use std::sync::Arc;

use crate::analysis::{Analysis, FirstDiscontinuities};
use crate::control_variates::Baseline;
use crate::error::{Error, Result};
use crate::estimators::{Enumeration, Pathwise, ReinforceLoo, ScoreFunction, outcome_count};
use crate::graph::{Graph, SiteDef};
use crate::rewrite::{Estimator, SiteInfo, describe};

/// One estimator for each site, and why.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In the order of the sites.
    pub estimators: Vec<Arc<dyn Estimator>>,
    /// For each site, why this one.
    pub reasons: Vec<String>,
}

/// The most joint outcomes that the automatic choice enumerates.
const FEW_OUTCOMES: usize = 1024;
/// The same where something random is left.
const FEW_BESIDE_NOISE: usize = 2;
/// How much of the moving average of earlier costs is kept at each run.
const DECAY: f64 = 0.95;

impl Plan {
    /// The plan that the graph's author wrote, completed by the automatic choice, which is always unbiased: enumeration where it
    /// leaves no variance or costs little, pathwise where the cost is smooth in the sample, else leave-one-out, or with one
    /// sample the score function with a moving average (see the head of this file). `overrides` (by site, in order) come first.
    /// `samples` is K where it is known.
    ///
    /// # Errors
    /// If the graph holds an error, or no unbiased estimator can serve a site without an estimator of its own.
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

    /// Asks `choice` for each site's estimator, with what is known of the site and whether a cost depends on it.
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

/// What the choice has to know of a site.
struct Options {
    /// Whether it has an estimator already.
    given: bool,
    /// The outcomes that enumerating it adds: of the estimator that it has, or that it could have.
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

/// For each site, the number of the part of the graph that it belongs to: sites that some term of the objective depends on
/// together are in one part, and parts share no term.
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

/// The first site of a site's part, where each site names one of its part that is not behind it, the first one itself.
fn root(part: &[usize], mut site: usize) -> usize {
    while part[site] != site {
        site = part[site];
    }
    site
}

/// For each part, whether its sites that have no estimator yet and could be enumerated are to be.
fn enumerated(options: &[Options], parts: &[usize]) -> HashMap<usize, bool> {
    struct Part {
        /// The joint outcomes that enumerating would add, and those that there would be in all.
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

/// What is known of the graph whose sites are chosen for.
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
        _ if !def.family.support().is_discrete() => "its draw has no derivative by its parameters".into(),
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
                "{cause}; the mean cost of earlier steps is the baseline, where they may tune it; with --samples 2 or more \
                 it would be reinforce_loo"
            ),
        ),
        Some(k) => (Arc::new(ReinforceLoo), format!("{cause}; K = {k} samples give a baseline")),
        None => (Arc::new(ReinforceLoo), format!("{cause}; two samples give each other a baseline")),
    })
}
