//! Training a graph of one's own: minibatches, evaluation against the exact objective, resuming, comparing.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use aleator::data::{Dataset, Rows};
use aleator::estimators::Estimator;
use aleator::prelude::*;
use aleator::train::{
    Column, JudgedBy, JudgedOn, OwnGraph, RowsOf, Settings, TrainConfig, TrainReport, rows_of, train,
    train_compare,
};

const COUNT: usize = 24;

fn columns() -> Vec<Column> {
    let column = |name: &str, width| Column { name: name.into(), width };
    vec![column("x", 2), column("y", 1)]
}

/// b ~ Bernoulli(logits = x·w) for each row, at a cost of mean (b − y)².
fn own(columns: Vec<Column>) -> OwnGraph {
    OwnGraph::new("own", "own 1", columns, |batch, seed| {
        let n = batch.unwrap_or(0);
        let g = Graph::new();
        let (x, y) = (g.data("x", [n, 2], vec![0.0; 2 * n]), g.data("y", [n], vec![0.0; n]));
        let w = g.param_tensor("w", [2], vec![0.1 + seed as f64, -0.2]);
        let b = g.sample("b", Bernoulli::from_logits((x * w).sum_last(1)));
        g.cost("loss", (b - y).square().mean_axes(-1));
        Ok(g)
    })
}

/// Rows whose first number is their index; y differs from 0 and 1 and depends on the second number.
fn rows() -> (Vec<f64>, Vec<f64>) {
    let x = (0..COUNT).flat_map(|i| [i as f64 / 10.0, (1.3 * i as f64).sin()]).collect();
    let y = (0..COUNT).map(|i| 0.1 + 0.8 * f64::from(u8::from((1.3 * i as f64).sin() > 0.0))).collect();
    (x, y)
}

fn data(share: Option<f64>) -> Arc<Dataset> {
    let (x, y) = rows();
    let all = [
        RowsOf { name: "x".into(), width: 2, values: &x },
        RowsOf { name: "y".into(), width: 1, values: &y },
    ];
    let (found, rows) = rows_of(&all).unwrap();
    assert_eq!(found, columns());
    let (train, held_out) = match share {
        Some(share) => rows.split(share, 0).unwrap(),
        None => (rows, Rows { values: Vec::new(), width: 3 }),
    };
    Arc::new(Dataset { name: "rows".into(), train, held_out, image: None, dynamic: false })
}

fn config(share: Option<f64>) -> TrainConfig {
    TrainConfig { steps: 40, batch: 5, eval_samples: 4000, ..TrainConfig::new(own(columns()), data(share)) }
}

fn run(config: &TrainConfig) -> TrainReport {
    train(config, &|_| ControlFlow::Continue(())).unwrap()
}

/// The mean over rows of E (b − y)², by hand.
fn exactly(rows: &Rows, w: &[f64]) -> f64 {
    let each = rows.values.chunks(3).map(|row| {
        let [x0, x1, y] = [0, 1, 2].map(|i| f64::from(row[i]));
        let p = 1.0 / (1.0 + (-(x0 * w[0] + x1 * w[1])).exp());
        p * (1.0 - y).powi(2) + (1.0 - p) * y * y
    });
    each.sum::<f64>() / rows.count() as f64
}

#[test]
fn an_evaluation_is_the_objective_of_the_rows() {
    // 20 training rows are whole minibatches of 5; of 4 held-out rows there is one minibatch of 4.
    for (share, on) in [(None, JudgedOn::Training), (Some(1.0 / 6.0), JudgedOn::HeldOut)] {
        let config = TrainConfig { batch: if share.is_some() { 5 } else { 6 }, ..config(share) };
        let report = run(&config);
        assert_eq!((report.judged_by, report.judged_on), (JudgedBy::NegativeObjective, on));
        let rows = if share.is_some() { &config.data.held_out } else { &config.data.train };
        let (first, last) = (&report.history[0], report.history.last().unwrap());
        for (point, w) in [(first, &[0.1, -0.2][..]), (last, &report.weights[0].values[..])] {
            let z = (-point.elbo - exactly(rows, w)) / point.elbo_std_error;
            assert!(point.elbo_std_error > 0.0 && z.abs() < 5.0, "{share:?} {}: {z}", point.step);
            assert_eq!(point.bound, None);
        }
        assert_eq!(report.held_out.unwrap().rows, rows.count());
        // The objective falls on the rows of training, and what is learned from them holds for others.
        for rows in [&config.data.train, rows] {
            let (before, after) = (exactly(rows, &[0.1, -0.2]), exactly(rows, &report.weights[0].values));
            assert!(after < before, "{share:?}: from {before} to {after}");
        }
    }
}

