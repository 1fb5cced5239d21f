//! Every function against exact values (`tests/data/math_reference.py`), at its extremes, and across instruction sets.

use std::collections::BTreeMap;

use super::Real;

const REFERENCE: &str = include_str!("../../../tests/data/math_reference.csv");

/// Largest errors allowed, in ulp, for `f32` and for `f64`.
const BOUNDS: [(&str, f64, f64); 16] = [
    ("exp", 1.1, 1.1),
    ("expm1", 2.0, 2.0),
    ("log", 1.0, 1.0),
    ("log1p", 1.5, 1.5),
    ("sigmoid", 2.4, 2.2),
    ("softplus", 2.0, 1.8),
    ("tanh", 2.6, 2.4),
    ("erf", 2.0, 2.0),
    ("normal_quantile", 3.5, 6.0),
    ("lgamma", 2.0, 2.5),
    ("digamma", 0.51, 8.0),
    ("trigamma", 0.51, 5.0),
    ("pentagamma", 0.51, 6.0),
    ("sin", 1.0, 1.0),
    ("cos", 1.0, 1.0),
    ("tan", 1.0, 1.0),
];

/// For every power: a repeated product is rounded once for every factor.
const POW_BOUND: f64 = 2.0;

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
        if error > entry.0 || error.is_nan() {
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
        if error > bound || error.is_nan() {
            failures.push(format!("{name} f{bits}: {error:.2} ulp at {x:e}, allowed {bound}"));
        }
    }
    assert!(worst.len() >= 2 * BOUNDS.len(), "the table lacks functions");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Equal, NaN being equal to NaN and 0 different from -0.
fn assert_same<T: Real>(name: &str, x: f64, expected: f64) {
    let got = apply(name, T::from_f64(x)).to_f64();
    let expected = T::from_f64(expected).to_f64();
    let same = if expected.is_nan() { got.is_nan() } else { got.to_bits() == expected.to_bits() };
    assert!(same, "{name}({x}) is {got}, not {expected}");
}

fn check_extremes<T: Real>() {
    const INF: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;
    let table = [
        ("exp", 1.0, 1.0, INF, 0.0),
        ("expm1", 0.0, -0.0, INF, -1.0),
        ("log", -INF, -INF, INF, NAN),
        ("log1p", 0.0, -0.0, INF, NAN),
        ("sigmoid", 0.5, 0.5, 1.0, 0.0),
        ("tanh", 0.0, -0.0, 1.0, -1.0),
        ("erf", 0.0, -0.0, 1.0, -1.0),
        ("normal_quantile", -INF, -INF, NAN, NAN),
        ("lgamma", INF, INF, INF, INF),
        ("digamma", -INF, INF, INF, NAN),
        ("trigamma", INF, INF, 0.0, NAN),
        ("sin", 0.0, -0.0, NAN, NAN),
        ("cos", 1.0, 1.0, NAN, NAN),
        ("tan", 0.0, -0.0, NAN, NAN),
    ];
    for (name, at_zero, at_negative_zero, at_infinity, at_negative_infinity) in table {
        assert_same::<T>(name, 0.0, at_zero);
        assert_same::<T>(name, -0.0, at_negative_zero);
        assert_same::<T>(name, INF, at_infinity);
        assert_same::<T>(name, -INF, at_negative_infinity);
        assert_same::<T>(name, NAN, NAN);
    }
    for (name, x, expected) in [
        ("softplus", INF, INF),
        ("softplus", -INF, 0.0),
        ("softplus", 1000.0, 1000.0),
        ("softplus", -1000.0, 0.0),
        ("softplus", NAN, NAN),
        ("sigmoid", 1000.0, 1.0),
        ("sigmoid", -1000.0, 0.0),
        ("exp", 1000.0, INF),
        ("exp", -1000.0, 0.0),
        ("expm1", 1000.0, INF),
        ("expm1", -1000.0, -1.0),
        ("log", 1.0, 0.0),
        ("log", -1.0, NAN),
        ("log1p", -1.0, -INF),
        ("log1p", -2.0, NAN),
        ("tanh", 1000.0, 1.0),
        ("erf", -1000.0, -1.0),
        ("normal_quantile", 0.5, 0.0),
        ("normal_quantile", 1.0, INF),
        ("normal_quantile", 2.0, NAN),
        ("normal_quantile", -1.0, NAN),
        ("lgamma", 1.0, 0.0),
        ("lgamma", 2.0, 0.0),
        ("lgamma", -3.0, INF),
        ("digamma", -3.0, NAN),
        ("trigamma", -3.0, INF),
    ] {
        assert_same::<T>(name, x, expected);
    }
}

#[test]
fn extremes_are_right() {
    check_extremes::<f32>();
    check_extremes::<f64>();
}

#[test]
fn results_may_be_subnormal() {
    assert_eq!(apply("exp", -745.0f64), 5e-324);
    assert_eq!(apply("sigmoid", -745.0f64), 5e-324);
    assert_eq!(apply("softplus", -745.0f64), 5e-324);
    assert_eq!(apply("sigmoid", -103.0f32), 1e-45);
}

