//! Depth, widths, activations, convolutions and likelihoods of the built-in models: shapes, densities in closed form, gradients against
//! finite differences, and options that make no sense.

use std::ops::ControlFlow;
use std::sync::Arc;

use aleator::data::{Dataset, Rows};
use aleator::estimators::{Enumeration, Estimator, Pathwise};
use aleator::models::{
    self, DataSummary, Gmm, Likelihood, Maps, Model, Objective, Sbn, Structured, Vae, parameter_count,
    training_graph,
};
use aleator::nn::{Activation, Tensor};
use aleator::train::{TrainConfig, train};
use aleator::{Options, Program};

use super::{filled, options, trained};

/// Rows of this width (or images) whose numbers follow a sine.
fn summary(width: usize, image: Option<[usize; 2]>) -> DataSummary {
    let column = |j: usize, k: f64| f64::sin(k * (j + 1) as f64);
    DataSummary {
        name: "sines".into(),
        rows: 10,
        width,
        image,
        mean: (0..width).map(|j| 3.0 * column(j, 1.3)).collect(),
        scale: (0..width).map(|j| 1.5 + column(j, 0.7)).collect(),
        range: [-10.0, 10.0],
        whole: false,
        classes: None,
        labels: vec![],
        columns: vec![],
        standardization: None,
    }
}

fn pixels(height: usize, width: usize) -> DataSummary {
    let n = height * width;
    DataSummary {
        mean: (0..n).map(|j| 0.5 + 0.4 * f64::sin(j as f64)).collect(),
        range: [0.0, 1.0],
        ..summary(n, Some([height, width]))
    }
}

fn built(name: &str, text: &str, data: &DataSummary) -> Arc<dyn Model> {
    models::find(name).unwrap().build_for(&options(text), data).unwrap()
}

#[test]
fn parameters_are_counted_by_hand() {
    for (name, text, data, expected) in [
        // 12 · 7 + 7, 7 · 3 + 3, and back; then Gaussian latents have two numbers each.
        ("vae", "hidden = 7\nlatents = 3", pixels(3, 4), 12 * 7 + 7 + 7 * 3 + 3 + 3 * 7 + 7 + 7 * 12 + 12),
        (
            "vae",
            "hidden = [7, 5]\nlatents = 3\nlatent = \"gaussian\"",
            pixels(3, 4),
            12 * 7 + 7 + 7 * 5 + 5 + 5 * 6 + 6 + 3 * 5 + 5 + 5 * 7 + 7 + 7 * 12 + 12,
        ),
        ("vae", "hidden = []\nlatents = 3", pixels(3, 4), 12 * 3 + 3 + 3 * 12 + 12),
        // One λ, or one for each column.
        (
            "vae",
            "hidden = []\nlatents = 3\nlikelihood = \"gaussian\"",
            pixels(3, 4),
            12 * 3 + 3 + 3 * 12 + 12 + 1,
        ),
        (
            "vae",
            "hidden = []\nlatents = 3\nlikelihood = \"normal\"",
            summary(12, None),
            12 * 3 + 3 + 3 * 12 + 12 + 12,
        ),
        // 5 × 4 → 3 × 2 → 2 × 1: kernels 3 × 3, then 2 · 1 · 3 numbers; and a bias for each pixel.
        (
            "vae",
            "convolutions = [2, 3]\nhidden = 7\nlatents = 4",
            pixels(5, 4),
            (9 * 2 + 2)
                + (9 * 2 * 3 + 3)
                + (6 * 7 + 7)
                + (7 * 4 + 4)
                + (4 * 7 + 7)
                + (7 * 6 + 6)
                + (9 * 3 * 2 + 2)
                + (9 * 2 + 1)
                + 20,
        ),
        ("sbn", "latents = [6, 2]", pixels(3, 4), 12 * 6 + 6 + 6 * 2 + 2 + 6 * 12 + 12 + 2 * 6 + 6 + 2),
        (
            "sbn",
            "latents = [6, 2]\nhidden = 5\nactivation = \"elu\"",
            pixels(3, 4),
            (12 * 5 + 5 + 5 * 6 + 6)
                + (6 * 5 + 5 + 5 * 2 + 2)
                + (6 * 5 + 5 + 5 * 12 + 12)
                + (2 * 5 + 5 + 5 * 6 + 6)
                + 2,
        ),
        ("structured", "latents = [3, 2]", pixels(3, 4), 6 * 3 + 3 + 3 * 2 + 2 + 2 * 6 + 6),
        (
            "structured",
            "latents = 3\nlikelihood = \"gaussian\"\nlikelihood-scale = \"columns\"",
            pixels(3, 4),
            6 * 3 + 3 + 3 * 6 + 6 + 6,
        ),
        (
            "gmm",
            "hidden = [4, 3]\ncategories = 2",
            summary(5, None),
            5 * 4 + 4 + 4 * 3 + 3 + 3 * 2 + 2 + 2 + 10 + 10,
        ),
        ("cartpole", "hidden = []", summary(4, None), 5),
        (
            "cartpole",
            "hidden = [3, 2]\nactivation = \"relu\"",
            summary(4, None),
            4 * 3 + 3 + 3 * 2 + 2 + 2 + 1,
        ),
    ] {
        let model = built(name, text, &data);
        assert_eq!(parameter_count(&*model), Some(expected), "{name} {text}");
    }
}

