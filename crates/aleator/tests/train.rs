//! Training the sigmoid belief network: that its ELBO and gradients are right on a net small enough to sum over, that
//! rows stay apart, and that every estimator learns the digits.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::Arc;

use aleator::data::{Binarization, Dataset, Rows};
use aleator::diagnostics::Moments;
use aleator::estimators::{self, Enumeration, Estimator, EstimatorOptions, ReinforceLoo};
use aleator::models::{self, Model, Objective, Sbn, training_graph};
use aleator::nn::{Tensor, initial};
use aleator::train::{Evaluation, HistoryPoint, TrainConfig, TrainReport, train};
use aleator::{Error, Options, Program, data};

const PIXELS: usize = 4;
const LATENTS: usize = 3;
/// Two rows that share no inked pixel.
const ROWS: [[f64; PIXELS]; 2] = [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]];

fn tiny() -> (Sbn, Vec<Tensor>) {
    let model = Sbn::new(vec![0.3, 0.6, 0.05, 0.5], LATENTS);
    let mut tensors = initial(&model.specs(), 3).unwrap();
    // The biases too away from 0, so that nothing vanishes by symmetry.
    for (i, value) in tensors.iter_mut().flat_map(|t| &mut t.values).enumerate() {
        *value += 0.4 * (1.7 * i as f64).sin();
    }
    (model, tensors)
}

fn log_bernoulli(z: f64, logit: f64) -> f64 {
    let p = 1.0 / (1.0 + (-logit).exp());
    if z == 1.0 { p.ln() } else { (1.0 - p).ln() }
}

/// ELBO and log-likelihood of a row, by summing over all h, with nothing of the library.
fn exactly(model: &Sbn, tensors: &[Tensor], x: &[f64]) -> (f64, f64) {
    let [we, be, wd, bd, bp] = [0, 1, 2, 3, 4].map(|i| &tensors[i].values);
    let n = model.width();
    let (mut elbo, mut likelihood) = (0.0, 0.0);
    for outcome in 0..1 << LATENTS {
        let h: Vec<f64> = (0..LATENTS).map(|j| f64::from(outcome >> j & 1)).collect();
        let (mut log_q, mut log_joint) = (0.0, 0.0);
        for j in 0..LATENTS {
            let logit: f64 = (0..n).map(|i| (x[i] - model.mean[i]) * we[i * LATENTS + j]).sum();
            log_q += log_bernoulli(h[j], logit + be[j]);
            log_joint += log_bernoulli(h[j], bp[j]);
        }
        for i in 0..n {
            let logit: f64 = (0..LATENTS).map(|j| (2.0 * h[j] - 1.0) * wd[j * n + i]).sum();
            log_joint += log_bernoulli(x[i], logit + bd[i]);
        }
        elbo += log_q.exp() * (log_joint - log_q);
        likelihood += log_joint.exp();
    }
    (elbo, likelihood.ln())
}

/// The batch's mean ELBO, exactly.
fn mean_elbo(model: &Sbn, tensors: &[Tensor]) -> f64 {
    ROWS.iter().map(|x| exactly(model, tensors, x).0).sum::<f64>() / 2.0
}

fn training_program(estimator: Arc<dyn Estimator>, rows: [[f64; PIXELS]; 2], options: &Options) -> Program {
    let (model, tensors) = tiny();
    let graph = training_graph(&model, Objective::Elbo, 2, &tensors, estimator.clone()).unwrap();
    let mut program = Program::<f64>::compile(&graph, &[estimator], options).unwrap();
    program.set_data("x", rows.as_flattened()).unwrap();
    program
}

#[test]
fn the_objective_is_the_elbo_and_bounds_the_likelihood() {
    let (model, tensors) = tiny();
    for x in &ROWS {
        let (elbo, likelihood) = exactly(&model, &tensors, x);
        assert!(elbo < likelihood, "{elbo} {likelihood}");
    }
    let mut program = training_program(Arc::new(Enumeration), ROWS, &Options::new());
    let objective = program.run().unwrap().objective();
    assert!((objective + mean_elbo(&model, &tensors)).abs() < 1e-12);
}

