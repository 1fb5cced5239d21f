//! Draws against distribution functions.
//!
//! Every comparison gives a p-value that must exceed [`LEVEL`], and each test makes fewer than [`COMPARISONS`] of them:
//! ten such tests together raise a false alarm with probability below 10⁻⁶ for a seed chosen at random. Seeds are fixed.

use aleator::distributions::Noise;
use aleator_engine::autodiff::grad;
use aleator_engine::exec::math::Real;
use statrs::distribution::{Binomial, ChiSquared, ContinuousCDF, DiscreteCDF, Normal};

use crate::cases::{Case, Kind, extreme, groups, moderate, stack};
use crate::closed_forms::{cdf, count_cdf, tails};
use crate::harness::{Bench, column};

const LEVEL: f64 = 1e-10;
const COMPARISONS: usize = 1000;
const DRAWS: usize = 1 << 17;

/// Counts the comparisons of one test.
#[derive(Default)]
struct Checks(usize);

impl Checks {
    fn check(&mut self, p_value: f64, what: &str) {
        self.0 += 1;
        assert!(self.0 < COMPARISONS);
        assert!(p_value > LEVEL, "{what}: p-value {p_value:e}");
    }
}

fn two_sided(z: f64) -> f64 {
    2.0 * Normal::new(0.0, 1.0).unwrap().sf(z.abs())
}

/// Twice the smaller tail of a binomial count.
fn binomial(successes: usize, n: usize, p: f64) -> f64 {
    let d = Binomial::new(p, n as u64).unwrap();
    let k = successes as u64;
    let at_least = if k == 0 { 1.0 } else { d.sf(k - 1) };
    (2.0 * d.cdf(k).min(at_least)).min(1.0)
}

/// The Dvoretzky-Kiefer-Wolfowitz inequality with Massart's constant, which holds for every n:
///
/// ```text
/// P(sup |F̂ − F| > D) ≤ 2 exp(−2 n D²)
/// ```
pub fn kolmogorov_smirnov(mut uniforms: Vec<f64>) -> f64 {
    uniforms.sort_by(f64::total_cmp);
    let n = uniforms.len() as f64;
    let distance = uniforms
        .iter()
        .enumerate()
        .map(|(i, u)| (u - i as f64 / n).max((i + 1) as f64 / n - u))
        .fold(0.0, f64::max);
    (2.0 * (-2.0 * n * distance * distance).exp()).min(1.0)
}

/// `n` draws of each case, `[n, rows, event]`, on the noise of a site.
fn draw<T: Real>(cases: &[&Case], n: usize, site: u32, seed: u64) -> Vec<f64> {
    let bench = Bench::new();
    let d = cases[0].signature.build(stack(&bench, cases, 0));
    let shape = aleator_engine::graph::Shape::from([n]).join(&d.batch_shape().unwrap());
    let z = d.sample(&mut Noise::new(&bench.graph, site, shape));
    bench.run::<T>(&[z], seed).remove(0)
}

fn all_cases() -> Vec<Case> {
    moderate().into_iter().chain(extreme()).collect()
}

fn all_of(kind: Kind) -> Vec<Case> {
    all_cases().into_iter().filter(|c| c.kind() == kind).collect()
}

/// The van der Corput sequence: as evenly in (0, 1) as n numbers can be.
fn evenly(i: usize) -> f64 {
    ((i as u32).reverse_bits() as f64 + 0.5) / 4_294_967_296.0
}

/// Uniform numbers if the draws are from the distribution: its function at each draw, and where that jumps, evenly spread
/// over the jump. It jumps at counts, and at the numbers next to the ends of a support, which stand for all beyond.
fn transformed<T: Real>(case: &Case, draws: &[f64]) -> Vec<f64> {
    let (least, most) = (T::MIN_POSITIVE.to_f64(), T::LARGEST_BELOW_ONE.to_f64());
    let spread = |i: usize, below: f64, above: f64| below + evenly(i) * (above - below);
    let unit = case.family().support() == aleator::distributions::Support::UnitInterval;
    let transform = |(i, &z): (usize, &f64)| match case.kind() {
        Kind::Count => spread(i, count_cdf(case, z - 1.0), count_cdf(case, z)),
        _ if z == least => spread(i, 0.0, cdf(case, z)),
        _ if case.name() == "InverseGamma" && z == 1.0 / least => spread(i, cdf(case, z), 1.0),
        _ if unit && z > 0.5 && coarse::<T>(case) => spread(i, cdf(case, 0.5), 1.0),
        _ if unit && z == most => spread(i, cdf(case, z), 1.0),
        _ => cdf(case, z),
    };
    draws.iter().enumerate().map(transform).collect()
}

