//! Smoothed perturbation analysis: the weights of jumps, the choice of one jump, and published examples.

use aleator::diagnostics::{Measure, measure};
use aleator::distributions::Distribution;
use aleator::estimators::{EvaluatedJumps, PerturbationAnalysis};
use aleator::graph::{Expr, Graph};
use aleator::prelude::{
    Bernoulli, Binomial, Categorical, Gamma, Geometric, NegativeBinomial, Normal, OneHotCategorical, Poisson,
};
use aleator::{Options, Program};
use aleator_engine::autodiff::grad;

use crate::common::problems::{discrete, larger};
use crate::common::*;

fn all() -> Shared {
    shared(PerturbationAnalysis::default())
}

fn one() -> Shared {
    shared(PerturbationAnalysis { jumps: EvaluatedJumps::One })
}

fn many() -> Measure {
    Measure { samples: Some(1), replicates: 20_000, tune: 0, seed: 11 }
}

#[test]
fn a_coin_jumps_where_its_probability_moves() {
    // F(1) − F(0) = 0.1. Where p rises, 0 → 1 with 1/(1 − p); where it falls, 1 → 0 with −δ/p, δ = −1.
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_probs(g.param("p", 0.3)));
    g.cost("f", (b - 0.45).square());
    let (f, gradients) = replicates(&g, &[all()], 1, 100, 0);
    let drawn = |f: f64| f > 0.25;
    let expected: Vec<f64> = f.iter().map(|&f| if drawn(f) { 0.0 } else { 0.1 / 0.7 }).collect();
    close("rising", &gradients.concat(), &expected, 1e-12);
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_probs(1.0 - g.param("p", 0.3)));
    g.cost("f", (b - 0.45).square());
    let (f, gradients) = replicates(&g, &[all()], 1, 100, 0);
    let expected: Vec<f64> = f.iter().map(|&f| if drawn(f) { -0.1 / 0.7 } else { 0.0 }).collect();
    close("falling", &gradients.concat(), &expected, 1e-12);
}

type Write = for<'g> fn(Expr<'g>) -> Distribution<'g>;

/// Each family in both directions, against E[10⁴ + z + 0.3 z²] by its own moments.
#[test]
fn every_rate_is_unbiased() {
    let families: [(&str, Write); 8] = [
        ("poisson", |a| Poisson::new(a + 2.0)),
        ("binomial", |a| Binomial::from_probs(7.0, a)),
        ("binomial by logits", |a| Binomial::from_logits(7.0, a)),
        ("geometric", |a| Geometric::from_probs(a)),
        ("geometric by logits", |a| Geometric::from_logits(a)),
        ("negative binomial", |a| NegativeBinomial::from_probs(2.6, a)),
        ("negative binomial by logits", |a| NegativeBinomial::from_logits(0.7, a)),
        ("bernoulli by logits", |a| Bernoulli::from_logits(a)),
    ];
    for (name, write) in families {
        for slope in [1.0, -1.0] {
            let g = Graph::new();
            let z = g.sample("z", write(0.4 + slope * (g.param("a", 0.1) - 0.1)));
            g.cost("f", z + 0.3 * z.square() + 1e4);
            let def = g.sites().swap_remove(0);
            let given = def.parameters.iter().map(|&p| g.expr(p)).collect();
            let distribution = Distribution::new(def.family.clone(), given);
            let (mean, variance) = (distribution.mean().unwrap(), distribution.variance().unwrap());
            let gradient =
                evaluate(&g, &grad(mean + 0.3 * (variance + mean.square()), &parameters(&g))).concat();
            for plan in [all(), one()] {
                means_agree(&format!("{name}, {slope}"), &g, &[plan], &many(), &gradient, 32);
            }
        }
    }
}

#[test]
fn masked_categories_are_passed_over() {
    // The cost is infinite at the masked one; an exact mean, by enumeration of the noise.
    for one_hot in [true, false] {
        let g = Graph::new();
        let phi = g.param_tensor("phi", [4], vec![0.2, f64::NEG_INFINITY, -0.4, 0.9]);
        if one_hot {
            let z = g.sample("z", OneHotCategorical::from_logits(phi));
            let at = z.dot(g.data("v", [4], vec![0.1, 1.0, 0.6, 0.3]));
            g.cost("f", (1.0 - at).log());
        } else {
            let k = g.sample("k", Categorical::from_logits(phi));
            g.cost("f", (k - 1.0).square().log());
        }
        let (expected, got) = (gradient_of(&g), exactly(&g, &[all()], 1));
        close("masked", &got.mean, &expected, 1e-11);
    }
}

