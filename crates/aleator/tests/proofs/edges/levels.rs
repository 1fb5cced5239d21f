//! A cost with a high level multiplies every failure of E[score] = 0.
//!
//! The cost is (z + c)² at levels c² from 0 to 10⁴, for laws whose draws crowd at the ends of their supports, with
//!
//! ```text
//! E (z + c)² = Var z + (E z + c)²
//! ```
//!
//! whose derivative by the parameters follows from the family's own closed forms. Every unbiased estimator that serves the
//! law is measured at its smallest K; the critical value is that of a family-wise false-positive rate of 10⁻⁶.

use aleator::distributions::{
    Beta, Distribution, Exponential, Gamma, Gumbel, Kumaraswamy, Laplace, LogNormal, Logistic, Normal,
    StudentT, Uniform, Weibull,
};
use aleator::estimators::{self, Bias, EstimatorOptions};
use aleator::graph::Graph;
use aleator::plan::Plan;
use aleator::{Options as ProgramOptions, Program};
use aleator_engine::graph::Expr;

use crate::common::*;

type Law = for<'g> fn(Expr<'g>, Expr<'g>) -> Distribution<'g>;

/// A law, its two parameters, and whether four moments of z are finite and decided by more than rare draws.
fn laws() -> Vec<(&'static str, Law, [f64; 2])> {
    let beta: Law = |a, b| Beta::new(a, b);
    let kumaraswamy: Law = |a, b| Kumaraswamy::new(a, b);
    let gamma: Law = |a, b| Gamma::new(a, b);
    vec![
        ("Beta", beta, [0.05, 0.05]),
        ("Beta", beta, [0.02, 0.1]),
        ("Beta", beta, [1e4, 2e4]),
        ("Kumaraswamy", kumaraswamy, [50.0, 0.1]),
        ("Kumaraswamy", kumaraswamy, [0.05, 0.3]),
        ("Gamma", gamma, [0.05, 1.0]),
        ("Gamma", gamma, [0.05, 0.02]),
        ("Gamma", gamma, [1e4, 30.0]),
        ("Weibull", |a, b| Weibull::new(a, b), [0.1, 0.7]),
        ("LogNormal", |a, b| LogNormal::new(a, b), [-2.0, 0.5]),
        ("Normal", |a, b| Normal::new(a, b), [1e3, 1e-3]),
        ("Laplace", |a, b| Laplace::new(a, b), [1e3, 1e-3]),
        ("Logistic", |a, b| Logistic::new(a, b), [-1e3, 1e-3]),
        ("Gumbel", |a, b| Gumbel::new(a, b), [1e3, 1e-3]),
        ("Exponential", |a, _| Exponential::new(a), [1e3, 1.0]),
        ("StudentT", |a, b| StudentT::new(a, 0.5, b), [40.0, 1e-2]),
    ]
}

/// The objective's gradient from the closed forms of mean and variance.
fn gradient(law: Law, parameters: [f64; 2], c: f64) -> Vec<f64> {
    let g = Graph::new();
    let law = law(g.param("a", parameters[0]), g.param("b", parameters[1]));
    let (mean, variance) = (law.mean().unwrap(), law.variance().unwrap());
    // Without the square of c, beside which the rest would round away.
    g.cost("f", variance + mean.square() + 2.0 * c * mean);
    let plan = Plan::choose(&g, &[], None).unwrap();
    let mut program = Program::<f64>::compile(&g, &plan.estimators, &ProgramOptions::new()).unwrap();
    let estimate = program.run().unwrap();
    (0..2).map(|place| estimate.gradient_at(place)[0]).collect()
}

/// Whether the estimators can serve the graph's sites.
fn served(g: &Graph, plan: &[Shared]) -> bool {
    Program::<f64>::compile(g, plan, &ProgramOptions::new()).is_ok()
}

#[test]
fn levels_of_a_cost_give_no_bias() {
    const LEVELS: [f64; 3] = [0.0, 1.0, 100.0];
    let unbiased: Vec<Shared> = estimators::all()
        .iter()
        .filter(|entry| entry.properties.bias == Bias::Unbiased)
        .filter_map(|entry| entry.build(EstimatorOptions::none()).ok())
        .collect();
    let comparisons = laws().len() * LEVELS.len() * unbiased.len() * 2;
    let mut rows = 0;
    for (name, law, parameters) in laws() {
        for c in LEVELS {
            let g = Graph::new();
            let z = g.sample("z", law(g.param("a", parameters[0]), g.param("b", parameters[1])));
            g.cost("f", (z + c).square());
            let expected = gradient(law, parameters, c);
            for estimator in &unbiased {
                let plan = [estimator.clone()];
                if !served(&g, &plan) {
                    continue;
                }
                let estimator = estimator.properties().name;
                rows += 1;
                let what = format!("{name}({parameters:?}), (z + {c})², {estimator}");
                let how = untuned(least(&plan), 20_000);
                means_agree(&what, &g, &plan, &how, &expected, comparisons);
            }
        }
    }
    assert!(rows > 200, "{rows}");
}

/// What moves is the dependence on parameters, not the family.
#[test]
fn only_supports_that_move_are_refused() {
    let serves = |build: for<'g> fn(&'g Graph, Expr<'g>) -> Distribution<'g>| {
        let g = Graph::new();
        let a = g.param("a", 0.5);
        let z = g.sample("z", build(&g, a));
        g.cost("f", a * z);
        served(&g, &vec![named("score_function"); g.sites().len()])
    };
    assert!(serves(|g, _| Uniform::new(g.engine().scalar(0.0), 1.0)));
    assert!(serves(|g, a| Uniform::new(g.engine().scalar(0.0), 1.0 + a.stop_gradient())));
    assert!(!serves(|g, a| Uniform::new(g.engine().scalar(0.0), 1.0 + a)));
    assert!(!serves(|g, a| Uniform::new(g.sample("y", Normal::new(a, 1.0)), 1e3)));
}