/// A saved run is resumed only with a model that prints the same, and names its sizes in its description.
#[test]
fn models_without_new_options_print_what_they_always_did() {
    let mean = vec![0.5];
    let sbn =
        |text: &str| format!("{:?}", built("sbn", text, &DataSummary { mean: mean.clone(), ..pixels(1, 1) }));
    assert_eq!(
        sbn("latents = 3"),
        "Sbn { layers: 1, latents: 3, nonlinear: false, init: Glorot, mean: [0.5] }"
    );
    assert_eq!(
        sbn("layers = 2\nlatents = 3\nnonlinear = true\ninit = \"kaiming\""),
        "Sbn { layers: 2, latents: 3, nonlinear: true, init: KaimingNormal, mean: [0.5] }"
    );
    assert_eq!(sbn("latents = [3, 3]"), sbn("latents = 3\nlayers = 2"));
    assert_eq!(
        format!("{:?}", Vae { hidden: vec![8], ..Vae::new(mean.clone(), 4) }),
        "Vae { latent: Bernoulli, latents: 4, hidden: 8, mean: [0.5] }"
    );
    let two = DataSummary { mean: vec![0.5; 2], scale: vec![1.0; 2], ..pixels(1, 2) };
    assert_eq!(
        format!("{:?}", built("structured", "latents = 3", &two)),
        "Structured { layers: 1, latents: 3, nonlinear: false, mean: [0.5, 0.5] }"
    );
    assert_eq!(
        format!("{:?}", built("gmm", "", &two)),
        "Gmm { categories: 5, hidden: 20, mean: [0.5, 0.5], scale: [1.0, 1.0] }"
    );
    assert_eq!(format!("{:?}", built("cartpole", "", &two)), "Cartpole { steps: 200, hidden: 16 }");
    for (name, text, description) in [
        ("sbn", "layers = 2\nlatents = 9", "2 linear layers of 9 latents"),
        ("sbn", "nonlinear = true\nlatents = 9", "1 nonlinear layer of 9 latents"),
        ("structured", "latents = 9", "1 linear layer of 9 latents"),
        ("vae", "latents = 9\nhidden = 3", "9 Bernoulli latents"),
        ("gmm", "hidden = 3", "5 clusters in 2 dimensions"),
        ("cartpole", "hidden = 3", "episodes of 200 steps, 3 hidden units"),
    ] {
        assert_eq!(built(name, text, &two).describe(), description);
    }
    // What is new is told, and differs.
    let all = [
        "",
        "hidden = [3, 2]",
        "hidden = [2, 3]",
        "hidden = []",
        "activation = \"relu\"",
        "convolutions = 2",
        "convolutions = 2\nkernel = 5",
        "convolutions = 2\nstride = 1",
        "likelihood = \"gaussian\"",
        "likelihood = \"gaussian\"\nlikelihood-scale = \"columns\"",
        "init = \"kaiming\"",
    ];
    let texts: Vec<String> =
        all.iter().map(|text| format!("{:?}", built("vae", text, &pixels(4, 4)))).collect();
    for (i, text) in texts.iter().enumerate() {
        assert!(!texts[..i].contains(text), "{}", all[i]);
    }
}

