//! Layers and objectives against hand computations, and every built-in model: that its bounds are right and that it learns.

use std::ops::ControlFlow;
use std::sync::Arc;

use aleator::data::{Binarization, Dataset};
use aleator::estimators::{Enumeration, Vimco};
use aleator::graph::Graph;
use aleator::models::{self, Build, Model, ModelOptions, Objective, Sbn, training_graph};
use aleator::nn::{
    Activation, BatchNorm, Conv2d, Embedding, GruCell, LayerNorm, Linear, Mlp, Parameters, Spec, Tensor,
    initial,
};
use aleator::objectives::Terms;
use aleator::train::{Evaluation, Settings, TrainReport, train};
use aleator::{Options, Program};
use aleator_engine::compile::CompileOptions;
use aleator_engine::exec;
use aleator_engine::graph::{Expr, NodeId};

#[path = "models/architectures.rs"]
mod architectures;

/// Tensors whose numbers follow a sine, so that none is special.
fn filled(specs: &[Spec]) -> Vec<Tensor> {
    let mut count = 0.0;
    let mut next = || {
        count += 1.0;
        0.7 * f64::sin(1.7 * count)
    };
    let of = |s: &Spec| s.shape.clone();
    let mut tensors: Vec<Tensor> = specs
        .iter()
        .map(|s| Tensor {
            name: s.name.clone(),
            shape: of(s),
            values: vec![0.0; s.shape.numel()],
            learned: s.learned,
        })
        .collect();
    tensors.iter_mut().flat_map(|t| &mut t.values).for_each(|v| *v = next());
    tensors
}

fn value(graph: &Graph, node: NodeId) -> Vec<f64> {
    let mut program =
        exec::Program::<f64>::compile(graph.engine(), &[node], &CompileOptions::default()).unwrap();
    for (slot, input) in graph.engine().inputs().iter().enumerate() {
        let values = graph.datasets().into_iter().find(|d| d.name == input.name).unwrap().values;
        program.set_input(slot, &values).unwrap();
    }
    program.run(0, 0);
    program.output(0).to_vec()
}

/// A layer's value at `x`.
fn layer_at(
    specs: &[Spec],
    shape: &[usize],
    x: &[f64],
    apply: impl for<'g> Fn(&Parameters<'g>, Expr<'g>) -> Expr<'g>,
) -> Vec<f64> {
    let graph = Graph::new();
    let node = {
        let parameters = Parameters::given(&graph, &filled(specs));
        apply(&parameters, graph.data("x", shape, x.to_vec())).id()
    };
    value(&graph, node)
}

fn near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() < 1e-9, "{found:?} {expected:?}");
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[test]
fn layers_by_hand() {
    let p: Vec<f64> = (1..40).map(|i| 0.7 * f64::sin(1.7 * f64::from(i))).collect();
    let linear = Linear::new("l", 2, 1);
    near(
        &layer_at(&linear.specs(), &[1, 2], &[2.0, -1.0], |q, x| linear.apply(q, x)),
        &[2.0 * p[0] - p[1] + p[2]],
    );
    let mlp = Mlp::new("m", 1, &[1], 1, Activation::Relu);
    let hidden = f64::max(3.0 * p[0] + p[1], 0.0);
    near(&layer_at(&mlp.specs(), &[1, 1], &[3.0], |q, x| mlp.apply(q, x)), &[hidden * p[2] + p[3]]);
    let table = Embedding::new("e", 3, 2);
    // Symbol 2, symbol 0, and one that is none.
    near(
        &layer_at(&table.specs(), &[3], &[2.0, 0.0, 5.0], |q, x| table.apply(q, x)),
        &[p[4], p[5], p[0], p[1], 0.0, 0.0],
    );
    let norm = LayerNorm::new("n", 2);
    let scaled = 1.0 / (1.0 + 1e-5_f64).sqrt();
    near(
        &layer_at(&norm.specs(), &[1, 2], &[3.0, 5.0], |q, x| norm.apply(q, x)),
        &[-scaled * p[0] + p[2], scaled * p[1] + p[3]],
    );
    let norm = BatchNorm::new("n", 1);
    // What is judged is normalised by the running moments.
    let judged = |x: f64| (x - p[2]) / (p[3] + 1e-5).sqrt() * p[0] + p[1];
    near(
        &layer_at(&norm.specs(), &[2, 1], &[3.0, 5.0], |q, x| norm.apply(q, x)),
        &[judged(3.0), judged(5.0)],
    );
    let cell = GruCell::new("g", 1, 1);
    let (x, h) = (0.8, -0.5);
    // W, b, U, c of three numbers each.
    let r = sigmoid(x * p[0] + p[3] + h * p[6] + p[9]);
    let u = sigmoid(x * p[1] + p[4] + h * p[7] + p[10]);
    let n = (x * p[2] + p[5] + r * (h * p[8] + p[11])).tanh();
    near(
        &layer_at(&cell.specs(), &[1, 1], &[x], |q, e| cell.apply(q, e, e * 0.0 + h)),
        &[(1.0 - u) * n + u * h],
    );
    for (activation, expected) in [
        (Activation::Identity, -0.5),
        (Activation::Tanh, f64::tanh(-0.5)),
        (Activation::Relu, 0.0),
        (Activation::Sigmoid, sigmoid(-0.5)),
        (Activation::Silu, -0.5 * sigmoid(-0.5)),
    ] {
        near(&layer_at(&[], &[1], &[-0.5], |_, x| activation.apply(x)), &[expected]);
    }
}

