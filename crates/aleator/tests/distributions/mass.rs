//! Probabilities add up to 1, and scores to 0.

use std::f64::consts::{FRAC_PI_2, PI};

use aleator::distributions::Support;
use aleator_engine::autodiff::grad;
use aleator_engine::exec::math::Real;
use aleator_engine::graph::Expr;

use crate::cases::{Case, Kind, extreme, groups, moderate, stack};
use crate::closed_forms::tails;
use crate::harness::Bench;

fn all_of(kind: Kind) -> Vec<Case> {
    moderate().into_iter().chain(extreme()).filter(|c| c.kind() == kind).collect()
}

/// All logits of 0, ±1, ±80 and ±1000, and probabilities with 0 and 1 among them.
fn discrete_cases() -> Vec<Case> {
    const LOGITS: [f64; 7] = [0.0, 1.0, -1.0, 80.0, -80.0, 1000.0, -1000.0];
    const WEIGHTS: [f64; 5] = [0.0, 1e-6, 0.3, 0.999, 1.0];
    // The outcomes of a subset are known where k is constant, which an input is not; see `subsets`.
    let mut cases: Vec<Case> = all_of(Kind::Outcome).into_iter().filter(|c| c.name() != "KSubset").collect();
    for l in LOGITS {
        cases.push(Case::new("Bernoulli", &[("logits", &[l])]));
    }
    for p in WEIGHTS {
        cases.push(Case::new("Bernoulli", &[("probs", &[p])]));
    }
    for name in ["Categorical", "OneHotCategorical"] {
        for (i, a) in LOGITS.into_iter().enumerate() {
            for (j, b) in LOGITS.into_iter().enumerate() {
                let c = LOGITS[(2 * i + 3 * j) % LOGITS.len()];
                cases.push(Case::new(name, &[("logits", &[a, b, c])]));
            }
        }
        for a in WEIGHTS {
            for b in WEIGHTS {
                cases.push(Case::new(name, &[("probs", &[a, b, 0.5])]));
            }
        }
    }
    cases
}

/// E[∂ log p/∂θ] over the possible outcomes. Σ p = 1 for all θ makes it 0; where a weight θ is exactly 0, the outcome that
/// the sum leaves out has ∂p/∂θ = 1/Σw, so it is minus that. (At p = 1 it is the other outcome.)
fn expected_score(case: &Case, i: usize) -> f64 {
    let x = &case.parameters[0].values;
    match (case.name(), case.signature.names[0]) {
        ("Bernoulli", "probs") if x[0] == 0.0 => -1.0,
        ("Bernoulli", "probs") if x[0] == 1.0 => 1.0,
        ("Categorical" | "OneHotCategorical", "probs") if x[i] == 0.0 => -1.0 / x.iter().sum::<f64>(),
        _ => 0.0,
    }
}

fn scores_add_up<T: Real>(tolerance: f64) {
    for cases in groups(&discrete_cases(), |c| c) {
        let bench = Bench::new();
        let first = cases[0];
        let outcomes =
            first.build(&Bench::new()).family().outcomes(first.build(&Bench::new()).parameters()).unwrap();
        let (n, rows) = (outcomes.len(), cases.len());
        let parameters = stack(&bench, &cases, n);
        let d = first.signature.build(parameters.clone());
        let shape = d.batch_shape().unwrap().join(&d.event_shape());
        let values = outcomes.iter().flat_map(|o| o.repeat(rows)).collect();
        let log_prob = d.log_prob(bench.input(shape, values));
        let score = grad(log_prob, &parameters)[0];
        let results = bench.run::<T>(&[log_prob, score], 0);
        let (log_prob, score) = (&results[0], &results[1]);
        let width = first.parameters[0].values.len();
        for (row, case) in cases.iter().enumerate() {
            let p: Vec<f64> = (0..n).map(|k| log_prob[k * rows + row].exp()).collect();
            let total: f64 = p.iter().sum();
            assert!((total - 1.0).abs() <= tolerance, "{case}: probabilities add up to {total}");
            for (k, exact) in case.probabilities().into_iter().enumerate() {
                assert!((p[k] - exact).abs() <= tolerance, "{case}: p({k}) = {}, expected {exact}", p[k]);
            }
            for i in 0..width {
                let score = |k: usize| score[(k * rows + row) * width + i];
                for (k, &p) in p.iter().enumerate() {
                    assert!(!score(k).is_nan(), "{case}: the score of outcome {k} by element {i} is NaN");
                    let possible = p > 0.0 || first.signature.names[0] == "logits";
                    assert!(!possible || score(k).is_finite(), "{case}: score {} of outcome {k}", score(k));
                }
                let mean: f64 = (0..n).filter(|&k| p[k] > 0.0).map(|k| p[k] * score(k)).sum();
                let magnitude: f64 = (0..n).filter(|&k| p[k] > 0.0).map(|k| (p[k] * score(k)).abs()).sum();
                let expected = expected_score(case, i);
                assert!(
                    (mean - expected).abs() <= tolerance * (1.0 + magnitude),
                    "{case}: the mean score by element {i} is {mean:e}, expected {expected}"
                );
            }
        }
    }
}

