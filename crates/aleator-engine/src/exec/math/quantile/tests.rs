//! Against difference quotients of the distribution functions with 80 digits (`tests/data/quantile_reference.py`).

use super::derivative;
use crate::graph::Quantile;

const REFERENCE: &str = include_str!("../../../../tests/data/quantile_reference.csv");

fn named(name: &str) -> Quantile {
    match name {
        "log_gamma" => Quantile::LogGamma,
        "logit_beta" => Quantile::LogitBeta,
        "log_student_t" => Quantile::LogStudentT,
        "von_mises" => Quantile::VonMises,
        _ => panic!("{name}"),
    }
}

#[test]
fn errors_are_within_bounds() {
    let mut worst = std::collections::BTreeMap::new();
    for line in REFERENCE.lines() {
        let (name, numbers) = line.split_once(',').unwrap();
        let numbers: Vec<f64> = numbers.split(',').map(|x| x.parse().unwrap()).collect();
        let (&expected, x) = numbers.split_last().unwrap();
        let got = derivative(named(name), |i| x[i]);
        let error = ((got - expected) / expected).abs();
        let entry = worst.entry(name).or_insert(0.0f64);
        *entry = entry.max(error);
    }
    assert!(worst.len() == 4 && worst.values().all(|error| *error < 5e-12), "{worst:?}");
}

#[test]
fn outside_of_the_domain_the_result_is_nan() {
    let of = |quantile, x: &[f64]| derivative(quantile, |i| x[i]);
    for wrong in [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(of(Quantile::LogGamma, &[wrong, 0.5]).is_nan());
        assert!(of(Quantile::LogitBeta, &[wrong, 1.0, 0.5]).is_nan());
        assert!(of(Quantile::LogitBeta, &[1.0, wrong, 0.5]).is_nan());
        assert!(of(Quantile::LogStudentT, &[wrong, 0.5]).is_nan());
        assert!(of(Quantile::VonMises, &[wrong, 0.5]).is_nan());
    }
    for zero in [Quantile::LogGamma, Quantile::LogitBeta, Quantile::LogStudentT] {
        assert!(of(zero, &[0.0, 1.0, 0.5]).is_nan());
    }
    assert!((of(Quantile::VonMises, &[0.0, 0.5]) + 0.5f64.sin()).abs() < 1e-15, "the uniform law");
    for nan in [Quantile::LogGamma, Quantile::LogStudentT, Quantile::VonMises] {
        assert!(of(nan, &[1.0, f64::NAN]).is_nan());
    }
    assert!(of(Quantile::LogitBeta, &[1.0, 1.0, f64::NAN]).is_nan());
}

/// Symmetries, and neighbouring formulas at the borders of their domains.
#[test]
fn formulas_meet() {
    let of = |quantile, x: &[f64]| derivative(quantile, |i| x[i]);
    let meet = |quantile, x: &[f64], i: usize| {
        let mut beside = x.to_vec();
        beside[i] *= 1.0 + 1e-13;
        let (a, b) = (of(quantile, x), of(quantile, &beside));
        assert!(((a - b) / a).abs() < 3e-12, "{quantile:?} {x:?}: {a} {b}");
    };
    for y in [-30.0, -3.0, -0.2] {
        meet(Quantile::LogGamma, &[1.0 - 1e-14, y], 0);
    }
    meet(Quantile::LogGamma, &[0.3, -1e-14], 1);
    for w in [-5.0, -1.0, 0.0, 2.0, 6.0] {
        meet(Quantile::LogGamma, &[1e9 * (1.0 - 1e-14), (1e9f64).ln() + w * 1e-9f64.sqrt()], 0);
    }
    for y in [-9.0, -2.0, -1.0] {
        meet(Quantile::LogitBeta, &[1.0 - 1e-14, 1.3, y], 0);
    }
    for z in [0.3, -0.3, 2.0] {
        meet(Quantile::VonMises, &[50.0 * (1.0 - 1e-14), z / 5.0], 0);
    }
    assert_eq!(of(Quantile::VonMises, &[3.0, 0.7]), -of(Quantile::VonMises, &[3.0, -0.7]));
}
