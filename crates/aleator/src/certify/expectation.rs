//! The exact expectation of an estimate: the sum over the outcomes of its noise and the integral over the rest.
//!
//! ```text
//! E ĝ = Σ_outcomes ∫ w(noise) ĝ(noise) d(coordinates)
//! ```
//!
//! The surrogate is built with one replicate for each point, and its noise is replaced by [coordinates](super::noise). All outcomes
//! are summed at each point, so that the integrand is a function of the continuous coordinates and the counts alone. The weights sum
//! to 1, which is checked as well.

use std::sync::Arc;

use aleator_engine::backend::{Backend, Cpu, Executable};
use aleator_engine::exec::philox::NoiseAt;
use aleator_engine::graph::{NodeId, NodeSet, Op, substitute};

use super::noise::{Coordinates, Range, coordinates};
use super::own_state::OwnState;
use crate::analysis::Analysis;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::interruption;
use crate::quadrature::{CONFIRMED, Deadline, Integrand, Size, Unknown, integrate};
use crate::rewrite::{Estimator, Extras, Layout, rewrite};

/// What is integrated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    /// K
    pub samples: usize,
    /// The values of the estimators' own parameters.
    pub state: OwnState<'a>,
    /// The power of the gradient whose expectation is computed.
    pub power: Power,
}

/// The power of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Power {
    /// The number itself: the mean.
    First,
    /// Its square: the second moment.
    Second,
}

/// The expectation of an estimate.
#[derive(Clone, Debug)]
pub(super) struct Expectation {
    /// `"enumeration"` or `"quadrature"`.
    pub method: &'static str,
    /// The objective, followed by the gradients of the parameters.
    pub values: Vec<f64>,
    /// The error bound of each value.
    pub errors: Vec<f64>,
    /// The error bounds relative to the expectations of the absolute values.
    pub relative: f64,
}

/// The largest number of joint outcomes.
const MOST_OUTCOMES: usize = 1 << 16;
/// The largest number of numbers that are integrated or summed over.
const MOST_COLUMNS: usize = 3;
/// The number of rows per run, as far as memory allows.
const MOST_ROWS: usize = 8192;
/// The approximate number of bytes per run.
const BYTES_PER_RUN: usize = 1 << 25;
/// The number of rows while the size of a row is determined.
const FEW_ROWS: usize = 2;
/// The error of a sum over outcomes, relative to the sum of absolute values.
const ROUNDING: f64 = 1e-13;
/// The largest difference between the sum of all weights and 1.
const MASS_TOLERANCE: f64 = 1e-9;

/// Computes the expectation of the estimate that a plan gives with K samples, or that of its square.
///
/// # Errors
/// Returns an error if the plan does not serve the graph.
pub(super) fn expectation(
    graph: &Graph,
    plan: &[Arc<dyn Estimator>],
    question: Question<'_>,
    deadline: Deadline,
) -> Result<Result<Expectation, Unknown>> {
    let estimate = |rows| EstimateAtPoints::new(graph, plan, question, rows, deadline);
    let small = match estimate(FEW_ROWS)? {
        Ok(small) => small,
        Err(unknown) => return Ok(Err(unknown)),
    };
    let each = (small.executable.value_bytes() / FEW_ROWS).max(1);
    let rows = (BYTES_PER_RUN / each).clamp(FEW_ROWS, MOST_ROWS);
    let mut estimate = match estimate(rows)? {
        Ok(estimate) => estimate,
        Err(unknown) => return Ok(Err(unknown)),
    };
    let columns = estimate.columns();
    if columns.is_empty() {
        return estimate.sum();
    }
    let counts = columns.iter().map(|range| (*range == Range::Count).then_some(FEW_COUNTS)).collect();
    let integral = integrate(&mut estimate, counts, deadline)?;
    Ok(integral.map(|(values, errors)| Expectation {
        method: "quadrature",
        values,
        errors,
        relative: CONFIRMED,
    }))
}

/// The number of counts that are tried first.
const FEW_COUNTS: usize = 64;

/// An input and where its elements come from.
struct Filled {
    slot: usize,
    elements: Vec<Source>,
}

/// Where an element of the noise comes from.
#[derive(Clone, Copy)]
enum Source {
    /// The digit of the joint outcome with this place value and base.
    Outcome { place: usize, base: usize },
    /// A column.
    Column(usize),
    /// The middle.
    Middle,
}

/// Receives the index of a point, the sums of its results over all outcomes, and those of their absolute values.
type Visit<'a> = &'a mut dyn FnMut(usize, &[f64], &[f64]);