/// Scalars of a batch normalisation after two steps of training on `x`: the layer's values, then its running mean and variance.
fn normalised_in_training(norm: &BatchNorm, shape: &[usize], x: &[f64]) -> (f64, [Vec<f64>; 2]) {
    let graph = Graph::new();
    {
        let parameters = Parameters::to_learn(&graph, &initial(&norm.specs(), 0).unwrap());
        // Draws that are always 1, so that there is a sample axis in front.
        let certain = aleator::distributions::Bernoulli::from_logits(graph.param("phi", 1000.0));
        let one = graph.sample("one", certain.via(aleator::estimators::ReinforceLoo));
        let y = norm.apply(&parameters, graph.data("x", shape, x.to_vec()) * one);
        graph.cost("cost", y.slice(-1, 0, 1).square() * y.slice(-1, 0, 1));
    }
    let mut program = graph.compile(&Options::new().samples(2)).unwrap();
    program.run().unwrap();
    let objective = program.run().unwrap().objective();
    (objective, ["n.mean", "n.variance"].map(|name| program.state(name).unwrap().to_vec()))
}

#[test]
fn batch_normalisation_trains_on_the_batch_and_keeps_running_moments() {
    // Column 0: mean 3, variance 14/3, unbiased 7. Column 1: mean −1, variance 8/3, unbiased 4.
    let x = [1.0, -1.0, 2.0, 1.0, 6.0, -3.0];
    let (objective, [mean, variance]) = normalised_in_training(&BatchNorm::new("n", 2), &[3, 2], &x);
    let cubes: f64 = [-2.0_f64, -1.0, 3.0].iter().map(|d| d.powi(3)).sum();
    near(&[objective], &[cubes / (14.0_f64 / 3.0 + 1e-5).powf(1.5)]);
    // After two batches, 0.9 · 0.1 + 0.1 of the new and 0.81 of the old.
    near(&mean, &[0.19 * 3.0, -0.19]);
    near(&variance, &[0.81 + 0.19 * 7.0, 0.81 + 0.19 * 4.0]);
    // The same numbers as images of 3 × 1 pixels in one row.
    let images = BatchNorm::of_images("n", 2).with_momentum(1.0);
    let (same, [mean, variance]) = normalised_in_training(&images, &[1, 3, 1, 2], &x);
    near(&[same], &[objective]);
    near(&[mean, variance].concat(), &[3.0, -1.0, 7.0, 4.0]);
}

#[test]
fn normalisations_refuse_what_does_not_fit() {
    let problem = |shape: &[usize], apply: &dyn for<'g> Fn(&Parameters<'g>, Expr<'g>) -> Expr<'g>| {
        let graph = Graph::new();
        let norm = BatchNorm::new("n", 4);
        let parameters = Parameters::to_learn(&graph, &initial(&norm.specs(), 0).unwrap());
        assert!(apply(&parameters, graph.data("x", shape, vec![1.0])).is_poison());
        graph.engine().error().unwrap().to_string()
    };
    let graph = Graph::new();
    graph.becomes(graph.param("theta", 0.0), graph.engine().scalar(1.0));
    assert!(graph.engine().error().unwrap().to_string().contains("a state of this graph"));
    let (rows, layer) = (BatchNorm::new("n", 4), LayerNorm::new("n", 4));
    assert!(problem(&[3, 1], &|q, x| rows.apply(q, x)).contains("rows of 4 numbers"));
    assert!(problem(&[3, 1], &|q, x| layer.apply(q, x)).contains("rows of 4 numbers"));
    assert!(problem(&[4], &|q, x| rows.apply(q, x)).contains("2 axes"));
    assert!(problem(&[1, 4], &|q, x| rows.apply(q, x)).contains("no variance"));
    assert!(
        problem(&[3, 4], &|q, x| LayerNorm::new("other", 4).apply(q, x)).contains("there is no parameter")
    );
}

/// Images of two rows, 5 × 4 pixels and 2 channels.
const IMAGES: [usize; 4] = [2, 5, 4, 2];

