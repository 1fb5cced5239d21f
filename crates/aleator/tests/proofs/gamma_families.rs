//! Gamma, Beta and Dirichlet: every estimator that serves them against gradients in closed form.

use aleator::diagnostics::measure;
use aleator::distributions::{Beta, Dirichlet, Gamma};
use aleator::graph::Graph;

use crate::common::*;

/// Independent estimates of each.
const REPLICATES: usize = 100_000;

/// Graphs with their gradients.
fn problems() -> Vec<(String, Graph, Vec<f64>)> {
    let mut all = Vec::new();
    for (a, r) in [(0.2, 1.5), (1.0, 0.7), (2.0, 1.0), (30.0, 4.0)] {
        // E z² = a (a + 1) / r²
        let g = Graph::new();
        let z = g.sample("z", Gamma::new(g.param("a", a), g.param("r", r)));
        g.cost("f", z.square());
        let gradient = vec![(2.0 * a + 1.0) / (r * r), -2.0 * a * (a + 1.0) / r.powi(3)];
        all.push((format!("Gamma({a}, {r})"), g, gradient));
    }
    for (a, b) in [(0.4, 0.6), (2.0, 3.0), (20.0, 5.0)] {
        // E z² = a (a + 1) / (n (n + 1)), n = a + b
        let g = Graph::new();
        let z = g.sample("z", Beta::new(g.param("a", a), g.param("b", b)));
        g.cost("f", z.square());
        let n: f64 = a + b;
        let (value, slope) = (a * (a + 1.0) / (n * (n + 1.0)), (2.0 * n + 1.0) / (n * (n + 1.0)));
        let gradient = vec![(2.0 * a + 1.0) / (n * (n + 1.0)) - value * slope, -value * slope];
        all.push((format!("Beta({a}, {b})"), g, gradient));
    }
    // Two rows; E Σ cₖ zₖ = cᵀα / n, ∂/∂αₖ = (cₖ − E) / n
    let (alpha, c) = ([[0.3, 1.0, 2.5], [8.0, 3.0, 0.9]], [1.0, -2.0, 3.0]);
    let g = Graph::new();
    let z = g.sample("z", Dirichlet::new(g.param_tensor("alpha", [2, 3], alpha.concat())));
    g.cost("f", z.dot(g.data("c", [3], c.to_vec())));
    let row = |a: &[f64; 3]| {
        let n: f64 = a.iter().sum();
        let mean: f64 = a.iter().zip(&c).map(|(a, c)| a * c).sum::<f64>() / n;
        c.map(|c| (c - mean) / n)
    };
    all.push(("Dirichlet".into(), g, alpha.iter().flat_map(row).collect()));
    all
}

#[test]
fn gradients_are_those_in_closed_form() {
    let estimators = [
        "score_function",
        "reinforce_loo",
        "muprop",
        "nvil",
        "generalized_reparameterization",
        "implicit_reparameterization",
        "rejection_reparameterization",
        "rejection_reparameterization(augmentation=4)",
    ];
    let problems = problems();
    let coordinates: usize = problems.iter().map(|(_, _, gradient)| gradient.len()).sum();
    for (name, graph, gradient) in &problems {
        for text in estimators {
            let plan = [named(text)];
            let samples = plan[0].min_samples();
            let what = format!("{name}, {text}");
            let how = untuned(samples, REPLICATES);
            means_agree(&what, graph, &plan, &how, gradient, estimators.len() * coordinates);
        }
    }
}

/// The proposals of Marsaglia and Tsang that are accepted: what is left of the score is small where they nearly all are.
#[test]
fn augmentation_lowers_the_variance() {
    let g = Graph::new();
    let z = g.sample("z", Gamma::new(g.param("a", 0.8), g.param("r", 1.0)));
    g.cost("f", z.square());
    let variance = |text: &str| {
        let measured = measure(&g, &[named(text)], &untuned(1, 200_000), &|_| {}).unwrap();
        measured.gradient[0][0].variance().unwrap()
    };
    let score = variance("score_function");
    let one = variance("rejection_reparameterization");
    let ten = variance("rejection_reparameterization(augmentation=10)");
    assert!(one < 0.7 * score && ten < one, "{score} {one} {ten}");
}