#[test]
fn every_row_is_used_once_in_a_pass() {
    // The gradient of the cost mean x is the mean of the rows: after a pass with sgd, w has moved by the mean of all rows.
    let columns = vec![Column { name: "x".into(), width: 1 }];
    let graph = OwnGraph::new("mean", "", columns, |batch, _| {
        let g = Graph::new();
        let x = g.data("x", [batch.unwrap_or(0)], vec![0.0; batch.unwrap_or(0)]);
        g.cost("loss", (g.param("w", 0.0) * x).mean_axes(-1));
        Ok(g)
    });
    let values: Vec<f32> = (0..20).map(|i| (1 << i) as f32).collect();
    let held_out = Rows { values: Vec::new(), width: 1 };
    let data = Dataset {
        name: "powers".into(),
        train: Rows { values, width: 1 },
        held_out,
        image: None,
        dynamic: false,
    };
    let usual = TrainConfig::new(graph, Arc::new(data));
    assert_eq!(usual.batch, 20);
    let config =
        TrainConfig { batch: 4, steps: 5, optimizer: "sgd".into(), learning_rate: Some(1.0), ..usual };
    // A sum of different powers of two says which rows there were.
    assert_eq!(run(&config).weights[0].values[0], -f64::from((1 << 20) - 1) / 4.0);
}

