//! Second derivatives of an objective, estimated with standard errors beside the exact ones.

use std::collections::BTreeMap;

#[cfg(feature = "serde")]
use serde::Serialize;

use super::compare::{ExactAnswer, TIME_LIMIT};
use super::exact::{exact_second, exact_within};
use super::moments::Moments;
use super::report::{Exact, Mean, Number};
use crate::error::{Error, Result};
use crate::graph::{Graph, Param};
use crate::plan::Plan;
use crate::program::{Options, Program};
use crate::quadrature::{Deadline, Unknown};
use crate::rewrite::{SecondDerivatives, Tuning, describe};

/// How second derivatives are estimated.
#[derive(Clone, Debug, Default)]
pub struct SecondOrder {
    /// K, the number of samples per estimate; `None` for the smallest number that the plan accepts.
    pub samples: Option<usize>,
    /// R, the number of independent estimates.
    pub replicates: usize,
    /// The seed of all noise.
    pub seed: u64,
    /// Whether to compute the exact answer.
    pub exact: ExactAnswer,
    /// The direction with which the Hessian is multiplied, by parameter; parameters that are not named have zeros. `None` for the
    /// whole Hessian.
    pub direction: Option<BTreeMap<String, Vec<f64>>>,
}

/// A block of second derivatives; all vectors flat and row-major.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct SecondEstimate {
    /// The shape: that of the parameter, followed by that of the other one if the block belongs to the Hessian.
    pub shape: Vec<usize>,
    /// The mean over replicates.
    pub mean: Vec<Number>,
    /// `sqrt(variance / replicates)`; `None` for one replicate.
    pub std_error: Option<Vec<Number>>,
    /// The exact values, if they are known.
    pub exact: Option<Vec<Number>>,
}

/// The second derivatives of an objective.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct SecondReport {
    /// The version of aleator.
    pub aleator: &'static str,
    /// The name of the file, as it was passed.
    pub file: String,
    /// The seed.
    pub seed: u64,
    /// K, the number of samples per estimate.
    pub samples: usize,
    /// R, the number of independent estimates.
    pub replicates: usize,
    /// The number of tuning steps: none, because no estimator with second derivatives has parameters of its own.
    pub tune: usize,
    /// The exact objective and gradient.
    pub exact: Exact,
    /// The estimator of each site with its options, by site name.
    pub plan: BTreeMap<String, String>,
    /// Whether the second derivatives are unbiased.
    pub unbiased: bool,
    /// The number of cost evaluations per estimate.
    pub evaluations: usize,
    /// The estimate of the objective.
    pub objective: Mean,
    /// The Hessian: by parameter, and by the other parameter. Empty if a direction was given.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub hessian: BTreeMap<String, BTreeMap<String, SecondEstimate>>,
    /// The Hessian times the direction, by parameter. Empty without a direction.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub product: BTreeMap<String, SecondEstimate>,
    /// Warnings, for standard error (not part of the JSON).
    #[cfg_attr(feature = "serde", serde(skip))]
    pub warnings: Vec<String>,
}

/// The number of operations of a run, about.
const NUMBERS_PER_RUN: usize = 1 << 18;
/// The largest number of estimates per run.
const MOST_AT_ONCE: usize = 1 << 12;

