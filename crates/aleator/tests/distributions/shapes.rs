//! Axes, outcomes, modes and domains.

use aleator::distributions::{
    Bernoulli, Categorical, Constraint, Distribution, Noise, Normal, OneHotCategorical, Support, Uniform, all,
};
use aleator_engine::graph::Shape;

use crate::cases::{Case, Kind, extreme, groups, moderate, stack};
use crate::harness::Bench;

/// Parameters [2, 1] and [3] give a batch [2, 3] everywhere, with the values of the six single distributions.
#[test]
fn parameters_broadcast() {
    for case in moderate()
        .into_iter()
        .filter(|c| c.parameters.len() == 2 && c.kind() != Kind::Vector && c.name() != "KSubset")
    {
        let (a, b) = (case.parameters[0].values[0], case.parameters[1].values[0]);
        // Whole numbers stay whole, and probabilities below 1.
        let step = if case.scalar("total_count").is_some() { 1.0 } else { 0.5 };
        let (first, second) = ([a, a - step], [b, b * 1.25, b * 1.5]);
        let bench = Bench::new();
        let d =
            case.signature.build(vec![bench.input([2, 1], first.into()), bench.input([3], second.into())]);
        assert_eq!(d.batch_shape(), Some([2, 3].into()));
        let z = d.sample(&mut Noise::new(&bench.graph, 0, [5, 2, 3].into()));
        let moments = |d: &Distribution<'_>| {
            [d.mean(), d.variance(), d.entropy()].into_iter().flatten().map(|e| e.id()).collect::<Vec<_>>()
        };
        let of_batch: Vec<_> = moments(&d).into_iter().map(|id| bench.graph.expr(id)).collect();
        let outputs = [&[z, d.log_prob(z)], &of_batch[..]].concat();
        let shapes: Vec<Shape> = outputs.iter().map(|e| e.shape()).collect();
        let (draws, batch) = (Shape::from([5, 2, 3]), Shape::from([2, 3]));
        assert_eq!(shapes[..2], [draws.clone(), draws], "{case}");
        assert!(shapes[2..].iter().all(|shape| *shape == batch), "{case}: {shapes:?}");
        let got = bench.run::<f64>(&outputs, 1);
        for (k, (i, j)) in (0..2).flat_map(|i| (0..3).map(move |j| (i, j))).enumerate() {
            let bench = Bench::new();
            let d =
                case.signature.build(vec![bench.input([], vec![first[i]]), bench.input([], vec![second[j]])]);
            assert_eq!(d.batch_shape(), Some(Shape::scalar()));
            let z = bench.input([5], (0..5).map(|s| got[0][6 * s + k]).collect());
            let single_moments = moments(&d).into_iter().map(|id| bench.graph.expr(id));
            let outputs: Vec<_> = [d.log_prob(z)].into_iter().chain(single_moments).collect();
            let single = bench.run::<f64>(&outputs, 1);
            assert_eq!(single[0], (0..5).map(|s| got[1][6 * s + k]).collect::<Vec<_>>(), "{case}");
            for q in 1..outputs.len() {
                assert_eq!(single[q][0], got[q + 1][k], "{case}, quantity {q}");
            }
        }
    }
}

/// Parameters [2, 1, 4]: a batch [2, 1] of events over 4 outcomes.
#[test]
fn the_last_axis_of_a_categorical_is_its_event() {
    let bench = Bench::new();
    let logits = bench.input([2, 1, 4], (0..8).map(|i| f64::from(i) * 0.3).collect());
    for (d, event) in [
        (Categorical::from_logits(logits), Shape::scalar()),
        (Categorical::from_probs(logits.exp()), Shape::scalar()),
        (OneHotCategorical::from_logits(logits), Shape::from([4])),
        (OneHotCategorical::from_probs(logits.exp()), Shape::from([4])),
    ] {
        let batch = Shape::from([2, 1]);
        assert_eq!((d.batch_shape(), d.event_shape()), (Some(batch.clone()), event.clone()));
        let draws = Shape::from([5, 2, 1]);
        let z = d.sample(&mut Noise::new(&bench.graph, 0, draws.clone()));
        assert_eq!(z.shape(), draws.join(&event));
        assert_eq!(d.log_prob(z).shape(), draws);
        assert_eq!(d.entropy().unwrap().shape(), batch);
        assert_eq!(d.mode().unwrap().shape(), batch.join(&event));
        for moment in [d.mean(), d.variance()] {
            assert_eq!(moment.map(|m| m.shape()), (event.rank() > 0).then(|| batch.join(&event)));
        }
        let relaxed =
            d.relaxed_sample(&mut Noise::new(&bench.graph, 0, draws.clone()), bench.graph.scalar(0.5));
        assert_eq!(relaxed.map(|r| r.shape()), (event.rank() > 0).then(|| draws.join(&event)));
    }
    assert_eq!(bench.graph.error(), None);
}

