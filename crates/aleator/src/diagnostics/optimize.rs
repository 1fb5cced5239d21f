//! Minimisation of a graph's objective by stochastic gradient steps, as in the command `optimize`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::measure::tune;
use super::report::{Number, OptimizationPath, PathPoint, Tensor, own_parameters};
use crate::error::{Error, Result};
use crate::graph::{BatchedData, Graph};
use crate::optim::{NAMES, RowOrder, by_name};
use crate::plan::Plan;
use crate::program::{Options, Program};

/// The settings of a minimisation.
#[derive(Clone, Debug)]
pub struct Optimize {
    /// The number of steps.
    pub steps: usize,
    /// The learning rate.
    pub learning_rate: f64,
    /// The name of the optimiser, one of [`NAMES`].
    pub optimizer: String,
    /// K, the number of samples per estimate; `None` for the smallest number that the plan accepts.
    pub samples: Option<usize>,
    /// The number of steps by which the estimators' own parameters are tuned before the first step, with separate noise.
    pub tune: usize,
    /// The rows of the data of which every step uses the next batch; `None` if the graph's data are all there are.
    pub rows: Option<Arc<BatchedData>>,
    /// The names of parameters that keep their initial values.
    pub fixed: Vec<String>,
    /// The seed of all noise.
    pub seed: u64,
}

impl Default for Optimize {
    fn default() -> Self {
        Optimize {
            steps: 1000,
            learning_rate: 0.01,
            optimizer: "adam".into(),
            samples: None,
            tune: 0,
            rows: None,
            fixed: vec![],
            seed: 0,
        }
    }
}

/// The largest number of points of the path that are stored.
const MOST_POINTS: usize = 200;

/// The batches of a minimisation.
struct Batches<'a> {
    rows: &'a BatchedData,
    order: RowOrder,
    values: Vec<f64>,
}

impl<'a> Batches<'a> {
    fn new(rows: &'a BatchedData, seed: u64) -> Self {
        Batches { rows, order: RowOrder::new(rows.total, rows.batch, seed), values: Vec::new() }
    }

    /// Sets the data of a step.
    fn set(&mut self, program: &mut Program, step: u64) -> Result<()> {
        let chosen = self.order.at_step(step);
        for data in &self.rows.data {
            data.gather(chosen, &mut self.values);
            program.set_data(&data.name, &self.values)?;
        }
        Ok(())
    }
}

