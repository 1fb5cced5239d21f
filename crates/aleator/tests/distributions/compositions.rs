//! Vectors of counts with a given sum: everything against sums over all of them, and against the families of two categories.

use aleator::distributions::{
    BetaBinomial, Binomial, DirichletMultinomial, Distribution, Multinomial, Noise,
};
use aleator_engine::autodiff::grad;
use aleator_engine::exec::math::Real;
use aleator_engine::graph::Expr;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::harness::Bench;

/// Laws with constant counts: of unequal and equal weights, with weights that are 0 or nearly 0, of one category, and of no trials.
fn laws(bench: &Bench) -> Vec<(String, Distribution<'_>)> {
    let mut all = Vec::new();
    let vectors: [&[f64]; 6] = [
        &[0.5, 1.5, 1.0],
        &[0.2, 0.8],
        &[2.0],
        &[1e-6, 1.0, 3.0],
        &[0.3, 0.1, 0.1, 2.0, 0.7],
        &[40.0, 0.02, 7.0],
    ];
    for n in [0.0, 1.0, 4.0, 7.0] {
        for vector in vectors {
            let x = bench.input([vector.len()], vector.to_vec());
            all.push((format!("probs {n} {vector:?}"), Multinomial::from_probs(n, x)));
            all.push((format!("logits {n} {vector:?}"), Multinomial::from_logits(n, x.log())));
            all.push((format!("concentration {n} {vector:?}"), DirichletMultinomial::new(n, x)));
        }
        let never = bench.input([3], vec![0.0, 1.0, 3.0]);
        all.push((format!("a weight of 0, {n}"), Multinomial::from_probs(n, never)));
        all.push((format!("a logit of -inf, {n}"), Multinomial::from_logits(n, never.log())));
    }
    all
}

fn sums_agree<T: Real>(tolerance: f64) {
    let bench = Bench::new();
    for (what, d) in laws(&bench) {
        let outcomes = d.family().outcomes(d.parameters()).unwrap();
        let k = d.event_shape().numel();
        assert_eq!(d.family().outcome_count(d.parameters()), Some(outcomes.len()), "{what}");
        let z = bench.graph.tensor([outcomes.len(), k], outcomes.concat());
        let log_p = d.log_prob(z);
        let x = d.parameters()[1];
        // By the logarithm of each parameter, of which none is 0 here.
        let score = grad(log_p.exp().sum(), &[x])[0] * x.abs().minimum(1.0);
        let known = [d.mean(), d.variance(), d.entropy(), d.mode()].map(|e| e.unwrap());
        let outputs = [&[log_p, d.mass(z), score][..], &known].concat();
        let results = bench.run::<T>(&outputs, 0);
        let p: Vec<f64> = results[0].iter().map(|l| l.exp()).collect();
        let expect =
            |f: &dyn Fn(usize) -> f64| (0..p.len()).filter(|&i| p[i] > 0.0).map(|i| p[i] * f(i)).sum::<f64>();
        let near = |what: String, got: f64, want: f64| {
            assert!((got - want).abs() <= tolerance * (1.0 + want.abs()), "{what}: {got}, expected {want}");
        };
        near(format!("{what}: the total"), expect(&|_| 1.0), 1.0);
        for (i, (&mass, &p)) in results[1].iter().zip(&p).enumerate() {
            near(format!("{what}: the mass of {i}"), mass, p);
        }
        near(format!("{what}: the entropy"), results[5][0], expect(&|i| -results[0][i]));
        for j in 0..k {
            let mean = expect(&|i| outcomes[i][j]);
            near(format!("{what}: the mean of {j}"), results[3][j], mean);
            near(
                format!("{what}: the variance of {j}"),
                results[4][j],
                expect(&|i| (outcomes[i][j] - mean).powi(2)),
            );
            if !what.contains("of 0") {
                near(format!("{what}: the derivative of the total by {j}"), results[2][j], 0.0);
            }
        }
        let mode = outcomes.iter().position(|z| *z == results[6]).unwrap();
        assert!(p.iter().all(|&other| other <= p[mode]), "{what}: {:?}", results[6]);
        // All are different, and each adds up to n.
        let n = outcomes[0].iter().sum::<f64>();
        assert!(outcomes.iter().all(|z| z.iter().sum::<f64>() == n && z.iter().all(|&x| x >= 0.0)));
        assert!((1..outcomes.len()).all(|i| !outcomes[..i].contains(&outcomes[i])), "{what}");
    }
}

#[test]
fn quantities_are_sums_over_the_outcomes() {
    sums_agree::<f64>(2e-13);
}

#[test]
fn quantities_are_sums_over_the_outcomes_in_single_precision() {
    sums_agree::<f32>(2e-5);
}

