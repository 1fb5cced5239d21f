use super::*;
use crate::report::spread;
use crate::report::table::tests::{path, toy, trained};

fn origin(command: &str) -> Origin {
    Origin { command: command.into(), version: "0.1.0".into(), seed: 7 }
}

const GRAPH: &str = "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><title>g</title></svg>";

/// A page is one file: nothing is fetched and nothing runs.
fn assert_alone(html: &str) {
    for part in
        ["<script", "<link", "@import", "url(", " src=", " href=", "<iframe", " onload", " onclick", "<?xml"]
    {
        assert!(!html.contains(part), "{part}");
    }
    let addresses =
        html.matches("http").count() - html.matches("xmlns=\"http://www.w3.org/2000/svg\"").count();
    assert_eq!(addresses, 0);
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("prefers-color-scheme: dark"));
}

#[test]
fn the_page_of_compare() {
    let html = comparison_page(&toy(), GRAPH, origin("aleator compare toy.scg --seed 7")).unwrap();
    assert_alone(&html);
    for part in [
        "aleator compare toy.scg --seed 7",
        "seed 7",
        "Best: enumeration: unbiased",
        "<tr class=\"marked\"><th scope=\"row\">★ enumeration</th>",
        "gumbel_softmax: biased, K = 1",
        "Formulas",
        "width=device-width",
    ] {
        assert!(html.contains(part), "{part}");
    }
    if let Some(directory) = std::env::var_os("ALEATOR_LOOK") {
        std::fs::write(std::path::Path::new(&directory).join("comparison.html"), &html).unwrap();
    }
}

#[test]
fn the_page_of_optimize() {
    let html = optimization_page(&[vec![path(100)]], GRAPH, origin("aleator optimize toy.scg")).unwrap();
    assert_alone(&html);
    assert!(html.contains("Optimisation of toy.scg") && html.contains("final parameters"));
    let runs = vec![vec![path(100), path(90)], vec![path(100), path(100)]];
    let html = optimization_page(&runs, GRAPH, origin("aleator optimize toy.scg --seeds 2")).unwrap();
    assert_alone(&html);
    assert!(html.contains("2 seeds"));
    assert!(optimization_page(&[], GRAPH, origin("")).is_err());
}

#[test]
fn the_page_of_train() {
    let looks = [(-9.0, 0.1), (-4.5, 0.1), (-3.25, 0.1)];
    let one = trained("rebar(temperature=0.5)", &looks, false);
    let html = training_page(&one, Some(GRAPH), origin("aleator train sbn")).unwrap();
    assert_alone(&html);
    for part in [
        "aleator train sbn",
        "Training of sbn",
        "12345 parameters, rebar(temperature=0.5) (unbiased)",
        "<th scope=\"col\">held-out mean</th>",
        // What the curves say on hover.
        "<title>step 20: held-out mean -3.25",
        "The graph",
        "Formulas",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    let page = training_page(&one, None, origin("")).unwrap();
    assert!(!page.contains("The graph"), "a built-in model has none");
    let runs = [one, trained("nvil", &looks, false), trained("nvil", &[(-9.0, 0.1), (-2.0, 0.1)], false)];
    let skipped = [("lax".to_string(), "needs a relaxation".to_string())];
    let several = Several { spreads: &[], skipped: &skipped, not_started: &["muprop".into()] };
    let html = training_runs_page(&runs, &several, None, origin("aleator train --compare")).unwrap();
    assert_alone(&html);
    for part in ["3 runs", "needs a relaxation", "Not started: muprop.", "step 20: rebar", "(rescaled)"] {
        assert!(html.contains(part), "{part}");
    }
    let spreads = [spread("nvil", &[&runs[1], &runs[2]]).unwrap()];
    let several = Several { spreads: &spreads, ..several };
    let html = training_runs_page(&runs[1..], &several, None, origin("")).unwrap();
    assert_alone(&html);
    assert!(html.contains("standard deviation between seeds") && html.contains("Each run"));
    assert!(training_runs_page(&[], &several, None, origin("")).is_err());
}

/// Names come from files of strangers.
#[test]
fn hostile_names_are_escaped() {
    let hostile = "</style></title><script>alert(1)</script><img src=x onerror=alert(1)>&\"'\u{0}\u{202e}";
    let mut report = toy();
    report.file = hostile.into();
    for row in &mut report.results {
        row.estimator = hostile.into();
        row.plan = [(hostile.to_string(), hostile.to_string()), ("b".into(), "rebar".into())].into();
        let estimate = row.gradient.remove("theta").unwrap();
        row.gradient.insert(hostile.into(), estimate);
    }
    report.skipped[0].reason = hostile.into();
    report.skipped[0].estimator = hostile.into();
    report.warnings.push(hostile.into());
    let html = comparison_page(&report, GRAPH, origin(hostile)).unwrap();
    let mut run = path(80);
    run.file = hostile.into();
    run.optimizer = hostile.into();
    run.plan = [(hostile.to_string(), hostile.to_string())].into();
    let value = run.parameters.remove("phi").unwrap();
    run.parameters.insert(hostile.into(), value);
    let one = optimization_page(&[vec![run.clone()]], GRAPH, origin(hostile)).unwrap();
    let several = optimization_page(&[vec![run.clone()], vec![run]], GRAPH, origin(hostile)).unwrap();
    let mut run = trained("rebar", &[(-9.0, 0.1), (-4.5, 0.1)], false);
    for text in [&mut run.model, &mut run.description, &mut run.data, &mut run.estimator] {
        *text = hostile.into();
    }
    run.error = Some(hostile.into());
    let trained = training_page(&run, Some(GRAPH), origin(hostile)).unwrap();
    let beside = Several {
        spreads: &[spread(hostile, &[&run]).unwrap()],
        skipped: &[(hostile.into(), hostile.into())],
        not_started: &[hostile.into()],
    };
    let runs = training_runs_page(&[run.clone(), run], &beside, None, origin(hostile)).unwrap();
    for html in [html, one, several, trained, runs] {
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains('\u{0}'), "{html}");
        assert_eq!(html.matches("</style>").count(), 1);
        assert_eq!(html.matches("</title></head>").count() + html.matches("</title><style>").count(), 1);
    }
}
