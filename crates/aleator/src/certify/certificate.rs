//! Certificates: plain data, which the command serialises as JSON.

use std::collections::BTreeMap;

#[cfg(feature = "serde")]
use serde::Serialize;

use crate::diagnostics::{Number, Skipped};

/// What is known of the bias of an estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
pub enum Standing {
    /// The exact expectation of the estimate is the exact gradient, up to a stated rounding and integration error.
    Proved,
    /// A simultaneous confidence interval for the bias, or the error bound of the expectation, lies within the stated bound.
    Certified,
    /// The budget ended before the interval was short enough.
    Undecided,
    /// The bias is not 0: by exact expectation, because a simultaneous confidence interval excludes it, or because the plan
    /// declares itself biased.
    Refuted,
}

impl Standing {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Proved => "proved",
            Standing::Certified => "certified",
            Standing::Undecided => "undecided",
            Standing::Refuted => "refuted",
        }
    }
}

/// What is known of the estimates of some plans for a graph.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Certificate {
    /// The version of aleator that made it.
    pub aleator: &'static str,
    /// The worst standing of a plan.
    pub verdict: Standing,
    /// The names of the plans that are refuted.
    pub refuted: Vec<String>,
    /// The largest bias that the certificate does not exclude, over all plans and coordinates, relative to the scale of the
    /// coordinate.
    pub largest_bias: Number,
    /// The probability that chance alone refutes anything in this certificate.
    pub confidence: f64,
    /// The bias, relative to the scale of the gradient, within which a sampled estimate must lie to be certified.
    pub bias_bound: f64,
    /// The seed of all noise.
    pub seed: u64,
    /// How the exact gradient is known: `"enumeration"`, `"quadrature"`, or `None`.
    pub exact: Option<&'static str>,
    /// The plans, in the order of the table of estimators.
    pub plans: Vec<PlanCertificate>,
    /// What must hold of the graph, whatever the plan: the mean of the score of each site.
    pub identities: Vec<IdentityCertificate>,
    /// Estimators without a plan for the graph, with the reason.
    pub skipped: Vec<Skipped>,
}

/// What is known of the estimate of one plan.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct PlanCertificate {
    /// The name of the estimator. Different estimators of several sites are joined by `" + "`.
    pub estimator: String,
    /// The estimator of each site with its options, by site name.
    pub plan: BTreeMap<String, String>,
    /// K, the number of samples that are averaged in one estimate.
    pub samples: usize,
    /// Whether the plan declares that it is unbiased for this graph.
    pub declared_unbiased: bool,
    /// The worst standing of a coordinate; refuted if the plan declares itself biased.
    pub verdict: Standing,
    /// How the mean of the estimate is known: `"enumeration"`, `"quadrature"` or `"sampling"`.
    pub method: &'static str,
    /// The reason why the mean is sampled.
    pub why_sampled: Option<String>,
    /// What keeps the verdict undecided.
    pub obstacle: Option<Obstacle>,
    /// The reason why more estimates are needed, besides the width of the intervals.
    pub why_undecided: Option<String>,
    /// What the mean is compared with: `"exact gradient"`, or the name of another plan.
    pub reference: String,
    /// The number of sampled estimates.
    pub replicates: u64,
    /// The number of estimates that would be needed to decide, if the verdict is undecided and the number can be told.
    pub needed: Option<u64>,
    /// The coordinates of the gradient, flat and row-major, by parameter.
    pub gradient: BTreeMap<String, Vec<CoordinateCertificate>>,
    /// Whether the ± of the estimate can be believed; `None` if the mean was not sampled.
    pub tails: Option<Tails>,
    /// The values of the estimators' own parameters at which the mean was proved: `"initial"`, or `"initial and moved"`.
    pub own_parameters: &'static str,
    /// The variance beside that of another plan, if one was named.
    pub variance: Option<VarianceCertificate>,
    /// What must hold of this plan besides its mean.
    pub identities: Vec<IdentityCertificate>,
}

/// What is known of an identity: a statement that must hold without a tolerance.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct IdentityCertificate {
    /// `"score"`, `"constant"`, `"cone"`, `"threads"`, `"training"` or `"zero control"`.
    pub identity: &'static str,
    /// The name of the site or of the estimator.
    pub of: String,
    /// Proved by exact expectation; certified if it holds for all estimates that were compared, or if the interval of the mean is short
    /// enough; refuted; or undecided.
    pub verdict: Standing,
    /// `"enumeration"`, `"quadrature"`, `"sampling"`, `"bits"` or `"none"`.
    pub method: &'static str,
    /// The largest deviation that is found or not excluded: of a score relative to the mean of its absolute value or, sampled, to its spread;
    /// of a mean relative to the gradient's scale; of numbers that must be equal relative to the largest of them.
    pub deviation: Number,
    /// The number of estimates.
    pub replicates: u64,
    /// Why it is refuted or undecided.
    pub why: Option<String>,
}

