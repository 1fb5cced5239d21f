//! The mean and the variance of an estimator over independent replicates.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::blind::blind_sites;
use super::report::{Tensor, own_parameters};
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::program::{Estimate, Options, Program};
use crate::rewrite::{Estimator, Tuning};

/// The mean and the sum of squared deviations of many numbers, updated block by block (Chan, Golub and LeVeque).
///
/// Squares of numbers beyond 10^±154 overflow or underflow. Such sums are stored in units of a power of two, which causes no
/// rounding.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moments {
    count: f64,
    /// The mean of all numbers so far.
    pub mean: f64,
    squares: Squares,
}

/// Σ (x − mean)² in units of 4^exponent; the exponent is 0 if squares lie within [`SAFE`].
#[derive(Clone, Copy, Debug, Default)]
struct Squares {
    sum: f64,
    exponent: i32,
}

/// The size of a block, so that two passes over it stay in the first-level cache.
const BLOCK: usize = 512;
/// The number of parallel sums. It is fixed, so that the order of additions does not depend on the width of vector registers.
const LANES: usize = 8;
/// A sum of squares in this range has no significant underflow, and many of them can be added without overflow.
const SAFE: std::ops::Range<f64> = 1e-240..1e240;

impl Squares {
    /// The same sum in other units.
    fn rescaled(self, exponent: i32) -> f64 {
        let by = power_of_two(self.exponent - exponent);
        // Nothing in units that are too large is nothing.
        if self.sum == 0.0 { 0.0 } else { self.sum * by * by }
    }

    /// The units in which the sum is near 1; `None` if it is 0.
    fn own_exponent(self) -> Option<i32> {
        (self.sum > 0.0).then(|| self.exponent + exponent_of(self.sum) / 2)
    }
}

impl Moments {
    /// Adds numbers.
    pub fn add(&mut self, numbers: impl Iterator<Item = f64>) {
        let (mut block, mut filled) = ([0.0; BLOCK], 0);
        for x in numbers {
            block[filled] = x;
            filled += 1;
            if filled == BLOCK {
                self.add_block(&block);
                filled = 0;
            }
        }
        self.add_block(&block[..filled]);
    }

    /// Numbers are taken relative to the first one, so that equal numbers have a variance of exactly 0.
    fn add_block(&mut self, block: &[f64]) {
        let Some(&first) = block.first() else { return };
        let n = block.len() as f64;
        let (mean, squares) = moments_of_block(block);
        if SAFE.contains(&squares) {
            return self.merge(n, mean, Squares { sum: squares, exponent: 0 });
        }
        let largest = block.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
        // The largest passes over NaN, which the mean has.
        if block.iter().all(|&x| x == first) || mean.is_nan() || !largest.is_finite() {
            return self.merge(n, mean, Squares { sum: squares, exponent: 0 });
        }
        // Two numbers that differ do so by 10⁻¹⁶ of the largest at least.
        let exponent = exponent_of(largest);
        let (down, up) = (power_of_two(-exponent), power_of_two(exponent));
        let mut scaled = [0.0; BLOCK];
        scaled.iter_mut().zip(block).for_each(|(to, x)| *to = x * down);
        let (mean, sum) = moments_of_block(&scaled[..block.len()]);
        self.merge(n, mean * up, Squares { sum, exponent });
    }

    /// Adds the moments of `n` other numbers.
    fn merge(&mut self, n: f64, mean: f64, squares: Squares) {
        if self.count == 0.0 {
            *self = Moments { count: n, mean, squares };
            return;
        }
        let (delta, total) = (mean - self.mean, self.count + n);
        if !delta.is_finite() {
            // An infinite mean stays, two opposite ones or a NaN give NaN; there is no variance.
            let squares = Squares { sum: f64::NAN, exponent: 0 };
            *self = Moments { count: total, mean: self.mean + mean, squares };
            return;
        }
        let old = self.squares;
        let sum = old.sum + squares.sum + delta * delta * self.count * n / total;
        let nothing = old.sum == 0.0 && squares.sum == 0.0 && delta == 0.0;
        self.squares = if old.exponent == 0 && squares.exponent == 0 && (nothing || SAFE.contains(&sum)) {
            Squares { sum, exponent: 0 }
        } else {
            let of_means = (delta != 0.0).then(|| exponent_of(delta.abs()));
            let all = [old.own_exponent(), squares.own_exponent(), of_means];
            let exponent = all.into_iter().flatten().max().unwrap_or(0);
            let delta = delta * power_of_two(-exponent);
            let between = delta * delta * self.count * n / total;
            Squares { sum: old.rescaled(exponent) + squares.rescaled(exponent) + between, exponent }
        };
        self.mean += delta * n / total;
        self.count = total;
    }

