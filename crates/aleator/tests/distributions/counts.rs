//! Counts: probabilities, scores and moments summed over the outcomes, and enumeration of the finite ones.

use aleator::distributions::{Binomial, Distribution};
use aleator_engine::autodiff::grad;
use aleator_engine::exec::math::Real;
use aleator_engine::graph::Expr;

use crate::cases::{Case, Kind, extreme, moderate};
use crate::harness::Bench;

/// Those whose mass is within the first outcomes, but for less than 10⁻¹⁸.
const OUTCOMES: usize = 3000;

fn short(case: &Case) -> bool {
    match case.name() {
        "Binomial" | "BetaBinomial" => case.scalar("total_count").is_some_and(|n| n < OUTCOMES as f64),
        "Geometric" => {
            case.scalar("probs").is_none_or(|p| p > 0.1) && case.scalar("logits").is_none_or(|l| l > -2.0)
        }
        "Poisson" => case.scalar("rate").is_some_and(|rate| rate < 100.0),
        _ => case.scalar("total_count").is_some_and(|r| r < 10.0),
    }
}

fn cases() -> Vec<Case> {
    let cases = moderate().into_iter().chain(extreme()).filter(|c| c.kind() == Kind::Count && short(c));
    let mut cases: Vec<Case> = cases.collect();
    for logits in [0.0, 80.0, -80.0, 1000.0, -1000.0] {
        cases.push(Case::new("Binomial", &[("total_count", &[7.0]), ("logits", &[logits])]));
    }
    cases
}

fn sums<T: Real>(tolerance: f64) {
    for case in cases() {
        let bench = Bench::new();
        // A parameter of each outcome, so that scores are kept apart.
        let parameters: Vec<Expr<'_>> =
            case.parameters.iter().map(|p| bench.input([OUTCOMES], p.values.repeat(OUTCOMES))).collect();
        let d = case.signature.build(parameters.clone());
        let log_prob = d.log_prob(bench.graph.iota(OUTCOMES));
        let mut outputs = vec![log_prob, d.mean().unwrap(), d.variance().unwrap()];
        outputs.extend(grad(log_prob, &parameters));
        let results = bench.run::<T>(&outputs, 0);
        let p: Vec<f64> = results[0].iter().map(|l| l.exp()).collect();
        let (mean, variance) = (results[1][0], results[2][0]);
        let expect = |f: &dyn Fn(usize) -> f64| -> f64 {
            (0..OUTCOMES).filter(|&k| p[k] > 0.0).map(|k| p[k] * f(k)).sum()
        };
        let near = |got: f64, want: f64, unit: f64, what: &str| {
            assert!(
                (got - want).abs() <= tolerance * (want.abs() + unit),
                "{case}: {what} {got:e}, not {want:e}"
            );
        };
        near(expect(&|_| 1.0), 1.0, 0.0, "the total is");
        near(expect(&|k| k as f64), mean, variance.sqrt(), "the mean is");
        near(expect(&|k| (k as f64 - mean).powi(2)), variance, mean, "the variance is");
        for (i, score) in results[3..].iter().enumerate() {
            assert!(score.iter().all(|s| !s.is_nan()), "{case}: a score is NaN");
            assert!((0..OUTCOMES).all(|k| p[k] == 0.0 || score[k].is_finite()), "{case}: an infinite score");
            // At a border of the domain the outcome that becomes possible beyond it is missing.
            let border = case.scalar("probs").is_some_and(|p| p == 0.0 || p == 1.0)
                || case.scalar("rate") == Some(0.0);
            if !border {
                let magnitude = expect(&|k| score[k].abs());
                near(expect(&|k| score[k]), 0.0, magnitude, &format!("the mean score by parameter {i} is"));
            }
        }
    }
}

#[test]
fn masses_add_up_and_scores_have_mean_zero() {
    sums::<f64>(1e-12);
}

#[test]
fn masses_add_up_and_scores_have_mean_zero_in_single_precision() {
    sums::<f32>(2e-5);
}

/// With a constant count the outcomes, the mode and the entropy are known, element by element of a batch.
#[test]
fn a_binomial_of_a_constant_count_is_finite() {
    let bench = Bench::new();
    let graph = &bench.graph;
    let p = bench.input([3], vec![0.0, 0.3, 1.0]);
    let d: Distribution<'_> = Binomial::from_probs(graph.tensor([3], vec![2.0, 5.0, 3.0]), p);
    let outcomes = d.family().outcomes(d.parameters()).unwrap();
    assert_eq!(outcomes, (0..=5).map(|k| vec![f64::from(k)]).collect::<Vec<_>>());
    let k = graph.iota(6).unsqueeze(-1);
    let outputs = [d.mode().unwrap(), d.entropy().unwrap(), d.log_prob(k)];
    let results = bench.run::<f64>(&outputs, 0);
    assert_eq!(results[0], [0.0, 1.0, 3.0]);
    let entropy: f64 = (0..6).map(|k| results[2][3 * k + 1]).map(|l| -l * l.exp()).sum();
    assert_eq!((results[1][0], results[1][2]), (0.0, 0.0));
    assert!((results[1][1] - entropy).abs() < 1e-14);
    // Too many to be listed, or no count at all.
    for n in [1e15, 2.5e6, -1.0, f64::NAN, f64::INFINITY] {
        let d = Binomial::from_probs(n, p);
        assert!(d.family().outcomes(d.parameters()).is_none(), "{n}");
        assert!(d.entropy().is_none());
    }
    assert_eq!(graph.error(), None);
}