/// y[to] = b + Σ x[from] W[d, e] over all pairs of places that the kernel joins: `from = s to + [d, e] − p`, or the other way
/// round for a transpose.
fn convolved(x: &[f64], kernel: [usize; 2], stride: usize, padding: usize, transposed: bool) -> Vec<f64> {
    let [rows, height, width, inputs] = IMAGES;
    let (layer, outputs) = layer(kernel, stride, padding, transposed);
    let tensors = filled(&layer.specs());
    let (w, b) = (&tensors[0].values, &tensors[1].values);
    let [tall, wide] = layer.size([height, width]).unwrap();
    let mut y = Vec::new();
    for row in 0..rows {
        for to in (0..tall).flat_map(|i| (0..wide).map(move |j| [i, j])) {
            for out in 0..outputs {
                let mut sum = b[out];
                for from in (0..height).flat_map(|i| (0..width).map(move |j| [i, j])) {
                    let place = |axis: usize| {
                        let (small, large) =
                            if transposed { (from[axis], to[axis]) } else { (to[axis], from[axis]) };
                        (large + padding).checked_sub(stride * small).filter(|&d| d < kernel[axis])
                    };
                    let (Some(d), Some(e)) = (place(0), place(1)) else { continue };
                    for input in 0..inputs {
                        let at = ((row * height + from[0]) * width + from[1]) * inputs + input;
                        sum += x[at] * w[((d * kernel[1] + e) * inputs + input) * outputs + out];
                    }
                }
                y.push(sum);
            }
        }
    }
    y
}

fn layer(kernel: [usize; 2], stride: usize, padding: usize, transposed: bool) -> (Conv2d, usize) {
    let new = if transposed { Conv2d::transposed } else { Conv2d::new };
    (new("c", IMAGES[3], 3, kernel).with_stride(stride).with_padding(padding), 3)
}

#[test]
fn convolutions_are_their_sums() {
    let x: Vec<f64> = (0..80).map(|i| f64::cos(0.9 * f64::from(i))).collect();
    for transposed in [false, true] {
        for (kernel, stride, padding) in [
            ([1, 1], 1, 0),
            ([3, 2], 1, 0),
            ([3, 3], 1, 1),
            ([2, 3], 2, 1),
            ([4, 4], 3, 2),
            ([5, 4], 7, 0),
            ([1, 2], 2, 1),
        ] {
            let (layer, _) = layer(kernel, stride, padding, transposed);
            near(
                &layer_at(&layer.specs(), &IMAGES, &x, |q, x| layer.apply(q, x)),
                &convolved(&x, kernel, stride, padding, transposed),
            );
        }
    }
}

#[test]
fn output_padding_is_what_a_larger_transpose_shows_more_of() {
    let x: Vec<f64> = (0..80).map(|i| f64::cos(0.9 * f64::from(i))).collect();
    for (kernel, padding) in [(3, 0), (3, 1), (2, 2)] {
        let plain = Conv2d::transposed("c", 2, 1, [kernel; 2]).with_stride(2);
        let whole = layer_at(&plain.specs(), &IMAGES, &x, |q, x| plain.apply(q, x));
        let [tall, wide] = plain.size([5, 4]).unwrap();
        let layer = plain.clone().with_padding(padding).with_output_padding(1);
        let part = layer_at(&layer.specs(), &IMAGES, &x, |q, x| layer.apply(q, x));
        let [height, width] = layer.size([5, 4]).unwrap();
        assert_eq!([height, width], [tall - 2 * padding + 1, wide - 2 * padding + 1]);
        let bias = filled(&plain.specs())[1].values[0];
        for (at, found) in part.iter().enumerate() {
            let (row, i, j) = (at / (height * width), at / width % height + padding, at % width + padding);
            // Beyond the whole there is the bias alone.
            let expected = if i < tall && j < wide { whole[(row * tall + i) * wide + j] } else { bias };
            near(&[*found], &[expected]);
        }
    }
}

#[test]
fn convolutions_that_do_not_fit_are_refused() {
    for (kernel, stride, padding, transposed) in [
        ([6, 1], 1, 0, false),
        ([1, 1], 0, 0, false),
        ([0, 1], 1, 0, false),
        ([1, 1], 1, usize::MAX, false),
        ([2, 2], 1, 3, true),
        ([1, 1], usize::MAX, 0, true),
    ] {
        let error = layer(kernel, stride, padding, transposed).0.size([5, 4]).unwrap_err().to_string();
        assert!(error.contains("does not fit images of 5 x 4"), "{error}");
    }
    let graph = Graph::new();
    let (layer, _) = layer([2, 2], 1, 0, false);
    let parameters = Parameters::given(&graph, &filled(&layer.specs()));
    assert!(layer.apply(&parameters, graph.data("x", [1, 5, 4, 3], vec![0.0])).is_poison());
}

