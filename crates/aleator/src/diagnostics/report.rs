//! The reports of measurements and optimisations: plain data, which the command serialises as JSON.

use std::collections::BTreeMap;

use aleator_engine::exec::math::Real;
use aleator_engine::graph::Shape;
#[cfg(feature = "serde")]
use serde::Serialize;

use crate::graph::Rewards;
use crate::plan::Lint;

use crate::program::Program;

/// A number in a report. Numbers that are not finite become the strings `"nan"`, `"inf"` and `"-inf"`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Number(pub f64);

impl From<f64> for Number {
    fn from(x: f64) -> Self {
        Number(x)
    }
}

/// A mean over replicates with its standard error.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Mean {
    /// The mean over replicates.
    pub mean: Number,
    /// `sqrt(variance / replicates)`; `None` for a single replicate.
    pub std_error: Option<Number>,
}

/// Values of a tensor: flat, row-major.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Tensor {
    /// The shape.
    pub shape: Vec<usize>,
    /// The values, flat and row-major.
    pub values: Vec<Number>,
}

/// The exact objective and gradient, if they can be computed without sampling.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Exact {
    /// `"enumeration"`, `"quadrature"`, or `None` if neither applies.
    pub method: Option<&'static str>,
    /// The objective E[sum of costs].
    pub objective: Option<Number>,
    /// The gradient, by parameter name.
    pub gradient: BTreeMap<String, Tensor>,
    /// The error bound of each element of the gradient, by parameter name (not part of the JSON).
    #[cfg_attr(feature = "serde", serde(skip))]
    pub error: BTreeMap<String, Vec<f64>>,
    /// The reason why there is no exact answer, if one could be expected (for standard error, not part of the JSON).
    #[cfg_attr(feature = "serde", serde(skip))]
    pub unknown: Option<String>,
}

/// The present values of the estimators' own parameters in a program, by name.
pub(crate) fn own_parameters<T: Real>(program: &Program<T>) -> BTreeMap<String, Tensor> {
    let tensor = |(name, shape, values): (&str, &Shape, &[f64])| {
        let values = values.iter().map(|&x| Number(x)).collect();
        (name.to_string(), Tensor { shape: shape.to_vec(), values })
    };
    program.own_params().map(tensor).collect()
}

/// The gradient estimate of one parameter; all vectors flat and row-major.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct GradientEstimate {
    /// The shape of the parameter.
    pub shape: Vec<usize>,
    /// The mean over replicates.
    pub mean: Vec<Number>,
    /// `sqrt(variance / replicates)`.
    pub std_error: Option<Vec<Number>>,
    /// The unbiased sample variance of one estimate (of K samples) over the replicates; `None` for one replicate.
    pub variance: Option<Vec<Number>>,
    /// The exact gradient, if it is known.
    pub exact: Option<Vec<Number>>,
    /// `(mean − exact) / std_error`; an element is `None` if the standard error is 0.
    pub z: Option<Vec<Option<Number>>>,
    /// The difference between mean and exact value that rounding and the error bound of the exact value can explain (not part of
    /// the JSON).
    #[cfg_attr(feature = "serde", serde(skip))]
    pub slack: Vec<f64>,
}

/// The number of standard errors by which a mean may differ from the exact gradient. Chance exceeds 5 once in 1.7 million cases.
const CRITICAL: f64 = 5.0;

impl GradientEstimate {
    /// The first element whose mean is further from the exact value than its standard error and rounding allow.
    pub fn first_difference(&self) -> Option<usize> {
        let (exact, errors) = (self.exact.as_ref()?, self.std_error.as_ref()?);
        (0..self.mean.len()).find(|&i| {
            let allowed = CRITICAL * errors[i].0 + self.slack[i];
            // What is not a number is near nothing.
            let near = self.mean[i] == exact[i] || (self.mean[i].0 - exact[i].0).abs() <= allowed;
            !near
        })
    }
}

/// The measurements of one estimator, or of one plan of estimators.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Row {
    /// The name of the estimator. Different estimators of several sites are joined by `" + "`.
    pub estimator: String,
    /// The estimator of each site with its options, by site name.
    pub plan: BTreeMap<String, String>,
    /// K, the number of samples that are averaged in one estimate.
    pub samples: usize,
    /// Whether every estimator of the plan is unbiased for this graph.
    pub unbiased: bool,
    /// The estimate of the objective.
    pub objective: Mean,
    /// The estimates of the gradient, by parameter name.
    pub gradient: BTreeMap<String, GradientEstimate>,
    /// The sum of the variances of all coordinates of all parameters; 0 where rounding explains it.
    pub total_variance: Option<Number>,
    /// The standard error of `total_variance`; `None` if it is not known.
    pub total_variance_std_error: Option<Number>,
    /// The values of the estimators' own parameters (coefficients, temperatures, weights), by name.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub own_parameters: BTreeMap<String, Tensor>,
    /// The number of cost evaluations per estimate.
    pub evaluations: usize,
    /// The wall-clock time of one estimate in seconds, the median over rounds in which all estimators have a turn.
    pub seconds_per_estimate: Number,
    /// The robust standard deviation of `seconds_per_estimate` over the rounds; `None` for one round.
    pub seconds_spread: Option<Number>,
    /// `total_variance × seconds_per_estimate`.
    pub work_normalised_variance: Option<Number>,
}

