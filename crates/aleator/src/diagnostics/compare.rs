//! The comparison of estimators, as in the commands `grad` and `compare`.

use std::sync::Arc;
use std::time::Duration;

use super::blind::blind_lints;
use super::candidates::{candidates, fixed_sites, is_same, plan_with};
use super::exact::exact_within;
use super::kinks::kinks;
use super::measure::{Measure, Measured, Measurement, estimates, time};
use super::moments::Moments;
use super::origin::origin_or_advice;
use super::report::{Exact, GradientEstimate, Mean, Number, Report, Row, Skipped};
use super::verdict::ROUNDING;
use crate::analysis::laws_depend_on_params;
use crate::error::{Error, Result};
use crate::graph::{Graph, Rewards};
use crate::plan::{Lint, Plan, lints};
use crate::program::{Options, Program};
use crate::rewrite::Estimator;

/// The settings of a comparison.
#[derive(Clone, Debug)]
pub struct Compare {
    /// The estimators to compare; `None` for all estimators.
    pub estimators: Option<Vec<Arc<dyn Estimator>>>,
    /// Plans that are compared besides, as the first rows.
    pub plans: Vec<Plan>,
    /// Sites with a fixed estimator, by name. The rows differ in the estimators of the other sites.
    pub fixed: Vec<(String, Arc<dyn Estimator>)>,
    /// K, the number of samples per estimate; `None` for the smallest number that each estimator accepts.
    pub samples: Option<usize>,
    /// R, the number of independent estimates per estimator.
    pub replicates: usize,
    /// The number of steps by which the estimators' own parameters (coefficients, temperatures, baselines) are tuned before the
    /// measurement, with separate noise. With 0, they keep their initial values.
    pub tune: usize,
    /// The seed of all noise.
    pub seed: u64,
    /// Whether to compute the exact answer.
    pub exact: ExactAnswer,
}

/// Whether to compute the exact answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExactAnswer {
    /// The exact answer is not computed.
    No,
    /// The exact answer is computed if this takes at most two seconds.
    #[default]
    Auto,
}

/// The time limit for the exact answer.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(2);

impl Compare {
    /// All estimators, 1000 replicates, seed 0.
    pub fn all() -> Self {
        let exact = ExactAnswer::Auto;
        Compare {
            estimators: None,
            plans: vec![],
            fixed: vec![],
            samples: None,
            replicates: 1000,
            tune: 0,
            seed: 0,
            exact,
        }
    }

    /// Compares only these estimators.
    pub fn only(estimators: Vec<Arc<dyn Estimator>>) -> Self {
        Compare { estimators: Some(estimators), ..Self::all() }
    }

    /// Fixes the estimator of a site. The rows differ in the estimators of the other sites.
    pub fn via(mut self, site: impl Into<String>, estimator: Arc<dyn Estimator>) -> Self {
        self.fixed.push((site.into(), estimator));
        self
    }

    /// Sets K, the number of samples per estimate.
    pub fn samples(self, samples: usize) -> Self {
        Compare { samples: Some(samples), ..self }
    }

    /// Sets R, the number of independent estimates per estimator.
    pub fn replicates(self, replicates: usize) -> Self {
        Compare { replicates, ..self }
    }

    /// Sets the number of tuning steps before the measurement.
    pub fn tune(self, tune: usize) -> Self {
        Compare { tune, ..self }
    }

    /// Whether to compute the exact answer.
    pub fn exact(self, exact: ExactAnswer) -> Self {
        Compare { exact, ..self }
    }

    /// The seed of all noise.
    pub fn seed(self, seed: u64) -> Self {
        Compare { seed, ..self }
    }
}

/// A function that receives the name of the plan that is being measured and the number of finished replicates.
pub type Progress<'a> = &'a dyn Fn(&str, usize);

/// Measures one plan, as `aleator grad` does.
///
/// # Errors
/// Returns an error if the graph holds an error, if an estimator does not support its site, or if a parameter of a distribution
/// is outside its domain.
pub fn grad(graph: &Graph, plan: &Plan, how: &Compare, file: &str, progress: Progress<'_>) -> Result<Report> {
    let mut report = empty_report(graph, how, file)?;
    let measured = vec![measure_plan(graph, plan, how, progress)?];
    report.add_rows(graph, how, measured, progress)?;
    report.samples = report.results[0].samples;
    report.reward = reward(graph, plan, how, &report.results[0])?;
    Ok(report.finish())
}

/// The largest number of estimates from which a reward is estimated that is not the whole objective.
const MOST_REWARDS: usize = 1000;

