//! Certifying all graphs of the table.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[cfg(feature = "serde")]
use serde::Serialize;

use super::problems::{Topology, write};
use super::regimes::{Regime, regimes};
use crate::certify::certificate::{IdentityCertificate, Obstacle, PlanCertificate, Standing};
use crate::certify::identities::is_score_function;
use crate::certify::{Certify, certify};
use crate::diagnostics::{Number, plan_with};
use crate::distributions::{self, Signature};
use crate::error::{Error, Result};
use crate::estimators::{Lax, Nvil, Rebar, Relax};
use crate::graph::Graph;
use crate::interruption;
use crate::rewrite::Estimator;

/// The certificate of the whole table.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Catalogue {
    /// The version of aleator that made it.
    pub aleator: &'static str,
    /// Whether it is the short table.
    pub quick: bool,
    /// The worst standing of an entry.
    pub verdict: Standing,
    /// How many entries have each standing.
    pub counts: Counts,
    /// The probability that chance alone refutes anything in the table.
    pub confidence: f64,
    /// The bias, relative to the scale of the gradient, within which a sampled estimate must lie to be certified.
    pub bias_bound: f64,
    /// The seed of all noise.
    pub seed: u64,
    /// The number of graphs.
    pub graphs: usize,
    /// The entries, in the order of the tables of distributions and estimators.
    pub entries: Vec<CatalogueEntry>,
    /// The identities, and how many of each have each standing.
    pub identities: Vec<IdentityCounts>,
    /// The identities that fail.
    pub failures: Vec<String>,
}

/// How many certificates of an identity have each standing.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct IdentityCounts {
    /// The name of the identity.
    pub identity: &'static str,
    /// The counts.
    pub counts: Counts,
}

/// How many entries have each standing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Counts {
    /// Proved by exact expectation.
    pub proved: usize,
    /// Certified by sampling.
    pub certified: usize,
    /// Refuted.
    pub refuted: usize,
    /// Undecided within the budget.
    pub undecided: usize,
}

impl Counts {
    /// Counts standings.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a CatalogueEntry>) -> Self {
        Self::of_standings(entries.into_iter().map(|entry| entry.verdict))
    }

    /// Counts standings.
    fn of_standings(standings: impl Iterator<Item = Standing>) -> Self {
        let mut counts = Counts::default();
        for standing in standings {
            *match standing {
                Standing::Proved => &mut counts.proved,
                Standing::Certified => &mut counts.certified,
                Standing::Refuted => &mut counts.refuted,
                Standing::Undecided => &mut counts.undecided,
            } += 1;
        }
        counts
    }
}

/// One estimator on one graph.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct CatalogueEntry {
    /// The distribution with its parameterisation, such as `Bernoulli(logits)`.
    pub distribution: String,
    /// How sites and costs are connected.
    pub topology: &'static str,
    /// `"ordinary"`, or the extreme parameter.
    pub regime: String,
    /// The name of the plan.
    pub estimator: String,
    /// The standing.
    pub verdict: Standing,
    /// How the mean is known.
    pub method: &'static str,
    /// The largest bias that is not excluded, relative to the scale of the gradient.
    pub largest_bias: Number,
    /// The number of sampled estimates.
    pub replicates: u64,
    /// The number of estimates that would be needed, if it is undecided and the number can be told.
    pub needed: Option<u64>,
    /// Why the mean is sampled.
    pub why_sampled: Option<String>,
    /// Why it is undecided or refuted.
    pub why: Option<String>,
}

/// A graph of the table.
struct Problem {
    distribution: String,
    signature: &'static Signature,
    regime: Regime,
    topology: Topology,
}

/// The families whose sites are connected in every way also in the short table: one of each kind of support.
const OF_EACH_KIND: [&str; 3] = ["Bernoulli", "Categorical", "Normal"];