    /// The moments of a constant.
    fn constant(number: f64, count: usize) -> Self {
        let sum = if number.is_finite() { 0.0 } else { f64::NAN };
        Moments { count: count as f64, mean: number, squares: Squares { sum, exponent: 0 } }
    }

    /// The unbiased sample variance; `None` for fewer than two numbers. It may underflow or overflow where the standard deviation
    /// does not.
    pub fn variance(&self) -> Option<f64> {
        let unit = power_of_two(self.squares.exponent);
        (self.count > 1.0).then(|| self.squares.sum / (self.count - 1.0) * unit * unit)
    }

    /// The square root of the variance; `None` for fewer than two numbers.
    pub fn standard_deviation(&self) -> Option<f64> {
        self.root_of_variance_by(1.0)
    }

    /// The standard error of the mean of `n` such numbers; `None` for fewer than two numbers.
    pub fn standard_error(&self, n: f64) -> Option<f64> {
        self.root_of_variance_by(n)
    }

    fn root_of_variance_by(&self, n: f64) -> Option<f64> {
        let Squares { sum, exponent } = self.squares;
        (self.count > 1.0).then(|| (sum / (self.count - 1.0) / n).sqrt() * power_of_two(exponent))
    }
}

/// The mean and the sum of squared deviations.
fn moments_of_block(block: &[f64]) -> (f64, f64) {
    let first = if block[0].is_finite() { block[0] } else { 0.0 };
    let offset = sum_by_lanes(block, |x| x - first) / block.len() as f64;
    let squares = sum_by_lanes(block, |x| (x - first - offset) * (x - first - offset));
    (first + offset, squares)
}

/// A power of two near a positive number, limited to those whose inverse is a normal number.
fn exponent_of(x: f64) -> i32 {
    x.log2().floor().clamp(-1020.0, 1020.0) as i32
}

/// 2^exponent, or 0 if it underflows.
fn power_of_two(exponent: i32) -> f64 {
    f64::exp2(f64::from(exponent))
}

/// Σ f(x)
fn sum_by_lanes(x: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0; LANES];
    let rows = x.chunks_exact(LANES);
    let rest: f64 = rows.remainder().iter().map(|&x| f(x)).sum();
    for row in rows {
        lanes.iter_mut().zip(row).for_each(|(lane, &x)| *lane += f(x));
    }
    lanes.iter().sum::<f64>() + rest
}

/// The measurements of a plan over replicates.
pub struct Measurement {
    /// The moments of the objective.
    pub objective: Moments,
    /// The moments of each element of the gradient, by parameter.
    pub gradient: Vec<Vec<Moments>>,
    /// K, the number of samples per estimate.
    pub samples: usize,
    /// The number of cost evaluations per estimate.
    pub evaluations: usize,
    /// Whether every estimator is unbiased.
    pub unbiased: bool,
    /// The sites with an outcome whose probability is 0 with a nonzero derivative, and that the estimator never draws.
    pub blind: Vec<String>,
    /// The values of the estimators' own parameters, by name.
    pub own_parameters: BTreeMap<String, Tensor>,
    /// The wall-clock time per estimate, in seconds.
    pub seconds_per_estimate: f64,
}

/// The settings of a measurement.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// K, the number of samples per estimate; `None` for the smallest number that the plan accepts.
    pub samples: Option<usize>,
    /// R, the number of independent estimates.
    pub replicates: usize,
    /// The number of steps by which the estimators' own parameters are tuned before the measurement, with separate noise.
    pub tune: usize,
    /// The seed of all noise.
    pub seed: u64,
}

/// The approximate number of operations per run: small enough for the caches, and large enough to amortise the overhead of a run.
const NUMBERS_PER_RUN: usize = 1 << 18;
/// The largest number of estimates per run.
const MOST_AT_ONCE: usize = 1 << 13;
/// The number of estimates over which a tuning step averages.
const TUNING_REPLICATES: usize = 32;
/// The number of estimates from which optimal baselines are computed.
const PILOT_REPLICATES: usize = 1 << 15;
/// The first step of the noise for tuning. Pilot runs start at twice this step. Both differ from the steps of the estimates.
const FIRST_TUNING_STEP: u64 = 1 << 44;

/// Programs that take less time are timed over many runs.
const SHORT: Duration = Duration::from_millis(5);

