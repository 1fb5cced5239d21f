use std::collections::BTreeMap;

use aleator::diagnostics::{
    Candidate, Exact, GradientEstimate, Mean, Number, OptimizationPath, PathPoint, Report, Row, SiteChoice,
    Skipped, Tensor,
};
use aleator::graph::Rewards;
use aleator::nn;
use aleator::train::{GradientStatistics, HeldOut, HistoryPoint, JudgedBy, JudgedOn, TrainReport};

use super::*;

fn numbers(values: &[f64]) -> Vec<Number> {
    values.iter().map(|&x| Number(x)).collect()
}

/// A row with one vector parameter; `variance` is of one estimate.
pub(crate) fn row(
    estimator: &str,
    mean: &[f64],
    exact: Option<&[f64]>,
    variance: f64,
    seconds: f64,
    unbiased: bool,
    replicates: usize,
) -> Row {
    let error = (variance / replicates as f64).sqrt();
    let z = exact.map(|exact| {
        mean.iter().zip(exact).map(|(m, e)| (error > 0.0).then(|| Number((m - e) / error))).collect()
    });
    let total = variance * mean.len() as f64;
    Row {
        estimator: estimator.into(),
        plan: BTreeMap::from([("b".to_string(), estimator.to_string())]),
        samples: if estimator.contains("loo") { 2 } else { 1 },
        unbiased,
        objective: Mean { mean: Number(0.2756), std_error: Some(Number(0.00012)) },
        gradient: BTreeMap::from([(
            "theta".to_string(),
            GradientEstimate {
                shape: if mean.len() == 1 { vec![] } else { vec![mean.len()] },
                mean: numbers(mean),
                std_error: Some(numbers(&vec![error; mean.len()])),
                variance: Some(numbers(&vec![variance; mean.len()])),
                exact: exact.map(numbers),
                z,
                slack: vec![1e-13; mean.len()],
            },
        )]),
        total_variance: Some(Number(total)),
        total_variance_std_error: Some(Number(total * 0.01)),
        own_parameters: BTreeMap::new(),
        evaluations: 3,
        seconds_per_estimate: Number(seconds),
        seconds_spread: Some(Number(seconds * 0.02)),
        work_normalised_variance: Some(Number(total * seconds)),
    }
}

pub(crate) fn report(results: Vec<Row>, exact: Option<&[f64]>) -> Report {
    let work = |r: &Row| r.work_normalised_variance.map_or(f64::INFINITY, |w| w.0);
    let best = results
        .iter()
        .filter(|r| r.unbiased)
        .min_by(|a, b| work(a).total_cmp(&work(b)))
        .map(|r| r.estimator.clone());
    let gradient = exact.map(|e| {
        let shape = if e.len() == 1 { vec![] } else { vec![e.len()] };
        BTreeMap::from([("theta".to_string(), Tensor { shape, values: numbers(e) })])
    });
    Report {
        aleator: "0.1.0",
        file: "toy.scg".into(),
        seed: 0,
        samples: 1,
        replicates: 100_000,
        tune: 0,
        exact: Exact {
            method: exact.map(|_| "enumeration"),
            objective: exact.map(|_| Number(0.2525)),
            gradient: gradient.unwrap_or_default(),
            ..Exact::default()
        },
        rewards: Rewards::None,
        reward: None,
        measured: Vec::new(),
        results,
        best,
        ties: Vec::new(),
        all_same: false,
        skipped: ["pathwise", "implicit_reparameterization"]
            .map(|e| Skipped {
                estimator: e.into(),
                reason: "the site b is Bernoulli, which is discrete: no differentiable sampling path".into(),
            })
            .to_vec(),
        lints: Vec::new(),
        warnings: Vec::new(),
    }
}

/// REBAR's toy problem under eight estimators.
pub(crate) fn toy() -> Report {
    let exact = [0.025];
    let row = |name, mean: f64, variance, seconds, unbiased| {
        row(name, &[mean], Some(&exact), variance, seconds, unbiased, 100_000)
    };
    report(
        vec![
            row("score_function", 0.02431, 0.0163, 4.1e-8, true),
            row("reinforce_loo", 0.025_03, 0.000_21, 9.3e-8, true),
            row("muprop", 0.0249, 0.0017, 8.8e-8, true),
            row("rebar", 0.025_11, 0.0042, 1.1e-7, true),
            row("relax", 0.0247, 0.0058, 9.4e-7, true),
            row("gumbel_softmax", 0.0391, 0.0024, 7.0e-8, false),
            row("straight_through", 0.0251, 0.0151, 3.6e-8, false),
            row("enumeration", 0.025, 0.0, 6.0e-8, true),
        ],
        Some(&exact),
    )
}