#[test]
fn of_two_categories_the_first_count_is_that_of_the_scalar_family() {
    for n in [1.0, 9.0, 3e5] {
        let bench = Bench::new();
        let (a, b) = (bench.input([], vec![0.7]), bench.input([], vec![1e4]));
        let first = bench.input([4], vec![0.0, 1.0, f64::floor(0.3 * n), n]);
        let z = aleator_engine::graph::concat(&[first.unsqueeze(-1), (n - first).unsqueeze(-1)], -1).unwrap();
        let vector = aleator_engine::graph::concat(&[a.unsqueeze(-1), b.unsqueeze(-1)], -1).unwrap();
        let pairs = [
            (Multinomial::from_probs(n, vector), Binomial::from_probs(n, a / (a + b))),
            (Multinomial::from_logits(n, vector.log()), Binomial::from_logits(n, a.log() - b.log())),
            (DirichletMultinomial::new(n, vector), BetaBinomial::new(n, a, b)),
        ];
        for (joint, scalar) in pairs {
            let (l, m) = (joint.log_prob(z), scalar.log_prob(first));
            let both: Vec<Expr<'_>> = [vec![l, m], grad(l, &[a, b]), grad(m, &[a, b])].concat();
            let r = bench.run::<f64>(&both, 0);
            for (x, y) in [(0, 1), (2, 4), (3, 5)] {
                for (x, y) in r[x].iter().zip(&r[y]) {
                    assert!((x - y).abs() <= 1e-10 * (1.0 + y.abs()), "{n} {}: {x}, {y}", scalar.name());
                }
            }
        }
    }
}

/// ∂P/∂w at a weight of 0, by hand: z₀ is Binomial(n, p₀), p₀ = w₀/Σw, so ∂E z₀²/∂p₀ = n, and by the other weights it is 0.
#[test]
fn masses_have_their_derivatives_at_a_weight_of_0() {
    let bench = Bench::new();
    let w = bench.input([3], vec![0.0, 1.0, 3.0]);
    let d = Multinomial::from_probs(5.0, w);
    let outcomes = d.family().outcomes(d.parameters()).unwrap();
    let squares = outcomes.iter().map(|z| z[0] * z[0]).collect();
    let mass = d.mass(bench.graph.tensor([outcomes.len(), 3], outcomes.concat()));
    let mean = (mass * bench.graph.tensor([outcomes.len()], squares)).sum();
    let r = bench.run::<f64>(&[mean, grad(mean, &[w])[0]], 0);
    assert_eq!(r[0], [0.0]);
    for (got, want) in r[1].iter().zip([5.0 / 4.0, 0.0, 0.0]) {
        assert!((got - want).abs() < 1e-14, "{:?}", r[1]);
    }
}

/// χ² of all outcomes with ten expected draws; the critical value is that of 10⁻¹⁰ for each of fewer than 100 laws.
fn draws_fit<T: Real>(seed: u64) {
    const DRAWS: usize = 1 << 15;
    let bench = Bench::new();
    for (site, (what, d)) in laws(&bench).into_iter().enumerate() {
        let outcomes = d.family().outcomes(d.parameters()).unwrap();
        let k = d.event_shape().numel();
        let z = d.sample(&mut Noise::new(&bench.graph, site as u32, [DRAWS].into()));
        let p = d.log_prob(bench.graph.tensor([outcomes.len(), k], outcomes.concat())).exp();
        let results = bench.run::<T>(&[z, p], seed);
        let mut counts = vec![0.0; outcomes.len()];
        for draw in results[0].chunks(k) {
            counts[outcomes.iter().position(|z| z == draw).expect("an outcome")] += 1.0;
        }
        let expected: Vec<f64> = results[1].iter().map(|p| p * DRAWS as f64).collect();
        assert!(counts.iter().zip(&results[1]).all(|(c, p)| *p > 0.0 || *c == 0.0), "{what}");
        let (common, rare): (Vec<usize>, Vec<usize>) = (0..counts.len()).partition(|&i| expected[i] >= 10.0);
        let mut groups: Vec<(f64, f64)> = common.iter().map(|&i| (counts[i], expected[i])).collect();
        let sum = |f: &[f64]| rare.iter().map(|&i| f[i]).sum::<f64>();
        if sum(&expected) >= 10.0 {
            groups.push((sum(&counts), sum(&expected)));
        }
        if groups.len() > 1 {
            let statistic: f64 = groups.iter().map(|(c, e)| (c - e).powi(2) / e).sum();
            let p_value = ChiSquared::new((groups.len() - 1) as f64).unwrap().sf(statistic);
            assert!(p_value > 1e-10, "{what}: p-value {p_value:e}");
        }
    }
}

#[test]
fn draws_have_their_probabilities() {
    draws_fit::<f64>(71);
    draws_fit::<f32>(72);
}

#[test]
fn other_vectors_are_impossible() {
    let bench = Bench::new();
    let w = bench.input([2], vec![0.4, 0.6]);
    let z = bench.graph.tensor([4, 2], vec![1.0, 1.0, 1.5, 1.5, -1.0, 4.0, f64::INFINITY, 0.0]);
    for d in [Multinomial::from_probs(3.0, w), DirichletMultinomial::new(3.0, w)] {
        let l = d.log_prob(z);
        let r = bench.run::<f64>(&[l, grad(l, &[w])[0]], 0);
        assert_eq!(r[0], [f64::NEG_INFINITY; 4], "{}", d.name());
        assert_eq!(r[1], [0.0; 2], "{}", d.name());
    }
}
