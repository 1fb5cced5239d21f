//! Samples in mirrored pairs: closed forms of their variance, their means beside other estimators, and what they refuse.

use aleator::Program;
use aleator::graph::Graph;
use aleator::language::load;

use crate::common::*;

const SCORE: &str = "antithetic(gradient=score_function)";

fn read(text: &str) -> Graph {
    match load(text, None, &[]) {
        Ok(model) => model.graph,
        Err(error) => panic!("{text}\n{error:?}"),
    }
}

/// z ~ Normal(μ, σ), F = z² + level
fn square(mu: f64, sigma: f64, level: f64) -> Graph {
    read(&format!("param m = {mu}\nparam s = {sigma}\nz ~ Normal(m, s)\ncost f = z^2 + {level}"))
}

#[test]
fn the_odd_part_has_no_variance_and_the_even_part_has_that_of_half_the_samples() {
    for (mu, sigma) in [(0.7, 0.5), (-2.0, 1.4), (1e3, 0.01)] {
        let g = square(mu, sigma, 1e4);
        for samples in [2, 4] {
            let k = samples as f64;
            let got = exactly(&g, &[named("antithetic")], samples);
            close("mean", &got.mean, &[2.0 * mu, 2.0 * sigma], 1e-7);
            close("variance", &got.variance, &[0.0, 16.0 * sigma * sigma / k], 1e-6);
            let pathwise = exactly(&g, &[pathwise()], samples).variance;
            let independent = [4.0 * sigma * sigma / k, (4.0 * mu * mu + 8.0 * sigma * sigma) / k];
            close("pathwise", &pathwise, &independent, 1e-6);
        }
    }
}

#[test]
fn a_pair_of_scores_is_a_central_difference() {
    // (F(z) − F(z̃)) ε/(2σ) = 2με² for F = z², whatever the level.
    let (mu, sigma) = (0.7, 0.5);
    for level in [0.0, 1e4] {
        let got = exactly(&square(mu, sigma, level), &[named(SCORE)], 2);
        close("mean", &got.mean[..1], &[2.0 * mu], 1e-6);
        close("variance", &got.variance[..1], &[8.0 * mu * mu], 1e-4);
    }
    // With four samples the other pair is the baseline of both coordinates.
    let level = exactly(&square(mu, sigma, 1e4), &[named(SCORE)], 4);
    let without = exactly(&square(mu, sigma, 0.0), &[named(SCORE)], 4);
    close("mean", &level.mean, &[2.0 * mu, 2.0 * sigma], 1e-5);
    close("variance", &level.variance, &without.variance, 1e-3);
}

#[test]
fn coins_in_mirrored_pairs_are_unbiased() {
    for text in [
        "param t = 0.3\nb ~ Bernoulli(logits = t)\ncost f = (b - 0.45)^2 + 10000",
        "param t = [0.3, -9]\nb ~ Bernoulli(logits = t)\ncost f = (b[0] - 0.45)^2 * (1 + b[1]) + t[0] * b[1]",
        "param t = 0.3\na ~ Bernoulli(logits = t)\nb ~ Bernoulli(logits = t * a - 1)\ncost f = (a - 2 * b)^2 + t * a",
    ] {
        let g = read(text);
        let gradient = gradient_of(&g);
        let how = How { mirrored: true, ..How::default() };
        for samples in [2, 4] {
            let plan: Vec<Shared> = g.sites().iter().map(|_| named(SCORE)).collect();
            if settings(&g, samples, &how) > 1e5 {
                continue;
            }
            close(text, &exactly_by(&g, &plan, samples, &how).mean, &gradient, 1e-9);
        }
    }
}

#[test]
fn beside_other_estimators_it_is_unbiased() {
    let g = read(
        "param m = 0.4\nparam s = 0.7\nb ~ Bernoulli(logits = m)\nz ~ Normal(s * b, s)\ncost f = (1 + b) * z + b * z^2 + 10000",
    );
    let gradient = exactly(&g, &[enumeration(), pathwise()], 1).mean;
    for own in ["antithetic", SCORE] {
        for other in ["enumeration", "score_function", "reinforce_loo", "disarm", SCORE] {
            let how = How { mirrored: true, ..How::default() };
            let got = exactly_by(&g, &[named(other), named(own)], 2, &how).mean;
            close(&format!("{other}, {own}"), &got, &gradient, 1e-4);
        }
    }
}

#[test]
fn every_family_is_served_or_refused_with_a_reason() {
    let compile = |text: &str, via: &str, samples: usize| {
        let g = read(&format!("param m = 0.4\nparam s = 0.7\n{text}"));
        let options = aleator::Options::new().samples(samples);
        Program::<f64>::compile(&g, &[named(via)], &options).map(|_| ()).map_err(|e| e.to_string())
    };
    for (law, pathwise, score) in [
        ("Normal(m, s)", true, true),
        ("Laplace(m, s)", true, true),
        ("Logistic(m, s)", true, true),
        ("Gumbel(m, s)", true, true),
        ("Uniform(m, m + s)", true, false),
        ("Exponential(s)", true, true),
        ("Weibull(m, s)", true, true),
        ("Geometric(m)", false, true),
        ("Bernoulli(m)", false, true),
        ("Gamma(m, s)", false, false),
        ("Poisson(s)", false, false),
    ] {
        let text = format!("z ~ {law}\ncost f = z");
        for (via, served) in [("antithetic", pathwise), (SCORE, score)] {
            let result = compile(&text, via, 4);
            assert_eq!(result.is_ok(), served, "{law}, {via}: {result:?}");
        }
    }
    let odd = compile("z ~ Normal(m, s)\ncost f = z", "antithetic", 3).unwrap_err();
    assert!(odd.contains("use 2 or 4 samples"), "{odd}");
}