#[test]
fn the_table_of_compare() {
    let mut report = toy();
    report.results.pop();
    report.best = Some("reinforce_loo".into());
    let text = comparison(&report, None, false);
    for part in [
        "0.2756",
        "± 0.00012",
        "★ reinforce_loo",
        "biased, z = 91.0",
        "none, z = ",
        "by enumeration",
        "pathwise, implicit_reparameterization: ",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(
        text.contains("best      reinforce_loo: unbiased, with the smallest variance × time; the next, "),
        "{text}"
    );
    assert!(text.contains("gumbel_softmax and straight_through are never best"));
    assert!(!text.contains('\u{1b}'));
    assert!(comparison(&report, None, true).contains('\u{1b}'));
    // All ± of a column stand below each other.
    let columns: Vec<_> =
        text.lines().filter(|l| l.contains(" ± ")).map(|l| l.chars().position(|c| c == '±')).collect();
    assert_eq!(columns.len(), 7);
    assert!(columns.windows(2).all(|w| w[0] == w[1]), "{columns:?}");
}

/// Every width has one table, in which the conclusion is seen.
#[test]
fn narrow_terminals_get_fewer_columns() {
    let mut report = toy();
    report.results.pop();
    for width in [80, 100, 120, 200] {
        let text = comparison(&report, Some(width), false);
        assert!(text.lines().all(|l| l.chars().count() <= usize::from(width)), "{width}\n{text}");
        let best: Vec<_> = text.lines().filter(|l| l.contains("★ reinforce_loo")).collect();
        assert!(matches!(best[..], [line] if line.trim_end().ends_with("best")), "{width}\n{text}");
        let time = text.lines().filter(|l| l.contains("±  2%")).count();
        assert_eq!(time, report.results.len(), "{width}\n{text}");
        assert_eq!(text.contains("not shown"), width < 200, "{width}\n{text}");
    }
    let text = comparison(&toy(), Some(60), false);
    assert!(text.lines().all(|l| l.chars().count() <= 60), "{text}");
    for width in [0, 1, 10, 40, 65535] {
        comparison(&toy(), Some(width), true);
        gradient(&toy(), Some(width), true);
    }
}

/// Each row is one line, however long its name is.
#[test]
fn long_names_are_cut_and_said_below() {
    let long = [
        "score_function(baseline=optimal)",
        "score_function(baseline=moving_average, decay=0.95)",
        "score_function",
    ];
    let rows = long.map(|plan| Row {
        plan: BTreeMap::from([("b".to_string(), plan.to_string())]),
        ..row("score_function", &[0.025], None, 0.1, 1e-6, true, 1000)
    });
    let text = comparison(&report(rows.to_vec(), None), Some(72), false);
    assert!(text.lines().all(|l| l.chars().count() <= 72), "{text}");
    assert_eq!(text.lines().filter(|l| l.contains("±  2%")).count(), 3, "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("0.95) is score_function(baseline=moving_average, decay=0.95)"), "{text}");
    let names: std::collections::BTreeSet<&str> =
        text.lines().filter(|l| l.contains("±  2%")).filter_map(|l| l.split("  0.1").next()).collect();
    assert_eq!(names.len(), 3, "{text}");
}

/// The best row has the star; what ties with it says so.
#[test]
fn a_tie_has_no_star() {
    let row = |name, variance, seconds| row(name, &[0.025], Some(&[0.025]), variance, seconds, true, 1000);
    let rows = vec![row("rebar", 1.0, 1.01e-6), row("relax", 1.0, 1.0e-6), row("nvil", 3.0, 1e-6)];
    let text = comparison(&report(rows, Some(&[0.025])), None, false);
    assert_eq!(text.matches('★').count(), 2, "{text}");
    let of =
        |name: &str| text.lines().find(|l| l.trim_start().starts_with(name)).unwrap_or_default().to_string();
    assert!(of("★ relax").ends_with("best") && of("rebar").ends_with("tied with ★"), "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("tied with rebar (the difference is within the spread"), "{text}");
    assert!(words.contains("the next, nvil, has 3.00 times as much"), "{text}");
}

/// Which of several optimisations is lowest is said only if seeds tell.
#[test]
fn the_lowest_of_several_optimisations() {
    let run = |estimator: &str, last: f64| {
        let mut path = path(30);
        path.plan.insert("b".into(), estimator.into());
        path.exact_objective = Some(Number(last));
        path.exact_method = Some("enumeration");
        path
    };
    let clear = [vec![run("rebar", 0.1), run("rebar", 0.11)], vec![run("nvil", 0.5), run("nvil", 0.52)]];
    let text = optimizations(&clear, Some(80), false);
    let row = |name: &str| text.lines().find(|l| l.contains(name)).unwrap_or_default().to_string();
    assert!(row("rebar").ends_with("lowest") && !row("nvil").contains("lowest"), "{text}");
    assert!(text.contains("2 seeds from 0 on") && text.contains("0.105"), "{text}");
    let unclear = [vec![run("rebar", 0.1), run("rebar", 0.9)], vec![run("nvil", 0.5), run("nvil", 0.62)]];
    assert!(!optimizations(&unclear, None, false).contains("lowest"));
    let alone = [vec![run("rebar", 0.1)], vec![run("nvil", 0.5)]];
    let text = optimizations(&alone, None, false);
    assert!(!text.contains("lowest") && text.contains("One seed tells little"), "{text}");
    assert!(optimizations(&[], None, false).contains("No run"));
}

#[test]
fn nothing_is_best_where_nothing_differs() {
    let row = |name, variance| row(name, &[0.025], None, variance, 1e-6, true, 1000);
    let mut report = report(vec![row("score_function", 0.1), row("enumeration", 0.0)], None);
    (report.all_same, report.best) = (true, None);
    let text = comparison(&report, None, false);
    // The sentences are broken into lines.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("all estimators are the same") && !text.contains('★'), "{text}");
    assert!(text.contains("enumeration has no variance"), "{text}");
    report.results.pop();
    assert!(!comparison(&report, None, false).contains("no variance"));
}

#[test]
fn mixed_plans_name_the_estimator_of_each_site() {
    let mixed = |plan: &[(&str, &str)], estimator: &str| {
        let plan = plan.iter().map(|(site, e)| (site.to_string(), e.to_string())).collect();
        Row { plan, ..row(estimator, &[0.025], None, 0.1, 1e-6, true, 1000) }
    };
    let rows = vec![
        mixed(&[("b", "rebar(temperature=0.5)"), ("z", "pathwise")], "rebar + pathwise"),
        mixed(&[("b", "rebar(temperature=0.1)"), ("z", "pathwise")], "rebar + pathwise"),
        mixed(&[("b", "nvil"), ("z", "pathwise")], "nvil + pathwise"),
        mixed(&[("b", "pathwise"), ("z", "pathwise")], "pathwise"),
    ];
    let names: Vec<String> = rows.iter().map(|row| values::label(&rows, row)).collect();
    assert_eq!(
        names,
        [
            "b: rebar(temperature=0.5), z: pathwise",
            "b: rebar(temperature=0.1), z: pathwise",
            "b: nvil, z: pathwise",
            "pathwise"
        ]
    );
    // Long names stand below the table.
    let sites: Vec<(String, &str)> =
        (0..9).map(|i| (format!("layer{i}"), if i % 2 == 0 { "rebar" } else { "pathwise" })).collect();
    let sites: Vec<(&str, &str)> = sites.iter().map(|(site, e)| (site.as_str(), *e)).collect();
    let rows = vec![mixed(&sites, "rebar + pathwise"), mixed(&[("b", "nvil")], "nvil")];
    let text = comparison(&report(rows, None), Some(80), false);
    assert!(text.contains("plan      rebar + pathwise is layer0: rebar, layer1: pathwise,"), "{text}");
    assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
}

#[test]
fn no_variance_is_best_and_exact() {
    let text = comparison(&toy(), None, false);
    assert!(
        text.contains("★ enumeration")
            && text.contains("none, exact")
            && text.contains("(no variance at all)"),
        "{text}"
    );
}

#[test]
fn a_mean_that_is_no_number_is_not_exact() {
    let exact = [1.0, 2.0];
    let mut nan = row("muprop", &[f64::NAN, 2.0], Some(&exact), f64::NAN, f64::NAN, true, 1000);
    for gradient in nan.gradient.values_mut() {
        gradient.z = Some(vec![None, None]);
    }
    let text = comparison(&report(vec![nan], Some(&exact)), None, false);
    assert!(text.contains("undefined") && !text.contains("none, exact"), "{text}");
}

#[test]
fn many_coordinates_are_summarised() {
    let exact: Vec<f64> = (0..50).map(|i| 0.1 * f64::from(i)).collect();
    let mut off = exact.clone();
    off[7] += 1.0;
    let rows = vec![
        row("rebar", &exact, Some(&exact), 0.1, 1e-6, true, 1000),
        row("nvil", &off, Some(&exact), 0.2, 1e-6, true, 1000),
    ];
    let report = report(rows, Some(&exact));
    let text = comparison(&report, None, false);
    assert!(text.contains("‖∇‖ of 50") && text.contains("max |z| = 0.0 of 50"), "{text}");
    assert!(text.contains("none expected, but max |z| = 70.7 of 50"), "{text}");
    let text = gradient(&report, None, false);
    assert!(text.contains("theta: the first 20 of 50 elements are shown"), "{text}");
    assert!(text.contains("theta[19]") && !text.contains("theta[20]"));
}

#[test]
fn without_an_exact_answer_and_with_bad_numbers() {
    let mut rows = vec![
        row("rebar", &[f64::NAN], None, f64::INFINITY, f64::NAN, true, 1000),
        row("nvil", &[1.0], None, 0.0, 0.0, false, 1),
    ];
    rows[1].total_variance = None;
    rows[1].work_normalised_variance = None;
    rows[1].gradient.values_mut().for_each(|g| g.std_error = None);
    let text = comparison(&report(rows, None), None, false);
    assert!(text.contains("nan") && text.contains("1.000 ± ?") && text.contains("not known"), "{text}");
    let empty = report(Vec::new(), None);
    assert!(comparison(&empty, Some(80), false).contains("No estimator could run."));
    assert!(gradient(&empty, Some(80), false).contains("No estimate."));
}

#[test]
fn the_table_of_grad() {
    let mut report = toy();
    report.results.truncate(1);
    let text = gradient(&report, None, false);
    assert!(text.contains("b via score_function; K = 1, 3 evaluations per estimate, unbiased"), "{text}");
    assert!(
        text.contains("0.02431 ± 0.00040")
            && text.contains("-1.71")
            && text.contains("exact 0.2525 (by enumeration)"),
        "{text}"
    );
}

pub(crate) fn path(points: usize) -> OptimizationPath {
    let at = |i: usize| {
        let t = i as f64 / points.max(2) as f64;
        let noise = ((i * 7919 % 101) as f64 / 101.0 - 0.5) * 0.08;
        let parameters = BTreeMap::from([
            (
                "phi".to_string(),
                numbers(&[0.2 - 2.0 * t, -0.4 + (4.0 * t).tanh(), 1.0 - (6.0 * t).sin() * 0.5]),
            ),
            ("theta".to_string(), numbers(&[-2.5 * (1.0 - (-4.0 * t).exp())])),
        ]);
        PathPoint { step: i * 5, objective: Number(0.2 + 0.6 * (-5.0 * t).exp() + noise), parameters }
    };
    let history: Vec<PathPoint> = (0..points).map(at).collect();
    let tensor = |shape: &[usize], values: &[f64]| Tensor { shape: shape.to_vec(), values: numbers(values) };
    OptimizationPath {
        aleator: "0.1.0",
        file: "toy.scg".into(),
        seed: 0,
        steps: points.saturating_sub(1) * 5,
        optimizer: "adam".into(),
        lr: Number(0.01),
        plan: BTreeMap::from([("b".to_string(), "rebar(temperature=0.5)".to_string())]),
        measured: vec![SiteChoice {
            site: "b".into(),
            estimator: "rebar(temperature=0.5)".into(),
            candidates: vec![
                Candidate { estimator: "rebar(temperature=0.5)".into(), variance: Number(0.25), price: 400 },
                Candidate { estimator: "score_function".into(), variance: Number(7.5), price: 100 },
            ],
        }],
        fixed: vec!["phi".into()],
        history,
        rewards: Rewards::None,
        exact_method: None,
        exact_objective: None,
        exact_history: Vec::new(),
        parameters: BTreeMap::from([
            ("W".to_string(), tensor(&[2, 2], &[1.0, -0.25, 1e-7, 3.0])),
            ("phi".to_string(), tensor(&[40], &[0.5; 40])),
            ("theta".to_string(), tensor(&[], &[-2.4567])),
        ]),
        own_parameters: BTreeMap::new(),
    }
}

#[test]
fn the_summary_of_optimize() {
    let text = optimization(&path(200));
    assert!(
        text.starts_with("toy.scg: 995 steps of adam, lr 0.01, seed 0\n  b via rebar(temperature=0.5)\n"),
        "{text}"
    );
    assert!(
        text.contains("objective  0.6")
            && text.contains(" → 0.20")
            && text.contains('±')
            && text.contains('█')
            && text.contains('▁')
    );
    assert!(
        text.contains("theta = -2.457")
            && text
                .contains("\n  b via rebar(temperature=0.5): 0.250 × 400; next score_function: 7.50 × 100\n")
            && text.contains("\n  phi is fixed\n")
            && text.contains("W     = [[1.000, -0.2500], [1.000e-7, 3.000]]"),
        "{text}"
    );
    assert!(text.contains("… 32 more]  shape [40]"), "{text}");
    let mut bad = path(3);
    bad.history[1].objective = Number(f64::NAN);
    bad.history[2].objective = Number(f64::INFINITY);
    let text = optimization(&bad);
    assert!(text.contains("not finite at 2 of 3 points") && text.contains('×'), "{text}");
    assert!(optimization(&path(0)).contains("No step was taken."));
}

#[test]
fn names_of_elements() {
    assert_eq!(element_name("W", &[3, 2], 5), "W[2, 1]");
    assert_eq!(element_name("theta", &[], 0), "theta");
}

/// A run with looks at steps 0, 10, ...: held-out means with standard errors, and a bound that is better by 1 (rewards have none).
pub(crate) fn trained(estimator: &str, looks: &[(f64, f64)], reward: bool) -> TrainReport {
    let gradient = GradientStatistics { mean_variance: 1e-3, signal_to_noise: 0.25 };
    let noise = GradientStatistics { signal_to_noise: 0.0, ..gradient };
    let history: Vec<HistoryPoint> = looks
        .iter()
        .enumerate()
        .map(|(i, &(elbo, elbo_std_error))| HistoryPoint {
            step: 10 * i,
            elbo,
            elbo_std_error,
            bound: (!reward).then_some(elbo + 1.0),
            bound_std_error: (!reward).then_some(elbo_std_error),
            train_elbo: (i > 0).then_some(elbo - 0.5),
            seconds: 0.25 * i as f64,
            learning_rate: 1e-3,
            gradient: (i > 0).then_some(gradient),
            gradients: if i == 0 {
                BTreeMap::new()
            } else {
                (0..20).map(|t| (format!("w{t}"), if t == 1 { noise } else { gradient })).collect()
            },
            own: (0..400).map(|i| (format!("h{i:03}.coefficient"), 1.0 / 3.0)).collect(),
            accuracy: None,
            held_out: None,
        })
        .collect();
    let last = history.last().unwrap().clone();
    TrainReport {
        aleator: "0",
        model: "sbn".into(),
        description: "2 linear layers of 200 latents".into(),
        data: "digits".into(),
        estimator: estimator.into(),
        objective: "elbo".into(),
        judged_by: if reward { JudgedBy::Reward } else { JudgedBy::Bound },
        judged_on: JudgedOn::HeldOut,
        judged_at_the_end: JudgedOn::HeldOut,
        labels: Vec::new(),
        standardized: false,
        starts: None,
        choices: Vec::new(),
        unbiased: !estimator.starts_with("straight_through") && estimator != "nvil",
        rescaled: estimator == "nvil",
        seed: 0,
        steps: last.step,
        interrupted: false,
        error: None,
        batch: 100,
        samples: 1,
        parameters: 12_345,
        fixed: Vec::new(),
        own_parameters: BTreeMap::new(),
        optimizer: "adam".into(),
        lr: 1e-3,
        eval_samples: 100,
        eval_rows: 50,
        held_out: Some(HeldOut {
            rows: 297,
            samples: 100,
            elbo: last.elbo,
            elbo_std_error: last.elbo_std_error,
            bound: last.bound,
            bound_std_error: last.bound_std_error,
            accuracy: None,
        }),
        best: None,
        stopped_early: false,
        history,
        checkpoint: None,
        steps_per_second: 191.5518,
        seconds: 1.0,
        weights: (0..20)
            .map(|t| nn::Tensor {
                name: format!("w{t}"),
                shape: [64, 50].into(),
                values: Vec::new(),
                learned: true,
            })
            .collect(),
    }
}

fn widest(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

#[test]
fn training_fits_the_terminal() {
    let run = trained("rebar(temperature=0.5)", &[(-28.7812, 0.0181), (-21.8181, 0.000_112)], false);
    let text = training(&run, Some(80), false);
    assert!(widest(&text) <= 80, "{text}");
    for part in [
        "sbn on digits: 2 linear layers of 200 latents, 12345 parameters,\n  rebar(temperature=0.5) (unbiased),",
        "\n   0  -28.781   ± 0.018    -27.781   ± 0.018           -       -      -     0.0\n",
        "\n  10  -21.81810 ± 0.00011  -20.81810 ± 0.00011   -22.318  -6.908  0.250     0.2\n",
        "\nw0         [64, 50]  -6.908  0.250\nw1         [64, 50]  -6.908      -\n",
        "\nand 8 more; --json has all\n\nall 297 held-out rows, 100 samples each: -21.81810 ± 0.00011, bound -20.81810 ±\n  0.00011\n",
        "\nh007.coefficient = 0.33333\nand 392 more; --json has all\n192 steps a second\n",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert!(!text.contains("w12"));
    let astray =
        trained("nvil", &[(-28.7812, 0.0181), (-6.2614e21, 1.2e7), (f64::NAN, f64::INFINITY)], false);
    let text = training(&astray, Some(80), false);
    assert!(widest(&text) <= 80 && text.contains("-6.261e21 ± 1.2e7"), "{text}");
    let text = training(&trained("nvil", &[(15.9, 0.074)], true), None, false);
    assert!(
        text.contains("held-out reward") && !text.contains("bound") && !text.contains("gradients"),
        "{text}"
    );
}

#[test]
fn runs_side_by_side() {
    let looks = [(-28.0, 0.1), (-22.0, 0.1)];
    let long = trained("rebar(temperature=0.5, relaxation=mean_field)", &looks, false);
    let best = trained("straight_through", &[(-28.0, 0.1), (-21.0, 0.1)], false);
    let mut stopped = trained("nvil", &[(-28.0, 0.1), (-20.5, 0.1)], false);
    (stopped.interrupted, stopped.held_out, stopped.steps) = (true, None, 17);
    let text =
        training_comparison(&[stopped, long, best], &["muprop".into(), "vimco".into()], Some(80), false);
    assert!(widest(&text) <= 80, "{text}");
    let line = |start: &str| text.lines().position(|l| l.starts_with(start)).unwrap();
    assert!(line("straight_through") < line("rebar") && line("rebar") < line("nvil (interrupted)"));
    for part in [
        "BIASED     -21.000  -20.000   -21.500  -6.908      192",
        "rescaled   -20.500  -19.500   -21.000",
        "nvil was interrupted after step 17; its numbers are of step 10, from 50 held-out",
        "not started: muprop, vimco",
    ] {
        assert!(text.contains(part), "{part}");
    }
}

/// One estimator, one word: what is rescaled is not called biased.
#[test]
fn what_is_rescaled_is_called_so() {
    let [nvil, straight] = ["nvil", "straight_through"].map(|name| trained(name, &[(-100.0, -99.0)], false));
    let of = |report: &TrainReport| training(report, None, false).lines().take(3).collect::<String>();
    assert!(of(&nvil).contains("nvil (rescaled)"), "{}", of(&nvil));
    assert!(of(&straight).contains("straight_through (BIASED)"), "{}", of(&straight));
}
