//! Measure-valued derivatives: every triple, the variances of coupled draws, and what is refused.

use std::f64::consts::PI;

use aleator::certify::{Certify, Standing, certify};
use aleator::diagnostics::Measure;
use aleator::distributions::{Distribution, Place, Triple};
use aleator::estimators::{Estimator, GradientTerm, MeasureValued, Properties, SiteInfo};
use aleator::graph::{Expr, Graph};
use aleator::prelude::{
    Bernoulli, Binomial, Categorical, Cauchy, Exponential, Gamma, Geometric, Gumbel, HalfNormal,
    InverseGamma, Kumaraswamy, Laplace, LogNormal, Logistic, NegativeBinomial, Normal, Pareto, Poisson,
    StudentT, TruncatedNormal, Uniform, Weibull,
};
use aleator::rewrite::{Cone, DownstreamSites, Site};
use aleator::{Options, Program};
use aleator_engine::autodiff::grad;

use crate::common::*;

fn measure_valued() -> Shared {
    shared(MeasureValued::default())
}

fn many() -> Measure {
    Measure { samples: Some(1), replicates: 20_000, tune: 0, seed: 5 }
}

type Write = for<'g> fn(Expr<'g>, Expr<'g>) -> Distribution<'g>;

/// Each family by the parameters with a known triple; the other ones are constants.
const FAMILIES: [(&str, Write, [f64; 2]); 24] = [
    ("normal", |a, b| Normal::new(a, b), [0.3, 0.8]),
    ("laplace", |a, b| Laplace::new(a, b), [0.3, 0.8]),
    ("logistic", |a, b| Logistic::new(a, b), [-0.3, 0.5]),
    ("student", |a, b| StudentT::new(9.0, a, b), [0.4, 0.6]),
    ("gumbel", |a, b| Gumbel::new(a * b, 0.8), [0.2, 0.7]),
    ("log-normal", |a, b| LogNormal::new(a, b), [0.2, 0.4]),
    ("exponential", |a, b| Exponential::new(a * b), [1.3, 0.9]),
    ("gamma", |a, b| Gamma::new(0.7, a * b), [1.3, 0.9]),
    ("half-normal", |a, b| HalfNormal::new(a * b), [1.3, 0.9]),
    ("inverse gamma", |a, b| InverseGamma::new(20.0, a * b), [9.3, 0.9]),
    ("pareto", |a, b| Pareto::new(a, 30.0 * b), [1.3, 0.9]),
    ("truncated normal", |a, b| TruncatedNormal::new(0.3, 0.8, a, a + b), [-0.4, 1.7]),
    ("weibull", |a, b| Weibull::new(a * b, 1.7), [1.3, 0.9]),
    ("kumaraswamy", |a, b| Kumaraswamy::new(0.6, a * b), [1.3, 0.9]),
    ("uniform", |a, b| Uniform::new(a, a + b), [-0.4, 1.7]),
    ("poisson", |a, b| Poisson::new(a * b), [2.5, 1.3]),
    ("binomial", |a, b| Binomial::from_probs(7.0, a * b), [0.6, 0.5]),
    ("binomial by logits", |a, b| Binomial::from_logits(7.0, a - b), [0.6, 1.1]),
    ("geometric", |a, b| Geometric::from_probs(a * b), [0.8, 0.5]),
    ("geometric by logits", |a, b| Geometric::from_logits(a - b), [0.6, 0.2]),
    ("negative binomial", |a, b| NegativeBinomial::from_probs(2.6, a * b), [0.8, 0.5]),
    ("negative binomial by logits", |a, b| NegativeBinomial::from_logits(0.7, a - b), [0.2, 0.9]),
    ("bernoulli", |a, b| Bernoulli::from_probs(a * b), [0.8, 0.5]),
    ("bernoulli by logits", |a, b| Bernoulli::from_logits(a - b), [0.2, 0.9]),
];

/// E[10⁴ + z + 0.3 z²] by the distribution's own moments. The chance that any comparison fails although all is right is 10⁻⁶.
#[test]
fn every_triple_is_unbiased() {
    for (name, write, [a, b]) in FAMILIES {
        let g = Graph::new();
        let z = g.sample("z", write(g.param("a", a), g.param("b", b)));
        g.cost("f", z + 0.3 * z.square() + 1e4);
        let def = g.sites().swap_remove(0);
        let given = def.parameters.iter().map(|&p| g.expr(p)).collect();
        let distribution = Distribution::new(def.family.clone(), given);
        let (mean, variance) = (distribution.mean().unwrap(), distribution.variance().unwrap());
        let gradient = evaluate(&g, &grad(mean + 0.3 * (variance + mean.square()), &parameters(&g))).concat();
        means_agree(name, &g, &[measure_valued()], &many(), &gradient, 2 * FAMILIES.len());
    }
}

