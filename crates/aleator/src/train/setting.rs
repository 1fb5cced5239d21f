//! The settings of a run, each described once. TOML files, the options of the command and their help, the rules for resumed runs,
//! and the documentation are derived from this table.

use std::path::PathBuf;

use crate::nn::Activation;
use crate::optim;

/// The kinds of binarisation.
pub(super) const BINARIZATIONS: &[&str] = &["threshold", "static", "dynamic"];
/// The objectives.
pub(super) const OBJECTIVES: &[&str] = &["elbo", "elbo-analytic-kl", "iwae", "wake-sleep"];
/// The activations.
const ACTIVATIONS: &[&str] = &{
    let mut names = [""; Activation::NAMED.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = Activation::NAMED[i].0;
        i += 1;
    }
    names
};
/// The kinds of decay of the learning rate.
pub(super) const DECAYS: &[&str] = &["constant", "linear", "cosine", "step"];

/// A setting: an entry of [`Settings`](super::Settings) and of its TOML document.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The name in a TOML document.
    pub name: &'static str,
    /// The meaning. It refers to other settings as "the setting `NAME`".
    pub meaning: &'static str,
    /// The default, in words; empty if there is none or if it is obvious.
    pub usual: &'static str,
    /// The kind of value.
    pub value: Value,
    /// What the setting describes.
    pub part: Part,
    /// What depends on the setting.
    pub effect: Effect,
}

