//! Unbiasedness by exact expectation: every joint setting of the noise of all samples and all sites, summed with its
//! probability, gives the gradient that brute force over outcomes gives.

use aleator::distributions::{Bernoulli, Categorical, OneHotCategorical};
use aleator::graph::Graph;
use aleator_engine::graph::concat;

use crate::common::*;

/// Discrete problems, small enough for all settings of two samples at least.
fn problems() -> Vec<(&'static str, Graph)> {
    let mut all = Vec::new();
    let mut add = |name: &'static str, write: &dyn Fn(&Graph)| {
        let g = Graph::new();
        write(&g);
        all.push((name, g));
    };
    add("one coin", &|g| {
        let b = g.sample("b", Bernoulli::from_logits(g.param("theta", -0.7)));
        g.cost("loss", (b - 0.45).square());
    });
    add("a cost that depends on the parameters directly", &|g| {
        let (theta, w) = (g.param("theta", 0.6), g.param("w", 1.3));
        let b = g.sample("b", Bernoulli::from_logits(theta));
        g.cost("fit", (w * b - 0.3).square() * (-theta).exp());
        g.cost("size", 0.1 * w.square() + theta);
    });
    add("a probability that is a map of the parameter", &|g| {
        let x = g.param("x", 0.4);
        let b = g.sample("b", Bernoulli::from_probs(0.1 + 0.8 * x.sigmoid().square()));
        g.cost("loss", 2.0 * b - b * x);
    });
    add("coins with a cost each", &|g| {
        let phi = g.param_tensor("phi", [3], vec![0.2, -0.4, 1.0]);
        let b = g.sample("b", Bernoulli::from_logits(phi));
        let t = g.data("t", [3], vec![0.3, 0.6, 0.45]);
        g.cost("loss", (b - t).square());
    });
    add("coins with one cost together", &|g| {
        let phi = g.param_tensor("phi", [2], vec![0.2, -0.4]);
        let b = g.sample("b", Bernoulli::from_logits(phi));
        g.cost("loss", (b.sum() - 1.2).square() + b.cumsum().square().sum());
        g.cost("single", 0.5 * b.slice(0, 0, 1));
    });
    add("a batch of two rows of two coins", &|g| {
        let phi = g.param_tensor("phi", [2, 2], vec![0.1, -0.3, 1.2, 0.0]);
        let x = g.data("x", [2], vec![1.0, -2.0]);
        let b = g.sample("b", Bernoulli::from_logits(phi));
        let y = g.data("y", [2], vec![0.4, -1.0]);
        g.cost("row", ((b * x).sum_axes(&[0]) - y).square());
    });
    add("a batch whose rows cost in another order", &|g| {
        let phi = g.param_tensor("phi", [2, 2], vec![0.1, -0.3, 1.2, 0.0]);
        let x = g.data("x", [2, 2], vec![1.0, -2.0, 0.5, 0.25]);
        let b = g.sample("b", Bernoulli::from_logits(phi));
        g.cost("transposed", (b.transpose() * x).exp());
        g.cost("rows", b.matmul(x).square());
    });
    add("three independent copies of a coin", &|g| {
        let b = g.sample("b", Bernoulli::from_logits(g.param("theta", 0.3)).copies(3));
        g.cost("loss", (b.mean() - 0.25).square());
    });
    add("a coin that decides the next", &|g| {
        let (u, w, v) = (g.param("u", 0.5), g.param("w", 1.2), g.param("v", -0.7));
        let a = g.sample("a", Bernoulli::from_logits(u));
        let b = g.sample("b", Bernoulli::from_logits(w * a + v));
        g.cost("early", 3.0 * (a - 0.3).square());
        g.cost("late", (b - 0.6).square());
        g.cost("both", a * b);
    });
    add("two coins with a cost each and one together", &|g| {
        let a = g.sample("a", Bernoulli::from_logits(g.param("u", 0.5)));
        let b = g.sample("b", Bernoulli::from_logits(g.param("v", -1.0)));
        g.cost("first", 3.0 * (a - 0.3).square());
        g.cost("second", (b - 0.6).square());
        g.cost("both", (a - 2.0 * b).square());
    });
    add("pairs of coins, row by row", &|g| {
        let u = g.param_tensor("u", [2], vec![0.3, -0.5]);
        let w = g.param("w", 0.8);
        let a = g.sample("a", Bernoulli::from_logits(u));
        let b = g.sample("b", Bernoulli::from_logits(w * a - 0.2));
        g.cost("late", (b - 0.6).square() * (1.0 + a));
        g.cost("early", 0.7 * a);
    });
    add("pairs of coins through a matrix", &|g| {
        let phi = g.param_tensor("phi", [2], vec![0.3, -0.5]);
        let w = g.param_tensor("W", [2, 2], vec![0.8, -0.6, 0.4, 1.1]);
        let h1 = g.sample("h1", Bernoulli::from_logits(phi));
        let h2 = g.sample("h2", Bernoulli::from_logits(h1.matmul(w)));
        g.cost("fit", (h2 - 0.4).square());
        g.cost("match", 0.5 * (h2.sum() - h1.sum()).square());
        g.cost("own", 0.3 * h1);
    });
    add("a chain of three coins", &|g| {
        let (u, v, w) = (g.param("u", 0.4), g.param("v", -0.9), g.param("w", 1.3));
        let a = g.sample("a", Bernoulli::from_logits(u));
        let b = g.sample("b", Bernoulli::from_logits(v + w * a));
        let c = g.sample("c", Bernoulli::from_logits(w - b + 0.5 * a));
        g.cost("all", (a + 2.0 * b - c - 0.5).square());
        g.cost("first", 2.0 * a);
        g.cost("middle", (b - 0.2).exp());
        g.cost("last", c * v);
    });
    add("an index", &|g| {
        let phi = g.param_tensor("phi", [4], vec![0.3, -0.2, 0.9, 0.0]);
        let k = g.sample("k", Categorical::from_logits(phi));
        g.cost("f", (k - 1.3).square() * (0.2 * k).exp());
    });
    add("a batch of one-hot vectors", &|g| {
        let phi = g.param_tensor("phi", [2, 3], vec![0.5, -1.0, 0.2, 0.0, 0.4, -0.3]);
        let v = g.data("v", [3], vec![1.0, -0.5, 2.0]);
        let t = g.data("t", [2], vec![0.2, 1.1]);
        let z = g.sample("z", OneHotCategorical::from_logits(phi));
        g.cost("f", (z.dot(v) - t).square());
    });
    add("one-hot vectors with one cost together", &|g| {
        let phi = g.param_tensor("phi", [2, 3], vec![0.5, -1.0, 0.2, 0.0, 0.4, -0.3]);
        let z = g.sample("z", OneHotCategorical::from_logits(phi));
        let parts = [z.slice(1, 0, 1), z.slice(1, 1, 1).exp()];
        g.cost("f", parts[0].dot(parts[1]).sum());
        g.cost("g", concat(&parts, 0).unwrap().cumsum().square());
    });
    all
}

