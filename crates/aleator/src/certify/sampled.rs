//! The mean of an estimate as sampled, beside the exact gradient or another plan.
//!
//! Estimates are drawn until every coordinate is decided or the budget ends. At each look, the interval of the bias
//!
//! ```text
//! mean of ĝ − ∇J                    if the gradient is known
//! mean of ĝ − ĝ'                    otherwise, ĝ' the estimate of another plan from the same seed (common random numbers)
//! ```
//!
//! certifies a coordinate if it lies within ± bound × scale, and refutes it if it excludes 0. A decision stands: the intervals of all
//! looks hold together (see [`sequential`](super::sequential)).

use std::time::Instant;

use super::certificate::{CoordinateCertificate, Obstacle, PlanCertificate, Standing, Tails};
use super::rare::{Rarest, rarest_of};
use super::sequential::{FIRST_LOOK, Interval, Looks, Powers};
use super::tails::tails;
use super::truth::{ROUNDING, WithError};
use crate::diagnostics::{MOST_KEPT, Number, origin_or_advice};
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::plan::Plan;
use crate::program::{Options, Program};
use crate::rewrite::Tuning;

/// What the mean is compared with.
pub(super) enum Reference<'a> {
    /// The exact objective and gradient.
    Exact(&'a [WithError]),
    /// The estimates of another plan.
    Plan(&'a Plan),
    /// The mean 0 of a score. The coordinates for which this is false do not move the site, and are 0. The scale is the spread of the score.
    Zero(Vec<bool>),
    /// Nothing.
    Nothing,
}

/// How much is sampled, and how sure the result must be.
pub(super) struct Sampling {
    /// The probability that any interval is wrong.
    pub error: f64,
    /// The number of coordinates of the gradient.
    pub coordinates: usize,
    /// The bound of the bias, relative to the scale.
    pub bias_bound: f64,
    /// When sampling ends.
    pub end: Instant,
    /// The largest number of estimates.
    pub most: u64,
    /// The seed of all noise.
    pub seed: u64,
}

/// The approximate number of bytes of a run.
const BYTES_PER_RUN: usize = 1 << 24;
/// The largest number of estimates of a run.
const MOST_AT_ONCE: usize = 1024;
/// The approximate number of estimated numbers that are kept, and of those of a block.
const MOST_NUMBERS: usize = 1 << 22;
/// From this number of estimates on, sampling ends if more than this multiple of the largest number would be needed.
const HOPELESS_FROM: u64 = 1 << 16;
const HOPELESS: f64 = 16.0;
/// The largest number of looks, so that numbers of estimates do not overflow.
const MOST_LOOKS: u32 = 40;

/// A program that computes several estimates at once.
struct Estimates {
    program: Program<f64>,
    at_once: usize,
}

impl Estimates {
    fn new(graph: &Graph, plan: &Plan, samples: usize, seed: u64) -> Result<Self> {
        let options = Options::new().seed(seed).samples(samples).tuning(Tuning::Held);
        let single = Program::<f64>::compile(graph, &plan.estimators, &options)?;
        let at_once = (BYTES_PER_RUN / single.value_bytes().max(1)).clamp(1, MOST_AT_ONCE);
        // A power of two divides the number of estimates of a look.
        let at_once = 1 << at_once.ilog2();
        let program = Program::<f64>::compile(graph, &plan.estimators, &options.replicates(at_once))?;
        Ok(Estimates { program, at_once })
    }

    /// Calls `visit` with the objective and the gradients of each estimate from `first` on, `count` of them.
    fn run(&mut self, first: u64, count: u64, visit: &mut dyn FnMut(usize, f64, &[f64])) -> Result<()> {
        let sizes: Vec<usize> = self.program.params().map(|(_, shape)| shape.numel()).collect();
        let mut here = vec![0.0; sizes.iter().sum()];
        for from in (0..count).step_by(self.at_once) {
            self.program.run_replicates(0, first + from)?;
            for row in 0..self.at_once.min((count - from) as usize) {
                let mut at = 0;
                for (place, &size) in sizes.iter().enumerate() {
                    let gradient = self.program.gradient_at(place);
                    here[at..at + size].copy_from_slice(&gradient[row * size..(row + 1) * size]);
                    at += size;
                }
                visit(from as usize + row, self.program.objectives()[row], &here);
            }
        }
        Ok(())
    }
}

/// What is known so far.
struct State<'a> {
    /// An outcome that is too rare for so many estimates.
    unseen: Option<&'a Rarest>,
    /// The number of estimates, and the last look.
    done: u64,
    last: Option<u32>,
    objective: Powers,
    /// The estimates, the references, and their differences, by coordinate.
    estimate: Vec<Powers>,
    reference: Vec<Powers>,
    bias: Vec<Powers>,
    /// Some estimates and differences of each coordinate.
    kept: [Vec<Vec<f64>>; 2],
    /// The tails at the last look, and whether those of the differences are heavy too.
    tails: Option<(Tails, bool)>,
    decided: Vec<Option<(Standing, Interval)>>,
}

