//! What comes with and after training: the best parameters, early stopping, fine-tuning, several seeds, and checkpoints that are
//! evaluated and sampled from without the data of the model.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use aleator::language::Commands;
use aleator::train::{
    Checkpoint, Evaluate, JudgedOn, Recipe, Restored, RowsToEvaluate, Settings, TrainConfig, TrainReport,
    Variant, evaluate, of_seeds, sample, train, train_variants,
};

/// A directory of its own that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("aleator-trained-{}-{test}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const SMALL: &str = "steps = 60\nbatch = 20\neval-samples = 5\neval-rows = 40\neval-every = 10\n";

fn settings(more: &str) -> Settings {
    Settings::parse(&format!("{SMALL}{more}\n[model-options]\nlatents = 4\n")).unwrap()
}

fn config(more: &str) -> TrainConfig {
    settings(more).config().unwrap()
}

fn run(config: &TrainConfig) -> TrainReport {
    train(config, &|_| ControlFlow::Continue(())).unwrap()
}

fn refused(config: &TrainConfig) -> String {
    train(config, &|_| ControlFlow::Continue(())).map(|report| report.steps).unwrap_err().to_string()
}

/// A learning rate so large that the objective soon gets worse.
const WORSE: &str = "lr = 0.3\nvalidation = 0.2\npatience = 3";

