//! The second reference: statrs, and closed forms where it lacks a family.

use statrs::distribution::{
    Bernoulli, Beta, Binomial, Cauchy, ChiSquared, Continuous, ContinuousCDF, Discrete, DiscreteCDF, Exp,
    Gamma, Gumbel, InverseGamma, Laplace, LogNormal, NegativeBinomial, Normal, Pareto, Poisson, StudentsT,
    Uniform, Weibull,
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
        "InverseGamma" => density(&InverseGamma::new(a, b).unwrap(), z),
        "Chi2" => density(&ChiSquared::new(a).unwrap(), z),
        "Pareto" => density(&Pareto::new(a, b).unwrap(), z),
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
        "BetaBinomial" => {
            use statrs::function::beta::ln_beta;
            let [n, a, b] = std::array::from_fn(|i| case.parameters[i].values[0]);
            let mass = |z: f64| {
                let binomial = -(n + 1.0).ln() - ln_beta(z + 1.0, n - z + 1.0);
                (binomial + ln_beta(z + a, n - z + b) - ln_beta(a, b)).exp()
            };
            if k >= n { 1.0 } else { (0..=k as u64).map(|z| mass(z as f64)).sum() }
        }
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

/// ∫ₐᵇ e^(−(x² − m²)/2) dx, where m is no farther from 0 than the interval: by Gauss and Legendre's rule of 4 nodes in narrow intervals,
/// by the continued fraction of Mills' ratio M(x) = 1/(x + 1/(x + 2/(x + …))) far away, else by the error function.
fn normal_mass(m: f64, a: f64, b: f64) -> f64 {
    use statrs::function::erf::{erf, erfc};
    if a < 0.0 && a.abs() > b.abs() {
        return normal_mass(m, -b, -a);
    }
    let scaled = |x: f64| (0.5 * (m - x) * (m + x)).exp();
    let root = 2f64.sqrt();
    if (b - a) * (1.0 + b) < 0.05 {
        let nodes = [
            (0.339_981_043_584_856_3, 0.652_145_154_862_546_1),
            (0.861_136_311_594_052_6, 0.347_854_845_137_453_9),
        ];
        let (middle, half) = (0.5 * (a + b), 0.5 * (b - a));
        let pair = |(x, w): (f64, f64)| w * (scaled(middle - half * x) + scaled(middle + half * x));
        half * nodes.into_iter().map(pair).sum::<f64>()
    } else if a >= 2.0 {
        let mills = |x: f64| 1.0 / (1..=120).rev().fold(x, |rest, k| x + f64::from(k) / rest);
        let beyond = |x: f64| if x < 1e4 { scaled(x) * mills(x) } else { scaled(x) / x };
        beyond(a) - beyond(b)
    } else {
        let unit = (0.5 * std::f64::consts::PI).sqrt() * (0.5 * m * m).exp();
        unit * if a > 0.0 { erfc(a / root) - erfc(b / root) } else { erf(b / root) - erf(a / root) }
    }
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
        "TruncatedNormal" => {
            let [loc, scale, low, high] = std::array::from_fn(|i| case.parameters[i].values[0]);
            let z = z.clamp(low, high);
            let [a, x, b] = [low, z, high].map(|end| (end - loc) / scale);
            // In units of the density at the end or mean that is nearest.
            let nearest = 0f64.clamp(a, b);
            let (below, above) = (normal_mass(nearest, a, x), normal_mass(nearest, x, b));
            (below / (below + above), above / (below + above))
        }
        "HalfNormal" => {
            let z = z.max(0.0);
            let above = 2.0 * Normal::new(0.0, a).unwrap().sf(z);
            (if z < a { statrs::function::erf::erf(z / a / 2f64.sqrt()) } else { 1.0 - above }, above)
        }
        "HalfCauchy" => {
            let angle = |y: f64, x: f64| y.atan2(x) / std::f64::consts::FRAC_PI_2;
            (angle(z.max(0.0), a), angle(a, z.max(0.0)))
        }
        "InverseGamma" if z <= 0.0 => (0.0, 1.0),
        "InverseGamma" => {
            let (below, above) = of(&Gamma::new(a, b).unwrap(), 1.0 / z);
            (above, below)
        }
        "Chi2" => of(&Gamma::new(0.5 * a, 0.5).unwrap(), z),
        "ContinuousBernoulli" => {
            let logits = case.scalar("logits").unwrap_or_else(|| a.ln() - (-a).ln_1p());
            let z = z.clamp(0.0, 1.0);
            // ∫₀^w e^(-a y) dy / ∫₀¹ e^(-a y) dy.
            let part = |a: f64, w: f64| match a {
                0.0 => w,
                _ if a > 0.0 => (-a * w).exp_m1() / (-a).exp_m1(),
                _ => (a - a * w).exp() * (a * w).exp_m1() / a.exp_m1(),
            };
            (part(-logits, z), part(logits, 1.0 - z))
        }
        "Pareto" => {
            let log_above = -b * ((z - a).max(0.0) / a).ln_1p();
            (-log_above.exp_m1(), log_above.exp())
        }
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