/// E cos z = e^(−σ) cos μ for a Cauchy variable, which has no moments.
#[test]
fn a_cauchy_has_triples() {
    let g = Graph::new();
    let z = g.sample("z", Cauchy::new(g.param("m", 0.4), g.param("s", 0.6)));
    g.cost("f", z.cos());
    let decay = (-0.6f64).exp();
    let exact = [-decay * 0.4f64.sin(), -decay * 0.4f64.cos()];
    means_agree("Cauchy", &g, &[measure_valued()], &many(), &exact, 2);
}

#[test]
fn normal_and_counts_are_proved() {
    let graphs: [fn(&Graph); 4] = [
        |g| {
            let z = g.sample("z", Normal::new(g.param("m", 0.4), g.param("s", 0.7)));
            g.cost("f", z.square() + 3.0);
        },
        |g| {
            let z = g.sample("z", Poisson::new(g.param("l", 3.0)));
            g.cost("f", (0.3 * z).cos() + 1e4);
        },
        |g| {
            let z = g.sample("z", Binomial::from_probs(5.0, g.param("p", 0.3)));
            g.cost("f", (0.3 * z).exp());
        },
        |g| {
            let z = g.sample("z", Exponential::new(g.param("l", 1.5)));
            g.cost("f", (-z).exp());
        },
    ];
    for write in graphs {
        let g = Graph::new();
        write(&g);
        let how = Certify::new().only(vec![measure_valued()]).most_replicates(1 << 12);
        let certificate = certify(&g, &how).unwrap();
        assert_eq!(certificate.verdict, Standing::Proved, "{:?}", certificate.plans);
    }
}

/// The estimate as a function of the draw, to the bit or nearly so.
#[test]
fn coupled_counts_have_the_difference_of_neighbours() {
    let g = Graph::new();
    let z = g.sample("z", Poisson::new(g.param("l", 3.0)));
    g.cost("f", z.square());
    let (f, gradients) = replicates(&g, &[measure_valued()], 1, 300, 1);
    let expected: Vec<f64> = f.iter().map(|f| 2.0 * f.sqrt() + 1.0).collect();
    close("(z + 1)² − z²", &gradients.concat(), &expected, 1e-12);
    let g = Graph::new();
    let z = g.sample("z", Binomial::from_probs(6.0, g.param("p", 0.3)));
    g.cost("f", 2.0 * z);
    let (_, gradients) = replicates(&g, &[measure_valued()], 1, 50, 1);
    close("n", &gradients.concat(), &[12.0; 50], 1e-12);
}

#[test]
fn ends_of_the_domain_have_their_derivatives() {
    // One event at a rate of 0, at p = 0 and at p = 1.
    let g = Graph::new();
    let (l, p, q, s) = (g.param("l", 0.0), g.param("p", 0.0), g.param("q", 1.0), g.param("s", 1.0));
    g.cost("poisson", (g.sample("a", Poisson::new(l)) - 0.3).square());
    g.cost("binomial", (g.sample("b", Binomial::from_probs(4.0, p)) - 0.3).square());
    g.cost("all", (g.sample("c", Binomial::from_probs(4.0, q)) - 0.3).square());
    g.cost("geometric", (g.sample("d", Geometric::from_probs(s)) - 0.3).square());
    let (_, gradients) = replicates(&g, &vec![measure_valued(); 4], 1, 3, 0);
    let (step, last) = (0.49 - 0.09, 3.7f64.powi(2) - 2.7f64.powi(2));
    gradients.iter().for_each(|got| close("ends", got, &[step, 4.0 * step, 4.0 * last, -step], 1e-12));
}

/// A Riemann sum of a smooth function of r > 0 that vanishes fast.
fn sum(f: impl Fn(f64) -> f64) -> f64 {
    const STEP: f64 = 0.004;
    (0..2500).map(|i| f((f64::from(i) + 0.5) * STEP)).sum::<f64>() * STEP
}