/// Takes gradient steps from the initial parameters. `progress` is called with each step and the estimate of the objective.
///
/// # Errors
/// Returns an error if the graph or the plan cannot be compiled, if a fixed parameter does not exist or none is free, if a
/// parameter of a distribution leaves its domain, or if a gradient is infinite or NaN. The message contains the step.
pub fn optimize(
    graph: &Graph,
    plan: &Plan,
    how: &Optimize,
    file: &str,
    progress: &dyn Fn(usize, f64),
) -> Result<OptimizationPath> {
    if !(how.learning_rate > 0.0 && how.learning_rate.is_finite()) {
        return Err(Error::Invalid(format!(
            "the learning rate must be a positive number, got {}",
            how.learning_rate
        )));
    }
    let params = graph.params();
    let names: Vec<&str> = params.iter().map(|p| p.name.as_str()).collect();
    let fixed = fixed_places(&how.fixed, &names)?;
    let mut options = Options::new().seed(how.seed);
    if let Some(k) = how.samples {
        options = options.samples(k);
    }
    let mut program = Program::<f64>::compile(graph, &plan.estimators, &options)?;
    if how.tune > 0 {
        tune(graph, &plan.estimators, &options, how.tune, &mut program)?;
    }
    let mut values: Vec<Vec<f64>> = params.iter().map(|p| p.initial.clone()).collect();
    let unknown = || {
        let names = NAMES.join(", ");
        Error::Invalid(format!("there is no optimizer `{}`: choose one of {names}", how.optimizer))
    };
    let mut optimizers = params
        .iter()
        .map(|p| by_name(&how.optimizer, p.initial.len(), how.learning_rate).ok_or_else(unknown))
        .collect::<Result<Vec<_>>>()?;
    let every = how.steps.div_ceil(MOST_POINTS).max(1);
    let named = |values: &[Vec<f64>]| -> BTreeMap<String, Vec<Number>> {
        let numbers = |v: &Vec<f64>| v.iter().map(|&x| Number(x)).collect();
        params.iter().zip(values).map(|(p, v)| (p.name.clone(), numbers(v))).collect()
    };
    let mut history = Vec::new();
    let mut batches = how.rows.as_deref().map(|rows| Batches::new(rows, how.seed));
    // One estimate more than there are steps: the last point is at the final parameters.
    for step in 0..=how.steps {
        if let Some(batches) = &mut batches {
            batches.set(&mut program, step as u64)?;
        }
        let estimate = program.run_step(step as u64).map_err(|error| match error.black_box() {
            // Parameters are not to blame.
            Some(_) => error,
            None => Error::Invalid(format!("at step {step}: {error}; reduce the setting `lr`")),
        })?;
        let objective = estimate.objective();
        if step % every == 0 || step == how.steps {
            history.push(PathPoint { step, objective: Number(objective), parameters: named(&values) });
        }
        progress(step, objective);
        if step == how.steps {
            break;
        }
        for (place, (theta, optimizer)) in values.iter_mut().zip(&mut optimizers).enumerate() {
            if fixed[place] {
                continue;
            }
            let gradient = estimate.gradient_at(place);
            if let Some(i) = gradient.iter().position(|g| !g.is_finite()) {
                let advice = match crate::diagnostics::origin(graph, how.seed) {
                    Some(origin) => format!("already at the initial parameters, {origin}"),
                    None => {
                        "reduce the setting `lr`, or look for log(0), 1/0 or an overflow in a cost".into()
                    }
                };
                return Err(Error::NotFinite(format!(
                    "at step {step} the gradient of `{}` (element {i}) is {}, which is not finite; {advice}",
                    params[place].name, gradient[i],
                )));
            }
            optimizer.step(theta, gradient)?;
        }
        for (place, theta) in values.iter().enumerate() {
            program.set_param_at(place, theta)?;
        }
    }
    let tensor = |values: &Vec<f64>, shape: Vec<usize>| Tensor {
        shape,
        values: values.iter().map(|&x| Number(x)).collect(),
    };
    Ok(OptimizationPath {
        aleator: env!("CARGO_PKG_VERSION"),
        file: file.into(),
        seed: how.seed,
        steps: how.steps,
        optimizer: how.optimizer.clone(),
        lr: Number(how.learning_rate),
        plan: plan.describe(graph).into_iter().collect(),
        measured: vec![],
        fixed: names
            .iter()
            .zip(&fixed)
            .filter(|(_, fixed)| **fixed)
            .map(|(name, _)| name.to_string())
            .collect(),
        history,
        rewards: graph.rewards(),
        exact_method: None,
        exact_objective: None,
        exact_history: vec![],
        parameters: params
            .iter()
            .zip(&values)
            .map(|(p, v)| (p.name.clone(), tensor(v, p.shape.to_vec())))
            .collect(),
        own_parameters: own_parameters(&program),
    })
}

/// For each parameter of these names, whether it is one of the fixed ones.
///
/// # Errors
/// Returns an error if a fixed parameter does not exist, or if all parameters are fixed.
pub(crate) fn fixed_places(fixed: &[String], names: &[&str]) -> Result<Vec<bool>> {
    if let Some(unknown) = fixed.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(Error::unknown_name("parameter", unknown, names.iter().copied()));
    }
    let places: Vec<bool> = names.iter().map(|name| fixed.iter().any(|fixed| fixed == name)).collect();
    if !fixed.is_empty() && places.iter().all(|fixed| *fixed) {
        return Err(Error::invalid("all parameters are fixed, and none is left to change; leave one free"));
    }
    Ok(places)
}
