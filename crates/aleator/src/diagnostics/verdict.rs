//! Which estimator is best, and which are as good as it.
//!
//! Estimators are ranked by W = V·t, the total variance of one estimate times its time: among estimators that have the same time in
//! total, the one with the smallest W has the smallest variance. V and t are measured, and the relative error of W follows to first
//! order from theirs:
//!
//! ```text
//! (δW / W)² = (δV / V)² + (δt / t)²
//! ```
//!
//! δV is the standard error of the variance, and δt the spread of the time over the rounds. Two rows tie if
//!
//! ```text
//! |ln W₁ − ln W₂| ≤ 2 √((δW₁ / W₁)² + (δW₂ / W₂)²)
//! ```
//!
//! Rows whose estimates are equal have equal errors of V, which cancel. Rows without variance tie, as they all have W = 0.

use super::report::{GradientEstimate, Report, Row};

/// Differences up to so many standard deviations are ties.
const DEVIATIONS: f64 = 2.0;

/// The standard deviation of estimates up to which rounding explains it, relative to their size.
///
/// An estimate is a sum of n terms t, each of which is the result of k operations. Its rounding error is at most (n + k) u Σ|t| in
/// the worst case, and about √(n + k) u Σ|t| if errors are independent, where u = 2⁻⁵³. This is 450 · 2u: enough for 900 operations
/// in the worst case, and for 800 000 usually. What is lost if a variance below is taken for rounding is little: one such estimate
/// has 13 digits.
pub(super) const ROUNDING: f64 = 1e-13;

/// What follows from the rows of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The best row; `None` if there is none.
    pub best: Option<usize>,
    /// The other rows that are as good as the best one, as far as the measurement can tell.
    pub ties: Vec<usize>,
}

impl Report {
    /// Which row is best, and which tie with it. Rows that are biased, that differ from the exact gradient or that have no variance
    /// × time are neither. If [`Report::all_same`], no row is.
    pub fn verdict(&self) -> Verdict {
        if self.all_same { Verdict::default() } else { decide(&self.results) }
    }

    /// The name of a row: its estimator, with options if another row has the same estimator.
    ///
    /// # Panics
    /// Panics if there is no such row.
    #[track_caller]
    pub fn row_name(&self, row: usize) -> String {
        let named = &self.results[row];
        if self.results.iter().filter(|other| other.estimator == named.estimator).count() < 2 {
            return named.estimator.clone();
        }
        let mut estimators: Vec<&str> = Vec::new();
        for estimator in named.plan.values() {
            if !estimators.contains(&estimator.as_str()) {
                estimators.push(estimator);
            }
        }
        estimators.join(" + ")
    }
}

/// The unbiased row with the smallest variance × time among those that agree with the exact gradient, and those that tie with it.
/// Of rows without variance it is the fastest.
fn decide(rows: &[Row]) -> Verdict {
    let candidates: Vec<(usize, f64)> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.unbiased && !row.differs())
        .filter_map(|(i, row)| Some((i, row.work_normalised_variance?.0)))
        .filter(|(_, work)| work.is_finite())
        .collect();
    let time = |i: usize| rows[i].seconds_per_estimate.0;
    let best = candidates.iter().min_by(|(i, v), (j, w)| v.total_cmp(w).then(time(*i).total_cmp(&time(*j))));
    let Some(&(best, _)) = best else { return Verdict::default() };
    let ties = candidates.iter().map(|(i, _)| *i).filter(|&i| i != best && tie(&rows[i], &rows[best]));
    Verdict { best: Some(best), ties: ties.collect() }
}

