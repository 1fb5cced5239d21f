//! Certificates: is the mean of an estimate the gradient, on this graph?
//!
//! | standing | meaning |
//! |---|---|
//! | proved | the estimate's own code, summed over all outcomes of its noise and integrated over the rest, has the exact gradient as its mean, up to a stated error |
//! | certified | a simultaneous confidence interval of the bias, or the error bound of such an integral, lies within the bound |
//! | refuted | the bias is not 0, by exact expectation or because such an interval excludes 0 |
//! | undecided | the budget ended before |
//!
//! All of this is said of the present parameters. An estimator that declares itself biased counts as refuted, even where its mean is the
//! gradient by chance.
//!
//! | file | contents |
//! |---|---|
//! | `certificate` | the result |
//! | `identities` | what must hold without a tolerance |
//! | `catalogue` | all estimators of the table on all distributions of the table |
//! | `noise` | the noise of an estimate as coordinates |
//! | `own_state` | the values of the estimators' own parameters in a proof |
//! | `expectation` | the exact expectation of an estimate |
//! | `proof` | that expectation beside the exact gradient |
//! | `rare` | outcomes that are too rare for sampling |
//! | `sampled` | the mean as sampled, beside a reference |
//! | `sequential` | simultaneous confidence intervals at several looks |
//! | `tails` | whether the ± can be believed |
//! | `truth` | the exact gradient with its error bounds |
//! | `variance` | the variance of an estimate beside that of another plan |

mod catalogue;
mod certificate;
mod expectation;
mod identities;
mod noise;
mod own_state;
mod proof;
mod rare;
mod sampled;
mod sequential;
mod tails;
mod truth;
mod variance;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::expectation::is_unsuitable;
use self::identities::{Setting, of_plan, prove_scores, sample_score};
use self::proof::prove;
use self::sampled::{Reference, Sampling, sample};
use self::truth::exact_values;
use self::variance::compare_variances;
use crate::diagnostics::{Exact, Number, Skipped, exact_by, fixed_sites, plan_with};
use crate::error::{Error, Result};
use crate::estimators::{self, EstimatorOptions};
use crate::graph::Graph;
use crate::plan::Plan;
use crate::program::{Options, Program};
use crate::quadrature::Deadline;
use crate::rewrite::{Estimator, Tuning};

pub use self::catalogue::{Catalogue, CatalogueEntry, Counts, IdentityCounts, certify_catalogue};
pub use self::certificate::{
    Certificate, CoordinateCertificate, IdentityCertificate, Obstacle, PlanCertificate, Standing, Tails,
    VarianceCertificate,
};

/// What to certify, and how surely.
#[derive(Clone, Debug)]
pub struct Certify {
    /// The estimators; `None` for all unbiased ones that fit. Each is used at every site that it supports.
    pub estimators: Option<Vec<Arc<dyn Estimator>>>,
    /// Sites with a fixed estimator, by name.
    pub fixed: Vec<(String, Arc<dyn Estimator>)>,
    /// The estimator whose variance no plan may exceed.
    pub no_more_variance_than: Option<Arc<dyn Estimator>>,
    /// K, the number of samples per estimate; `None` for the smallest number that each estimator accepts.
    pub samples: Option<usize>,
    /// The probability that chance alone refutes anything.
    pub confidence: f64,
    /// The bias, relative to the scale of the gradient, within which a sampled estimate must lie to be certified.
    pub bias_bound: f64,
    /// The time for all plans together.
    pub budget: Duration,
    /// The largest number of sampled estimates of a plan.
    pub most_replicates: u64,
    /// The largest number of operations of one integral; `None` for some seconds' worth.
    pub most_operations: Option<usize>,
    /// Whether identities are certified besides the means.
    pub identities: bool,
    /// The seed of all noise.
    pub seed: u64,
}

impl Default for Certify {
    fn default() -> Self {
        Self::new()
    }
}

impl Certify {
    /// All unbiased estimators, a confidence of 10⁻⁶, a bias of at most 1 %, one minute, seed 0.
    pub fn new() -> Self {
        Certify {
            estimators: None,
            fixed: vec![],
            no_more_variance_than: None,
            samples: None,
            confidence: 1e-6,
            bias_bound: 0.01,
            budget: Duration::from_secs(60),
            most_replicates: 1 << 30,
            most_operations: None,
            identities: true,
            seed: 0,
        }
    }

    /// Certifies only these estimators, biased ones included.
    pub fn only(self, estimators: Vec<Arc<dyn Estimator>>) -> Self {
        Certify { estimators: Some(estimators), ..self }
    }

