//! The evaluation of a model on held-out rows. Rows and noise are always the same, so that two points of a history differ only in
//! the parameters.
//!
//! ```text
//! ELBO     1/N Σ_rows 1/K Σₖ log wₖ
//! bound    1/N Σ_rows log 1/K Σₖ wₖ              between the ELBO and log p(x), from the same draws
//! ```
//!
//! Standard errors are those due to sampling. Rows are independent given the parameters, unless all rows share their draws
//! ([`Score::Predictive`]); then the standard error is computed from the sums over rows for each sample. The standard error of
//! the bound is of first order in the error of the mean weights w̄:
//!
//! ```text
//! log w̄ − log E w  ≈  w̄ / E w − 1,      Var  ≈  1/(K − 1) (K Σₖ wₖ² / (Σₖ wₖ)² − 1)                  rows apart
//!                                              1/(K − 1) (1/K Σₖ (Σ_rows wₖ/w̄)² − (rows)²)         rows together
//! ```
//!
//! Samples are processed in chunks, so that memory does not grow with K.

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec;

use crate::data::Rows;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::models::{Build, Model, Score, X_NAME};
use crate::nn::{Parameters, Tensor};

/// The first step of the noise of evaluation. The noise of training starts at step 0.
pub const FIRST_EVALUATION_STEP: u64 = 1 << 40;
/// The product of rows and samples per run.
const DRAWS_PER_RUN: usize = 2000;
/// The largest number of samples per row in one run.
const SAMPLES_PER_RUN: usize = 500;

/// The result of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EvaluationResult {
    /// The mean of log w over rows and samples.
    pub elbo: f64,
    /// The standard error due to sampling, for the given rows.
    pub elbo_std_error: f64,
    /// The mean over rows of the logarithm of the mean weight; `None` for rewards.
    pub bound: Option<f64>,
    /// The standard error of the bound.
    pub bound_std_error: Option<f64>,
}

/// A compiled evaluation.
pub struct Evaluation {
    program: exec::Program<f32>,
    score: Score,
    rows: Rows,
    samples: usize,
    /// The numbers of rows and samples per run.
    at_once: [usize; 2],
    seed: u64,
    x: Vec<f32>,
    /// The slots of `x` and of each tensor.
    slots: (usize, Vec<usize>),
    sums: Vec<RowSums>,
    /// The sums of log w over rows for each sample, if all rows share their draws.
    shared: Vec<f32>,
}

/// Sums over the weights of a row.
#[derive(Clone, Copy)]
struct RowSums {
    largest: f64,
    /// Σ exp(log w − largest)
    scaled: f64,
    /// Σ exp(2 (log w − largest))
    scaled_squares: f64,
    sum: f64,
    squares: f64,
}

impl RowSums {
    const EMPTY: RowSums =
        RowSums { largest: f64::NEG_INFINITY, scaled: 0.0, scaled_squares: 0.0, sum: 0.0, squares: 0.0 };

    fn add(&mut self, log_weight: f64) {
        self.sum += log_weight;
        self.squares += log_weight * log_weight;
        if log_weight > self.largest {
            let shrink = (self.largest - log_weight).exp();
            self.scaled = self.scaled * shrink + 1.0;
            self.scaled_squares = self.scaled_squares * shrink * shrink + 1.0;
            self.largest = log_weight;
        } else if log_weight > f64::NEG_INFINITY {
            let weight = (log_weight - self.largest).exp();
            self.scaled += weight;
            self.scaled_squares += weight * weight;
        }
    }

    /// log 1/K Σₖ wₖ
    fn log_mean(&self, count: f64) -> f64 {
        self.largest + (self.scaled / count).ln()
    }

    /// The variance of [`RowSums::log_mean`].
    fn log_mean_variance(&self, count: f64) -> f64 {
        (count * self.scaled_squares / (self.scaled * self.scaled) - 1.0).max(0.0) / (count - 1.0).max(1.0)
    }
}

impl Evaluation {
    /// Compiles an evaluation of all `rows` with `samples` draws each.
    ///
    /// # Errors
    /// Returns an error if the graph of the model cannot be compiled.
    pub fn new(model: &dyn Model, tensors: &[Tensor], rows: Rows, samples: usize, seed: u64) -> Result<Self> {
        let k = samples.clamp(1, SAMPLES_PER_RUN);
        let at_once = [(DRAWS_PER_RUN / k).clamp(1, rows.count().max(1)), k];
        let graph = Graph::new();
        let log_weight = {
            let x = graph.data(X_NAME, [at_once[0], model.width()], vec![0.0]);
            let build = Build::to_evaluate(&graph, Parameters::given(&graph, tensors), k);
            let log_weight = model.terms(&build, x).log_weight();
            log_weight.broadcast_to([k, at_once[0]]).id()
        };
        let program = exec::Program::compile(graph.engine(), &[log_weight], &CompileOptions::default())?;
        let inputs = graph.engine().inputs();
        let slot = |name: &str| inputs.iter().position(|i| i.name == name).unwrap_or(usize::MAX);
        let slots = (slot(X_NAME), tensors.iter().map(|t| slot(&t.name)).collect());
        Ok(Evaluation {
            program,
            score: model.score(),
            x: vec![0.0; at_once[0] * rows.width],
            sums: vec![RowSums::EMPTY; at_once[0]],
            shared: Vec::new(),
            rows,
            samples,
            at_once,
            seed,
            slots,
        })
    }

