//! Identities of a certificate: they hold for what is right, and each of them can fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aleator::certify::{Certificate, Certify, IdentityCertificate, Standing, certify};
use aleator::distributions::{
    Bernoulli, Distribution, Family, Gamma, Noise, Normal, OneHotCategorical, Parameter, Support, Uniform,
};
use aleator::estimators::{Estimator, ReinforceLoo, ScoreFunction};
use aleator::graph::{Expr, Graph};

use crate::common::named;

fn how(names: &[&str]) -> Certify {
    let estimators: Vec<Arc<dyn Estimator>> = names.iter().map(|name| named(name)).collect();
    Certify::new().only(estimators).most_replicates(1 << 15).budget(std::time::Duration::from_secs(600))
}

fn identities(certificate: &Certificate) -> Vec<&IdentityCertificate> {
    let of_plans = certificate.plans.iter().flat_map(|plan| &plan.identities);
    certificate.identities.iter().chain(of_plans).collect()
}

#[test]
fn what_is_right_fulfils_all_identities() {
    let g = Graph::new();
    let a = g.sample("a", Bernoulli::from_logits(g.param("u", 0.4)));
    let b = g.sample("b", Bernoulli::from_logits(2.0 * a - 1.0));
    g.cost("f", (b - 0.45).square() + g.param("w", 0.2) * b);
    let k = g.sample("k", OneHotCategorical::from_logits(g.param_tensor("l", [3], vec![0.3, -0.8, 0.1])));
    g.cost("h", k.dot(g.data("v", [3], vec![1.0, -2.0, 0.5])).square());
    let certificate = certify(&g, &how(&["score_function", "nvil"])).unwrap();
    assert_eq!(certificate.verdict, Standing::Proved, "{certificate:?}");
    // b has no parameter of its own, so that its score has no derivative.
    let scores: Vec<&str> = certificate.identities.iter().map(|i| i.of.as_str()).collect();
    assert_eq!(scores, ["a", "k"]);
    for i in identities(&certificate) {
        let of_mean = matches!(i.identity, "score" | "constant");
        assert_eq!(i.verdict, if of_mean { Standing::Proved } else { Standing::Certified }, "{i:?}");
        assert!(i.deviation.0 < 1e-5 && i.why.is_none(), "{i:?}");
    }
    let trained = |i: &&IdentityCertificate| i.identity == "training";
    assert_eq!(identities(&certificate).into_iter().filter(trained).count(), 1);
}

/// Where the support moves with θ, the mean of the score is not 0, and nothing is claimed.
#[test]
fn a_support_that_moves_has_no_score() {
    let g = Graph::new();
    let z = g.sample("z", Uniform::new(0.0, g.param("high", 1.5)));
    g.cost("f", z.square());
    assert!(certify(&g, &how(&["pathwise"])).unwrap().identities.is_empty());
}

/// Where the expectation of the score is not known, its mean is sampled, relative to its spread.
#[test]
fn scores_of_many_draws_are_sampled() {
    let g = Graph::new();
    let z = g.sample("z", Gamma::new(g.param("a", 2.5), g.param("r", 1.5)).copies(6));
    g.cost("f", z.sum());
    let certificate = certify(&g, &how(&["score_function"]).bias_bound(0.1)).unwrap();
    let score = &certificate.identities[0];
    assert_eq!((score.method, score.verdict), ("sampling", Standing::Certified), "{score:?}");
    assert!(score.deviation.0 <= 0.1 && score.replicates > 0, "{score:?}");
}

/// A normal distribution whose density has lost a part of log σ.
#[derive(Debug)]
struct Unnormalised(Arc<dyn Family>);

impl Unnormalised {
    fn lost<'g>(parameters: &[Expr<'g>]) -> Expr<'g> {
        0.01 * parameters[1].log()
    }
}