/// The sum of the rewards: of a whole objective, with the other sign; otherwise estimated without the costs.
fn reward(graph: &Graph, plan: &Plan, how: &Compare, row: &Row) -> Result<Option<Mean>> {
    match graph.rewards() {
        Rewards::None => Ok(None),
        Rewards::All => Ok(Some(Mean { mean: Number(-row.objective.mean.0), ..row.objective })),
        Rewards::Some => {
            let options = Options::new().seed(how.seed).samples(row.samples);
            let mut program = Program::<f64>::compile(&graph.rewards_alone(), &plan.estimators, &options)?;
            let count = how.replicates.min(MOST_REWARDS);
            let rewards = (0..count as u64).map(|step| Ok(-program.run_step(step)?.objective()));
            let rewards = rewards.collect::<Result<Vec<f64>>>()?;
            let n = count as f64;
            let mean = rewards.iter().sum::<f64>() / n;
            let squares: f64 = rewards.iter().map(|reward| (reward - mean).powi(2)).sum();
            let std_error = (count > 1).then(|| Number((squares / (n - 1.0) / n).sqrt()));
            Ok(Some(Mean { mean: Number(mean), std_error }))
        }
    }
}

/// Measures every estimator that applies, as `aleator compare` does. An estimator is used at every site that it supports; the
/// other sites keep the estimator of the graph or the automatic choice. If there are no random sites, a single row contains the
/// deterministic objective and gradient. Times are measured in turns: see [`Timing`](super::Timing).
///
/// # Errors
/// Returns an error if the graph holds an error, or if a parameter of a distribution is outside its domain.
pub fn compare(graph: &Graph, how: &Compare, file: &str, progress: Progress<'_>) -> Result<Report> {
    let mut report = empty_report(graph, how, file)?;
    if graph.sites().is_empty() {
        let plan = Plan::choose(graph, &[], how.samples)?;
        let measured = vec![measure_plan(graph, &plan, how, progress)?];
        report.add_rows(graph, how, measured, progress)?;
        return Ok(report.finish());
    }
    let fixed = fixed_sites(graph, &how.fixed)?;
    if fixed.iter().all(Option::is_some) {
        let plan = Plan::choose(graph, &fixed, how.samples)?;
        let measured = vec![measure_plan(graph, &plan, how, progress)?];
        report.add_rows(graph, how, measured, progress)?;
        return Ok(report.finish());
    }
    let mut first_failure = None;
    let (mut measured, mut held): (Vec<(Plan, Measured<'_>)>, usize) = (Vec::new(), 0);
    for plan in &how.plans {
        let (plan, row) = measure_plan(graph, plan, how, progress)?;
        measured.push((plan, row.hold(&mut held)));
    }
    for estimator in how.estimators.clone().unwrap_or_else(|| candidates(how.samples)) {
        let name = estimator.properties().name;
        let plan = plan_with(graph, &estimator, &fixed, how.samples);
        if let Ok(plan) = &plan
            && let Some((same, _)) = measured.iter().find(|(other, _)| is_same(graph, other, plan))
        {
            let reason = format!("the plan is the same as that of the row `{}`", label(same));
            report.skipped.push(Skipped { estimator: name.into(), reason });
            continue;
        }
        match plan.and_then(|plan| measure_plan(graph, &plan, how, progress)) {
            Ok((plan, row)) => measured.push((plan, row.hold(&mut held))),
            Err(error @ (Error::NoCost | Error::Interrupted)) => return Err(error),
            Err(error) => {
                report.skipped.push(Skipped { estimator: name.into(), reason: error.to_string() });
                if matches!(error, Error::Domain { .. }) {
                    first_failure.get_or_insert(error);
                }
            }
        }
    }
    // What no estimator survives is the graph's fault.
    if let (true, Some(error)) = (measured.is_empty(), first_failure) {
        return Err(error);
    }
    report.add_rows(graph, how, measured, progress)?;
    report.samples = how.samples.or_else(|| report.results.iter().map(|r| r.samples).min()).unwrap_or(1);
    Ok(report.finish())
}

fn empty_report(graph: &Graph, how: &Compare, file: &str) -> Result<Report> {
    if how.replicates == 0 {
        return Err(Error::Invalid("at least one replicate is needed".into()));
    }
    let exact = match how.exact {
        ExactAnswer::No => Exact::default(),
        ExactAnswer::Auto => exact_within(graph, Some(TIME_LIMIT))?,
    };
    let missing = if exact.method.is_some() { "no exact gradient" } else { "no exact answer" };
    let warnings = exact.unknown.iter().map(|reason| format!("{missing}: {reason}")).collect();
    // An exact answer has been examined for kinks.
    let lints = match exact.method {
        Some(_) => vec![],
        None => Plan::choose(graph, &[], how.samples).map_or(vec![], |plan| kinks(graph, &plan)),
    };
    Ok(Report {
        aleator: env!("CARGO_PKG_VERSION"),
        file: file.into(),
        seed: how.seed,
        samples: how.samples.unwrap_or(1),
        replicates: how.replicates,
        tune: how.tune,
        exact,
        rewards: graph.rewards(),
        reward: None,
        measured: vec![],
        results: vec![],
        best: None,
        ties: vec![],
        all_same: !laws_depend_on_params(graph)?,
        skipped: vec![],
        lints,
        warnings,
    })
}

fn measure_plan<'a>(
    graph: &'a Graph,
    plan: &Plan,
    how: &Compare,
    progress: Progress<'_>,
) -> Result<(Plan, Measured<'a>)> {
    let amount = Measure { samples: how.samples, replicates: how.replicates, tune: how.tune, seed: how.seed };
    let label = label(plan);
    let measured = estimates(graph, &plan.estimators, &amount, &|n| progress(&label, n))?;
    Ok((plan.clone(), measured))
}

/// The name of a plan.
fn label(plan: &Plan) -> String {
    let name = plan.name();
    if name.is_empty() { "no random site".to_string() } else { name }
}

impl Report {
    /// Times the plans in turns, and adds a row for each of them.
    fn add_rows(
        &mut self,
        graph: &Graph,
        how: &Compare,
        measured: Vec<(Plan, Measured<'_>)>,
        progress: Progress<'_>,
    ) -> Result<()> {
        let (plans, mut measured): (Vec<Plan>, Vec<Measured<'_>>) = measured.into_iter().unzip();
        time(&mut measured, &|round, rounds| {
            progress("timing", (how.replicates as f64 * round as f64 / rounds as f64) as usize);
        })?;
        for (plan, measured) in plans.iter().zip(measured) {
            let measured = measured.measurement;
            let mut row = row(graph, plan, label(plan), &measured, how.replicates, &self.exact);
            for lint in lints(graph, plan).into_iter().chain(blind_lints(graph, plan, &measured.blind)) {
                row.unbiased &= !lint.biased;
                // What is wrong with the cost, whatever the estimator, is said once.
                let said =
                    |l: &Lint| (l.cause, &l.site, &l.message) == (lint.cause, &lint.site, &lint.message);
                if !self.lints.iter().any(said) {
                    self.lints.push(lint);
                }
            }
            let wrong = not_finite(graph, how.seed, &row);
            self.warnings.extend(wrong.or_else(|| heavy_tail(graph, &row, &measured)));
            self.results.push(row);
        }
        Ok(())
    }
}

/// Says that standard errors are not to be believed, where tails are heavy.
fn heavy_tail(graph: &Graph, row: &Row, measured: &Measurement) -> Option<String> {
    let (place, index) = measured.heavy_tail?;
    let name = graph.params().get(place)?.name.clone();
    let index = index.map_or(String::new(), |index| format!(" (tail index about {index:.1})"));
    Some(format!(
        "{}: the estimates for `{name}` have a heavy tail{index}: their variance may be infinite, and the ± is not to be believed",
        row.estimator
    ))
}

/// The first number of a row that is infinite or NaN, and its origin, in words.
fn not_finite(graph: &Graph, seed: u64, row: &Row) -> Option<String> {
    let bad = |x: &Number| !x.0.is_finite();
    let gradient = row.gradient.iter().find_map(|(name, g)| {
        g.mean
            .iter()
            .position(bad)
            .map(|i| format!("the gradient of `{name}` (element {i}) is {}", g.mean[i].0))
    });
    let objective = bad(&row.objective.mean).then(|| format!("the objective is {}", row.objective.mean.0));
    objective.or(gradient).map(|what| {
        let origin = origin_or_advice(graph, seed);
        format!("{}: {what}, which is not finite; {origin}", row.estimator)
    })
}

fn row(
    graph: &Graph,
    plan: &Plan,
    estimator: String,
    measured: &Measurement,
    replicates: usize,
    exact: &Exact,
) -> Row {
    let std_error = |m: &Moments| m.standard_error(replicates as f64).map(Number);
    let gradient = graph
        .params()
        .iter()
        .zip(&measured.gradient)
        .map(|(param, moments)| {
            let bounds = exact.error.get(&param.name);
            let exact = exact.gradient.get(&param.name).map(|g| g.values.clone());
            let slack = (0..moments.len())
                .map(|i| {
                    let size = exact.as_ref().map_or(0.0, |e| e[i].0.abs()).max(moments[i].mean.abs());
                    let rounding = ROUNDING * size.max(measured.objective.mean.abs());
                    bounds.map_or(0.0, |b| b[i]) + rounding
                })
                .collect();
            let varies = |m: &Moments| {
                m.standard_deviation().is_none_or(|s| s > ROUNDING * m.mean.abs() || s.is_nan())
            };
            let z = exact.as_ref().map(|exact| {
                moments
                    .iter()
                    .zip(exact)
                    .map(|(m, e)| {
                        let se = std_error(m)?.0;
                        let size = m.mean.abs().max(e.0.abs()).max(measured.objective.mean.abs());
                        // What varies by rounding alone has no standard error to speak of.
                        (m.standard_deviation()? > ROUNDING * size).then(|| Number((m.mean - e.0) / se))
                    })
                    .collect()
            });
            let estimate = GradientEstimate {
                shape: param.shape.to_vec(),
                mean: moments.iter().map(|m| Number(m.mean)).collect(),
                std_error: moments
                    .iter()
                    .map(|m| if varies(m) { std_error(m) } else { Some(Number(0.0)) })
                    .collect(),
                variance: moments
                    .iter()
                    .map(|m| if varies(m) { m.variance().map(Number) } else { Some(Number(0.0)) })
                    .collect(),
                exact,
                z,
                slack,
            };
            (param.name.clone(), estimate)
        })
        .collect();
    let all = || measured.gradient.iter().flatten();
    // Variances that leave the range of numbers, where the standard deviations do not, rank nothing.
    let is_held = |m: &Moments| match m.variance().zip(m.standard_deviation()) {
        Some((variance, deviation)) => {
            (variance > 0.0) == (deviation > 0.0) && variance.is_finite() == deviation.is_finite()
        }
        None => true,
    };
    let total_variance: Option<f64> = all().map(Moments::variance).sum();
    let total_variance = total_variance.filter(|_| all().all(is_held));
    let largest = all().map(|m| m.mean.abs()).fold(0.0, f64::max);
    let by_rounding = total_variance.is_some_and(|v| v.sqrt() <= ROUNDING * largest);
    let (total_variance, variance_error) =
        if by_rounding { (Some(0.0), Some(0.0)) } else { (total_variance, measured.variance_error) };
    let timing = measured.timing;
    // What is infinite or NaN has no mean that could be right.
    let is_number = all().all(|m| m.mean.is_finite()) && measured.objective.mean.is_finite();
    Row {
        estimator,
        plan: plan.describe(graph).into_iter().collect(),
        samples: measured.samples,
        unbiased: measured.unbiased && is_number,
        objective: Mean { mean: Number(measured.objective.mean), std_error: std_error(&measured.objective) },
        gradient,
        total_variance: total_variance.map(Number),
        total_variance_std_error: variance_error.filter(|_| total_variance.is_some()).map(Number),
        own_parameters: measured.own_parameters.clone(),
        evaluations: measured.evaluations,
        seconds_per_estimate: Number(timing.seconds),
        seconds_spread: timing.spread.map(Number),
        work_normalised_variance: total_variance.map(|v| Number(v * timing.seconds)),
    }
}

impl Report {
    /// Determines the best row and those that tie with it, and warns if the exact answer is infinite or NaN.
    fn finish(mut self) -> Self {
        let verdict = self.verdict();
        self.best = verdict.best.map(|i| self.results[i].estimator.clone());
        self.ties = verdict.ties.iter().map(|&i| self.row_name(i)).collect();
        if let Some(objective) = self.exact.objective
            && !objective.0.is_finite()
        {
            self.warnings.push(format!("the exact objective is {}, which is not finite", objective.0));
        }
        let is_biased = |row: &&Row| !row.unbiased && !row.is_undefined();
        let biased: Vec<&str> =
            self.results.iter().filter(is_biased).map(|row| row.estimator.as_str()).collect();
        if !biased.is_empty() && biased.len() == self.results.len() {
            // Rows may differ in options alone.
            let mut names: Vec<&str> = Vec::new();
            for name in biased {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            let (what, verb) = (names.join(", "), if names.len() == 1 { "its" } else { "their" });
            self.warnings.push(format!("{what}: biased, the mean of {verb} estimates is not the gradient"));
        }
        self
    }
}
