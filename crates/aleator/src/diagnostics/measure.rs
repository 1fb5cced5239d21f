//! The mean, the variance and the time of an estimator over independent replicates.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::blind::blind_sites;
use super::moments::{BLOCK, Moments};
use super::report::{Tensor, own_parameters};
use super::tails::{MOST_KEPT, tail};
use super::timing::{Contestant, Timing, time_in_turns};
use super::verdict::ROUNDING;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::program::{Estimate, Options, Program};
use crate::rewrite::{Estimator, Tuning};

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
    /// The standard error of the sum of the variances of all elements of the gradient; `None` if it is not known.
    pub variance_error: Option<f64>,
    /// The place of the first parameter whose estimates have tails so heavy that their variance may be infinite, with the tail index
    /// if it is known.
    pub heavy_tail: Option<(usize, Option<f64>)>,
    /// The wall-clock time of one estimate.
    pub timing: Timing,
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

/// The size in bytes of the programs that together wait in memory for their turns to be timed. What is beyond is compiled for each
/// turn.
const HELD_BYTES: usize = 1 << 30;
/// The approximate number of estimated numbers that are kept.
const KEPT_NUMBERS: usize = 1 << 20;
/// Timing may take this long, or half as long as the estimates took.
const TIMING: Duration = Duration::from_secs(1);

/// Runs independent estimates, measures their moments, and times them.
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
    let mut measured = vec![estimates(graph, plan, how, progress)?];
    time(&mut measured, &|_, _| {})?;
    Ok(measured.remove(0).measurement)
}

/// A plan whose estimates have been measured, and the program that computes them.
pub(super) struct Measured<'a> {
    pub(super) measurement: Measurement,
    graph: &'a Graph,
    plan: Vec<Arc<dyn Estimator>>,
    options: Options,
    /// The number of estimates per run; `None` for a program without noise.
    at_once: Option<usize>,
    replicates: usize,
    /// The replicate with which the next run begins.
    next: usize,
    /// How long the estimates took.
    took: Duration,
    /// Whether the program stays in memory between turns.
    stays: bool,
    program: Option<Program<f64>>,
}

impl Contestant for Measured<'_> {
    fn run(&mut self) -> Result<usize> {
        let Some(program) = &mut self.program else { return Ok(0) };
        let Some(at_once) = self.at_once else {
            program.run_step(0)?;
            return Ok(1);
        };
        program.run_replicates(0, self.next as u64)?;
        self.next = if self.next + 2 * at_once > self.replicates { 0 } else { self.next + at_once };
        Ok(at_once)
    }

    fn wake(&mut self) -> Result<()> {
        if self.program.is_none() {
            // Its own parameters do not matter: the same operations compute with others.
            self.program = Some(Program::compile(self.graph, &self.plan, &self.options)?);
            self.run()?;
        }
        Ok(())
    }

    fn rest(&mut self) {
        if !self.stays {
            self.program = None;
        }
    }
}

impl Measured<'_> {
    /// Keeps the program in memory if it fits beside others of `held` bytes, which are then more.
    pub(super) fn hold(mut self, held: &mut usize) -> Self {
        let bytes = held.saturating_add(self.program.as_ref().map_or(0, Program::buffer_bytes));
        self.stays = bytes <= HELD_BYTES;
        if self.stays {
            *held = bytes;
        }
        self.rest();
        self
    }
}

