//! Ordinary and extreme parameters of a distribution, by the names and constraints of its parameters.
//!
//! | parameter | extremes |
//! |---|---|
//! | probabilities | 1e-12 and 1 − 1e-12 |
//! | logits | −30 and 30 |
//! | scale | 1e-6 and 1e6 |
//! | temperature | 0.05 and 10 |
//! | concentration, rate, other positive numbers | 0.02 and 500 |

use crate::distributions::{Constraint, Parameter, Signature};

/// The values of the parameters of one graph.
#[derive(Clone, Debug)]
pub(super) struct Regime {
    /// `"ordinary"`, or the extreme parameter with its value.
    pub name: String,
    pub values: Vec<Value>,
}

/// The value of one parameter.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub name: &'static str,
    pub shape: Vec<usize>,
    pub numbers: Vec<f64>,
    pub constraint: Constraint,
}

/// The ordinary regime, followed by one for each extreme of each parameter.
pub(super) fn regimes(signature: &Signature) -> Vec<Regime> {
    let family = signature.family();
    let specs = family.parameters();
    // Vectors have three elements, and those with a matrix beside them two.
    let size = if specs.iter().any(|spec| spec.event_rank == 2) { 2 } else { 3 };
    // A number of elements of a vector is below their number, also after an increase by 1.
    let count = if specs.iter().any(|spec| spec.event_rank == 1) { 1.0 } else { 4.0 };
    let ordinary: Vec<Value> =
        specs.iter().enumerate().map(|(place, spec)| ordinary(spec, place, size, count)).collect();
    let mut all = vec![Regime { name: "ordinary".into(), values: ordinary.clone() }];
    for (place, spec) in specs.iter().enumerate() {
        for extreme in extremes(spec, size) {
            let mut values = ordinary.clone();
            let first = extreme[0];
            values[place].numbers = extreme;
            all.push(Regime { name: format!("{} = {first:?}", spec.name), values });
        }
    }
    all
}

fn ordinary(spec: &Parameter, place: usize, size: usize, count: f64) -> Value {
    let vector = |numbers: [f64; 3]| numbers[..size].to_vec();
    let second = place as f64;
    let (shape, numbers) = match (spec.event_rank, spec.constraint) {
        (2, _) => (vec![2, 2], vec![0.9, 0.0, -0.4, 0.7]),
        (1, Constraint::Weights) => (vec![size], vector([0.5, 0.2, 0.3])),
        (1, Constraint::Positive | Constraint::NotNegative) => (vec![size], vector([1.5, 0.8, 2.2])),
        (1, _) => (vec![size], vector([0.3, -0.8, 0.1])),
        (_, Constraint::Count) => (vec![], vec![count]),
        (_, Constraint::Positive | Constraint::NotNegative) if spec.name == "df" => (vec![], vec![6.0]),
        (_, Constraint::Positive | Constraint::NotNegative) => (vec![], vec![1.3 - 0.3 * second]),
        (_, Constraint::Probability | Constraint::PositiveProbability | Constraint::ProbabilityBelowOne) => {
            (vec![], vec![0.35])
        }
        (_, _) => (vec![], vec![-0.4 + 1.7 * second]),
    };
    Value { name: spec.name, shape, numbers, constraint: spec.constraint }
}

fn extremes(spec: &Parameter, size: usize) -> Vec<Vec<f64>> {
    let positive = || match spec.name {
        "scale" => [1e-6, 1e6],
        "temperature" => [0.05, 10.0],
        _ => [0.02, 500.0],
    };
    let vector = |first: f64, rest: f64| {
        let mut numbers = vec![rest; size];
        numbers[0] = first;
        numbers
    };
    match (spec.event_rank, spec.constraint) {
        (2, _) | (_, Constraint::Count) => vec![],
        (1, Constraint::Weights) => vec![vector(1e-12, 0.5), vector(1.0, 0.5e-12)],
        (1, Constraint::Positive | Constraint::NotNegative) => positive().map(|x| vector(x, 1.0)).to_vec(),
        (1, _) if spec.name == "logits" => vec![vector(-30.0, 0.2), vector(30.0, 0.2)],
        (0, Constraint::Positive | Constraint::NotNegative) => positive().map(|x| vec![x]).to_vec(),
        (0, Constraint::Probability | Constraint::PositiveProbability | Constraint::ProbabilityBelowOne) => {
            vec![vec![1e-12], vec![1.0 - 1e-12]]
        }
        (0, _) if spec.name == "logits" => vec![vec![-30.0], vec![30.0]],
        _ => vec![],
    }
}
