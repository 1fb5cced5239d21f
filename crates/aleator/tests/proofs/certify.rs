//! Certificates: what is right is proved or certified, what is wrong is refuted.

use std::sync::Arc;

use aleator::certify::{Certify, PlanCertificate, Standing, certify};
use aleator::distributions::{
    Bernoulli, BetaBinomial, Binomial, Categorical, Exponential, Gamma, Geometric, Multinomial,
    NegativeBinomial, Normal, OneHotCategorical, Poisson,
};
use aleator::estimators::{Estimator, EstimatorOptions, StraightThrough, find};
use aleator::graph::{Graph, concat};

fn named(name: &str) -> Arc<dyn Estimator> {
    find(name).expect("it is in the table").build(EstimatorOptions::none()).expect("it has defaults")
}

/// A certificate of means that does not depend on time.
fn how() -> Certify {
    Certify::new().means_alone().most_replicates(1 << 15).budget(std::time::Duration::from_secs(600))
}

fn toy(theta: f64) -> Graph {
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param("theta", theta)));
    g.cost("loss", (b - 0.45).square());
    g
}

#[track_caller]
fn all_are(graph: &Graph, how: &Certify, standing: Standing) -> Vec<PlanCertificate> {
    let certificate = certify(graph, how).unwrap();
    for plan in &certificate.plans {
        assert_eq!(plan.verdict, standing, "{}: {plan:?}", plan.estimator);
    }
    certificate.plans
}

#[test]
fn every_unbiased_estimator_is_proved_on_the_toy() {
    for theta in [0.3, -4.0, 12.0] {
        let plans = certify(&toy(theta), &how()).unwrap().plans;
        assert!(plans.len() >= 9, "{}", plans.len());
        // Outcomes of coupled noise lie behind oblique surfaces, which quadrature does not follow.
        let is_hard = |plan: &&PlanCertificate| plan.estimator == "arms";
        let (hard, others): (Vec<_>, Vec<_>) = plans.iter().partition(is_hard);
        assert!(others.iter().all(|plan| plan.verdict == Standing::Proved), "{others:?}");
        assert!(hard.iter().all(|plan| plan.verdict != Standing::Refuted), "{hard:?}");
        assert!(plans.iter().any(|plan| plan.method == "quadrature"));
        assert!(plans.iter().any(|plan| plan.method == "enumeration"));
    }
}

#[test]
fn several_draws_and_samples_are_enumerated() {
    let g = Graph::new();
    let a = g.sample("a", Bernoulli::from_logits(g.param_tensor("phi", [3], vec![0.2, -1.0, 0.7])));
    let b = g.sample("b", Bernoulli::from_logits(a.sum() - 1.0 + g.param("bias", 0.1)));
    g.cost("loss", (a.sum() * b - 0.45).square() + 1e4);
    let estimators = ["score_function", "reinforce_loo", "enumeration", "muprop"].map(named).to_vec();
    let plans = all_are(&g, &how().only(estimators), Standing::Proved);
    assert_eq!(plans.len(), 4);
}

#[test]
fn categorical_outcomes_and_their_relaxations_are_proved() {
    let logits = || vec![0.3, -0.8, 0.1];
    for one_hot in [true, false] {
        let g = Graph::new();
        let l = g.param_tensor("l", [3], logits());
        let values = g.data("values", [3], vec![1.0, -2.0, 0.5]);
        if one_hot {
            let z = g.sample("z", OneHotCategorical::from_logits(l));
            g.cost("f", (z * values).sum().square());
        } else {
            let z = g.sample("z", Categorical::from_logits(l));
            g.cost("f", (z - 0.7).square());
        }
        let estimators = ["score_function", "reinforce_loo", "enumeration"].map(named).to_vec();
        all_are(&g, &how().only(estimators), Standing::Proved);
    }
    let g = Graph::new();
    let z = g.sample("z", OneHotCategorical::from_logits(g.param_tensor("l", [2], vec![0.3, -0.8])));
    g.cost("f", (z.slice(-1, 0, 1).sum() - 0.4 * z.slice(-1, 1, 1).sum()).square());
    let biased = how().only(vec![named("gumbel_softmax")]);
    all_are(&g, &biased, Standing::Refuted);
}