/// Times estimates that have been measured, in turns. `progress` is called with the number of finished rounds and of all rounds.
///
/// # Errors
/// As [`Program::run`].
pub(super) fn time(measured: &mut [Measured<'_>], progress: &dyn Fn(usize, usize)) -> Result<()> {
    let took: Duration = measured.iter().map(|m| m.took).sum();
    let mut all: Vec<&mut dyn Contestant> = measured.iter_mut().map(|m| m as &mut dyn Contestant).collect();
    let timings = time_in_turns(&mut all, TIMING.max(took / 2), progress)?;
    for (measured, timing) in measured.iter_mut().zip(timings) {
        measured.measurement.timing = timing;
    }
    Ok(())
}

/// Runs independent estimates and measures their moments. Their time is not known yet.
///
/// # Errors
/// As [`measure`].
pub(super) fn estimates<'a>(
    graph: &'a Graph,
    plan: &[Arc<dyn Estimator>],
    how: &Measure,
    progress: &dyn Fn(usize),
) -> Result<Measured<'a>> {
    let &Measure { replicates, tune: steps, .. } = how;
    let mut options = Options::new().seed(how.seed).tuning(Tuning::Held);
    if let Some(k) = how.samples {
        options = options.samples(k);
    }
    // How large is one estimate? The program without replicates tells.
    let single = Program::<f64>::compile(graph, plan, &options)?;
    if !single.is_random() {
        return without_noise(graph, plan, options, single, replicates, progress);
    }
    let numbers = (single.value_bytes() / 8 / 4).clamp(1, NUMBERS_PER_RUN);
    drop(single);
    let blind = blind_sites(graph, plan, &options)?;
    // A power of two, which divides the number of pilot estimates.
    let many = 1 << (NUMBERS_PER_RUN / numbers).clamp(1, MOST_AT_ONCE).ilog2();
    let at_once = many.min(replicates.max(1));
    let mut program = Program::<f64>::compile(graph, plan, &options.clone().replicates(at_once))?;
    if steps > 0 {
        tune(graph, plan, &options.clone().replicates(many.min(TUNING_REPLICATES)), steps, &mut program)?;
    }
    if program.own_params().next().is_some() {
        let pilot_options = options.clone().tuning(Tuning::Pilot).replicates(many);
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
    let took = start.elapsed();
    let heavy_tail = gathered.heavy_tail();
    let (objective, gradient, distances) = gathered.finish();
    let measurement = Measurement {
        variance_error: variance_error(&gradient, &distances, replicates as f64),
        objective,
        gradient,
        samples: program.samples(),
        evaluations: program.evaluations(),
        unbiased: program.is_unbiased() && blind.is_empty(),
        blind,
        own_parameters: own_parameters(&program),
        heavy_tail,
        timing: Timing { seconds: f64::NAN, spread: None },
    };
    let options = options.replicates(at_once);
    Ok(Measured {
        measurement,
        graph,
        plan: plan.to_vec(),
        options,
        at_once: Some(at_once),
        replicates,
        next: 0,
        took,
        stays: true,
        program: Some(program),
    })
}

/// Tunes the estimators' own parameters for some steps, with noise that no estimate uses, and hands them to a program.
///
/// # Errors
/// As [`Program::compile`] and [`Program::run`].
pub(super) fn tune(
    graph: &Graph,
    plan: &[Arc<dyn Estimator>],
    options: &Options,
    steps: usize,
    program: &mut Program<f64>,
) -> Result<()> {
    if program.own_params().next().is_none() {
        return Ok(());
    }
    let mut tuned = Program::<f64>::compile(graph, plan, &options.clone().tuning(Tuning::Tuned))?;
    if tuned.is_tuned() {
        for step in 0..steps as u64 {
            tuned.run_step(FIRST_TUNING_STEP + step).map_err(|e| while_tuning(step, e))?;
        }
        program.adopt_own_params(&tuned)?;
    }
    Ok(())
}

/// A program without noise is evaluated once.
fn without_noise<'a>(
    graph: &'a Graph,
    plan: &[Arc<dyn Estimator>],
    options: Options,
    mut program: Program<f64>,
    replicates: usize,
    progress: &dyn Fn(usize),
) -> Result<Measured<'a>> {
    let start = Instant::now();
    program.run_step(0)?;
    let took = start.elapsed();
    progress(replicates);
    let constant = |&x: &f64| Moments::constant(x, replicates);
    let measurement = Measurement {
        objective: constant(&program.objectives()[0]),
        gradient: (0..program.params().count())
            .map(|place| program.gradient_at(place).iter().map(constant).collect())
            .collect(),
        samples: program.samples(),
        evaluations: program.evaluations(),
        unbiased: program.is_unbiased(),
        blind: vec![],
        own_parameters: own_parameters(&program),
        variance_error: (replicates > 1).then_some(0.0),
        heavy_tail: None,
        timing: Timing { seconds: f64::NAN, spread: None },
    };
    Ok(Measured {
        measurement,
        graph,
        plan: plan.to_vec(),
        options,
        at_once: None,
        replicates,
        next: 0,
        took,
        stays: true,
        program: Some(program),
    })
}