    /// Fixes the estimator of a site.
    pub fn via(mut self, site: impl Into<String>, estimator: Arc<dyn Estimator>) -> Self {
        self.fixed.push((site.into(), estimator));
        self
    }

    /// Refutes plans whose total variance is larger than that of this estimator with as many samples, where exact expectations say
    /// so.
    pub fn no_more_variance_than(self, estimator: Arc<dyn Estimator>) -> Self {
        Certify { no_more_variance_than: Some(estimator), ..self }
    }

    /// Sets K, the number of samples per estimate.
    pub fn samples(self, samples: usize) -> Self {
        Certify { samples: Some(samples), ..self }
    }

    /// Sets the probability that chance alone refutes anything.
    pub fn confidence(self, confidence: f64) -> Self {
        Certify { confidence, ..self }
    }

    /// Sets the relative bias within which a sampled estimate must lie to be certified.
    pub fn bias_bound(self, bias_bound: f64) -> Self {
        Certify { bias_bound, ..self }
    }

    /// Sets the time for all plans together.
    pub fn budget(self, budget: Duration) -> Self {
        Certify { budget, ..self }
    }

    /// Sets the largest number of sampled estimates of a plan, so that the result does not depend on time.
    pub fn most_replicates(self, most_replicates: u64) -> Self {
        Certify { most_replicates, ..self }
    }

    /// Sets the largest number of operations of one integral, so that the result does not depend on time.
    pub fn most_operations(self, most_operations: usize) -> Self {
        Certify { most_operations: Some(most_operations), ..self }
    }

    /// Certifies only the means, and no identities.
    pub fn means_alone(self) -> Self {
        Certify { identities: false, ..self }
    }

    /// Sets the seed of all noise.
    pub fn seed(self, seed: u64) -> Self {
        Certify { seed, ..self }
    }

    fn check(&self) -> Result<()> {
        let probability = self.confidence > 0.0 && self.confidence < 1.0;
        if !probability {
            return Err(Error::Invalid(format!(
                "the confidence is the probability of a false alarm: a number between 0 and 1, such as 1e-6, got {}",
                self.confidence
            )));
        }
        if !(self.bias_bound > 0.0 && self.bias_bound.is_finite()) {
            return Err(Error::Invalid(format!(
                "the bias bound must be positive and finite, got {}",
                self.bias_bound
            )));
        }
        Ok(())
    }
}

/// Certifies the estimates of a graph's gradient.
///
/// ```
/// use aleator::certify::{Certify, Standing, certify};
/// use aleator::prelude::*;
///
/// let g = Graph::new();
/// let theta = g.param("theta", 0.3);
/// let b = g.sample("b", Bernoulli::from_logits(theta));
/// g.cost("loss", (b - 0.45).square());
/// let certificate = certify(&g, &Certify::new().only(vec![std::sync::Arc::new(ReinforceLoo)]))?;
/// assert_eq!(certificate.verdict, Standing::Proved);
/// # Ok::<(), aleator::Error>(())
/// ```
///
/// # Errors
/// Returns an error if the graph holds an error, if no plan serves it, or if a parameter of a distribution is outside its domain.
pub fn certify(graph: &Graph, how: &Certify) -> Result<Certificate> {
    how.check()?;
    let start = Instant::now();
    let known = exact_by(graph, Deadline::after(None).with_operations(how.most_operations))?;
    let (plans, mut skipped) = plans(graph, how)?;
    let mut certificates: Vec<PlanCertificate> = Vec::new();
    let coordinates: usize = graph.params().iter().map(|p| p.shape.numel()).sum();
    let count = plans.len();
    let references = match known.method {
        Some(_) => vec![],
        None => references(graph, how)?,
    };
    let (mut identities, scores) = match how.identities {
        true => {
            let limit =
                Deadline::after(Some(how.budget / SHARE_OF_SCORES)).with_operations(how.most_operations);
            prove_scores(graph, limit)?
        }
        false => (vec![], vec![]),
    };
    // What is sampled shares the probability of a false alarm.
    let sampling_for = |parts: usize| Sampling {
        error: how.confidence / (count + scores.len()) as f64,
        coordinates,
        bias_bound: how.bias_bound,
        end: Instant::now() + how.budget.saturating_sub(start.elapsed()) / parts as u32,
        most: how.most_replicates,
        seed: how.seed,
    };
    for (done, plan) in plans.into_iter().enumerate() {
        let sampling = sampling_for(count - done + scores.len().min(1));
        match certify_plan(graph, &plan, how, &known, &references, &sampling) {
            Ok(certificate) => {
                let deadline = Deadline::after(Some(sampling.end.saturating_duration_since(Instant::now())));
                let certificate = certificate.with_declaration();
                let certificate = with_identities(graph, &plan, how, &known, deadline, certificate)?;
                certificates.push(with_variance(graph, &plan, how, deadline, certificate)?);
            }
            Err(error) if is_unsuitable(&error) => {
                skipped.push(Skipped { estimator: plan.name(), reason: error.to_string() })
            }
            Err(error) => return Err(error),
        }
    }
    if certificates.is_empty() {
        let reason = skipped.first().map_or("the graph has no random site".into(), |s| s.reason.clone());
        let remedy = match graph.sites().len() {
            0 => "",
            _ => "; name another estimator, or none, so that all that apply are certified",
        };
        return Err(Error::Invalid(format!("there is no plan to certify: {reason}{remedy}")));
    }
    for (done, score) in scores.iter().enumerate() {
        // The first look is always taken, which would take too long for large graphs.
        let in_time = start.elapsed() < how.budget;
        let sampling = sampling_for(scores.len() - done);
        identities.push(if in_time { sample_score(score, &sampling)? } else { score.left_open() });
    }
    let wrong = identities.iter().filter(|identity| identity.verdict == Standing::Refuted);
    let wrong: Vec<String> = wrong.map(|identity| format!("the score of {}", identity.of)).collect();
    let verdict = match wrong.is_empty() {
        true => certificates.iter().map(|c| c.verdict).max().unwrap_or(Standing::Undecided),
        false => Standing::Refuted,
    };
    let refuted = certificates.iter().filter(|c| c.verdict == Standing::Refuted);
    Ok(Certificate {
        aleator: env!("CARGO_PKG_VERSION"),
        verdict,
        refuted: refuted.map(|c| c.estimator.clone()).chain(wrong).collect(),
        largest_bias: Number(certificates.iter().map(PlanCertificate::largest_bias).fold(0.0, f64::max)),
        confidence: how.confidence,
        bias_bound: how.bias_bound,
        seed: how.seed,
        exact: known.method,
        plans: certificates,
        identities,
        skipped,
    })
}