#[test]
fn rows_stay_apart_behind_convolutions_and_their_gradient_is_that_of_the_sum() {
    // z ~ Bernoulli(logits) of shape [rows, 4 × 4 pixels]; F = Σ tanh(deconv(relu(conv z)))².
    let sizes = [([3, 3], 2, 1, false), ([2, 2], 2, 0, true)];
    let layers = sizes.map(|(kernel, stride, padding, transposed)| {
        let new = if transposed { Conv2d::transposed } else { Conv2d::new };
        new(
            if transposed { "d" } else { "c" },
            if transposed { 2 } else { 1 },
            if transposed { 1 } else { 2 },
            kernel,
        )
        .with_stride(stride)
        .with_padding(padding)
    });
    let tensors = filled(&[layers[0].specs(), layers[1].specs()].concat());
    let gradients = |tensors: &[Tensor], logits: [f64; 2]| {
        let graph = Graph::new();
        {
            let parameters = Parameters::to_learn(&graph, tensors);
            let values = logits.iter().flat_map(|&l| [l; 16]).collect();
            let phi = graph.param_tensor("phi", [2, 16], values);
            let z = graph.sample(
                "z",
                aleator::distributions::Bernoulli::from_logits(phi).via(aleator::estimators::ReinforceLoo),
            );
            let hidden = layers[0].apply(&parameters, z.reshape_last(1, [4, 4, 1])).relu();
            let y = layers[1].apply(&parameters, hidden);
            assert_eq!(y.shape().to_vec(), [2, 4, 4, 1]);
            graph.cost("cost", y.tanh().square().sum_last(3));
        }
        let mut program = graph.compile(&Options::new().samples(2)).unwrap();
        let estimate = program.run().unwrap();
        let weights =
            tensors.iter().map(|t| estimate.gradient(&t.name).unwrap().to_vec()).collect::<Vec<_>>();
        (estimate.objective(), estimate.gradient("phi").unwrap().to_vec(), weights)
    };
    let (_, here, weights) = gradients(&tensors, [0.3, -0.2]);
    let (_, there, _) = gradients(&tensors, [0.3, 5.0]);
    let moves = here[..16].iter().any(|derivative| derivative.abs() > 1e-3);
    assert!(here[..16] == there[..16] && here[16..] != there[16..] && moves);
    // At fixed draws the gradient by the weights is a plain derivative.
    for (place, tensor) in tensors.iter().enumerate() {
        for (i, derivative) in weights[place].iter().enumerate() {
            let moved = |by: f64| {
                let mut tensors = tensors.clone();
                tensors[place].values[i] += by;
                gradients(&tensors, [0.3, -0.2]).0
            };
            let difference = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            assert!((derivative - difference).abs() < 1e-7, "{}[{i}]", tensor.name);
        }
    }
}

/// A network of one pixel and one latent, small enough to sum over by hand.
fn tiny() -> (Sbn, Vec<Tensor>) {
    let model = Sbn::new(vec![0.3], 1);
    let tensors = filled(&model.specs());
    (model, tensors)
}

/// log p(x, h) and log q(h|x) of the tiny network.
fn joint(tensors: &[Tensor], x: f64, h: f64) -> (f64, f64) {
    let t = |i: usize| tensors[i].values[0];
    let log = |z: f64, logit: f64| if z == 1.0 { sigmoid(logit).ln() } else { sigmoid(-logit).ln() };
    let q = log(h, (x - 0.3) * t(0) + t(1));
    (log(x, (2.0 * h - 1.0) * t(2) + t(3)) + log(h, t(4)), q)
}

#[test]
fn the_importance_weighted_bound_is_that_of_the_sum_over_draws() {
    let (model, tensors) = tiny();
    let x = 1.0;
    let graph = training_graph(&model, Objective::Iwae(2), 1, &tensors, Arc::new(Enumeration)).unwrap();
    let mut program = Program::<f64>::compile(&graph, &[Arc::new(Enumeration)], &Options::new()).unwrap();
    program.set_data("x", &[x]).unwrap();
    let found = program.run().unwrap().objective();
    let mut expected = 0.0;
    for (a, b) in [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)] {
        let ((p, q), (r, s)) = (joint(&tensors, x, a), joint(&tensors, x, b));
        expected -= (q + s).exp() * (((p - q).exp() + (r - s).exp()) / 2.0).ln();
    }
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    // VIMCO finds its logarithm of a mean in it.
    let vimco: Arc<dyn aleator::estimators::Estimator> = Arc::new(Vimco::default());
    let graph = training_graph(&model, Objective::Iwae(2), 1, &tensors, vimco.clone()).unwrap();
    Program::<f64>::compile(&graph, &[vimco], &Options::new()).unwrap();
}