    /// Evaluates the model at the parameters, in the order of the tensors.
    ///
    /// # Errors
    /// Returns an error if a weight is NaN.
    pub fn run<'t>(&mut self, parameters: impl Iterator<Item = &'t [f32]>) -> Result<EvaluationResult> {
        for (&slot, values) in self.slots.1.iter().zip(parameters) {
            self.program.set_input(slot, values)?;
        }
        let ([at_once, k], width) = (self.at_once, self.rows.width);
        let chunks = self.samples.div_ceil(k);
        let (mut elbo, mut variance, mut bound, mut bound_variance) = (0.0, 0.0, 0.0, 0.0);
        let predictive = self.score == Score::Predictive;
        for (run, x) in self.rows.values.chunks(at_once * width).enumerate() {
            // A last run with too few rows works on old ones besides, which do not count.
            self.x[..x.len()].copy_from_slice(x);
            self.program.set_input(self.slots.0, &self.x)?;
            let present = x.len() / width;
            self.sums.fill(RowSums::EMPTY);
            // Σ and Σ of squares, over samples, of the sums over rows.
            let mut together = [0.0; 2];
            self.shared.clear();
            for chunk in 0..chunks {
                let step = FIRST_EVALUATION_STEP + (run * chunks + chunk) as u64;
                self.program.run(self.seed, step);
                let wanted = k.min(self.samples - chunk * k);
                for sample in self.program.output(0).chunks(at_once).take(wanted) {
                    self.sums.iter_mut().zip(sample).for_each(|(row, &w)| row.add(f64::from(w)));
                    let sum: f64 = sample[..present].iter().map(|&w| f64::from(w)).sum();
                    together = [together[0] + sum, together[1] + sum * sum];
                    if predictive {
                        self.shared.extend(&sample[..present]);
                    }
                }
            }
            let count = self.samples as f64;
            let of_mean = |sum: f64, squares: f64| {
                (squares / count - (sum / count).powi(2)).max(0.0) / (count - 1.0).max(1.0)
            };
            let sums = &self.sums[..present];
            if predictive {
                variance += of_mean(together[0], together[1]);
                bound_variance += variance_together(&self.shared, sums, count);
            }
            for row in sums {
                elbo += row.sum / count;
                bound += row.log_mean(count);
                if !predictive {
                    variance += of_mean(row.sum, row.squares);
                    bound_variance += row.log_mean_variance(count);
                }
            }
        }
        let rows = self.rows.count() as f64;
        let judgement = EvaluationResult {
            elbo: elbo / rows,
            elbo_std_error: variance.sqrt() / rows,
            bound: (self.score != Score::Reward).then_some(bound / rows),
            bound_std_error: (self.score != Score::Reward).then_some(bound_variance.sqrt() / rows),
        };
        if !judgement.elbo.is_finite() {
            return Err(Error::NotFinite(format!("the held-out bound is {}", judgement.elbo)));
        }
        Ok(judgement)
    }
}

/// The variance of the sum over rows of log 1/K Σₖ wₖ, if all rows share their draws.
fn variance_together(log_weights: &[f32], rows: &[RowSums], count: f64) -> f64 {
    let relative = |(row, &log_weight): (&RowSums, &f32)| (f64::from(log_weight) - row.log_mean(count)).exp();
    let of_sample = |sample: &[f32]| rows.iter().zip(sample).map(relative).sum::<f64>();
    let mean = rows.len() as f64;
    let squares: f64 =
        log_weights.chunks(rows.len().max(1)).map(|sample| (of_sample(sample) - mean).powi(2)).sum();
    squares / count / (count - 1.0).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weights 1, 2, 6 of one row: w̄ = 3, and the sample variance of w / w̄ is 7/9, so that of its mean is 7/27.
    #[test]
    fn the_error_of_a_bound_by_hand() {
        let log_weights = [1.0_f32, 2.0, 6.0].map(f32::ln);
        for shift in [0.0, 700.0, -700.0] {
            let mut row = RowSums::EMPTY;
            log_weights.iter().for_each(|&w| row.add(f64::from(w) + shift));
            assert!((row.log_mean(3.0) - shift - 3.0_f64.ln()).abs() < 1e-6);
            assert!((row.log_mean_variance(3.0) - 7.0 / 27.0).abs() < 1e-6, "{shift}");
        }
        // Two rows of the same weights: together the error doubles, apart it grows by √2.
        let mut row = RowSums::EMPTY;
        log_weights.iter().for_each(|&w| row.add(f64::from(w)));
        let doubled: Vec<f32> = log_weights.iter().flat_map(|&w| [w, w]).collect();
        assert!((variance_together(&doubled, &[row, row], 3.0) - 28.0 / 27.0).abs() < 1e-6);
        assert!((variance_together(&log_weights, &[row], 3.0) - 7.0 / 27.0).abs() < 1e-6);
    }
}
