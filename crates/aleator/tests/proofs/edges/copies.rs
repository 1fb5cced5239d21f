//! What stands for the value of a site has the shape of the value: means and modes of copies.

use super::read;
use crate::common::*;

/// Mean and variance of the estimate for four copies, by their number of ones.
fn self_critical_of_four(t: f64, cost: impl Fn(f64) -> f64) -> (f64, f64) {
    let p = 1.0 / (1.0 + (-t).exp());
    let choose = [1.0, 4.0, 6.0, 4.0, 1.0];
    let at_mode = cost(if p > 0.5 { 4.0 } else { 0.0 });
    let moments = (0..5).map(|ones| {
        let n = ones as f64;
        let weight = choose[ones] * p.powi(ones as i32) * (1.0 - p).powi(4 - ones as i32);
        let estimate = (cost(n) - at_mode) * (n - 4.0 * p);
        (weight * estimate, weight * estimate * estimate)
    });
    let (mean, square) = moments.fold((0.0, 0.0), |(m, s), (x, y)| (m + x, s + y));
    (mean, square - mean * mean)
}

#[test]
fn the_self_critical_baseline_is_the_cost_of_all_copies_at_their_mode() {
    let estimator = named("score_function(baseline = self_critical)");
    for (t, cost) in [(3.0, "(sum(b) - 4)^2"), (-0.4, "(sum(reshape(b, [2, 2]) @ [1, 1]) - 4)^2")] {
        let g = read(&format!("param t = {t}\nb ~ Bernoulli(logits = t)[4]\ncost f = {cost}"));
        let got = exactly(&g, std::slice::from_ref(&estimator), 1);
        let (mean, variance) = self_critical_of_four(t, |n| (n - 4.0).powi(2));
        close(cost, &got.mean, &[mean], 1e-12);
        close(cost, &got.variance, &[variance], 1e-12);
        close(cost, &got.mean, &Brute::new(&g).answer().1, 1e-11);
    }
}

/// Copies of `X`, in front of operations that need the whole of them.
const BEFORE: [(&str, &str); 5] = [
    ("X ~ Bernoulli(logits = L)[3]", "cost f = (X @ [1, 2, 3] - 1)^2"),
    ("X ~ Bernoulli(logits = L)[3]", "cost f = sum(cumsum(X)^2)"),
    ("X ~ Bernoulli(logits = L)[4]", "cost f = sum((reshape(X, [2, 2]) @ [1, 2] - 1)^2)"),
    ("X ~ Bernoulli(logits = L * [1, -1])[2]", "cost f = (sum(reshape(X, [4]) * [1, 2, 3, 4]) - 2)^2"),
    ("X ~ OneHotCategorical(logits = L * [1, 0])[2]", "cost f = (sum(reshape(X, [4]) * [1, 2, 3, 4]) - 2)^2"),
];

#[test]
fn means_and_modes_of_copies_stand_for_their_values() {
    for (site, cost) in BEFORE {
        let g = read(
            &format!(
                "param t = 0.3
{site}
{cost}"
            )
            .replace('X', "b")
            .replace('L', "t"),
        );
        let gradient = Brute::new(&g).answer().1;
        for text in ["score_function(baseline = self_critical)", "muprop", "muprop(linear = false)"] {
            let got = exactly(&g, &[named(text)], 1);
            close(&format!("{site}, {cost}, {text}"), &got.mean, &gradient, 1e-11);
        }
    }
}

#[test]
fn later_copies_stand_at_their_means() {
    // MuProp above copies: F at the mean of a has the means of b in it.
    // Its noise is enumerated for coins alone.
    for (site, cost) in BEFORE.into_iter().filter(|(site, _)| site.contains(" Bernoulli")) {
        let text = format!("param t = 0.3\na ~ Bernoulli(logits = t)\n{site}\n{cost}");
        let g = read(&text.replace('X', "b").replace('L', "(t + a)"));
        let gradient = Brute::new(&g).answer().1;
        for second in ["score_function", "enumeration", "muprop", "score_function(baseline = self_critical)"]
        {
            for first in ["muprop", "muprop(linear = false)", "score_function(baseline = self_critical)"] {
                let got = exactly(&g, &[named(first), named(second)], 1);
                close(&format!("{site}, {cost}, {first} above {second}"), &got.mean, &gradient, 1e-10);
            }
        }
    }
}

#[test]
fn copies_before_a_categorical_do_not_panic() {
    let g = read(
        "param t = 0.3\nb ~ Bernoulli(logits = t)[3]\nh ~ OneHotCategorical(logits = b @ [[1, 2], [0, 1], [1, 1]])\n\
         cost f = h @ [1, 2] + sum(b)",
    );
    let gradient = Brute::new(&g).answer().1;
    for first in ["score_function(baseline=self_critical)", "muprop", "score_function"] {
        for second in [enumeration(), score()] {
            means_agree(first, &g, &[named(first), second], &untuned(1, 20_000), &gradient, 6);
        }
    }
}
