//! The second reference: statrs, and closed forms where it lacks a family.

use statrs::distribution::{
    Bernoulli, Beta, Binomial, Cauchy, Continuous, ContinuousCDF, Discrete, DiscreteCDF, Exp, Gamma, Gumbel,
    Laplace, LogNormal, NegativeBinomial, Normal, Poisson, StudentsT, Uniform, Weibull,
};
use statrs::statistics::Distribution;

use crate::cases::{Case, Kind};

/// What statrs says of a distribution.
pub struct Known {
    pub log_prob: f64,
    pub mean: Option<f64>,
    pub variance: Option<f64>,
    pub entropy: Option<f64>,
}

fn density<D: Distribution<f64> + Continuous<f64, f64>>(d: &D, z: f64) -> Known {
    Known { log_prob: d.ln_pdf(z), mean: d.mean(), variance: d.variance(), entropy: d.entropy() }
}

fn mass<D: Distribution<f64> + Discrete<u64, f64>>(d: &D, z: f64) -> Known {
    Known { log_prob: d.ln_pmf(z as u64), mean: d.mean(), variance: d.variance(), entropy: d.entropy() }
}

/// statrs at `z`; `None` if it lacks the family (its Categorical needs its `std` feature, which needs nalgebra).
pub fn statrs(case: &Case, z: f64) -> Option<Known> {
    let [a, b] = both(case);
    if case.kind() == Kind::Count && z < 0.0 {
        return None;
    }
    Some(match case.name() {
        "Normal" => density(&Normal::new(a, b).unwrap(), z),
        "LogNormal" => density(&LogNormal::new(a, b).unwrap(), z),
        "Laplace" => density(&Laplace::new(a, b).unwrap(), z),
        "Gumbel" => density(&Gumbel::new(a, b).unwrap(), z),
        "Uniform" => density(&Uniform::new(a, b).unwrap(), z),
        "Exponential" => density(&Exp::new(a).unwrap(), z),
        "Bernoulli" => mass(&Bernoulli::new(case.probabilities()[1]).unwrap(), z),
        "Cauchy" => density(&Cauchy::new(a, b).unwrap(), z),
        "Weibull" => density(&Weibull::new(b, a).unwrap(), z),
        "Gamma" => density(&Gamma::new(a, b).unwrap(), z),
        "Beta" => density(&Beta::new(a, b).unwrap(), z),
        "StudentT" => {
            let scale = case.parameters[2].values[0];
            density(&StudentsT::new(b, scale, a).unwrap(), z)
        }
        // Those of statrs are sums to a tolerance, or count something else.
        "Poisson" => Known { entropy: None, ..mass(&Poisson::new(a).unwrap(), z) },
        "Binomial" => Known { entropy: None, ..mass(&binomial(case), z) },
        "NegativeBinomial" => {
            let log_prob = negative_binomial(case).ln_pmf(z as u64);
            Known { log_prob, mean: None, variance: None, entropy: None }
        }
        _ => return None,
    })
}

fn both(case: &Case) -> [f64; 2] {
    let first = case.parameters[0].values[0];
    [first, case.parameters.get(1).map_or(first, |p| p.values[0])]
}

/// The probability of a success.
fn probability(case: &Case) -> f64 {
    case.scalar("probs").unwrap_or_else(|| sigmoid(case.scalar("logits").unwrap()))
}

fn binomial(case: &Case) -> Binomial {
    Binomial::new(probability(case), case.scalar("total_count").unwrap() as u64).unwrap()
}

/// statrs counts failures.
fn negative_binomial(case: &Case) -> NegativeBinomial {
    NegativeBinomial::new(case.scalar("total_count").unwrap(), 1.0 - probability(case)).unwrap()
}