impl Family for Unnormalised {
    fn name(&self) -> &'static str {
        "Unnormalised"
    }

    fn parameters(&self) -> &'static [Parameter] {
        self.0.parameters()
    }

    fn support(&self) -> Support {
        self.0.support()
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        self.0.sample(parameters, noise)
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], value: Expr<'g>) -> Expr<'g> {
        self.0.log_prob(parameters, value) + Self::lost(parameters)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        self.0.log_prob_of_draw(parameters, noise) + Self::lost(parameters)
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        self.0.mean(parameters)
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        self.0.variance(parameters)
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        self.0.entropy(parameters)
    }
}

/// A density that is not normalised is refuted although no plan that was asked for uses it.
#[test]
fn a_density_that_is_not_normalised_is_refuted() {
    for copies in [1, 6] {
        let g = Graph::new();
        let parameters = vec![g.param("m", 0.4), g.param("s", 0.7)];
        let normal = Normal::new(0.0, 1.0).family().clone();
        let z = g.sample("z", Distribution::new(Arc::new(Unnormalised(normal)), parameters).copies(copies));
        g.cost("f", z.square().sum());
        let certificate = certify(&g, &how(&["pathwise"]).bias_bound(0.1).most_replicates(1 << 18)).unwrap();
        let score = &certificate.identities[0];
        if copies == 1 {
            // E ∂s log p = 0.01/s beside E |∂s log p| = E |ε² − 1|/s.
            assert_eq!((score.method, score.verdict), ("quadrature", Standing::Refuted), "{score:?}");
            assert_eq!(
                (certificate.verdict, &*certificate.refuted[0]),
                (Standing::Refuted, "the score of z")
            );
            assert!((score.deviation.0 - 0.01 / 0.968).abs() < 1e-4, "{score:?}");
        } else {
            assert_eq!(score.method, "sampling", "{score:?}");
            assert_ne!(score.verdict, Standing::Proved, "{score:?}");
        }
    }
}

/// A black box that remembers how often it was called gives other bits each time.
#[test]
fn hidden_state_is_refuted() {
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param("theta", 0.3)));
    let calls = AtomicU64::new(0);
    let cost = g.external("cost", [], &[b], move |arguments, result| {
        let noise = (calls.fetch_add(1, Ordering::Relaxed) % 3) as f64 * f64::EPSILON;
        result[0] = (arguments[0][0] - 0.45).powi(2) * (1.0 + noise);
    });
    g.cost("f", cost);
    let certificate = certify(&g, &how(&["score_function"])).unwrap();
    let plan = &certificate.plans[0];
    assert_eq!(plan.verdict, Standing::Refuted);
    assert!(plan.gradient.values().flatten().all(|c| c.verdict == Standing::Proved));
    let fails = plan.identities.iter().filter(|i| i.verdict == Standing::Refuted);
    assert!(fails.map(|i| i.identity).any(|identity| identity == "threads"), "{plan:?}");
}

/// A constant that is added without rounding leaves every bit of leave-one-out: costs and constant are multiples of 2⁻¹⁰ below 2⁴², and
/// with K = 2 the other sample's cost is the mean of the others.
#[test]
fn a_constant_leaves_the_bits_of_leave_one_out_where_sums_are_exact() {
    let coins = |constant: f64| {
        let g = Graph::new();
        let b = g.sample("b", Bernoulli::from_logits(g.param_tensor("phi", [3], vec![0.4, -2.0, 0.1])));
        g.cost("f", (b.dot(g.data("v", [3], vec![1.25, -0.5, 3.0])) - 0.125).square() + constant);
        g
    };
    let plan = |estimator: Arc<dyn Estimator>| vec![estimator];
    let of = |constant: f64, estimator: Arc<dyn Estimator>| {
        crate::common::replicates(&coins(constant), &plan(estimator), 2, 200, 3).1
    };
    let without = of(0.0, Arc::new(ReinforceLoo));
    assert_eq!(of(16384.0, Arc::new(ReinforceLoo)), without);
    // One that is rounded does not, nor does a score without a baseline.
    assert_ne!(of(1.0 / 3.0, Arc::new(ReinforceLoo)), without);
    let plain = |constant| of(constant, Arc::new(ScoreFunction::default()));
    assert_ne!(plain(16384.0), plain(0.0));
}