#[test]
fn evaluation_agrees_with_the_sum_over_outcomes() {
    let (model, tensors) = tiny();
    // Five copies of a row, so that the last run is not full; the noise of each differs.
    for x in &ROWS {
        let (elbo, likelihood) = exactly(&model, &tensors, x);
        let values: Vec<f32> = (0..5).flat_map(|_| x.map(|v| v as f32)).collect();
        let rows = Rows { values, width: PIXELS };
        let single: Vec<Vec<f32>> =
            tensors.iter().map(|t| t.values.iter().map(|&v| v as f32).collect()).collect();
        let mut last = f64::NEG_INFINITY;
        for samples in [2, 30, 701, 20_000] {
            let mut evaluation = Evaluation::new(&model, &tensors, rows.clone(), samples, 7).unwrap();
            let found = evaluation.run(single.iter().map(|p| &p[..])).unwrap();
            let z = (found.elbo - elbo) / found.elbo_std_error;
            // The standard error is itself estimated; |z| above 5.
            assert!(samples == 2 || z.abs() < 5.0, "{samples}: {z}");
            let bound = found.bound.unwrap();
            assert!(bound > found.elbo, "{samples}: {bound}");
            last = bound;
        }
        // With 100,000 weights in all the bound is the log-likelihood.
        assert!((last - likelihood).abs() < 0.03, "{last} {likelihood}");
    }
}

#[test]
fn enumeration_gives_the_gradient_of_the_sum() {
    let (model, tensors) = tiny();
    let mut program = training_program(Arc::new(Enumeration), ROWS, &Options::new());
    let estimate = program.run().unwrap();
    for (place, tensor) in tensors.iter().enumerate() {
        for (i, &gradient) in estimate.gradient_at(place).iter().enumerate() {
            let moved = |by: f64| {
                let mut tensors = tensors.clone();
                tensors[place].values[i] += by;
                -mean_elbo(&model, &tensors)
            };
            let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((gradient - difference).abs() < 1e-8, "{}[{i}]: {gradient} {difference}", tensor.name);
        }
    }
}

#[test]
fn the_unbiased_estimators_agree_with_enumeration() {
    let (model, tensors) = tiny();
    let mut exact = training_program(Arc::new(Enumeration), ROWS, &Options::new());
    let exact = exact.run().unwrap();
    for entry in [estimators::find("score_function").unwrap(), estimators::find("reinforce_loo").unwrap()] {
        let estimator = entry.build(EstimatorOptions::none()).unwrap();
        let graph = training_graph(&model, Objective::Elbo, 2, &tensors, estimator.clone()).unwrap();
        // The graph's own data are its default: the rows must be given to it.
        let measured = measure_at_rows(&graph, estimator);
        for (place, moments) in measured.iter().enumerate() {
            for (i, m) in moments.iter().enumerate() {
                let error = (m.variance().unwrap() / REPLICATES as f64).sqrt();
                let z = (m.mean - exact.gradient_at(place)[i]) / error;
                // 34 coordinates and two estimators at |z| < 4.9: all pass with probability 1 − 7e-5.
                assert!(z.abs() < 4.9, "{} {}[{i}]: {z}", entry.properties.name, tensors[place].name);
            }
        }
    }
}

const REPLICATES: usize = 40_000;