/// Which outcome each draw is.
fn outcome_indices(case: &Case, draws: &[f64]) -> Vec<usize> {
    let width = if case.name() == "OneHotCategorical" { case.parameters[0].values.len() } else { 1 };
    if case.name() == "KSubset" {
        let sets = case.subsets();
        let number = |z: &[f64]| z.iter().rev().fold(0usize, |n, &z| 2 * n + usize::from(z == 1.0));
        let place = |z: &[f64]| sets.iter().position(|&set| set == number(z)).expect("k ones");
        return draws.chunks(case.parameters[1].values.len()).map(place).collect();
    }
    let index = |event: &[f64]| match event {
        [index] => *index as usize,
        one_hot => {
            assert!(one_hot.iter().all(|&e| e == 0.0 || e == 1.0) && one_hot.iter().sum::<f64>() == 1.0);
            one_hot.iter().position(|&e| e == 1.0).unwrap()
        }
    };
    draws.chunks(width).map(index).collect()
}

/// χ² over the outcomes of at least ten expected draws; the others together are a binomial count, and one without
/// probability must not occur.
fn fit_outcomes(case: &Case, indices: &[usize], checks: &mut Checks) {
    let p = case.probabilities();
    let n = indices.len();
    let mut counts = vec![0; p.len()];
    indices.iter().for_each(|&k| counts[k] += 1);
    for (k, &p) in p.iter().enumerate() {
        assert!(p > 0.0 || counts[k] == 0, "{case}: outcome {k} has probability 0 and was drawn");
    }
    let (common, rare): (Vec<usize>, Vec<usize>) = (0..p.len()).partition(|&k| p[k] * n as f64 >= 10.0);
    let rare_p: f64 = rare.iter().map(|&k| p[k]).sum();
    let rare_count: usize = rare.iter().map(|&k| counts[k]).sum();
    if rare_p > 0.0 {
        checks.check(binomial(rare_count, n, rare_p), &format!("{case}: {rare_count} rare outcomes"));
    }
    if common.len() > 1 {
        let total = (n - rare_count) as f64;
        let statistic: f64 = common
            .iter()
            .map(|&k| (k, total * p[k] / (1.0 - rare_p)))
            .map(|(k, expected)| (counts[k] as f64 - expected).powi(2) / expected)
            .sum();
        let law = ChiSquared::new((common.len() - 1) as f64).unwrap();
        checks.check(law.sf(statistic), &format!("{case}: counts {counts:?}"));
    }
}

fn discrete_samplers_fit<T: Real>(seed: u64) {
    let mut checks = Checks::default();
    let cases = all_of(Kind::Outcome);
    // Each alone, then all of a group as one batch.
    for case in &cases {
        let draws = draw::<T>(&[case], DRAWS, 0, seed);
        fit_outcomes(case, &outcome_indices(case, &draws), &mut checks);
    }
    for group in groups(&cases, |c| c) {
        let draws = draw::<T>(&group, DRAWS, 1, seed);
        let width = draws.len() / (DRAWS * group.len());
        for (row, case) in group.iter().enumerate() {
            let own: Vec<&[f64]> = draws.chunks(width).skip(row).step_by(group.len()).collect();
            fit_outcomes(case, &outcome_indices(case, &own.concat()), &mut checks);
        }
    }
}

#[test]
fn discrete_samplers_fit_in_double_precision() {
    discrete_samplers_fit::<f64>(11);
}

#[test]
fn discrete_samplers_fit_in_single_precision() {
    discrete_samplers_fit::<f32>(12);
}

/// Probabilities of 10⁻⁶ and 1 − 10⁻⁶ to ±3%, in f64. (In f32 they are multiples of 2⁻²³.)
#[test]
fn rare_outcomes_have_their_probability() {
    let mut checks = Checks::default();
    let n = 1 << 21;
    for (p, seeds) in [(1e-6, 0..4), (1.0 - 1e-6, 4..8)] {
        let case = Case::new("Bernoulli", &[("probs", &[p])]);
        let rare = |z: &&f64| (**z == 1.0) == (p < 0.5);
        let count = seeds.map(|s| draw::<f64>(&[&case], n, 0, s).iter().filter(rare).count()).sum();
        checks.check(binomial(count, 4 * n, 1e-6), &format!("{case}: {count} of {}", 4 * n));
    }
}