/// Samples estimates and fills in what follows from them.
///
/// # Errors
/// As [`Program::compile`] and [`Program::run`].
pub(super) fn sample(
    graph: &Graph,
    plan: &Plan,
    samples: usize,
    reference: &Reference<'_>,
    how: &Sampling,
    certificate: &mut PlanCertificate,
) -> Result<()> {
    let mut estimates = Estimates::new(graph, plan, samples, how.seed)?;
    let mut others = match reference {
        Reference::Plan(other) => {
            certificate.reference = other.name();
            Some(Estimates::new(graph, other, samples.max(other.min_samples()), how.seed)?)
        }
        Reference::Exact(_) | Reference::Zero(_) => None,
        Reference::Nothing => {
            certificate.reference = "nothing: no other unbiased estimator fits".into();
            None
        }
    };
    let n = how.coordinates;
    let mut rarest = rarest_of(graph, &plan.estimators, samples, how.seed)?;
    if let Reference::Plan(other) = reference {
        let of_other = rarest_of(graph, &other.estimators, samples.max(other.min_samples()), how.seed)?;
        rarest = rarest.into_iter().chain(of_other).min_by(|a, b| a.probability.total_cmp(&b.probability));
    }
    let mut state = State {
        unseen: None,
        done: 0,
        last: None,
        objective: Powers::default(),
        estimate: vec![Powers::default(); n],
        reference: vec![Powers::default(); n],
        bias: vec![Powers::default(); n],
        kept: [vec![Vec::new(); n], vec![Vec::new(); n]],
        tails: None,
        decided: vec![None; n],
    };
    if let Reference::Zero(moves) = reference {
        let nothing = Interval { low: 0.0, high: 0.0, holds: true };
        let still = moves.iter().map(|moves| (!moves).then_some((Standing::Certified, nothing)));
        state.decided = still.collect();
    }
    let looks = Looks { error: how.error, coordinates: n.max(1) };
    for look in 0..MOST_LOOKS {
        let target = FIRST_LOOK << look;
        if target > how.most && look > 0 {
            break;
        }
        let range = state.done..target;
        if !draw(graph, &mut estimates, others.as_mut(), reference, how, range, &mut state)? {
            break;
        }
        state.done = target;
        state.last = Some(look);
        state.unseen =
            rarest.as_ref().filter(|rare| rare.probability * (target as f64) < looks.sightings(look));
        let of_estimate = tails(&state.estimate, &state.kept[0]);
        let heavy = of_estimate.heavy || tails(&state.bias, &state.kept[1]).heavy;
        state.tails = Some((of_estimate, heavy));
        if state.unseen.is_some() || heavy {
            continue;
        }
        let scales = scales(graph, reference, &state);
        for (i, scale) in scales.iter().enumerate() {
            let interval = looks.interval(look, &state.bias[i]);
            if state.decided[i].is_none() && interval.holds && !matches!(reference, Reference::Nothing) {
                let slack = ROUNDING * (state.estimate[i].mean.abs() + state.objective.mean.abs())
                    + error_of(reference, i);
                let bound = how.bias_bound * scale;
                let excluded = interval.low > slack || interval.high < -slack;
                let within = interval.low >= -bound && interval.high <= bound;
                let standing =
                    if excluded { Some(Standing::Refuted) } else { within.then_some(Standing::Certified) };
                state.decided[i] = standing.map(|standing| (standing, interval));
            }
        }
        let refuted = state.decided.iter().flatten().any(|(standing, _)| *standing == Standing::Refuted);
        let hopeless =
            target >= HOPELESS_FROM && needed(how, &looks, &state, &scales) > HOPELESS * how.most as f64;
        if refuted || hopeless || state.decided.iter().all(Option::is_some) {
            break;
        }
    }
    finish(graph, reference, how, &looks, &state, certificate);
    Ok(())
}