fn check_small_functions<T: Real>() {
    let [zero, one, two, nan] = [0.0, 1.0, 2.0, f64::NAN].map(T::from_f64);
    for (x, sign) in [(-3.5, -1.0), (0.0, 0.0), (-0.0, -0.0), (1e-40, 1.0), (f64::NEG_INFINITY, -1.0)] {
        assert_eq!(T::from_f64(x).sign().to_f64().to_bits(), f64::to_bits(sign), "{x}");
    }
    assert!(nan.sign().is_nan() && !nan.is_finite() && !T::INFINITY.is_finite() && one.is_finite());
    assert!(one.max(two) == two && two.max(one) == two && one.min(two) == one && two.min(one) == one);
    assert!(one.max(nan).is_nan() && nan.max(one).is_nan() && one.min(nan).is_nan() && nan.min(one).is_nan());
    for (x, y, power) in [
        (f64::NAN, 0.0, 1.0),
        (1.0, f64::NAN, 1.0),
        (0.0, 0.0, 1.0),
        (0.0, -1.0, f64::INFINITY),
        (-0.0, -1.0, f64::NEG_INFINITY),
        (-0.0, 3.0, -0.0),
        (-2.0, 3.0, -8.0),
        (-2.0, 5.0, -32.0),
        (-2.0, -2.0, 0.25),
        (2.0, -2000.0, 0.0),
        (f64::INFINITY, -0.5, 0.0),
        (0.5, f64::INFINITY, 0.0),
        (-1.0, f64::INFINITY, 1.0),
    ] {
        let got = T::from_f64(x).pow(T::from_f64(y)).to_f64();
        assert_eq!(got.to_bits(), f64::to_bits(power), "pow({x}, {y}) is {got}");
    }
    assert!((-two).pow(T::from_f64(0.5)).is_nan());
    assert!(zero.pow(nan).is_nan());
}

#[test]
fn sign_max_min_and_pow_follow_numpy() {
    check_small_functions::<f32>();
    check_small_functions::<f64>();
}

/// ψ⁽ⁿ⁾ at negative arguments and of high order, against mpmath.
#[test]
fn polygamma_reflects_and_takes_high_orders() {
    for (n, x, expected) in [
        (0, -0.5, 0.03648997397857652),
        (0, -1e-05, 99999.42276788563),
        (0, -2.75, -1.959055264977997),
        (0, -1000.3, 9.191055669255658),
        (1, -0.5, 8.934802200544679),
        (1, -1e-05, 10000000001.644957),
        (1, -3.3, 14.817739525515929),
        (1, -50.7, 15.059883073601382),
        (2, -0.3, 67.63908119988317),
        (2, -4.6, -22.314382257130532),
        (3, -2.2, 3768.52054063475),
        (5, 0.25, 491552.5137676813),
        (5, -1.4, 31892.444144804093),
        (20, 3.5, -9182070.204945628),
        (60, 0.75, -3.4788666545393944e+89),
        (60, 100.0, -1.844906227583489e-40),
        (150, 1000.0, -4.101778391925375e-190),
        (1, 10000000000.0, 1.00000000005e-10),
        (2, 0.001, -2000000002.3976321),
    ] {
        let got: f64 = Real::polygamma(x, n);
        let expected: f64 = expected;
        let cancelled = if n == 0 && x < 0.0 { 1.0 } else { 0.0 }; // near its zeros only digamma's absolute error is small
        assert!(
            (got - expected).abs() <= 4e-15 * (expected.abs() + cancelled),
            "{n} {x}: {got}, not {expected}"
        );
    }
}

/// A loop over slices, compiled for the widest registers of this machine.
struct Loop<'a, T> {
    name: &'a str,
    out: &'a mut [T],
    arguments: &'a [T],
}

impl<T: Real> pulp::WithSimd for Loop<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        macro_rules! run {
            ($function:ident) => {
                for (out, &x) in self.out.iter_mut().zip(self.arguments) {
                    *out = <T as Real>::$function(x);
                }
            };
        }
        match self.name {
            "exp" => run!(exp),
            "expm1" => run!(expm1),
            "log" => run!(log),
            "log1p" => run!(log1p),
            "sigmoid" => run!(sigmoid),
            "softplus" => run!(softplus),
            "tanh" => run!(tanh),
            "erf" => run!(erf),
            _ => run!(normal_quantile),
        }
    }
}

fn check_instruction_sets<T: Real>(bits: &str) {
    for (name, ..) in &BOUNDS[..9] {
        let arguments: Vec<T> = REFERENCE
            .lines()
            .map(|line| line.split(',').collect::<Vec<_>>())
            .filter(|fields| fields[1] == bits)
            .map(|fields| T::from_f64(fields[2].parse().unwrap()))
            .collect();
        let mut out = vec![T::default(); arguments.len()];
        pulp::Arch::new().dispatch(Loop { name, out: &mut out, arguments: &arguments });
        for (&x, &y) in arguments.iter().zip(&out) {
            let expected = apply(name, x);
            let same = if expected.is_nan() {
                y.is_nan()
            } else {
                y.to_f64().to_bits() == expected.to_f64().to_bits()
            };
            assert!(same, "{name}({x:?}): {y:?} in a vector, {expected:?} alone");
        }
    }
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    check_instruction_sets::<f32>("32");
    check_instruction_sets::<f64>("64");
}
