//! The straight-through estimators: their means in closed form, which are not the gradient.

use aleator::diagnostics::{Measure, measure};
use aleator::estimators::{Estimator, Properties, SiteInfo};
use aleator::graph::{Expr, Graph};
use aleator::prelude::{
    Bernoulli, Binomial, Distribution, Geometric, NegativeBinomial, OneHotCategorical, Poisson,
};
use aleator::rewrite::{Site, SiteValue};
use aleator_engine::autodiff::grad;

use crate::common::*;

const P: [f64; 3] = [0.2, 0.5, 0.3];

fn vector(cost: impl for<'g> Fn(&'g Graph, Expr<'g>) -> Expr<'g>) -> Graph {
    let g = Graph::new();
    let z =
        g.sample("z", OneHotCategorical::from_logits(g.param_tensor("phi", [3], P.map(f64::ln).to_vec())));
    let f = cost(&g, z);
    g.cost("f", f);
    g
}

fn coin(t: f64, phi: f64) -> Graph {
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param("phi", phi)));
    g.cost("f", (b - t).square() * (1.0 + b));
    g
}

/// ∂F/∂b at b, for the cost of [`coin`].
fn slope(t: f64, b: f64) -> f64 {
    2.0 * (b - t) * (1.0 + b) + (b - t).powi(2)
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[test]
fn reinmax_is_exact_on_quadratics_and_off_on_a_cubic() {
    let quadratic = vector(|g, z| {
        let a = g.data("a", [3, 3], vec![1.0, 0.3, -0.2, 0.3, 2.0, 0.5, -0.2, 0.5, 0.7]);
        let c = g.data("c", [3], vec![0.4, -1.0, 0.6]);
        (z.unsqueeze(0).matmul(a).squeeze(0) * z).sum() + z.dot(c)
    });
    let exact = exactly(&quadratic, &[named("reinmax")], 1);
    close("quadratic", &exact.mean, &Brute::new(&quadratic).answer().1, 1e-13);
    close("published", &exact.mean, &[0.046, -0.085, 0.039], 1e-12);
    let cubic = vector(|_, z| {
        let at = |i: usize| z.slice(-1, i, 1).sum();
        at(0).pow(3.0) + 2.0 * at(1).pow(3.0) - at(2).pow(3.0) + (at(0) - at(1)).exp()
    });
    let mean = |text: &str| exactly(&cubic, &[named(text)], 1).mean;
    close("gradient", &Brute::new(&cubic).answer().1, &[0.35813715, 0.22014168, -0.57827883], 1e-8);
    close("reinmax", &mean("reinmax"), &[0.45016458, 0.41379291, -0.8639575], 1e-8);
    close("straight-through", &mean("straight_through"), &[0.11717498, 0.46534137, -0.58251635], 1e-8);
    // Half of the weight of the middle, a mistake of published code, is not exact on quadratics: nor is another temperature.
    let warm = exactly(&quadratic, &[named("reinmax(temperature=2)")], 1).mean;
    assert!((warm[0] - 0.046).abs() > 1e-3);
    // A coin: F (b) is a polynomial of degree one on its outcomes, and of second order by its derivatives where it is quadratic.
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param("phi", 0.7)));
    g.cost("f", (b - 0.3).square());
    close("coin", &exactly(&g, &[named("reinmax")], 1).mean, &Brute::new(&g).answer().1, 1e-14);
}

#[test]
fn a_coin_is_a_vector_of_two() {
    let (t, phi) = (0.3, 0.8);
    let pair = Graph::new();
    let z =
        pair.sample("z", OneHotCategorical::from_logits(pair.param_tensor("phi", [2], vec![0.1, 0.1 + phi])));
    let b = z.slice(-1, 1, 1).sum();
    pair.cost("f", (b - t).square() * (1.0 + b));
    for text in [
        "reinmax",
        "reinmax(temperature=1.7)",
        "gapped_straight_through",
        "gapped_straight_through(temperature=2, gap=0.3)",
        "decoupled_straight_through(backward_temperature=0.6)",
        "straight_through",
    ] {
        let (one, two) = (exactly(&coin(t, phi), &[named(text)], 1), exactly(&pair, &[named(text)], 1));
        close(text, &two.mean, &[-one.mean[0], one.mean[0]], 1e-13);
        close(text, &two.variance, &[one.variance[0], one.variance[0]], 1e-13);
    }
}