#[test]
fn ends_of_the_domain_have_their_derivatives() {
    let g = Graph::new();
    let (l, p, q, s) = (g.param("l", 0.0), g.param("p", 0.0), g.param("q", 1.0), g.param("s", 1.0));
    g.cost("poisson", (g.sample("a", Poisson::new(l)) - 0.3).square());
    g.cost("binomial", (g.sample("b", Binomial::from_probs(4.0, p)) - 0.3).square());
    g.cost("all", (g.sample("c", Binomial::from_probs(4.0, q)) - 0.3).square());
    g.cost("geometric", (g.sample("d", Geometric::from_probs(s)) - 0.3).square());
    let (step, last) = (0.49 - 0.09, 3.7f64.powi(2) - 2.7f64.powi(2));
    let (_, gradients) = replicates(&g, &vec![all(); 4], 1, 3, 0);
    gradients.iter().for_each(|got| close("ends", got, &[step, 4.0 * step, 4.0 * last, -step], 1e-12));
}

/// One jump of several draws, over all problems with several draws, layers and rows. Other sites keep the automatic choice.
#[test]
fn one_chosen_jump_is_unbiased() {
    let problems: Vec<_> = discrete().into_iter().chain(larger()).collect();
    let plan_of = |g: &Graph| -> Vec<Shared> {
        let discrete = |s: &aleator::graph::SiteDef| s.family.support().is_discrete();
        g.sites().iter().map(|s| if discrete(s) { one() } else { pathwise() }).collect()
    };
    let fits = |g: &Graph| is_accepted(g, &plan_of(g)) && g.sites().iter().any(|s| s.batch.numel() > 1);
    let problems: Vec<_> = problems
        .iter()
        .filter(|(_, g)| fits(g) && g.sites().iter().all(|s| s.family.support().is_discrete()))
        .collect();
    assert!(problems.len() >= 8, "{}", problems.len());
    let coordinates = |g: &Graph| g.params().iter().map(|p| p.shape.numel()).sum::<usize>();
    let comparisons = problems.iter().map(|(_, g)| coordinates(g)).sum();
    for (name, g) in problems {
        let how = Measure { replicates: 8000, ..many() };
        means_agree(name, g, &plan_of(g), &how, &gradient_of(g), comparisons);
    }
}

/// Three coins with one parameter: (Σ w) (F after − F before), as the choice is proportional to the weights.
#[test]
fn the_choice_is_proportional_to_the_weights() {
    let g = Graph::new();
    let theta = g.param("theta", 0.2);
    let b = g.sample("b", Bernoulli::from_probs(theta * g.data("c", [3], vec![1.0, 2.0, 3.0])));
    g.cost("f", b.sum());
    let (f, gradients) = replicates(&g, &[one()], 1, 400, 3);
    // Every jump adds 1: the estimate is the sum of the weights δ/(1 − p) over the coins that show 0, whichever was chosen.
    let weights = [1.0 / 0.8, 2.0 / 0.6, 3.0 / 0.4];
    let sums: Vec<f64> =
        (0..8).map(|zeros: usize| (0..3).filter(|i| zeros >> i & 1 == 1).map(|i| weights[i]).sum()).collect();
    for (f, got) in f.iter().zip(gradients.concat()) {
        let fits = |(zeros, sum): (usize, &f64)| {
            3 - zeros.count_ones() as usize == *f as usize && (sum - got).abs() < 1e-12
        };
        assert!(sums.iter().enumerate().any(fits), "{f}: {got}");
    }
    means_agree("three coins", &g, &[one()], &many(), &[6.0], 1);
    let program = Program::<f64>::compile(&g, &[one()], &Options::new()).unwrap();
    assert_eq!(program.evaluations(), 2);
    let program = Program::<f64>::compile(&g, &[all()], &Options::new()).unwrap();
    assert_eq!(program.evaluations(), if is_linear_apart(&g) { 2 } else { 4 });
}

/// Whether the draws of a sum count as draws that no cost combines.
fn is_linear_apart(g: &Graph) -> bool {
    let program = Program::<f64>::compile(g, &[named("local_expectation")], &Options::new()).unwrap();
    program.evaluations() == 2
}

/// The random walk of `arya2022automatic`: up with probability e^(−x/p), else down; E x² after n steps.
fn walk(n: usize, p: f64) -> Graph {
    let g = Graph::new();
    let p = g.param("p", p);
    // From 0, the first step is certain.
    let mut x = g.engine().scalar(1.0);
    for step in 1..n {
        let up = g.sample(&format!("up{step}"), Bernoulli::from_probs((-x / p).exp()));
        x = x + 2.0 * up - 1.0;
    }
    g.cost("f", x.square());
    g
}

