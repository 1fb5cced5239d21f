//! The score at a family's own draws, at parameters for which draws crowd at the ends of the support.
//!
//! With ℓ(θ) = log p(z; θ) at the held draw z and s = ∂ℓ/∂θᵢ, exactly
//!
//! ```text
//! E[s] = 0            E[s² + ∂²ℓ/∂θᵢ²] = 0            E[z s] = ∂(E z)/∂θᵢ  where z has a mean and a variance
//! ```
//!
//! Each is a mean over independent draws, compared with its own standard error; the critical value is that of a family-wise
//! false-positive rate of 10⁻⁶ over all comparisons. The first two multiply every failure by the level of a cost.

use aleator::distributions::{Noise, Support};
use aleator_engine::autodiff;
use aleator_engine::exec::math::Real;
use aleator_engine::graph::{Expr, concat};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::cases::{self, Case, Parameter};
use crate::harness::Bench;

/// Draws of each case.
const DRAWS: usize = 10_000;

/// The places of the parameters that are ends of the support. Only where these stay has the score expectation zero.
fn ends(case: &Case) -> Vec<usize> {
    match case.family().support() {
        Support::Interval { low, high } => [Some(low), high].into_iter().flatten().collect(),
        _ => vec![],
    }
}

/// The fewest draws that must decide a mean.
const EFFECTIVE: f64 = 100.0;

/// Parameters from 10⁻³ to 10⁶, and locations that are huge beside their scales.
fn at_the_ends() -> Vec<Case> {
    let mut all: Vec<Case> =
        cases::moderate().into_iter().chain(cases::extreme()).filter(|c| !c.is_discrete()).collect();
    let pair = |name: &str, [first, second]: [&str; 2], a: f64, b: f64| {
        Case::new(name, &[(first, &[a]), (second, &[b])])
    };
    const SIZES: [f64; 6] = [1e-3, 0.05, 0.3, 1.0, 50.0, 1e6];
    for a in SIZES {
        for b in SIZES {
            for name in ["Beta", "Kumaraswamy"] {
                all.push(pair(name, ["concentration1", "concentration0"], a, b));
            }
            all.push(pair("Gamma", ["concentration", "rate"], a, b));
            all.push(pair("InverseGamma", ["concentration", "rate"], a, b));
            all.push(pair("Pareto", ["scale", "alpha"], a, b));
            all.push(pair("Weibull", ["scale", "concentration"], a, b));
        }
        for logits in [-1e3, -3.0, 0.0, 3.0, 1e6] {
            all.push(pair("RelaxedBernoulli", ["temperature", "logits"], a, logits));
        }
        for logits in [[0.0, 1.0, -1.0], [3.0, -200.0, 0.5], [1e6, 1e6, -1e6]] {
            let parameters: [(&str, &[f64]); 2] = [("temperature", &[a]), ("logits", &logits)];
            all.push(Case::new("RelaxedOneHotCategorical", &parameters));
        }
        for loc in [0.0, -3.0, 1e6] {
            for name in ["Normal", "LogNormal", "Laplace", "Logistic", "Gumbel", "Cauchy"] {
                all.push(pair(name, ["loc", "scale"], loc, a));
            }
            for df in [1e-3, 0.5, 3.0] {
                let parameters: [(&str, &[f64]); 3] = [("df", &[df]), ("loc", &[loc]), ("scale", &[a])];
                all.push(Case::new("StudentT", &parameters));
            }
            all.push(pair("VonMises", ["loc", "concentration"], loc, a));
            let tril = [a, 0.0, -3.0, 1.0];
            let parameters: [(&str, &[f64]); 2] = [("loc", &[loc, 1.0]), ("scale_tril", &tril)];
            all.push(Case::new("MultivariateNormal", &parameters));
        }
        all.push(Case::new("ContinuousBernoulli", &[("logits", &[a])]));
        all.push(Case::new("ContinuousBernoulli", &[("probs", &[a / (1.0 + a)])]));
        all.push(Case::new("Exponential", &[("rate", &[a])]));
        all.push(Case::new("HalfNormal", &[("scale", &[a])]));
        all.push(Case::new("HalfCauchy", &[("scale", &[a])]));
        all.push(Case::new("Chi2", &[("df", &[a])]));
        all.push(Case::new("Dirichlet", &[("concentration", &[a, 0.01, 1.0])]));
        all.push(Case::new("Dirichlet", &[("concentration", &[a, a, a])]));
    }
    all
}

/// A mean over draws that should be `expected`.
struct Comparison {
    what: String,
    values: Vec<f64>,
    expected: f64,
}

