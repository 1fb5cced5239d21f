//! First and second derivatives of the formulas against differences.
//!
//! Along a direction v in parameters (and, where it is continuous, the value), g(t) = f(θ + t v): g' and g'' by autodiff at
//! t = 0 against the fourth-order difference of g and of g'.

use aleator::distributions::{Constraint, Distribution};
use aleator_engine::autodiff::grad;
use aleator_engine::graph::Expr;

use crate::cases::{Case, Kind, Row, groups, reference_rows, stack};
use crate::harness::Bench;

const STEP: f64 = 1e-3;
const OFFSETS: [f64; 5] = [0.0, STEP, -STEP, 2.0 * STEP, -2.0 * STEP];

/// What a change of parameter `i` is measured by: so that g varies over t of order 1. 0 at the border of the domain,
/// which then stays where it is.
fn units(row: &Row, i: usize) -> Vec<f64> {
    let case = &row.case;
    let width =
        case.scalar("scale").or_else(|| Some(case.scalar("high")? - case.scalar("low")?)).unwrap_or(1.0);
    // The shortest length over which its density changes.
    let width = match (case.scalar("low"), case.scalar("high"), case.scalar("loc")) {
        (Some(low), Some(high), Some(loc)) => {
            let nearest = loc.clamp(low, high);
            (0.3 * width / (1.0 + (nearest - loc).abs() / width)).min(0.1 * (high - low))
        }
        _ => width,
    };
    let width = if case.name() == "MultivariateNormal" { smallest_scale(row) } else { width };
    let constraint = case.family().parameters()[i].constraint;
    let unit = |v: f64| match constraint {
        // Its variance has exp(2μ + σ²) in it.
        Constraint::Positive if case.name() == "LogNormal" => v.min(1.0 / v),
        Constraint::Real if case.name() == "LogNormal" => width.min(1.0),
        // (z/λ)ᵏ
        Constraint::Positive if case.name() == "Weibull" => v * power(case),
        // Their moments have poles at 1 and 2.
        Constraint::Positive if matches!(case.name(), "InverseGamma" | "Pareto") => {
            0.3 * v.min((v - 1.0).abs()).min((v - 2.0).abs())
        }
        Constraint::Positive | Constraint::NotNegative | Constraint::Weights => v,
        // Zeros above the diagonal stay.
        Constraint::LowerCholesky => width * v.abs().min(1.0).ceil(),
        Constraint::Probability | Constraint::PositiveProbability | Constraint::ProbabilityBelowOne => {
            v.min(1.0 - v)
        }
        Constraint::Count => 0.0,
        Constraint::Real => width,
        Constraint::NotNan | Constraint::LogWeights => 1.0,
    };
    case.parameters[i].values.iter().map(|&v| unit(v)).collect()
}

/// By which part of itself z, λ or k of a Weibull may change.
fn power(case: &Case) -> f64 {
    1.0 / case.scalar("concentration").unwrap().max(1.0)
}

/// The smallest element on the diagonal of `scale_tril`.
fn smallest_scale(row: &Row) -> f64 {
    let matrix = &row.case.parameters[1];
    matrix.values.iter().step_by(matrix.event[0] + 1).copied().fold(f64::INFINITY, f64::min)
}

fn value_unit(row: &Row) -> f64 {
    let (case, z) = (&row.case, row.value[0]);
    match (case.name(), case.scalar("scale")) {
        _ if case.is_discrete() || case.kind() == Kind::Vector => 0.0,
        ("Weibull", _) => z * power(case),
        ("Gamma" | "InverseGamma" | "Chi2" | "HalfCauchy", _) => z,
        ("Pareto", Some(scale)) => z - scale,
        ("TruncatedNormal", Some(scale)) => {
            let (low, high) = (case.scalar("low").unwrap(), case.scalar("high").unwrap());
            (z - low).min(high - z).min(scale)
        }
        ("Beta" | "Kumaraswamy" | "ContinuousBernoulli" | "RelaxedBernoulli", _) => z.min(1.0 - z),
        ("VonMises", _) => 1.0 / (1.0 + case.scalar("concentration").unwrap()).sqrt(),
        ("LogNormal", Some(scale)) => z * scale.min(1.0),
        (_, Some(scale)) => scale,
        ("Exponential", _) => z,
        _ => 0.01,
    }
}

/// 1/p² or 1/z² beyond the largest number.
fn overflows(row: &Row) -> bool {
    let tiny = |x: f64| x > 0.0 && x < 1e-150;
    row.case.scalar("probs").is_some_and(tiny) || row.value.iter().copied().any(tiny)
}

/// Where the density has a kink, or the mean begins to exist.
fn at_kink(row: &Row) -> bool {
    row.case.scalar("df") == Some(1.0)
        || row.case.name() == "ContinuousBernoulli" && [0.0, 1.0].contains(&row.value[0])
        || row.case.name().starts_with("Half") && row.value == [0.0]
        || row.case.name() == "Laplace" && row.case.scalar("loc") == Some(row.value[0])
}