fn problems(quick: bool) -> Vec<Problem> {
    let mut all = Vec::new();
    for entry in distributions::all() {
        for (place, signature) in entry.signatures.iter().enumerate() {
            let distribution = format!("{}({})", entry.name, signature.names.join(", "));
            // The last parameterisation is the one that later sites can be moved with.
            let main = place + 1 == entry.signatures.len();
            for regime in regimes(signature) {
                let topologies: &[Topology] = match (&*regime.name, main) {
                    ("ordinary", true) if !quick || OF_EACH_KIND.contains(&entry.name) => &Topology::ALL,
                    ("ordinary", true) => &Topology::ALL[..3],
                    _ => &Topology::ALL[..1],
                };
                all.extend(topologies.iter().map(|&topology| Problem {
                    distribution: distribution.clone(),
                    signature,
                    regime: regime.clone(),
                    topology,
                }));
            }
        }
    }
    all
}

/// The budgets of a graph, as counts: the operations of an integral, the estimates, and the bias bound.
const QUICK: (usize, u64, f64) = (1 << 24, 1 << 14, 0.1);
const FULL: (usize, u64, f64) = (1 << 28, 1 << 20, 0.01);
/// A limit that is never reached, so that no verdict depends on time.
const NO_LIMIT: Duration = Duration::from_secs(1 << 24);

/// Certifies the whole table, or a short one with `quick`, on as many threads as the machine has processors. Verdicts do not depend on
/// time.
///
/// `progress` is called with the number of graphs that are done and the number of all.
///
/// # Errors
/// Returns an error if a graph cannot be certified at all, or if it is interrupted.
pub fn certify_catalogue(
    quick: bool,
    confidence: f64,
    seed: u64,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Catalogue> {
    let problems = problems(quick);
    let (operations, replicates, bias_bound) = if quick { QUICK } else { FULL };
    let how = Certify::new()
        .confidence(confidence / problems.len() as f64)
        .bias_bound(bias_bound)
        .budget(NO_LIMIT)
        .most_operations(operations)
        .most_replicates(replicates)
        .seed(seed);
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results: Vec<Mutex<Option<Result<Certified>>>> = problems.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        while let Some(problem) = problems.get(next.fetch_add(1, Ordering::Relaxed)) {
            let place = problems.iter().position(|p| std::ptr::eq(p, problem)).unwrap_or_default();
            let result = certify_problem(problem, &how, quick);
            if let Ok(mut slot) = results[place].lock() {
                *slot = Some(result);
            }
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, problems.len());
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(8));
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| {
            scope.spawn(work);
        });
        work();
    });
    interruption::check()?;
    let (mut entries, mut identities, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    for (slot, problem) in results.into_iter().zip(&problems) {
        let result = slot.into_inner().ok().flatten();
        let certified =
            result.ok_or_else(|| Error::Invalid("a graph of the table was not certified".into()))??;
        entries.extend(certified.entries);
        let wrong = certified.identities.iter().filter(|i| i.verdict == Standing::Refuted);
        failures.extend(wrong.map(|i| {
            let why = i.why.as_deref().unwrap_or_default();
            format!("{} of {}: {}: {why}", i.identity, i.of, problem.name())
        }));
        identities.extend(certified.identities);
    }
    let mut counts: Vec<IdentityCounts> = Vec::new();
    for identity in IDENTITIES {
        let own = identities.iter().filter(|i| i.identity == identity).map(|i| i.verdict);
        counts.push(IdentityCounts { identity, counts: Counts::of_standings(own) });
    }
    let worst = entries.iter().map(|e| e.verdict).max().unwrap_or(Standing::Undecided);
    Ok(Catalogue {
        aleator: env!("CARGO_PKG_VERSION"),
        quick,
        verdict: if failures.is_empty() { worst } else { Standing::Refuted },
        counts: Counts::of(&entries),
        confidence,
        bias_bound,
        seed,
        graphs: problems.len(),
        entries,
        identities: counts,
        failures,
    })
}

/// The identities of the table, in the order in which they are counted.
const IDENTITIES: [&str; 6] = ["score", "constant", "cone", "threads", "training", "zero control"];

/// What is certified of a graph.
struct Certified {
    entries: Vec<CatalogueEntry>,
    identities: Vec<IdentityCertificate>,
}

impl Problem {
    fn name(&self) -> String {
        format!("{}, {}, {}", self.distribution, self.topology.name(), self.regime.name)
    }
}