/// The kinds of values. The text is a placeholder in descriptions of usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// An integer, at least 1.
    Count(&'static str),
    /// Integers, at least 1: one, or a list of them, which may be empty.
    Counts(&'static str),
    /// An integer, at least 0.
    Natural(&'static str),
    /// An integer, at least 0, that is a seed.
    Seed,
    /// A number.
    Number(&'static str),
    /// `true` or `false`; the default is `false`.
    Truth,
    /// One of these words.
    Word(&'static str, &'static [&'static str]),
    /// A text.
    Text(&'static str),
    /// Several texts.
    Texts(&'static str),
    /// A file or a directory.
    Path(&'static str),
}

/// What a setting describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The run.
    Run,
    /// The data.
    Data,
    /// The model: an entry of the table `model-options`, which some models have.
    Model,
}

/// What depends on a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The results of a run. A resumed run must have the same value.
    Numbers,
    /// The results of a run. A resumed run may have another value, for example a lower learning rate after numbers became
    /// infinite.
    FromHereOn,
    /// Nothing that affects results.
    Nothing,
}

/// The value of a setting, of the kind [`Setting::value`].
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// An integer.
    Integer(u64),
    /// Several integers.
    Integers(Vec<u64>),
    /// A number.
    Number(f64),
    /// `true` or `false`.
    Truth(bool),
    /// A word or a text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// A path.
    Path(PathBuf),
}

/// All settings, in the order in which they are shown.
pub const SETTINGS: &[Setting] = &[
    run(
        "model",
        "The model, a file with a graph (.scg), an example, or `-` for standard input",
        "sbn",
        Value::Text("MODEL|FILE.scg"),
    ),
    Setting {
        part: Part::Data,
        ..run(
            "set",
            "Replace the value of a parameter, constant or data of a graph: theta=0.7 or 'phi=[0.1, 0.2]'",
            "",
            Value::Texts("NAME=VALUE"),
        )
    },
    Setting {
        part: Part::Data,
        ..run(
            "data",
            "`digits` (1797 embedded images of 8x8 pixels), a directory of IDX files such as MNIST, or a .npy, .npz or .csv file",
            "digits, or the data of the model",
            Value::Text("NAME|DIR|FILE"),
        )
    },
    Setting {
        part: Part::Data,
        ..run(
            "test-data",
            "Held-out rows in a .npy, .npz or .csv file; all rows of the setting `data`, such a file too, are then for training",
            "",
            Value::Text("FILE"),
        )
    },
    Setting {
        part: Part::Data,
        ..run(
            "columns",
            "Columns of a table to use, in this order, by the names of its first line or by numbers from 1: a,b,7; a label is the \
             last of them, and may consist of words",
            "all of them",
            Value::Text("A,B,.."),
        )
    },
    Setting {
        part: Part::Data,
        ..run(
            "standardize",
            "Subtract from each column its mean over the training rows and divide it by its standard deviation; checkpoints contain \
             both, and samples have the units of the data",
            "",
            Value::Truth,
        )
    },
    Setting {
        part: Part::Data,
        ..run(
            "held-out",
            "Share of the rows that is held out, from 0 to 1; the rows are drawn with the setting `data-seed`",
            "the held-out part of the data, a sixth of a table, and none of a graph",
            Value::Number("FRACTION"),
        )
    },
    Setting {
        part: Part::Data,
        ..run(
            "validation",
            "Share of the training rows that is set aside, drawn with the setting `data-seed`: they are evaluated during training, the parameters that \
             are best on them are kept, and the held-out rows are evaluated only at the end, at these parameters",
            "none: the held-out rows are evaluated during training",
            Value::Number("FRACTION"),
        )
    },
    Setting {
        part: Part::Data,
        ..run(
            "binarization",
            "Binarization of grey pixels (sbn, vae, structured): by a threshold, at random once (static), or at random in every \
             step (dynamic)",
            "threshold",
            Value::Word("BINARIZATION", BINARIZATIONS),
        )
    },
    run(
        "estimator",
        "Estimator of the latent variables, with options; `measured` chooses by variance × operations, before the first step and after \
         evaluations",
        "reinforce_loo, or pathwise if the model supports it",
        Value::Text("ESTIMATOR"),
    ),
    run("objective", "Objective to maximise", "", Value::Word("OBJECTIVE", OBJECTIVES)),
    run(
        "importance-samples",
        "K, the number of importance samples of iwae and wake-sleep",
        "5",
        Value::Count("K"),
    ),
    run("fix", "Parameters that keep their initial values, separated by commas", "", Value::Texts("A,B,..")),
    run("steps", "Number of gradient steps", "10000", Value::Count("N")),
    run(
        "starts",
        "Number of sets of initial parameters: each is trained for a tenth of the steps (at most 1000), and the run begins with the \
         one that is the most likely on training rows",
        "5 for gmm, else 1",
        Value::Count("N"),
    ),
    run("batch", "Number of rows in a minibatch", "100", Value::Count("N")),
    model(
        "latents",
        "Number of latents in a layer, or in each layer from the data on",
        "",
        Value::Counts("N,.."),
    ),
    model("layers", "Number of layers of latents (sbn, structured)", "", Value::Count("N")),
    model(
        "nonlinear",
        "Use perceptrons with two hidden layers between layers of latents (sbn, structured)",
        "",
        Value::Truth,
    ),
    model(
        "latent",
        "Family of the latents (vae)",
        "",
        Value::Word("LATENT", &["bernoulli", "categorical", "gaussian", "normal"]),
    ),
    model("categories", "Number of categories of a latent (vae) or of clusters (gmm)", "", Value::Count("N")),
    model(
        "init",
        "Initialization of weights (sbn, vae, structured)",
        "glorot",
        Value::Word("INIT", &["glorot", "kaiming"]),
    ),
    model("episode", "Largest number of steps of an episode (cartpole)", "", Value::Count("N")),
    model(
        "hidden",
        "Number of units in each hidden layer, from the data on, or `none`",
        "",
        Value::Counts("N,..|none"),
    ),
    model("activation", "Activation of hidden layers", "tanh", Value::Word("ACTIVATION", ACTIVATIONS)),
    model(
        "convolutions",
        "Channels of each convolution between an image and the hidden layers, from the data on (vae)",
        "none",
        Value::Counts("N,..|none"),
    ),
    model("kernel", "Height and width of the kernel of convolutions (vae)", "3", Value::Count("N")),
    model("stride", "Stride of convolutions (vae)", "2", Value::Count("N")),
    model(
        "likelihood",
        "Distribution of the data given the latents (sbn, vae, structured); gaussian (or normal) is for real numbers and does not \
         binarize",
        "bernoulli",
        Value::Word("LIKELIHOOD", &["bernoulli", "gaussian", "normal"]),
    ),
    model(
        "likelihood-scale",
        "Learned scale of a gaussian likelihood: shared, or one for each of the columns",
        "shared for images, else columns",
        Value::Word("SCALE", &["shared", "columns"]),
    ),
    Setting {
        effect: Effect::FromHereOn,
        ..run(
            "lr",
            "Learning rate",
            "0.003 for adam, adamw and radam, 0.001 for rmsprop, 0.1 for sgd, 0.01 for momentum",
            Value::Number("X"),
        )
    },
    run("optimizer", "Optimizer", "adam", Value::Word("OPTIMIZER", &optim::NAMES)),
    run("beta2", "Decay rate of the second moment in adam, adamw and radam", "0.999", Value::Number("X")),
    run("weight-decay", "Weight decay of adamw", "0.01", Value::Number("X")),
    run("warm-up", "Number of steps of linear warm-up", "", Value::Natural("N")),
    run("decay", "Decay of the learning rate", "constant", Value::Word("DECAY", DECAYS)),
    run("decay-every", "Number of steps between decays, for a step decay", "", Value::Count("N")),
    run("decay-factor", "Factor of a step decay", "", Value::Number("X")),
    Setting {
        effect: Effect::FromHereOn,
        ..run(
            "clip",
            "Largest norm of a gradient; gradients with a larger norm are scaled down",
            "",
            Value::Number("X"),
        )
    },
    Setting {
        effect: Effect::FromHereOn,
        ..run(
            "tuning-factor",
            "Learning rate of the estimators' own parameters, relative to that of the model",
            "10",
            Value::Number("X"),
        )
    },
    run(
        "samples",
        "K, the number of samples that are averaged in one estimate",
        "the smallest number that the estimator accepts",
        Value::Count("K"),
    ),
    run("seed", "Seed of weights, minibatches and noise", "0", Value::Seed),
    Setting {
        part: Part::Data,
        ..run(
            "data-seed",
            "Seed of random data: the choice of held-out rows, static binarization, held-out pixels of a dynamic one, synthetic data; separate \
             from the setting `seed`, so that seeds can be compared on the same rows",
            "0",
            Value::Seed,
        )
    },
    run(
        "eval-every",
        "Number of steps between evaluations on held-out data",
        "a tenth of all steps",
        Value::Count("N"),
    ),
    run("eval-samples", "Number of samples of the latents for each held-out row", "100", Value::Count("K")),
    run(
        "eval-rows",
        "Number of held-out rows to evaluate during training; all rows are evaluated at the end",
        "1000",
        Value::Count("N"),
    ),
    output(
        "patience",
        "End after N evaluations without improvement of the bound (or of the mean, if there is no bound); the best parameters are \
         kept",
        "",
        Value::Count("N"),
    ),
    output(
        "init-from",
        "Start from the parameters of a checkpoint, or of the newest in a directory, with new states of optimiser and estimator; \
         model, options and data are those of the checkpoint unless given",
        "",
        Value::Path("FILE|DIR"),
    ),
    output(
        "checkpoint",
        "Save checkpoints: to a .safetensors file that is replaced, or to a directory that keeps the last three and contains no other run",
        "the checkpoint from which the run was resumed",
        Value::Path("FILE|DIR"),
    ),
    output(
        "checkpoint-every",
        "Number of steps between checkpoints",
        "those between evaluations",
        Value::Count("N"),
    ),
    output(
        "metrics",
        "Write metrics to a file, one JSON object per line; it is an error if the file contains anything else",
        "",
        Value::Path("FILE"),
    ),
    output("tensorboard", "Write TensorBoard event files to a directory", "", Value::Path("DIR")),
];

const fn run(name: &'static str, meaning: &'static str, usual: &'static str, value: Value) -> Setting {
    Setting { name, meaning, usual, value, part: Part::Run, effect: Effect::Numbers }
}

const fn model(name: &'static str, meaning: &'static str, usual: &'static str, value: Value) -> Setting {
    Setting { part: Part::Model, ..run(name, meaning, usual, value) }
}

/// A setting for output, which does not affect results.
const fn output(name: &'static str, meaning: &'static str, usual: &'static str, value: Value) -> Setting {
    Setting { effect: Effect::Nothing, ..run(name, meaning, usual, value) }
}

impl Setting {
    /// The setting of that name.
    pub fn find(name: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }
}
