//! The evaluation of a graph's objective at draws without relaxation. Rows and noise are always the same, so that two points of a
//! history differ only in the parameters.
//!
//! ```text
//! objective   1/B Σ_b 1/R Σ_r Ĵ(rows of minibatch b, noise r),   Ĵ a mean of K draws
//! ```
//!
//! Rows are evaluated in minibatches of the size of training, because the objective may depend on that size. If they do not fill
//! the last minibatch, the first rows complete it. The standard error is that due to the draws, for the given minibatches.

use std::sync::Arc;

use super::evaluation::{EvaluationResult, FIRST_EVALUATION_STEP};
use super::own_graph::OwnGraph;
use super::write_rows::write_rows;
use crate::data::Rows;
use crate::error::{Error, Result};
use crate::objectives::Detached;
use crate::program::{Options, Program};
use crate::rewrite::Estimator;

/// The product of rows and draws per run.
const DRAWS_PER_RUN: usize = 2000;
/// The smallest number of runs with different noise, from which the standard error is estimated.
const FEWEST_RUNS: usize = 10;

/// A compiled evaluation.
pub struct GraphEvaluation {
    program: Program<f32>,
    graph: Arc<OwnGraph>,
    rows: Rows,
    batch: usize,
    /// The number of runs for each minibatch.
    runs: usize,
}

impl GraphEvaluation {
    /// Compiles an evaluation of all `rows` with `samples` draws for each minibatch.
    ///
    /// # Errors
    /// Returns an error if the graph cannot be built or compiled.
    pub fn new(graph: &Arc<OwnGraph>, rows: Rows, batch: usize, samples: usize, seed: u64) -> Result<Self> {
        let batch = if rows.count() > 0 { batch.min(rows.count()) } else { batch };
        let built = graph.build(batch, seed)?;
        let sites = built.sites().len();
        let (draws, runs) = if sites == 0 {
            (1, 1)
        } else {
            let most = (samples / FEWEST_RUNS).max(1);
            let draws = (DRAWS_PER_RUN / batch.max(1)).clamp(1, most);
            (draws, samples.max(1).div_ceil(draws))
        };
        let plan: Vec<Arc<dyn Estimator>> = (0..sites).map(|_| Arc::new(Detached) as _).collect();
        let program = Program::compile(&built, &plan, &Options::new().seed(seed).samples(draws))?;
        Ok(GraphEvaluation { program, graph: graph.clone(), rows, batch, runs })
    }

    /// Evaluates the graph at the parameters, in the order of the graph. The objective is returned with the opposite sign, so that
    /// larger is better.
    ///
    /// # Errors
    /// Returns an error if the objective is not finite, or if a parameter of a distribution is outside its domain.
    pub fn run<'t>(&mut self, parameters: impl Iterator<Item = &'t [f32]>) -> Result<EvaluationResult> {
        for (place, values) in parameters.enumerate() {
            self.program.set_param_at(place, values)?;
        }
        let (count, width) = (self.rows.count(), self.rows.width);
        let minibatches = if count == 0 { 1 } else { count.div_ceil(self.batch) };
        let runs = self.runs as f64;
        let (mut mean, mut variance) = (0.0, 0.0);
        let mut gathered = Vec::with_capacity(self.batch * width);
        for minibatch in 0..minibatches {
            if count > 0 {
                gathered.clear();
                let places = minibatch * self.batch..(minibatch + 1) * self.batch;
                places.for_each(|place| gathered.extend_from_slice(self.rows.row(place % count)));
                write_rows(&mut self.program, |write| self.graph.scatter(&gathered, write));
            }
            let (mut sum, mut squares) = (0.0, 0.0);
            let mut first = None;
            for run in 0..self.runs {
                let step = FIRST_EVALUATION_STEP + (minibatch * self.runs + run) as u64;
                let objective = self.program.run_step(step)?.objective();
                if !objective.is_finite() {
                    return Err(Error::NotFinite(format!("the objective of an evaluation is {objective}")));
                }
                // Deviations from the first, so that a large mean does not cancel.
                let deviation = objective - *first.get_or_insert(objective);
                sum += deviation;
                squares += deviation * deviation;
            }
            mean += first.unwrap_or(f64::NAN) + sum / runs;
            variance += (squares / runs - (sum / runs).powi(2)).max(0.0) / (runs - 1.0).max(1.0);
        }
        let minibatches = minibatches as f64;
        Ok(EvaluationResult {
            elbo: -mean / minibatches,
            elbo_std_error: variance.sqrt() / minibatches,
            bound: None,
            bound_std_error: None,
        })
    }
}
