//! The same problem, written in different ways, has the same gradient with the same variance: a draw that is picked by index
//! meets no other costs than one that is picked by a mask, a matrix or a sum.

use super::read;
use crate::common::*;

/// Two coins with costs of their own, w (b − t)².
const APART: &[(&str, &str)] = &[
    ("one tensor", "cost f = [1, 10] * (b - [0.3, 0.2])^2"),
    ("a sum", "cost f = sum([1, 10] * (b - [0.3, 0.2])^2)"),
    ("a mean", "cost f = 2 * mean([1, 10] * (b - [0.3, 0.2])^2)"),
    ("a scalar product", "cost f = dot([1, 10], (b - [0.3, 0.2])^2)"),
    ("indices", "cost f0 = 1 * (b[0] - 0.3)^2\ncost f1 = 10 * (b[1] - 0.2)^2"),
    ("indices in one cost", "cost f = (b[0] - 0.3)^2 + 10 * (b[1] - 0.2)^2"),
    ("the last first", "cost f = 10 * (b[-1] - 0.2)^2 - (-(b[-2] - 0.3)^2)"),
    ("slices", "cost f = sum((b[0:1] - 0.3)^2) + 10 * sum((b[1:2] - 0.2)^2)"),
    ("parts put together", "cost f = [10, 1] * (concat([b[1:2], b[0:1]]) - [0.2, 0.3])^2"),
    ("a stack", "cost f = sum([10, 1] * (stack([b[1], b[0]]) - [0.2, 0.3])^2)"),
    ("masks", "cost f = (sum(b * [1, 0]) - 0.3)^2 + 10 * (dot([0, 1], b) - 0.2)^2"),
    (
        "a computed mask",
        "m = 1 - 2 * [0.5, 0]\ncost f = (sum(b * (1 - m)) - 0.3)^2 + 10 * (dot(m, b) - 0.2)^2",
    ),
    ("conditions", "cost f = (sum(where([1, 0], b, 0)) - 0.3)^2 + 10 * (max(where([1, 0], 0, b)) - 0.2)^2"),
    ("a matrix", "cost f = [10, 1] * (b @ [[0, 1], [1, 0]] - [0.2, 0.3])^2"),
    ("a matrix in front", "cost f = [10, 1] * ([[0, 1], [1, 0]] @ b - [0.2, 0.3])^2"),
    ("another shape", "cost f = [[1], [10]] * (reshape(b, [2, 1]) - [[0.3], [0.2]])^2"),
    ("running sums", "s = cumsum(b)\ncost f = (s[0] - 0.3)^2 + 10 * (b[1] - 0.2)^2"),
    ("a row of a table", "t = stack([b, 2 * b])\ncost f = [1, 10] * (t[0] - [0.3, 0.2])^2"),
];

/// The same coins with one parameter.
const ALIKE: &[(&str, &str)] = &[
    ("copies", "b ~ Bernoulli(logits = u)[2]\ncost f = [1, 10] * (b - [0.3, 0.2])^2"),
    ("copies by index", "b ~ Bernoulli(logits = u)[2]\ncost f = (b[0] - 0.3)^2 + 10 * (b[1] - 0.2)^2"),
    ("a vector", "b ~ Bernoulli(logits = u * ones([2]))\ncost f = [1, 10] * (b - [0.3, 0.2])^2"),
    (
        "a vector by index",
        "b ~ Bernoulli(logits = u + [0, 0])\ncost f = (b[0] - 0.3)^2 + 10 * (b[1] - 0.2)^2",
    ),
    (
        "copies reshaped",
        "b ~ Bernoulli(logits = u)[2]\ncost f = [[1, 10]] * (reshape(b, [1, 2]) - [[0.3, 0.2]])^2",
    ),
    (
        "copies of a vector",
        "b ~ Bernoulli(logits = u * ones([1]))[2]\ncost f = (b[0, 0] - 0.3)^2 + 10 * (b[1, 0] - 0.2)^2",
    ),
];

/// Estimators and their samples.
fn served() -> Vec<(Shared, usize)> {
    let mut all = vec![(score(), 1), (score_minus(0.8), 1), (loo(), 2), (moving_average(0.9), 1)];
    for text in [
        "nvil",
        "muprop",
        "muprop(linear = false)",
        "rebar",
        "rebar(coefficient = 0.7, baseline = 0.3)",
        "relax",
        "score_function(baseline = self_critical)",
        "score_function(baseline = learned)",
    ] {
        all.push((named(text), 1));
    }
    all
}

