//! Every function against exact values (`tests/data/math_reference.py`), at its extremes, and across instruction sets.

use std::collections::BTreeMap;

use super::Real;
use super::format::Format;

const REFERENCE: &str = include_str!("../../../tests/data/math_reference.csv");

/// Largest errors allowed, in ulp, for `f32` and for `f64`.
const BOUNDS: [(&str, f64, f64); 16] = [
    ("exp", 1.1, 1.1),
    ("expm1", 2.0, 2.0),
    ("log", 1.1, 1.1),
    ("log1p", 2.0, 2.0),
    ("sigmoid", 2.5, 2.5),
    ("softplus", 2.0, 2.0),
    ("tanh", 2.5, 2.5),
    ("erf", 2.5, 2.5),
    ("normal_quantile", 3.0, 6.0),
    ("lgamma", 1.5, 2.0),
    ("digamma", 0.51, 3.0),
    ("trigamma", 0.51, 3.0),
    ("pentagamma", 0.51, 3.0),
    ("sin", 1.0, 1.0),
    ("cos", 1.0, 1.0),
    ("tan", 1.0, 1.0),
];

/// A repeated product has one more rounding for every factor.
const POW_BOUND: f64 = 1.6;

fn apply<T: Real>(name: &str, x: T) -> T {
    match name {
        "exp" => x.exp(),
        "expm1" => x.expm1(),
        "log" => x.log(),
        "log1p" => x.log1p(),
        "sigmoid" => x.sigmoid(),
        "softplus" => x.softplus(),
        "tanh" => x.tanh(),
        "erf" => x.erf(),
        "normal_quantile" => x.normal_quantile(),
        "lgamma" => x.lgamma(),
        "digamma" => x.polygamma(0),
        "trigamma" => x.polygamma(1),
        "pentagamma" => x.polygamma(3),
        "sin" => x.sin(),
        "cos" => x.cos(),
        "tan" => x.tan(),
        power => {
            let exponent = power.strip_prefix("pow ").expect("a function of the table").parse().unwrap();
            x.pow(T::from_f64(exponent))
        }
    }
}

/// The distance of `got` from `value + rest` in units in the last place of a format.
fn error_in_ulp(got: f64, value: f64, rest: f64, mantissa: i32, least_exponent: i32) -> f64 {
    if got == value && (rest == 0.0 || value.is_infinite()) {
        return 0.0;
    }
    let exponent = (value.abs().log2().floor() as i32).max(least_exponent) - mantissa;
    let distance = ((got - value) - rest).abs();
    // In two factors: either may be subnormal or beyond the range.
    distance * 2f64.powi(-exponent / 2) * 2f64.powi(-exponent - -exponent / 2)
}

#[test]
fn errors_are_within_bounds() {
    let mut worst: BTreeMap<(&str, &str), (f64, f64)> = BTreeMap::new();
    for line in REFERENCE.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        let [name, bits, x, value, rest] = fields[..] else { panic!("{line}") };
        let (x, value): (f64, f64) = (x.parse().unwrap(), value.parse().unwrap());
        let rest = if rest.is_empty() { 0.0 } else { rest.parse().unwrap() };
        let error = match bits {
            "32" => error_in_ulp(f64::from(apply(name, x as f32)), value, 0.0, 23, -126),
            _ => error_in_ulp(apply(name, x), value, rest, 52, -1022),
        };
        let entry = worst.entry((name, bits)).or_default();
        if !(error <= entry.0) {
            *entry = (error, x);
        }
    }
    let mut failures = Vec::new();
    for (&(name, bits), &(error, x)) in &worst {
        let bound = match BOUNDS.iter().find(|(n, ..)| *n == name) {
            Some((_, bound32, bound64)) => *if bits == "32" { bound32 } else { bound64 },
            None => POW_BOUND,
        };
        println!("{name:>16} f{bits}: {error:.2} ulp at {x:e}");
        if !(error <= bound) {
            failures.push(format!("{name} f{bits}: {error:.2} ulp at {x:e}, allowed {bound}"));
        }
    }
    assert!(worst.len() >= 2 * BOUNDS.len(), "the table lacks functions");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
