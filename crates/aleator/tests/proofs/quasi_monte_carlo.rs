//! Samples from scrambled nets: their variances in closed form, their means by enumeration and quadrature, and what they refuse.
//!
//! Variances are compared at a family-wise false-positive rate of 1e-6.

use aleator::Program;
use aleator::certify::{Certify, Standing, certify};
use aleator::graph::Graph;
use aleator::language::load;

use crate::common::*;

/// The estimates of each comparison.
const REPLICATES: usize = 1 << 14;

const NET: &str = "quasi_monte_carlo";
const SHIFT: &str = "quasi_monte_carlo(scramble=shift)";

#[track_caller]
fn read(text: &str) -> Graph {
    match load(text, None, &[]) {
        Ok(model) => model.graph,
        Err(error) => panic!("{text}\n{error:?}"),
    }
}

/// The mean and the variance of one coordinate of the gradient, from replicates, with the error of the variance.
fn moments(g: &Graph, via: &str, samples: usize, coordinate: usize) -> [f64; 3] {
    let n = REPLICATES;
    let plan: Vec<Shared> = g.sites().iter().map(|_| named(via)).collect();
    let (_, gradients) = replicates(g, &plan, samples, n, 11);
    let all: Vec<f64> = gradients.iter().map(|g| g[coordinate]).collect();
    let mean = all.iter().sum::<f64>() / n as f64;
    let central = |power: i32| all.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / n as f64;
    let variance = central(2);
    [mean, variance, ((central(4) - variance * variance) / n as f64).sqrt()]
}

#[track_caller]
fn agrees(what: &str, got: [f64; 3], mean: f64, variance: f64, comparisons: usize) {
    let critical = critical_value(2 * comparisons);
    let [got_mean, got_variance, error] = got;
    let off = critical * (variance / (REPLICATES as f64)).sqrt() + 1e-12;
    assert!((got_mean - mean).abs() <= off, "{what}: mean {got_mean}, exact {mean}");
    let off = critical * error + 1e-3 * variance + 1e-20;
    assert!(
        (got_variance - variance).abs() <= off,
        "{what}: variance {got_variance} ± {error}, exact {variance}"
    );
}

/// E Uᵖ for U uniform in (a, b).
fn power(p: i32, a: f64, b: f64) -> f64 {
    (b.powi(p + 1) - a.powi(p + 1)) / (f64::from(p + 1) * (b - a))
}

#[test]
fn one_coordinate_has_the_variance_of_stratified_sampling() {
    // z = h u, and the derivative of z² by h is 2 h u².
    let g = read("param h = 1\nz ~ Uniform(0, h)\ncost f = z^2 + 10000");
    for samples in [2, 4, 8, 32] {
        let k = samples as f64;
        let strata: f64 = (0..samples)
            .map(|j| {
                let (a, b) = (j as f64 / k, (j + 1) as f64 / k);
                4.0 * (power(4, a, b) - power(2, a, b).powi(2))
            })
            .sum();
        agrees(&format!("{samples} samples"), moments(&g, NET, samples, 0), 2.0 / 3.0, strata / (k * k), 8);
    }
    // For a linear function the tails alone remain: 1/(12 K³), and 1/(12 K²) with one tail for all points.
    let g = read("param h = 1\nz ~ Uniform(0, h)\ncost f = z");
    for samples in [2, 16] {
        let k = samples as f64;
        agrees(NET, moments(&g, NET, samples, 0), 0.5, 1.0 / (12.0 * k.powi(3)), 8);
        agrees(SHIFT, moments(&g, SHIFT, samples, 0), 0.5, 1.0 / (12.0 * k.powi(2)), 8);
    }
}

/// E[(u − ½)(u′ − ½)] of one coordinate of two points whose numbers have r common digits under the linear scramble.
fn covariance(common_digits: u32) -> f64 {
    let shrunk = 0.25f64.powi(common_digits as i32);
    (1.0 - shrunk) / 12.0 - shrunk / 16.0
}

