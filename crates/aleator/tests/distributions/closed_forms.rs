//! The second reference: statrs, and closed forms where it lacks a family.

use statrs::distribution::{
    Bernoulli, Continuous, ContinuousCDF, Discrete, Exp, Gumbel, Laplace, LogNormal, Normal, Uniform,
};
use statrs::statistics::Distribution;

use crate::cases::Case;

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
    Some(match case.name() {
        "Normal" => density(&Normal::new(a, b).unwrap(), z),
        "LogNormal" => density(&LogNormal::new(a, b).unwrap(), z),
        "Laplace" => density(&Laplace::new(a, b).unwrap(), z),
        "Gumbel" => density(&Gumbel::new(a, b).unwrap(), z),
        "Uniform" => density(&Uniform::new(a, b).unwrap(), z),
        "Exponential" => density(&Exp::new(a).unwrap(), z),
        "Bernoulli" => mass(&Bernoulli::new(case.probabilities()[1]).unwrap(), z),
        _ => return None,
    })
}

fn both(case: &Case) -> [f64; 2] {
    let first = case.parameters[0].values[0];
    [first, case.parameters.get(1).map_or(first, |p| p.values[0])]
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
