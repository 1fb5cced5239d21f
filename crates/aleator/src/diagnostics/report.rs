//! What `grad` and `compare` answer: plain data, serialised as the command's JSON.

use std::collections::BTreeMap;

use aleator_engine::exec::math::Real;
use aleator_engine::graph::Shape;
#[cfg(feature = "serde")]
use serde::Serialize;

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

/// The exact objective and gradient, where they can be had without sampling.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Exact {
    /// `"enumeration"`, `"quadrature"`, or `None` where neither applies.
    pub method: Option<&'static str>,
    /// The objective E[sum of costs].
    pub objective: Option<Number>,
    /// The gradient, by parameter name.
    pub gradient: BTreeMap<String, Tensor>,
    /// By how much each number of the gradient may be wrong, by parameter name (not part of the JSON).
    #[cfg_attr(feature = "serde", serde(skip))]
    pub error: BTreeMap<String, Vec<f64>>,
    /// Why there is none where one could be expected (for standard error, not part of the JSON).
    #[cfg_attr(feature = "serde", serde(skip))]
    pub unknown: Option<String>,
}

/// The present values of a program's own parameters, by name.
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
    /// The parameter's shape.
    pub shape: Vec<usize>,
    /// Mean over replicates.
    pub mean: Vec<Number>,
    /// `sqrt(variance / replicates)`.
    pub std_error: Option<Vec<Number>>,
    /// Unbiased sample variance of one estimate (of K samples) over the replicates; `None` for one replicate.
    pub variance: Option<Vec<Number>>,
    /// The exact gradient, where it is known.
    pub exact: Option<Vec<Number>>,
    /// `(mean − exact) / std_error`; an element is `None` where the standard error is zero.
    pub z: Option<Vec<Option<Number>>>,
    /// By how much mean and exact value may differ because of rounding and the rule behind the exact one (not part of the JSON).
    #[cfg_attr(feature = "serde", serde(skip))]
    pub slack: Vec<f64>,
}

/// Standard errors by which a mean may differ from the exact gradient: beyond 5, one in 1.7 million by chance.
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

/// What one estimator (or one plan of estimators) gave.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Row {
    /// Canonical estimator name; several sites with different estimators are joined by `" + "`.
    pub estimator: String,
    /// Site name to estimator with its options.
    pub plan: BTreeMap<String, String>,
    /// Samples K averaged in one estimate.
    pub samples: usize,
    /// Whether every estimator of the plan is unbiased here.
    pub unbiased: bool,
    /// The value used forward.
    pub objective: Mean,
    /// By parameter name.
    pub gradient: BTreeMap<String, GradientEstimate>,
    /// Sum of the variances of all coordinates of all parameters.
    pub total_variance: Option<Number>,
    /// The estimators' own parameters (coefficients, temperatures, weights) that were used, by name.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub own_parameters: BTreeMap<String, Tensor>,
    /// Cost evaluations per estimate.
    pub evaluations: usize,
    /// Wall-clock seconds of one estimate, amortised over the run.
    pub seconds_per_estimate: Number,
    /// `total_variance × seconds_per_estimate`.
    pub work_normalised_variance: Option<Number>,
}

impl Row {
    /// Whether a mean is further from the exact gradient than its standard error allows: such a row is never the best.
    pub fn differs(&self) -> bool {
        self.gradient.values().any(|g| g.first_difference().is_some())
    }
}

/// The unbiased row with the smallest variance × time, of those that agree with the exact gradient.
pub(super) fn best(rows: &[Row]) -> Option<&Row> {
    let worth = |row: &Row| row.work_normalised_variance.map_or(f64::INFINITY, |w| w.0);
    rows.iter()
        .filter(|row| row.unbiased && worth(row).is_finite() && !row.differs())
        .min_by(|a, b| worth(a).total_cmp(&worth(b)))
}

/// An estimator that could not run, and why.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Skipped {
    /// Canonical estimator name.
    pub estimator: String,
    /// Why it does not apply.
    pub reason: String,
}

