//! The evaluation of a graph's objective at draws without relaxation. Rows and noise are always the same, so that two points of a
//! history differ only in the parameters.
//!
//! ```text
//! objective   Σ_b w_b 1/R Σ_r Ĵ(rows of minibatch b, noise r),   Ĵ a mean of K draws
//! ```
//!
//! Rows are evaluated in minibatches of the size of training, n, because the objective may depend on that size. The weights give
//! every row the same share: an objective c + Σ f(row), whether f is divided by n or not, has the value c + n times the mean of f
//! over all rows. Minibatches of rows that follow each other have the weight n / (number of rows). The r < n rows that remain, with
//! their mean m(r), are repeated until they fill a minibatch, q = ⌊n / r⌋ times each and the first s = n − q r once more:
//!
//! ```text
//! J = q r / n m(r) + s / n m(s)        so that        m(r) = n / (q r) J − s / (q r) m(s)
//! ```
//!
//! and m(s) likewise, as in Euclid's algorithm. With n = 3 and rows 100, 0, 0, 0, the mean is 3/4 (100 + 0 + 0)/3 + 1/4 0 = 25.
//! The standard error is that due to the draws, for the given minibatches.

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

/// A minibatch: so many rows from the first on, repeated until they fill it, and its weight.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Minibatch {
    first: usize,
    different: usize,
    weight: f64,
}

/// Minibatches that give every row the same share.
fn minibatches(count: usize, batch: usize) -> Vec<Minibatch> {
    if count == 0 || batch == 0 {
        return vec![Minibatch { first: 0, different: 0, weight: 1.0 }];
    }
    let whole = count / batch;
    let full = batch as f64 / count as f64;
    let mut all: Vec<_> =
        (0..whole).map(|i| Minibatch { first: i * batch, different: batch, weight: full }).collect();
    let (first, mut different) = (whole * batch, count % batch);
    let mut share = different as f64 / count as f64;
    while different > 0 {
        let more = batch % different;
        let repeated = (batch - more) as f64;
        all.push(Minibatch { first, different, weight: share * batch as f64 / repeated });
        share *= -(more as f64) / repeated;
        different = more;
    }
    all
}

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
        let runs = self.runs as f64;
        let (mut mean, mut variance) = (0.0, 0.0);
        let mut gathered = Vec::with_capacity(self.batch * width);
        for (place, minibatch) in minibatches(count, self.batch).into_iter().enumerate() {
            let Minibatch { first: start, different, weight } = minibatch;
            if count > 0 {
                gathered.clear();
                let rows = (0..self.batch).map(|i| start + i % different);
                rows.for_each(|row| gathered.extend_from_slice(self.rows.row(row)));
                write_rows(&mut self.program, |write| self.graph.scatter(&gathered, write));
            }
            let (mut sum, mut squares) = (0.0, 0.0);
            let mut first = None;
            for run in 0..self.runs {
                let step = FIRST_EVALUATION_STEP + (place * self.runs + run) as u64;
                let objective = self.program.run_step(step)?.objective();
                if !objective.is_finite() {
                    return Err(Error::NotFinite(format!(
                        "the objective of an evaluation is {objective}{}",
                        if different < self.batch && count > 0 {
                            " where rows are repeated to fill a minibatch; choose a setting `batch` that divides the number of rows"
                        } else {
                            ""
                        }
                    )));
                }
                // Deviations from the first, so that a large mean does not cancel.
                let deviation = objective - *first.get_or_insert(objective);
                sum += deviation;
                squares += deviation * deviation;
            }
            mean += weight * (first.unwrap_or(f64::NAN) + sum / runs);
            variance +=
                weight.powi(2) * (squares / runs - (sum / runs).powi(2)).max(0.0) / (runs - 1.0).max(1.0);
        }
        Ok(EvaluationResult {
            elbo: -mean,
            elbo_std_error: variance.sqrt(),
            bound: None,
            bound_std_error: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_the_same_share() {
        for (count, batch) in [(4, 3), (1, 5), (2, 5), (6, 3), (7, 4), (13, 8), (19, 12), (199, 100), (3, 7)]
        {
            let mut shares = vec![0.0; count];
            let all = minibatches(count, batch);
            for Minibatch { first, different, weight } in &all {
                (0..batch).for_each(|i| shares[first + i % different] += weight);
            }
            let expected = batch as f64 / count as f64;
            assert!(
                shares.iter().all(|share| (share - expected).abs() < 1e-12),
                "{count} {batch}: {shares:?}"
            );
            assert!((all.iter().map(|m| m.weight).sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(all.len() <= count / batch + 12);
        }
        assert_eq!(minibatches(0, 4).len(), 1);
    }
}