/// The part of the time in which the means of scores are proved.
const SHARE_OF_SCORES: u32 = 10;

/// The plans to certify, and the estimators that have none.
fn plans(graph: &Graph, how: &Certify) -> Result<(Vec<Plan>, Vec<Skipped>)> {
    let fixed = fixed_sites(graph, &how.fixed)?;
    if fixed.is_empty() || fixed.iter().all(Option::is_some) {
        return Ok((vec![Plan::choose(graph, &fixed, how.samples)?], vec![]));
    }
    let (mut plans, mut skipped): (Vec<Plan>, _) = (Vec::new(), Vec::new());
    let all = how.estimators.is_none();
    let candidates = match &how.estimators {
        Some(estimators) => estimators.clone(),
        None => estimators::all().iter().filter_map(|e| e.build(EstimatorOptions::none()).ok()).collect(),
    };
    for estimator in candidates {
        let name = estimator.properties().name;
        match plan_with(graph, &estimator, &fixed, how.samples) {
            Ok(plan) if all && !is_declared_unbiased(graph, &plan, how) => {
                let reason = "it does not declare that it is unbiased here".into();
                skipped.push(Skipped { estimator: name.into(), reason });
            }
            Ok(plan) if plans.iter().any(|other| other.describe(graph) == plan.describe(graph)) => {}
            Ok(plan) => plans.push(plan),
            Err(error @ Error::NoCost) => return Err(error),
            Err(error) => skipped.push(Skipped { estimator: name.into(), reason: error.to_string() }),
        }
    }
    Ok((plans, skipped))
}

/// The unbiased plans with which a mean can be compared where the exact gradient is not known.
fn references(graph: &Graph, how: &Certify) -> Result<Vec<Plan>> {
    let all = Certify { estimators: None, ..how.clone() };
    Ok(plans(graph, &all)?.0)
}

/// The plan with which the mean of another one is compared: the first that uses something else of the cost, its derivatives and not its
/// values or the reverse, so that they share no mistake; otherwise the first other one. Estimates that are equal from the same
/// noise would tell nothing, as those of the score function and of `nvil` before it has learned anything.
fn reference_of<'a>(graph: &Graph, plan: &Plan, references: &'a [Plan]) -> Option<&'a Plan> {
    let uses = |plan: &Plan| plan.estimators.iter().map(|e| e.smoothness()).collect::<Vec<_>>();
    let at_start = |plan: &Plan| {
        let equal = ["nvil", "lax", "score_function"];
        plan.estimators.iter().all(|e| equal.contains(&e.properties().name))
    };
    let others = || {
        references
            .iter()
            .filter(|other| other.describe(graph) != plan.describe(graph))
            .filter(|other| !(at_start(other) && at_start(plan)))
    };
    others().find(|other| uses(other) != uses(plan)).or_else(|| others().next())
}

