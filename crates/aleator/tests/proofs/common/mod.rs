//! What the proofs share: evaluation, brute force, exact moments over all noise, critical values.

mod brute;
mod estimators;
mod moments;
pub mod problems;
mod statistics;

use std::sync::Arc;

use aleator::control_variates::Baseline;
use aleator::diagnostics::exact;
use aleator::estimators::{
    Enumeration, Estimator, GumbelSoftmax, Pathwise, ReinforceLoo, ScoreFunction, StraightThrough,
    StraightThroughGumbelSoftmax,
};
use aleator::graph::Graph;
use aleator::language;
use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::Program;
use aleator_engine::graph::{Expr, NodeId};

pub use brute::Brute;
pub use estimators::{
    Needs, Row, accepts_samples, describe, estimators, is_accepted, least, plans, rows_for, unbiased,
};
pub use moments::{Depends, Exactly, How, elsewhere, exactly, exactly_by, settings};
pub use statistics::{critical_value, means_agree, replicates, untuned, variances_agree};

pub type Shared = Arc<dyn Estimator>;

pub fn shared(estimator: impl Estimator + 'static) -> Shared {
    Arc::new(estimator)
}

/// An estimator as the language writes it.
#[track_caller]
pub fn named(text: &str) -> Shared {
    let parsed = language::parse_estimator(text).unwrap();
    language::estimator(&parsed.call, &parsed.expressions).unwrap()
}

pub fn score() -> Shared {
    shared(ScoreFunction::default())
}

pub fn score_minus(baseline: f64) -> Shared {
    shared(ScoreFunction { baseline: Baseline::Number(baseline) })
}

pub fn moving_average(decay: f64) -> Shared {
    shared(ScoreFunction { baseline: Baseline::MovingAverage { decay } })
}

pub fn loo() -> Shared {
    shared(ReinforceLoo)
}

pub fn enumeration() -> Shared {
    shared(Enumeration)
}

pub fn pathwise() -> Shared {
    shared(Pathwise)
}

pub fn concrete(temperature: f64) -> Shared {
    shared(GumbelSoftmax { temperature })
}

pub fn straight_through() -> Shared {
    shared(StraightThrough)
}

pub fn straight_through_concrete(temperature: f64) -> Shared {
    shared(StraightThroughGumbelSoftmax { temperature })
}

/// A program of some expressions, with parameters and data at their initial values and everything else at 0 unless it is
/// set.
pub struct Evaluator {
    program: Program<f64>,
    slots: Vec<NodeId>,
    outputs: usize,
}

impl Evaluator {
    pub fn new(graph: &Graph, outputs: &[Expr<'_>]) -> Self {
        let ids: Vec<NodeId> = outputs.iter().map(|e| e.id()).collect();
        Evaluator::within(graph, graph.engine(), &ids)
    }

    /// Of nodes of a graph of tensor operations that was made from `graph`.
    pub fn within(graph: &Graph, engine: &aleator_engine::graph::Graph, ids: &[NodeId]) -> Self {
        let program = Program::<f64>::compile(engine, ids, &CompileOptions::default()).unwrap();
        let slots = engine.inputs().iter().map(|info| info.node).collect();
        let mut evaluator = Evaluator { program, slots, outputs: ids.len() };
        graph.params().iter().for_each(|p| evaluator.set(p.node, &p.initial));
        graph.datasets().iter().for_each(|d| evaluator.set(d.node, &d.values));
        evaluator
    }

    /// Sets an input.
    pub fn set(&mut self, node: NodeId, values: &[f64]) {
        let slot = self.slots.iter().position(|&n| n == node).unwrap();
        self.program.set_input(slot, values).unwrap();
    }

    /// The values of the expressions.
    pub fn run(&mut self) -> Vec<Vec<f64>> {
        self.program.run(0, 0);
        (0..self.outputs).map(|i| self.program.output(i).to_vec()).collect()
    }
}

/// The values of expressions, with parameters and data at their initial values and everything else at 0.
pub fn evaluate(graph: &Graph, outputs: &[Expr<'_>]) -> Vec<Vec<f64>> {
    Evaluator::new(graph, outputs).run()
}

/// Handles of the parameters.
pub fn parameters(graph: &Graph) -> Vec<Expr<'_>> {
    graph.params().iter().map(|p| graph.expr(p.node)).collect()
}

/// The exact gradient, all parameters one after another.
pub fn gradient_of(graph: &Graph) -> Vec<f64> {
    let exact = exact(graph).unwrap();
    assert!(exact.method.is_some());
    let of =
        |p: &aleator::graph::Param| exact.gradient[&p.name].values.iter().map(|x| x.0).collect::<Vec<_>>();
    graph.params().iter().flat_map(of).collect()
}

/// Fails unless every pair agrees within `tolerance`, relative to the larger of 1 and the expected value.
#[track_caller]
pub fn close(what: &str, got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{what}: number of elements");
    for (i, (g, e)) in got.iter().zip(expected).enumerate() {
        assert!((g - e).abs() <= tolerance * e.abs().max(1.0), "{what} [{i}]: got {g}, expected {e}");
    }
}
