//! The gallery: every file of examples/ against its known answer (`data/gallery.py`), with the automatic choice and two more
//! estimators.
//!
//! An exact answer must agree with the known one to 1e-9. A mean over replicates may differ from it by 5 standard errors: a right
//! estimator exceeds that once in 1.7 million coordinates, and there are about 1200 coordinates here; the seeds are fixed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use aleator::diagnostics::{Compare, Exact, ExactAnswer, compare, exact, grad, inspect};
use aleator::language::{Commands, Loading, Model, estimator_named, load_with, parse_set};
use aleator::plan::Plan;
use serde_json::Value;

const RELATIVE: f64 = 1e-9;
const STANDARD_ERRORS: f64 = 5.0;

/// Continuous draws with a jump, and those of more dimensions than a quadrature can have.
const WITHOUT_EXACT_ANSWER: [&str; 6] = [
    "activity_network.scg",
    "barrier_option.scg",
    "bayesian_logistic_regression.scg",
    "digital_option.scg",
    "evolution_strategies.scg",
    "facility_sizing.scg",
];
/// Those with hundreds of rows of data.
const SLOW: [&str; 3] = ["bayesian_logistic_regression.scg", "discrete_vae.scg", "hard_attention.scg"];

const GROUPS: [&str; 4] =
    ["machine learning", "operations research and finance", "science and simulation", "teaching"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

/// One row of the table.
struct Answer {
    file: String,
    objective: f64,
    gradient: BTreeMap<String, Vec<f64>>,
    settings: Vec<String>,
    estimators: Vec<String>,
    stated: Vec<String>,
    commands: bool,
}

impl Answer {
    fn of(row: &Value) -> Self {
        let texts = |key: &str| row[key].as_array().unwrap().iter().map(text).collect();
        let gradient = row["gradient"].as_object().unwrap().iter().map(|(name, tensor)| {
            let values = tensor["values"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap());
            (name.clone(), values.collect())
        });
        Answer {
            file: text(&row["file"]),
            objective: row["objective"].as_f64().unwrap(),
            gradient: gradient.collect(),
            settings: texts("settings"),
            estimators: texts("estimators"),
            stated: texts("stated"),
            commands: row["commands"].as_bool().unwrap(),
        }
    }

    fn source(&self) -> String {
        std::fs::read_to_string(folder().join(&self.file)).unwrap()
    }

    fn load(&self) -> Model {
        let settings: Vec<_> = self.settings.iter().map(|text| parse_set(text).unwrap()).collect();
        let commands = match self.commands {
            true => Commands::Allowed { timeout: Duration::from_secs(60) },
            false => Commands::Refused,
        };
        let folder = folder();
        let loading = Loading { folder: Some(&folder), settings: &settings, commands, ..Loading::default() };
        load_with(&self.source(), &loading).unwrap_or_else(|error| panic!("{}: {error:?}", self.file))
    }

    /// Many where sampling is all that tells, few where an estimate takes long, and two where it has no variance.
    fn replicates(&self, plan: &Plan) -> usize {
        let is_in = |files: &[&str]| files.contains(&self.file.as_str());
        match (plan.name().as_str(), is_in(&SLOW), is_in(&WITHOUT_EXACT_ANSWER)) {
            ("enumeration", ..) => 2,
            (_, true, true) => 2000,
            (_, true, false) => 200,
            (_, false, true) => 200_000,
            (_, false, false) => 3000,
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_string()
}

fn answers() -> Vec<Answer> {
    let table: Value = serde_json::from_str(include_str!("data/gallery.json")).unwrap();
    table.as_array().unwrap().iter().map(Answer::of).collect()
}

/// The rows that can run here: a program in Python needs Python.
fn runnable() -> Vec<Answer> {
    let python = Command::new("python3").arg("--version").output().is_ok_and(|run| run.status.success());
    let (rows, left): (Vec<_>, Vec<_>) = answers().into_iter().partition(|row| python || !row.commands);
    left.iter().for_each(|row| eprintln!("{} is left out: there is no python3", row.file));
    rows
}

fn near(got: f64, want: f64) -> bool {
    (got - want).abs() <= RELATIVE * want.abs().max(1.0)
}

/// The gradient by parameter: what is known, and for other parameters what the exact answer says.
fn expected(answer: &Answer, exact: &Exact) -> BTreeMap<String, Vec<f64>> {
    let values = |tensor: &aleator::diagnostics::Tensor| tensor.values.iter().map(|x| x.0).collect();
    let mut all: BTreeMap<String, Vec<f64>> =
        exact.gradient.iter().map(|(name, tensor)| (name.clone(), values(tensor))).collect();
    all.extend(answer.gradient.clone());
    all
}

#[test]
fn every_example_has_an_answer_and_every_answer_an_example() {
    let rows: BTreeSet<String> = answers().into_iter().map(|row| row.file).collect();
    let files: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".scg"))
        .collect();
    assert_eq!(rows, files);
    assert!(files.len() >= 25);
    for file in &files {
        let name = file.trim_end_matches(".scg");
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit()), "{file}");
    }
}

#[test]
fn check_has_nothing_to_warn_of() {
    for row in answers() {
        let model = row.load();
        let plan = Plan::choose(&model.graph, &[], None).unwrap();
        let found = inspect(&model.graph, &plan).unwrap();
        let messages: Vec<&str> = found.lints.iter().map(|lint| lint.message.as_str()).collect();
        assert!(messages.is_empty(), "{}: {messages:?}", row.file);
    }
}