#[test]
fn rows_stay_apart_behind_products_of_copies() {
    // Copies, rows and latents: the score of a row must not meet another row's cost. Then what a row adds to the
    // encoder's gradient does not change, to the bit, with another row.
    let model = Sbn { mean: vec![0.0; 3], ..Sbn::new(vec![0.0; 3], 4) };
    let tensors = filled(&model.specs());
    let gradient = |second: [f64; 3]| {
        let estimator: Arc<dyn aleator::estimators::Estimator> =
            Arc::new(aleator::estimators::ScoreFunction::default());
        let graph = training_graph(&model, Objective::Iwae(3), 2, &tensors, estimator.clone()).unwrap();
        let mut program = Program::<f64>::compile(&graph, &[estimator], &Options::new()).unwrap();
        program.set_data("x", &[[1.0, 0.0, 0.0], second].concat()).unwrap();
        program.run().unwrap().gradient("encoder.1.weight").unwrap().to_vec()
    };
    let (a, b) = (gradient([0.0, 1.0, 0.0]), gradient([0.0, 1.0, 1.0]));
    // The first pixel is inked in the first row alone: its four weights.
    assert_eq!(a[..4], b[..4]);
    assert_ne!(a[4..], b[4..]);
    // VIMCO, too, finds its copies, with several rows.
    let vimco: Arc<dyn aleator::estimators::Estimator> = Arc::new(Vimco::default());
    let graph = training_graph(&model, Objective::Iwae(3), 2, &tensors, vimco.clone()).unwrap();
    Program::<f64>::compile(&graph, &[vimco], &Options::new()).unwrap();
}

#[test]
fn wake_sleep_moves_along_the_normalised_weights() {
    let (model, tensors) = tiny();
    let unused = Arc::new(Enumeration);
    let graph = training_graph(&model, Objective::WakeSleep(2), 1, &tensors, unused).unwrap();
    let plan: Vec<_> = graph.sites().into_iter().filter_map(|s| s.estimator().cloned()).collect();
    let mut program = Program::<f64>::compile(&graph, &plan, &Options::new()).unwrap();
    let x = 1.0;
    program.set_data("x", &[x]).unwrap();
    // The gradient by the decoder's bias is −Σ w̃ (x − σ(logit)), one of three values by the number of ones drawn.
    let outcomes = |h: [f64; 2]| {
        let weights = h.map(|h| {
            let (p, q) = joint(&tensors, x, h);
            (p - q).exp()
        });
        let logit = |h: f64| (2.0 * h - 1.0) * tensors[2].values[0] + tensors[3].values[0];
        -(0..2).map(|k| weights[k] * (x - sigmoid(logit(h[k])))).sum::<f64>() / weights.iter().sum::<f64>()
    };
    let possible = [outcomes([0.0, 0.0]), outcomes([0.0, 1.0]), outcomes([1.0, 1.0])];
    let mut met = [false; 3];
    for _ in 0..60 {
        let g = program.run().unwrap().gradient("decoder.1.bias").unwrap()[0];
        let which = possible.iter().position(|p| (p - g).abs() < 1e-12).unwrap();
        met[which] = true;
    }
    assert_eq!(met, [true; 3]);
}

fn options(text: &str) -> ModelOptions {
    Settings::parse(&format!("[model-options]\n{text}")).unwrap().model_options
}

/// The mean over noise of ELBOs with the KL sampled and analytic agree, for each family of latents.
#[test]
fn the_analytic_kl_is_the_mean_of_the_sampled_one() {
    let data = Dataset::load("digits", Binarization::Threshold, 0).unwrap();
    for text in
        ["latent = \"bernoulli\"", "latent = \"categorical\"\ncategories = 3", "latent = \"gaussian\""]
    {
        let entry = models::find("vae").unwrap();
        let model = entry.build(&options(&format!("{text}\nlatents = 2\nhidden = 4")), &data).unwrap();
        let tensors = filled(&model.specs());
        let mean = |objective| {
            let estimator = model.default_estimator();
            let graph = training_graph(&*model, objective, 3, &tensors, estimator.clone()).unwrap();
            let options = Options::new().replicates(4000).seed(3);
            let mut program = Program::<f64>::compile(&graph, &[estimator], &options).unwrap();
            let x: Vec<f64> = data.train.values[..3 * 64].iter().map(|&v| f64::from(v)).collect();
            program.set_data("x", &x).unwrap();
            let estimate = program.run().unwrap();
            let all = estimate.objectives();
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            let variance = all.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / all.len() as f64;
            (mean, variance / all.len() as f64)
        };
        let ((a, va), (b, vb)) = (mean(Objective::Elbo), mean(Objective::ElboAnalyticKl));
        // |z| above 5 has probability 6e-7; the same noise makes it smaller still.
        assert!((a - b).abs() < 5.0 * (va + vb).sqrt(), "{text}: {a} {b}");
    }
}