/// Runs independent estimates and measures their moments.
///
/// The noise of replicate r is a function of seed and r, and moments are updated in blocks whose size depends only on the
/// parameters of the graph. Results do not depend on the number of estimates per run, which depends on the size of the program.
/// Two estimators therefore use the same noise, and equal estimates have bitwise equal moments.
///
/// # Errors
/// As [`Program::compile`] and [`Program::run`].
pub fn measure(
    graph: &Graph,
    plan: &[Arc<dyn Estimator>],
    how: &Measure,
    progress: &dyn Fn(usize),
) -> Result<Measurement> {
    let &Measure { replicates, tune, .. } = how;
    let mut options = Options::new().seed(how.seed).tuning(Tuning::Held);
    if let Some(k) = how.samples {
        options = options.samples(k);
    }
    // How large is one estimate? The program without replicates tells.
    let single = Program::<f64>::compile(graph, plan, &options)?;
    if !single.is_random() {
        return without_noise(single, replicates, progress);
    }
    let numbers = (single.value_bytes() / 8 / 4).clamp(1, NUMBERS_PER_RUN);
    drop(single);
    let blind = blind_sites(graph, plan, &options)?;
    // A power of two, which divides the number of pilot estimates.
    let many = 1 << (NUMBERS_PER_RUN / numbers).clamp(1, MOST_AT_ONCE).ilog2();
    let at_once = many.min(replicates.max(1));
    let mut program = Program::<f64>::compile(graph, plan, &options.clone().replicates(at_once))?;
    if tune > 0 && program.own_params().next().is_some() {
        let many = many.min(TUNING_REPLICATES);
        let mut tuned =
            Program::<f64>::compile(graph, plan, &options.clone().tuning(Tuning::Tuned).replicates(many))?;
        if tuned.is_tuned() {
            for step in 0..tune as u64 {
                tuned.run_step(FIRST_TUNING_STEP + step).map_err(|e| while_tuning(step, e))?;
            }
            program.adopt_own_params(&tuned)?;
        }
    }
    if program.own_params().next().is_some() {
        let pilot_options = options.tuning(Tuning::Pilot).replicates(many);
        let mut pilot = Program::<f64>::compile(graph, plan, &pilot_options)?;
        if pilot.is_tuned() {
            pilot.adopt_own_params(&program)?;
            for first in (0..PILOT_REPLICATES).step_by(many) {
                pilot.run_replicates(2 * FIRST_TUNING_STEP, first as u64)?;
            }
            program.adopt_own_params(&pilot)?;
        }
    }
    let sizes: Vec<usize> = program.params().map(|(_, shape)| shape.numel()).collect();
    let mut gathered = Gathered::new(&sizes);
    let start = Instant::now();
    let mut done = 0;
    while done < replicates {
        let now = at_once.min(replicates - done);
        gathered.add(&program.run_replicates(0, done as u64)?, now);
        done += now;
        progress(done);
    }
    let (objective, gradient) = gathered.finish();
    Ok(Measurement {
        objective,
        gradient,
        samples: program.samples(),
        evaluations: program.evaluations(),
        unbiased: program.is_unbiased() && blind.is_empty(),
        blind,
        own_parameters: own_parameters(&program),
        seconds_per_estimate: start.elapsed().as_secs_f64() / replicates.max(1) as f64,
    })
}

/// A program without noise is evaluated once, and again only if one evaluation is too short to be timed.
fn without_noise(
    mut program: Program<f64>,
    replicates: usize,
    progress: &dyn Fn(usize),
) -> Result<Measurement> {
    let start = Instant::now();
    let mut runs = 0;
    while runs == 0 || runs < replicates && start.elapsed() < SHORT {
        program.run_step(0)?;
        runs += 1;
    }
    let seconds_per_estimate = start.elapsed().as_secs_f64() / runs as f64;
    progress(replicates);
    let constant = |&x: &f64| Moments::constant(x, replicates);
    Ok(Measurement {
        objective: constant(&program.objectives()[0]),
        gradient: (0..program.params().count())
            .map(|place| program.gradient_at(place).iter().map(constant).collect())
            .collect(),
        samples: program.samples(),
        evaluations: program.evaluations(),
        unbiased: program.is_unbiased(),
        blind: vec![],
        own_parameters: own_parameters(&program),
        seconds_per_estimate,
    })
}

/// A buffer of estimates, which are added to the moments in blocks. The size of a block depends only on the parameters.
struct Gathered {
    /// The number of estimates in a full block.
    block: usize,
    /// The objective and gradients of the buffered estimates, one after another.
    objective: Vec<f64>,
    gradient: Vec<Vec<f64>>,
    moments: (Moments, Vec<Vec<Moments>>),
}

impl Gathered {
    /// Creates the buffer for parameters of these sizes.
    fn new(sizes: &[usize]) -> Self {
        let numbers: usize = sizes.iter().sum();
        Gathered {
            block: (NUMBERS_PER_RUN / numbers.max(1)).clamp(1, BLOCK),
            objective: vec![],
            gradient: vec![vec![]; sizes.len()],
            moments: (Moments::default(), sizes.iter().map(|&n| vec![Moments::default(); n]).collect()),
        }
    }