/// The moments of the estimates for μ = σ = 1 by quadrature over R, and over M and U.
fn moments_of_normal(f: impl Fn(f64) -> f64) -> Exactly {
    let root = (2.0 * PI).sqrt();
    let of_loc = |power: i32, centre: f64| {
        sum(|r| {
            let estimate = (f(1.0 + r) - f(1.0 - r)) / root;
            r * (-0.5 * r * r).exp() * (estimate - centre).powi(power)
        })
    };
    let of_scale = |power: i32, centre: f64| {
        sum(|m| {
            let density = m * m * (-0.5 * m * m).exp() / root;
            let nodes = 120;
            let inner = |u: f64| {
                let side = |s: f64| (f(1.0 + s * m) - f(1.0 + s * m * u) - centre).powi(power);
                side(1.0) + side(-1.0)
            };
            density * (0..nodes).map(|i| inner((f64::from(i) + 0.5) / 120.0)).sum::<f64>() / 120.0
        })
    };
    let mean = vec![of_loc(1, 0.0), of_scale(1, 0.0)];
    let central = |power: i32| vec![of_loc(power, mean[0]), of_scale(power, mean[1])];
    Exactly { objective: f64::NAN, variance: central(2), fourth: central(4), mean: mean.clone() }
}

#[test]
fn variances_of_coupled_normals_are_those_of_quadrature() {
    type Cost = for<'g> fn(Expr<'g>) -> Expr<'g>;
    type Plain = fn(f64) -> f64;
    let functions: [(&str, Cost, Plain); 3] = [
        ("exp(−z²/2)", |z| (-0.5 * z.square()).exp(), |z| (-0.5 * z * z).exp()),
        ("cos 2z", |z| (2.0 * z).cos(), |z| (2.0 * z).cos()),
        ("(z − 3)²", |z| (z - 3.0).square(), |z| (z - 3.0) * (z - 3.0)),
    ];
    for (name, cost, f) in functions {
        let exact = moments_of_normal(f);
        let g = Graph::new();
        g.cost("f", cost(g.sample("z", Normal::new(g.param("m", 1.0), g.param("s", 1.0)))));
        close(name, &exact.mean, &gradient_of(&g), 1e-4);
        variances_agree(name, &g, &[measure_valued()], 1, 40_000, &exact, 12);
    }
    // In closed form: 4 (μ − k)² (4/π − 1) and 4σ² + 4 (μ − k)².
    let quadratic = moments_of_normal(|z| (z - 3.0) * (z - 3.0));
    close("closed form", &quadratic.variance, &[16.0 * (4.0 / PI - 1.0), 4.0 + 16.0], 1e-4);
}

/// Vectors, rows, shared parameters, earlier draws, costs that jump, costs that depend on parameters.
#[test]
fn every_topology_is_unbiased() {
    type Build = fn(&Graph);
    let graphs: [(&str, Build); 4] = [
        ("a vector with one location", |g| {
            let z = g.sample("z", Normal::new(g.param("m", 0.4), g.data("s", [3], vec![0.5, 1.0, 0.8])));
            g.cost("f", z.sum().square() + 1e4);
        }),
        ("rows that jump", |g| {
            let m = g.param_tensor("m", [2, 2], vec![0.3, -0.4, 0.9, 0.1]);
            let z = g.sample("z", Normal::new(m, g.param("s", 0.7)));
            g.cost("f", z.sum_axes(-1).greater(0.5) * 2.0 + g.expr(g.params()[1].node) * z.sum_axes(-1));
        }),
        ("counts behind a coin", |g| {
            let w = g.param("w", 0.3);
            let b = g.sample("b", Bernoulli::from_logits(w));
            let z = g.sample("z", Poisson::new((0.5 * b + w).exp()));
            g.cost("f", (z - 1.0).square() * (1.0 + b) + w * b);
        }),
        ("an index behind counts", |g| {
            let p = g.param("p", 0.3);
            let z = g.sample("z", Binomial::from_probs(3.0, p));
            let phi = g.param_tensor("phi", [3], vec![0.2, -0.4, 0.7]);
            let k = g.sample("k", Categorical::from_logits(phi * z.unsqueeze(-1)));
            g.cost("f", (k - 0.7).square() * z);
        }),
    ];
    let exact: [Option<Vec<f64>>; 4] = {
        let normal = |x: f64| (-0.5 * x * x).exp() / (2.0 * PI).sqrt();
        // Rows: the sum of two is Normal(μ, 0.7 √2); ∂ E 2·1[z > ½] + s z.
        let deviation = 0.7 * 2f64.sqrt();
        let at = |m: f64| (m - 0.5) / deviation;
        let row = |m: f64| 2.0 * normal(at(m)) / deviation + 0.7;
        let scale = |m: f64| m - 2.0 * normal(at(m)) * at(m) / 0.7;
        let (first, second) = (-0.1, 1.0);
        let rows = vec![row(first), row(first), row(second), row(second), scale(first) + scale(second)];
        [Some(vec![2.0 * 3.0 * 1.2]), Some(rows), None, None]
    };
    for ((name, write), exact) in graphs.iter().zip(exact) {
        let g = Graph::new();
        write(&g);
        let exact = exact.unwrap_or_else(|| gradient_of(&g));
        let plan = vec![measure_valued(); g.sites().len()];
        means_agree(name, &g, &plan, &many(), &exact, 16);
        let three = Measure { samples: Some(3), replicates: 8000, ..many() };
        means_agree(name, &g, &plan, &three, &exact, 16);
    }
}