fn measure_at_rows(graph: &aleator::graph::Graph, estimator: Arc<dyn Estimator>) -> Vec<Vec<Moments>> {
    let samples = estimator.min_samples();
    let at_once = 4000;
    let options = Options::new().samples(samples).replicates(at_once).seed(11);
    let mut program = Program::<f64>::compile(graph, &[estimator], &options).unwrap();
    program.set_data("x", ROWS.as_flattened()).unwrap();
    let sizes: Vec<usize> = program.params().map(|(_, shape)| shape.numel()).collect();
    let mut moments: Vec<Vec<Moments>> = sizes.iter().map(|&n| vec![Moments::default(); n]).collect();
    for _ in 0..REPLICATES / at_once {
        let estimate = program.run().unwrap();
        for (place, moments) in moments.iter_mut().enumerate() {
            let size = moments.len();
            for (i, m) in moments.iter_mut().enumerate() {
                m.add(estimate.gradient_at(place).iter().copied().skip(i).step_by(size));
            }
        }
    }
    moments
}

#[test]
fn the_score_of_a_row_meets_the_cost_of_that_row_alone() {
    // Without centring, only a row's own pixels carry its part of the encoder's gradient: changing the other row
    // must leave it alone to the bit, since the noise is the same.
    let gradient = |second: [f64; PIXELS]| {
        let (mut model, tensors) = tiny();
        model.mean.fill(0.0);
        let estimator: Arc<dyn Estimator> = Arc::new(ReinforceLoo);
        let graph = training_graph(&model, Objective::Elbo, 2, &tensors, estimator.clone()).unwrap();
        let mut program = Program::<f64>::compile(&graph, &[estimator], &Options::new().samples(2)).unwrap();
        program.set_data("x", [ROWS[0], second].as_flattened()).unwrap();
        program.run().unwrap().gradient("encoder.1.weight").unwrap().to_vec()
    };
    let (a, b) = (gradient([0.0, 0.0, 0.0, 1.0]), gradient([0.0, 0.0, 1.0, 1.0]));
    assert_eq!(a[..2 * LATENTS], b[..2 * LATENTS]);
    assert!(a[..2 * LATENTS].iter().any(|&g| g != 0.0));
    assert_ne!(a[3 * LATENTS..], b[3 * LATENTS..]);
}

fn digits(binarization: Binarization) -> Arc<Dataset> {
    Arc::new(Dataset::load("digits", binarization, 0).unwrap())
}

fn on(data: Arc<Dataset>, latents: usize) -> TrainConfig {
    TrainConfig::new(Arc::new(Sbn::new(data.train.mean(), latents)), data)
}

fn small(estimator: Arc<dyn Estimator>) -> TrainConfig {
    TrainConfig {
        estimator: Some(estimator),
        eval_samples: 10,
        steps: 1000,
        batch: 32,
        learning_rate: Some(0.01),
        ..on(digits(Binarization::Threshold), 24)
    }
}

fn run(config: &TrainConfig) -> TrainReport {
    train(config, &|_| ControlFlow::Continue(())).unwrap()
}

/// How far the held-out ELBO rose above the log-likelihood of the best model without latents: independent pixels.
fn gain(report: &TrainReport) -> f64 {
    report.history[report.history.len() - 1].elbo - INDEPENDENT_PIXELS
}

/// Mean over the images of Σ log Bernoulli(pixel; its mean), in nats, at the threshold of one half.
const INDEPENDENT_PIXELS: f64 = -24.44;

#[test]
fn the_yardstick_of_independent_pixels() {
    let all = data::digits().binarized();
    let mean: Vec<f64> = all.mean_image().iter().map(|&m| f64::from(m).clamp(1e-3, 1.0 - 1e-3)).collect();
    let of_pixel = |(&x, m): (&f32, &f64)| if x == 1.0 { m.ln() } else { (1.0 - m).ln() };
    let total: f64 = all.images.iter().zip(mean.iter().cycle()).map(of_pixel).sum();
    assert!((total / all.count as f64 - INDEPENDENT_PIXELS).abs() < 0.01);
}