#[test]
fn scores_have_mean_zero() {
    scores_add_up::<f64>(4e-15);
}

#[test]
fn scores_have_mean_zero_in_single_precision() {
    scores_add_up::<f32>(1e-6);
}

/// Values and derivatives of what estimators use besides log_prob, at the same parameters.
#[test]
fn nothing_is_nan_at_the_border() {
    for cases in groups(&discrete_cases(), |c| c) {
        let bench = Bench::new();
        let parameters = stack(&bench, &cases, 0);
        let d = cases[0].signature.build(parameters.clone());
        let mut noise = aleator::distributions::Noise::new(&bench.graph, 0, d.batch_shape().unwrap());
        let relaxed = d.relaxed_sample(&mut noise, bench.graph.scalar(0.5));
        // Their squares: the sum of probabilities alone has derivative 0.
        let quantities = [d.mean(), d.variance(), d.entropy(), relaxed].into_iter().flatten();
        for (i, quantity) in quantities.enumerate() {
            let derivative = grad(quantity.square(), &parameters)[0];
            for values in bench
                .run::<f64>(&[quantity, derivative], 3)
                .iter()
                .chain(&bench.run::<f32>(&[quantity, derivative], 3))
            {
                let bad = values.iter().position(|v| !v.is_finite());
                let row = bad.map(|b| b * cases.len() / values.len());
                assert!(bad.is_none(), "quantity {i} of {}: {:?}", cases[row.unwrap()], values[bad.unwrap()]);
            }
        }
    }
}

/// Nodes and weights of the double exponential rule over the support, cut at the median, where densities may have a kink.
///
/// ```text
/// ∫₀^∞ f(y) dy = Σ h f(y(t)) y'(t),   y = exp(π/2 sinh t)
/// ∫₀¹  f(y) dy = Σ h f(y(t)) y'(t),   y = 1/(1 + exp(−π sinh t))
/// ```
fn double_exponential(case: &Case) -> Vec<(f64, f64)> {
    const H: f64 = 1.0 / 64.0;
    let t = |i: i32| f64::from(i) * H;
    let outward = |width: f64| {
        (-330..=330).map(move |i| {
            let y = width * (FRAC_PI_2 * t(i).sinh()).exp();
            (y, H * y * FRAC_PI_2 * t(i).cosh())
        })
    };
    let rule: Vec<(f64, f64)> = match case.family().support() {
        Support::Real => {
            let (loc, scale) = (case.scalar("loc").unwrap(), case.scalar("scale").unwrap());
            outward(scale).flat_map(|(y, w)| [(loc + y, w), (loc - y, w)]).collect()
        }
        Support::Positive => outward(1.0).collect(),
        Support::Interval { low, high: None } => {
            let low = case.parameters[low].values[0];
            outward(low).map(|(y, w)| (low + y, w)).collect()
        }
        support @ (Support::Interval { .. } | Support::UnitInterval | Support::Circle) => {
            let (low, high) = match support {
                Support::Interval { low, high: Some(high) } => {
                    (case.parameters[low].values[0], case.parameters[high].values[0])
                }
                Support::UnitInterval => (0.0, 1.0),
                _ => (case.parameters[0].values[0] - PI, case.parameters[0].values[0] + PI),
            };
            (-200..=200)
                .map(|i| {
                    let y = 1.0 / (1.0 + (-PI * t(i).sinh()).exp());
                    let slope = y * (1.0 - y) * PI * t(i).cosh();
                    (low + (high - low) * y, H * slope * (high - low))
                })
                .collect()
        }
        other => panic!("{} needs a rule over {other:?}", case.name()),
    };
    rule.into_iter().filter(|(z, w)| z.is_finite() && w.is_finite() && *w > 0.0).collect()
}

/// Whether the rule can see the density: no peak far from the ends of the support, no pole at 1, where numbers are as
/// coarse as 10⁻¹⁶, and nothing below the smallest number.
fn resolved(case: &Case) -> bool {
    let largest = case.parameters.iter().map(|p| p.values[0]).fold(0.0, f64::max);
    match case.name() {
        "Beta" | "Kumaraswamy" => {
            case.parameters[0].values[0] > 0.1 && case.parameters[1].values[0] >= 1.0 && largest < 100.0
        }
        "Gamma" | "InverseGamma" => {
            case.scalar("concentration").is_some_and(|a| (0.1..100.0).contains(&a)) && largest < 1e3
        }
        "TruncatedNormal" => {
            let [loc, scale, low, high] = std::array::from_fn(|i| case.parameters[i].values[0]);
            let t = (loc.clamp(low, high) - loc).abs() / scale;
            t < 100.0 && (t > 0.0 || high - low < 100.0 * scale)
        }
        "HalfNormal" => largest < 1e3 && largest > 1e-2,
        "ContinuousBernoulli" => case.scalar("logits").is_none_or(|l| l.abs() < 100.0),
        "Chi2" => (0.2..200.0).contains(&largest),
        "Pareto" => largest < 100.0 && case.scalar("alpha").is_some_and(|a| a > 2.0),
        "Weibull" => case.scalar("concentration").is_some_and(|k| (1.0..5.0).contains(&k)),
        "StudentT" => case.scalar("df").is_some_and(|df| df >= 1.0),
        "VonMises" => case.scalar("concentration").is_some_and(|kappa| kappa < 100.0),
        "RelaxedBernoulli" => case.scalar("temperature").is_some_and(|tau| tau >= 1.0),
        _ => true,
    }
}