#[test]
fn means_in_closed_form() {
    for (t, phi) in [(0.45, 0.0), (0.2, 1.3), (0.3, -0.6)] {
        let (p, g) = (sigmoid(phi), coin(t, phi));
        for (tau, gap) in [(0.5, 1.0), (2.0, 0.3), (1.0, 0.0)] {
            let text = format!("gapped_straight_through(temperature={tau}, gap={gap})");
            let at = |x: f64| sigmoid(x / tau) * sigmoid(-x / tau) / tau;
            let mean = p * slope(t, 1.0) * at(phi.max(gap)) + (1.0 - p) * slope(t, 0.0) * at(phi.min(-gap));
            close(&text, &exactly(&g, &[named(&text)], 1).mean, &[mean], 1e-13);
        }
        let text = "decoupled_straight_through(forward_temperature=1, backward_temperature=0.4)";
        let backward = sigmoid(phi / 0.4) * sigmoid(-phi / 0.4) / 0.4;
        let mean = (p * slope(t, 1.0) + (1.0 - p) * slope(t, 0.0)) * backward;
        close(text, &exactly(&g, &[named(text)], 1).mean, &[mean], 1e-13);
        // The draw at another temperature, as measured.
        let text = "decoupled_straight_through(forward_temperature=2.5, backward_temperature=0.4)";
        let drawn = sigmoid(phi / 2.5);
        let mean = (drawn * slope(t, 1.0) + (1.0 - drawn) * slope(t, 0.0)) * backward;
        means_agree(text, &g, &[named(text)], &untuned(1, 50_000), &[mean], 9);
        let plain = replicates(&g, &[straight_through()], 1, 64, 5);
        assert_eq!(replicates(&g, &[named("decoupled_straight_through")], 1, 64, 5), plain);
    }
}

/// Gumbel–Rao as it must not be: the derivative also passes through the dependence of the conditional draw on φ.
#[derive(Debug)]
struct ThroughTheNoise;

impl Estimator for ThroughTheNoise {
    fn properties(&self) -> &'static Properties {
        named("gumbel_rao").properties()
    }

    fn supports(&self, _: &SiteInfo<'_, '_>) -> Result<(), String> {
        Ok(())
    }

    fn draw<'g>(&self, site: &Site<'g>) -> aleator::Result<SiteValue<'g>> {
        let z = site.sample();
        let zeta = site.relax(site.perturbed_given_draws(z, 4)?, 0.5)?.mean_axes(0);
        Ok(SiteValue::value(z + (zeta - zeta.stop_gradient())))
    }
}

#[test]
fn gumbel_rao_has_the_mean_of_straight_through_gumbel_softmax_and_less_variance() {
    let n = 40_000;
    let cubic = || {
        vector(|_, z| {
            (z.dot(z * 0.5) + z.slice(-1, 0, 1).sum()).exp() + 2.0 * z.slice(-1, 1, 1).sum().pow(3.0)
        })
    };
    let critical = critical_value(24);
    for g in [coin(0.3, 0.8), cubic()] {
        let moments = |plan: Shared, seed: u64| -> Vec<(f64, f64)> {
            let how = Measure { samples: Some(1), replicates: n, tune: 0, seed };
            let measured = measure(&g, &[plan], &how, &|_| {}).unwrap();
            measured.gradient.iter().flatten().map(|m| (m.mean, m.variance().unwrap())).collect()
        };
        let reference = moments(named("straight_through_gumbel_softmax(temperature=0.5)"), 1);
        let compare = |plan: Shared, seed| {
            let got = moments(plan, seed);
            let z =
                got.iter().zip(&reference).map(|(a, b)| (a.0 - b.0).abs() / ((a.1 + b.1) / n as f64).sqrt());
            (z.fold(0.0, f64::max), got.iter().map(|m| m.1).sum::<f64>())
        };
        let total: f64 = reference.iter().map(|m| m.1).sum();
        let (one, one_variance) = compare(named("gumbel_rao(temperature=0.5, draws=1)"), 2);
        let (many, many_variance) = compare(named("gumbel_rao(temperature=0.5, draws=30)"), 3);
        assert!(one < critical && many < critical, "{one}, {many}");
        assert!((one_variance / total - 1.0).abs() < 0.1 && many_variance < 0.8 * total);
        let (off, _) = compare(shared(ThroughTheNoise), 4);
        assert!(off > critical, "{off}");
    }
}

/// Families of counts with a quadratic variance, the number that a parameter named θ gives, and the number of counts to sum over.
fn counts(g: &Graph, which: usize) -> (Distribution<'_>, usize) {
    let theta = |value: f64| g.param("theta", value);
    match which {
        0 => (Poisson::new(theta(0.8)), 60),
        1 => (Poisson::new(theta(7.5)), 90),
        2 => (Binomial::from_probs(6.0, theta(0.3)), 7),
        3 => (Binomial::from_logits(5.0, theta(2.5)), 6),
        4 => (Bernoulli::from_logits(theta(-1.2)), 2),
        5 => (Bernoulli::from_probs(theta(1e-9)), 2),
        6 => (Bernoulli::from_probs(theta(1.0 - 1e-9)), 2),
        7 => (Geometric::from_probs(theta(0.4)), 300),
        8 => (Geometric::from_logits(theta(1.0)), 200),
        9 => (NegativeBinomial::from_probs(2.5, theta(0.45)), 300),
        10 => (NegativeBinomial::from_logits(3.0, theta(-0.7)), 200),
        _ => (Binomial::from_probs(4.0, theta(1.0 - 1e-12)), 5),
    }
}