/// Draws the estimates of a range; `false` if the time is over. What was drawn of the range before does not count then.
fn draw(
    graph: &Graph,
    estimates: &mut Estimates,
    others: Option<&mut Estimates>,
    reference: &Reference<'_>,
    how: &Sampling,
    range: std::ops::Range<u64>,
    state: &mut State<'_>,
) -> Result<bool> {
    let n = how.coordinates;
    let mut others = others;
    // The first look is always taken.
    let always = state.last.is_none();
    // Powers of two, which divide the number of estimates of a look.
    let block = 1u64 << (MOST_NUMBERS / n.max(1)).clamp(1, MOST_AT_ONCE).ilog2();
    let most_kept = (MOST_NUMBERS / n.max(1)).min(MOST_KEPT);
    let before = (state.objective, state.estimate.clone(), state.reference.clone(), state.bias.clone());
    for first in range.step_by(block as usize) {
        if !always && Instant::now() > how.end {
            (state.objective, state.estimate, state.reference, state.bias) = before;
            return Ok(false);
        }
        let mut references = vec![0.0; block as usize * n];
        match (&mut others, reference) {
            (Some(others), _) => {
                others.run(first, block, &mut |row, _, g| {
                    references[row * n..(row + 1) * n].copy_from_slice(g)
                })?;
            }
            (None, Reference::Exact(truth)) => {
                for row in references.chunks_mut(n.max(1)) {
                    row.iter_mut().zip(&truth[1..]).for_each(|(to, (x, _))| *to = *x);
                }
            }
            (None, _) => {}
        }
        let mut finite = true;
        estimates.run(first, block, &mut |row, objective, gradient| {
            state.objective.add(objective);
            for (i, &g) in gradient.iter().enumerate() {
                let reference = references[row * n + i];
                finite &= g.is_finite() && reference.is_finite();
                state.estimate[i].add(g);
                state.reference[i].add(reference);
                state.bias[i].add(g - reference);
                if state.kept[0][i].len() < most_kept {
                    state.kept[0][i].push(g);
                    state.kept[1][i].push(g - reference);
                }
            }
        })?;
        if !finite {
            let origin = origin_or_advice(graph, how.seed);
            return Err(Error::NotFinite(format!("an estimate of the gradient is not finite; {origin}")));
        }
    }
    Ok(true)
}

/// The number of estimates that would decide all coordinates, as far as the sample tells.
fn needed(how: &Sampling, looks: &Looks, state: &State<'_>, scales: &[f64]) -> f64 {
    let Some(look) = state.last else { return f64::INFINITY };
    let of_each = |i: usize| {
        let interval = looks.interval(look, &state.bias[i]);
        let half = 0.5 * (interval.high - interval.low);
        let by_width = state.done as f64 * (half / (how.bias_bound * scales[i])).powi(2);
        by_width.max(looks.enough(look, &state.bias[i]))
    };
    let open = (0..how.coordinates).filter(|&i| state.decided[i].is_none());
    let by_coordinates = open.map(of_each).fold(0.0, f64::max);
    let by_outcomes = state.unseen.map_or(0.0, |rare| looks.sightings(look) / rare.probability);
    by_coordinates.max(by_outcomes)
}