#[test]
fn a_run_ends_early_at_the_same_step_and_keeps_the_best() {
    let scratch = Scratch::new("early");
    let steps = |more: &str| config(&format!("{WORSE}\n{more}"));
    let whole = TrainConfig { steps: 2000, ..steps("") };
    let first = run(&whole);
    assert!(first.stopped_early && first.steps < 2000, "{}", first.steps);
    assert_eq!(first.judged_on, JudgedOn::Validation);
    let best = first.best.unwrap();
    let values: Vec<f64> = first.history.iter().map(|p| p.bound.unwrap()).collect();
    assert_eq!(best.value, values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    assert_eq!(first.history[first.history.len() - 4].step, best.step);
    assert_eq!(first.held_out.unwrap().rows, whole.data.held_out.count());
    // The same again; and in two parts.
    assert_eq!(run(&whole).weights, first.weights);
    let path = scratch.path("run.safetensors");
    let saved = TrainConfig { checkpoint: Some(path.clone()), checkpoint_every: Some(1), ..whole.clone() };
    let stop = best.step + 5;
    let watch = |p: &aleator::train::Progress| match p.step == stop {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    assert!(train(&saved, &watch).unwrap().interrupted);
    let on = TrainConfig { resume: Some(path.clone()), ..saved.clone() };
    let second = run(&on);
    assert_eq!((second.steps, second.best, &second.weights), (first.steps, first.best, &first.weights));
    assert_eq!(second.held_out, first.held_out);
    // A finished run is over; with more patience it goes on.
    let third = run(&on);
    assert_eq!((third.steps, third.held_out), (first.steps, first.held_out));
    assert!(run(&TrainConfig { patience: Some(4), ..on.clone() }).steps > first.steps);
    // The checkpoint has both.
    let checkpoint = Checkpoint::read(&path).unwrap();
    assert_ne!(checkpoint.parameters(), checkpoint.last_parameters());
    let without = TrainConfig { validation: None, resume: Some(path), ..saved };
    assert!(refused(&without).contains("another run"), "{}", refused(&without));
    assert!(refused(&TrainConfig { patience: Some(0), ..whole }).contains("patience"));
}

#[test]
fn validation_takes_rows_from_training_only() {
    let (plain, with) = (config(""), config("validation = 0.2"));
    assert_eq!(plain.data.held_out, with.data.held_out);
    let validation = with.validation.clone().unwrap();
    assert_eq!(with.data.train.count() + validation.count(), plain.data.train.count());
    assert_eq!(validation.count(), 300);
    let error = settings("validation = 1.5").config().unwrap_err().to_string();
    assert!(error.contains("between 0 and 1"), "{error}");
}

fn saved(scratch: &Scratch, name: &str, more: &str) -> (PathBuf, TrainReport) {
    let path = scratch.path(name);
    let report = run(&TrainConfig { checkpoint: Some(path.clone()), ..config(more) });
    (path, report)
}

#[test]
fn an_evaluation_repeats_what_training_found_and_one_sample_is_the_elbo() {
    let scratch = Scratch::new("evaluate");
    let (path, report) = saved(&scratch, "run.safetensors", "");
    let of = |how: Evaluate| evaluate(&path, &how).unwrap();
    assert_eq!(Some(of(Evaluate::default()).result), report.held_out);
    let one = of(Evaluate { samples: Some(1), ..Evaluate::default() }).result;
    assert!((one.bound.unwrap() - one.elbo).abs() < 1e-9, "{one:?}");
    // More weights, a better bound; and memory does not grow with K.
    let at_most = Some(10);
    let [few, many] =
        [5, 5000].map(|k| of(Evaluate { samples: Some(k), at_most, ..Evaluate::default() }).result);
    assert!(many.bound.unwrap() > few.bound.unwrap() && many.bound_std_error < few.bound_std_error);
    assert_eq!((many.rows, many.samples), (10, 5000));
    let all = of(Evaluate { rows: RowsToEvaluate::All, samples: Some(2), ..Evaluate::default() });
    assert_eq!(all.result.rows, 1797);
    let refused = |how: Evaluate| evaluate(&path, &how).unwrap_err().to_string();
    assert!(
        refused(Evaluate { rows: RowsToEvaluate::Validation, ..Evaluate::default() })
            .contains("no rows of validation")
    );
    assert!(
        refused(Evaluate { samples: Some(2_000_000), ..Evaluate::default() })
            .contains("1 to 1000000 samples")
    );
    // Other data, with the mean image of the checkpoint.
    let table: String = (0..12).map(|i| format!("{}\n", vec![(i % 2).to_string(); 64].join(","))).collect();
    fs::write(scratch.path("other.csv"), table).unwrap();
    let data =
        |name: &str| Settings { data: Some(scratch.path(name).display().to_string()), ..Settings::default() };
    let other =
        of(Evaluate { settings: data("other.csv"), rows: RowsToEvaluate::All, ..Evaluate::default() });
    assert_eq!(other.result.rows, 12);
    fs::write(scratch.path("narrow.csv"), "1,0\n0,1\n").unwrap();
    let error = refused(Evaluate { settings: data("narrow.csv"), ..Evaluate::default() });
    assert!(error.contains("its rows have 2 numbers, not 64"), "{error}");
}

#[test]
fn a_checkpoint_without_its_recipe_or_with_another_is_an_error() {
    let scratch = Scratch::new("recipe");
    let (path, _) = saved(&scratch, "run.safetensors", "");
    let mut checkpoint = Checkpoint::read(&path).unwrap();
    let restored = |checkpoint: &Checkpoint| {
        Restored::new(checkpoint, &Settings::default(), false, Commands::Refused)
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    let recipe = std::mem::take(&mut checkpoint.header.recipe);
    assert!(restored(&checkpoint).contains("does not contain what its model is built from"));
    let mut data = recipe.data.clone().unwrap();
    data.mean.pop();
    data.width -= 1;
    checkpoint.header.recipe = Recipe { data: Some(data), ..Recipe::default() };
    assert!(restored(&checkpoint).contains("rows have 64 numbers, not 63"), "{}", restored(&checkpoint));
    // A mean that does not fit the width must not panic.
    let mut data = recipe.data.clone().unwrap();
    data.mean.truncate(3);
    checkpoint.header.recipe = Recipe { data: Some(data), ..Recipe::default() };
    assert!(!restored(&checkpoint).is_empty());
}

#[test]
fn samples_are_images_and_a_function_of_the_seed() {
    let scratch = Scratch::new("sample");
    let (path, _) = saved(&scratch, "run.safetensors", "");
    let checkpoint = Checkpoint::read(&path).unwrap();
    let restored = Restored::new(&checkpoint, &Settings::default(), false, Commands::Refused).unwrap();
    let drawn = |count, seed| sample(&restored, count, seed, &[]).unwrap().swap_remove(0);
    let some = drawn(130, 0);
    assert_eq!((&some.shape[..], some.values.len()), (&[130, 8, 8][..], 130 * 64));
    assert!(some.values.iter().all(|v| (0.0..=1.0).contains(v)));
    assert_eq!(drawn(130, 0), some);
    assert_ne!(drawn(130, 1), some);
    // The second hundred is not the first again.
    assert_ne!(some.values[..64 * 30], some.values[64 * 100..]);
    let error = sample(&restored, 1, 0, &["z".into()]).unwrap_err().to_string();
    assert!(error.contains("`z`") && error.contains("samples"), "{error}");
    for count in [0, usize::MAX, 1 << 40] {
        assert!(sample(&restored, count, 0, &[]).unwrap_err().to_string().contains("at least one sample"));
    }
}

#[test]
fn fine_tuning_begins_where_the_checkpoint_ended() {
    let scratch = Scratch::new("init");
    let (path, report) = saved(&scratch, "first.safetensors", "");
    let from = format!("init-from = {path:?}");
    let parse = |text: &str| Settings::parse(&format!("{SMALL}{text}")).unwrap();
    // Another estimator, optimiser and batch; model and options are those of the checkpoint.
    let tuned =
        parse(&format!("{from}\nestimator = \"rebar\"\noptimizer = \"sgd\"\nseed = 9")).config().unwrap();
    let next = run(&TrainConfig { batch: 30, ..tuned.clone() });
    let again = run(&TrainConfig { seed: 0, ..tuned });
    assert_eq!(again.history[0].elbo, report.history.last().unwrap().elbo);
    assert_eq!(next.description, report.description);
    // From the best parameters, where they are not the last ones.
    let worse = scratch.path("worse.safetensors");
    let long = TrainConfig { steps: 2000, checkpoint: Some(worse.clone()), ..config(WORSE) };
    let report = run(&long);
    assert!(report.best.unwrap().step < report.steps);
    let from_best = parse(&format!("init-from = {worse:?}")).config().unwrap();
    let best = Checkpoint::read(&worse).unwrap().parameters();
    let begun = TrainConfig { steps: 1, learning_rate: Some(1e-30), ..from_best };
    let mut weights = run(&begun).weights;
    weights.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(weights, best);
    let error = parse(&format!("{from}\n[model-options]\nlatents = 5")).config().unwrap_err().to_string();
    assert!(error.contains("cannot start from") && error.contains("encoder.1"), "{error}");
    let error = parse(&format!("{from}\nmodel = \"vae\"")).config().unwrap_err().to_string();
    assert!(error.contains("cannot start from"), "{error}");
    let error = parse("init-from = \"nowhere.safetensors\"").config().unwrap_err().to_string();
    assert!(error.contains("nowhere.safetensors"), "{error}");
}

#[test]
fn seeds_are_runs_of_their_own() {
    let base = config("");
    let variants = of_seeds(&[Variant { name: String::new(), config: base.clone() }], 3).unwrap();
    let found = train_variants(&base, variants, &|_| {}, &|_| ControlFlow::Continue(())).unwrap();
    assert_eq!(found.names, ["seed=0", "seed=1", "seed=2"]);
    assert_eq!(found.reports[1].weights, run(&TrainConfig { seed: 1, ..base.clone() }).weights);
    assert_ne!(found.reports[0].weights, found.reports[1].weights);
    let last = TrainConfig { seed: u64::MAX, ..base };
    assert!(of_seeds(&[Variant { name: String::new(), config: last }], 2).is_err());
}

#[test]
fn a_file_with_a_graph_is_evaluated_and_drawn_from_its_checkpoint() {
    let scratch = Scratch::new("graph");
    let file = scratch.path("own.scg");
    let text = "data x : [batch, 2] = file(\"x.csv\")\nparam w : [2] = normal(0, 1)\n\
                b ~ Bernoulli(logits = x @ w)\ncost loss = mean((b - 0.45)^2)\n";
    fs::write(&file, text).unwrap();
    fs::write(scratch.path("x.csv"), (0..12).map(|i| format!("{i},1\n")).collect::<String>()).unwrap();
    let path = scratch.path("own.safetensors");
    let own = format!("model = {file:?}\nbatch = 3\nheld-out = 0.25\nsteps = 20\neval-samples = 50\n");
    let config = Settings::parse(&own).unwrap().config().unwrap();
    let report = run(&TrainConfig { checkpoint: Some(path.clone()), ..config });
    // The text is that of the checkpoint, whatever became of the file.
    fs::write(&file, "nonsense").unwrap();
    assert_eq!(Some(evaluate(&path, &Evaluate::default()).unwrap().result), report.held_out);
    let checkpoint = Checkpoint::read(&path).unwrap();
    let restored = Restored::new(&checkpoint, &Settings::default(), false, Commands::Refused).unwrap();
    let drawn = sample(&restored, 7, 0, &[]).unwrap();
    assert_eq!((&*drawn[0].name, &drawn[0].shape[..]), ("b", &[7, 3][..]));
    assert!(drawn[0].values.iter().all(|&v| v == 0.0 || v == 1.0));
    assert!(drawn[0].values.contains(&0.0) && drawn[0].values.contains(&1.0), "{drawn:?}");
}

#[test]
fn classes_are_learned_and_counted() {
    let scratch = Scratch::new("classes");
    // Three clusters, far apart; the label is the cluster.
    let row = |i: usize| {
        let noise = |k: f64| (k * i as f64).sin();
        let [x, y] = [[3.0, 0.0], [-3.0, 3.0], [-3.0, -3.0]][(i / 6 + i) % 3];
        format!("{},{},{}\n", x + noise(1.3), y + noise(2.7), (i / 6 + i) % 3)
    };
    fs::write(scratch.path("three.csv"), (0..240).map(row).collect::<String>()).unwrap();
    let text =
        format!("model = \"bayes-logistic\"\ndata = {:?}\nlr = 0.05\n{SMALL}", scratch.path("three.csv"));
    let settings = Settings { steps: Some(300), ..Settings::parse(&text).unwrap() };
    let report = run(&settings.config().unwrap());
    assert!(report.description.contains("3 classes"));
    let accuracies: Vec<f64> = report.history.iter().map(|point| point.accuracy.unwrap()).collect();
    assert!(accuracies[accuracies.len() - 1] > 0.97 && accuracies[0] < 0.97, "{accuracies:?}");
    assert_eq!(report.held_out.unwrap().accuracy, report.history.last().unwrap().accuracy);
    assert!(report.history.last().unwrap().elbo > -0.3);
}

/// Depth, convolutions and likelihoods are part of a checkpoint: evaluated, sampled from, resumed and fine-tuned without being named
/// again.
#[test]
fn architectures_are_kept_in_checkpoints() {
    let scratch = Scratch::new("architectures");
    let table: String = (0..90)
        .map(|i| {
            let (x, y) = (f64::sin(1.7 * f64::from(i)), f64::cos(2.9 * f64::from(i)));
            format!("{},{},{},{}\n", 1000.0 + 30.0 * x, 0.01 * y, x + y, i % 4)
        })
        .collect();
    fs::write(scratch.path("table.csv"), table).unwrap();
    let data = format!("data = {:?}\n", scratch.path("table.csv"));
    for (name, text, options) in [
        (
            "conv",
            "model = \"vae\"\n",
            "convolutions = [2, 3]\nhidden = [8, 6]\nkernel = 2\nlatents = 3\nactivation = \"elu\"",
        ),
        (
            "grey",
            "model = \"vae\"\n",
            "convolutions = 3\nhidden = \"none\"\nlatent = \"normal\"\nlatents = 3\nlikelihood = \"normal\"",
        ),
        (
            "table",
            &format!("model = \"vae\"\n{data}"),
            "latent = \"gaussian\"\nhidden = 6\nlikelihood = \"gaussian\"",
        ),
        (
            "sbn",
            &format!("model = \"sbn\"\n{data}"),
            "latents = [5, 3]\nhidden = 6\nactivation = \"relu\"\nlikelihood = \"gaussian\"",
        ),
    ] {
        let path = scratch.path(&format!("{name}.safetensors"));
        let settings = Settings::parse(&format!("{SMALL}{text}[model-options]\n{options}\n")).unwrap();
        let config = settings.config().unwrap();
        let whole = run(&config);
        let half =
            TrainConfig { steps: 30, eval_every: Some(10), checkpoint: Some(path.clone()), ..config.clone() };
        run(&half);
        let resumed = run(&TrainConfig {
            resume: Some(path.clone()),
            checkpoint: Some(path.clone()),
            ..config.clone()
        });
        assert_eq!(resumed.weights, whole.weights, "{name}");
        let evaluated = evaluate(&path, &Evaluate::default()).unwrap();
        assert_eq!(Some(evaluated.result), whole.held_out, "{name}");
        assert_eq!(evaluated.description, whole.description);
        let checkpoint = Checkpoint::read(&path).unwrap();
        let restored = Restored::new(&checkpoint, &Settings::default(), false, Commands::Refused).unwrap();
        let drawn = sample(&restored, 50, 0, &[]).unwrap().swap_remove(0);
        let row: &[usize] = if name == "conv" || name == "grey" { &[8, 8] } else { &[4] };
        assert_eq!((&drawn.shape[1..], drawn.shape[0]), (row, 50), "{name}");
        if row.len() == 1 {
            // In the units of the data: the first column is around 1000.
            let mean = drawn.values.chunks(4).map(|row| row[0]).sum::<f32>() / 50.0;
            assert!((900.0..1100.0).contains(&mean), "{name}: {mean}");
        }
        let next = format!("{SMALL}init-from = {path:?}\nlr = 1e-9\n");
        let tuned = run(&Settings::parse(&next).unwrap().config().unwrap());
        assert_eq!(tuned.history[0].elbo, whole.history.last().unwrap().elbo, "{name}");
        // Another architecture is refused, and named.
        let other = format!("{next}[model-options]\nhidden = [9, 7]");
        let error = Settings::parse(&other).unwrap().config().unwrap_err().to_string();
        assert!(error.contains("cannot start from"), "{error}");
    }
}

/// Real numbers need no limits: other data than those of the training may be larger, and have other last columns.
#[test]
fn a_model_of_real_numbers_is_evaluated_on_other_data() {
    let scratch = Scratch::new("real");
    let (path, other) = (scratch.path("c.safetensors"), scratch.path("other.csv"));
    fs::write(scratch.path("a.csv"), (0..30).map(|i| format!("{},{}\n", i % 7, i % 3)).collect::<String>())
        .unwrap();
    fs::write(&other, (0..30).map(|i| format!("{},{}\n", 0.5 * f64::from(i), -i)).collect::<String>())
        .unwrap();
    let text = |options: &str| {
        format!(
            "{SMALL}model = \"vae\"\ndata = {:?}\n[model-options]\nlatents = 2\n{options}",
            scratch.path("a.csv")
        )
    };
    let config = Settings::parse(&text("likelihood = \"gaussian\"")).unwrap().config().unwrap();
    run(&TrainConfig { checkpoint: Some(path.clone()), ..config });
    let settings = Settings { data: Some(other.to_str().unwrap().into()), ..Settings::default() };
    let how = Evaluate { settings, rows: RowsToEvaluate::All, ..Evaluate::default() };
    assert_eq!(evaluate(&path, &how).unwrap().result.rows, 30);
    for (options, expected) in
        [("", "`likelihood = gaussian`"), ("likelihood = \"bernoulli\"", "`likelihood = gaussian`")]
    {
        let error = Settings::parse(&text(options)).unwrap().config().unwrap_err().to_string();
        assert!(error.contains("only pixels from 0 to 1") && error.contains(expected), "{error}");
    }
    let binarized = text("likelihood = \"gaussian\"").replace("steps", "binarization = \"static\"\nsteps");
    let error = Settings::parse(&binarized).unwrap().config().unwrap_err().to_string();
    assert!(error.contains("remove the setting `binarization`"), "{error}");
}

#[test]
fn values_of_a_graph_are_drawn_together() {
    let scratch = Scratch::new("values");
    let file = scratch.path("own.scg");
    // The second node is the first one and a little noise; the observation is drawn from its law, and not the datum.
    let text = "data y : [3] = [100, 100, 100]\nparam m = 0\nz ~ Normal(m, 3)\nw ~ Normal(z, 0.001)\nd = w - z\n\
                observe y ~ Normal(w, 0.001)\ncost c = (w - m)^2\n";
    fs::write(&file, text).unwrap();
    let path = scratch.path("own.safetensors");
    let own = format!("model = {file:?}\nsteps = 1\nlr = 1e-9\neval-samples = 2\n");
    let config = Settings::parse(&own).unwrap().config().unwrap();
    run(&TrainConfig { checkpoint: Some(path.clone()), ..config });
    let checkpoint = Checkpoint::read(&path).unwrap();
    let restored = Restored::new(&checkpoint, &Settings::default(), false, Commands::Refused).unwrap();
    let drawn = |values: &[&str]| {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        sample(&restored, 40, 3, &values)
    };
    let usual = drawn(&[]).unwrap();
    let names: Vec<&str> = usual.iter().map(|samples| &*samples.name).collect();
    assert_eq!(names, ["z", "w", "y"]);
    assert_eq!(usual[2].shape, [40, 3]);
    let near = |a: f32, b: f32| (a - b).abs() < 0.01;
    let z = &usual[0].values;
    assert!(z.iter().any(|v| v.abs() > 1.0) && z.iter().zip(&usual[1].values).all(|(&z, &w)| near(z, w)));
    assert!(usual[2].values.iter().enumerate().all(|(i, &y)| near(y, z[i / 3])), "{usual:?}");
    // The same draws, however many values are asked for, in the order asked for.
    let some = drawn(&["c", "d", "z"]).unwrap();
    assert_eq!(some[2], usual[0]);
    for (i, (&z, &w)) in z.iter().zip(&usual[1].values).enumerate() {
        assert!(near(some[1].values[i], w - z) && (some[0].values[i] - w.powi(2)).abs() < 1e-3);
    }
    assert!(drawn(&["z", "z"]).unwrap_err().to_string().contains("twice"));
    let error = drawn(&["v"]).unwrap_err().to_string();
    assert!(error.contains("`v`") && error.contains("z, w, y, m, d, c"), "{error}");
}

/// Rows of a column that is no use, two features of very different scales and a label in words.
fn fruits(rows: std::ops::Range<usize>, names: [&str; 3]) -> String {
    let row = |i: usize| {
        let class = (i / 6 + i) % 3;
        let noise = |k: f64| (k * i as f64).sin();
        let [x, y] = [[3.0, 0.0], [-3.0, 3.0], [-3.0, -3.0]][class];
        format!("{i},{},{},{}\n", 1000.0 + 100.0 * (x + noise(1.3)), 0.01 * (y + noise(2.7)), names[class])
    };
    format!("number,weight,size,kind\n{}", rows.map(row).collect::<String>())
}

#[test]
fn columns_units_and_labels_of_the_training_data_are_kept() {
    let scratch = Scratch::new("fruits");
    let names = ["pear", "apple", "fig"];
    fs::write(scratch.path("fruits.csv"), fruits(0..240, names)).unwrap();
    let text = format!(
        "model = \"bayes-logistic\"\ndata = {:?}\nlr = 0.05\nvalidation = 0.25\ncolumns = \"size, weight,kind\"\n\
         standardize = true\n{SMALL}",
        scratch.path("fruits.csv")
    );
    let settings = Settings { steps: Some(200), ..Settings::parse(&text).unwrap() };
    let config = settings.config().unwrap();
    let path = scratch.path("run.safetensors");
    let report = run(&TrainConfig { checkpoint: Some(path.clone()), ..config.clone() });
    assert_eq!(report.labels, ["apple", "fig", "pear"]);
    assert!(report.standardized && report.held_out.unwrap().accuracy.unwrap() > 0.95);
    // Means of the rows that are neither held out nor for validation, of the two features alone.
    let checkpoint = Checkpoint::read(&path).unwrap();
    let data = checkpoint.header.recipe.data.clone().unwrap();
    let units = data.standardization.unwrap();
    let value = |i: usize, column: usize| -> f64 {
        fruits(i..i + 1, names).lines().nth(1).unwrap().split(',').nth(column).unwrap().parse().unwrap()
    };
    // The same rows by their numbers.
    let numbered = text.replace("size, weight,kind", "number,kind").replace("standardize = true\n", "");
    let numbered = Settings::parse(&numbered).unwrap().config().unwrap();
    let learned: Vec<usize> = numbered.data.train.values.chunks(2).map(|row| row[0] as usize).collect();
    assert_eq!((data.rows, learned.len()), (150, 150));
    assert!(learned.windows(2).all(|two| two[0] < two[1]));
    for (place, column) in [(0, 2), (1, 1)] {
        let mean = learned.iter().map(|&i| value(i, column)).sum::<f64>() / 150.0;
        let square = learned.iter().map(|&i| (value(i, column) - mean).powi(2)).sum::<f64>() / 150.0;
        assert!((units.mean[place] - mean).abs() < 1e-6 * mean.abs().max(1e-2), "{units:?} {mean}");
        assert!((units.scale[place] / square.sqrt() - 1.0).abs() < 1e-5, "{units:?}");
    }
    assert_eq!((units.mean.len(), units.scale.len()), (2, 2));
    // Its rows have these units, and the labels are numbers.
    let first = config.data.train.row(0);
    assert!((f64::from(first[1]) - (value(learned[0], 1) - units.mean[1]) / units.scale[1]).abs() < 1e-4);
    assert_eq!(first[2], numbered.data.train.row(0)[1]);
    assert_eq!(Some(evaluate(&path, &Evaluate::default()).unwrap().result), report.held_out);
    // A shifted file of two of the classes, in units and classes of the checkpoint.
    let evaluated = |text: &str, columns: Option<&str>| {
        fs::write(scratch.path("other.csv"), text).unwrap();
        let settings = Settings {
            data: Some(scratch.path("other.csv").display().to_string()),
            columns: columns.map(String::from),
            ..Settings::default()
        };
        evaluate(&path, &Evaluate { settings, rows: RowsToEvaluate::All, ..Evaluate::default() })
    };
    let two: String = fruits(240..480, names)
        .lines()
        .filter(|line| !line.ends_with("apple"))
        .map(|l| format!("{l}\n"))
        .collect();
    let found = evaluated(&two, None).unwrap();
    assert!(found.result.accuracy.unwrap() > 0.95, "{found:?}");
    let renamed = evaluated(&two.replace("size", "length"), None).unwrap_err().to_string();
    assert!(renamed.contains("no column `size`"), "{renamed}");
    assert_eq!(evaluated(&two.replace("size", "length"), Some("3,2,4")).unwrap().result, found.result);
    let unknown = evaluated(&fruits(0..20, ["pear", "apple", "plum"]), None).unwrap_err().to_string();
    assert!(
        unknown.contains("other.csv:4: the label is \"plum\"") && unknown.contains("apple, fig, pear"),
        "{unknown}"
    );
    let numbers = evaluated(&fruits(0..20, ["0", "1", "2"]), None).unwrap_err().to_string();
    assert!(numbers.contains("has numbers, but the classes of the model are apple"), "{numbers}");
    // Fine-tuning has the units of the checkpoint.
    let tuned = format!("init-from = {path:?}\ndata = {:?}\n{SMALL}", scratch.path("other.csv"));
    fs::write(scratch.path("other.csv"), &two).unwrap();
    let tuned = Settings::parse(&tuned).unwrap().config().unwrap();
    assert_eq!(tuned.recipe.data.unwrap().standardization, Some(units));
    for (more, reason) in [
        ("model = \"sbn\"\nstandardize = true", "pixels, which cannot be standardised"),
        ("model = \"sequence\"\nstandardize = true", "tokens or states"),
        ("model = \"gmm\"\ncolumns = \"1\"", "`columns` requires the setting `data`"),
        ("model = \"gmm\"\ndata = \"digits\"\ncolumns = \"1\"", "no columns to choose"),
        (
            &format!("model = \"gmm\"\ndata = {:?}\ncolumns = \"1,,2\"", scratch.path("fruits.csv")),
            "an empty name",
        ),
        (
            &format!("model = \"gmm\"\ndata = {:?}", scratch.path("fruits.csv")),
            "column 4 is \"pear\", which is not a number",
        ),
        (&format!("init-from = {path:?}\nstandardize = false"), "add the setting `standardize`"),
    ] {
        let error = Settings::parse(more).unwrap().config().map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(reason), "{more}: {error}");
    }
}

#[test]
fn columns_are_found_by_name_and_classes_without_rows_are_named() {
    let scratch = Scratch::new("names");
    let names = ["pear", "apple", "fig"];
    let write = |name: &str, text: &str| {
        fs::write(scratch.path(name), text).unwrap();
        scratch.path(name).display().to_string()
    };
    let file = write("fruits.csv", &fruits(0..240, names));
    let settings = |more: &str| {
        Settings::parse(&format!("model = \"bayes-logistic\"\nlr = 0.05\n{more}\n{SMALL}")).unwrap()
    };
    let config = settings(&format!("data = {file:?}\ncolumns = \"size,weight,kind\"")).config().unwrap();
    assert!(config.warnings().is_empty());
    let path = scratch.path("run.safetensors");
    run(&TrainConfig { checkpoint: Some(path.clone()), ..config });
    let evaluated = |data: String, rows| {
        let settings = Settings { data: Some(data), ..Settings::default() };
        evaluate(&path, &Evaluate { settings, rows, ..Evaluate::default() })
    };
    // The same rows with their columns in another order, and one row.
    let text = fruits(240..300, names);
    let reordered: String = text
        .lines()
        .map(|line| {
            let [number, weight, size, kind] =
                <[&str; 4]>::try_from(line.split(',').collect::<Vec<_>>()).unwrap();
            format!("{kind},{weight},{number},{size}\n")
        })
        .collect();
    let all = RowsToEvaluate::All;
    let expected = evaluated(write("same.csv", &text), all).unwrap().result;
    assert_eq!(evaluated(write("other.csv", &reordered), all).unwrap().result, expected);
    let one = write("one.csv", &fruits(240..241, names));
    assert_eq!(evaluated(one.clone(), all).unwrap().result.rows, 1);
    let refused = evaluated(one, RowsToEvaluate::HeldOut).unwrap_err().to_string();
    assert!(refused.contains("has one row") && refused.contains("`rows = all`"), "{refused}");
    // Classes that no row of a part has.
    let few = write("few.csv", &fruits(0..6, names));
    let warnings = settings(&format!("data = {few:?}\ncolumns = \"2,3,4\"")).config().unwrap().warnings();
    assert!(
        warnings.len() == 1 && warnings[0].contains("no held-out row has one of the classes"),
        "{warnings:?}"
    );
    let numbered = |rows: &str| write("numbered.csv", rows);
    let given = |train: &str, test: &str| {
        let (train, test) = (numbered(train), write("test.csv", test));
        settings(&format!("data = {train:?}\ntest-data = {test:?}")).config()
    };
    let warnings = given("1,0\n2,2\n3,2\n", "1,0\n2,1\n3,2\n").unwrap().warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("no training row has the class 1,"), "{warnings:?}");
    let refused = given("1,0\n2,1\n", "1,0\n\n2,2\n").unwrap_err().to_string();
    assert!(
        refused.contains("test.csv:3: the label is 2, but the largest of the training rows is 1;"),
        "{refused}"
    );
}

#[test]
fn samples_have_the_units_of_the_data_and_test_rows_stay_with_their_file() {
    let scratch = Scratch::new("units");
    fs::write(scratch.path("fruits.csv"), fruits(0..240, ["a", "b", "c"])).unwrap();
    fs::write(scratch.path("test.csv"), fruits(240..300, ["a", "b", "c"])).unwrap();
    let text = format!(
        "model = \"gmm\"\ndata = {:?}\ntest-data = {:?}\ncolumns = \"weight,size\"\nstandardise = true\nstarts = 1\n{SMALL}\n\
         [model-options]\ncategories = 3\n",
        scratch.path("fruits.csv"),
        scratch.path("test.csv")
    );
    let config = Settings::parse(&text).unwrap().config().unwrap();
    let path = scratch.path("run.safetensors");
    let report = run(&TrainConfig { checkpoint: Some(path.clone()), ..config });
    assert_eq!(report.held_out.unwrap().rows, 60);
    let checkpoint = Checkpoint::read(&path).unwrap();
    let restored = Restored::new(&checkpoint, &Settings::default(), false, Commands::Refused).unwrap();
    let drawn = sample(&restored, 200, 0, &[]).unwrap().swap_remove(0);
    let mean = |column: usize| drawn.values.iter().skip(column).step_by(2).sum::<f32>() / 200.0;
    assert!((mean(0) - 900.0).abs() < 100.0 && mean(1).abs() < 0.05, "{} {}", mean(0), mean(1));
    // Other data do not bring the old held-out rows along.
    fs::write(scratch.path("other.csv"), fruits(300..312, ["a", "b", "c"])).unwrap();
    let settings =
        Settings { data: Some(scratch.path("other.csv").display().to_string()), ..Settings::default() };
    let other = evaluate(&path, &Evaluate { settings, ..Evaluate::default() }).unwrap();
    assert_eq!(other.result.rows, 2);
    let names: Vec<String> = checkpoint.units().into_iter().map(|tensor| tensor.name).collect();
    assert_eq!(names, ["data.mean", "data.scale"]);
}

#[test]
fn of_several_starts_the_most_likely_one_goes_on() {
    let scratch = Scratch::new("starts");
    let text = format!("model = \"gmm\"\nstarts = 4\n{SMALL}");
    let settings = Settings { steps: Some(200), ..Settings::parse(&text).unwrap() };
    let config = settings.config().unwrap();
    // Judged on the training rows during the run as well.
    let mut data = (*config.data).clone();
    data.train = data.train.thinned(300);
    data.held_out = data.train.clone();
    let config = TrainConfig { data: std::sync::Arc::new(data), ..config };
    let report = run(&config);
    let starts = report.starts.clone().unwrap();
    let values: Vec<f64> = starts.values.iter().map(|value| value.unwrap()).collect();
    assert_eq!((values.len(), starts.steps), (4, 20));
    assert!(values.iter().all(|&value| value <= values[starts.kept]), "{values:?}");
    assert!(values.iter().any(|&value| value < values[starts.kept]), "{values:?}");
    assert_eq!(report.history[0].bound, Some(values[starts.kept]));
    assert_eq!(run(&config).weights, report.weights);
    // The first start is the run without others.
    let alone = TrainConfig { starts: Some(1), ..config.clone() };
    let after = run(&TrainConfig { steps: 20, ..alone.clone() }).history.pop().unwrap();
    assert_eq!(after.bound, Some(values[0]));
    assert!(run(&alone).starts.is_none());
    assert_eq!((TrainConfig { starts: None, ..config.clone() }).starts(), 5);
    // A resumed run does not start again.
    let path = scratch.path("run.safetensors");
    let half = TrainConfig { steps: 200, checkpoint: Some(path.clone()), ..config.clone() };
    let stopped = train(&half, &|p| match p.start.is_none() && p.step == 90 {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    })
    .unwrap();
    assert!(stopped.interrupted);
    let resumed = run(&TrainConfig { resume: Some(path), ..half });
    assert_eq!((resumed.weights, resumed.starts), (report.weights, report.starts));
    // Stopped among the starts, it goes on with those that ended.
    let early = train(&config, &|p| match p.start {
        Some([3, _]) | None => ControlFlow::Break(()),
        Some(_) => ControlFlow::Continue(()),
    })
    .unwrap();
    assert!(early.interrupted && early.starts.unwrap().values == starts.values[..2]);
    let with = |starts: usize| refused(&TrainConfig { starts: Some(starts), ..config.clone() });
    assert!(with(0).contains("starts must be at least 1") && with(1001).contains("at most 1000"));
}

#[test]
fn a_graph_without_held_out_rows_says_which_rows_were_judged() {
    let scratch = Scratch::new("judged");
    let file = scratch.path("own.scg");
    fs::write(&file, "data x : [batch] = file(\"x.csv\")\nparam m = 0\ncost loss = mean((x - m)^2)\n")
        .unwrap();
    fs::write(scratch.path("x.csv"), (0..12).map(|i| format!("{i}\n")).collect::<String>()).unwrap();
    for (more, at_the_end, part, rows) in [
        ("", JudgedOn::Training, RowsToEvaluate::Training, 12),
        ("validation = 0.25", JudgedOn::Validation, RowsToEvaluate::Validation, 3),
        ("validation = 0.25\nheld-out = 0.5", JudgedOn::HeldOut, RowsToEvaluate::HeldOut, 6),
    ] {
        let text = format!("model = {file:?}\nbatch = 3\nsteps = 5\neval-samples = 2\n{more}\n");
        let path = scratch.path(&format!("{rows}.safetensors"));
        let config = Settings::parse(&text).unwrap().config().unwrap();
        let report = run(&TrainConfig { checkpoint: Some(path.clone()), ..config });
        assert_eq!((report.judged_at_the_end, report.held_out.unwrap().rows), (at_the_end, rows));
        let evaluated = evaluate(&path, &Evaluate::default()).unwrap();
        assert_eq!((evaluated.part, evaluated.result), (part, report.held_out.unwrap()));
    }
}