/// Whether the variance × time of two rows may be the same.
fn tie(a: &Row, b: &Row) -> bool {
    let work = |row: &Row| row.work_normalised_variance.map_or(f64::NAN, |w| w.0);
    let (v, w) = (work(a), work(b));
    if v == 0.0 || w == 0.0 {
        return v == w;
    }
    // What is not known may be anything.
    let relative = |x: Option<f64>, of: f64| x.map_or(f64::INFINITY, |x| x / of);
    let of_time = |row: &Row| relative(row.seconds_spread.map(|s| s.0), row.seconds_per_estimate.0);
    let of_variance = |row: &Row| {
        let total = row.total_variance.map_or(f64::NAN, |v| v.0);
        relative(row.total_variance_std_error.map(|e| e.0), total)
    };
    let mut spread = of_time(a).hypot(of_time(b));
    if !same_estimates(a, b) {
        spread = spread.hypot(of_variance(a).hypot(of_variance(b)));
    }
    // A NaN separates nothing.
    let apart = (v.ln() - w.ln()).abs() > DEVIATIONS * spread;
    !apart
}

/// Whether the moments of all coordinates are the same numbers.
fn same_estimates(a: &Row, b: &Row) -> bool {
    let same = |(x, y): (&GradientEstimate, &GradientEstimate)| x.mean == y.mean && x.variance == y.variance;
    a.samples == b.samples
        && a.gradient.keys().eq(b.gradient.keys())
        && a.gradient.values().zip(b.gradient.values()).all(same)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::diagnostics::{Mean, Number};

    /// A row with one coordinate whose exact gradient is 1.
    fn row(name: &str, mean: f64, exact: Option<f64>, std_error: f64, bound: f64) -> Row {
        let variance = std_error.powi(2) * 100.0;
        let estimate = GradientEstimate {
            shape: vec![],
            mean: vec![Number(mean)],
            std_error: Some(vec![Number(std_error)]),
            variance: Some(vec![Number(variance)]),
            exact: exact.map(|e| vec![Number(e)]),
            z: None,
            slack: vec![bound],
        };
        Row {
            estimator: name.into(),
            plan: BTreeMap::new(),
            samples: 1,
            unbiased: true,
            objective: Mean { mean: Number(1.0), std_error: None },
            gradient: BTreeMap::from([("t".to_string(), estimate)]),
            total_variance: Some(Number(variance)),
            total_variance_std_error: Some(Number(0.0)),
            own_parameters: BTreeMap::new(),
            evaluations: 1,
            seconds_per_estimate: Number(1.0),
            seconds_spread: Some(Number(0.0)),
            work_normalised_variance: Some(Number(variance)),
        }
    }

    /// A row with this variance and time, and their relative errors.
    fn measured(variance: (f64, f64), time: (f64, f64)) -> Row {
        let row = row("a", 1.0, Some(1.0), (variance.0 / 100.0).sqrt(), 0.0);
        Row {
            total_variance: Some(Number(variance.0)),
            total_variance_std_error: Some(Number(variance.0 * variance.1)),
            seconds_per_estimate: Number(time.0),
            seconds_spread: Some(Number(time.0 * time.1)),
            work_normalised_variance: Some(Number(variance.0 * time.0)),
            ..row
        }
    }

    fn verdict(best: usize, ties: &[usize]) -> Verdict {
        Verdict { best: Some(best), ties: ties.to_vec() }
    }

    #[test]
    fn a_mean_differs_beyond_five_standard_errors_and_the_exact_bound_in_any_unit() {
        for unit in [1e-200, 1e-12, 1.0, 1e12, 1e200] {
            for (mean, bound, differs) in
                [(0.149, 0.0, true), (0.0049, 0.0, false), (0.0051, 0.0, true), (0.0051, 2e-4, false)]
            {
                let row = row("a", (1.0 + mean) * unit, Some(unit), 1e-3 * unit, bound * unit);
                assert_eq!(row.differs(), differs, "{mean} in units of {unit}");
            }
        }
        for (mean, exact, error) in
            [(f64::NAN, 1.0, 1.0), (1.0, f64::NAN, 1.0), (1.0, 2.0, f64::NAN), (1.0, 2.0, 0.0)]
        {
            assert!(row("a", mean, Some(exact), error, 0.0).differs(), "{mean}, {exact} ± {error}");
        }
        assert!(!row("a", 1.0, None, 1e-3, 0.0).differs());
    }

    #[test]
    fn what_differs_from_the_exact_gradient_is_never_best() {
        let off = row("off", 1.149, Some(1.0), 1e-6, 0.0);
        let wide = row("wide", 1.1, Some(1.0), 0.1, 0.0);
        let biased = Row { unbiased: false, ..row("biased", 1.0, Some(1.0), 1e-9, 0.0) };
        let rows = [off, wide, biased];
        assert_eq!(decide(&rows), verdict(1, &[]));
        assert_eq!(decide(&rows[..1]), Verdict::default());
    }

    #[test]
    fn rows_within_their_spread_tie() {
        let exact = (1.0, 0.0);
        // Two per cent apart.
        for (spread, ties) in [(0.005, false), (0.02, true)] {
            let tied: &[usize] = if ties { &[1] } else { &[] };
            // The spread may be that of a time or of a variance, of the best or of the other row.
            for rows in [
                [measured(exact, (1.0, spread)), measured((1.02, 0.0), exact)],
                [measured(exact, exact), measured((1.02, 0.0), (1.0, spread))],
                [measured((1.0, spread), exact), measured((1.02, 0.0), exact)],
                [measured(exact, exact), measured((1.02, spread), exact)],
            ] {
                assert_eq!(decide(&rows), verdict(0, tied), "{spread}");
            }
        }
    }

    /// If the estimates are the same, so are the errors of their variances: the time alone decides.
    #[test]
    fn equal_estimates_differ_in_time_alone() {
        let rows = [measured((1.0, 0.5), (1.2, 0.01)), measured((1.0, 0.5), (1.0, 0.01))];
        assert_eq!(decide(&rows), verdict(1, &[]));
        let rows = [measured((1.0, 0.5), (1.2, 0.01)), measured((1.1, 0.5), (1.0, 0.01))];
        assert_eq!(decide(&rows), verdict(1, &[0]));
    }

    #[test]
    fn rows_without_variance_tie_and_beat_all_others() {
        let none = |time| measured((0.0, 0.0), (time, 0.001));
        let rows =
            [measured((1e-300, 1e3), (1e-9, 1e3)), none(5.0), none(3.0), measured((1.0, 0.1), (1.0, 0.1))];
        assert_eq!(decide(&rows), verdict(2, &[1]));
    }

    #[test]
    fn what_is_not_known_ties() {
        let unknown = |row: Row| Row { seconds_spread: None, ..row };
        let rows = [measured((1.0, 0.0), (1.0, 0.0)), unknown(measured((9.0, 0.0), (1.0, 0.0)))];
        assert_eq!(decide(&rows), verdict(0, &[1]));
        let none = Row { work_normalised_variance: None, ..measured((1.0, 0.0), (1.0, 0.0)) };
        assert_eq!(decide(&[none]), Verdict::default());
    }

    fn any_row() -> impl Strategy<Value = Row> {
        let number = || prop_oneof![0.0..2.0f64, Just(0.0), Just(1.0), any::<f64>().prop_map(f64::abs)];
        (number(), 0.0..0.5f64, number(), 0.0..0.5f64, any::<bool>())
            .prop_map(|(v, dv, t, dt, unbiased)| Row { unbiased, ..measured((v, dv), (t, dt)) })
    }

    proptest! {
        #[test]
        fn the_order_of_rows_does_not_matter(rows in prop::collection::vec(any_row(), 0..8)) {
            let forward = decide(&rows);
            let reversed: Vec<Row> = rows.iter().rev().cloned().collect();
            let backward = decide(&reversed);
            let there = |i: usize| rows.len() - 1 - i;
            let work = |i: Option<usize>| i.map(|i| rows[i].work_normalised_variance.unwrap().0);
            prop_assert_eq!(work(forward.best), work(backward.best.map(there)));
            prop_assert!(forward.best.is_none_or(|best| rows[best].unbiased && !forward.ties.contains(&best)));
            prop_assert!(forward.ties.iter().all(|&i| rows[i].unbiased));
            prop_assert!(forward.best.is_some() || forward.ties.is_empty());
            // What is no worse than a tied row, and no less certain, ties too: the best row does with itself.
            prop_assert!(forward.best.is_none_or(|best| tie(&rows[best], &rows[best])));
        }
    }
}