/// log N(x; m, C), by a Cholesky factor.
fn log_normal(x: &[f64], mean: &[f64], c: &[Vec<f64>]) -> f64 {
    let n = x.len();
    let mut l = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| l[i][k] * l[j][k]).sum();
            l[i][j] = if i == j { (c[i][i] - sum).sqrt() } else { (c[i][j] - sum) / l[j][j] };
        }
    }
    let mut solved: Vec<f64> = Vec::new();
    for i in 0..n {
        let sum: f64 = solved.iter().enumerate().map(|(k, y)| l[i][k] * y).sum();
        solved.push((x[i] - mean[i] - sum) / l[i][i]);
    }
    let log_determinant: f64 = (0..n).map(|i| 2.0 * l[i][i].ln()).sum();
    -0.5 * (solved.iter().map(|y| y * y).sum::<f64>()
        + log_determinant
        + n as f64 * (2.0 * std::f64::consts::PI).ln())
}

#[test]
fn the_normal_density_by_hand() {
    // Variances 4 and 1, correlation ½: 1/√(4π² · 3) exp(−½ · 4/3 (1/4 − ½ · 1 + 1)).
    let found = log_normal(&[1.0, 1.0], &[0.0, 0.0], &[vec![4.0, 1.0], vec![1.0, 1.0]]);
    let expected = -(2.0 * std::f64::consts::PI).ln() - 0.5 * 3.0_f64.ln() - 0.5;
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
}

fn set(tensors: &mut [Tensor], name: &str, values: Vec<f64>) {
    let tensor = tensors.iter_mut().find(|t| t.name == name).unwrap();
    assert_eq!(tensor.values.len(), values.len(), "{name}");
    tensor.values = values;
}

/// A linear autoencoder with one Normal latent is factor analysis, or probabilistic PCA with a shared scale: x is Normal with the
/// covariance U (w wᵀ + diag τ²) U. With the exact posterior as encoder, each log weight is log p(x), whatever the noise.
#[test]
fn a_linear_autoencoder_has_the_density_of_factor_analysis() {
    for (shared, word) in [(true, "shared"), (false, "columns")] {
        let data = summary(3, None);
        let text = format!(
            "latent = \"gaussian\"\nlatents = 1\nhidden = []\nlikelihood = \"gaussian\"\nlikelihood-scale = \"{word}\""
        );
        let model = built("vae", &text, &data);
        let Likelihood::Normal { units, .. } = Likelihood::normal(shared, &data) else { unreachable!() };
        if shared {
            let squares: f64 = data.scale.iter().map(|s| s * s).sum();
            assert!(units.iter().all(|u| (u - (squares / 3.0).sqrt()).abs() < 1e-12));
        }
        let mut tensors = filled(&model.specs());
        let of =
            |tensors: &[Tensor], name: &str| tensors.iter().find(|t| t.name == name).unwrap().values.clone();
        let (w, b) = (of(&tensors, "decoder.weight"), of(&tensors, "decoder.bias"));
        let log_scale = of(&tensors, "likelihood.log_scale");
        let tau: Vec<f64> = (0..3).map(|j| 1e-3 + log_scale[if shared { 0 } else { j }].exp()).collect();
        let precision = 1.0 + (0..3).map(|j| (w[j] / tau[j]).powi(2)).sum::<f64>();
        let towards: Vec<f64> = (0..3).map(|j| w[j] / tau[j].powi(2) / precision).collect();
        let offset = -(0..3).map(|j| towards[j] * b[j]).sum::<f64>();
        set(&mut tensors, "encoder.weight", towards.iter().flat_map(|&t| [t, 0.0]).collect());
        set(&mut tensors, "encoder.bias", vec![offset, -0.5 * precision.ln()]);
        let rows = [[4.0, -1.0, 0.5], [0.0, 2.0, -3.0]];
        let mean: Vec<f64> = (0..3).map(|j| data.mean[j] + units[j] * b[j]).collect();
        let c: Vec<Vec<f64>> = (0..3)
            .map(|i| {
                let noise = |j| if i == j { tau[i] * tau[i] } else { 0.0 };
                (0..3).map(|j| units[i] * units[j] * (w[i] * w[j] + noise(j))).collect()
            })
            .collect();
        let expected = rows.iter().map(|x| log_normal(x, &mean, &c)).sum::<f64>() / 2.0;
        let estimator: Arc<dyn Estimator> = Arc::new(Pathwise);
        let graph = training_graph(&*model, Objective::Elbo, 2, &tensors, estimator.clone()).unwrap();
        let mut program = Program::<f64>::compile(&graph, &[estimator], &Options::new().seed(5)).unwrap();
        program.set_data("x", &rows.concat()).unwrap();
        for _ in 0..3 {
            let found = -program.run().unwrap().objective();
            assert!((found - expected).abs() < 1e-9, "{word}: {found} {expected}");
        }
    }
}

