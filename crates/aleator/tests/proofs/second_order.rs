//! Second derivatives of an expectation by the magic box: exp(Σ log p − sg(Σ log p)), whose derivatives of every order
//! are those of the probability, in units of it.
//!
//! ```text
//! ∇ⁿ E[F]  =  E[∇ⁿ (□ F)],      □ = exp(Σ log p − sg(Σ log p))
//! ```

use aleator::distributions::{Bernoulli, Normal, OneHotCategorical};
use aleator::graph::Graph;
use aleator::rewrite::{AnyOrder, Estimator, Properties, SecondDerivatives, Site, SiteInfo, SiteValue};
use aleator_engine::autodiff::grad;
use aleator_engine::graph::Expr;

use crate::common::*;

/// The Hessian's rows, one for each element of each parameter.
fn hessian<'g>(g: &'g Graph, y: Expr<'g>) -> Vec<f64> {
    let wrt = parameters(g);
    let mut rows = Vec::new();
    for first in grad(y, &wrt) {
        let n = first.shape().numel();
        let flat = first.reshape([n]);
        for i in 0..n {
            rows.extend(grad(flat.slice(-1, i, 1).sum(), &wrt));
        }
    }
    evaluate(g, &rows).concat()
}

fn small_problems() -> Vec<Graph> {
    let coin = Graph::new();
    let theta = coin.param("theta", -0.7);
    let b = coin.sample("b", Bernoulli::from_logits(theta));
    coin.cost("f", (b - 0.45).square() * theta.exp());
    let chain = Graph::new();
    let (u, w, v) = (chain.param("u", 0.5), chain.param("w", 1.2), chain.param("v", -0.7));
    let a = chain.sample("a", Bernoulli::from_logits(u));
    let b = chain.sample("b", Bernoulli::from_logits(w * a + v));
    chain.cost("early", 3.0 * (a - 0.3).square());
    chain.cost("late", (b - 0.6).square() * w);
    let vectors = Graph::new();
    let phi = vectors.param_tensor("phi", [2, 3], vec![0.5, -1.0, 0.2, 0.0, 0.4, -0.3]);
    let z = vectors.sample("z", OneHotCategorical::from_logits(phi));
    let costs = vectors.data("c", [2, 3], vec![1.0, -0.5, 2.0, 0.3, 0.8, -1.1]);
    vectors.cost("f", (z * costs).sum().square());
    vec![coin, chain, vectors]
}

#[test]
fn the_magic_box_agrees_with_enumeration() {
    for g in small_problems() {
        let mut brute = Brute::new(&g);
        // What enumeration sums: p F, twice differentiated.
        let enumerated = hessian(&g, brute.objective());
        // What sampling averages: the derivatives of □ F, here with the exact probabilities of the samples.
        let log_prob = brute.joint_log_prob();
        let magic = (log_prob - log_prob.stop_gradient()).exp();
        let sampled = (log_prob.exp().stop_gradient() * magic * brute.cost()).sum();
        close("second derivatives", &hessian(&g, sampled), &enumerated, 1e-10);
        let (_, gradient) = brute.answer();
        close("first derivatives", &evaluate(&g, &grad(sampled, &parameters(&g))).concat(), &gradient, 1e-11);
        // The plain surrogate Σ log p · sg F + F is right once, and wrong twice.
        let surrogate =
            log_prob.exp().stop_gradient() * (log_prob * brute.cost().stop_gradient() + brute.cost());
        let once = evaluate(&g, &grad(surrogate.sum(), &parameters(&g))).concat();
        close("first derivatives", &once, &gradient, 1e-11);
        let twice = hessian(&g, surrogate.sum());
        assert!(twice.iter().zip(&enumerated).any(|(a, b)| (a - b).abs() > 1e-3));
    }
}

#[test]
fn one_coin_by_hand() {
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param("theta", -0.7)));
    g.cost("f", (b - 0.45).square());
    let mut brute = Brute::new(&g);
    let p = 1.0 / (1.0 + 0.7f64.exp());
    // J = p Δ + t², p″ = p q (q − p).
    close(
        "second derivative",
        &hessian(&g, brute.objective()),
        &[0.1 * p * (1.0 - p) * (1.0 - 2.0 * p)],
        1e-12,
    );
}

/// The Hessian of the objective in the order of a surrogate: for each parameter and each other, row by row.
fn in_blocks(g: &Graph, rows: &[f64]) -> Vec<f64> {
    let sizes: Vec<usize> = g.params().iter().map(|p| p.shape.numel()).collect();
    let all: usize = sizes.iter().sum();
    let starts: Vec<usize> = sizes.iter().scan(0, |at, n| Some(std::mem::replace(at, *at + n))).collect();
    let mut blocks = Vec::new();
    for (&rows_from, &n) in starts.iter().zip(&sizes) {
        for (&from, &m) in starts.iter().zip(&sizes) {
            for i in rows_from..rows_from + n {
                blocks.extend(&rows[i * all + from..i * all + from + m]);
            }
        }
    }
    blocks
}