impl Row {
    /// Whether the objective or an element of the gradient is infinite or NaN. Such a row estimates nothing: it is neither biased
    /// nor unbiased.
    pub fn is_undefined(&self) -> bool {
        let means = self.gradient.values().flat_map(|g| &g.mean).chain([&self.objective.mean]);
        means.into_iter().any(|mean| !mean.0.is_finite())
    }
}

impl Row {
    /// Whether a mean differs from the exact gradient by more than its standard error allows. Such a row is never the best.
    pub fn differs(&self) -> bool {
        self.gradient.values().any(|g| g.first_difference().is_some())
    }
}

/// An estimator that was skipped, and the reason.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Skipped {
    /// The name of the estimator.
    pub estimator: String,
    /// The reason.
    pub reason: String,
}

/// The report of a comparison.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Report {
    /// The version of aleator.
    pub aleator: &'static str,
    /// The name of the file, as it was passed.
    pub file: String,
    /// The seed.
    pub seed: u64,
    /// K, the number of samples per estimate that was requested, or else the smallest that was used.
    pub samples: usize,
    /// R, the number of independent estimates.
    pub replicates: usize,
    /// The number of tuning steps before the measurement.
    pub tune: usize,
    /// The exact answer.
    pub exact: Exact,
    /// How much of the objective is rewards.
    pub rewards: Rewards,
    /// The sum of the rewards themselves, where `grad` measured it.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub reward: Option<Mean>,
    /// What was chosen by measurement, site by site.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub measured: Vec<SiteChoice>,
    /// The rows, one per plan.
    pub results: Vec<Row>,
    /// The unbiased estimator with the smallest work-normalised variance; `None` if there is none, or if all are the same.
    pub best: Option<String>,
    /// The estimators that are as good as the best one, as far as the measurement can tell. An estimator that has several rows is
    /// named with its options.
    pub ties: Vec<String>,
    /// Whether all estimators are the same, because the distribution of no site depends on a parameter.
    pub all_same: bool,
    /// The estimators that were skipped.
    pub skipped: Vec<Skipped>,
    /// Warnings about the plans, for standard error (not part of the JSON).
    #[cfg_attr(feature = "serde", serde(skip))]
    pub lints: Vec<Lint>,
    /// Warnings about the numbers, for standard error (not part of the JSON).
    #[cfg_attr(feature = "serde", serde(skip))]
    pub warnings: Vec<String>,
}

/// How the estimator of a site was chosen.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct SiteChoice {
    /// The name of the site.
    pub site: String,
    /// The estimator that was chosen, with its options.
    pub estimator: String,
    /// The estimators that were measured at the site while the others stayed, the best one first.
    pub candidates: Vec<Candidate>,
}

/// An estimator that was measured at a site.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Candidate {
    /// The estimator with its options.
    pub estimator: String,
    /// The total variance of the gradient of the whole plan.
    pub variance: Number,
    /// The price of one estimate of the whole plan, in operations.
    pub price: u64,
}

impl Candidate {
    /// W = variance × price.
    pub fn work(&self) -> f64 {
        self.variance.0 * self.price as f64
    }
}

/// The path of an optimisation.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct OptimizationPath {
    /// The version of aleator.
    pub aleator: &'static str,
    /// The name of the file, as it was passed.
    pub file: String,
    /// The seed.
    pub seed: u64,
    /// The number of steps.
    pub steps: usize,
    /// The name of the optimiser.
    pub optimizer: String,
    /// The learning rate.
    pub lr: Number,
    /// The estimator of each site with its options, by site name.
    pub plan: BTreeMap<String, String>,
    /// What was chosen by measurement, site by site.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub measured: Vec<SiteChoice>,
    /// The names of the parameters that kept their initial values.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub fixed: Vec<String>,
    /// Points along the path, including the first and the last.
    pub history: Vec<PathPoint>,
    /// How the exact objective was computed; `None` without one.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub exact_method: Option<&'static str>,
    /// The exact objective at the final parameters, if it can be computed.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub exact_objective: Option<Number>,
    /// The exact objective at some steps (for figures, not part of the JSON).
    #[cfg_attr(feature = "serde", serde(skip))]
    pub exact_history: Vec<(usize, Number)>,
    /// How much of the objective is rewards.
    pub rewards: Rewards,
    /// The final parameters, by name.
    pub parameters: BTreeMap<String, Tensor>,
    /// The final values of the estimators' own parameters, by name.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub own_parameters: BTreeMap<String, Tensor>,
}

/// One point of an optimisation path.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct PathPoint {
    /// The step.
    pub step: usize,
    /// One estimate of the objective at this step.
    pub objective: Number,
    /// The parameters at this step, flat, by name.
    pub parameters: BTreeMap<String, Vec<Number>>,
}