/// (−f(2h) + 8 f(h) − 8 f(−h) + f(−2h)) / 12h of the rows of `[5, rows]`.
fn difference(f: &[f64], rows: usize, row: usize) -> f64 {
    let at = |k: usize| f[k * rows + row];
    (8.0 * (at(1) - at(2)) - (at(3) - at(4))) / (12.0 * STEP)
}

#[test]
fn derivatives_agree_with_differences() {
    let rows: Vec<Row> = reference_rows()
        .into_iter()
        .filter(|r| r.log_prob.is_finite() && !at_kink(r) && !overflows(r))
        .collect();
    let mut compared = 0;
    for rows in groups(&rows, |r| &r.case) {
        let cases: Vec<_> = rows.iter().map(|r| &r.case).collect();
        let coordinates: usize = cases[0].parameters.iter().map(|p| p.values.len()).sum();
        // One coordinate after another, then the value, then all at once.
        for direction in 0..coordinates + 2 {
            compared += along(&rows, |k| k == direction || direction > coordinates);
        }
    }
    assert!(compared > 1000, "{compared}");
}

/// x + t · unit, with t `[copies, rows]` and a unit for each row and element of its event.
fn shift<'g>(bench: &'g Bench, x: Expr<'g>, t: Expr<'g>, unit: Vec<f64>) -> Expr<'g> {
    let mut shape = x.shape().to_vec();
    shape[0] = 1;
    let t = (2..shape.len()).fold(t, |t, _| t.unsqueeze(-1));
    x + t * bench.input(shape, unit)
}

/// One number for each row: the sum of squares of a vector.
fn scalar_event(e: Expr<'_>) -> Expr<'_> {
    if e.rank() > 2 { e.square().sum_axes(-1) } else { e }
}

/// Compares all quantities along the direction of the chosen coordinates, the value's coming last.
fn along(rows: &[&Row], chosen: impl Fn(usize) -> bool) -> usize {
    let bench = Bench::new();
    let cases: Vec<_> = rows.iter().map(|r| &r.case).collect();
    let (n, copies) = (rows.len(), OFFSETS.len());
    let offsets = OFFSETS.iter().flat_map(|&t| std::iter::repeat_n(t, n)).collect();
    let t = bench.input([copies, n], offsets);
    let mut coordinate = 0;
    // How much rounding of θ + t v matters: |θ|/v.
    let mut conditions = vec![1f64; n];
    let mut parameters = Vec::new();
    for (i, x) in stack(&bench, &cases, copies).into_iter().enumerate() {
        let mut unit = Vec::new();
        for (row, condition) in rows.iter().zip(&mut conditions) {
            let own = units(row, i);
            for (j, (&u, &v)) in own.iter().zip(&row.case.parameters[i].values).enumerate() {
                let moved = chosen(coordinate + j) && u > 0.0;
                unit.push(if moved { u } else { 0.0 });
                if moved {
                    *condition = condition.max(v.abs() / u);
                }
            }
        }
        coordinate += cases[0].parameters[i].values.len();
        parameters.push(shift(&bench, x, t, unit));
    }
    let d: Distribution<'_> = cases[0].signature.build(parameters);
    let shape = [copies, n].iter().chain(d.event_shape().iter()).copied().collect::<Vec<_>>();
    let values: Vec<f64> = rows.iter().flat_map(|r| r.value.clone()).collect();
    let mut value = bench.input(shape, values.repeat(copies));
    if chosen(coordinate) && cases[0].kind() == Kind::Number {
        for (row, condition) in rows.iter().zip(&mut conditions) {
            *condition = condition.max(row.value[0].abs() / value_unit(row));
        }
        value = shift(&bench, value, t, rows.iter().map(|r| value_unit(r)).collect());
    }
    let quantities: Vec<(&str, Expr<'_>)> = [
        ("log_prob", Some(d.log_prob(value))),
        ("mean", d.mean()),
        ("variance", d.variance()),
        ("entropy", d.entropy()),
    ]
    .into_iter()
    .filter_map(|(name, e)| Some((name, e?)))
    .map(|(name, e)| (name, scalar_event(e)))
    .collect();
    let mut compared = 0;
    for (name, g) in quantities {
        let first = grad(g, &[t])[0];
        let second = grad(first, &[t])[0];
        let results = bench.run::<f64>(&[g, first, second], 0);
        for (row, (reference, condition)) in rows.iter().zip(&conditions).enumerate() {
            let largest = |f: &[f64]| (0..copies).map(|k| f[k * n + row].abs()).fold(0.0, f64::max);
            let bound = |f: &[f64], slope: f64| {
                let rounding = 4.0 * f64::EPSILON * condition / STEP;
                1e-9 * (largest(f) + slope.abs()) + rounding * (largest(f) + slope.abs()) + 1e-11
            };
            for (order, f, derivative) in
                [(1, &results[0], results[1][row]), (2, &results[1], results[2][row])]
            {
                let want = difference(f, n, row);
                if !want.is_finite() {
                    continue;
                }
                assert!(
                    (derivative - want).abs() <= bound(f, derivative),
                    "{} at {:?}: derivative {order} of {name} is {derivative:e}, expected {want:e}",
                    reference.case,
                    reference.value
                );
                compared += 1;
            }
        }
    }
    compared
}