/// The estimate as a function of coordinates.
struct EstimateAtPoints {
    executable: Box<dyn Executable<f64>>,
    rows: usize,
    inputs: Vec<Filled>,
    ranges: Vec<Range>,
    outcomes: usize,
    /// The number of elements of each gradient, after 1 for the objective.
    sizes: Vec<usize>,
    /// The power of the gradients.
    power: Power,
    /// The number of conditions on parameters, which are the last outputs.
    conditions: usize,
    deadline: Deadline,
    /// What went wrong in a run.
    failure: Option<&'static str>,
}

impl EstimateAtPoints {
    fn new(
        graph: &Graph,
        plan: &[Arc<dyn Estimator>],
        question: Question<'_>,
        rows: usize,
        deadline: Deadline,
    ) -> Result<Result<Self, Unknown>> {
        let Question { samples, state, power } = question;
        let layout = Layout { samples, replicates: Some(rows), tuning: state.tuning() };
        let own = graph.clone();
        let analysis = Analysis::of(&own)?;
        let surrogate = rewrite(own, &analysis, plan, layout, Extras::audit())?;
        let engine = &surrogate.graph;
        let estimates: Vec<NodeId> =
            [surrogate.objective].iter().chain(&surrogate.gradients).copied().collect();
        let noise = match coordinates(graph, engine, &surrogate, &estimates, rows) {
            Ok(noise) => noise,
            Err(unknown) => return Ok(Err(unknown)),
        };
        let Coordinates { inputs: noise_inputs, weight, mismatch, mut replaced, .. } = noise;
        let mut outputs: Vec<NodeId> =
            estimates.iter().map(|&id| substitute(engine, id, &mut replaced).id()).collect();
        outputs.extend([weight.id(), mismatch.id()]);
        let conditions =
            surrogate.checks.iter().map(|check| substitute(engine, check.violations, &mut replaced).id());
        outputs.extend(conditions);
        let random = |id| matches!(engine.node(id).op, Op::Uniform { .. } | Op::Draw { .. });
        if NodeSet::ancestors(engine, &outputs).iter().any(random) {
            return Ok(Err("some of its noise has no coordinates".into()));
        }
        let (mut ranges, mut outcomes, mut inputs) = (Vec::new(), 1usize, Vec::new());
        for input in noise_inputs {
            let is_used = |element: usize| input.used.as_ref().is_none_or(|used| used[element]);
            let source = |element: usize| match input.range {
                Range::Outcomes(base) => {
                    let place = outcomes;
                    outcomes = outcomes.saturating_mul(base);
                    Source::Outcome { place, base }
                }
                Range::Anywhere => Source::Middle,
                Range::Uniform if !is_used(element) => Source::Middle,
                range => {
                    ranges.push(range);
                    Source::Column(ranges.len() - 1)
                }
            };
            let elements = (0..input.elements).map(source).collect();
            inputs.push((input.node, elements));
        }
        if outcomes > MOST_OUTCOMES {
            return Ok(Err("its noise has too many outcomes".into()));
        }
        if ranges.len() > MOST_COLUMNS {
            return Ok(Err("its noise has too many dimensions".into()));
        }
        let all = engine.inputs();
        let slot_of = |node: NodeId| all.iter().position(|input| input.node == node).unwrap_or(usize::MAX);
        let mut executable: Box<dyn Executable<f64>> =
            match Cpu.compile(engine, &outputs, &Default::default()) {
                Ok(executable) => executable,
                Err(_) => return Ok(Err("its expectation needs too much memory".into())),
            };
        for (node, values) in graph
            .params()
            .into_iter()
            .map(|p| (p.node, p.initial))
            .chain(graph.datasets().into_iter().map(|d| (d.node, d.values)))
            .chain(surrogate.own.iter().map(|own| (own.node, state.values(own))))
        {
            executable.set_input(slot_of(node), &values)?;
        }
        let inputs =
            inputs.into_iter().map(|(node, elements)| Filled { slot: slot_of(node), elements }).collect();
        let sizes = [1].into_iter().chain(graph.params().iter().map(|p| p.shape.numel())).collect();
        let conditions = surrogate.checks.len();
        Ok(Ok(EstimateAtPoints {
            executable,
            rows,
            inputs,
            ranges,
            outcomes,
            sizes,
            power,
            conditions,
            deadline,
            failure: None,
        }))
    }

    fn columns(&self) -> &[Range] {
        &self.ranges
    }

    /// The sum over all outcomes, with the results of each point after another.
    fn sum(&mut self) -> Result<Result<Expectation, Unknown>> {
        let numbers = self.numbers();
        let (mut sums, mut sizes) = (vec![0.0; numbers], vec![0.0; numbers]);
        let done = self.at(&[], 1, &mut |_, here, size| {
            sums.copy_from_slice(here);
            sizes.copy_from_slice(size);
        })?;
        if let Err(unknown) = done {
            return Ok(Err(unknown));
        }
        if sums.iter().any(|x| !x.is_finite()) {
            return Ok(Err("an estimate is not finite somewhere".into()));
        }
        let mass = sums.pop().unwrap_or(0.0);
        if (mass - 1.0).abs() > MASS_TOLERANCE {
            return Ok(Err("the probabilities of its outcomes do not sum to 1".into()));
        }
        sizes.pop();
        let errors = sizes.iter().map(|size| ROUNDING * size).collect();
        Ok(Ok(Expectation { method: "enumeration", values: sums, errors, relative: ROUNDING }))
    }