/// Rows whose covariance has the eigenvalues 9, 1 and ¼, in rotated axes and around another mean.
fn eigenvalues_9_1_quarter() -> Dataset {
    let (s2, s3, s6) = (2.0_f32.sqrt(), 3.0_f32.sqrt(), 6.0_f32.sqrt());
    let axes = [[1.0 / s3; 3], [1.0 / s2, -1.0 / s2, 0.0], [1.0 / s6, 1.0 / s6, -2.0 / s6]];
    // Three orthogonal columns of signs (Hadamard), 96 rows.
    let sign = |bit: usize| if bit.is_multiple_of(2) { 1.0 } else { -1.0 };
    let row = |i: usize| {
        let parts = [3.0 * sign(i), sign(i / 2), 0.5 * sign(i / 4)];
        [0, 1, 2].map(|j| 50.0 + (0..3).map(|k| parts[k] * axes[k][j]).sum::<f32>())
    };
    let rows = Rows { values: (0..96).flat_map(row).collect(), width: 3 };
    Dataset { name: "ellipsoid".into(), train: rows.clone(), held_out: rows, image: None, dynamic: false }
}

/// The maximum of the likelihood of probabilistic PCA with one component is −½ (3 log 2π + log 9 + 2 log σ² + 3), where σ² is the mean
/// of the other eigenvalues (`tipping1999probabilistic`).
#[test]
fn training_finds_the_likelihood_of_probabilistic_pca() {
    let data = Arc::new(eigenvalues_9_1_quarter());
    let text = "latent = \"gaussian\"\nlatents = 1\nhidden = []\nlikelihood = \"gaussian\"\nlikelihood-scale = \"shared\"";
    let model = models::find("vae").unwrap().build(&options(text), &data).unwrap();
    let usual = TrainConfig::new(model, data);
    let config = TrainConfig { steps: 1500, learning_rate: Some(0.02), batch: 96, eval_samples: 50, ..usual };
    let report = train(&config, &|_| ControlFlow::Continue(())).unwrap();
    let best = -0.5 * (3.0 * (2.0 * std::f64::consts::PI).ln() + 9.0_f64.ln() + 2.0 * 0.625_f64.ln() + 3.0);
    let found = report.held_out.unwrap();
    let (elbo, error) = (found.elbo, found.elbo_std_error);
    assert!(elbo < best + 5.0 * error + 1e-3 && elbo > best - 0.03, "{elbo} ± {error}, {best}");
}

