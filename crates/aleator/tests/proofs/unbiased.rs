//! Unbiasedness: the mean of every estimator over every problem is the gradient.
//!
//! By exact expectation where all joint settings of the noise of all samples and all sites can be summed with their
//! probabilities, which gives what brute force over outcomes gives; and as measured, at critical values with a stated
//! family-wise rate, for all of them.

use std::collections::BTreeMap;

use aleator::diagnostics::Measure;
use aleator::distributions::{
    Bernoulli, Categorical, Distribution, Exponential, Normal, OneHotCategorical, Support, Uniform,
};
use aleator::estimators::{Bias, all};
use aleator::graph::Graph;
use aleator_engine::autodiff::grad;

use crate::common::problems::{Problem, bounds, continuous, discrete, jumps, larger};
use crate::common::*;

/// The most settings of the noise that a plan is summed over.
const MOST_SETTINGS: f64 = 300_000.0;

#[test]
fn the_table_says_what_serves_what() {
    let write = |support: Support| {
        let g = Graph::new();
        let phi = g.param_tensor("phi", [2, 3], vec![0.3, -0.4, 0.2, 1.0, 0.4, -0.9]);
        let (m, s) = (g.param_tensor("m", [2], vec![0.3]), g.param("s", 0.8));
        let z = match support {
            Support::Boolean => g.sample("z", Bernoulli::from_logits(phi)),
            Support::OneHot => g.sample("z", OneHotCategorical::from_logits(phi)),
            Support::Indices => g.sample("z", Categorical::from_logits(phi)),
            Support::Positive => g.sample("z", Exponential::new(m)),
            Support::Interval { high: Some(_), .. } => g.sample("z", Uniform::new(m, m + s)),
            _ => g.sample("z", Normal::new(m, s)),
        };
        let l = if z.rank() > 1 { z.sum_axes(-1) } else { z };
        g.cost("f", l.logsumexp(-1));
        g
    };
    let discrete = [Support::Boolean, Support::OneHot, Support::Indices];
    for support in discrete.into_iter().chain([
        Support::Real,
        Support::Positive,
        Support::Interval { low: 0, high: Some(1) },
    ]) {
        let g = write(support);
        for row in unbiased() {
            assert_eq!(
                is_accepted(&g, std::slice::from_ref(&row.estimator)),
                row.supports(&g, 0),
                "{} for {support:?}",
                row.text
            );
        }
    }
    // And it has every unbiased estimator.
    for entry in all().iter().filter(|e| e.properties.bias == Bias::Unbiased) {
        let name = entry.properties.name;
        assert!(unbiased().iter().any(|r| r.estimator.properties().name == name), "{name}");
    }
}

/// Compares the exact mean of every feasible plan of these rows with the gradient; how many there were by row.
fn compare_exactly(
    problems: &[Problem],
    rows: &[Row],
    of_interest: impl Fn(&[Row]) -> bool,
) -> BTreeMap<&'static str, usize> {
    let mut compared = BTreeMap::new();
    for (name, graph) in problems {
        let (objective, gradient) = Brute::new(graph).answer();
        for plan in plans(graph, rows, &[0, 1, 2, 3, 7, 18]) {
            let estimators = estimators(&plan);
            let least = least(&estimators);
            let depends = plan.iter().map(|r| r.depends).max().unwrap();
            let nodes = plan.iter().map(|r| r.nodes).max().unwrap();
            let mirrored = plan.iter().any(|r| r.mirrored);
            let how = How { depends, nodes, mirrored, own: &elsewhere, ..How::default() };
            for (samples, most) in [(least, MOST_SETTINGS), (least + 1, 1000.0)] {
                if !accepts_samples(graph, &estimators, samples)
                    || !of_interest(&plan)
                    || settings(graph, samples, &how) > most
                {
                    continue;
                }
                let got = exactly_by(graph, &estimators, samples, &how);
                let what = format!("{name}, K = {samples}, {}", describe(&estimators));
                close(&what, &[got.objective], &[objective], 1e-10);
                close(&what, &got.mean, &gradient, 1e-9);
                plan.iter().for_each(|row| *compared.entry(row.text).or_default() += 1);
            }
        }
    }
    compared
}

/// That each of these rows was compared at least so often.
#[track_caller]
fn each_was_compared(compared: &BTreeMap<&str, usize>, rows: &[Row], least: usize) {
    for row in rows {
        let count = compared.get(row.text).copied().unwrap_or(0);
        assert!(count >= least, "{}: {count}", row.text);
    }
}

fn by_outcomes(plan: &[Row]) -> bool {
    plan.iter().all(|row| row.depends == Depends::Outcomes)
}

fn serving_coins(rows: Vec<Row>, with: impl Fn(&Row) -> bool) -> Vec<Row> {
    rows.into_iter().filter(|row| row.serves.contains(&Support::Boolean) && with(row)).collect()
}