/// The answer of `grad` and `compare`.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Report {
    /// Version of aleator.
    pub aleator: &'static str,
    /// The file's name as given.
    pub file: String,
    /// The seed.
    pub seed: u64,
    /// Samples K asked for (or the smallest K that was used).
    pub samples: usize,
    /// Independent estimates R.
    pub replicates: usize,
    /// Steps by which own parameters were tuned before.
    pub tune: usize,
    /// The exact answer.
    pub exact: Exact,
    /// One row per plan.
    pub results: Vec<Row>,
    /// The unbiased row with the smallest work-normalised variance.
    pub best: Option<String>,
    /// Estimators that could not run.
    pub skipped: Vec<Skipped>,
    /// What the plans are to be warned of, for standard error (not part of the JSON).
    #[cfg_attr(feature = "serde", serde(skip))]
    pub lints: Vec<Lint>,
    /// Warnings about the numbers, for standard error (not part of the JSON).
    #[cfg_attr(feature = "serde", serde(skip))]
    pub warnings: Vec<String>,
}

/// The path of an optimisation.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct OptimizationPath {
    /// Version of aleator.
    pub aleator: &'static str,
    /// The file's name as given.
    pub file: String,
    /// The seed.
    pub seed: u64,
    /// Number of steps taken.
    pub steps: usize,
    /// Optimiser name.
    pub optimizer: String,
    /// Learning rate.
    pub lr: Number,
    /// Site name to estimator with its options.
    pub plan: BTreeMap<String, String>,
    /// Points along the path, first and last included.
    pub history: Vec<PathPoint>,
    /// Final parameters by name.
    pub parameters: BTreeMap<String, Tensor>,
    /// The estimators' own parameters at the end, by name.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub own_parameters: BTreeMap<String, Tensor>,
}

/// One point of an optimisation path.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct PathPoint {
    /// The step.
    pub step: usize,
    /// The objective's estimate at this step (one estimate).
    pub objective: Number,
    /// Parameters at this step, flat, by name.
    pub parameters: BTreeMap<String, Vec<Number>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, mean: f64, exact: Option<f64>, std_error: f64, bound: f64) -> Row {
        let estimate = GradientEstimate {
            shape: vec![],
            mean: vec![Number(mean)],
            std_error: Some(vec![Number(std_error)]),
            variance: Some(vec![Number(std_error.powi(2) * 100.0)]),
            exact: exact.map(|e| vec![Number(e)]),
            z: None,
            slack: vec![bound],
        };
        Row {
            estimator: name.into(),
            plan: BTreeMap::new(),
            samples: 1,
            unbiased: true,
            objective: Mean { mean: Number(1.0), std_error: None },
            gradient: BTreeMap::from([("t".to_string(), estimate)]),
            total_variance: None,
            own_parameters: BTreeMap::new(),
            evaluations: 1,
            seconds_per_estimate: Number(1.0),
            work_normalised_variance: Some(Number(std_error.powi(2))),
        }
    }

    #[test]
    fn a_mean_differs_beyond_five_standard_errors_and_the_exact_bound_in_any_unit() {
        for unit in [1e-200, 1e-12, 1.0, 1e12, 1e200] {
            for (mean, bound, differs) in
                [(0.149, 0.0, true), (0.0049, 0.0, false), (0.0051, 0.0, true), (0.0051, 2e-4, false)]
            {
                let row = row("a", (1.0 + mean) * unit, Some(unit), 1e-3 * unit, bound * unit);
                assert_eq!(row.differs(), differs, "{mean} in units of {unit}");
            }
        }
        for (mean, exact, error) in
            [(f64::NAN, 1.0, 1.0), (1.0, f64::NAN, 1.0), (1.0, 2.0, f64::NAN), (1.0, 2.0, 0.0)]
        {
            assert!(row("a", mean, Some(exact), error, 0.0).differs(), "{mean}, {exact} ± {error}");
        }
        assert!(!row("a", 1.0, None, 1e-3, 0.0).differs());
    }

    #[test]
    fn what_differs_from_the_exact_gradient_is_never_best() {
        let off = row("off", 1.149, Some(1.0), 1e-6, 0.0);
        let wide = row("wide", 1.1, Some(1.0), 0.1, 0.0);
        let biased = Row { unbiased: false, ..row("biased", 1.0, Some(1.0), 1e-9, 0.0) };
        let rows = [off, wide, biased];
        assert_eq!(best(&rows).map(|r| r.estimator.as_str()), Some("wide"));
        assert!(best(&rows[..1]).is_none());
    }
}
