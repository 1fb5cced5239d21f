//! The variance of three estimators for three functions of a normal variable, as k changes: (x − k)², exp(−k x²) and cos(k x) with
//! x ~ Normal(μ, σ) at μ = σ = 1. The variances are computed as integrals from the papers' formulas, and measured.
//!
//! ```text
//!                 derivative by μ                         derivative by σ
//! score           f(x) (x − μ)                            f(x) ((x − μ)² − 1)
//! pathwise        f'(x)                                   f'(x) (x − μ)
//! measure-valued  (f(μ + r) − f(μ − r)) / √(2π)           f(μ + m) − f(μ + u m)
//! ```
//!
//! at σ = 1, where r is a Rayleigh variable, m a Maxwell variable with a random sign, and u is uniform, so that u m is normal.

use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::sync::Arc;

use aleator::control_variates::Baseline;
use aleator::diagnostics::{Measure, measure};
use aleator::distributions::Normal;
use aleator::estimators::{Estimator, MeasureValued, Pathwise, ScoreFunction};
use aleator::graph::{Expr, Graph};

use super::{CRITICAL, SEED};

/// The number of estimates of a measured variance. Fewer do not show the tails of the score function.
const REPLICATES: usize = 200_000;

/// The names of the estimators.
pub const ESTIMATORS: [&str; 3] = ["score function", "measure-valued", "pathwise"];
/// The names of the parameters.
pub const PARAMETERS: [&str; 2] = ["μ", "σ"];
const MU: f64 = 1.0;

/// A function of x and k, and the interval of k.
pub struct Function {
    /// Its formula.
    pub name: &'static str,
    /// The ends of k.
    pub range: (f64, f64),
    node: for<'g> fn(Expr<'g>, f64) -> Expr<'g>,
    /// f and f' at x.
    at: fn(f64, f64) -> (f64, f64),
}

/// The functions.
pub const FUNCTIONS: [Function; 3] = [
    Function {
        name: "(x − k)²",
        range: (-3.0, 3.0),
        node: |x, k| (x - k).square(),
        at: |x, k| ((x - k).powi(2), 2.0 * (x - k)),
    },
    Function {
        name: "exp(−k x²)",
        range: (0.25, 8.25),
        node: |x, k| (-k * x.square()).exp(),
        at: |x, k| ((-k * x * x).exp(), -2.0 * k * x * (-k * x * x).exp()),
    },
    Function {
        name: "cos(k x)",
        range: (0.25, 8.25),
        node: |x, k| (k * x).cos(),
        at: |x, k| ((k * x).cos(), -k * (k * x).sin()),
    },
];

/// The variances of all estimators for one function and one parameter.
pub struct Curves {
    /// Its place in [`FUNCTIONS`].
    pub function: usize,
    /// Its place in [`PARAMETERS`].
    pub parameter: usize,
    /// k and the variances, in the order of [`ESTIMATORS`].
    pub points: Vec<(f64, [f64; 3])>,
}

/// Numbers at which an integrand is evaluated, with their weights: the trapezoidal rule, whose error is negligible for what vanishes
/// with all derivatives at both ends.
fn grid(low: f64, high: f64, points: usize) -> impl Iterator<Item = (f64, f64)> {
    let step = (high - low) / points as f64;
    (0..=points).map(move |i| {
        let end = if i == 0 || i == points { 0.5 } else { 1.0 };
        (low + step * i as f64, step * end)
    })
}

/// Simpson's rule from 0 to an end.
fn simpson(end: f64, pairs: usize) -> impl Iterator<Item = (f64, f64)> {
    let points = 2 * pairs;
    let step = end / points as f64;
    (0..=points).map(move |i| {
        let factor = if i == 0 || i == points { 1.0 } else { 2.0 + 2.0 * (i % 2) as f64 };
        (step * i as f64, step * factor / 3.0)
    })
}

/// The variance of numbers with weights that sum to 1.
fn variance(estimates: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mass, mean, square) = estimates
        .fold((0.0, 0.0, 0.0), |(mass, mean, square), (g, w)| (mass + w, mean + w * g, square + w * g * g));
    assert!((mass - 1.0_f64).abs() < 1e-9, "the weights sum to {mass}");
    square - mean * mean
}