#[test]
fn a_resumed_run_has_the_same_bits() {
    let path = std::env::temp_dir().join(format!("aleator-train-graph-{}.safetensors", std::process::id()));
    let whole = config(Some(0.25));
    let expected = run(&whole);
    let saved = TrainConfig { checkpoint: Some(path.clone()), checkpoint_every: Some(1), ..whole.clone() };
    let stopped = train(&saved, &|p| {
        if p.step == 17 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(stopped.unwrap().interrupted);
    let resumed = run(&TrainConfig { resume: Some(path.clone()), ..saved.clone() });
    assert_eq!(resumed.weights, expected.weights);
    let elbos = |report: &TrainReport| report.history.iter().map(|p| p.elbo).collect::<Vec<_>>();
    assert_eq!(elbos(&resumed), elbos(&expected));
    // Another graph, other rows, another estimator: not the same run.
    let other = OwnGraph::new("own", "own 2", columns(), |_, _| Ok(Graph::new()));
    let estimator: Arc<dyn Estimator> = Arc::new(ReinforceLoo);
    for (changed, reason) in [
        (TrainConfig { data: data(Some(0.5)), ..saved.clone() }, "other data"),
        (TrainConfig { estimator: Some(estimator), ..saved.clone() }, "estimator"),
    ] {
        let on = TrainConfig { resume: Some(path.clone()), ..changed };
        let error = train(&on, &|_| ControlFlow::Continue(())).unwrap_err().to_string();
        assert!(error.contains("it belongs to another run") && error.contains(reason), "{error}");
    }
    assert!(other.build(3, 0).unwrap_err().to_string().contains("no such data"));
    fs::remove_file(path).unwrap();
}

#[test]
fn estimators_are_compared_on_a_graph() {
    let named = |name: &str| aleator::language::estimator_named(name).unwrap();
    let config = TrainConfig { eval_samples: 20, ..config(Some(0.25)) };
    let estimators = [named("reinforce_loo"), named("enumeration"), named("rejection_reparameterization")];
    let found = train_compare(&config, &estimators, &|_| {}, &|_| ControlFlow::Continue(())).unwrap();
    let names: Vec<_> = found.reports.iter().map(|r| r.estimator.as_str()).collect();
    assert_eq!(names, ["reinforce_loo", "enumeration"]);
    assert_eq!(found.skipped.len(), 1);
    assert_eq!(found.reports[0].history[0].elbo, found.reports[1].history[0].elbo);
}

#[test]
fn what_a_graph_cannot_have_is_an_error() {
    let refused =
        |config: TrainConfig| train(&config, &|_| ControlFlow::Continue(())).unwrap_err().to_string();
    let base = || config(None);
    let wide = Column { name: "x".into(), width: 5 };
    for (config, reason) in [
        (TrainConfig { batch: 25, ..base() }, "a batch of 25"),
        (TrainConfig { objective: aleator::models::Objective::Iwae(2), ..base() }, "objective of its own"),
        (TrainConfig { model: own(vec![wide]).into(), ..base() }, "held-out rows have 3 numbers"),
        (TrainConfig { model: own(Vec::new()).into(), ..base() }, "takes no rows"),
    ] {
        let error = refused(config);
        assert!(error.contains(reason) || error.contains("training rows have 3"), "{error}");
    }
}

/// A file in a directory of its own.
fn file(test: &str, text: &str) -> (PathBuf, String) {
    let folder = std::env::temp_dir().join(format!("aleator-train-scg-{}-{test}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("toy.scg");
    fs::write(&path, text).unwrap();
    (folder, path.display().to_string())
}

#[test]
fn a_file_is_trained_from_settings() {
    let (folder, path) =
        file("file", "param theta = 0\nb ~ Bernoulli(logits = theta)\ncost loss = (b - 0.45)^2\n");
    let settings =
        |more: &str| Settings::parse(&format!("model = {path:?}\nsteps = 200\nlr = 0.1\n{more}")).unwrap();
    let report = run(&settings("").config().unwrap());
    assert_eq!(report.judged_on, JudgedOn::Graph);
    assert_eq!((&*report.estimator, report.unbiased), ("enumeration", true));
    // At p = 0 the cost is 0.45², at p = 1 it is 0.55²: θ goes down.
    assert!(report.weights[0].values[0] < -1.0);
    let held_out = report.held_out.unwrap();
    assert!((held_out.elbo + 0.45_f64.powi(2)).abs() < 0.05, "{held_out:?}");
    let set = run(&settings("set = [\"theta=3\"]\n").config().unwrap());
    assert!((set.history[0].elbo + 0.2975).abs() < 0.02, "{}", set.history[0].elbo);
    for (more, reason) in [
        ("data = \"digits\"", "remove the setting `data`"),
        ("batch = 3", "remove the setting `batch`"),
        ("held-out = 0.5", "remove the setting `held-out`"),
        ("objective = \"iwae\"", "objective of its own"),
        ("[model-options]\nlatents = 3", "remove the setting `latents`"),
        ("set = [\"thta=3\"]", "thta"),
        ("set = [\"theta\"]", "in `set = theta`"),
    ] {
        let config = settings(more).config().and_then(|config| config.check());
        let error = config.unwrap_err().to_string();
        assert!(error.contains(reason), "{more}: {error}");
    }
    fs::write(&path, "param theta = 0\ncost loss = thta").unwrap();
    let error = settings("").config().unwrap_err().to_string();
    assert!(error.contains("toy.scg:2:13") && error.contains("did you mean `theta`"), "{error}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_with_batches_is_trained_on_them_and_judged_on_others() {
    let text = "data x : [batch, 2] = file(\"x.csv\")\ndata y : [batch] = file(\"y.csv\")\nparam w : [2] = normal(0, 0.1)\n\
                b ~ Bernoulli(logits = x @ w)\ncost loss = mean((b - y)^2)\n";
    let (folder, path) = file("batch", text);
    let (x, y) = rows();
    let lines = |values: &[f64], width: usize| -> String {
        values
            .chunks(width)
            .map(|row| row.iter().map(f64::to_string).collect::<Vec<_>>().join(",") + "\n")
            .collect()
    };
    fs::write(folder.join("x.csv"), lines(&x, 2)).unwrap();
    fs::write(folder.join("y.csv"), lines(&y, 1)).unwrap();
    let settings = |more: &str| {
        Settings::parse(&format!("model = {path:?}\nsteps = 40\neval-samples = 2000\n{more}")).unwrap()
    };
    let config = settings("held-out = 0.25\nbatch = 3\nestimator = \"reinforce_loo\"").config().unwrap();
    assert_eq!((config.data.train.count(), config.data.held_out.count()), (18, 6));
    let report = run(&config);
    assert_eq!((report.judged_on, report.batch), (JudgedOn::HeldOut, 3));
    let last = report.history.last().unwrap();
    let z = (-last.elbo - exactly(&config.data.held_out, &report.weights[0].values)) / last.elbo_std_error;
    assert!(z.abs() < 5.0, "{z}");
    // Initial values are random and a function of the seed; without settings every step uses all rows.
    let of_seed = |seed| settings(&format!("seed = {seed}")).config().unwrap();
    let first = |seed| run(&TrainConfig { steps: 1, ..of_seed(seed) }).history[0].elbo;
    assert_eq!((of_seed(0).batch, first(0)), (24, first(0)));
    assert_ne!(first(0), first(1));
    let refused =
        |more: &str| settings(more).config().and_then(|config| config.check()).unwrap_err().to_string();
    assert!(refused("batch = 19\nheld-out = 0.25").contains("there are 18"));
    assert!(refused("held-out = 1.0").contains("between 0 and 1"));
    fs::write(folder.join("y.csv"), lines(&y[1..], 1)).unwrap();
    assert!(refused("").contains("share their rows"), "{}", refused(""));
    fs::write(folder.join("y.csv"), "1\n1\nnan\n".repeat(8)).unwrap();
    assert!(refused("").contains("row 3 of the data `y`"), "{}", refused(""));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_fixed_parameter_stays_and_counts_in_no_norm() {
    let columns = vec![Column { name: "x".into(), width: 1 }];
    let graph = OwnGraph::new("two", "", columns, |batch, _| {
        let g = Graph::new();
        let x = g.data("x", [batch.unwrap_or(0)], vec![1.0; batch.unwrap_or(0)]);
        g.cost("loss", ((g.param("a", 2.0).square() + 1e6 * g.param("b", 1.0)) * x).mean_axes(-1));
        Ok(g)
    });
    let rows = |count| Rows { values: vec![1.0; count], width: 1 };
    let data =
        Dataset { name: "ones".into(), train: rows(4), held_out: rows(0), image: None, dynamic: false };
    let usual = TrainConfig::new(graph, Arc::new(data));
    let fixed = TrainConfig {
        steps: 1,
        optimizer: "sgd".into(),
        learning_rate: Some(0.1),
        clip: Some(1.0),
        fixed: vec!["b".into()],
        ..usual
    };
    // The gradient is (4, 10⁶): without b its norm is 4, and the clipped step is 0.1.
    let report = run(&fixed);
    let value = |name: &str| report.weights.iter().find(|t| t.name == name).unwrap().values[0];
    assert!((value("a") - 1.9).abs() < 1e-6 && value("b") == 1.0, "{:?}", report.weights);
    assert_eq!(report.fixed, ["b"]);
    let error = train(&TrainConfig { fixed: vec!["bb".into()], ..fixed }, &|_| ControlFlow::Continue(()));
    assert!(error.unwrap_err().to_string().contains("unknown parameter `bb`"));
}

/// sin(w z) with a w that grows: the slope of a draw has the smaller variance at first, and a score later.
const FASTER: &str =
    "param w = 0.3\nparam m = 0.2\nz ~ Normal(m, 1)\ncost f = sin(w * z)\nreward r = 3 * w\n";

/// Estimators that are chosen by measurement: equal runs choose equally, and so does one that was interrupted between two choices.
#[test]
fn measured_estimators_change_and_go_on_with_the_same_bits() {
    let (folder, path) = file("measured", FASTER);
    let settings = |more: &str| {
        let usual = "steps = 60\nlr = 0.3\neval-every = 20\neval-samples = 2\nestimator = \"measured\"";
        Settings::parse(&format!("model = {path:?}\n{usual}\n{more}")).unwrap().config().unwrap()
    };
    let whole = settings("");
    let expected = run(&whole);
    let steps: Vec<usize> = expected.choices.iter().map(|choice| choice.step).collect();
    assert!(steps[0] == 0 && steps.len() > 1 && steps.iter().all(|step| step % 20 == 0), "{steps:?}");
    let all: Vec<&String> = expected.choices.iter().map(|choice| &choice.estimators["z"]).collect();
    assert!(all.windows(2).all(|two| two[0] != two[1]), "{all:?}");
    assert!(expected.estimator == **all.last().unwrap() && expected.unbiased, "{}", expected.estimator);
    let same = |report: &TrainReport| {
        assert_eq!((&report.weights, &report.choices), (&expected.weights, &expected.choices));
        let elbos = |report: &TrainReport| report.history.iter().map(|p| p.elbo).collect::<Vec<_>>();
        assert_eq!(elbos(report), elbos(&expected));
    };
    same(&run(&whole));
    let checkpoint = folder.join("saved.safetensors");
    for stop in [20, 27] {
        let saved = settings(&format!("checkpoint = {checkpoint:?}\ncheckpoint-every = 1"));
        let stopped = train(&saved, &|p| match p.step == stop {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        });
        assert!(stopped.unwrap().interrupted);
        same(&run(&TrainConfig { resume: Some(checkpoint.clone()), ..saved }));
        fs::remove_file(&checkpoint).unwrap();
    }
    // Another seed chooses from other estimates; a run with a named estimator does not choose.
    assert!(run(&settings("seed = 1")).choices[0].step == 0);
    let named = TrainConfig { measured: false, ..whole };
    assert!(run(&named).choices.is_empty());
    fs::remove_dir_all(folder).unwrap();
}

/// A choice uses nothing of the steps that follow: a run that ends earlier has made the same choices, and its steps are the same.
#[test]
fn measured_choices_look_back_only() {
    let (folder, path) = file("back", FASTER);
    let of_steps = |steps: usize| {
        let usual = "lr = 0.3\neval-every = 20\neval-samples = 2\nestimator = \"measured\"";
        run(&Settings::parse(&format!("model = {path:?}\nsteps = {steps}\n{usual}"))
            .unwrap()
            .config()
            .unwrap())
    };
    let (long, short) = (of_steps(41), of_steps(21));
    assert!(long.choices.starts_with(&short.choices) && short.choices.len() > 1, "{:?}", short.choices);
    assert_eq!((long.history[1].elbo, long.history[1].step), (short.history[1].elbo, 20));
    fs::remove_dir_all(folder).unwrap();
}

/// A built-in model is measured on a few rows. What cannot be measured leaves its usual estimator.
#[test]
fn built_in_models_are_measured() {
    let settings = |more: &str| {
        let usual = "model = \"sbn\"\nbatch = 10\neval-rows = 4\neval-samples = 2\nsteps = 4";
        Settings::parse(&format!("{usual}\n{more}\n[model-options]\nlatents = 3\n"))
    };
    let report = run(&settings("estimator = \"measured\"").unwrap().config().unwrap());
    assert_eq!((report.choices.len(), report.choices[0].step, report.unbiased), (1, 0, true));
    // Three coins are enumerated: eight outcomes without variance.
    assert_eq!(report.estimator, "enumeration");
    let refused = settings("estimator = \"measured\"\nobjective = \"wake-sleep\"").unwrap().config();
    assert!(refused.unwrap_err().to_string().contains("wake-sleep"));
}