/// Whether much of the mass is so close to 1 that the spacing of numbers is seen in the distribution function: above ½
/// only the number of draws is compared then.
fn coarse<T: Real>(case: &Case) -> bool {
    let epsilon = 1.0 - T::LARGEST_BELOW_ONE.to_f64();
    match case.name() {
        "Beta" | "Kumaraswamy" => epsilon.powf(case.parameters[1].values[0]) > 1e-3,
        "RelaxedBernoulli" => epsilon.powf(case.parameters[0].values[0]) > 1e-3,
        _ => false,
    }
}

fn continuous_samplers_fit<T: Real>(seed: u64) {
    let mut checks = Checks::default();
    let cases = [all_of(Kind::Number), all_of(Kind::Count)].concat();
    for group in groups(&cases, |c| c) {
        let draws = draw::<T>(&group, DRAWS, 0, seed);
        assert!(draws.iter().all(|z| z.is_finite()), "{}", group[0]);
        for (row, case) in group.iter().enumerate() {
            let uniforms = transformed::<T>(case, &column(&draws, group.len(), row));
            checks.check(kolmogorov_smirnov(uniforms), &format!("{case}: Kolmogorov-Smirnov"));
        }
    }
}

#[test]
fn continuous_samplers_fit_in_double_precision() {
    continuous_samplers_fit::<f64>(21);
}

#[test]
fn continuous_samplers_fit_in_single_precision() {
    continuous_samplers_fit::<f32>(22);
}

/// How many of 2²⁰ draws lie beyond the 10⁻⁴ quantiles.
fn tails_fit<T: Real>(seed: u64) {
    const N: usize = 1 << 20;
    let mut checks = Checks::default();
    for case in moderate().iter().filter(|c| c.kind() == Kind::Number) {
        let draws: Vec<(f64, f64)> = draw::<T>(&[case], N, 0, seed).iter().map(|&z| tails(case, z)).collect();
        let below = draws.iter().filter(|(below, _)| *below < 1e-4).count();
        let above = draws.iter().filter(|(_, above)| *above < 1e-4).count();
        checks.check(binomial(below, N, 1e-4), &format!("{case}: {below} draws in the lower tail"));
        checks.check(binomial(above, N, 1e-4), &format!("{case}: {above} draws in the upper tail"));
    }
}

#[test]
fn tails_fit_in_double_precision() {
    tails_fit::<f64>(31);
}

#[test]
fn tails_fit_in_single_precision() {
    tails_fit::<f32>(32);
}

/// z-tests of the mean and, where it is not a function of the mean, of the variance.
#[test]
fn moments_fit() {
    let mut checks = Checks::default();
    let n = DRAWS as f64;
    for case in moderate() {
        let bench = Bench::new();
        let d = case.build(&bench);
        let (Some(mean), Some(variance)) = (d.mean(), d.variance()) else { continue };
        if d.family().support() == aleator::distributions::Support::Circle {
            continue;
        }
        let exact = bench.run::<f64>(&[mean, variance], 0);
        let draws = draw::<f64>(&[&case], DRAWS, 0, 41);
        for i in 0..exact[0].len() {
            let (mean, variance) = (exact[0][i], exact[1][i]);
            let centred: Vec<f64> = column(&draws, exact[0].len(), i).into_iter().map(|z| z - mean).collect();
            let moment = |k: i32| centred.iter().map(|c| c.powi(k)).sum::<f64>() / n;
            let z = moment(1) / (variance / n).sqrt();
            checks.check(two_sided(z), &format!("{case}: the mean is {z} standard errors off"));
            if case.kind() != Kind::Outcome {
                let z = (moment(2) - variance) / ((moment(4) - variance * variance) / n).sqrt();
                checks.check(two_sided(z), &format!("{case}: the variance is {z} standard errors off"));
            }
        }
    }
}