/// The variances of all estimators, as integrals.
fn exact(function: &Function, parameter: usize, k: f64) -> [f64; 3] {
    let f = |x: f64| (function.at)(x, k);
    let normal = |of: &dyn Fn(f64) -> f64| {
        variance(grid(-9.0, 9.0, 4000).map(|(e, w)| (of(e), w * (-0.5 * e * e).exp() / TAU.sqrt())))
    };
    let score = |e: f64| if parameter == 0 { e } else { e * e - 1.0 };
    let path = |e: f64| if parameter == 0 { 1.0 } else { e };
    let measure_valued = if parameter == 0 {
        let rayleigh = simpson(9.0, 2000);
        variance(
            rayleigh.map(|(r, w)| ((f(MU + r).0 - f(MU - r).0) / TAU.sqrt(), w * r * (-0.5 * r * r).exp())),
        )
    } else {
        let maxwell = grid(-9.0, 9.0, 600);
        variance(maxwell.flat_map(|(m, w)| {
            let density = m * m * (-0.5 * m * m).exp() / TAU.sqrt();
            simpson(1.0, 100).map(move |(u, v)| (f(MU + m).0 - f(MU + u * m).0, w * density * v))
        }))
    };
    [normal(&|e| f(MU + e).0 * score(e)), measure_valued, normal(&|e| f(MU + e).1 * path(e))]
}

/// Measures the variances, and compares them with the integrals.
///
/// # Errors
/// If a graph cannot be compiled.
fn check(function: &Function, parameter: usize, (k, exact): &(f64, [f64; 3])) -> aleator::Result<()> {
    let g = Graph::new();
    let moved = g.param(PARAMETERS[parameter], 1.0);
    let x = match parameter {
        0 => g.sample("x", Normal::new(moved, 1.0)),
        _ => g.sample("x", Normal::new(MU, moved)),
    };
    g.cost("f", (function.node)(x, *k));
    let score: Arc<dyn Estimator> = Arc::new(ScoreFunction { baseline: Baseline::None });
    let all = [score, Arc::new(MeasureValued::default()), Arc::new(Pathwise)];
    for ((estimator, exact), name) in all.into_iter().zip(exact).zip(ESTIMATORS) {
        let how = Measure { samples: Some(1), replicates: REPLICATES, tune: 0, seed: SEED };
        let measured = measure(&g, &[estimator], &how, &|_| {})?;
        let variance = measured.gradient[0][0].variance().unwrap_or(f64::NAN);
        let error = measured.variance_error.unwrap_or(f64::NAN);
        assert!(
            (variance - exact).abs() < CRITICAL * error + 1e-9,
            "{name} for {} at k = {k}: {variance} ± {error} is not {exact}",
            function.name
        );
    }
    Ok(())
}

/// All curves, with so many values of k. A few of their points are measured.
///
/// # Errors
/// If a graph cannot be compiled.
pub fn curves(points: usize) -> aleator::Result<Vec<Curves>> {
    let mut all = vec![];
    for parameter in 0..PARAMETERS.len() {
        for (number, function) in FUNCTIONS.iter().enumerate() {
            let (low, high) = function.range;
            let at = |i: usize| low + (high - low) * i as f64 / (points - 1) as f64;
            let points: Vec<_> = (0..points).map(|i| (at(i), exact(function, parameter, at(i)))).collect();
            for point in points.iter().step_by(points.len() / 2) {
                check(function, parameter, point)?;
            }
            all.push(Curves { function: number, parameter, points });
        }
    }
    Ok(all)
}

/// Writes the variances at the ends and in the middle of each interval.
///
/// # Errors
/// If the text cannot be written.
pub fn table(all: &[Curves], text: &mut String) -> std::fmt::Result {
    writeln!(
        text,
        "Test functions of x ~ Normal(μ, σ) at μ = σ = 1: variance of one estimate, by quadrature\n"
    )?;
    write!(text, "{:10} {:9} {:>6}", "function", "parameter", "k")?;
    for name in ESTIMATORS {
        write!(text, " {name:>15}")?;
    }
    writeln!(text)?;
    for Curves { function, parameter, points } in all {
        for (k, variances) in points.iter().step_by(points.len() / 2) {
            write!(text, "{:10} {:9} {k:>6}", FUNCTIONS[*function].name, PARAMETERS[*parameter])?;
            for variance in variances {
                write!(text, " {variance:>15.6}")?;
            }
            writeln!(text)?;
        }
    }
    Ok(())
}
