//! log_prob, mean, variance and entropy against two references.

use aleator::distributions::{Distribution, Support};
use aleator_engine::exec::math::Real;
use aleator_engine::graph::Expr;

use crate::cases::{Case, Kind, Row, groups, moderate, reference_rows, stack};
use crate::closed_forms::{cdf, statrs};
use crate::harness::Bench;

/// |got − expected| ≤ relative · |expected| + absolute; infinities must be equal. The absolute part is for what rounds
/// before the formula sees it: 1 − p, z − loc.
fn assert_close(got: f64, expected: f64, relative: f64, absolute: f64, what: &str) {
    let near = (got - expected).abs() <= relative * expected.abs() + absolute;
    let fine = got == expected || got.is_nan() && expected.is_nan() || expected.is_finite() && near;
    assert!(fine, "{what}: {got:e}, expected {expected:e}");
}

/// log_prob, and those of mean, variance and entropy that exist.
fn quantities<'g>(d: &Distribution<'g>, value: Expr<'g>) -> Vec<(&'static str, Expr<'g>)> {
    let optional = [("mean", d.mean()), ("variance", d.variance()), ("entropy", d.entropy())];
    let optional = optional.into_iter().filter_map(|(name, e)| e.map(|e| (name, e)));
    [("log_prob", d.log_prob(value))].into_iter().chain(optional).collect()
}

fn expected<'a>(row: &'a Row, quantity: &str) -> Option<&'a [f64]> {
    match quantity {
        "log_prob" => Some(std::slice::from_ref(&row.log_prob)),
        "mean" => row.mean.as_deref(),
        "variance" => row.variance.as_deref(),
        _ => row.entropy.as_deref(),
    }
}

/// All quantities of the rows as one batch in precision T: (name, elements of one row, values).
fn evaluate<T: Real>(rows: &[&Row], round: impl Fn(f64) -> f64) -> Vec<(&'static str, usize, Vec<f64>)> {
    let bench = Bench::new();
    let mut rounded: Vec<Case> = rows.iter().map(|r| r.case.clone()).collect();
    rounded
        .iter_mut()
        .flat_map(|c| &mut c.parameters)
        .flat_map(|p| &mut p.values)
        .for_each(|v| *v = round(*v));
    let d = rows[0].case.signature.build(stack(&bench, &rounded.iter().collect::<Vec<_>>(), 0));
    let values = rows.iter().flat_map(|r| r.value.iter().map(|&v| round(v))).collect();
    let shape = d.batch_shape().unwrap().join(&d.event_shape());
    let value = bench.input(shape, values);
    let (names, outputs): (Vec<_>, Vec<_>) = quantities(&d, value).into_iter().unzip();
    let results = bench.run::<T>(&outputs, 0);
    names.into_iter().zip(results).map(|(name, r)| (name, r.len() / rows.len(), r)).collect()
}

#[test]
fn agree_with_the_reference_as_a_batch() {
    for rows in groups(&reference_rows(), |r| &r.case) {
        for (name, width, got) in evaluate::<f64>(&rows, |x| x) {
            for (row, got) in rows.iter().zip(got.chunks(width)) {
                let Some(want) = expected(row, name) else {
                    assert!(got.iter().all(|x| x.is_nan()), "{} has a {name}", row.case);
                    continue;
                };
                assert_eq!(want.len(), width);
                // A probability and its logarithm near 1 carry the rounding of 1 - p; variances p (1 - p) do too.
                let absolute = if row.case.is_discrete() { 2e-16 } else { 1e-15 };
                for (&got, &want) in got.iter().zip(want) {
                    assert_close(
                        got,
                        want,
                        1e-12,
                        absolute,
                        &format!("{} {name} at {:?}", row.case, row.value),
                    );
                }
            }
        }
    }
}

/// Parameters that are numbers in the graph, as most models have them: the compiler folds what it can.
#[test]
fn agree_with_the_reference_as_constants() {
    for row in reference_rows() {
        let bench = Bench::new();
        let constants = row
            .case
            .parameters
            .iter()
            .map(|p| bench.graph.tensor(p.event.clone(), p.values.clone()))
            .collect();
        let d = row.case.signature.build(constants);
        let value = bench.graph.tensor(d.event_shape(), row.value.clone());
        let quantities = quantities(&d, value);
        let outputs: Vec<_> = quantities.iter().map(|(_, e)| *e).collect();
        for ((name, _), got) in quantities.iter().zip(bench.run::<f64>(&outputs, 0)) {
            let Some(want) = expected(&row, name) else { continue };
            for (&got, &want) in got.iter().zip(want) {
                assert_close(got, want, 1e-12, 1e-15, &format!("{} {name} at {:?}", row.case, row.value));
            }
        }
    }
}