impl Comparison {
    /// How many standard errors its mean is away, and the mean.
    fn z(&self) -> (f64, f64) {
        // In units of the largest number, so that no square underflows.
        let unit = self.values.iter().fold(self.expected.abs(), |unit, v| unit.max(v.abs()));
        let unit = if unit > 0.0 { unit } else { 1.0 };
        let n = self.values.len() as f64;
        let mean = self.values.iter().map(|v| v / unit).sum::<f64>() / n;
        let variance = self.values.iter().map(|v| (v / unit - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let off = mean - self.expected / unit;
        // Where nothing varies, the two are equal to rounding.
        ((off / (variance / n).sqrt().max(1e-12)), unit * mean)
    }
}

/// Whether no few numbers decide a mean, so that its error is nearly normal: not where tails are heavy, or where nearly all
/// draws give one number and rare ones the rest.
fn is_normal_on_average(values: &[f64]) -> bool {
    let largest = values.iter().fold(0.0f64, |largest, v| largest.max(v.abs()));
    let mean = values.iter().map(|v| v / largest / values.len() as f64).sum::<f64>();
    let power = |n: i32| values.iter().map(|v| (v / largest - mean).powi(n)).sum::<f64>();
    // What is not finite is compared, and is wrong.
    !largest.is_finite()
        || values.iter().any(|v| v.is_nan())
        || largest == 0.0
        || power(2).powi(2) >= EFFECTIVE * power(4)
}

/// A parameter's elements on one axis.
fn flat<'g>(e: Expr<'g>, spec: &Parameter) -> Expr<'g> {
    e.reshape_last(spec.event.len(), [spec.values.len()])
}

/// Counts up to the end of the range of numbers and beyond it.
fn huge_counts() -> Vec<Case> {
    let mut all = vec![];
    for p in [0.3, 1e-3, 1e-15] {
        all.push(Case::new("Geometric", &[("probs", &[p])]));
    }
    for logits in [0.0, -20.0, -80.0, -89.0, -95.0, -300.0, -700.0] {
        all.push(Case::new("Geometric", &[("logits", &[logits])]));
        for r in [0.05, 0.7, 3.0, 1e3] {
            all.push(Case::new("NegativeBinomial", &[("total_count", &[r]), ("logits", &[-logits])]));
        }
    }
    for rate in [3.0, 1e3, 1e6] {
        all.push(Case::new("Poisson", &[("rate", &[rate])]));
        all.push(Case::new("Binomial", &[("total_count", &[rate]), ("probs", &[0.3])]));
        for [a, b] in [[0.7, 2.5], [1e-2, 3e-2], [1e5, 1e4]] {
            let parameters: [(&str, &[f64]); 3] =
                [("total_count", &[rate]), ("concentration1", &[a]), ("concentration0", &[b])];
            all.push(Case::new("BetaBinomial", &parameters));
        }
        all.push(Case::new("Binomial", &[("total_count", &[rate]), ("logits", &[-1.5])]));
    }
    all
}

/// The comparisons of one case, in precision `T`.
fn compare<T: Real>(case: &Case, seed: u64) -> Vec<Comparison> {
    let bench = Bench::new();
    // One copy of each parameter for each draw, so that each draw has its own score.
    let parameters: Vec<Expr<'_>> = case
        .parameters
        .iter()
        .map(|p| bench.input([&[DRAWS], &p.event[..]].concat(), p.values.repeat(DRAWS)))
        .collect();
    let distribution = case.signature.build(parameters.clone());
    let noise = || Noise::new(&bench.graph, 1, [DRAWS].into());
    let log_prob = distribution.log_prob_of_draw(&mut noise());
    let scores = autodiff::grad(log_prob, &parameters);
    // The diagonal of the second derivative, one element of a vector at a time.
    let curvatures: Vec<Expr<'_>> = parameters
        .iter()
        .zip(&scores)
        .zip(&case.parameters)
        .map(|((&parameter, &score), spec)| {
            let n = spec.values.len();
            let own = |i: usize| {
                let picked = flat(score, spec).slice(-1, i, 1);
                flat(autodiff::grad(picked, &[parameter])[0], spec).slice(-1, i, 1)
            };
            let each: Vec<Expr<'_>> = (0..n).map(own).collect();
            concat(&each, -1).expect("a parameter has elements")
        })
        .collect();
    let value = distribution.sample(&mut noise());
    let mut outputs = scores.clone();
    outputs.extend(&curvatures);
    outputs.push(value);
    // The mean of a VonMises is that of the circle.
    let mean = distribution.mean().filter(|_| value.rank() == 1 && case.name() != "VonMises");
    let slopes = mean.map(|mean| autodiff::grad(mean, &parameters));
    outputs.extend(slopes.iter().flatten());
    outputs.extend(mean);
    let results = bench.run::<T>(&outputs, seed);
    let k = parameters.len();
    let mut all = Vec::new();
    for (i, spec) in case.parameters.iter().enumerate() {
        let n = spec.values.len();
        for j in 0..n {
            // The upper triangle of a Cholesky factor is no parameter, and nothing is differentiated by a number of trials.
            if ends(case).contains(&i) {
                continue;
            }
            let is_upper = spec.event.len() == 2 && j % spec.event[1] > j / spec.event[1];
            let trials = case.family().support() == Support::BoundedCounts && i == 0;
            if is_upper || trials {
                continue;
            }
            let of = |results: &[f64]| results.iter().skip(j).step_by(n).copied().collect::<Vec<f64>>();
            let name = |what: &str| {
                format!(
                    "{case} in {}: {what} by {}[{j}]",
                    std::any::type_name::<T>(),
                    case.signature.names[i]
                )
            };
            let (score, curvature) = (of(&results[i]), of(&results[k + i]));
            let information = score.iter().zip(&curvature).map(|(s, c)| s * s + c).collect();
            if slopes.is_some() {
                let values: Vec<f64> = results[2 * k].iter().zip(&score).map(|(z, s)| z * s).collect();
                let (expected, mean) = (results[2 * k + 1 + i][0], results[3 * k + 1][0]);
                // Where the mean is nearly nothing, the values are the smallest number, to which smaller ones are rounded.
                let held = mean.abs() > 1e-30 || mean == 0.0;
                if held && mean.is_finite() && values.iter().all(|v| v.is_finite()) {
                    all.push(Comparison { what: name("E[z s]"), values, expected });
                }
            }
            all.push(Comparison { what: name("E[s]"), values: score, expected: 0.0 });
            // The density of a Laplace law has a corner at its location, where the second derivative is not a function.
            if (case.name(), case.signature.names[i]) != ("Laplace", "loc") {
                all.push(Comparison { what: name("E[s² + s']"), values: information, expected: 0.0 });
            }
        }
    }
    all
}

