//! The variance of three estimators for three functions of a normal variable, as k changes: (x − k)², exp(−k x²) and cos(k x) with
//! x ~ Normal(μ, σ) at μ = σ = 1. Every variance is an integral over the noise of the estimator itself, with an error bound.

use std::fmt::Write as _;
use std::sync::Arc;

use aleator::certify::{Certify, certify};
use aleator::control_variates::Baseline;
use aleator::distributions::Normal;
use aleator::estimators::{Estimator, MeasureValued, Pathwise, ScoreFunction};
use aleator::graph::{Expr, Graph};

/// The names of the estimators.
pub const ESTIMATORS: [&str; 3] = ["score function", "measure-valued", "pathwise"];
/// The names of the parameters.
pub const PARAMETERS: [&str; 2] = ["μ", "σ"];

/// A function of x and k, and the interval of k.
pub struct Function {
    /// Its formula.
    pub name: &'static str,
    /// The ends of k.
    pub range: (f64, f64),
    of: for<'g> fn(Expr<'g>, f64) -> Expr<'g>,
}

/// The functions.
pub const FUNCTIONS: [Function; 3] = [
    Function { name: "(x − k)²", range: (-3.0, 3.0), of: |x, k| (x - k).square() },
    Function { name: "exp(−k x²)", range: (0.25, 8.25), of: |x, k| (-k * x.square()).exp() },
    Function { name: "cos(k x)", range: (0.25, 8.25), of: |x, k| (k * x).cos() },
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

/// The variance of an estimate of the derivative with respect to one parameter.
///
/// # Errors
/// If the graph cannot be certified.
fn variance(
    function: &Function,
    parameter: usize,
    k: f64,
    estimator: Arc<dyn Estimator>,
) -> aleator::Result<f64> {
    let g = Graph::new();
    let moved = g.param(PARAMETERS[parameter], 1.0);
    let x = match parameter {
        0 => g.sample("x", Normal::new(moved, 1.0)),
        _ => g.sample("x", Normal::new(1.0, moved)),
    };
    g.cost("f", (function.of)(x, k));
    let how =
        Certify::new().only(vec![estimator.clone()]).no_more_variance_than(estimator).most_replicates(1);
    let certificate = certify(&g, &how)?;
    let total = certificate.plans[0].variance.as_ref().map_or([f64::NAN; 2], |v| v.total.map(|end| end.0));
    let middle = (total[0] + total[1]) / 2.0;
    let known = total[1] - total[0] <= 1e-6 * middle.max(1e-6);
    assert!(
        known,
        "the variance for {} at k = {k} lies between {} and {}",
        function.name, total[0], total[1]
    );
    Ok(middle)
}

/// All curves, with so many values of k.
///
/// # Errors
/// If a graph cannot be certified.
pub fn curves(points: usize) -> aleator::Result<Vec<Curves>> {
    let mut all = vec![];
    for parameter in 0..PARAMETERS.len() {
        for (number, function) in FUNCTIONS.iter().enumerate() {
            let (low, high) = function.range;
            let at = |i: usize| low + (high - low) * i as f64 / (points - 1) as f64;
            let of = |k| {
                let score: Arc<dyn Estimator> = Arc::new(ScoreFunction { baseline: Baseline::None });
                let all = [score, Arc::new(MeasureValued::default()), Arc::new(Pathwise)];
                let mut variances = [f64::NAN; 3];
                for (variance_of, estimator) in variances.iter_mut().zip(all) {
                    *variance_of = variance(function, parameter, k, estimator)?;
                }
                Ok((k, variances))
            };
            let points = (0..points).map(|i| of(at(i))).collect::<aleator::Result<_>>()?;
            all.push(Curves { function: number, parameter, points });
        }
    }
    Ok(all)
}

/// Writes the variances at the ends and in the middle of each interval.
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
        for (k, variances) in [points[0], points[points.len() / 2], points[points.len() - 1]] {
            write!(text, "{:10} {:9} {k:>6}", FUNCTIONS[*function].name, PARAMETERS[*parameter])?;
            for variance in variances {
                write!(text, " {variance:>15.6}")?;
            }
            writeln!(text)?;
        }
    }
    Ok(())
}