#[test]
fn two_sites_take_their_coordinates_from_one_net() {
    // The derivative of z y by the width of z at 1 is (u − ½)(v − ½), also if both are elements of one vector.
    for text in [
        "param h = 1\nz ~ Uniform(-h/2, h/2)\ny ~ Uniform(-0.5, 0.5)\ncost f = z * y",
        "param h = 1\nz ~ Uniform(-h/2 * [1, 0] - [0, 0.5], h/2 * [1, 0] + [0, 0.5])\ncost f = z[0] * z[1]",
    ] {
        let g = read(text);
        // The first eight points of Sobol's sequence in two dimensions, in units of 1/8.
        let points = [[0u32, 0], [4, 4], [2, 6], [6, 2], [1, 5], [5, 1], [3, 3], [7, 7]];
        for samples in [2usize, 4, 8] {
            let mut sum = 0.0;
            for a in &points[..samples] {
                for b in &points[..samples] {
                    let factor = |d: usize| match a[d] ^ b[d] {
                        0 => 1.0 / 12.0,
                        difference => covariance(difference.leading_zeros() - 29),
                    };
                    sum += factor(0) * factor(1);
                }
            }
            let variance = sum / (samples * samples) as f64;
            agrees(text, moments(&g, NET, samples, 0), 0.0, variance, 6);
        }
    }
}

/// Proofs by the sum over all coins and the integral over the digits behind them.
#[test]
fn means_are_proved_where_the_noise_has_few_dimensions() {
    let how = |via: &str| Certify::new().only(vec![named(via)]).budget(std::time::Duration::from_secs(600));
    for (via, text) in [
        (NET, "param r = 500\nz ~ Exponential(r)\ncost f = z^2"),
        (SHIFT, "param m = 0.4\nparam s = 0.7\nz ~ Normal(m, s)\ncost f = z^2 + 3 * z + s * z + 10000"),
    ] {
        for plan in certify(&read(text), &how(via)).unwrap().plans {
            assert_eq!(plan.verdict, Standing::Proved, "{via}, {text}: {plan:?}");
            assert_eq!(plan.samples, 2);
        }
    }
    // Behind a draw that is enumerated.
    let g = read(
        "param t = 0.3\nparam s = 0.7\nb ~ Bernoulli(logits = t)\nz ~ Normal(t * b, s)\ncost f = (1 + b) * z + b * z^2",
    );
    let how = how(SHIFT).via("b", enumeration());
    for plan in certify(&g, &how).unwrap().plans {
        assert_eq!(plan.verdict, Standing::Proved, "{plan:?}");
    }
}

#[test]
fn means_agree_on_vectors_batches_matrices_and_chains() {
    let (m, s, t) = (0.4f64, 0.8f64, 0.3f64);
    let p = 1.0 / (1.0 + (-t).exp());
    let problems: [(&str, Vec<f64>); 6] = [
        (
            "param m = [0.4, -1]\nz ~ Normal(m, 0.7)\ncost f = (z[0] * z[1] - 0.3)^2 + m[0] * z[1]",
            vec![0.8 * 1.49 + 0.6 - 1.0, -2.0 * 0.65 - 0.24 + 0.4],
        ),
        ("param m = 0.4\nz ~ Normal(m, 0.7)[3]\ncost f = sum((z - m)^2 * z)", vec![1.47]),
        (
            "param m = [[0.4, 0.1, -1], [0.2, 0.3, 0.5]]\nz ~ Normal(m, 0.7)\ncost f = sum(z @ transpose(z))",
            [1.2, 0.8, -1.0].repeat(2),
        ),
        (
            // J = m⁵ + 3m³s² + ms² + m⁴ + m²s² + s² + 1
            "param m = 0.4\nparam s = 0.8\na ~ Normal(m, s)\nb ~ Normal(a * m, s)\nc ~ Normal(b, 1)\ncost f = a * b * c + c^2",
            vec![
                5.0 * m.powi(4) + 9.0 * m * m * s * s + s * s + 4.0 * m.powi(3) + 2.0 * m * s * s,
                2.0 * s * (3.0 * m.powi(3) + m + m * m + 1.0),
            ],
        ),
        (
            "param m = [0.4, -1]\nz ~ MultivariateNormal(m, scale_tril = [[1, 0], [0.5, 0.8]])\ncost f = z[0]^2 * z[1]",
            vec![0.2, 1.16],
        ),
        (
            // J = p (2t + t² + s²) + 100
            "param t = 0.3\nparam s = 0.7\nb ~ Bernoulli(logits = t)\nz ~ Normal(t * b, s)\ncost f = (1 + b) * z + b * z^2 + 100",
            vec![p * (1.0 - p) * (2.0 * t + t * t + 0.49) + p * (2.0 + 2.0 * t), 1.4 * p],
        ),
    ];
    for (text, gradient) in problems {
        let g = read(text);
        for via in [NET, SHIFT] {
            let plan: Vec<Shared> = g
                .sites()
                .iter()
                .map(|site| if text.contains("Bernoulli") && site.name == "b" { loo() } else { named(via) })
                .collect();
            for samples in [2, 8] {
                means_agree(text, &g, &plan, &untuned(samples, 1 << 12), &gradient, 40);
            }
        }
    }
}

