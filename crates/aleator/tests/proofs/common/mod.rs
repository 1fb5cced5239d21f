//! What the proofs share: evaluation, brute force, exact moments over all noise, critical values.

mod brute;
mod moments;
mod statistics;

use std::sync::Arc;

use aleator::control_variates::Baseline;
use aleator::estimators::{
    Enumeration, Estimator, GumbelSoftmax, Pathwise, ReinforceLoo, ScoreFunction, StraightThrough,
    StraightThroughGumbelSoftmax,
};
use aleator::graph::Graph;
use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::Program;
use aleator_engine::graph::{Expr, NodeId};

pub use brute::Brute;
pub use moments::{Exactly, exactly};
pub use statistics::{critical_value, means_agree, replicates, variances_agree};

pub type Shared = Arc<dyn Estimator>;

pub fn shared(estimator: impl Estimator + 'static) -> Shared {
    Arc::new(estimator)
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

/// The values of expressions, with parameters and data at their initial values and everything else at 0.
pub fn evaluate(graph: &Graph, outputs: &[Expr<'_>]) -> Vec<Vec<f64>> {
    let ids: Vec<NodeId> = outputs.iter().map(|e| e.id()).collect();
    let mut program = Program::<f64>::compile(graph.engine(), &ids, &CompileOptions::default()).unwrap();
    let given = graph.params().into_iter().map(|p| (p.node, p.initial));
    let given: Vec<_> = given.chain(graph.datasets().into_iter().map(|d| (d.node, d.values))).collect();
    for (slot, info) in graph.engine().inputs().iter().enumerate() {
        if let Some((_, values)) = given.iter().find(|(node, _)| *node == info.node) {
            program.set_input(slot, values).unwrap();
        }
    }
    program.run(0, 0);
    (0..ids.len()).map(|i| program.output(i).to_vec()).collect()
}

/// Handles of the parameters.
pub fn parameters(graph: &Graph) -> Vec<Expr<'_>> {
    graph.params().iter().map(|p| graph.expr(p.node)).collect()
}

/// Fails unless every pair agrees within `tolerance`, relative to the larger of 1 and the expected value.
#[track_caller]
pub fn close(what: &str, got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{what}: number of elements");
    for (i, (g, e)) in got.iter().zip(expected).enumerate() {
        assert!((g - e).abs() <= tolerance * e.abs().max(1.0), "{what} [{i}]: got {g}, expected {e}");
    }
}