fn scores_have_their_moments<T: Real>(seed: u64) {
    let cases = at_the_ends().into_iter().chain(huge_counts());
    let comparisons: Vec<Comparison> = cases.flat_map(|case| compare::<T>(&case, seed)).collect();
    let all = comparisons.len();
    let comparisons: Vec<Comparison> =
        comparisons.into_iter().filter(|c| is_normal_on_average(&c.values)).collect();
    assert!(2 * comparisons.len() > all, "{} of {all} comparisons are left", comparisons.len());
    let tail = 1e-6 / comparisons.len() as f64 / 2.0;
    let critical = Normal::standard().inverse_cdf(1.0 - tail);
    let wrong: Vec<String> = comparisons
        .iter()
        .filter_map(|c| {
            let (z, mean) = c.z();
            // NaN is wrong as well.
            let fine = z.abs() <= critical;
            (!fine).then(|| format!("{} = {mean}, not {} (z = {z:.1})", c.what, c.expected))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), comparisons.len(), wrong.join("\n"));
}

#[test]
fn scores_have_their_moments_in_double_precision() {
    scores_have_their_moments::<f64>(11);
}

#[test]
fn scores_have_their_moments_in_single_precision() {
    scores_have_their_moments::<f32>(12);
}

/// Laws whose draws the number format cannot tell apart have no score, and are not given one: every score is NaN, or all are
/// numbers.
fn scores_that_are_lost_are_nan<T: Real>(largest: f64) {
    let pair = |name: &str, [first, second]: [&str; 2], a: f64, b: f64| {
        Case::new(name, &[(first, &[a]), (second, &[b])])
    };
    for (size, lost) in [(largest * 1e-3, false), (largest * 1e4, true)] {
        let mut cases = vec![
            Case::new("Poisson", &[("rate", &[size])]),
            pair("Binomial", ["total_count", "probs"], size, 0.5),
            pair("NegativeBinomial", ["total_count", "logits"], size, 0.5),
        ];
        if lost {
            cases.push(pair("NegativeBinomial", ["total_count", "logits"], size, 60.0));
        }
        for case in cases {
            let bench = Bench::new();
            let parameters: Vec<Expr<'_>> =
                case.parameters.iter().map(|p| bench.input([100], p.values.repeat(100))).collect();
            let log_prob = case.signature.build(parameters.clone());
            let log_prob = log_prob.log_prob_of_draw(&mut Noise::new(&bench.graph, 1, [100].into()));
            let score = autodiff::grad(log_prob, &parameters)[parameters.len() - 1];
            for values in bench.run::<T>(&[log_prob, score], 5) {
                let what = std::any::type_name::<T>();
                assert!(values.iter().all(|v| v.is_nan() == lost), "{case} in {what}: {values:?}");
            }
        }
    }
}

#[test]
fn scores_of_counts_that_are_too_large_are_nan() {
    scores_that_are_lost_are_nan::<f64>(1e27);
    scores_that_are_lost_are_nan::<f32>(1e9);
}