/// Correlations between the elements of a batch, between successive draws, between sites and between seeds.
#[test]
fn draws_are_independent() {
    let mut checks = Checks::default();
    for case in moderate().into_iter().filter(|c| c.kind() != Kind::Vector) {
        // Bounded numbers: the distribution function, or whether it is the last outcome.
        let last = (case.kind() == Kind::Outcome).then(|| case.probabilities().len() - 1);
        let series = |site: u32, seed: u64| -> Vec<f64> {
            let draws = draw::<f64>(&[&case, &case, &case], DRAWS, site, seed);
            match last {
                Some(last) => outcome_indices(&case, &draws)
                    .into_iter()
                    .map(|k| if k == last { 1.0 } else { 0.0 })
                    .collect(),
                None if case.kind() == Kind::Count => {
                    draws.into_iter().map(|z| count_cdf(&case, z)).collect()
                }
                None => draws.into_iter().map(|z| cdf(&case, z)).collect(),
            }
        };
        let first = series(0, 51);
        let batch: Vec<Vec<f64>> = (0..3).map(|j| column(&first, 3, j)).collect();
        let other_site = column(&series(1, 51), 3, 0);
        let other_seed = column(&series(0, 52), 3, 0);
        let later = batch[0][1..].to_vec();
        let pairs = [
            ("elements 0 and 1", &batch[0], &batch[1]),
            ("elements 0 and 2", &batch[0], &batch[2]),
            ("elements 1 and 2", &batch[1], &batch[2]),
            ("successive draws", &batch[0], &later),
            ("two sites", &batch[0], &other_site),
            ("two seeds", &batch[0], &other_seed),
        ];
        for (what, a, b) in pairs {
            let z = correlation(a, b) * (b.len() as f64).sqrt();
            checks.check(two_sided(z), &format!("{case}: correlation of {what}: {z} standard errors"));
        }
    }
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().min(b.len()) as f64;
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let covariance = |x: &[f64], mx: f64, y: &[f64], my: f64| {
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>() / n
    };
    covariance(a, ma, b, mb) / (covariance(a, ma, a, ma) * covariance(b, mb, b, mb)).sqrt()
}

/// The derivative of a draw by each parameter is the implicit one, whatever the sampler:
///
/// ```text
/// dz/dθ = −∂θF(z; θ) / p(z; θ)
/// ```
///
/// with ∂θF from differences of the reference distribution function.
#[test]
fn pathwise_derivatives_are_the_implicit_ones() {
    for case in all_of(Kind::Number).into_iter().filter(|c| c.family().is_reparameterized()) {
        let bench = Bench::new();
        let u: Vec<f64> = (1..50).map(|i| f64::from(i) / 50.0 + 1e-3).collect();
        let n = u.len();
        let parameters: Vec<_> =
            case.parameters.iter().map(|p| bench.input([n], p.values.repeat(n))).collect();
        let d = case.signature.build(parameters.clone());
        let z = d.sample(&mut Noise::given(&bench.graph, bench.input([n], u)));
        let mut outputs = vec![z, d.log_prob(z.stop_gradient())];
        outputs.extend(grad(z, &parameters));
        let results = bench.run::<f64>(&outputs, 0);
        // A step that is small beside the parameter and beside the width of the distribution.
        let width = width(&case);
        let unit = d.family().support() == aleator::distributions::Support::UnitInterval;
        for (i, parameter) in case.parameters.iter().enumerate() {
            let positive =
                case.family().parameters()[i].constraint == aleator::distributions::Constraint::Positive;
            let h =
                1e-4 * if positive && case.name() != "TruncatedNormal" { parameter.values[0] } else { width };
            let at = |shift: f64, z: f64| {
                let mut moved = case.clone();
                moved.parameters[i].values[0] += shift;
                cdf(&moved, z)
            };
            for (k, &z) in results[0].iter().enumerate() {
                if unit && z > 1.0 - 1e-13 {
                    continue;
                }
                let slope = (8.0 * (at(h, z) - at(-h, z)) - (at(2.0 * h, z) - at(-2.0 * h, z))) / (12.0 * h);
                let implicit = -slope / results[1][k].exp();
                let got = results[2 + i][k];
                // The differences lose 1e-16/1e-4 of F; 1/p brings it to units of z per unit of θ.
                let mut unit = 1e-4 / (h * results[1][k].exp());
                if case.name() == "TruncatedNormal" {
                    // The exponent loses that of the number of standard deviations, squared.
                    unit *= 1.0
                        + (z - case.scalar("loc").unwrap()).powi(2) / case.scalar("scale").unwrap().powi(2);
                }
                assert!(
                    (got - implicit).abs() <= 1e-9 * implicit.abs() + 1e-10 * unit,
                    "{case}: dz/d{} = {got} at z = {z}, expected {implicit}",
                    case.signature.names[i]
                );
            }
        }
    }
}

/// What a shift of location is measured by.
fn width(case: &Case) -> f64 {
    match (case.scalar("scale"), case.scalar("low"), case.scalar("high")) {
        (Some(scale), Some(low), Some(high)) => {
            let loc = case.scalar("loc").unwrap();
            (scale / (1.0 + (loc.clamp(low, high) - loc).abs() / scale)).min(high - low)
        }
        (Some(scale), ..) => scale,
        (_, Some(low), Some(high)) => high - low,
        _ if case.name() == "ContinuousBernoulli" => case.scalar("probs").map_or(1.0, |p| p * (1.0 - p)),
        _ => 1.0,
    }
}