    /// The number of results: the estimates and the weight.
    fn numbers(&self) -> usize {
        self.sizes.iter().sum::<usize>() + 1
    }

    /// Calls `visit` for each of `points` points with the sum over all outcomes of weight × result, and of its absolute value.
    fn at(&mut self, columns: &[Vec<f64>], points: usize, visit: Visit<'_>) -> Result<Result<(), Unknown>> {
        let numbers = self.numbers();
        let (mut sums, mut sizes) = (vec![0.0; numbers], vec![0.0; numbers]);
        let total = points * self.outcomes;
        for start in (0..total).step_by(self.rows) {
            let now = self.rows.min(total - start);
            interruption::check()?;
            if let Err(unknown) = self.deadline.check() {
                return Ok(Err(unknown));
            }
            // Rows that nobody asked for repeat the last one.
            let row_of = |row: usize| start + row.min(now - 1);
            for Filled { slot, elements } in &self.inputs {
                let mut values = Vec::with_capacity(self.rows * elements.len());
                for row in 0..self.rows {
                    let (point, outcome) = (row_of(row) / self.outcomes, row_of(row) % self.outcomes);
                    values.extend(elements.iter().map(|source| match *source {
                        Source::Outcome { place, base } => ((outcome / place) % base) as f64,
                        Source::Column(column) => columns[column][point],
                        Source::Middle => 0.5,
                    }));
                }
                self.executable.set_input(*slot, &values)?;
            }
            self.executable.run(NoiseAt { seed: 0, step: 0, first_row: 0 })?;
            let outputs = self.sizes.len();
            let (weights, mismatches) =
                (self.executable.output(outputs), self.executable.output(outputs + 1));
            let violated = (0..self.conditions).any(|i| self.executable.output(outputs + 2 + i)[0] != 0.0);
            if violated {
                return Ok(Err("a parameter of a distribution leaves its domain somewhere".into()));
            }
            for row in 0..now {
                let weight = weights[row];
                if weight > 0.0 && mismatches[row] != 0.0 {
                    self.failure = Some("an outcome is decided by rounding");
                }
                let mut at = 0;
                for (i, &size) in self.sizes.iter().enumerate() {
                    let values = &self.executable.output(i)[row * size..(row + 1) * size];
                    for &value in values {
                        let squared = i > 0 && self.power == Power::Second;
                        let value = if squared { value * value } else { value };
                        // What has no probability is never seen.
                        let part = if weight == 0.0 { 0.0 } else { weight * value };
                        sums[at] += part;
                        sizes[at] += part.abs();
                        at += 1;
                    }
                }
                sums[at] += weight;
                sizes[at] += weight;
                if (start + row + 1) % self.outcomes == 0 {
                    visit((start + row) / self.outcomes, &sums, &sizes);
                    sums.fill(0.0);
                    sizes.fill(0.0);
                }
            }
        }
        Ok(match self.failure {
            Some(reason) => Err(reason.into()),
            None => Ok(()),
        })
    }
}

impl Integrand for EstimateAtPoints {
    fn size(&self) -> Size {
        let operations: u64 = self.executable.steps().iter().map(|step| step.operations).sum();
        Size {
            numbers: self.numbers(),
            weights: 1,
            work: (operations as usize / self.rows).max(1).saturating_mul(self.outcomes),
            logits: self.ranges.iter().map(|range| *range == Range::Logit).collect(),
        }
    }

    fn evaluate(
        &mut self,
        columns: &[Vec<f64>],
        visit: &mut dyn FnMut(usize, &[f64]),
    ) -> Result<Result<(), Unknown>> {
        let points = columns.first().map_or(0, Vec::len);
        // The reciprocals of the weights with which counts are summed multiply everything.
        let (places, reciprocals) = columns.split_at(self.ranges.len());
        let mut scaled = vec![0.0; self.numbers()];
        self.at(places, points, &mut |point, here, _| {
            let factor: f64 = reciprocals.iter().map(|column| column[point]).product();
            scaled.iter_mut().zip(here).for_each(|(to, x)| *to = factor * x);
            visit(point, &scaled);
        })
    }
}

/// Whether an error says that a plan does not serve a graph, and not that the graph is wrong.
pub(super) fn is_unsuitable(error: &Error) -> bool {
    matches!(error, Error::Unsuitable { .. } | Error::Samples { .. } | Error::Engine(_))
}