#[test]
fn every_applicable_estimator_learns_the_digits() {
    let mut learned = Vec::new();
    for entry in estimators::all() {
        let report =
            match train(
                &small(entry.build(EstimatorOptions::none()).unwrap()),
                &|_| ControlFlow::Continue(()),
            ) {
                Ok(report) => report,
                Err(Error::Unsuitable { .. }) => continue,
                // VIMCO asks for a logarithm of a mean.
                Err(_) if entry.properties.name == "vimco" => continue,
                Err(error) => panic!("{error}"),
            };
        let name = entry.properties.name;
        assert!(gain(&report) > 2.0, "{name}: {:?}", report.history);
        assert!(report.history.iter().all(|p| p.elbo_std_error > 0.0 && p.elbo_std_error < 0.2));
        learned.push(name);
    }
    assert!(learned.len() >= 5 && !learned.contains(&"pathwise"), "{learned:?}");
}

#[test]
fn baselines_optimizers_and_binarization_learn_too() {
    for word in ["moving_average", "leave_one_out"] {
        let value = estimators::OptionValue::Word(word.into());
        let options = [("baseline".to_string(), value)].into_iter().collect();
        let estimator = estimators::find("score_function").unwrap().build(options).unwrap();
        assert!(gain(&run(&small(estimator))) > 2.0, "{word}");
    }
    for optimizer in aleator::optim::NAMES {
        let config =
            TrainConfig { optimizer: optimizer.into(), learning_rate: None, ..small(Arc::new(ReinforceLoo)) };
        assert!(gain(&run(&config)) > 1.0, "{optimizer}");
    }
    for binarization in [Binarization::Static, Binarization::Dynamic] {
        let data = digits(binarization);
        assert_eq!(data.dynamic, binarization == Binarization::Dynamic);
        let sampled = run(&TrainConfig { data, ..small(Arc::new(ReinforceLoo)) });
        let [first, .., last] = &sampled.history[..] else { panic!("two points at least") };
        assert!(last.elbo > first.elbo + 4.0, "{first:?} {last:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_other_ones() {
    let config = TrainConfig { steps: 20, eval_every: Some(7), ..small(Arc::new(ReinforceLoo)) };
    let elbos = |r: &TrainReport| r.history.iter().map(|p| (p.step, p.elbo)).collect::<Vec<_>>();
    let (a, b) = (run(&config), run(&config));
    assert_eq!((elbos(&a), &a.weights), (elbos(&b), &b.weights));
    assert_eq!(elbos(&a).iter().map(|p| p.0).collect::<Vec<_>>(), [0, 7, 14, 20]);
    // Looking at the held-out data more often changes nothing.
    assert_eq!(run(&TrainConfig { eval_every: Some(1), ..config.clone() }).weights, a.weights);
    assert_ne!(run(&TrainConfig { seed: 1, ..config }).weights, a.weights);
}

#[test]
fn the_last_images_of_an_evaluation_count_like_the_others() {
    // 297 held-out digits in runs of 33 and of 2: in the one case nothing is left over, in the other one image.
    let at_start = |eval_samples| {
        let config = TrainConfig { steps: 1, eval_samples, ..small(Arc::new(ReinforceLoo)) };
        run(&config).history[0].clone()
    };
    let (few, many): (HistoryPoint, HistoryPoint) = (at_start(30), at_start(500));
    let z = (few.elbo - many.elbo) / few.elbo_std_error.hypot(many.elbo_std_error);
    // |t| with 29 degrees of freedom exceeds 4.5 with probability 1e-4; the seed is fixed.
    assert!(z.abs() < 4.5, "{few:?} {many:?}");
}

#[test]
fn progress_and_json_tell_the_history() {
    let steps = RefCell::new(Vec::new());
    let config = TrainConfig { steps: 12, ..small(Arc::new(ReinforceLoo)) };
    let watch = |p: &aleator::train::Progress| {
        steps.borrow_mut().push((p.step, p.elbo));
        ControlFlow::Continue(())
    };
    let report = train(&config, &watch).unwrap();
    assert_eq!(steps.borrow().iter().map(|s| s.0).collect::<Vec<_>>(), (0..=12).collect::<Vec<_>>());
    assert_eq!(steps.borrow()[0].1, report.history[0].elbo);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["history"][0]["step"], 0);
    assert!(json["history"][0]["elbo"].as_f64().unwrap() < -20.0);
    assert_eq!(json["history"].as_array().unwrap().last().unwrap()["step"], 12);
    assert_eq!((json["model"].as_str(), json["samples"].as_u64()), (Some("sbn"), Some(2)));
    assert_eq!(json["parameters"], 2 * 24 * 64 + 2 * 24 + 64);
    assert_eq!(models::find("sbn").map(|e| e.name), Some("sbn"));
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let base = || small(Arc::new(ReinforceLoo));
    let mut empty = (*digits(Binarization::Threshold)).clone();
    empty.held_out.values.clear();
    let with = |latents| {
        let base = base();
        TrainConfig { model: Arc::new(Sbn::new(base.data.train.mean(), latents)).into(), ..base }
    };
    let cases: [(TrainConfig, &str); 12] = [
        (TrainConfig { batch: 0, ..base() }, "batch must be at least 1"),
        (TrainConfig { batch: 1501, ..base() }, "1500"),
        (TrainConfig { steps: 0, ..base() }, "steps must be at least 1"),
        (with(usize::MAX), "smaller sizes"),
        (with(1 << 40), "smaller sizes"),
        (TrainConfig { samples: Some(0), ..base() }, "samples must be at least 1"),
        (TrainConfig { samples: Some(usize::MAX), ..base() }, "too large"),
        (TrainConfig { eval_samples: 1, ..base() }, "evaluation needs 2"),
        (TrainConfig { eval_every: Some(0), ..base() }, "between evaluations"),
        (TrainConfig { learning_rate: Some(f64::NAN), ..base() }, "positive"),
        (TrainConfig { optimizer: "adamax".into(), ..base() }, "adam, adamw"),
        (TrainConfig { data: Arc::new(empty), ..base() }, "no held-out rows"),
    ];
    for (config, expected) in cases {
        let error = train(&config, &|_| ControlFlow::Continue(())).unwrap_err();
        assert!(matches!(error, Error::Invalid(_)) && error.to_string().contains(expected), "{error}");
    }
    let one = TrainConfig { samples: Some(1), ..base() };
    assert!(matches!(train(&one, &|_| ControlFlow::Continue(())), Err(Error::Samples { needed: 2, .. })));
}

#[test]
fn two_hundred_latents_cannot_be_enumerated_but_three_can() {
    let with = |latents| TrainConfig {
        estimator: Some(Arc::new(Enumeration)),
        eval_samples: 10,
        ..on(digits(Binarization::Threshold), latents)
    };
    let error = train(&with(200), &|_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, Error::Unsuitable { .. }) && error.to_string().contains("2^200"), "{error}");
    // What could be enumerated, but not within a lifetime, is refused too.
    let error = train(&with(18), &|_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, Error::Invalid(_)) && error.to_string().contains("262144"), "{error}");
    let few = TrainConfig { steps: 1000, batch: 32, learning_rate: Some(0.01), ..with(3) };
    assert!(gain(&run(&few)) > 1.0);
}