    /// Adds the first `count` replicates of a run.
    fn add(&mut self, estimate: &Estimate<'_>, count: usize) {
        let mut done = 0;
        while done < count {
            let next = count.min(done + self.block - self.objective.len());
            self.objective.extend_from_slice(&estimate.objectives()[done..next]);
            for (place, (waiting, moments)) in self.gradient.iter_mut().zip(&self.moments.1).enumerate() {
                let size = moments.len();
                waiting.extend_from_slice(&estimate.gradient_at(place)[done * size..next * size]);
            }
            if self.objective.len() == self.block {
                self.flush();
            }
            done = next;
        }
    }

    /// Adds the buffered estimates to the moments.
    fn flush(&mut self) {
        let (objective, gradient) = &mut self.moments;
        objective.add(self.objective.drain(..));
        for (waiting, moments) in self.gradient.iter_mut().zip(gradient) {
            let size = moments.len();
            for (i, m) in moments.iter_mut().enumerate() {
                m.add(waiting.iter().skip(i).step_by(size).copied());
            }
            waiting.clear();
        }
    }

    fn finish(mut self) -> (Moments, Vec<Vec<Moments>>) {
        self.flush();
        self.moments
    }
}

/// Adds the tuning step to an error.
fn while_tuning(step: u64, error: Error) -> Error {
    match error {
        Error::NotFinite(what) => Error::NotFinite(format!("at step {step} of tuning, {what}")),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(batches: &[&[f64]]) -> Moments {
        let mut moments = Moments::default();
        batches.iter().for_each(|b| moments.add(b.iter().copied()));
        moments
    }

    #[test]
    fn batches_do_not_matter() {
        let whole = moments(&[&[1.0, 4.0, 2.0, 8.0]]);
        let parts = moments(&[&[1.0], &[], &[4.0, 2.0], &[8.0]]);
        assert!((whole.mean - 3.75).abs() < 1e-15 && (parts.mean - 3.75).abs() < 1e-15);
        assert!((whole.variance().unwrap() - 28.75 / 3.0).abs() < 1e-14);
        assert!((parts.variance().unwrap() - 28.75 / 3.0).abs() < 1e-14);
    }

    /// Scaling by a power of two changes the exponents and no other bits.
    #[test]
    fn units_do_not_matter() {
        let numbers: Vec<f64> = (0..2000).map(|i| f64::from(i * 7919 % 1009) / 17.0 - 20.0).collect();
        let of = |unit: f64, first: usize| {
            let scaled: Vec<f64> = numbers.iter().map(|x| x * unit).collect();
            moments(&[&scaled[..first], &scaled[first..]])
        };
        let expected = of(1.0, 3);
        let error = expected.standard_error(2000.0).unwrap();
        assert_eq!(error, (expected.variance().unwrap() / 2000.0).sqrt());
        for exponent in [-1000, -700, -480, -400, -60, 1, 100, 400, 480, 700, 1010] {
            let (unit, scaled) = (power_of_two(exponent), of(power_of_two(exponent), 3));
            assert_eq!(scaled.mean, expected.mean * unit, "2^{exponent}");
            let ratio = scaled.standard_error(2000.0).unwrap() / unit / error;
            assert!((ratio - 1.0).abs() < 1e-14, "2^{exponent}: {ratio}");
        }
        // Numbers of all sizes together: the largest decide.
        for (a, b) in [(1e-200, 1e200), (1e200, 1e-200), (1.0, 1e-300), (1e-170, 1e-160)] {
            let mixed = moments(&[&[a, 2.0 * a], &[b, 2.0 * b], &[0.0]]);
            let unit = a.max(b);
            let parts = [a, 2.0 * a, b, 2.0 * b, 0.0].map(|x| x / unit);
            let deviation = moments(&[&parts]).standard_deviation().unwrap() * unit;
            let ratio = mixed.standard_deviation().unwrap() / deviation;
            assert!((ratio - 1.0).abs() < 1e-14, "{a}, {b}: {ratio}");
        }
    }

    #[test]
    fn equal_numbers_have_no_variance() {
        let same = moments(&[&[0.1; 7], &[0.1; 1000]]);
        assert_eq!((same.mean, same.variance()), (0.1, Some(0.0)));
        let same = moments(&[&[1e-300; 7], &[1e-300; 1000], &[1e-300]]);
        assert_eq!((same.mean, same.standard_deviation()), (1e-300, Some(0.0)));
        assert_eq!(moments(&[&[0.1]]).variance(), None);
    }

    #[test]
    fn infinities_are_kept() {
        let inf = f64::INFINITY;
        assert_eq!(moments(&[&[1.0, inf], &[2.0]]).mean, inf);
        assert_eq!(moments(&[&[-inf], &[2.0, 1.0]]).mean, -inf);
        assert!(moments(&[&[-inf], &[inf]]).mean.is_nan());
        assert!(moments(&[&[f64::NAN], &[2.0]]).mean.is_nan());
    }
}
