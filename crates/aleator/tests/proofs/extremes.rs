//! Extreme logits and temperatures, in f32 and f64: everything stays finite, also what is tuned.

use aleator::distributions::{Bernoulli, OneHotCategorical, Support};
use aleator::graph::Graph;
use aleator::rewrite::Tuning;
use aleator::{Options, Program};
use aleator_engine::exec::math::Real;

use crate::common::problems::Problem;
use crate::common::*;

/// Logits from the middle to ±10³ and to ±∞, at one and at two layers.
fn problems() -> Vec<Problem> {
    let coins = Graph::new();
    let phi = coins.param_tensor("phi", [8], vec![0.0, 1e3, -1e3, 40.0, -40.0, 100.0, -100.0, 3.0]);
    let b = coins.sample("b", Bernoulli::from_logits(phi));
    coins.cost("f", (b - 0.45).square() + 0.1 * b.sum());
    let vectors = Graph::new();
    let logits = vec![1e3, -1e3, 0.0, 0.0, 0.0, -1e3, 1e3, 1e3, 999.0, -1e3, -40.0, -1e3];
    let z = vectors.sample("z", OneHotCategorical::from_logits(vectors.param_tensor("phi", [4, 3], logits)));
    vectors.cost("f", (z.dot(vectors.data("v", [3], vec![1.0, -0.5, 2.0])) - 0.4).square());
    let layers = Graph::new();
    let phi = layers.param_tensor("phi", [3], vec![0.2, -1e3, 60.0]);
    let w = layers.param_tensor("w", [3, 2], vec![1e3, -1e3, 30.0, 0.5, -2.0, 1e3]);
    let a = layers.sample("a", Bernoulli::from_logits(phi));
    let b = layers.sample("b", Bernoulli::from_logits((2.0 * a - 1.0).matmul(w)));
    layers.cost("f", (b.sum() - 0.6).square() + a * 0.3);
    let probs = Graph::new();
    let p = probs.param_tensor("p", [5], vec![0.0, 1.0, 1e-12, 1e-7, 0.5]);
    let b = probs.sample("b", Bernoulli::from_probs(p));
    probs.cost("f", (b - 0.45).square());
    let inf = f64::INFINITY;
    let certain = Graph::new();
    let phi = certain.param_tensor("phi", [5], vec![inf, 0.3, -inf, -inf, inf]);
    let b = certain.sample("b", Bernoulli::from_logits(phi));
    certain.cost("f", (b.sum() - 0.45).square());
    let masked = Graph::new();
    let logits = vec![0.2, -0.1, -inf, -inf, -inf, 0.5, -inf, 0.3];
    let z = masked.sample("z", OneHotCategorical::from_logits(masked.param_tensor("phi", [2, 4], logits)));
    masked.cost("f", (z.dot(masked.data("v", [4], vec![1.0, 3.0, 3.0, 4.0])) - 0.4).square());
    vec![
        ("infinite logits", certain),
        ("categories of probability 0", masked),
        ("coins", coins),
        ("one-hot vectors", vectors),
        ("two layers", layers),
        ("probabilities of 0 and 1", probs),
    ]
}

/// Runs some steps of training and looks at every number of them.
fn stays_finite<T: Real>(what: &str, g: &Graph, plan: &[Shared]) {
    let options = Options::new().samples(least(plan).max(2)).replicates(64).seed(3).tuning(Tuning::Training);
    let mut program = Program::<T>::compile(g, plan, &options).unwrap();
    for step in 0..4 {
        let estimate = program.run_step(step).unwrap_or_else(|e| panic!("{what}: step {step}: {e}"));
        assert!(estimate.objectives().iter().all(|x| x.to_f64().is_finite()), "{what}: objective");
        for (place, param) in g.params().iter().enumerate() {
            let n = param.shape.numel();
            for (i, x) in estimate.gradient_at(place).iter().enumerate() {
                assert!(x.to_f64().is_finite(), "{what}: step {step}, {} [{}]: {x:?}", param.name, i % n);
            }
        }
    }
}

/// Estimators at temperatures from 10⁻³ to 10³, and the biased ones.
const MORE: [&str; 24] = [
    "gumbel_softmax",
    "gumbel_softmax(temperature=0.001)",
    "gumbel_softmax(temperature=1000)",
    "straight_through",
    "straight_through_gumbel_softmax",
    "straight_through_gumbel_softmax(temperature=0.001)",
    "straight_through_gumbel_softmax(temperature=1000)",
    "gumbel_rao",
    "gumbel_rao(temperature=0.001)",
    "gapped_straight_through",
    "gapped_straight_through(temperature=0.001, gap=0)",
    "decoupled_straight_through(forward_temperature=0.001, backward_temperature=1000)",
    "reinmax",
    "reinmax(temperature=0.001)",
    "fini",
    "rebar(temperature=0.001)",
    "rebar(temperature=1000)",
    "rebar(temperature=0.001, relaxation=mean_field, coupling=independent)",
    "rebar(temperature=1000, relaxation=mean_field)",
    "rebar(temperature=0.001, coupling=independent)",
    "relax(temperature=0.001)",
    "relax(temperature=1000, coupling=independent)",
    "relax(use_cost=false, temperature=0.001)",
    "relax(use_cost=false, temperature=1000, relaxation=mean_field)",
];

#[test]
fn extreme_logits_and_temperatures_give_finite_estimates() {
    for (name, g) in problems() {
        let sites = g.sites().len();
        let coins = |row: &Row| row.serves.contains(&Support::Boolean) && row.cost != Needs::Copies;
        let rows = unbiased().into_iter().filter(coins).map(|row| row.text);
        for text in rows.chain(MORE) {
            let plan = vec![named(text); sites];
            // Those that serve coins alone.
            if !is_accepted(&g, &plan) {
                continue;
            }
            stays_finite::<f64>(&format!("{name}: {text}"), &g, &plan);
            stays_finite::<f32>(&format!("{name}: {text}, f32"), &g, &plan);
        }
    }
}

#[test]
fn extreme_exponents_give_finite_bounds() {
    for scale in [1e4, -1e4, 50.0] {
        let g = Graph::new();
        let phi = g.param_tensor("phi", [3], vec![0.2, 1e3, -3.0]);
        let b = g.sample("b", Bernoulli::from_logits(phi).copies(4));
        let w = g.param_tensor("w", [3], vec![1.0, -1.0, 0.5]);
        g.cost("f", (scale * b * w + 2.0 * scale * (1.0 - b)).logsumexp(-2));
        for text in ["vimco", "vimco(mean=arithmetic)"] {
            stays_finite::<f64>(&format!("{text}, {scale}"), &g, &[named(text)]);
            stays_finite::<f32>(&format!("{text}, {scale}, f32"), &g, &[named(text)]);
        }
    }
}