/// Many replicates at once and one after another give the same points, and steps have their own scrambling.
#[test]
fn every_replicate_and_every_step_is_scrambled_anew() {
    let g = read("param m = 0.4\nz ~ Normal(m, 0.7)[2]\ncost f = z[0]^2 * z[1]");
    let (_, gradients) = replicates(&g, &[named(NET)], 8, 64, 3);
    let mut seen: Vec<u64> = gradients.iter().map(|g| g[0].to_bits()).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 64);
    let mut program =
        Program::<f64>::compile(&g, &[named(NET)], &aleator::Options::new().samples(8).seed(3)).unwrap();
    let mut at = |step| program.run_step(step).unwrap().gradient_at(0)[0];
    let (first, second) = (at(0), at(1));
    assert!(first != second && at(0) == first);
}

/// The rate for smooth costs of bounded noise: with four times the samples, independent ones have a fourth of the variance.
#[test]
fn the_variance_falls_faster_than_that_of_independent_samples() {
    let g = read("param h = 1\nz ~ Uniform(-h/2, h/2)\ny ~ Uniform(-0.5, 0.5)\ncost f = exp(z + y)");
    let falls = |via: &str| moments(&g, via, 4, 0)[1] / moments(&g, via, 16, 0)[1];
    assert!(falls(NET) > 30.0 && falls(SHIFT) > 12.0 && falls("pathwise") < 5.0);
}

#[test]
fn what_it_cannot_serve_is_refused_with_a_reason() {
    let compile = |text: &str, samples: usize| {
        let g = read(&format!("param m = 0.4\nparam s = 0.7\n{text}"));
        let plan: Vec<Shared> = g.sites().iter().map(|_| named(NET)).collect();
        let options = aleator::Options::new().samples(samples);
        Program::<f64>::compile(&g, &plan, &options).map(|_| ()).map_err(|e| e.to_string())
    };
    for (law, reason) in [
        ("Normal(m, s)", None),
        ("Laplace(m, s)", None),
        ("Logistic(m, s)", None),
        ("Gumbel(m, s)", None),
        ("Cauchy(m, s)", None),
        ("Uniform(m, m + s)", None),
        ("Exponential(s)", None),
        ("Weibull(m, s)", None),
        ("LogNormal(m, s)", None),
        ("Kumaraswamy(m, s)", None),
        ("RelaxedBernoulli(0.5, logits = m)", None),
        ("Bernoulli(m)", Some("a discrete sample has no derivative")),
        ("Poisson(s)", Some("a discrete sample has no derivative")),
        ("Gamma(m, s)", Some("not a differentiable transform")),
        ("Normal(m, s)[30000]", None),
    ] {
        let result = compile(&format!("z ~ {law}\ncost f = sum(z)"), 4);
        match reason {
            None => assert!(result.is_ok(), "{law}: {result:?}"),
            Some(reason) => assert!(result.clone().unwrap_err().contains(reason), "{law}: {result:?}"),
        }
    }
    let normal = "z ~ Normal(m, s)\ncost f = z";
    assert!(compile(normal, 6).unwrap_err().contains("use 4 or 8 samples"));
    assert!(compile(normal, 1 << 21).unwrap_err().contains("at most 1048576 points"));
    let many = compile("z ~ Normal(m, s)[30000]\ncost f = sum(z)^2", 4).unwrap_err();
    assert!(many.contains("costs combine 30000 draws"), "{many}");
    let together =
        compile("z ~ Normal(m, s)[20000]\ny ~ Normal(m, s)[20000]\ncost f = (sum(z) + sum(y))^2", 4)
            .unwrap_err();
    assert!(together.contains("need 40000 dimensions"), "{together}");
}