/// Estimates the Hessian of the objective at the graph's parameters, or its product with a direction.
///
/// # Errors
/// Returns an error if the graph holds an error, if an estimator of the plan has no second derivatives, if a direction does not fit
/// the parameters, or if a parameter of a distribution is outside its domain.
pub fn hessian(
    graph: &Graph,
    plan: &Plan,
    how: &SecondOrder,
    file: &str,
    progress: &dyn Fn(usize),
) -> Result<SecondReport> {
    if how.replicates == 0 {
        return Err(Error::Invalid("at least one replicate is needed".into()));
    }
    let params = graph.params();
    let kind = if how.direction.is_some() { SecondDerivatives::Product } else { SecondDerivatives::Hessian };
    let direction = direction(&params, how.direction.as_ref())?;
    let mut options = Options::new().seed(how.seed).tuning(Tuning::Held).second_derivatives(kind);
    if let Some(k) = how.samples {
        options = options.samples(k);
    }
    let compile = |options: &Options| -> Result<Program> {
        let mut program = Program::<f64>::compile(graph, &plan.estimators, options)?;
        if how.direction.is_some() {
            for (param, values) in params.iter().zip(&direction) {
                program.set_direction(&param.name, values)?;
            }
        }
        Ok(program)
    };
    let mut program = compile(&options)?;
    let random = program.is_random();
    let mut at_once = 1;
    if random {
        let numbers = (program.value_bytes() / 8).clamp(1, NUMBERS_PER_RUN);
        at_once = (NUMBERS_PER_RUN / numbers).clamp(1, MOST_AT_ONCE).min(how.replicates);
        program = compile(&options.replicates(at_once))?;
    }
    let sizes: Vec<usize> = program.second_derivatives().map(|block| block.len() / at_once).collect();
    let mut moments: Vec<Vec<Moments>> = sizes.iter().map(|&n| vec![Moments::default(); n]).collect();
    let mut objective = Moments::default();
    let mut done = 0;
    while done < how.replicates {
        program.run_replicates(0, done as u64)?;
        let now = at_once.min(how.replicates - done);
        objective.add(program.objectives()[..now].iter().copied());
        for (block, moments) in program.second_derivatives().zip(&mut moments) {
            let size = moments.len();
            for (i, m) in moments.iter_mut().enumerate() {
                m.add(block.iter().skip(i).step_by(size).take(now).copied());
            }
        }
        done += now;
        progress(done);
        if !random {
            // All estimates are the same.
            let constant = |m: &Moments| Moments::constant(m.mean, how.replicates);
            objective = constant(&objective);
            moments.iter_mut().flatten().for_each(|m| *m = constant(m));
            progress(how.replicates);
            break;
        }
    }

    let mut warnings = Vec::new();
    let (exact, second) = match how.exact {
        ExactAnswer::No => (Exact::default(), None),
        ExactAnswer::Auto => {
            let exact = exact_within(graph, Some(TIME_LIMIT))?;
            let deadline = Deadline::after(Some(TIME_LIMIT));
            let second = match exact_second(graph, kind, &direction, deadline)? {
                Ok(second) => Some(second),
                Err(Unknown::NotOfTheKind) => None,
                Err(Unknown::Because(reason)) => {
                    warnings.push(format!("no exact second derivatives: {reason}"));
                    None
                }
            };
            (exact, second)
        }
    };
    let unbiased = program.is_unbiased();
    if !unbiased {
        warnings.push(
            "the second derivatives are biased: a cost, or one of its first derivatives, jumps in a draw that is differentiated or \
             at a position that depends on a parameter"
                .into(),
        );
    }
    let mut report = SecondReport {
        aleator: env!("CARGO_PKG_VERSION"),
        file: file.into(),
        seed: how.seed,
        samples: program.samples(),
        replicates: how.replicates,
        tune: 0,
        exact,
        plan: graph
            .sites()
            .into_iter()
            .zip(&plan.estimators)
            .map(|(site, estimator)| (site.name, describe(&**estimator)))
            .collect(),
        unbiased,
        evaluations: program.evaluations(),
        objective: Mean {
            mean: Number(objective.mean),
            std_error: objective.standard_error(how.replicates as f64).map(Number),
        },
        hessian: BTreeMap::new(),
        product: BTreeMap::new(),
        warnings,
    };
    let mut blocks =
        Blocks { moments: moments.into_iter(), exact: second, at: 0, replicates: how.replicates };
    for param in &params {
        if how.direction.is_some() {
            report.product.insert(param.name.clone(), blocks.next(param.shape.to_vec()));
            continue;
        }
        let row = params
            .iter()
            .map(|other| {
                let shape = [param.shape.to_vec(), other.shape.to_vec()].concat();
                (other.name.clone(), blocks.next(shape))
            })
            .collect();
        report.hessian.insert(param.name.clone(), row);
    }
    Ok(report)
}

/// The direction in the order of the parameters.
fn direction(params: &[Param], given: Option<&BTreeMap<String, Vec<f64>>>) -> Result<Vec<Vec<f64>>> {
    let Some(given) = given else { return Ok(vec![]) };
    let names = || params.iter().map(|p| p.name.as_str());
    if let Some(name) = given.keys().find(|name| names().all(|n| n != **name)) {
        return Err(Error::unknown_name("parameter", name, names()));
    }
    params
        .iter()
        .map(|param| {
            let n = param.shape.numel();
            let values = given.get(&param.name).cloned().unwrap_or_else(|| vec![0.0; n]);
            if values.len() != n {
                return Err(Error::Invalid(format!(
                    "the direction of `{}` has {} numbers, but the parameter has {n}",
                    param.name,
                    values.len()
                )));
            }
            if let Some(x) = values.iter().find(|x| !x.is_finite()) {
                return Err(Error::Invalid(format!(
                    "the direction of `{}` has a number that is {x}",
                    param.name
                )));
            }
            Ok(values)
        })
        .collect()
}

/// The blocks of a program, one after another.
struct Blocks {
    moments: std::vec::IntoIter<Vec<Moments>>,
    exact: Option<Vec<f64>>,
    /// Where the exact values of the next block begin.
    at: usize,
    replicates: usize,
}

impl Blocks {
    fn next(&mut self, shape: Vec<usize>) -> SecondEstimate {
        let moments = self.moments.next().unwrap_or_default();
        let here = self.at..self.at + moments.len();
        self.at = here.end;
        let error = |m: &Moments| m.standard_error(self.replicates as f64).map(Number);
        SecondEstimate {
            shape,
            mean: moments.iter().map(|m| Number(m.mean)).collect(),
            std_error: moments.iter().map(error).collect(),
            exact: self.exact.as_ref().map(|all| all[here].iter().map(|&x| Number(x)).collect()),
        }
    }
}