/// A column that never changes and one that repeats another have no bounded density; the smallest scale bounds it.
#[test]
fn a_constant_and_a_repeated_column_stay_finite() {
    let row = |i: usize| {
        let x = f32::sin(1.7 * i as f32) * 1e4;
        [7.0, x, x, 1e-6 * f32::cos(i as f32)]
    };
    let rows = Rows { values: (0..60).flat_map(row).collect(), width: 4 };
    let data = Arc::new(Dataset {
        name: "rows".into(),
        train: rows.clone(),
        held_out: rows,
        image: None,
        dynamic: false,
    });
    for scale in ["shared", "columns"] {
        let text = format!(
            "latent = \"gaussian\"\nlatents = 2\nhidden = 8\nlikelihood = \"gaussian\"\nlikelihood-scale = \"{scale}\""
        );
        let model = models::find("vae").unwrap().build(&options(&text), &data).unwrap();
        let usual = TrainConfig::new(model, data.clone());
        let config = TrainConfig { steps: 400, learning_rate: Some(0.05), batch: 20, ..usual };
        let report = train(&config, &|_| ControlFlow::Continue(())).unwrap();
        let (first, last) = (report.history[0].elbo, report.held_out.unwrap().elbo);
        assert!(
            last > first + 1.0 && report.weights.iter().all(|t| t.values.iter().all(|v| v.is_finite())),
            "{first} {last}"
        );
    }
}

/// In every tensor, along a direction without zeros.
fn gradients_are_differences(model: &dyn Model, estimator: Arc<dyn Estimator>, x: &[f64]) {
    let mut tensors = filled(&model.specs());
    tensors.iter_mut().flat_map(|t| &mut t.values).for_each(|v| *v *= 0.5);
    let rows = x.len() / model.width();
    let graph = training_graph(model, Objective::Elbo, rows, &tensors, estimator.clone()).unwrap();
    let mut program = Program::<f64>::compile(&graph, &[estimator], &Options::new().seed(3)).unwrap();
    program.set_data("x", x).unwrap();
    for tensor in &tensors {
        let direction: Vec<f64> = (0..tensor.values.len()).map(|i| 0.3 + f64::cos(2.1 * i as f64)).collect();
        let mut at = |step: f64| {
            let moved: Vec<f64> = tensor.values.iter().zip(&direction).map(|(v, d)| v + step * d).collect();
            program.set_param(&tensor.name, &moved).unwrap();
            let estimate = program.run_step(0).unwrap();
            let gradient = estimate.gradient(&tensor.name).unwrap().to_vec();
            (estimate.objective(), gradient)
        };
        let h = 1e-5;
        let difference = (at(h).0 - at(-h).0) / (2.0 * h);
        let along: f64 = at(0.0).1.iter().zip(&direction).map(|(g, d)| g * d).sum();
        let name = &tensor.name;
        assert!((difference - along).abs() < 1e-6 * (1.0 + along.abs()), "{name}: {difference} {along}");
        assert!(along.abs() > 1e-6, "{name} has no effect");
    }
}

#[test]
fn the_gradient_of_a_convolutional_autoencoder_is_that_of_differences() {
    let real = summary(20, Some([5, 4]));
    let x: Vec<f64> = (0..60).map(|i| f64::cos(0.9 * f64::from(i))).collect();
    let black: Vec<f64> = x.iter().map(|&v| f64::from(u8::from(v > 0.0))).collect();
    let of = |text: &str, data: &DataSummary| {
        built("vae", &format!("convolutions = [2, 3]\nlatents = 2\n{text}"), data)
    };
    let gaussian = "latent = \"gaussian\"\nhidden = 4\nactivation = \"softplus\"\nlikelihood = \"gaussian\"";
    gradients_are_differences(&*of(gaussian, &real), Arc::new(Pathwise), &x);
    let columns = format!("{gaussian}\nlikelihood-scale = \"columns\"\nkernel = 4\nstride = 1");
    gradients_are_differences(&*of(&columns, &real), Arc::new(Pathwise), &x);
    let relu = gaussian.replace("softplus", "relu").replace("hidden = 4", "hidden = [5, 4]");
    gradients_are_differences(&*of(&relu, &real), Arc::new(Pathwise), &x);
    // All outcomes of discrete latents: copies in front of rows, height, width and channels.
    let discrete = of("hidden = []\nactivation = \"silu\"", &pixels(5, 4));
    gradients_are_differences(&*discrete, Arc::new(Enumeration), &black);
    let sbn =
        built("sbn", "latents = 2\nhidden = [3, 4]\nactivation = \"gelu\"\nlikelihood = \"gaussian\"", &real);
    gradients_are_differences(&*sbn, Arc::new(Enumeration), &x);
}

