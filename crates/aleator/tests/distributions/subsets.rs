//! Subsets of a fixed size: everything against brute force over all subsets.

use aleator::distributions::{Distribution, Noise};
use aleator::prelude::KSubset;
use aleator_engine::autodiff::grad;
use aleator_engine::exec::math::Real;

use crate::cases::{Case, extreme, moderate};
use crate::harness::Bench;

fn cases() -> Vec<Case> {
    let mut all: Vec<Case> =
        moderate().into_iter().chain(extreme()).filter(|c| c.name() == "KSubset").collect();
    for k in 0..=6 {
        let logits: Vec<f64> = (0..6).map(|i| (f64::from(i) * 2.7 + f64::from(k)).sin() * 3.0).collect();
        all.push(Case::new("KSubset", &[("k", &[f64::from(k)]), ("logits", &logits)]));
        all.push(Case::new("KSubset", &[("k", &[f64::from(k)]), ("logits", &[0.0; 6])]));
    }
    all
}

/// k as a constant and the logits as an input.
fn build<'g>(case: &Case, bench: &'g Bench) -> Distribution<'g> {
    let logits = &case.parameters[1].values;
    KSubset::new(case.parameters[0].values[0], bench.input([logits.len()], logits.clone()))
}

fn quantities_agree<T: Real>(tolerance: f64) {
    for case in cases() {
        let n = case.parameters[1].values.len();
        // k as a constant, and as a number that is known at run time.
        for constant in [true, false] {
            let bench = Bench::new();
            let d = if constant { build(&case, &bench) } else { case.build(&bench) };
            let (sets, p) = (case.subsets(), case.probabilities());
            let bit = |set: usize, i: usize| f64::from(set >> i & 1 == 1);
            let all: Vec<f64> = sets.iter().flat_map(|&s| (0..n).map(move |i| bit(s, i))).collect();
            if constant {
                let outcomes = d.family().outcomes(d.parameters()).unwrap();
                assert_eq!(outcomes.concat(), all, "{case}");
                assert_eq!(d.family().outcome_count(d.parameters()), Some(sets.len()));
            }
            let log_prob = d.log_prob(bench.input([sets.len(), n], all));
            let outputs =
                [log_prob, d.mean().unwrap(), d.variance().unwrap(), d.entropy().unwrap(), d.mode().unwrap()];
            let results = bench.run::<T>(&outputs, 0);
            let close = |what: &str, got: f64, want: f64| {
                assert!(
                    (got - want).abs() <= tolerance * want.abs().max(1.0),
                    "{case}: {what} {got}, expected {want}"
                );
            };
            for (got, &p) in results[0].iter().zip(&p) {
                close("p", got.exp(), p);
            }
            for (i, &got) in results[1].iter().enumerate() {
                let mean: f64 = sets.iter().zip(&p).map(|(&s, p)| p * bit(s, i)).sum();
                let without: f64 = sets.iter().zip(&p).map(|(&s, p)| p * (1.0 - bit(s, i))).sum();
                close("mean", got, mean);
                close("variance", results[2][i], mean * without);
                // Small probabilities have the same relative error.
                assert!(
                    (got - mean).abs() <= 100.0 * tolerance * mean || mean < 1e-30,
                    "{case}: {got} {mean}"
                );
            }
            let entropy: f64 = p.iter().filter(|&&p| p > 0.0).map(|p| -p * p.ln()).sum();
            close("entropy", results[3][0], entropy);
            let mode = (0..n).fold(0, |set, i| set | usize::from(results[4][i] == 1.0) << i);
            let likeliest = p.iter().copied().fold(0.0, f64::max);
            let place = sets.iter().position(|&s| s == mode).unwrap();
            assert!(p[place] >= likeliest * (1.0 - 1e-12), "{case}: mode");
        }
    }
}

#[test]
fn quantities_agree_with_brute_force() {
    quantities_agree::<f64>(1e-13);
}

#[test]
fn quantities_agree_with_brute_force_in_single_precision() {
    quantities_agree::<f32>(2e-4);
}

/// ∂ log p(z) = z − E z, and the derivative of E z is the covariance.
#[test]
fn derivatives_are_moments() {
    for case in cases() {
        let bench = Bench::new();
        let d = build(&case, &bench);
        let n = case.parameters[1].values.len();
        let logits = d.parameters()[1];
        let (sets, p) = (case.subsets(), case.probabilities());
        let bit = |set: usize, i: usize| f64::from(set >> i & 1 == 1);
        let first = bench.input([n], (0..n).map(|i| bit(sets[0], i)).collect());
        let mean = d.mean().unwrap();
        let score = grad(d.log_prob(first), &[logits])[0];
        let of_mean: Vec<_> = (0..n).map(|i| grad(mean.slice(-1, i, 1).sum(), &[logits])[0]).collect();
        let of_entropy = grad(d.entropy().unwrap(), &[logits])[0];
        let outputs = [&[score, of_entropy], &of_mean[..]].concat();
        let results = bench.run::<f64>(&outputs, 0);
        let expect = |f: &dyn Fn(usize) -> f64| -> f64 { sets.iter().zip(&p).map(|(&s, p)| p * f(s)).sum() };
        for i in 0..n {
            let mean_i = expect(&|s| bit(s, i));
            assert!((results[0][i] - (bit(sets[0], i) - mean_i)).abs() < 1e-12, "{case}: score {i}");
            for (j, &got) in results[2 + i].iter().enumerate() {
                let mean_j = expect(&|s| bit(s, j));
                let covariance = expect(&|s| (bit(s, i) - mean_i) * (bit(s, j) - mean_j));
                assert!((got - covariance).abs() < 1e-12, "{case}: covariance {i} {j}");
            }
            assert!(results[1][i].is_finite(), "{case}: entropy");
        }
    }
}

/// Fifty elements, of which draws have exactly k, with the marginals that the table gives: 5.5 standard errors of 10⁵ draws, which 50
/// comparisons exceed with a probability below 2·10⁻⁶.
#[test]
fn many_elements() {
    const N: usize = 50;
    let bench = Bench::new();
    let logits: Vec<f64> = (0..N).map(|i| (i as f64 * 1.7).sin() * 4.0).collect();
    let d = KSubset::new(20.0, bench.input([N], logits));
    let draws = 100_000;
    let z = d.sample(&mut Noise::new(&bench.graph, 0, [draws].into()));
    let mean = d.mean().unwrap();
    let outputs = [z.sum_axes(-1), z.mean_axes(0), mean, mean.sum()];
    let results = bench.run::<f64>(&outputs, 5);
    assert!(results[0].iter().all(|&k| k == 20.0));
    assert!((results[3][0] - 20.0).abs() < 1e-11);
    for (got, &p) in results[1].iter().zip(&results[2]) {
        assert!((got - p).abs() < 5.5 * (p * (1.0 - p) / draws as f64).sqrt() + 1e-4, "{got} {p}");
    }
    assert_eq!(d.family().outcome_count(d.parameters()), None);
}

#[test]
fn impossible_sizes_are_refused() {
    let graph = aleator::graph::Graph::new();
    let l = graph.param_tensor("l", [3], vec![0.0; 3]);
    let z = graph.sample("z", KSubset::new(4.0, l));
    graph.cost("f", z.sum());
    let why = graph.compile(&aleator::Options::new()).unwrap_err().to_string();
    assert!(why.contains("`k` is 4"), "{why}");
}