/// Estimates of the same noise, of all spellings.
fn same_estimates(head: &str, spellings: &[(&str, &str)]) {
    for (estimator, samples) in served() {
        let estimates = |text: &str| {
            let g = read(&format!("{head}\n{text}"));
            replicates(&g, std::slice::from_ref(&estimator), samples, 64, 3)
        };
        let (objectives, gradients) = estimates(spellings[0].1);
        for (name, text) in &spellings[1..] {
            let what = format!("{name}, {estimator:?}");
            let (here, there) = estimates(text);
            close(&what, &here, &objectives, 1e-12);
            close(&what, &there.concat(), &gradients.concat(), 1e-11);
        }
    }
}

#[test]
fn draws_picked_in_any_way_give_the_same_estimates() {
    same_estimates("param phi = [0.3, -0.5]\nb ~ Bernoulli(logits = phi)", APART);
}

#[test]
fn copies_and_vectors_give_the_same_estimates() {
    same_estimates("param u = 0.4", ALIKE);
}

/// p q² f₁² + q p² f₀² − g² of w (b − t)² with b ~ Bernoulli(σ(φ)).
fn variance_of_one(phi: f64, w: f64, t: f64) -> f64 {
    let p = 1.0 / (1.0 + (-phi).exp());
    let (q, f1, f0) = (1.0 - p, w * (1.0 - t).powi(2), w * t * t);
    let g = p * q * (f1 - f0);
    p * q * q * f1 * f1 + q * p * p * f0 * f0 - g * g
}

#[test]
fn the_variance_is_that_of_separate_problems() {
    let expected = [variance_of_one(0.3, 1.0, 0.3), variance_of_one(-0.5, 10.0, 0.2)];
    for (name, text) in APART {
        let g = read(&format!("param phi = [0.3, -0.5]\nb ~ Bernoulli(logits = phi)\n{text}"));
        let got = exactly(&g, &[score()], 1);
        close(name, &got.mean, &Brute::new(&g).answer().1, 1e-12);
        close(name, &got.variance, &expected, 1e-12);
    }
    for (name, text) in ALIKE {
        let g = read(&format!("param u = 0.4\n{text}"));
        let got = exactly(&g, &[score()], 1);
        let expected = variance_of_one(0.4, 1.0, 0.3) + variance_of_one(0.4, 10.0, 0.2);
        close(name, &got.mean, &Brute::new(&g).answer().1, 1e-12);
        close(name, &got.variance, &[expected], 1e-12);
    }
}

#[test]
fn a_linear_cost_is_taken_apart_through_matrices_and_factors() {
    let w = [1.0, -3.0, 0.5];
    let phi = [0.3, -0.5, 1.1];
    for text in [
        "cost f = sum(b * [1, -3, 0.5])",
        "cost f = b @ [1, -3, 0.5]",
        "cost f = sum(b @ [[0.25, 0.75], [-1, -2], [0.5, 0]])",
        "cost f = sum([[1, -3, 0.5]] @ reshape(b, [3, 1]))",
        "cost f = b[0] - 3 * b[1] + b[2] / 2",
        "param one = 1\ncost f = one * (b[0] - 3 * b[1]) + b[2] / (2 * one)",
        "param v = [1, -3, 0.5]\ncost f = b @ v",
        "cost f = sum(stack([b[0], -3 * b[1]])) + 0.5 * mean(b[2:3])",
    ] {
        let g = read(&format!("param phi = [0.3, -0.5, 1.1]\nb ~ Bernoulli(logits = phi)\n{text}"));
        let got = exactly(&g, &[score()], 1);
        close(text, &got.mean, &Brute::new(&g).answer().1, 1e-12);
        let expected: Vec<f64> = (0..3).map(|i| w[i] * w[i] * variance_of_one(phi[i], 1.0, 0.0)).collect();
        close(text, &got.variance[..3], &expected, 1e-12);
    }
}