#[test]
fn parameters_that_do_not_broadcast_have_no_batch_shape() {
    let bench = Bench::new();
    let d = Normal::new(bench.input([2], vec![0.0; 2]), bench.input([3], vec![1.0; 3]));
    assert_eq!(d.batch_shape(), None);
}

/// One-hot and index forms agree, as do probs and logits.
#[test]
fn forms_of_one_distribution_agree() {
    let bench = Bench::new();
    let weights = bench.input([4], vec![0.5, 1.5, 1.0, 3.0]);
    let p = bench.input([3], vec![0.1, 0.5, 0.9]);
    let k = bench.graph.iota(4);
    let outputs = [
        Categorical::from_probs(weights).log_prob(k),
        Categorical::from_logits(weights.log()).log_prob(k),
        OneHotCategorical::from_probs(weights).log_prob(k.one_hot(4)),
        OneHotCategorical::from_logits(weights.log()).log_prob(k.one_hot(4)),
        Bernoulli::from_probs(p).log_prob(bench.graph.scalar(1.0)),
        Bernoulli::from_logits(p.logit()).log_prob(bench.graph.scalar(1.0)),
    ];
    let results = bench.run::<f64>(&outputs, 0);
    for (a, b) in [(0, 1), (0, 2), (0, 3), (4, 5)] {
        for (x, y) in results[a].iter().zip(&results[b]) {
            assert!((x - y).abs() < 1e-15, "{a} {b}: {x} {y}");
        }
    }
}

#[test]
fn outcomes_are_the_support_and_the_mode_is_the_likeliest() {
    for case in moderate().into_iter().chain(extreme()) {
        let bench = Bench::new();
        let d = case.build(&bench);
        let outcomes = d.family().outcomes(d.parameters());
        // A Binomial's are known where its count is constant, which an input is not; and so those of a KSubset.
        assert_eq!(outcomes.is_some(), case.kind() == Kind::Outcome && case.name() != "KSubset", "{case}");
        assert!(d.mode().is_some() || outcomes.is_none(), "{case}");
        let (Some(outcomes), Some(mode)) = (outcomes, d.mode()) else { continue };
        assert_eq!(outcomes.len(), case.probabilities().len());
        for (k, outcome) in outcomes.iter().enumerate() {
            assert_eq!(outcome.len(), d.event_shape().numel());
            match d.family().support() {
                Support::Boolean | Support::Indices => assert_eq!(outcome[..], [k as f64]),
                _ => assert!(outcome.iter().enumerate().all(|(i, &o)| o == if i == k { 1.0 } else { 0.0 })),
            }
        }
        let mut everything = vec![mode, d.log_prob(mode)];
        everything
            .extend(outcomes.iter().map(|o| d.log_prob(bench.graph.tensor(d.event_shape(), o.clone()))));
        let results = bench.run::<f64>(&everything, 0);
        assert!(outcomes.contains(&results[0]), "{case}: {:?} is no outcome", results[0]);
        assert!(results[2..].iter().all(|l| l[0] <= results[1][0]), "{case}");
    }
}

/// Draws lie in the support, and log_prob is finite at each of them.
#[test]
fn draws_lie_in_the_support() {
    let cases: Vec<Case> = moderate().into_iter().chain(extreme()).collect();
    for cases in groups(&cases, |c| c) {
        let bench = Bench::new();
        let d = cases[0].signature.build(stack(&bench, &cases, 0));
        let shape = Shape::from([10_000]).join(&d.batch_shape().unwrap());
        let z = d.sample(&mut Noise::new(&bench.graph, 0, shape));
        let outputs = [z, d.log_prob(z)];
        for results in [bench.run::<f64>(&outputs, 9), bench.run::<f32>(&outputs, 9)] {
            let bad = results[1].iter().position(|l| !l.is_finite()).map(|i| cases[i % cases.len()]);
            assert!(bad.is_none(), "{}", bad.unwrap());
            let inside: &dyn Fn(f64) -> bool = match d.family().support() {
                Support::Boolean | Support::OneHot | Support::Subsets => &|z| z == 0.0 || z == 1.0,
                Support::Indices => &|z| z >= 0.0 && z.fract() == 0.0,
                Support::Counts | Support::BoundedCounts | Support::Compositions => {
                    &|z| z >= 0.0 && z.fract() == 0.0 && z.is_finite()
                }
                Support::Positive => &|z| z > 0.0 && z.is_finite(),
                Support::UnitInterval => &|z| z > 0.0 && z < 1.0,
                Support::Simplex => &|z| z > 0.0 && z <= 1.0,
                Support::Circle => &|z| z.abs() <= f64::from(std::f32::consts::PI),
                Support::Real | Support::Interval { .. } | Support::RealVector => &|z| z.is_finite(),
            };
            assert!(results[0].iter().all(|&z| inside(z)), "{}", cases[0]);
        }
    }
}