#[test]
fn weights_of_counts_are_exact_on_quadratics_and_off_by_a_twelfth_of_the_third_derivative() {
    for which in 0..12 {
        let g = Graph::new();
        let (distribution, n) = counts(&g, which);
        let parameters = distribution.parameters().to_vec();
        let z = g.data("z", [n], (0..n).map(|i| i as f64).collect());
        let given: Vec<_> = parameters.iter().map(|p| p.unsqueeze(0)).collect();
        let family = distribution.family();
        let weight = family.quadratic_variance().unwrap().weight(&given, z);
        let p = family.log_prob(&given, z).exp();
        let moment = |k: f64| (p * weight * k * z.pow(k - 1.0)).sum();
        let (m, v) = (distribution.mean().unwrap(), distribution.variance().unwrap());
        // By m: derivatives by θ divided by that of the mean.
        let by_mean = |e: Expr<'_>| {
            let theta = crate::common::parameters(&g);
            let pair = evaluate(&g, &[grad(e, &theta)[0], grad(m, &theta)[0]]).concat();
            pair[0] / pair[1]
        };
        let slope = by_mean(v);
        let [got1, got2, got3, mean, variance, third]: [f64; 6] =
            evaluate(&g, &[moment(1.0), moment(2.0), moment(3.0), m, v, (p * z.pow(3.0)).sum()])
                .concat()
                .try_into()
                .unwrap();
        let what = format!("{which}: {}", family.name());
        close(&what, &[got1, got2], &[1.0, 2.0 * mean + slope], 1e-11);
        // ∂m E z³ = Cov(z³, z)/V, which is 1e-12 of its terms where nearly all draws are equal.
        if variance > 1e-3 {
            let fourth = evaluate(&g, &[(p * z.pow(4.0)).sum()]).concat()[0];
            close(&what, &[got3 - 0.5], &[(fourth - third * mean) / variance], 1e-10);
        }
    }
}

#[test]
fn fini_is_reinmax_for_coins_and_exact_for_quadratic_costs_of_counts() {
    let (t, phi) = (0.3, 0.8);
    let [fini, reinmax] = ["fini", "reinmax"].map(|text| exactly(&coin(t, phi), &[named(text)], 1));
    close("coin", &fini.mean, &reinmax.mean, 1e-14);
    close("coin", &fini.variance, &reinmax.variance, 1e-14);
    // Quadratic in each count, with products between sites and draws; the mean of the second count depends on the first.
    let g = Graph::new();
    let (u, w) = (g.param("u", 1.3), g.param("w", -0.4));
    let a = g.sample("a", Poisson::new(u).copies(2));
    let b = g.sample("b", Binomial::from_logits(3.0, w));
    let c = g.sample("c", Poisson::new(0.5 + u * b));
    g.cost("f", (0.3 * a.sum() + b - 1.0).square() + 0.2 * b * c + 0.1 * c.square() + 1e4);
    // E[c | b] = 0.5 + u b, E[c² | b] = E c + (E c)².
    let (n, p) = (3.0, sigmoid(-0.4));
    let (m1, m2) = (n * p, n * p * (1.0 - p) + n * n * p * p);
    let dp = p * (1.0 - p);
    let (dm1, dm2) = (n * dp, n * dp * (1.0 - 2.0 * p) + 2.0 * n * n * p * dp);
    let lambda = 1.3;
    let by_u = 2.0 * 0.3 * 2.0 * (0.6 * lambda + m1 - 1.0)
        + 0.09 * 2.0
        + 0.2 * m2
        + 0.1 * (m1 + m1 + 2.0 * lambda * m2);
    let by_w = dm2
        + 2.0 * (0.6 * lambda - 1.0) * dm1
        + 0.2 * (0.5 * dm1 + lambda * dm2)
        + 0.1 * (lambda * dm1 + lambda * dm1 + lambda * lambda * dm2);
    means_agree(
        "counts",
        &g,
        &[named("fini"), named("fini"), named("fini")],
        &untuned(1, 200_000),
        &[by_u, by_w],
        2,
    );
    let refused = Graph::new();
    let r = refused.param("r", 2.0);
    let z = refused.sample("z", NegativeBinomial::from_probs(r, 0.4));
    refused.cost("f", z.square());
    let message = aleator::Program::<f64>::compile(&refused, &[named("fini")], &aleator::Options::new());
    assert!(message.unwrap_err().to_string().contains("`total_count` depends on parameters"));
}