/// Whether a plan declares that it is unbiased for the graph.
fn is_declared_unbiased(graph: &Graph, plan: &Plan, how: &Certify) -> bool {
    // What is certified is an estimate whose own parameters are held.
    let mut options = Options::new().tuning(Tuning::Held);
    options = how.samples.map_or(options.clone(), |k| options.samples(k));
    Program::<f64>::compile(graph, &plan.estimators, &options).is_ok_and(|program| program.is_unbiased())
}

/// Certifies one plan.
fn certify_plan(
    graph: &Graph,
    plan: &Plan,
    how: &Certify,
    known: &Exact,
    references: &[Plan],
    sampling: &Sampling,
) -> Result<PlanCertificate> {
    let samples = how.samples.unwrap_or(plan.min_samples());
    let name = plan.name();
    let blank = PlanCertificate {
        plan: plan.describe(graph).into_iter().collect(),
        declared_unbiased: is_declared_unbiased(graph, plan, how),
        ..PlanCertificate::blank(if name.is_empty() { "no random site" } else { &name }, samples)
    };
    let truth = exact_values(graph, known);
    let why_sampled = match &truth {
        None => Some(known.unknown.clone().unwrap_or_else(|| "no exact gradient is known".into())),
        Some(truth) => {
            let deadline = Deadline::after(Some(sampling.end.saturating_duration_since(Instant::now()) / 2))
                .with_operations(how.most_operations);
            match prove(graph, &plan.estimators, samples, truth, how.bias_bound, deadline)? {
                Ok(proof) => return Ok(proof.enter(blank)),
                Err(reason) => Some(reason),
            }
        }
    };
    let other = reference_of(graph, plan, references);
    let reference = match (&truth, other) {
        (Some(truth), _) => Reference::Exact(truth),
        (None, Some(other)) => Reference::Plan(other),
        (None, None) => Reference::Nothing,
    };
    let mut certificate = PlanCertificate { why_sampled, ..blank };
    sample(graph, plan, samples, &reference, sampling, &mut certificate)?;
    Ok(certificate)
}

/// Adds the identities of the plan; one that fails refutes it.
fn with_identities(
    graph: &Graph,
    plan: &Plan,
    how: &Certify,
    known: &Exact,
    deadline: Deadline,
    certificate: PlanCertificate,
) -> Result<PlanCertificate> {
    if !how.identities {
        return Ok(certificate);
    }
    let is_known = certificate.verdict <= Standing::Certified && certificate.method != "sampling";
    let truth = exact_values(graph, known).filter(|_| is_known);
    let (name, samples) = (&certificate.estimator, certificate.samples);
    let setting = Setting { samples, seed: how.seed, bias_bound: how.bias_bound, deadline };
    let identities = of_plan(graph, name, &plan.estimators, truth.as_deref(), setting)?;
    let fails = identities.iter().any(|identity| identity.verdict == Standing::Refuted);
    let verdict = if fails { Standing::Refuted } else { certificate.verdict };
    Ok(PlanCertificate { verdict, identities, ..certificate })
}

/// Adds the variance beside that of the named estimator; a larger one refutes the plan.
fn with_variance(
    graph: &Graph,
    plan: &Plan,
    how: &Certify,
    deadline: Deadline,
    certificate: PlanCertificate,
) -> Result<PlanCertificate> {
    let Some(reference) = &how.no_more_variance_than else { return Ok(certificate) };
    let fixed = fixed_sites(graph, &how.fixed)?;
    let other = plan_with(graph, reference, &fixed, Some(certificate.samples))?;
    let (name, samples) = (other.name(), certificate.samples);
    let variance = compare_variances(graph, &plan.estimators, (&name, &other.estimators), samples, deadline)?;
    let verdict = certificate.verdict.max(variance.verdict);
    Ok(PlanCertificate { verdict, variance: Some(variance), ..certificate })
}

impl PlanCertificate {
    /// A plan that declares itself biased counts as refuted, even if its mean is the gradient at these parameters.
    fn with_declaration(self) -> Self {
        let verdict = if self.declared_unbiased { self.verdict } else { Standing::Refuted };
        PlanCertificate { verdict, ..self }
    }
}