#[test]
fn a_linear_part_stays_beside_a_nonlinear_part_of_the_same_draws() {
    // Both are large, and their sum is small: the scores meet the sum.
    let head = "param phi = [0.3, -0.5]\nparam w = [9, 8]\nb ~ Bernoulli(logits = phi)\n";
    let p = [0.3, -0.5].map(|x: f64| 1.0 / (1.0 + (-x).exp()));
    let cost = |b: [f64; 2]| {
        let l = 9.0 * b[0] + 8.0 * b[1];
        l - l.exp().ln_1p()
    };
    let variance = |i: usize| {
        let moments = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]].map(|b: [f64; 2]| {
            let weight: f64 = (0..2).map(|j| if b[j] == 1.0 { p[j] } else { 1.0 - p[j] }).product();
            let estimate = cost(b) * (b[i] - p[i]);
            (weight * estimate, weight * estimate * estimate)
        });
        let (mean, square) = moments.iter().fold((0.0, 0.0), |(m, s), (x, y)| (m + x, s + y));
        square - mean * mean
    };
    for text in [
        "l = b @ w\ncost f = l - log(1 + exp(l))",
        "l = b @ w\ncost f = 2 * (l - softplus(l)) / 2",
        "l = w @ b\ncost f = l - softplus(l)",
        "l = dot(b, w)\ncost f = l - softplus(l)",
        "l = sum(b * w)\ncost f = -softplus(l)\ncost g = l",
        "l = 9 * b[0] + 8 * b[1]\ncost f = l - softplus(l)",
        "l = reshape(b, [1, 2]) @ reshape(w, [2, 1])\ncost f = l - softplus(l)",
        "s = b @ [18, 16]\ncost f = s / 2 - softplus(0.5 * s)",
        "param half = 0.5\ns = sum(2 * b * w)\ncost f = half * s - softplus(s / 2)",
    ] {
        let g = read(&format!("{head}{text}"));
        let got = exactly(&g, &[score()], 1);
        close(text, &got.mean, &Brute::new(&g).answer().1, 1e-12);
        close(text, &got.variance[..2], &[variance(0), variance(1)], 1e-12);
    }
}

#[test]
fn a_sum_stays_beside_nothing_that_is_not_computed_from_it() {
    // The prior of a unit meets the score of that unit, though the likelihood ties all units.
    let expected = {
        let g = read(
            "param phi = [0.3, -0.5]\nb ~ Bernoulli(logits = phi)\ncost f = [4, 7] * b\ncost g = (b[0] - b[1])^2",
        );
        exactly(&g, &[score()], 1).variance
    };
    for text in ["b @ [4, 7]", "sum([4, 7] * b)", "dot(b, [4, 7])", "4 * b[0] + 7 * b[1]"] {
        let g = read(&format!(
            "param phi = [0.3, -0.5]\nb ~ Bernoulli(logits = phi)\ncost f = {text} + (b[0] - b[1])^2"
        ));
        close(text, &exactly(&g, &[score()], 1).variance, &expected, 1e-12);
    }
}

#[test]
fn a_scalar_product_of_draws_is_the_sum_of_its_products() {
    let head =
        "param u = [0.3, -0.5]\nparam v = [0.2, 0.9]\nx ~ Bernoulli(logits = u)\ny ~ Bernoulli(logits = v)\n";
    let variance = |text: &str| {
        let g = read(&format!("{head}{text}"));
        let got = exactly(&g, &[score(), score()], 1);
        close(text, &got.mean, &Brute::new(&g).answer().1, 1e-12);
        got.variance
    };
    for [first, others @ ..] in [
        ["cost f = x * y", "cost f = x @ y", "cost f = dot(x, y)", "cost f = x[0] * y[0] + x[1] * y[1]"],
        [
            "cost f = 3 * x^2",
            "cost f = 3 * x @ x",
            "cost f = 3 * dot(x, x)",
            "cost f = 3 * (x[0]^2 + x[1]^2)",
        ],
    ] {
        let expected = variance(first);
        for text in others {
            close(text, &variance(text), &expected, 1e-12);
        }
    }
}

#[test]
fn constants_tie_nothing_together() {
    let sites = "param a = 0.3\nparam c = 0.1\nx ~ Bernoulli(logits = a)\ny ~ Bernoulli(logits = c)\n";
    let expected = [variance_of_one(0.3, 1.0, 0.0), variance_of_one(0.1, 10.0, 0.0)];
    for text in [
        "cost f = x + 10 * y + 100",
        "cost f = 100 + x + 10 * y",
        "cost f = x + 100 + 10 * y",
        "cost f = x - (-100 - 10 * y)",
        "cost f = 10 * (x / 10 + y + 10)",
        "cost f = sum(stack([x, 10 * y])) + 100",
        "cost f = x\ncost g = 10 * y\ncost h = 100",
        "param k = 7\ncost f = x + k^2 + 10 * y",
        "param one = 1\ncost f = one * (x + 10 * y + 100)",
        "cost f = stack([x, y]) @ [1, 10] + 100",
    ] {
        let g = read(&format!("{sites}{text}"));
        let got = exactly(&g, &[score(), score()], 1);
        close(text, &got.mean, &Brute::new(&g).answer().1, 1e-12);
        close(text, &got.variance[..2], &expected, 1e-12);
    }
    // Beside one variable alone, a constant is part of its cost, as in the talk.
    let g = read(&format!("{sites}cost f = x + 2"));
    let p = 1.0 / (1.0 + (-0.3f64).exp());
    let (q, gradient) = (1.0 - p, p * (1.0 - p));
    let variance = p * q * q * 9.0 + q * p * p * 4.0 - gradient * gradient;
    close("beside one", &exactly(&g, &[score(), score()], 1).variance[..1], &[variance], 1e-12);
}