/// Values and derivatives at both sides of 0, by hand.
#[test]
fn activations_by_hand() {
    let e = f64::exp(-0.5);
    for (activation, below, above) in [
        (Activation::LeakyRelu, -0.005, 0.5),
        (Activation::Elu, e - 1.0, 0.5),
        // Φ(½) = 0.691462461274013
        (Activation::Gelu, -0.5 * (1.0 - 0.691_462_461_274_013), 0.5 * 0.691_462_461_274_013),
        (Activation::Softplus, (1.0 + e).ln(), (1.0 + e).ln() + 0.5),
    ] {
        let found = super::layer_at(&[], &[2], &[-0.5, 0.5], |_, x| activation.apply(x));
        super::near(&found, &[below, above]);
        let extreme = super::layer_at(&[], &[2], &[-800.0, 800.0], |_, x| activation.apply(x));
        assert!(extreme.iter().all(|v| v.is_finite()), "{activation:?} {extreme:?}");
    }
}

#[test]
fn every_architecture_learns() {
    for (text, least) in [
        (
            "model = \"vae\"\nsteps = 150\n[model-options]\nconvolutions = [4, 8]\nhidden = 40\nlatents = 10",
            1.0,
        ),
        (
            "model = \"vae\"\nsteps = 120\n[model-options]\nconvolutions = 4\nhidden = []\nlatent = \"gaussian\"\nlatents = 4\n\
             likelihood = \"gaussian\"\nactivation = \"elu\"",
            10.0,
        ),
        (
            "model = \"vae\"\nsteps = 120\n[model-options]\nhidden = [30, 20]\nactivation = \"silu\"\nlatents = 10\ninit = \"kaiming\"",
            2.0,
        ),
        (
            "model = \"sbn\"\nsteps = 150\n[model-options]\nlatents = [12, 6, 4, 2]\nhidden = 16\nactivation = \"gelu\"",
            1.0,
        ),
        ("model = \"sbn\"\nsteps = 150\n[model-options]\nlatents = [12, 6]\nlikelihood = \"gaussian\"", 5.0),
        (
            "model = \"structured\"\nsteps = 150\n[model-options]\nlatents = [12, 6]\nlikelihood = \"gaussian\"\nlikelihood-scale = \"columns\"",
            2.0,
        ),
        ("model = \"gmm\"\nsteps = 200\n[model-options]\nhidden = [8, 8]\nactivation = \"relu\"", 0.3),
        ("model = \"cartpole\"\nsteps = 40\nbatch = 20\n[model-options]\nepisode = 40\nhidden = []", 5.0),
    ] {
        let report = trained(text);
        assert!(super::gain(&report) > least, "{text}: {:?}", report.history);
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let grey = pixels(8, 8);
    let refused = |name: &str, text: &str, data: &DataSummary| {
        models::find(name)
            .unwrap()
            .build_for(&options(text), data)
            .map(|m| m.describe())
            .unwrap_err()
            .to_string()
    };
    for (name, text, expected) in [
        ("vae", "hidden = 0", "got 0; `hidden = none` means no hidden layer"),
        ("vae", "hidden = [20, 0]", "got 0"),
        ("vae", "hidden = 1000000000", "1 to 1048576"),
        ("vae", "hidden = 9223372036854775807", "1 to 1048576"),
        ("vae", "hidden = [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "at most 16 hidden layers, got 17"),
        ("vae", "latents = [3, 4]", "latents must be one number"),
        ("vae", "latents = []", "got 0 numbers"),
        ("vae", "latents = 0", "latents must be 1 to"),
        ("vae", "activation = \"rellu\"", "did you mean `relu`"),
        ("vae", "activation = \"entirely-new\"", "choose one of tanh, relu"),
        ("vae", "hidden = []\nactivation = \"relu\"", "requires hidden layers"),
        ("vae", "kernel = 3", "there are none; add the setting `convolutions`"),
        ("vae", "stride = 2", "stride is that of convolutions"),
        ("vae", "convolutions = [4, 4, 4, 4]", "an image of 8 x 8 is a single pixel after 3 convolutions"),
        ("vae", "convolutions = 0", "1 to 4096 channels, got 0"),
        ("vae", "convolutions = 1000000000", "1 to 4096 channels"),
        ("vae", "convolutions = 4\nkernel = 0", "kernel must be 1 to 15, got 0"),
        ("vae", "convolutions = 4\nkernel = 3\nstride = 4", "stride must be 1 to"),
        ("vae", "likelihood = \"poisson\"", "choose bernoulli or gaussian"),
        ("vae", "likelihood = \"gaussian\"\nlikelihood-scale = \"row\"", "choose shared or columns"),
        ("vae", "likelihood-scale = \"shared\"", "requires `likelihood = gaussian`"),
        ("vae", "layers = 2", "no option `layers`"),
        ("sbn", "layers = 11", "layers must be 1 to 10"),
        ("sbn", "layers = 1000000000", "1 to 10"),
        ("sbn", "latents = [3, 2]\nlayers = 3", "there are 3 layers, but latents has 2 widths"),
        ("sbn", "latents = [3, 0]", "latents must be 1 to"),
        ("sbn", "latents = [1,1,1,1,1,1,1,1,1,1,1]", "1 to 10, got 11"),
        ("sbn", "latents = []", "got 0 numbers"),
        ("sbn", "nonlinear = true\nhidden = 3", "remove it"),
        ("sbn", "activation = \"relu\"", "requires hidden layers"),
        ("sbn", "convolutions = 4", "no option `convolutions`"),
        ("structured", "latents = [0]", "latents must be 1 to"),
        ("gmm", "hidden = [0]", "got 0"),
        ("cartpole", "hidden = [3, 2, 1099511627776]", "1 to 1048576"),
    ] {
        let message = refused(name, text, &grey);
        assert!(message.contains(expected), "{name} {text}: {message}");
    }
    let tokens = DataSummary { whole: true, range: [0.0, 5.0], ..summary(8, None) };
    assert!(refused("sequence", "hidden = [3, 2]", &tokens).contains("hidden must be one number"));
    let table = summary(13, None);
    let message = refused("vae", "convolutions = 4\nlikelihood = \"gaussian\"", &table);
    assert!(message.contains("a row of `sines` is 13 numbers") && message.contains(".npy"), "{message}");
    for name in ["vae", "sbn", "structured"] {
        let message = refused(name, "", &table);
        assert!(
            message.contains("from -10 to 10") && message.contains("`likelihood = gaussian`"),
            "{message}"
        );
    }
    // Each width is allowed, but not the numbers that they need together: an error before any of them is allocated.
    let digits = Arc::new((models::find("vae").unwrap().data)(0));
    for (name, text) in [
        ("vae", "hidden = [1048576, 1048576, 1048576]"),
        ("sbn", "latents = [1048576, 1048576]"),
        ("vae", "convolutions = [4096, 4096]\nhidden = 1048576"),
        ("sbn", "layers = 10\nlatents = 1048576\nnonlinear = true"),
    ] {
        let model = models::find(name).unwrap().build(&options(text), &digits).unwrap();
        let config = TrainConfig { steps: 1, ..TrainConfig::new(model, digits.clone()) };
        let message = train(&config, &|_| ControlFlow::Continue(())).unwrap_err().to_string();
        assert!(message.contains("parameters: choose smaller sizes"), "{message}");
    }
}

/// Models of this crate can be written in Rust without options.
#[test]
fn models_in_rust() {
    let mean = vec![0.5; 6];
    let sbn = Sbn::new(mean.clone(), 3);
    assert_eq!((sbn.layers.maps.clone(), sbn.layers.count()), (Maps::Linear, 1));
    let structured = Structured {
        layers: sbn.layers.clone(),
        likelihood: sbn.likelihood.clone(),
        init: sbn.init.clone(),
        mean,
    };
    assert_eq!(parameter_count(&structured), Some(3 * 3 + 3 + 3 * 3 + 3));
    let gmm = Gmm {
        categories: 2,
        hidden: vec![],
        activation: Activation::Relu,
        mean: vec![0.0],
        scale: vec![1.0],
    };
    assert_eq!(gmm.describe(), "2 clusters in 1 dimensions, no hidden layers");
}
