//! Every pair of estimators at two sites, over graphs of every pair of kinds.

use aleator::distributions::{Bernoulli, Normal, OneHotCategorical};
use aleator::graph::Graph;
use aleator::plan::Plan;

use crate::common::*;

/// A graph, and whether its sites are discrete.
type Case = (&'static str, Graph, [bool; 2]);

/// Each has costs of the first site, of the second, and of both; the parameters of the second depend on the first.
fn graphs() -> Vec<Case> {
    let mut all: Vec<Case> = Vec::new();
    let mut add = |name, discrete, write: &dyn Fn(&Graph)| {
        let g = Graph::new();
        write(&g);
        all.push((name, g, discrete));
    };
    add("coin, coin", [true, true], &|g| {
        let (u, w) = (g.param("u", 0.5), g.param("w", 1.2));
        let a = g.sample("a", Bernoulli::from_logits(u));
        let b = g.sample("b", Bernoulli::from_logits(w * a - 0.7));
        g.cost("early", 3.0 * (a - 0.3).square());
        g.cost("late", (b - 0.6).square() * (1.0 + u.square()));
        g.cost("both", a * b * w);
    });
    add("coin, normal", [true, false], &|g| {
        let (u, m, s) = (g.param("u", 0.5), g.param("m", 0.3), g.param("s", 0.8));
        let a = g.sample("a", Bernoulli::from_logits(u));
        let z = g.sample("z", Normal::new(m + 2.0 * a, s));
        g.cost("early", 2.0 * a);
        g.cost("late", 0.5 * (z - 1.0).square());
        g.cost("both", z * a);
    });
    add("normal, coin", [false, true], &|g| {
        let (mu, w) = (g.param("mu", -0.2), g.param("w", 1.5));
        let z = g.sample("z", Normal::new(mu, 0.8));
        let b = g.sample("b", Bernoulli::from_logits(w * z + 0.25));
        g.cost("early", 0.3 * z.square());
        g.cost("late", (b - 0.3).square());
        g.cost("both", 0.5 * z * b);
    });
    add("one-hot vector, coin", [true, true], &|g| {
        let phi = g.param_tensor("phi", [3], vec![0.1, 0.7, -0.5]);
        let w = g.param_tensor("w", [3], vec![1.0, -0.4, 0.25]);
        let k = g.sample("k", OneHotCategorical::from_logits(phi));
        let b = g.sample("b", Bernoulli::from_logits(k.dot(w)));
        let c = g.data("c", [3], vec![0.5, -1.0, 2.0]);
        g.cost("early", k.dot(c));
        g.cost("late", (b - 0.6).square());
        g.cost("both", b * k.dot(c).square());
    });
    add("coin, one-hot vector", [true, true], &|g| {
        let u = g.param("u", 0.5);
        let phi = g.param_tensor("phi", [3], vec![0.1, 0.7, -0.5]);
        let a = g.sample("a", Bernoulli::from_logits(u));
        let k = g.sample("k", OneHotCategorical::from_logits(phi * (1.0 + a)));
        let c = g.data("c", [3], vec![0.5, -1.0, 2.0]);
        g.cost("early", 0.4 * a);
        g.cost("both", (k.dot(c) - a).square());
        g.cost("picked", k.dot(c * (a + u)));
    });
    add("coins in rows", [true, true], &|g| {
        let u = g.param_tensor("u", [2, 3], vec![0.1, -0.3, 0.8, 1.2, 0.0, -0.9]);
        let w = g.param_tensor("w", [3], vec![0.6, -0.5, 1.1]);
        let a = g.sample("a", Bernoulli::from_logits(u));
        let b = g.sample("b", Bernoulli::from_logits(w * a));
        g.cost("early", 0.4 * a.sum_axes(-1).square());
        g.cost("late", (b - 0.6).square());
        g.cost("both", (a * b).transpose() * g.data("x", [3, 1], vec![1.0, -2.0, 0.5]));
    });
    add("coins that mix", [true, true], &|g| {
        let u = g.param_tensor("u", [2], vec![0.1, -0.3]);
        let w = g.param_tensor("w", [2, 2], vec![0.6, -0.5, 1.1, 0.3]);
        let a = g.sample("a", Bernoulli::from_logits(u));
        let b = g.sample("b", Bernoulli::from_logits(a.matmul(w)));
        g.cost("early", a * 0.7);
        g.cost("late", (b.sum() - 0.6).square());
    });
    all
}

fn choices(discrete: bool) -> Vec<Shared> {
    let mut all = vec![score(), score_minus(0.8), moving_average(0.9), loo()];
    all.push(if discrete { enumeration() } else { pathwise() });
    all
}

#[test]
fn exact_gradients_are_those_of_brute_force() {
    for (name, graph, discrete) in graphs() {
        if discrete == [true, true] {
            close(name, &gradient_of(&graph), &Brute::new(&graph).answer().1, 1e-11);
        }
    }
}

#[test]
fn every_unbiased_pair_is_unbiased() {
    let graphs = graphs();
    let comparisons: usize = graphs
        .iter()
        .map(|(_, g, d)| {
            let coordinates: usize = g.params().iter().map(|p| p.shape.numel()).sum();
            choices(d[0]).len() * choices(d[1]).len() * 4 * coordinates
        })
        .sum();
    for (name, graph, discrete) in &graphs {
        let gradient = gradient_of(graph);
        for first in choices(discrete[0]) {
            for second in choices(discrete[1]) {
                let plan = [first.clone(), second];
                let least = plan.iter().map(|e| e.min_samples()).max().unwrap();
                for samples in [least, 4] {
                    let what = format!("{name}: {plan:?}, K = {samples}");
                    means_agree(&what, graph, &plan, &untuned(samples, 8_192), &gradient, comparisons);
                }
            }
        }
    }
}

#[test]
fn pairs_with_a_normal_variable_are_exactly_unbiased() {
    // The costs are polynomials in the normal variable, which the rule integrates exactly.
    let (_, graph, _) = graphs().swap_remove(1);
    let gradient = gradient_of(&graph);
    for first in [score(), score_minus(0.8), enumeration(), loo()] {
        for second in [score(), score_minus(0.8), pathwise(), loo()] {
            let plan = [first.clone(), second];
            let least = plan.iter().map(|e| e.min_samples()).max().unwrap();
            for samples in least..=2 {
                let got = exactly(&graph, &plan, samples);
                close(&format!("{plan:?}, K = {samples}"), &got.mean, &gradient, 1e-8);
            }
        }
    }
}

/// Values of an earlier site that are evaluated at once stand in front of the alternatives of an enumerated later one.
#[test]
fn local_expectations_are_unbiased_before_other_estimators() {
    for (name, graph, discrete) in graphs() {
        let gradient = gradient_of(&graph);
        for second in choices(discrete[1]) {
            let plan = [local_expectation(), second];
            let samples = plan.iter().map(|e| e.min_samples()).max().unwrap();
            let what = format!("{name}: {plan:?}, K = {samples}");
            if !is_accepted(&graph, &plan) {
                assert!(!discrete[0], "{what}");
            } else if matches!(name, "coin, coin" | "coins that mix") {
                let got = exactly(&graph, &plan, samples);
                close(&what, &got.mean, &gradient, 1e-10);
            } else {
                means_agree(&what, &graph, &plan, &untuned(samples, 8_192), &gradient, 1000);
            }
        }
    }
}

fn local_expectation() -> Shared {
    std::sync::Arc::new(aleator::estimators::LocalExpectation)
}

#[test]
fn biased_upstream_leaves_downstream_parameters_alone() {
    // A hard sample is what it is: only the first site's own gradient is biased by straight-through.
    let (_, graph, _) = graphs().swap_remove(0);
    let gradient = Brute::new(&graph).answer().1;
    for second in [score(), score_minus(0.5), enumeration()] {
        let got = exactly(&graph, &[straight_through(), second], 1);
        close("w", &got.mean[1..], &gradient[1..], 1e-11);
        assert!((got.mean[0] - gradient[0]).abs() > 1e-3);
    }
}

#[test]
fn many_draws_apart_are_enumerated_side_by_side() {
    let g = Graph::new();
    let n = 300;
    let phi: Vec<f64> = (0..n).map(|i| (i as f64 * 0.37).sin()).collect();
    let t: Vec<f64> = (0..n).map(|i| (i as f64 * 0.11).cos()).collect();
    let a = g.sample("a", Bernoulli::from_logits(g.param_tensor("phi", [n], phi.clone())));
    let b = g.sample("b", Bernoulli::from_logits(a * 2.0 - 1.0));
    g.cost("f", (a + b - g.data("t", [n], t.clone())).square().sum());
    let (_, gradients) = replicates(&g, &[enumeration(), enumeration()], 1, 1, 0);
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let expected: Vec<f64> = phi
        .iter()
        .zip(&t)
        .map(|(phi, t)| {
            let given = |a: f64| {
                let r = sigmoid(2.0 * a - 1.0);
                r * (a + 1.0 - t).powi(2) + (1.0 - r) * (a - t).powi(2)
            };
            sigmoid(*phi) * sigmoid(-*phi) * (given(1.0) - given(0.0))
        })
        .collect();
    close("gradient", &gradients[0], &expected, 1e-12);
    let program =
        aleator::Program::<f64>::compile(&g, &[enumeration(), enumeration()], &aleator::Options::new());
    assert_eq!(program.unwrap().evaluations(), 4);
    // One cost of all couples them: 2 outcomes become 2ⁿ, and it is refused.
    g.cost("together", a.sum().square());
    let plan = Plan::choose(&g, &[Some(enumeration()), Some(enumeration())], None).unwrap();
    assert!(aleator::Program::<f64>::compile(&g, &plan.estimators, &aleator::Options::new()).is_err());
}

#[test]
fn costs_beside_an_enumerated_site_count_once() {
    // A score met costs without the later site's alternatives once for each alternative.
    let g = Graph::new();
    let a = g.sample("a", Bernoulli::from_logits(g.param("u", 0.5)));
    let k = g.sample("k", OneHotCategorical::from_logits(g.param_tensor("phi", [3], vec![0.1, 0.7, -0.5])));
    g.cost("own", 3.0 * a);
    g.cost("both", a * k.dot(g.data("c", [3], vec![0.5, -1.0, 2.0])));
    let p = 1.0 / (1.0 + (-0.5f64).exp());
    let weights: Vec<f64> = [0.1f64, 0.7, -0.5].iter().map(|x| x.exp()).collect();
    let mean = (0.5 * weights[0] - weights[1] + 2.0 * weights[2]) / weights.iter().sum::<f64>();
    for (plan, samples) in [([score(), enumeration()], 1), ([loo(), enumeration()], 2)] {
        let (_, gradients) = replicates(&g, &plan, samples, 1 << 16, 5);
        let n = gradients.len() as f64;
        let average = gradients.iter().map(|g| g[0]).sum::<f64>() / n;
        let variance = gradients.iter().map(|g| (g[0] - average).powi(2)).sum::<f64>() / n;
        let exact = (3.0 + mean) * p * (1.0 - p);
        let allowed = critical_value(2) * (variance / n).sqrt() + 1e-12;
        assert!((average - exact).abs() <= allowed, "{plan:?}: {average}, exact {exact}");
    }
}

#[test]
fn three_sites_in_every_mixture_are_exactly_unbiased() {
    let g = Graph::new();
    let (u, w, s) = (g.param("u", 0.5), g.param("w", 1.2), g.param("s", 0.8));
    let a = g.sample("a", Bernoulli::from_logits(u));
    let b = g.sample("b", Bernoulli::from_logits(w * a - 0.7));
    let z = g.sample("z", Normal::new(a - 2.0 * b * w, s));
    g.cost("first", 2.0 * a);
    g.cost("second", (b - 0.3).square() * u);
    g.cost("third", 0.5 * (z - 1.0).square());
    g.cost("all", a * b * z);
    let gradient = gradient_of(&g);
    let plan_of = |i: usize, j: usize, k: usize| -> Vec<Shared> {
        let discrete = [enumeration(), score(), score_minus(0.8), loo()];
        let continuous = [pathwise(), score(), loo()];
        vec![discrete[i].clone(), discrete[j].clone(), continuous[k].clone()]
    };
    for (i, j, k) in (0..4).flat_map(|i| (0..4).flat_map(move |j| (0..3).map(move |k| (i, j, k)))) {
        let plan = plan_of(i, j, k);
        let samples = plan.iter().map(|e| e.min_samples()).max().unwrap();
        let got = exactly(&g, &plan, samples);
        close(&format!("{plan:?}, K = {samples}"), &got.mean, &gradient, 1e-8);
    }
}