/// The standard error of the total variance V = Σᵢ sᵢ² from n estimates.
///
/// With q = ‖g − E g‖², which has mean V, the unbiased sample variance of one coordinate has the variance
///
/// ```text
/// Var(s²) = (μ₄ − σ⁴)/n + 2 σ⁴/(n (n − 1)),     where μ₄ − σ⁴ = Var(q)
/// ```
///
/// (Kenney and Keeping). The second term matters only for few estimates, and is summed for all coordinates together, which is an
/// upper bound. The moments of q are those of the distances from a fixed centre, the mean of the first block of estimates.
fn variance_error(gradient: &[Vec<Moments>], distances: &Moments, n: f64) -> Option<f64> {
    let total: Option<f64> = gradient.iter().flatten().map(Moments::variance).sum();
    let (total, of_q) = (total?, distances.standard_error(n)?);
    Some(of_q.hypot(total * (2.0 / (n * (n - 1.0))).sqrt())).filter(|error| error.is_finite())
}

/// A buffer of estimates, which are added to the moments in blocks. The size of a block depends only on the parameters.
struct Gathered {
    /// The number of estimates in a full block.
    block: usize,
    /// The objective and gradients of the buffered estimates, one after another.
    objective: Vec<f64>,
    gradient: Vec<Vec<f64>>,
    moments: (Moments, Vec<Vec<Moments>>),
    /// The mean gradient of the first block.
    centre: Vec<Vec<f64>>,
    /// The squared distances of the gradients from the centre.
    distances: Moments,
    /// The first estimates of each element, as many as are enough to see heavy tails.
    kept: Vec<Vec<Vec<f64>>>,
    most_kept: usize,
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
            centre: vec![],
            distances: Moments::default(),
            kept: sizes.iter().map(|&n| vec![vec![]; n]).collect(),
            most_kept: (KEPT_NUMBERS / numbers.max(1)).min(MOST_KEPT),
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
        let mut distances = vec![0.0; self.objective.len()];
        objective.add(self.objective.drain(..));
        for (place, (waiting, moments)) in self.gradient.iter_mut().zip(gradient).enumerate() {
            let size = moments.len();
            for (i, m) in moments.iter_mut().enumerate() {
                m.add(waiting.iter().skip(i).step_by(size).copied());
                let kept = &mut self.kept[place][i];
                let room = self.most_kept - kept.len();
                kept.extend(waiting.iter().skip(i).step_by(size).take(room));
            }
            if self.centre.len() == place {
                self.centre.push(moments.iter().map(|m| m.mean).collect());
            }
            let centre = &self.centre[place];
            for (distance, estimate) in distances.iter_mut().zip(waiting.chunks(size.max(1))) {
                *distance += estimate.iter().zip(centre).map(|(g, c)| (g - c) * (g - c)).sum::<f64>();
            }
            waiting.clear();
        }
        self.distances.add(distances.into_iter());
    }

    /// The first parameter with a heavy tail. What varies by rounding alone has none.
    fn heavy_tail(&mut self) -> Option<(usize, Option<f64>)> {
        self.flush();
        let heavy = |(m, kept): (&Moments, &Vec<f64>)| {
            let varies = m.standard_deviation().is_some_and(|s| s > ROUNDING * m.mean.abs());
            let (index, heavy) = if varies { tail(m.mean, kept) } else { (None, false) };
            heavy.then_some(index)
        };
        self.moments.1.iter().zip(&self.kept).enumerate().find_map(|(place, (moments, kept))| {
            moments.iter().zip(kept).find_map(heavy).map(|index| (place, index))
        })
    }

    fn finish(mut self) -> (Moments, Vec<Vec<Moments>>, Moments) {
        self.flush();
        let (objective, gradient) = self.moments;
        (objective, gradient, self.distances)
    }
}

/// Adds the tuning step to an error.
fn while_tuning(step: u64, error: Error) -> Error {
    match error {
        Error::NotFinite(what) => Error::NotFinite(format!("at step {step} of tuning, {what}")),
        other => other,
    }
}