#[test]
fn a_run_that_explodes_stops_with_the_step() {
    let config =
        TrainConfig { optimizer: "sgd".into(), learning_rate: Some(1e38), ..small(Arc::new(ReinforceLoo)) };
    let error = train(&config, &|_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, Error::NotFinite(_)) && error.to_string().contains("at step"), "{error}");
}

/// A run that is broken off and resumed, in memory's terms: the same history and weights to the bit.
#[test]
fn a_resumed_run_is_the_same_run() {
    let directory = std::env::temp_dir().join(format!("aleator-resume-{}", std::process::id()));
    let build = |text: &str| {
        let settings = aleator::train::Settings::parse(&format!("estimator = {text:?}"));
        settings.unwrap().config().unwrap().estimator.unwrap()
    };
    // Tuned coefficients and temperatures, running baselines, networks.
    for (text, optimizer) in [
        ("rebar", "adam"),
        ("score_function(baseline = moving_average)", "momentum"),
        ("nvil", "rmsprop"),
        ("reinforce_loo", "radam"),
    ] {
        let path = directory.join(format!("{optimizer}.safetensors"));
        let whole = TrainConfig {
            steps: 23,
            eval_every: Some(5),
            optimizer: optimizer.into(),
            learning_rate: Some(0.01),
            decay: aleator::optim::Decay::Cosine,
            warm_up: 3,
            clip: Some(0.5),
            checkpoint: Some(path.clone()),
            ..small(build(text))
        };
        let expected = run(&whole);
        let stop_at = |at: usize| {
            move |p: &aleator::train::Progress| {
                if p.step == at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }
        };
        std::fs::remove_file(&path).unwrap();
        let first = train(&whole, &stop_at(8)).unwrap();
        assert!(first.interrupted && first.held_out.is_none() && first.steps == 8);
        let on = TrainConfig { resume: Some(path.clone()), ..whole.clone() };
        let second = train(&on, &stop_at(13)).unwrap();
        assert_eq!((second.steps, second.checkpoint.as_deref()), (13, Some(&*path)));
        let last = run(&on);
        assert_eq!(last.weights, expected.weights, "{text}");
        let numbers = |r: &TrainReport| {
            let each = r.history.iter().cloned().map(|p| HistoryPoint { seconds: 0.0, ..p });
            (each.collect::<Vec<_>>(), r.held_out)
        };
        assert_eq!(numbers(&last), numbers(&expected), "{text}");
        // Another run's checkpoint is refused, by the name of what differs.
        for (other, what) in [
            (TrainConfig { seed: 1, ..on.clone() }, "`seed = 0` there, `seed = 1` here"),
            (TrainConfig { batch: 31, ..on.clone() }, "`batch = 32` there, `batch = 31` here"),
            (TrainConfig { steps: 24, ..on.clone() }, "`steps = 23` there"),
            (TrainConfig { warm_up: 2, ..on.clone() }, "`warm-up = 3` there, `warm-up = 2` here"),
            (TrainConfig { eval_rows: 7, ..on.clone() }, "`eval-rows = "),
        ] {
            let error = train(&other, &|_| ControlFlow::Continue(())).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains(&path.display().to_string()), "{error}");
        }
        // One that did not stay finite may go on more carefully.
        run(&TrainConfig { clip: None, learning_rate: Some(1e-3), tuning_factor: 1.0, ..on });
    }
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn numbers_that_are_not_finite_are_words_and_come_back() {
    let point = HistoryPoint {
        elbo: f64::NEG_INFINITY,
        elbo_std_error: f64::INFINITY,
        bound: Some(f64::NAN),
        ..run(&TrainConfig { steps: 1, ..small(Arc::new(ReinforceLoo)) }).history[0].clone()
    };
    let json = serde_json::to_string(&point).unwrap();
    assert!(
        json.contains("\"elbo\":\"-inf\",\"elbo_std_error\":\"inf\",\"bound\":\"nan\",\"bound_std_error\":"),
        "{json}"
    );
    let back: HistoryPoint = serde_json::from_str(&json).unwrap();
    assert!(back.bound.unwrap().is_nan());
    assert_eq!(HistoryPoint { bound: None, ..back }, HistoryPoint { bound: None, ..point });
    for word in ["\"infinity\"", "null", "[]"] {
        assert!(serde_json::from_str::<HistoryPoint>(&json.replacen("\"-inf\"", word, 1)).is_err());
    }
}