#[test]
fn exact_answers_are_the_known_ones() {
    for row in runnable() {
        let got = exact(&row.load().graph).unwrap();
        let Some(objective) = got.objective else {
            assert!(WITHOUT_EXACT_ANSWER.contains(&row.file.as_str()), "{}: {:?}", row.file, got.unknown);
            continue;
        };
        assert!(near(objective.0, row.objective), "{}: {} {}", row.file, objective.0, row.objective);
        for (name, want) in &row.gradient {
            let tensor = got.gradient.get(name).unwrap_or_else(|| panic!("{}: no {name}", row.file));
            assert_eq!(tensor.values.len(), want.len(), "{}: {name}", row.file);
            for (i, (got, want)) in tensor.values.iter().zip(want).enumerate() {
                assert!(near(got.0, *want), "{}: {name} {i}: {} {want}", row.file, got.0);
            }
        }
    }
}

#[test]
fn the_automatic_choice_and_two_more_estimators_agree() {
    for row in runnable() {
        let graph = row.load().graph;
        let expected = expected(&row, &exact(&graph).unwrap());
        assert_eq!(row.estimators.len(), 2, "{}", row.file);
        let named = |name: &String| {
            let estimator = estimator_named(name).unwrap();
            // Where a site cannot have it, the automatic choice stays.
            let overrides: Vec<_> = inspect(&graph, &Plan::choose(&graph, &[], None).unwrap())
                .unwrap()
                .sites
                .iter()
                .map(|site| site.can_serve.contains(&name.as_str()).then(|| Arc::clone(&estimator)))
                .collect();
            assert!(overrides.iter().any(Option::is_some), "{}: {name} serves no site", row.file);
            Plan::choose(&graph, &overrides, None).unwrap()
        };
        let automatic = Plan::choose(&graph, &[], None).unwrap();
        for plan in std::iter::once(automatic).chain(row.estimators.iter().map(named)) {
            let how = Compare::all().replicates(row.replicates(&plan)).seed(7).exact(ExactAnswer::No);
            let report = grad(&graph, &plan, &how, &row.file, &|_, _| {}).unwrap();
            let [result] = &report.results[..] else { panic!("{}: not one row", row.file) };
            let label = format!("{} by {}", row.file, result.estimator);
            assert!(result.unbiased, "{label}");
            let within = |what: &str, mean: f64, error: f64, want: f64| {
                let allowed =
                    STANDARD_ERRORS * error + RELATIVE * want.abs().max(row.objective.abs()).max(1.0);
                assert!((mean - want).abs() <= allowed, "{label}, {what}: {mean} ± {error}, not {want}");
            };
            let objective = result.objective;
            within("the objective", objective.mean.0, objective.std_error.unwrap().0, row.objective);
            for (name, want) in &expected {
                let got = &result.gradient[name];
                assert_eq!(got.mean.len(), want.len(), "{label}: {name}");
                let errors = got.std_error.as_ref().unwrap();
                for i in 0..want.len() {
                    within(&format!("{name} {i}"), got.mean[i].0, errors[i].0, want[i]);
                }
            }
        }
    }
}

#[test]
fn compare_shows_rows_that_differ() {
    for row in runnable() {
        let replicates = if SLOW.contains(&row.file.as_str()) { 3 } else { 30 };
        let how = Compare::all().replicates(replicates).exact(ExactAnswer::No);
        let report = compare(&row.load().graph, &how, &row.file, &|_, _| {}).unwrap();
        assert!(report.results.len() >= 4, "{}: {} rows", row.file, report.results.len());
        let variances: BTreeSet<String> =
            report.results.iter().map(|r| format!("{:?}", r.total_variance.map(|v| v.0))).collect();
        assert!(variances.len() >= 2, "{}: {variances:?}", row.file);
        assert!(report.best.is_some(), "{}", row.file);
    }
}

/// The header is a sentence, and the fields that the book prints; its answer is the known one.
#[test]
fn headers_say_what_is_known() {
    for row in answers() {
        let source = row.source();
        let header: Vec<&str> = source.lines().take_while(|line| line.starts_with('#')).collect();
        assert!(source.lines().count() <= 45, "{}: too long", row.file);
        assert!(
            header[0].starts_with("# ") && header[0].ends_with(['.', '?']),
            "{}: {}",
            row.file,
            header[0]
        );
        assert_eq!(header[1], "#", "{}", row.file);
        let field = |name: &str| {
            let start = format!("# {name}: ");
            let at = header.iter().position(|line| line.starts_with(&start));
            let at = at.unwrap_or_else(|| panic!("{}: the header has no `{name}:`", row.file));
            let rest = header[at + 1..].iter().take_while(|line| line.starts_with("#   "));
            rest.fold(header[at][start.len()..].to_string(), |text, line| format!("{text} {}", &line[4..]))
        };
        assert!(GROUPS.contains(&field("For").as_str()), "{}: {}", row.file, field("For"));
        assert!(field("From").len() > 20 && field("Look at").len() > 80, "{}", row.file);
        let answer = field("Answer");
        for number in &row.stated {
            assert!(
                answer.contains(number.as_str()) || field("From").contains(number.as_str()),
                "{}: {number}",
                row.file
            );
        }
        if row.settings.is_empty() {
            assert!(
                states(&answer, row.objective.abs()),
                "{}: {} is not in: {answer}",
                row.file,
                row.objective
            );
        }
    }
}

/// Whether a text has this number, rounded to the decimals that it is written with (at least one).
fn states(text: &str, number: f64) -> bool {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.')).any(|word| {
        let word = word.trim_end_matches('.');
        let Some((_, decimals)) = word.split_once('.') else { return false };
        !decimals.is_empty() && format!("{number:.*}", decimals.len()) == word
    })
}

#[test]
fn a_number_is_found_as_it_is_rounded() {
    assert!(states("E = 2.84: so", 2.8449));
    assert!(states("at 12.25.", 12.25));
    assert!(!states("E = 2.85", 2.8449));
    assert!(!states("E = 3", 2.8449));
}
