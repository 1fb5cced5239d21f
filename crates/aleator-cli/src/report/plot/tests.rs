use std::collections::BTreeMap;
use std::path::Path;

use aleator::diagnostics::{Number, Row};
use proptest::prelude::*;
use resvg::usvg;

use super::axis::Axis;
use super::*;
use crate::report::table::tests::{path, report, row, toy, trained};

/// With `ALEATOR_LOOK=DIR` in the environment, leaves the picture there to be looked at.
pub(crate) fn look_at(name: &str, svg: &str) {
    if let Some(directory) = std::env::var_os("ALEATOR_LOOK") {
        for extension in ["svg", "png"] {
            write_plot(&Path::new(&directory).join(format!("{name}.{extension}")), svg).unwrap();
        }
    }
}

fn assert_picture(svg: &str) {
    assert!(usvg::Tree::from_str(svg, &usvg::Options::default()).is_ok(), "{svg}");
    assert!(!svg.contains("NaN"));
}

#[test]
fn variance_and_bias() {
    let svg = comparison_svg(&toy()).unwrap();
    look_at("comparison", &svg);
    assert_picture(&svg);
    // The exact zero is drawn at the edge of the axis, and said.
    assert!(svg.contains(">\n0\n<") && svg.contains("10⁻²"), "{svg}");
    assert_eq!(svg.matches("<title>").count(), 8);
    for part in [
        "toy.scg",
        "Variance of one estimate",
        "mean − exact",
        "straight_through",
        "★",
        "logarithmic",
        ">\nbiased\n<",
    ] {
        assert!(svg.contains(part), "{part}");
    }
}

#[test]
fn many_coordinates_and_no_exact() {
    let exact: Vec<f64> = (0..50).map(|i| 0.1 * f64::from(i)).collect();
    let mean: Vec<f64> = exact.iter().enumerate().map(|(i, x)| x + 0.004 * (i as f64).sin()).collect();
    let off: Vec<f64> = exact.iter().map(|x| x + 0.01).collect();
    let rows = |exact: Option<&[f64]>| {
        vec![
            row("reinforce_loo + pathwise", &mean, exact, 0.1, 1e-6, true, 1000),
            row("straight_through_gumbel_softmax + pathwise", &off, exact, 0.2, 1e-6, false, 1000),
        ]
    };
    let svg = comparison_svg(&report(rows(Some(&exact)), Some(&exact))).unwrap();
    look_at("comparison-many", &svg);
    assert!(svg.contains("‖mean − exact‖"));
    let svg = comparison_svg(&report(rows(None), None)).unwrap();
    look_at("comparison-no-exact", &svg);
    assert!(svg.contains("Variance × time"));
    assert_picture(&comparison_svg(&report(Vec::new(), None)).unwrap());
}

#[test]
fn the_path_of_an_optimisation() {
    let svg = optimization_svg(&path(400)).unwrap();
    look_at("optimization", &svg);
    assert_picture(&svg);
    for part in ["objective", "step", "moving mean", "phi[2]", "theta", "1995 steps of adam"] {
        assert!(svg.contains(part), "{part}");
    }
    assert_picture(&optimization_svg(&path(0)).unwrap());
    assert_picture(&optimization_svg(&path(1)).unwrap());
    let mut large = path(5);
    for point in &mut large.history {
        point.parameters = BTreeMap::from([(
            "W".to_string(),
            (0..300).map(|i| Number(f64::from(i) * point.step as f64)).collect(),
        )]);
    }
    assert!(optimization_svg(&large).unwrap().contains("10 of 300 that moved most"));
}

#[test]
fn several_optimisations_have_means_and_bands() {
    let mut exact = path(200);
    exact.exact_history = (0..20).map(|i| (i * 50, Number(0.2 + 0.5 / (1.0 + i as f64)))).collect();
    let one = optimization_svg(&exact).unwrap();
    look_at("optimization-exact", &one);
    assert!(one.contains(">\nexact\n<"));
    let mut other = path(200);
    other.plan.insert("b".into(), "score_function".into());
    let noisy = |path: &aleator::diagnostics::OptimizationPath, by: f64| {
        let mut path = path.clone();
        path.history.iter_mut().for_each(|p| p.objective.0 += by);
        path
    };
    let groups = vec![
        vec![exact.clone(), noisy(&exact, 0.1), noisy(&exact, -0.05)],
        vec![noisy(&other, 0.5), noisy(&other, 0.7), other.clone()],
    ];
    let svg = optimizations_svg(&groups).unwrap();
    look_at("optimizations", &svg);
    assert_picture(&svg);
    assert_eq!(svg.matches("<polygon").count(), 2);
    // The exact objective of the plan whose runs all have it.
    assert!(svg.contains("rebar(temperature=0.5), exact") && !svg.contains("score_function, exact"));
    let single = optimizations_svg(&[vec![exact], vec![other]]).unwrap();
    assert!(single.contains("rebar(temperature=0.5), exact") && !single.contains("<polygon"));
    assert!(optimizations_svg(&[]).is_err());
    let mut broken = path(3);
    broken.history[1].objective = Number(f64::NAN);
    assert_picture(&optimizations_svg(&[vec![broken.clone(), path(3)], vec![path(1), broken]]).unwrap());
}