/// P(Z ≤ k) of a count.
pub fn count_cdf(case: &Case, k: f64) -> f64 {
    if k < 0.0 {
        return 0.0;
    }
    match case.name() {
        "Poisson" if case.parameters[0].values[0] == 0.0 => 1.0,
        "Poisson" => Poisson::new(case.parameters[0].values[0]).unwrap().cdf(k as u64),
        "Binomial" => binomial(case).cdf(k as u64),
        "NegativeBinomial" if probability(case) == 0.0 => 1.0,
        "NegativeBinomial" => negative_binomial(case).cdf(k as u64),
        "Geometric" => {
            let log_q = match case.scalar("logits") {
                Some(logits) => -logits.exp().ln_1p(),
                None => (-probability(case)).ln_1p(),
            };
            -((k + 1.0) * log_q).exp_m1()
        }
        name => panic!("{name} needs a distribution function here"),
    }
}

/// P(Z ≤ z) of VonMises(0, κ) for z in [−π, π], by the Fourier series
///
/// ```text
/// F(z) = ½ + z/2π + 1/π Σⱼ Iⱼ(κ)/I₀(κ) sin(jz)/j
/// ```
///
/// whose coefficients come from Iⱼ₋₁ = Iⱼ₊₁ + (2j/κ) Iⱼ, downwards.
fn von_mises_cdf(kappa: f64, z: f64) -> f64 {
    use std::f64::consts::PI;
    let terms = 60 + (12.0 * kappa.sqrt()) as usize;
    let (mut ratio, mut sum) = (0.0, 0.0);
    for j in (1..=terms).rev() {
        // Iⱼ/Iⱼ₋₁ from Iⱼ₊₁/Iⱼ, and Horner's scheme for their products.
        ratio = if kappa == 0.0 { 0.0 } else { 1.0 / (2.0 * j as f64 / kappa + ratio) };
        sum = ratio * ((j as f64 * z).sin() / j as f64 + sum);
    }
    0.5 + z / (2.0 * PI) + sum / PI
}

/// (P(Z ≤ z), P(Z > z)) of a continuous distribution, each accurate where it is small.
pub fn tails(case: &Case, z: f64) -> (f64, f64) {
    let [a, b] = both(case);
    fn of<D: ContinuousCDF<f64, f64>>(d: &D, z: f64) -> (f64, f64) {
        (d.cdf(z), d.sf(z))
    }
    match case.name() {
        "Normal" => of(&Normal::new(a, b).unwrap(), z),
        "LogNormal" => of(&LogNormal::new(a, b).unwrap(), z),
        "Laplace" => of(&Laplace::new(a, b).unwrap(), z),
        "Gumbel" => of(&Gumbel::new(a, b).unwrap(), z),
        "Uniform" => of(&Uniform::new(a, b).unwrap(), z),
        "Exponential" => of(&Exp::new(a).unwrap(), z),
        "Logistic" => (sigmoid((z - a) / b), sigmoid(-(z - a) / b)),
        "Cauchy" => {
            let angle = |x: f64| (1.0f64).atan2(-x) / std::f64::consts::PI;
            (angle((z - a) / b), angle(-(z - a) / b))
        }
        "Weibull" => {
            let power = (z.max(0.0) / a).powf(b);
            (-(-power).exp_m1(), (-power).exp())
        }
        "Gamma" => of(&Gamma::new(a, b).unwrap(), z),
        "Beta" => of(&Beta::new(a, b).unwrap(), z),
        "StudentT" => {
            let scale = case.parameters[2].values[0];
            of(&StudentsT::new(b, scale, a).unwrap(), z)
        }
        "VonMises" => {
            use std::f64::consts::{PI, TAU};
            let from_loc = (z - a + PI).rem_euclid(TAU) - PI;
            (von_mises_cdf(b, from_loc), von_mises_cdf(b, -from_loc))
        }
        "Kumaraswamy" => {
            let log_above = b * (-(a * z.ln()).exp_m1()).ln();
            (-log_above.exp_m1(), log_above.exp())
        }
        "RelaxedBernoulli" => {
            let w = a * (z.ln() - (-z).ln_1p()) - b;
            (sigmoid(w), sigmoid(-w))
        }
        name => panic!("{name} needs a distribution function here"),
    }
}

/// P(Z ≤ z)
pub fn cdf(case: &Case, z: f64) -> f64 {
    tails(case, z).0
}

pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