/// What keeps a sampled mean undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "snake_case"))]
pub enum Obstacle {
    /// No exact gradient is known, and no other unbiased estimator fits.
    NoReference,
    /// An outcome of a site is too rare for so many estimates.
    RareOutcome,
    /// The tails are so heavy that the variance may be infinite.
    HeavyTail,
    /// All estimates are equal so far, or a part of their variance comes from so few of them that the normal approximation does not hold.
    RareValues,
    /// The interval is too wide.
    Variance,
}

impl Obstacle {
    /// The obstacle in words.
    pub fn words(self) -> &'static str {
        match self {
            Obstacle::NoReference => "no exact gradient is known, and no other unbiased estimator fits",
            Obstacle::RareOutcome => "an outcome is too rare to be sampled",
            Obstacle::HeavyTail => "heavy tail: the variance may be infinite",
            Obstacle::RareValues => "rare values carry the mean or the variance",
            Obstacle::Variance => "the variance is too large for the number of estimates",
        }
    }
}

/// What is known of the variance of an estimate: whether it is at most that of another plan with the same K. Only exact
/// expectations decide.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct VarianceCertificate {
    /// Proved if it is at most that of the other plan, refuted if it is larger.
    pub verdict: Standing,
    /// An interval that holds the sum of the variances of all coordinates.
    pub total: [Number; 2],
    /// The name of the other plan.
    pub reference: String,
    /// The same interval for the other plan.
    pub of_reference: [Number; 2],
}

/// What is known of one coordinate of a gradient estimate.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct CoordinateCertificate {
    /// The standing.
    pub verdict: Standing,
    /// The mean of the estimate.
    pub mean: Number,
    /// What it is compared with.
    pub reference: Number,
    /// An interval that holds the bias: a bound of all errors of the computation, or a simultaneous confidence interval.
    pub bias: [Number; 2],
    /// The scale of the gradient, to which the bias bound is relative.
    pub scale: Number,
}

/// The tails of an estimate's distribution, over its coordinates.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Tails {
    /// The largest kurtosis of a coordinate, 3 for a normal distribution.
    pub kurtosis: Number,
    /// The smallest tail index α of a coordinate, by Hill's estimator: P(|ĝ| > x) falls like x^(−α). The variance is finite only for
    /// α > 2. `None` if the largest values do not differ enough to tell.
    pub index: Option<Number>,
    /// Whether the variance may be infinite, so that no ± is to be believed.
    pub heavy: bool,
}

impl CoordinateCertificate {
    /// The largest bias that is not excluded, relative to the scale.
    pub fn relative_bias(&self) -> f64 {
        let largest = self.bias[0].0.abs().max(self.bias[1].0.abs());
        if largest == 0.0 { 0.0 } else { largest / self.scale.0 }
    }
}

impl PlanCertificate {
    /// A certificate of which nothing is known yet.
    pub(super) fn blank(estimator: &str, samples: usize) -> Self {
        PlanCertificate {
            estimator: estimator.into(),
            plan: BTreeMap::new(),
            samples,
            declared_unbiased: true,
            verdict: Standing::Proved,
            method: "sampling",
            why_sampled: None,
            obstacle: None,
            why_undecided: None,
            reference: "exact gradient".into(),
            replicates: 0,
            needed: None,
            gradient: BTreeMap::new(),
            tails: None,
            own_parameters: "initial",
            variance: None,
            identities: vec![],
        }
    }

    /// The largest bias that is not excluded, relative to the scale.
    pub fn largest_bias(&self) -> f64 {
        self.gradient
            .values()
            .flatten()
            .map(CoordinateCertificate::relative_bias)
            .fold(0.0, |a, b| if b.is_nan() { f64::INFINITY } else { a.max(b) })
    }

    /// The coordinates whose standing is that of the plan, as `name` or `name[i]`, with their certificates.
    pub fn decisive(&self) -> impl Iterator<Item = (String, &CoordinateCertificate)> {
        self.gradient.iter().flat_map(move |(name, coordinates)| {
            coordinates.iter().enumerate().filter(|(_, c)| c.verdict == self.verdict).map(move |(i, c)| {
                (if coordinates.len() == 1 { name.clone() } else { format!("{name}[{i}]") }, c)
            })
        })
    }
}