/// dE x²/dp by the distribution of x, step by step, with a central difference.
fn derivative_of_walk(n: usize, p: f64) -> f64 {
    let objective = |p: f64| {
        let mut mass = vec![0.0; n + 2];
        mass[0] = 1.0;
        for _ in 0..n {
            let mut next = vec![0.0; n + 2];
            for (x, m) in mass.iter().enumerate().filter(|(_, m)| **m > 0.0) {
                let up = (-(x as f64) / p).exp();
                next[x + 1] += m * up;
                if x > 0 {
                    next[x - 1] += m * (1.0 - up);
                }
            }
            mass = next;
        }
        mass.iter().enumerate().map(|(x, m)| m * (x * x) as f64).sum::<f64>()
    };
    let h = 1e-3;
    (8.0 * (objective(p + h) - objective(p - h)) - (objective(p + 2.0 * h) - objective(p - 2.0 * h)))
        / (12.0 * h)
}

/// The chance of a false alarm is 10⁻⁶ for the mean. The published standard deviation, with one jump of the whole program, is 4.34;
/// the score function's is 34.8. With the jumps of all steps it is 3.40, by an independent simulation.
#[test]
fn the_random_walk_has_its_derivative_and_a_small_variance() {
    let exact = derivative_of_walk(50, 100.0);
    close("published", &[exact], &[7.55818819], 1e-7);
    let g = walk(50, 100.0);
    let plan = vec![all(); g.sites().len()];
    let how = Measure { samples: Some(1), replicates: 4000, tune: 0, seed: 1 };
    means_agree("n = 50", &g, &plan, &how, &[exact], 1);
    let measured = measure(&g, &plan, &how, &|_| {}).unwrap();
    let deviation = measured.gradient[0][0].variance().unwrap().sqrt();
    assert!((deviation - 3.40).abs() < 0.25, "{deviation}");
}

/// X = a c y, y ~ Normal(b, a) with a = p (1 − p), b ~ Binomial(10, p), c = 2 b + 3 t, t ~ Bernoulli(p), of the same paper.
#[test]
fn published_examples_have_their_derivatives() {
    for (p, exact) in [(0.5, 57.5), (0.6, 47.76)] {
        let g = Graph::new();
        let p = g.param("p", p);
        let a = p * (1.0 - p);
        let b = g.sample("b", Binomial::from_probs(10.0, p));
        let t = g.sample("t", Bernoulli::from_probs(p));
        let y = g.sample("y", Normal::new(b, a));
        g.cost("x", a * (2.0 * b + 3.0 * t) * y);
        means_agree("a c y", &g, &[all(), all(), pathwise()], &many(), &[exact], 3);
    }
    let g = Graph::new();
    let p = g.param("p", 0.6);
    let n = g.sample("n", Binomial::from_probs(10.0, p));
    let z = g.sample("z", Binomial::from_probs(n, p));
    g.cost("f", z);
    means_agree("nested", &g, &[all(), all()], &many(), &[12.0], 3);
    // A jump of n leaves the noise of z alone. With it, n and z by inversion, the variance is 37.2, by the sum over n and the integral
    // over that noise. Many runs of the program must share noise as one does. The chance of a false alarm is below 10⁻⁶.
    let how = Measure { samples: Some(1), replicates: 20_000, tune: 0, seed: 2 };
    let measured = measure(&g, &[all(), all()], &how, &|_| {}).unwrap();
    let variance = measured.gradient[0][0].variance().unwrap();
    assert!((variance - 37.2).abs() < 2.5, "{variance}");
}

#[test]
fn what_does_not_jump_is_refused() {
    let error = |g: &Graph| Program::<f64>::compile(g, &[all()], &Options::new()).err().unwrap().to_string();
    let g = Graph::new();
    g.cost("f", g.sample("z", Gamma::new(1.0, g.param("l", 2.0))));
    assert!(error(&g).contains("only discrete draws jump"), "{}", error(&g));
    let g = Graph::new();
    g.cost("f", g.sample("z", NegativeBinomial::from_probs(g.param("r", 2.0), 0.3)));
    assert!(error(&g).contains("`total_count`"), "{}", error(&g));
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param_tensor("phi", [5000], vec![0.0])));
    g.cost("f", b.sum().square());
    assert!(error(&g).contains("jumps = one"), "{}", error(&g));
    assert!(Program::<f64>::compile(&g, &[one()], &Options::new()).is_ok());
}