/// f32 against f64 at the parameters rounded to f32 (against the reference itself would measure that rounding). Rows
/// whose parameters are not normal numbers in f32 have no meaning there.
#[test]
fn single_precision_agrees_with_double() {
    let representable = |x: &f64| *x == 0.0 || (x.abs() as f32).is_normal();
    let rows: Vec<Row> = reference_rows()
        .into_iter()
        .filter(|r| r.case.parameters.iter().flat_map(|p| &p.values).all(representable))
        .collect();
    for rows in groups(&rows, |r| &r.case) {
        let round = |x: f64| f64::from(x as f32);
        let double = evaluate::<f64>(&rows, round);
        let single = evaluate::<f32>(&rows, round);
        for ((name, width, want), (_, _, got)) in double.iter().zip(&single) {
            for (i, (&got, &want)) in got.iter().zip(want).enumerate() {
                let row = rows[i / width];
                // (log z − μ)/σ and exp(2μ + σ²) magnify the rounding of their arguments by 1/σ and by 2μ + σ².
                let magnified = match (row.case.name(), row.case.scalar("loc"), row.case.scalar("scale")) {
                    ("LogNormal", Some(loc), Some(scale)) => loc.abs().max(1.0) / scale + scale * scale,
                    // Their second moment less the square of the first, which is several hundred times as large.
                    ("Kumaraswamy" | "Weibull", ..) if *name == "variance" => 2e3,
                    ("Weibull", ..) => row.case.scalar("concentration").unwrap().max(1.0),
                    _ => 1.0,
                };
                let relative = 2e-6 * magnified;
                let want = f64::from(want as f32);
                assert_close(got, want, relative, 2e-7, &format!("{} {name} at {:?}", row.case, row.value));
            }
        }
    }
}

/// A grid of parameters and values of each family that statrs has.
#[test]
fn agree_with_statrs() {
    let mut compared = 0;
    for (i, case) in moderate().into_iter().enumerate() {
        for step in 0..20 {
            let mut case = case.clone();
            let count = case.scalar("total_count");
            for (j, values) in case.parameters.iter_mut().map(|p| &mut p.values).enumerate() {
                for (k, v) in values.iter_mut().enumerate() {
                    // Keeps signs, order of an interval's ends, and probabilities below 1.
                    *v *= 0.3 + 0.85 * ((i + 7 * step + 3 * j + k) as f64 * 0.618).fract();
                }
            }
            if let Some(count) = count {
                case.parameters[0].values = vec![count];
            }
            let bench = Bench::new();
            let d = case.build(&bench);
            let z = if case.kind() == Kind::Count {
                step as f64
            } else if case.is_discrete() {
                (step % 2) as f64
            } else if case.family().support() == Support::UnitInterval {
                (step as f64 + 0.5) / 20.0
            } else {
                0.37 * step as f64 - 2.0
            };
            let Some(known) = statrs(&case, z) else { continue };
            let quantities = quantities(&d, bench.input([], vec![z]));
            let outputs: Vec<_> = quantities.iter().map(|(_, e)| *e).collect();
            for ((name, _), got) in quantities.iter().zip(bench.run::<f64>(&outputs, 0)) {
                let want = match *name {
                    "log_prob" => Some(known.log_prob),
                    "mean" => known.mean,
                    "variance" => known.variance,
                    _ => known.entropy,
                };
                if let Some(want) = want {
                    assert_close(got[0], want, 1e-11, 1e-13, &format!("{case} {name} at {z}"));
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 500, "{compared}");
}

/// What the other tests take for the distribution functions is right itself.
#[test]
fn distribution_functions_agree_with_the_reference() {
    for row in reference_rows().iter().filter(|r| r.case.kind() == Kind::Number) {
        let want = row.cdf.unwrap();
        assert_close(cdf(&row.case, row.value[0]), want, 1e-9, 1e-13, &format!("{} cdf", row.case));
    }
}