/// Every combination of `choices` over the sites.
fn plans(sites: usize, choices: &[Shared]) -> Vec<Vec<Shared>> {
    (0..sites).fold(vec![vec![]], |plans, _| {
        let longer = |plan: &Vec<Shared>| -> Vec<Vec<Shared>> {
            choices.iter().map(|c| plan.iter().chain([c]).cloned().collect()).collect()
        };
        plans.iter().flat_map(longer).collect()
    })
}

fn describe(plan: &[Shared]) -> String {
    plan.iter().map(|e| format!("{e:?}")).collect::<Vec<_>>().join(", ")
}

/// Settings of the noise of one sample: a bound on what [`exactly`] will enumerate.
fn feasible(graph: &Graph, samples: usize) -> bool {
    let mut count = 1.0f64;
    let mut upstream = 1.0f64;
    for site in graph.sites() {
        let parameters: Vec<_> = site.parameters.iter().map(|&p| graph.expr(p)).collect();
        let outcomes = site.family.outcomes(&parameters).unwrap().len() as f64;
        let draws = site.batch.numel() as i32;
        count *= if outcomes == 2.0 { (upstream + 1.0).powi(draws) } else { outcomes.powi(draws) };
        upstream *= outcomes.powi(draws);
    }
    count.powi(samples as i32) <= 20_000.0
}

#[test]
fn every_mean_is_the_gradient() {
    let mut compared = 0;
    for (name, graph) in problems() {
        let (objective, gradient) = Brute::new(&graph).answer();
        for samples in 1..=3 {
            if samples > 1 && !feasible(&graph, samples) {
                continue;
            }
            let mut choices = vec![score(), score_minus(0.7), enumeration()];
            if samples > 1 {
                choices.push(loo());
            }
            for plan in plans(graph.sites().len(), &choices) {
                // Three sites in all combinations once is enough.
                if plan.len() == 3 && samples > 1 && !plan.iter().any(|e| e.min_samples() > 1) {
                    continue;
                }
                let got = exactly(&graph, &plan, samples);
                let what = format!("{name}, K = {samples}, {}", describe(&plan));
                close(&what, &[got.objective], &[objective], 1e-10);
                close(&what, &got.mean, &gradient, 1e-10);
                compared += 1;
            }
        }
    }
    assert!(compared > 200, "{compared}");
}