/// Outside the support the density is 0, without NaN.
#[test]
fn values_outside_the_support_have_no_density() {
    for case in moderate() {
        let outside: &[f64] = match case.family().support() {
            Support::Positive => &[-1.0, -1e300],
            Support::UnitInterval if case.name() == "ContinuousBernoulli" => &[-0.5, 1.5, f64::INFINITY],
            Support::UnitInterval => &[-0.5, 0.0, 1.0, 1.5],
            Support::Counts => &[-1.0, 0.5, f64::INFINITY, f64::NEG_INFINITY],
            Support::BoundedCounts => &[-1.0, 0.5, 201.0, f64::INFINITY],
            Support::Interval { high: Some(_), .. } => &[-1e9, 1e9, f64::INFINITY],
            Support::Interval { high: None, .. } => &[-1e9, 0.0, f64::NEG_INFINITY],
            _ => continue,
        };
        let bench = Bench::new();
        let d = case.build(&bench);
        let z = bench.input([outside.len()], outside.to_vec());
        let log_prob = d.log_prob(z);
        let mut outputs = vec![log_prob];
        outputs.extend(aleator_engine::autodiff::grad(log_prob, d.parameters()));
        let results = bench.run::<f64>(&outputs, 0);
        assert!(results[0].iter().all(|&l| l == f64::NEG_INFINITY), "{case}: {:?}", results[0]);
        assert!(results[1..].iter().flatten().all(|g| *g == 0.0), "{case}: {:?}", &results[1..]);
    }
}

/// Which of 1, 0.5, 0, −1, 2, NaN, ∞ and −∞ each kind of parameter accepts, alone or as [x, 1].
#[test]
fn domains_are_checked() {
    const PROBES: [f64; 8] = [1.0, 0.5, 0.0, -1.0, 2.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let accepts = |constraint: Constraint| -> [bool; 8] {
        let (y, n) = (true, false);
        match constraint {
            Constraint::NotNan => [y, y, y, y, y, n, y, y],
            Constraint::Real => [y, y, y, y, y, n, n, n],
            Constraint::Positive => [y, y, n, n, y, n, n, n],
            Constraint::NotNegative => [y, y, y, n, y, n, n, n],
            Constraint::Count => [y, n, y, n, y, n, n, n],
            Constraint::Probability => [y, y, y, n, n, n, n, n],
            Constraint::PositiveProbability => [y, y, n, n, n, n, n, n],
            Constraint::ProbabilityBelowOne => [n, y, y, n, n, n, n, n],
            Constraint::LowerCholesky => [y, y, n, n, y, n, n, n],
            Constraint::Weights => [y, y, y, n, y, n, n, n],
            Constraint::LogWeights => [y, y, y, y, y, n, n, y],
        }
    };
    for signature in all().iter().flat_map(|e| e.signatures) {
        for parameter in signature.family().parameters() {
            let bench = Bench::new();
            for (x, fine) in PROBES.into_iter().zip(accepts(parameter.constraint)) {
                let (shape, values) = match parameter.event_rank {
                    0 => (vec![], vec![x]),
                    1 => (vec![2], vec![x, 1.0]),
                    _ => (vec![2, 2], vec![1.0, 0.0, -3.0, x]),
                };
                let violated = parameter.constraint.violated(bench.input(shape, values));
                for result in [bench.run::<f64>(&[violated], 0), bench.run::<f32>(&[violated], 0)] {
                    assert_eq!(
                        result[0].contains(&1.0),
                        !fine,
                        "{} = {x} of {:?}",
                        parameter.name,
                        signature.family()
                    );
                }
            }
        }
    }
}

#[test]
fn an_event_without_mass_violates_its_domain() {
    let bench = Bench::new();
    let nothing = bench.input([2, 2], vec![0.0, 0.0, 0.0, 1.0]);
    let never = nothing.log();
    let outputs = [Constraint::Weights.violated(nothing), Constraint::LogWeights.violated(never)];
    assert_eq!(bench.run::<f64>(&outputs, 0), vec![vec![1.0, 1.0, 0.0, 0.0]; 2]);
}

#[test]
fn an_empty_interval_violates_its_domain() {
    let bench = Bench::new();
    let low = bench.input([4], vec![0.0, 1.0, 2.0, f64::NAN]);
    let d: Distribution<'_> = Uniform::new(low, 1.0);
    let (violated, rule) = d.family().jointly_violated(d.parameters()).unwrap();
    assert_eq!(bench.run::<f64>(&[violated], 0)[0], [0.0, 1.0, 1.0, 1.0]);
    assert!(rule.contains("low"));
}