fn trained(text: &str) -> TrainReport {
    let settings = Settings::parse(&format!("eval-samples = 10\nlr = 0.01\n{text}")).unwrap();
    train(&settings.config().unwrap(), &|_| ControlFlow::Continue(())).unwrap()
}

fn gain(report: &TrainReport) -> f64 {
    report.history.last().unwrap().elbo - report.history[0].elbo
}

#[test]
fn every_model_learns() {
    for (text, least) in [
        ("model = \"sbn\"\nsteps = 400\n[model-options]\nlayers = 2\nlatents = 20", 6.0),
        ("model = \"sbn\"\nsteps = 400\n[model-options]\nlayers = 3\nlatents = 12\nnonlinear = true", 4.0),
        ("model = \"vae\"\nsteps = 300\n[model-options]\nlatents = 10\nhidden = 40", 5.0),
        ("model = \"vae\"\nsteps = 300\n[model-options]\nlatents = 4\ncategories = 5\nhidden = 40", 5.0),
        (
            "model = \"vae\"\nsteps = 300\nobjective = \"elbo-analytic-kl\"\n[model-options]\nlatent = \"gaussian\"\nhidden = 40",
            5.0,
        ),
        (
            "model = \"vae\"\nsteps = 300\nobjective = \"iwae\"\nestimator = \"vimco\"\n[model-options]\nlatents = 10\nhidden = 40",
            3.0,
        ),
        (
            "model = \"vae\"\nsteps = 300\nobjective = \"wake-sleep\"\n[model-options]\nlatents = 10\nhidden = 40",
            3.0,
        ),
        ("model = \"structured\"\nsteps = 300\n[model-options]\nlayers = 2\nlatents = 20", 0.8),
        ("model = \"gmm\"\nsteps = 600", 0.8),
        ("model = \"bayes-logistic\"\nsteps = 600", 0.2),
        ("model = \"cartpole\"\nsteps = 40\nbatch = 20\n[model-options]\nepisode = 40", 15.0),
        ("model = \"sequence\"\nsteps = 60\nbatch = 50", 6.0),
    ] {
        let report = trained(text);
        assert!(gain(&report) > least, "{text}: {:?}", report.history);
    }
}

#[test]
fn a_mixture_finds_its_density() {
    // The entropy of five clusters far apart: log 5 + 2 · ½ log(2πe 0.7²) = 3.734 nats.
    let report = trained("model = \"gmm\"\nsteps = 3000\nestimator = \"enumeration\"\nseed = 1");
    let bound = report.held_out.unwrap().bound.unwrap();
    assert!(bound < -3.6, "{bound}");
}

#[test]
fn what_follows_the_end_of_a_sequence_does_not_count() {
    let data = (models::find("sequence").unwrap().data)(0);
    let model = models::find("sequence").unwrap().build(&options("latents = 3\nhidden = 4"), &data).unwrap();
    let tensors = initial(&model.specs(), 5).unwrap();
    let parameters: Vec<Vec<f32>> =
        tensors.iter().map(|t| t.values.iter().map(|&v| v as f32).collect()).collect();
    let judge = |after: [f32; 3]| {
        let mut rows = data.train.thinned(1);
        rows.values[4] = 0.0;
        rows.values[5..8].copy_from_slice(&after);
        let mut evaluation = Evaluation::new(&*model, &tensors, rows, 20, 1).unwrap();
        evaluation.run(parameters.iter().map(|p| &p[..])).unwrap()
    };
    assert_eq!(judge([0.0; 3]), judge([3.0, 1.0, 5.0]));
}

#[test]
fn options_and_data_that_do_not_fit_are_refused() {
    let images = Dataset::load("digits", Binarization::Threshold, 0).unwrap();
    let clusters = (models::find("gmm").unwrap().data)(0);
    let refused = |name: &str, text: &str, data: &Dataset| {
        models::find(name).unwrap().build(&options(text), data).unwrap_err().to_string()
    };
    assert!(refused("vae", "latent = \"poisson\"", &images).contains("gaussian"));
    assert!(refused("vae", "categories = 1", &images).contains("2 to"));
    assert!(refused("sbn", "layers = 0", &images).contains("1 to 10"));
    assert!(refused("sbn", "init = \"zero\"", &images).contains("kaiming"));
    assert!(refused("gmm", "layers = 1", &images).contains("no option `layers`"));
    assert!(refused("sbn", "", &clusters).contains("pixels from 0 to 1"));
    assert!(refused("sequence", "", &clusters).contains("tokens"));
    assert!(refused("bayes-logistic", "", &clusters).contains("label"));
    assert!(refused("cartpole", "episode = 501", &images).contains("1 to 500"));
    for text in
        ["model = \"cartpole\"\nobjective = \"iwae\"", "model = \"cartpole\"\nestimator = \"pathwise\""]
    {
        let config = Settings::parse(text).unwrap().config().unwrap();
        assert!(train(&config, &|_| ControlFlow::Continue(())).is_err());
    }
}

