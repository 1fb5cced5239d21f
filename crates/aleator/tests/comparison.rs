//! Comparisons of estimators: what counts as no variance, what is the same, what is fixed. No test depends on a time.

use std::collections::BTreeMap;

use aleator::diagnostics::{Compare, ExactAnswer, Report, compare};
use aleator::language::{estimator_named, load};

fn report_of(text: &str, how: &Compare) -> Report {
    let model = load(text, None, &[]).unwrap();
    compare(&model.graph, how, "test", &|_, _| {}).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn brief() -> Compare {
    Compare::all().replicates(200).exact(ExactAnswer::No)
}

/// What holds of every report, whatever was measured.
fn check(text: &str, report: &Report) {
    let verdict = report.verdict();
    let names: Vec<String> = (0..report.results.len()).map(|i| report.row_name(i)).collect();
    assert_eq!(report.best, verdict.best.map(|i| report.results[i].estimator.clone()), "{text}");
    assert_eq!(report.ties, verdict.ties.iter().map(|&i| names[i].clone()).collect::<Vec<_>>(), "{text}");
    assert!(report.best.is_some() || report.ties.is_empty(), "{text}");
    for row in verdict.best.iter().chain(&verdict.ties).map(|&i| &report.results[i]) {
        assert!(row.unbiased && !row.differs(), "{text}: {}", row.estimator);
    }
    for row in &report.results {
        assert!(row.seconds_per_estimate.0 > 0.0 && row.seconds_spread.is_some_and(|s| s.0 >= 0.0), "{text}");
        let means = row.gradient.values().flat_map(|gradient| &gradient.mean);
        assert!(!row.unbiased || means.into_iter().all(|mean| !mean.0.is_nan()), "{text}: {}", row.estimator);
        let (variance, error) = (row.total_variance, row.total_variance_std_error);
        let finite = variance.is_some_and(|v| v.0.is_finite());
        assert!(!finite || error.is_some(), "{text}: {}", row.estimator);
        assert!(variance.is_some() || error.is_none(), "{text}: {}", row.estimator);
        assert!(error.is_none_or(|e| e.0 >= 0.0), "{text}: {}", row.estimator);
    }
    // No two rows have the same plan.
    let plans: Vec<&BTreeMap<String, String>> = report.results.iter().map(|row| &row.plan).collect();
    assert!((1..plans.len()).all(|i| !plans[..i].contains(&plans[i])), "{text}: {plans:?}");
}

#[test]
fn none_is_best_where_no_distribution_depends_on_a_parameter() {
    for text in [
        "param s = 12.5\ndemand ~ Poisson(10)\ncost c = 2 * relu(s - demand) + 5 * relu(demand - s)",
        "param w = 0.5\nb ~ Bernoulli(0.3)\nz ~ Normal(b, 1)\ncost f = (w - z)^2",
        "param w = 0.5\nb ~ Bernoulli(logits = stop_gradient(w))\ncost f = (w - b)^2",
        // The site that depends on a parameter reaches no cost.
        "param w = 0.5\nunused ~ Bernoulli(logits = w)\nz ~ Normal(0, 1)\ncost f = (w - z)^2",
        "param w = 0.5\ncost f = w^2",
    ] {
        let report = report_of(text, &brief());
        check(text, &report);
        assert!(report.all_same && report.best.is_none() && report.ties.is_empty(), "{text}");
        assert!(!report.results.is_empty(), "{text}");
    }
}

#[test]
fn one_is_best_where_a_distribution_depends_on_a_parameter() {
    for text in [
        "param t = 0.1\nb ~ Bernoulli(logits = t)\ncost f = (b - 0.45)^2",
        // Through another draw.
        "param m = 0.1\nz ~ Normal(m, 1)\nb ~ Bernoulli(logits = z)\ncost f = (b - 0.45)^2",
        "param m = 0.1\nc ~ Bernoulli(0.2)\nz ~ Normal(m, 1)\ncost f = (z - c)^2",
        "param p = [0.2, 0.3, 0.5]\nk ~ Categorical(p)\ncost f = k^2",
        "param a = 2\ng ~ Gamma(a, 1)\ncost f = (g - 1)^2",
    ] {
        let report = report_of(text, &brief());
        check(text, &report);
        assert!(!report.all_same && report.best.is_some(), "{text}");
    }
}

/// E z and the like: estimators whose estimates vary by rounding alone have a variance of exactly 0, in any unit, and all tie.
/// MuProp expands the cost about a mean at which it has no value.
#[test]
fn what_is_not_a_number_is_not_unbiased() {
    let text = "param t = 0.4\nb ~ Bernoulli(logits = t)\ncost f = sqrt((b - 0.5)^2 - 0.1)";
    let report = report_of(text, &brief());
    check(text, &report);
    let broken = |row: &&aleator::diagnostics::Row| row.gradient.values().any(|g| g.mean[0].0.is_nan());
    assert!(report.results.iter().any(|row| broken(&row)), "{text}");
}

#[test]
fn rounding_is_no_variance() {
    let how = Compare { estimators: Some(vec![]), ..brief() };
    let of = |names: &[&str]| names.iter().map(|name| estimator_named(name).unwrap()).collect();
    for unit in ["1e-120", "1e-9", "1", "3e7", "1e120"] {
        for (text, names) in [
            (
                format!("param m = 0.3\nz ~ Normal(m, 1)\ncost f = {unit} * (z + 0.1 * z + 0.7 * z)"),
                vec!["pathwise"],
            ),
            (
                format!("param t = 0.3\nb ~ Bernoulli(logits = t)\ncost f = {unit} * (0.3 * b + 0.1 * b)"),
                vec!["muprop", "enumeration"],
            ),
            (
                format!(
                    "param t = 0.3\nb ~ Bernoulli(logits = t)\nz ~ Normal(0, 1)\ncost f = {unit} * 0.1 * b * 7\ncost g = z"
                ),
                vec!["enumeration"],
            ),
        ] {
            let report = report_of(&text, &Compare { estimators: Some(of(&names)), ..how.clone() });
            check(&text, &report);
            for row in &report.results {
                assert_eq!(row.total_variance.map(|v| v.0), Some(0.0), "{text}: {}", row.estimator);
                assert_eq!(row.total_variance_std_error.map(|v| v.0), Some(0.0), "{text}: {}", row.estimator);
                assert_eq!(row.work_normalised_variance.map(|v| v.0), Some(0.0), "{text}: {}", row.estimator);
                let errors = row.gradient.values().flat_map(|g| g.std_error.iter().flatten());
                assert!(errors.into_iter().all(|e| e.0 == 0.0), "{text}: {}", row.estimator);
            }
            assert!(report.best.is_some() && report.ties.len() + 1 == report.results.len(), "{text}");
        }
    }
}

/// A real variance is never taken for rounding, however large the cost beside it is.
#[test]
fn a_small_variance_is_one() {
    for text in [
        "param m = 0.3\nz ~ Normal(m, 1)\ncost f = 1e9 + 1e-6 * z^2",
        "param m = 0.3\nz ~ Normal(m, 1e-9)\ncost f = z^2",
        "param m = 0.3\nparam n = 0.1\nz ~ Normal(m, 1)\nw ~ Normal(n, 1)\ncost f = 1e5 * z + 1e-5 * w^2",
    ] {
        let pathwise = vec![estimator_named("pathwise").unwrap()];
        let report = report_of(text, &Compare { estimators: Some(pathwise), ..brief() });
        assert!(report.results[0].total_variance.unwrap().0 > 0.0, "{text}");
    }
}

/// The gradient 2z of E z² has the variance 4 and a normal law: the sample variance has the standard error 4 √(2/(R − 1)).
#[test]
fn the_error_of_a_variance_is_known() {
    for replicates in [2, 5, 50, 1000, 40_000] {
        let pathwise = vec![estimator_named("pathwise").unwrap()];
        let how = Compare { estimators: Some(pathwise), ..brief() }.replicates(replicates);
        let report = report_of("param m = 0.3\nz ~ Normal(m, 1)\ncost f = z^2", &how);
        let row = &report.results[0];
        let (variance, error) = (row.total_variance.unwrap().0, row.total_variance_std_error.unwrap().0);
        let expected = 4.0 * (2.0 / (replicates as f64 - 1.0)).sqrt();
        if replicates >= 1000 {
            assert!((variance - 4.0).abs() < 5.0 * error, "{replicates}: {variance} ± {error}");
            assert!((error / expected - 1.0).abs() < 0.15, "{replicates}: {error}, not {expected}");
        }
        assert!(
            error > 0.1 * variance * (2.0 / replicates as f64).sqrt(),
            "{replicates}: {variance} ± {error}"
        );
    }
    let one = report_of("param m = 0.3\nz ~ Normal(m, 1)\ncost f = z^2", &brief().replicates(1));
    assert!(one.best.is_none() && one.results.iter().all(|row| row.total_variance_std_error.is_none()));
}

#[test]
fn fixed_sites_keep_their_estimator() {
    let text = "param t = 0.3\nparam m = 0.1\nb ~ Bernoulli(logits = t)\nz ~ Normal(m * b, 1)\ncost f = (z + b - 0.4)^2";
    let rebar = estimator_named("rebar(temperature = 0.3)").unwrap();
    let report = report_of(text, &brief().via("b", rebar.clone()));
    check(text, &report);
    assert!(report.results.len() >= 3);
    for row in &report.results {
        assert_eq!(row.plan["b"], "rebar(temperature=0.3)");
    }
    // An estimator that serves only sites that are fixed has no row.
    assert!(report.skipped.iter().any(|s| s.estimator == "gumbel_softmax"), "{:?}", report.skipped);
    // If all are fixed, there is one plan.
    let pathwise = estimator_named("pathwise").unwrap();
    let report = report_of(text, &brief().via("b", rebar.clone()).via("z", pathwise));
    assert_eq!(report.results.len(), 1);
    let model = load(text, None, &[]).unwrap();
    let error = compare(&model.graph, &brief().via("nothing", rebar), "", &|_, _| {}).unwrap_err();
    assert!(error.to_string().contains("nothing"), "{error}");
}