#[test]
fn variances_by_hand_are_the_exact_ones() {
    // One coin, K = 1: Σ p ((F − b) s)² − g², written out.
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param("theta", -0.7)));
    g.cost("loss", (b - 0.45).square());
    let p = 1.0 / (1.0 + 0.7f64.exp());
    let q = 1.0 - p;
    let (f1, f0): (f64, f64) = (0.55 * 0.55, 0.45 * 0.45);
    let gradient = (f1 - f0) * p * q;
    for baseline in [0.0, 0.25, -3.0] {
        let by_hand =
            p * ((f1 - baseline) * q).powi(2) + q * ((f0 - baseline) * p).powi(2) - gradient.powi(2);
        let got = exactly(&g, &[score_minus(baseline)], 1);
        close("variance", &got.variance, &[by_hand], 1e-12);
        // K samples: the K-th part.
        let got = exactly(&g, &[score_minus(baseline)], 3);
        close("variance of a mean of three", &got.variance, &[by_hand / 3.0], 1e-12);
    }
    let got = exactly(&g, &[loo()], 2);
    close("leave one out", &got.variance, &[0.5 * p * q * 0.01 - gradient.powi(2)], 1e-12);
}

#[test]
fn measured_moments_are_the_exact_ones() {
    let problems = problems();
    let plans_of = |graph: &Graph| -> Vec<(Vec<Shared>, usize)> {
        let n = graph.sites().len();
        let mut plans = vec![(vec![score(); n], 1), (vec![score_minus(0.7); n], 1), (vec![loo(); n], 2)];
        if n == 2 {
            plans.push((vec![enumeration(), score()], 1));
            plans.push((vec![score(), enumeration()], 1));
        }
        plans
    };
    let coordinates = |graph: &Graph| graph.params().iter().map(|p| p.shape.numel()).sum::<usize>();
    let comparisons: usize = problems.iter().map(|(_, g)| 2 * plans_of(g).len() * coordinates(g)).sum();
    for (name, graph) in &problems {
        for (plan, samples) in plans_of(graph) {
            if samples > 1 && !feasible(graph, samples) {
                continue;
            }
            let exact = exactly(graph, &plan, samples);
            let what = format!("{name}, {}", describe(&plan));
            variances_agree(&what, graph, &plan, samples, 50_000, &exact, comparisons);
        }
    }
}

#[test]
fn a_later_score_never_meets_an_earlier_cost() {
    // Contract case: the variance of the later site's gradient has no trace of the earlier cost.
    let write = |early: f64| {
        let g = Graph::new();
        let (u, w, v) = (g.param("u", 0.5), g.param("w", 1.2), g.param("v", -0.7));
        let a = g.sample("a", Bernoulli::from_logits(u));
        let b = g.sample("b", Bernoulli::from_logits(w * a + v));
        g.cost("early", early * (a - 0.3).square());
        g.cost("late", (b - 0.6).square());
        g
    };
    let plan = [score(), score()];
    let (with, without) = (exactly(&write(3.0), &plan, 1), exactly(&write(0.0), &plan, 1));
    close("w and v", &with.variance[1..], &without.variance[1..], 1e-14);
    // In closed form: E[p_a Σ_b p_b (f_b s_b)²] − g².
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let pa = sigmoid(0.5);
    let (f1, f0): (f64, f64) = (0.16, 0.36);
    let row = |a: f64| {
        let p = sigmoid(1.2 * a - 0.7);
        let (g, second) =
            (p * (1.0 - p) * (f1 - f0), p * (f1 * (1.0 - p)).powi(2) + (1.0 - p) * (f0 * p).powi(2));
        (g, second)
    };
    let v_mean = pa * row(1.0).0 + (1.0 - pa) * row(0.0).0;
    let v_second = pa * row(1.0).1 + (1.0 - pa) * row(0.0).1;
    let w = pa * row(1.0).1 - (pa * row(1.0).0).powi(2);
    close("closed form", &with.variance[1..], &[w, v_second - v_mean * v_mean], 1e-12);
    variances_agree("measured", &write(3.0), &plan, 1, 200_000, &with, 6);
}

#[test]
fn a_row_of_a_batch_never_meets_another_row() {
    // The variance of row 0's gradient is that of row 0 alone.
    let alone = Graph::new();
    let b = alone.sample("b", Bernoulli::from_logits(alone.param("phi", 0.2)));
    alone.cost("f", (b - 0.3).square());
    let rows = Graph::new();
    let b = rows.sample("b", Bernoulli::from_logits(rows.param_tensor("phi", [3], vec![0.2, 2.0, -1.0])));
    rows.cost("f", (b - rows.data("t", [3], vec![0.3, 40.0, -7.0])).square().sum());
    for plan in [[score()], [score_minus(0.4)], [loo()]] {
        let alone = exactly(&alone, &plan, 2);
        let rows = exactly(&rows, &plan, 2);
        close("row 0", &rows.variance[..1], &alone.variance, 1e-13);
    }
}