#[test]
fn continuous_draws_are_integrated() {
    let g = Graph::new();
    let (m, s) = (g.param("m", 0.4), g.param("s", 0.7));
    let z = g.sample("z", Normal::new(m, s));
    g.cost("f", z.square() + 3.0 * z + 1e4);
    let plans = all_are(&g, &how(), Standing::Proved);
    assert!(plans.iter().any(|plan| plan.estimator == "pathwise"));

    let g = Graph::new();
    let z = g.sample("z", Gamma::new(g.param("a", 2.5), g.param("r", 1.5)));
    g.cost("f", z.square());
    all_are(&g, &how().only(vec![named("score_function")]), Standing::Proved);

    let g = Graph::new();
    let z = g.sample("z", Poisson::new(g.param("rate", 2.5)));
    g.cost("f", z.square());
    all_are(&g, &how().only(vec![named("score_function")]), Standing::Proved);
}

#[test]
fn biased_estimators_are_refuted_with_their_bias() {
    let certificate = certify(&toy(0.3), &how().only(vec![Arc::new(StraightThrough)])).unwrap();
    assert_eq!(certificate.verdict, Standing::Refuted);
    assert_eq!(certificate.refuted, ["straight_through"]);
    // 2 p q (E b − 0.45) instead of 0.1 p q.
    let p = 1.0 / (1.0 + (-0.3f64).exp());
    let bias = p * (1.0 - p) * (2.0 * (p - 0.45) - 0.1);
    let [low, high] = certificate.plans[0].gradient["theta"][0].bias;
    assert!(low.0 <= bias && bias <= high.0 && high.0 - low.0 < 1e-8, "{bias} in {low:?}, {high:?}");
}

/// At θ = 0, the mean of straight-through is the gradient by chance: 2 p q (p − 0.45) = 0.1 p q.
#[test]
fn what_declares_itself_biased_is_refuted_wherever_its_mean_is_right() {
    let plan = all_are(&toy(0.0), &how().only(vec![Arc::new(StraightThrough)]), Standing::Refuted).remove(0);
    assert_eq!(plan.gradient["theta"][0].verdict, Standing::Proved);
    assert_eq!(plan.decisive().count(), 0);
}

#[test]
fn what_has_too_many_dimensions_is_sampled() {
    let g = Graph::new();
    let m = g.param("m", 0.4);
    let z = g.sample("z", Normal::new(m, 1.0).copies(5));
    g.cost("f", z.square().sum() / 5.0 + z.sum());
    let certificate = certify(&g, &how().only(vec![named("pathwise")])).unwrap();
    let plan = &certificate.plans[0];
    assert_eq!((plan.verdict, plan.method), (Standing::Certified, "sampling"), "{plan:?}");
    let e = g.sample("e", Exponential::new(m + 1.0));
    g.cost("late", e.sin());
    let certificate = certify(&g, &how().only(vec![named("pathwise")])).unwrap();
    assert_ne!(certificate.verdict, Standing::Refuted);
}

/// Sampling that has not seen an outcome knows nothing of it: a mean without it is neither right nor wrong.
#[test]
fn rare_outcomes_are_not_decided_by_samples_without_them() {
    for others in [0, 4] {
        // Without the normal draws the estimates have no variance before the outcome is seen, with them a small one.
        let g = Graph::new();
        let theta = g.param("theta", 13.0);
        let b = g.sample("b", Bernoulli::from_logits(theta));
        let mut cost = (b - 0.45).square();
        if others > 0 {
            let z = g.sample("z", Normal::new(theta / 13.0, 1e-9).copies(others));
            cost = cost + 1e-3 * z.square().sum();
        }
        g.cost("loss", cost);
        let certificate = certify(&g, &how().via("b", named("arms"))).unwrap();
        for plan in &certificate.plans {
            assert_eq!((plan.method, plan.verdict), ("sampling", Standing::Undecided), "{plan:?}");
            assert!(plan.why_undecided.as_ref().is_some_and(|why| why.contains("`b`")), "{plan:?}");
        }
    }
}