#[test]
fn every_mean_is_the_gradient() {
    let rows = serving_coins(rows_for("discrete"), |row| row.depends == Depends::Outcomes);
    let compared = compare_exactly(&discrete(), &rows_for("discrete"), by_outcomes);
    // The mirrored noise of pairs has more cells, so fewer of their plans are small enough.
    let (pairs, others): (Vec<Row>, Vec<Row>) = rows.iter().cloned().partition(|row| row.mirrored);
    each_was_compared(&compared, &pairs, 30);
    each_was_compared(&compared, &others, 40);
    let compared = compare_exactly(&jumps(), &rows_for("jumps"), by_outcomes);
    each_was_compared(&compared, &serving_coins(others, |row| row.cost == Needs::Nothing), 2);
    each_was_compared(&compared, &serving_coins(pairs, |row| row.cost == Needs::Nothing), 1);
}

#[test]
fn every_mean_is_the_gradient_of_a_bound() {
    let rows = serving_coins(rows_for("bounds"), |row| row.depends == Depends::Outcomes);
    let compared = compare_exactly(&bounds(), &rows_for("bounds"), by_outcomes);
    each_was_compared(&compared, &rows, 8);
}

#[test]
fn every_mean_over_relaxations_is_the_gradient() {
    let relaxed = |plan: &[Row]| !by_outcomes(plan);
    let with = |depends, least: usize| {
        let fits = move |row: &Row| row.depends == depends && row.estimator.min_samples() == least;
        serving_coins(rows_for("discrete"), fits)
    };
    let compared = compare_exactly(&discrete(), &rows_for("discrete"), relaxed);
    each_was_compared(&compared, &with(Depends::First, 1), 15);
    each_was_compared(&compared, &with(Depends::First, 2), 3);
    each_was_compared(&compared, &with(Depends::Both, 1), 3);
    let compared = compare_exactly(&bounds(), &rows_for("bounds"), relaxed);
    each_was_compared(&compared, &with(Depends::First, 1), 1);
    let compared = compare_exactly(&jumps(), &rows_for("jumps"), relaxed);
    // The three black-box rows of RELAX, ARM and the measure-valued row.
    assert_eq!(compared.len(), 5);
}

#[test]
fn every_mean_over_a_continuous_draw_is_the_gradient() {
    for (name, g) in continuous() {
        // E[z + 0.3 z²] = m + 0.3 (v + m²) by the distribution's own mean m and variance v.
        let def = g.sites().swap_remove(0);
        let given = def.parameters.iter().map(|&p| g.expr(p)).collect();
        let distribution = Distribution::new(def.family.clone(), given);
        let (mean, variance) = (distribution.mean().unwrap(), distribution.variance().unwrap());
        let objective = mean + 0.3 * (variance + mean.square());
        let gradient = evaluate(&g, &grad(objective, &parameters(&g))).concat();
        let objective = evaluate(&g, &[objective]).concat();
        // The points of a net are drawn by an operation, whose noise is not replaced here: quasi_monte_carlo.rs goes through all of it.
        let replaced = |row: &&Row| row.supports(&g, 0) && !row.text.starts_with("quasi_monte_carlo");
        for row in rows_for("continuous").iter().filter(replaced) {
            // Laplace's density has a kink at its middle.
            let how = How {
                depends: row.depends.max(Depends::First),
                nodes: 60,
                jumps: &[0.5],
                own: &elsewhere,
                ..How::default()
            };
            let plan = [row.estimator.clone()];
            let got = exactly_by(&g, &plan, least(&plan), &how);
            close(
                &format!("{name}: {}", row.text),
                &[&[got.objective], &got.mean[..]].concat(),
                &[&objective[..], &gradient].concat(),
                1e-8,
            );
        }
    }
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
    let problems = discrete();
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
            if settings(graph, samples, &How::default()) > 20_000.0 {
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

/// Compares the mean of every plan, as measured after some steps of tuning, with the exact gradient.
fn compare_measured(problems: &[Problem], rows: &[Row]) {
    let plans = |g: &Graph| plans(g, rows, &[0, 7]);
    let coordinates = |g: &Graph| g.params().iter().map(|p| p.shape.numel()).sum::<usize>();
    let comparisons = problems.iter().map(|(_, g)| coordinates(g) * plans(g).len()).sum();
    let how = Measure { samples: None, replicates: 4096, tune: 8, seed: 2024 };
    for (name, graph) in problems {
        let gradient = gradient_of(graph);
        for plan in plans(graph) {
            let estimators = estimators(&plan);
            let what = format!("{name}, {}", describe(&estimators));
            means_agree(&what, graph, &estimators, &how, &gradient, comparisons);
        }
    }
}

#[test]
fn measured_means_are_the_gradient() {
    compare_measured(&discrete(), &rows_for("discrete"));
}

#[test]
fn measured_means_of_larger_problems_are_the_gradient() {
    compare_measured(&larger(), &rows_for("larger"));
}

#[test]
fn measured_means_of_bounds_and_jumps_are_the_gradient() {
    compare_measured(&bounds(), &rows_for("bounds"));
    compare_measured(&jumps(), &rows_for("jumps"));
}