/// A model written outside of the crate: a biased coin whose bias is inferred.
#[derive(Debug)]
struct Coin;

impl Model for Coin {
    fn name(&self) -> &'static str {
        "coin"
    }

    fn describe(&self) -> String {
        "one coin".into()
    }

    fn width(&self) -> usize {
        1
    }

    fn specs(&self) -> Vec<Spec> {
        Linear::new("map", 1, 1).specs()
    }

    fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g> {
        let logits = build.linear(&Linear::new("map", 1, 1), x);
        let z = build.sample("z", aleator::distributions::Bernoulli::from_logits(logits));
        Terms::likelihood(-(z - x).square().sum_last(1))
    }
}

#[test]
fn a_model_of_ones_own_trains_like_the_others() {
    let rows = aleator::data::Rows { values: vec![0.0, 1.0, 1.0, 0.0], width: 1 };
    let data =
        Dataset { name: "coins".into(), train: rows.clone(), held_out: rows, image: None, dynamic: false };
    let config = aleator::train::TrainConfig {
        steps: 300,
        learning_rate: Some(0.05),
        ..aleator::train::TrainConfig::new(Arc::new(Coin), Arc::new(data))
    };
    let report = train(&config, &|_| ControlFlow::Continue(())).unwrap();
    assert!(report.history.last().unwrap().elbo > -0.1, "{:?}", report.history);
}

/// Latents on a grid, or the same in a row: pixels are those of the latents, which are inferred from the image.
#[derive(Debug)]
struct Grid {
    flat: bool,
}

impl Model for Grid {
    fn name(&self) -> &'static str {
        "grid"
    }

    fn describe(&self) -> String {
        "2 x 2 latents".into()
    }

    fn width(&self) -> usize {
        4
    }

    fn specs(&self) -> Vec<Spec> {
        [Linear::new("encoder", 4, 4).specs(), Linear::new("decoder", 4, 4).specs()].concat()
    }

    fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g> {
        let logits = build.linear(&Linear::new("encoder", 4, 4), x);
        let logits = if self.flat { logits } else { logits.reshape_last(1, [2, 2, 1]) };
        let z = build.sample("z", aleator::distributions::Bernoulli::from_logits(logits));
        // A second draw that depends on the first has its copies already.
        let again = build.sample("again", aleator::distributions::Bernoulli::from_logits(2.0 * z - 1.0));
        let flat = if self.flat { again } else { again.reshape_last(3, [4]) };
        let y = build.linear(&Linear::new("decoder", 4, 4), flat);
        Terms::likelihood(-(y - x).square().sum_last(1))
    }
}

#[test]
fn latents_of_any_rank_have_their_copies() {
    let rows = aleator::data::Rows { values: vec![0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0], width: 4 };
    let run = |flat, objective| {
        let (train_rows, held_out) = (rows.clone(), rows.clone());
        let data = Dataset { name: "g".into(), train: train_rows, held_out, image: None, dynamic: false };
        let usual = aleator::train::TrainConfig::new(Arc::new(Grid { flat }), Arc::new(data));
        let config = aleator::train::TrainConfig { steps: 20, objective, ..usual };
        train(&config, &|_| ControlFlow::Continue(())).unwrap().held_out.unwrap()
    };
    for objective in [Objective::Elbo, Objective::Iwae(3)] {
        let grid = run(false, objective);
        assert_eq!(grid, run(true, objective));
        assert!(grid.elbo_std_error > 0.0 && grid.bound.unwrap() > grid.elbo);
    }
}

#[test]
fn what_draws_that_all_rows_share_leave_open_is_said() {
    // The mean over rows from 50 draws of w: its spread over 200 seeds beside what is reported.
    let model = models::BayesLogistic { features: 2, rows: 100, classes: 2 };
    let tensors = initial(&model.specs(), 0).unwrap();
    let values: Vec<f32> =
        (0..300).map(|i| if i % 3 == 2 { (i % 2) as f32 } else { (i as f32).sin() }).collect();
    let rows = aleator::data::Rows { values, width: 3 };
    let parameters: Vec<Vec<f32>> =
        tensors.iter().map(|t| t.values.iter().map(|&v| v as f32 + 0.5).collect()).collect();
    let judge = |seed| {
        let mut evaluation = Evaluation::new(&model, &tensors, rows.clone(), 50, seed).unwrap();
        evaluation.run(parameters.iter().map(|p| &p[..])).unwrap()
    };
    let judged: Vec<_> = (0..200).map(judge).collect();
    let mean = judged.iter().map(|j| j.elbo).sum::<f64>() / 200.0;
    let spread = judged.iter().map(|j| (j.elbo - mean).powi(2)).sum::<f64>() / 199.0;
    let said = judged.iter().map(|j| j.elbo_std_error.powi(2)).sum::<f64>() / 200.0;
    // χ² of 199 degrees: a standard error of a tenth.
    assert!((spread / said - 1.0).abs() < 0.5, "{spread} {said}");
}