/// The same of counts whose outcomes are no list: of two estimators, one that answers 0 and one that answers −F refute neither.
#[test]
fn rare_counts_are_not_decided_by_samples_without_them() {
    let tiny = 1e-12;
    let counts = |g: &Graph, which: usize| {
        let n = g.data("n", [], vec![3.0]);
        let p = g.param("p", if which == 2 { 1.0 - tiny } else { tiny });
        let z = match which {
            0 => g.sample("z", Poisson::new(p)),
            1 | 2 => g.sample("z", Binomial::from_probs(n, p)),
            3 => g.sample("z", Geometric::from_probs(1.0 - p)),
            4 => g.sample("z", NegativeBinomial::from_probs(2.0, p)),
            5 => g.sample("z", BetaBinomial::new(n, p, 1.0)),
            _ => {
                let weights = concat(&[p.unsqueeze(-1), g.data("w", [2], vec![0.5, 0.5])], -1).unwrap();
                let z = g.sample("z", Multinomial::from_probs(n, weights));
                z.dot(g.data("c", [3], vec![1.0, -2.0, 0.5]))
            }
        };
        // No quadrature knows this cost, so that estimators are compared with each other.
        let y = g.sample("y", Normal::new(0.3 * p, 1.0).copies(6));
        g.cost("f", (z - 0.45).square() * (1.0 + 0.1 * y.sum()) + 0.1 * (y.sum() - 0.2).square());
    };
    for which in 0..7 {
        let g = Graph::new();
        counts(&g, which);
        for estimator in ["score_function", "reinforce_loo"] {
            let certificate = certify(&g, &how().via("z", named(estimator))).unwrap();
            for plan in &certificate.plans {
                assert_ne!(plan.verdict, Standing::Refuted, "{which}: {plan:?}");
                let undecided = plan.verdict == Standing::Undecided;
                let named = plan.why_undecided.as_ref().is_some_and(|why| why.contains("`z`"));
                assert!(plan.method != "sampling" || undecided && named, "{which}: {plan:?}");
            }
        }
    }
}

/// A mean that does not exist is not certified, however the samples fall.
#[test]
fn heavy_tails_decide_nothing() {
    let g = Graph::new();
    let z = g.sample("z", aleator::distributions::Cauchy::new(g.param("m", 2.0), 1.0));
    g.cost("f", z.square());
    for seed in 0..5 {
        let certificate = certify(&g, &how().seed(seed)).unwrap();
        for plan in &certificate.plans {
            assert_eq!(plan.verdict, Standing::Undecided, "{plan:?}");
            assert!(plan.why_undecided.is_some() || plan.reference == plan.estimator, "{plan:?}");
        }
    }
}

/// Without an exact gradient, every plan is compared with another one, also if it is the only one that is asked for.
#[test]
fn a_plan_without_exact_gradient_is_compared_with_another() {
    let g = Graph::new();
    let z = g.sample("z", Normal::new(g.param("m", 0.4), 1.0).copies(5));
    g.cost("f", z.sum().sin());
    for name in ["score_function", "pathwise"] {
        let certificate = certify(&g, &how().most_replicates(1 << 17).only(vec![named(name)])).unwrap();
        let plan = &certificate.plans[0];
        assert!(plan.reference != name && !plan.reference.starts_with("nothing"), "{plan:?}");
        assert_ne!(plan.verdict, Standing::Refuted);
    }
}