/// Total, mean, variance and entropy from log_prob alone, by quadrature.
#[test]
fn densities_integrate_to_one_and_to_their_moments() {
    for case in all_of(Kind::Number).into_iter().filter(resolved) {
        let bench = Bench::new();
        let d = case.build(&bench);
        let rule = double_exponential(&case);
        let z = bench.input([rule.len()], rule.iter().map(|(z, _)| *z).collect());
        let missing = bench.graph.scalar(f64::NAN);
        let known = [d.mean(), d.variance(), d.entropy()].map(|e| e.unwrap_or(missing));
        let results = bench.run::<f64>(&[d.log_prob(z), known[0], known[1], known[2]], 0);
        let (log_p, mean, variance, entropy) = (&results[0], results[1][0], results[2][0], results[3][0]);
        let circular = d.family().support() == Support::Circle;
        // The mean of an angle has no closed form; its direction is that of `loc`.
        let mean = if circular { case.scalar("loc").unwrap() } else { mean };
        let integral = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
            let terms = rule.iter().zip(log_p).filter(|(_, l)| l.exp() > 0.0);
            terms.map(|(&(z, w), &l)| w * l.exp() * f(z, l)).sum()
        };
        let near = |got: f64, want: f64, unit: f64, what: &str| {
            assert!(
                (got - want).abs() <= 1e-10 * (want.abs() + unit),
                "{case}: {what} {got}, expected {want}"
            );
        };
        near(integral(&|_, _| 1.0), 1.0, 1.0, "the total is");
        if circular {
            near(integral(&|z, _| (z - mean).sin()), 0.0, 1.0, "the sine about the mean is");
            near(1.0 - integral(&|z, _| (z - mean).cos()), variance, variance, "the circular variance is");
        } else if variance.is_finite() {
            near(integral(&|z, _| z), mean, variance.sqrt(), "the mean is");
            near(integral(&|z, _| (z - mean) * (z - mean)), variance, variance, "the variance is");
        }
        if !entropy.is_nan() {
            near(integral(&|_, l| -l), entropy, 1.0, "the entropy is");
        }
    }
}

/// The sampler pushes the uniform distribution forward to the density: p(z(u)) |dz/du| = 1 at every u, and the
/// distribution function takes z(u) back to u.
#[test]
fn samplers_push_the_uniform_distribution_to_the_density() {
    for case in all_of(Kind::Number).into_iter().filter(|c| c.family().is_reparameterized()) {
        let bench = Bench::new();
        let d = case.build(&bench);
        let mut u: Vec<f64> = (1..200).map(|i| f64::from(i) / 200.0 + 1e-5).collect();
        u.extend([1e-12, 1e-8, 1e-4, 1.0 - 1e-4, 1.0 - 1e-8]);
        let uniform: Expr<'_> = bench.input([u.len()], u.clone());
        let z = d.sample(&mut aleator::distributions::Noise::given(&bench.graph, uniform));
        let slope = grad(z, &[uniform])[0];
        let results = bench.run::<f64>(&[z, slope, d.log_prob(z)], 0);
        for (i, &u) in u.iter().enumerate() {
            let product = results[2][i].exp() * results[1][i].abs();
            // 1 − u near 1 is known to 1e-16/(1 − u); z near the end of an interval likewise.
            let mut tolerance = 1e-11 + 1e-15 / u.min(1.0 - u);
            if let Support::Interval { .. } = d.family().support() {
                // z is rounded beside an end that may be far from 0, and its distance from the location is rounded.
                tolerance += f64::EPSILON
                    * (results[0][i].abs() + case.scalar("loc").unwrap_or(0.0).abs())
                    * results[2][i].exp()
                    / u.min(1.0 - u);
            }
            if d.family().support() == Support::UnitInterval {
                if results[0][i] > 1.0 - 1e-13 {
                    continue;
                }
                // So is 1 − z, by a power of which the density falls or rises there.
                tolerance += 1e-14 / (1.0 - results[0][i]);
            }
            assert!((product - 1.0).abs() <= tolerance, "{case}: p dz/du = {product} at u = {u}");
            let (below, above) = tails(&case, results[0][i]);
            // A falling z(u), as the Exponential's, has P(Z > z(u)) = u.
            let (below, above) = if results[1][i] > 0.0 { (below, above) } else { (above, below) };
            let back = if u < 0.5 { (below - u) / u } else { (above - (1.0 - u)) / (1.0 - u) };
            assert!(back.abs() <= 1e-9 + tolerance, "{case}: z({u}) is off by {back:e} of it");
        }
    }
}