#[test]
fn what_is_repeated_counts_as_often() {
    let sites = "param a = 0.3\nparam c = 0.1\nx ~ Bernoulli(logits = a)\ny ~ Bernoulli(logits = c)\n";
    let expected = [variance_of_one(0.3, 2.0, 0.0), variance_of_one(0.1, 10.0, 0.0)];
    for text in [
        "cost f = 2 * x + 10 * y",
        "cost f = x + y * [4, 6]",
        "cost f = (x + 5 * y) * [1, 1]",
        "param v = [1, 1]\ncost f = v * (x + 5 * y) + 3",
        "param v = [0.5, 1.5]\ncost f = v * (x + y * [2, 6]) ",
    ] {
        let g = read(&format!("{sites}{text}"));
        let got = exactly(&g, &[score(), score()], 1);
        close(text, &got.mean, &Brute::new(&g).answer().1, 1e-12);
        close(text, &got.variance[..2], &expected, 1e-12);
    }
}

#[test]
fn parts_of_a_stack_meet_the_scores_of_their_own_sites() {
    let sites = "param a = 0.3\nparam c = 0.1\nx ~ Bernoulli(logits = a)\ny ~ Bernoulli(logits = c)\n";
    let expected = [variance_of_one(0.3, 1.0, 0.3), variance_of_one(0.1, 10.0, 0.2)];
    for text in [
        "cost f = (x - 0.3)^2 + 10 * (y - 0.2)^2",
        "cost f = sum([1, 10] * (stack([x, y]) - [0.3, 0.2])^2)",
        "s = stack([x, y])\ncost f = (s[0] - 0.3)^2 + 10 * (s[1] - 0.2)^2",
        "cost f = (x + 0 * y - 0.3)^2 + 10 * (sum([[0, 1]] * [[1, 1]] * x) * 0 + y - 0.2)^2",
    ] {
        let g = read(&format!("{sites}{text}"));
        let got = exactly(&g, &[score(), score()], 1);
        close(text, &got.mean, &Brute::new(&g).answer().1, 1e-12);
        close(text, &got.variance, &expected, 1e-12);
        for plan in [[enumeration(), score()], [score(), enumeration()]] {
            close(text, &exactly(&g, &plan, 1).mean, &Brute::new(&g).answer().1, 1e-12);
        }
    }
}

#[test]
fn neighbours_in_a_row_meet_their_own_costs_alone() {
    // F_i = b_i b_{i+1}: the score of b_i meets F_{i−1} and F_i.
    let phi = [0.3, -0.5, 1.1, 0.2];
    let head = "param phi = [0.3, -0.5, 1.1, 0.2]\nb ~ Bernoulli(logits = phi)\n";
    let p: Vec<f64> = phi.iter().map(|x: &f64| 1.0 / (1.0 + (-x).exp())).collect();
    let expected: Vec<f64> = (0..4)
        .map(|i| {
            let moments = (0..16u32).map(|outcome| {
                let b: Vec<f64> = (0..4).map(|j| f64::from(outcome >> j & 1)).collect();
                let weight: f64 = (0..4).map(|j| if b[j] == 1.0 { p[j] } else { 1.0 - p[j] }).product();
                let met: f64 = (0..3).filter(|&e| e == i || e + 1 == i).map(|e| b[e] * b[e + 1]).sum();
                let estimate = met * (b[i] - p[i]);
                (weight * estimate, weight * estimate * estimate)
            });
            let (mean, square) = moments.fold((0.0, 0.0), |(m, s), (x, y)| (m + x, s + y));
            square - mean * mean
        })
        .collect();
    for text in [
        "cost f = b[1:4] * b[0:3]",
        "cost f = sum(b[0:3] * b[1:4])",
        "cost f = b[0] * b[1] + b[1] * b[2] + b[2] * b[3]",
        "cost f = b[0:3] * (b @ [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])",
        "c = reshape(b, [2, 2])\ncost f = c[:, 0] * c[:, 1]\ncost g = c[0, 1] * c[1, 0]",
    ] {
        let g = read(&format!("{head}{text}"));
        let got = exactly(&g, &[score()], 1);
        close(text, &got.mean, &Brute::new(&g).answer().1, 1e-12);
        close(text, &got.variance, &expected, 1e-12);
        // Everything that meets more than the score of one draw is still unbiased.
        for (estimator, samples) in [(enumeration(), 1), (loo(), 2), (named("muprop"), 1)] {
            let got = exactly(&g, &[estimator], samples);
            close(text, &got.mean, &Brute::new(&g).answer().1, 1e-11);
        }
    }
}