#[test]
fn what_is_not_known_or_too_much_is_refused() {
    let compile = |g: &Graph, estimator: MeasureValued| {
        Program::<f64>::compile(g, &[shared(estimator)], &Options::new())
    };
    let error = |g: &Graph| compile(g, MeasureValued::default()).err().unwrap().to_string();
    let g = Graph::new();
    let z = g.sample("z", Normal::new(g.param_tensor("m", [65], vec![0.0]), 1.0));
    g.cost("f", z.sum().square());
    let message = error(&g);
    assert!(message.contains("65 draws") && message.contains("most_coordinates = 65"), "{message}");
    let program = compile(&g, MeasureValued { most_coordinates: 65 }).unwrap();
    assert_eq!(program.evaluations(), 1 + 2 * 65);
    let message = named_option_error();
    assert!(message.contains("most_coordinates"), "{message}");
    // The draws of a batch that no cost combines are replaced together.
    let g = Graph::new();
    let z = g.sample("z", Normal::new(g.param_tensor("m", [65], vec![0.0]), g.param("s", 1.0)));
    g.cost("f", z.square());
    assert_eq!(compile(&g, MeasureValued::default()).unwrap().evaluations(), 4);
    let g = Graph::new();
    let a = g.param("a", 1.5);
    g.cost("f", g.sample("z", Gamma::new(a, 2.0)));
    let message = error(&g);
    assert!(message.contains("concentration") && message.contains("reinforce_loo"), "{message}");
    // A count that is rounded has no neighbour.
    let g = Graph::new();
    g.cost("f", g.sample("z", Poisson::new(g.param("l", 1e17))));
    let (_, gradients) = replicates(&g, &[measure_valued()], 1, 2, 0);
    assert!(gradients.concat().iter().all(|x| x.is_nan()), "{gradients:?}");
}

fn named_option_error() -> String {
    let parsed = aleator::language::parse_estimator("measure_valued(most_coordinates = 0)").unwrap();
    aleator::language::estimator(&parsed.call, &parsed.expressions).err().unwrap().to_string()
}

/// Two mistakes: a negative part that forgets its step, and parts that are exchanged.
#[derive(Debug)]
struct Mistaken {
    exchanged: bool,
}

impl Estimator for Mistaken {
    fn properties(&self) -> &'static Properties {
        named("measure_valued").properties()
    }

    fn supports(&self, _: &SiteInfo<'_, '_>) -> Result<(), String> {
        Ok(())
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> aleator::Result<Vec<GradientTerm<'g>>> {
        let distribution = site.distribution();
        let weak = distribution.family().weak_derivative().unwrap();
        let Triple { constant, negative, .. } =
            weak.triples(0, distribution.parameters(), &mut site.noise()).remove(0);
        let Place::At(value) = negative else { panic!("the negative part of a Geometric is another count") };
        let value = if self.exchanged { value } else { value - 1.0 };
        let costs = cone.cost_with_each(site.stacked(&[value]), DownstreamSites::AsPlanned)?;
        let difference = cone.cost() - costs.squeeze(0);
        let sign = if self.exchanged { -1.0 } else { 1.0 };
        Ok(vec![GradientTerm {
            expr: distribution.parameters()[0],
            weight: site.of_every_draw(sign * constant * difference),
            event_rank: 0,
        }])
    }
}

#[test]
fn mistaken_triples_are_refuted() {
    let g = Graph::new();
    let z = g.sample("z", Geometric::from_probs(g.param("p", 0.4)));
    g.cost("f", (0.3 * z).cos());
    // Sampled, because a proof has three counts to sum over.
    let how =
        |estimator| Certify::new().only(vec![estimator]).most_operations(1 << 16).most_replicates(1 << 18);
    for exchanged in [false, true] {
        let wrong = certify(&g, &how(shared(Mistaken { exchanged }))).unwrap();
        assert_eq!(wrong.verdict, Standing::Refuted, "{wrong:?}");
    }
    let right = certify(&g, &how(measure_valued())).unwrap();
    assert_ne!(right.verdict, Standing::Refuted, "{right:?}");
}