/// Estimators whose control variate is 0, as it is given or at the start: they are the score function to the bit.
fn with_zero_control() -> [(&'static str, Arc<dyn Estimator>); 4] {
    [
        ("rebar(coefficient=0)", Arc::new(Rebar { coefficient: 0.0, ..Rebar::default() })),
        ("relax(use_cost=false)", Arc::new(Relax { use_cost: false, ..Relax::default() })),
        ("nvil", Arc::new(Nvil::default())),
        ("lax", Arc::new(Lax::default())),
    ]
}

/// The identities of estimators with a control variate of 0, as far as they serve the graph.
fn zero_controls(graph: &Graph, seed: u64) -> Result<Vec<IdentityCertificate>> {
    let mut all = Vec::new();
    for (name, estimator) in with_zero_control() {
        let Ok(plan) = plan_with(graph, &estimator, &vec![None; graph.sites().len()], None) else { continue };
        let alone = plan.estimators.iter().all(|e| e.properties().name == estimator.properties().name);
        if alone {
            all.push(is_score_function(graph, name, &plan.estimators, plan.min_samples(), seed)?);
        }
    }
    Ok(all)
}

fn certify_problem(problem: &Problem, how: &Certify, quick: bool) -> Result<Certified> {
    let graph = Graph::new();
    // The short table has the identities at ordinary parameters.
    let identities = !quick || problem.regime.name == "ordinary";
    let how = &Certify { identities, ..how.clone() };
    write(&graph, problem.signature, &problem.regime, problem.topology);
    let entry = |plan: &PlanCertificate| CatalogueEntry {
        distribution: problem.distribution.clone(),
        topology: problem.topology.name(),
        regime: problem.regime.name.clone(),
        estimator: plan.estimator.clone(),
        verdict: plan.verdict,
        method: plan.method,
        largest_bias: Number(plan.largest_bias()),
        replicates: plan.replicates,
        needed: plan.needed,
        why_sampled: plan.why_sampled.clone(),
        why: why(plan),
    };
    let finish = |entries| {
        let identities = if identities { zero_controls(&graph, how.seed)? } else { vec![] };
        Ok(Certified { entries, identities })
    };
    match certify(&graph, how) {
        Ok(certificate) => {
            let entries = certificate.plans.iter().map(entry).collect();
            let mut certified = finish(entries)?;
            let of_plans = certificate.plans.into_iter().flat_map(|plan| plan.identities);
            certified.identities.extend(certificate.identities.into_iter().chain(of_plans));
            Ok(certified)
        }
        Err(Error::NotFinite(reason)) => finish(vec![CatalogueEntry {
            distribution: problem.distribution.clone(),
            topology: problem.topology.name(),
            regime: problem.regime.name.clone(),
            estimator: "all".into(),
            verdict: Standing::Undecided,
            method: "sampling",
            largest_bias: Number(f64::INFINITY),
            replicates: 0,
            needed: None,
            why_sampled: None,
            why: Some(format!("an estimate is not finite: {reason}")),
        }]),
        Err(error) => Err(Error::Invalid(format!("the graph of {}: {error}", problem.name()))),
    }
}

/// Why an entry is undecided or refuted, in words that do not depend on the numbers, so that entries can be counted by them.
fn why(plan: &PlanCertificate) -> Option<String> {
    match plan.verdict {
        Standing::Proved | Standing::Certified => None,
        Standing::Refuted if !plan.declared_unbiased => Some("it declares itself biased".into()),
        Standing::Refuted => {
            let of_mean = plan.decisive().next().map(|(name, c)| {
                format!("the bias of {name} is between {:e} and {:e}", c.bias[0].0, c.bias[1].0)
            });
            let of_identity = plan.identities.iter().find(|i| i.verdict == Standing::Refuted);
            of_mean.or_else(|| of_identity.and_then(|i| i.why.clone()))
        }
        Standing::Undecided => Some(match plan.obstacle {
            Some(obstacle @ (Obstacle::Variance | Obstacle::RareValues | Obstacle::RareOutcome)) => {
                format!("{}{}", obstacle.words(), how_many(plan.needed))
            }
            Some(obstacle) => obstacle.words().into(),
            None => "it was not sampled".into(),
        }),
    }
}

/// The number of estimates that would be needed, by its power of ten.
fn how_many(needed: Option<u64>) -> String {
    needed.map_or(String::new(), |n| format!(": about 1e{} estimates would be needed", n.max(1).ilog10()))
}
