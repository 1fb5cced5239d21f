//! Against difference quotients of the distribution functions with 80 digits (`tests/data/quantile_reference.py`).

use super::derivative;
use crate::graph::Quantile;

const REFERENCE: &str = include_str!("../../../../tests/data/quantile_reference.csv");

fn named(name: &str) -> Quantile {
    match name {
        "log_gamma" => Quantile::LogGamma,
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
        if error > 1e-12 { println!("{line}: {got}, {error:e}"); }
        let entry = worst.entry(name).or_insert(0.0f64);
        *entry = entry.max(error);
    }
    println!("{worst:?}");
    assert!(worst.values().all(|error| *error < 1e-10), "{worst:?}");
}
