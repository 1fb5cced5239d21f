//! The automatic choice of an estimator for each site.
//!
//! In this order, each under the condition that it is unbiased for the site and the costs behind it:
//!
//! 1. enumeration, where `enumerated` allows it: few outcomes, and nothing else with a score beside them;
//! 2. pathwise, where the draw is a differentiable function of noise and the costs are smooth in it;
//! 3. a plain draw, where the law of the site does not depend on the parameters: there is no score;
//! 4. the reparameterizations of `reparameterizations`, for families whose draw is not such a function, where the costs are smooth;
//! 5. leave-one-out; with one sample there are no others, and the baseline is a moving average, which the estimators' own rules
//!    keep at 0 if nothing is tuned.

use std::cell::OnceCell;
use std::sync::Arc;

use super::enumerated::{Enumerable, Enumerate, enumerated};
use crate::analysis::{Analysis, Discontinuity, FirstDiscontinuities, Stopped, scored};
use crate::control_variates::Baseline;
use crate::error::{Error, Result};
use crate::estimators::{
    Enumeration, ImplicitReparameterization, Pathwise, ReinforceLoo, RejectionReparameterization,
    ScoreFunction, outcome_count,
};
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

/// The decay of the moving average of earlier costs at each run.
const DECAY: f64 = 0.95;

impl Plan {
    /// The plan that the author of the graph wrote, completed by the automatic choice, which is always unbiased: enumeration if
    /// it leaves no score and is cheap, a derivative through the sample if the cost is smooth in it, and otherwise leave-one-out
    /// or, with one sample, the score function with a moving average (see the documentation of this file). `overrides` (by site,
    /// in order) take precedence. `samples` is K, if it is known.
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
        let known = Known::of(graph, &analysis);
        let (sites, decisions) = known.decide(&given);
        let mut plan = Plan { estimators: Vec::new(), reasons: Vec::new() };
        for (i, given) in given.into_iter().enumerate() {
            let (estimator, reason) = match given {
                Some((estimator, reason)) => (estimator, reason.to_string()),
                None => known.automatic(i, &sites[i], decisions[i], samples)?,
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

    /// The names of the sites that do not support their estimator, each with its distribution and the reason. Sites that no cost depends on do not count.
    ///
    /// # Errors
    /// Returns an error if the graph holds an error.
    pub fn unsupported(&self, graph: &Graph) -> Result<Vec<(String, String)>> {
        let mut estimators = self.estimators.iter();
        let found = Self::choose_with(graph, |info, def, used| {
            let reason = estimators.next()?.supports(info).err().filter(|_| used)?;
            Some((def.name.clone(), format!("{}: {reason}", def.family.name())))
        })?;
        Ok(found.into_iter().flatten().collect())
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

/// The estimators that differentiate through draws that are no differentiable function of noise, the better ones first.
fn reparameterizations() -> [Arc<dyn Estimator>; 2] {
    [Arc::new(ImplicitReparameterization), Arc::new(RejectionReparameterization::default())]
}

/// What is known of the graph for whose sites estimators are chosen.
struct Known<'a> {
    graph: &'a Graph,
    analysis: &'a Analysis,
    discontinuities: FirstDiscontinuities<'a>,
    stopped: OnceCell<Stopped>,
}

impl<'a> Known<'a> {
    fn of(graph: &'a Graph, analysis: &'a Analysis) -> Self {
        let discontinuities = FirstDiscontinuities::of(graph);
        Known { graph, analysis, discontinuities, stopped: OnceCell::new() }
    }

    /// What the choice depends on, for each site, and which of them are enumerated.
    fn decide(&self, given: &[Option<(Arc<dyn Estimator>, &str)>]) -> (Vec<Enumerable>, Vec<Enumerate>) {
        let follows = |i: usize| match &given[i] {
            Some((estimator, _)) => estimator.smoothness().passes_through_value(),
            None => self.through_value(i).is_some(),
        };
        let followed: Vec<bool> = (0..given.len()).map(follows).collect();
        let scored = scored(self.graph, &self.analysis.sites, |i| followed[i]);
        let sites: Vec<Enumerable> = (0..given.len())
            .map(|i| {
                let mut distribution = None;
                let info = self.analysis.info(self.graph, i, &mut distribution);
                let outcomes = match &given[i] {
                    Some((estimator, _)) => estimator.alternatives(&info).ok().flatten(),
                    None => outcome_count(&info).ok(),
                };
                let given = given[i].is_some();
                Enumerable { given, outcomes, scored: scored[i], followed: followed[i] }
            })
            .collect();
        let decisions = enumerated(&sites, self.analysis);
        (sites, decisions)
    }

    /// The first jump of a cost behind a site's value.
    fn jump(&self, site: usize) -> Option<&Discontinuity> {
        self.discontinuities.behind(&self.analysis.sites[site])
    }

    /// The best estimator that differentiates through the value of a site, if one is unbiased there.
    fn through_value(&self, site: usize) -> Option<Arc<dyn Estimator>> {
        let def = &self.analysis.sites[site];
        let mut distribution = None;
        let info = self.analysis.info(self.graph, site, &mut distribution);
        if Pathwise.supports(&info).is_ok() {
            return self.jump(site).is_none().then(|| Arc::new(Pathwise) as Arc<dyn Estimator>);
        }
        let serving = reparameterizations().into_iter().find(|e| e.supports(&info).is_ok())?;
        let stopped = self.stopped.get_or_init(|| Stopped::of(self.graph));
        (self.jump(site).is_none() && stopped.behind(def).is_none()).then_some(serving)
    }

    /// The estimator of a site for which none is named, and the reason.
    fn automatic(
        &self,
        site: usize,
        known: &Enumerable,
        enumerate: Enumerate,
        samples: Option<usize>,
    ) -> Result<(Arc<dyn Estimator>, String)> {
        let def = &self.analysis.sites[site];
        match (enumerate, known.outcomes) {
            (Enumerate::All { exact }, Some(n)) => {
                let effect = if exact { "the exact sum has no variance" } else { "they are summed exactly" };
                return Ok((Arc::new(Enumeration), format!("only {n} outcomes: {effect}")));
            }
            (Enumerate::Scored, Some(n)) if known.scored => {
                let reason =
                    format!("only {n} outcomes: they are summed exactly for each draw of the other sites");
                return Ok((Arc::new(Enumeration), reason));
            }
            _ => {}
        }
        let through = self
            .through_value(site)
            .filter(|e| known.scored || e.properties().name == Pathwise.properties().name);
        if let Some(estimator) = through {
            return Ok((estimator, "continuous, and the cost is smooth in the sample".into()));
        }
        let mut distribution = None;
        let info = self.analysis.info(self.graph, site, &mut distribution);
        let usable = ScoreFunction::default().supports(&info);
        if usable.is_ok() && !known.scored {
            let reason = "no parameter moves its distribution, other draws held fixed: there is no score";
            return Ok((Arc::new(ScoreFunction::default()), reason.into()));
        }
        let cause = self.cause(site, known);
        if let Err(reason) = usable {
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

    /// Why a site needs its score.
    fn cause(&self, site: usize, known: &Enumerable) -> String {
        let discrete = self.analysis.sites[site].family.support().is_discrete();
        match self.jump(site) {
            Some(jump) if !discrete => {
                format!("the cost jumps with the sample (`{}`), so pathwise would be wrong", jump.operation)
            }
            _ if !discrete => "its samples have no derivative with respect to its parameters".into(),
            _ if known.outcomes.is_some() => {
                "too many outcomes together with the sites that its costs depend on".into()
            }
            _ => "too many outcomes to enumerate".to_string(),
        }
    }
}