#[test]
fn wake_sleep_reports_the_bound_and_needs_a_posterior() {
    let report =
        trained("model = \"sbn\"\nobjective = \"wake-sleep\"\nsteps = 300\nmodel-options.latents = 10");
    let last = report.history.last().unwrap();
    assert!((last.train_elbo.unwrap() - last.elbo).abs() < 1.0, "{last:?}");
    assert_eq!((report.estimator.as_str(), report.unbiased), ("detached", false));
    let refused = |text: &str| {
        let config = Settings::parse(text).unwrap().config();
        config.and_then(|c| train(&c, &|_| ControlFlow::Continue(()))).unwrap_err().to_string()
    };
    let wake_sleep = |rest: &str| refused(&format!("objective = \"wake-sleep\"\nsteps = 2\n{rest}"));
    assert!(wake_sleep("model = \"structured\"").contains("no approximate posterior"));
    assert!(wake_sleep("estimator = \"rebar\"").contains("remove the setting `estimator`"));
    assert!(refused("checkpoint = \"\"").contains("need a name"));
    assert!(refused("optimizer = \"sgd\"\nbeta2 = 0.9").contains("`beta2` is for"));
    assert!(refused("weight-decay = 0.1").contains("`weight-decay` is for"));
    let config = |text: &str| Settings::parse(text).unwrap().config().unwrap();
    assert_eq!(config("objective = \"iwae\"").serving().unwrap().properties().name, "vimco");
    let gaussian = "model = \"vae\"\nobjective = \"iwae\"\nmodel-options.latent = \"gaussian\"";
    assert_eq!(config(gaussian).serving().unwrap().properties().name, "pathwise");
}

/// Bernoulli latents behind a batch normalisation.
#[derive(Debug)]
struct Normalised;

impl Model for Normalised {
    fn name(&self) -> &'static str {
        "normalised"
    }

    fn describe(&self) -> String {
        "3 latents".into()
    }

    fn width(&self) -> usize {
        64
    }

    fn specs(&self) -> Vec<Spec> {
        // Kept tensors in the middle, so that places of learned ones shift.
        let (norm, layers) = (BatchNorm::new("n", 3), [Linear::new("a", 64, 3), Linear::new("b", 3, 64)]);
        [layers[0].specs(), norm.specs(), layers[1].specs()].concat()
    }

    fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g> {
        let norm = BatchNorm::new("n", 3);
        let logits = norm.apply(build.parameters(), build.linear(&Linear::new("a", 64, 3), x));
        let z = build.sample("z", aleator::distributions::Bernoulli::from_logits(logits));
        Terms::likelihood(-(build.linear(&Linear::new("b", 3, 64), z) - x).square().sum_last(1))
    }
}

#[test]
fn running_moments_are_judged_by_saved_and_resumed() {
    let digits = Arc::new(Dataset::load("digits", Binarization::Threshold, 0).unwrap());
    let path = std::env::temp_dir().join(format!("aleator-moments-{}.safetensors", std::process::id()));
    let whole = aleator::train::TrainConfig {
        steps: 12,
        eval_samples: 10,
        checkpoint: Some(path.clone()),
        ..aleator::train::TrainConfig::new(Arc::new(Normalised), digits)
    };
    let until = |at: usize| {
        move |p: &aleator::train::Progress| match p.step == at {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let expected = train(&whole, &until(usize::MAX)).unwrap();
    let kept: Vec<_> = expected.weights.iter().filter(|t| !t.learned).collect();
    assert_eq!(kept.iter().map(|t| &t.name[..]).collect::<Vec<_>>(), ["n.mean", "n.variance"]);
    assert!(kept[0].values.iter().all(|m| m.abs() > 1e-3), "{kept:?}");
    assert!(expected.own_parameters.is_empty() && expected.parameters == 64 * 3 + 3 + 6 + 3 * 64 + 64);
    // Its place is no other run's to take.
    assert!(train(&whole, &until(5)).unwrap_err().to_string().contains("another run"));
    std::fs::remove_file(&path).unwrap();
    train(&whole, &until(5)).unwrap();
    let on = aleator::train::TrainConfig { resume: Some(path.clone()), ..whole.clone() };
    let resumed = train(&on, &until(usize::MAX)).unwrap();
    assert_eq!((&resumed.weights, resumed.held_out), (&expected.weights, expected.held_out));
    std::fs::remove_file(path).unwrap();
}