/// The error bound of the reference.
fn error_of(reference: &Reference<'_>, coordinate: usize) -> f64 {
    match reference {
        Reference::Exact(truth) => truth[coordinate + 1].1,
        Reference::Plan(_) | Reference::Zero(_) | Reference::Nothing => 0.0,
    }
}

/// For each coordinate, the largest gradient of its parameter, or the spread of the cost where that is 0.
fn scales(graph: &Graph, reference: &Reference<'_>, state: &State<'_>) -> Vec<f64> {
    let spread = state.objective.variance().sqrt();
    let mut scales = Vec::new();
    for param in graph.params() {
        let here = scales.len()..scales.len() + param.shape.numel();
        let size = |i: usize| match reference {
            Reference::Exact(truth) => truth[i + 1].0.abs(),
            Reference::Plan(_) => state.reference[i].mean.abs(),
            Reference::Zero(_) => state.estimate[i].variance().sqrt(),
            Reference::Nothing => state.estimate[i].mean.abs(),
        };
        let largest = here.clone().map(size).fold(0.0, f64::max);
        let scale = [largest, spread, 1.0].into_iter().find(|&x| x > 0.0).unwrap_or(1.0);
        scales.extend(here.map(|_| scale));
    }
    scales
}

/// Fills in what follows.
fn finish(
    graph: &Graph,
    reference: &Reference<'_>,
    how: &Sampling,
    looks: &Looks,
    state: &State<'_>,
    certificate: &mut PlanCertificate,
) {
    let scales = scales(graph, reference, state);
    let needed = needed(how, looks, state, &scales);
    let coordinate = |i: usize| {
        let unknown = Interval { low: f64::NEG_INFINITY, high: f64::INFINITY, holds: false };
        let now = state.last.map_or(unknown, |look| looks.interval(look, &state.bias[i]));
        let (verdict, interval) = state.decided[i].unwrap_or((Standing::Undecided, now));
        CoordinateCertificate {
            verdict,
            mean: Number(state.estimate[i].mean),
            reference: Number(state.reference[i].mean),
            bias: [Number(interval.low), Number(interval.high)],
            scale: Number(scales[i]),
        }
    };
    let mut all = (0..how.coordinates).map(coordinate).collect::<Vec<_>>().into_iter();
    for param in graph.params() {
        let own = all.by_ref().take(param.shape.numel()).collect();
        certificate.gradient.insert(param.name.clone(), own);
    }
    certificate.verdict =
        certificate.gradient.values().flatten().map(|c| c.verdict).max().unwrap_or(Standing::Certified);
    certificate.replicates = state.done;
    if let Some(Rarest { site, probability }) = state.unseen {
        certificate.why_undecided = Some(format!(
            "an outcome of `{site}` has a probability of {probability:.1e}, which is too rare for so many estimates"
        ));
    }
    let known = needed.is_finite() && needed > 0.0 && !matches!(reference, Reference::Nothing);
    certificate.needed = (certificate.verdict == Standing::Undecided && known)
        .then_some(needed.max(state.done as f64).ceil() as u64);
    if certificate.verdict == Standing::Undecided {
        let open = || (0..how.coordinates).filter(|&i| state.decided[i].is_none());
        let holds = |i| state.last.is_some_and(|look| looks.interval(look, &state.bias[i]).holds);
        certificate.obstacle = Some(match state.tails {
            _ if matches!(reference, Reference::Nothing) => Obstacle::NoReference,
            _ if state.unseen.is_some() => Obstacle::RareOutcome,
            Some((_, true)) => Obstacle::HeavyTail,
            _ if !open().all(holds) => Obstacle::RareValues,
            _ => Obstacle::Variance,
        });
    }
    if let Some((tails, heavy)) = state.tails {
        certificate.tails = Some(tails);
        if heavy && certificate.why_undecided.is_none() && certificate.verdict == Standing::Undecided {
            certificate.why_undecided = Some(
                "its tails are so heavy that the variance may be infinite, and samples decide nothing".into(),
            );
        }
    }
}