#[test]
fn training_of_one_and_of_several() {
    let looks: Vec<_> = (0..30).map(|i| (-20.0 - 8.0 * (-f64::from(i) / 5.0).exp(), 0.01)).collect();
    let one = trained("rebar(temperature=0.5)", &looks, false);
    let svg = training_svg(std::slice::from_ref(&one)).unwrap();
    look_at("training", &svg);
    assert_picture(&svg);
    for part in
        ["rebar(temperature=0.5) (unbiased), K = 1;", "nats", "ln variance", "held-out bound, K = 100"]
    {
        assert!(svg.contains(part), "{part}");
    }
    let svg = training_svg(&[trained("reinforce_loo", &looks, true)]).unwrap();
    look_at("training-reward", &svg);
    assert!(svg.contains("reward") && !svg.contains("nats") && !svg.contains("bound"));
    let names = [
        "rebar(temperature=0.5, relaxation=mean_field)",
        "rebar(temperature=0.1, relaxation=mean_field)",
        "score_function(baseline=moving_average, decay=0.9)",
        "straight_through",
    ];
    let several: Vec<_> = names.iter().map(|name| trained(name, &looks, false)).collect();
    let svg = training_svg(&several).unwrap();
    look_at("training-comparison", &svg);
    assert_picture(&svg);
    for name in
        ["rebar(temperature=0.5)", "rebar(temperature=0.1)", "score_function", "straight_through (biased)"]
    {
        assert_eq!(svg.matches(&format!("\n{name}\n")).count(), 1, "{name}");
    }
    assert!(training_svg(&[]).is_err());
}

#[test]
fn lines_of_any_kind() {
    let decay: Vec<_> =
        (0..5000).map(|i| (f64::from(i), 1e3 * (-f64::from(i) / 400.0).exp() + 1e-3)).collect();
    let gap = vec![
        (0.0, 1.0),
        (1000.0, f64::NAN),
        (2000.0, 10.0),
        (3000.0, f64::INFINITY),
        (4000.0, 5.0),
        (4500.0, 2.0),
    ];
    let svg = lines_svg("Loss <& co>", "step", "loss", &[("training", decay), ("test", gap)]).unwrap();
    look_at("lines", &svg);
    assert_picture(&svg);
    assert!(svg.contains("logarithmic") && svg.contains("Loss &lt;&amp; co&gt;"));
    assert!(svg.len() < 60_000, "{}", svg.len());
    assert!(lines_svg("", "", "", &[("none", vec![(0.0, f64::NAN)])]).unwrap().contains("no finite values"));
}

#[test]
fn axes_are_round() {
    let axis = Axis::linear([0.0, 0.93].into_iter(), 5);
    assert_eq!(
        axis.ticks.iter().map(|t| axis.label(*t)).collect::<Vec<_>>(),
        ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    );
    let axis = Axis::for_dots([0.0, 1e-7, 3e-3].into_iter());
    assert!(axis.log && axis.label(-7.0) == "10⁻⁷" && axis.label(0.0) == "1" && axis.label(12.0) == "10¹²");
    let narrow = Axis::for_dots([3e-3, 4e-3].into_iter());
    let labels: Vec<_> = narrow.ticks.iter().map(|t| narrow.label(*t)).collect();
    assert_eq!(labels, ["3·10⁻³", "4·10⁻³", "5·10⁻³"]);
}

#[test]
fn pixels_have_text() {
    let blank = to_png(r##"<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"/>"##).unwrap();
    let word = to_png(r##"<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><text y="15" font-family="No Such Font">abc</text></svg>"##).unwrap();
    assert!(
        blank.starts_with(b"\x89PNG") && word.len() > blank.len() + 100,
        "{} {}",
        blank.len(),
        word.len()
    );
    assert!(to_png("not a picture").is_err());
    to_png(r##"<svg xmlns="http://www.w3.org/2000/svg" width="300" height="400000"/>"##).unwrap();
}

#[test]
fn the_extension_decides() {
    let directory = std::env::temp_dir().join(format!("aleator-plot-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let svg = lines_svg("t", "x", "y", &[]).unwrap();
    write_plot(&directory.join("a.SVG"), &svg).unwrap();
    write_plot(&directory.join("a.png"), &svg).unwrap();
    assert!(std::fs::read(directory.join("a.png")).unwrap().starts_with(b"\x89PNG"));
    assert!(write_plot(&directory.join("a.pdf"), &svg).unwrap_err().contains(".svg or .png"));
    assert!(write_plot(&directory.join("no/such/a.svg"), &svg).unwrap_err().contains("cannot write"));
    std::fs::remove_dir_all(directory).unwrap();
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        Just(0.0),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        -10.0..10.0f64
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn any_numbers_can_be_drawn(rows in prop::collection::vec((any_number(), any_number(), any_number(), any::<bool>()), 1..6), exact in any_number()) {
        let rows: Vec<Row> = rows
            .into_iter()
            .map(|(mean, variance, seconds, unbiased)| row("nvil", &[mean], Some(&[exact]), variance, seconds, unbiased, 10))
            .collect();
        let lines: Vec<(f64, f64)> = rows.iter().map(|r| (r.seconds_per_estimate.0, r.gradient["theta"].mean[0].0)).collect();
        let report = report(rows, Some(&[exact]));
        assert_picture(&comparison_svg(&report).unwrap());
        assert_picture(&lines_svg("t", "x", "y", &[("a", lines)]).unwrap());
        super::super::comparison(&report, Some(100), true);
        super::super::gradient(&report, None, false);
    }
}