#[test]
fn second_derivatives_are_proved_by_enumeration() {
    let plans = [
        vec![score()],
        vec![loo()],
        vec![enumeration()],
        vec![score(), enumeration()],
        vec![enumeration(), loo()],
        vec![loo(), score()],
    ];
    let mut proved = 0;
    for (name, g) in problems::discrete() {
        let expected = in_blocks(&g, &hessian(&g, Brute::new(&g).objective()));
        for plan in &plans {
            let plan: Vec<_> = plan.iter().cycle().take(g.sites().len()).cloned().collect();
            for samples in [1, 2] {
                let how = How { second: SecondDerivatives::Hessian, ..How::default() };
                if samples < least(&plan) || settings(&g, samples, &how) > 20_000.0 || !is_accepted(&g, &plan)
                {
                    continue;
                }
                let got = exactly_by(&g, &plan, samples, &how);
                close(&format!("{name}, {}, K = {samples}", describe(&plan)), &got.mean, &expected, 1e-9);
                proved += 1;
            }
        }
    }
    assert!(proved > 100, "{proved}");
}

/// z ~ N(μ, σ), F = z²: the Hessian of μ² + σ² is 2 I, by every estimator and every mixture with a coin.
#[test]
fn second_derivatives_of_a_normal_are_proved_by_quadrature() {
    let g = Graph::new();
    let (mu, sigma, phi) = (g.param("mu", 0.7), g.param("sigma", 1.3), g.param("phi", 0.4));
    let z = g.sample("z", Normal::new(mu, sigma));
    let b = g.sample("b", Bernoulli::from_logits(phi));
    g.cost("f", z.square() * (1.0 + b) + 10.0);
    let p = 1.0 / (1.0 + (-0.4f64).exp());
    let slope = p * (1.0 - p);
    let (m, s, second) = (0.7, 1.3, (0.49 + 1.69) * slope * (1.0 - 2.0 * p));
    let expected = [
        2.0 * (1.0 + p),
        0.0,
        2.0 * m * slope,
        0.0,
        2.0 * (1.0 + p),
        2.0 * s * slope,
        2.0 * m * slope,
        2.0 * s * slope,
        second,
    ];
    let how = How { second: SecondDerivatives::Hessian, ..How::default() };
    for of_z in [pathwise(), score(), loo()] {
        for of_b in [enumeration(), score(), loo()] {
            let plan = vec![of_z.clone(), of_b];
            let samples = least(&plan);
            let got = exactly_by(&g, &plan, samples, &how);
            close(&describe(&plan), &got.mean, &expected, 1e-8);
        }
    }
}

/// With the mean of the other samples as a baseline, a constant cancels; without it, the variance grows with its square.
#[test]
fn the_baseline_of_every_order_removes_a_level() {
    let coin = |level: f64| {
        let g = Graph::new();
        let b = g.sample("b", Bernoulli::from_logits(g.param("theta", -0.7)));
        g.cost("f", (b - 0.45).square() + level);
        g
    };
    let how = How { second: SecondDerivatives::Hessian, ..How::default() };
    let variance = |level: f64, plan: Shared| exactly_by(&coin(level), &[plan], 2, &how).variance[0];
    let (low, high) = (variance(0.0, loo()), variance(1e4, loo()));
    assert!((low - high).abs() < 1e-6 * low, "{low} {high}");
    assert!(variance(1e4, score()) > 1e6 * variance(0.0, score()));
}

/// An estimator that claims another way to be differentiated more than once than it has.
#[derive(Debug)]
struct Claims(Shared, AnyOrder);

impl Estimator for Claims {
    fn properties(&self) -> &'static Properties {
        self.0.properties()
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        self.0.supports(site)
    }

    fn any_order(&self) -> Option<AnyOrder> {
        Some(self.1)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> aleator::Result<SiteValue<'g>> {
        self.0.draw(site)
    }
}

/// Mistakes in second derivatives show in their expectation: a draw without the ratio of its probabilities, and a transform of noise
/// with it, whose score is then counted twice.
#[test]
fn mistakes_in_second_derivatives_are_refuted() {
    let coin = Graph::new();
    let b = coin.sample("b", Bernoulli::from_logits(coin.param("theta", -0.7)));
    coin.cost("f", (b - 0.45).square() + 1.0);
    let normal = Graph::new();
    let z = normal.sample("z", Normal::new(0.7, normal.param("sigma", 1.3)));
    normal.cost("f", z.square());
    let p = 1.0 / (1.0 + 0.7f64.exp());
    let ratio = AnyOrder::Ratio { leave_one_out: false };
    let cases = [
        (&coin, score(), AnyOrder::Differentiable, 0.1 * p * (1.0 - p) * (1.0 - 2.0 * p)),
        (&normal, pathwise(), ratio, 2.0),
    ];
    let how = How { second: SecondDerivatives::Hessian, ..How::default() };
    for (g, original, wrong, expected) in cases {
        close(
            &describe(std::slice::from_ref(&original)),
            &exactly_by(g, std::slice::from_ref(&original), 1, &how).mean,
            &[expected],
            1e-8,
        );
        let got = exactly_by(g, &[shared(Claims(original, wrong))], 1, &how).mean[0];
        assert!((got - expected).abs() > 1e-3, "{wrong:?}: {got} is the second derivative {expected}");
    }
}
