//! The settings of a run, each described once: TOML files, flags and their help, what a resumed run may change, and documentation
//! are made from this table.

use std::path::PathBuf;

use crate::optim;

/// How grey pixels can become black and white.
pub(super) const BINARIZATIONS: &[&str] = &["threshold", "static", "dynamic"];
/// What can be maximised.
pub(super) const OBJECTIVES: &[&str] = &["elbo", "elbo-analytic-kl", "iwae", "wake-sleep"];
/// How the learning rate can fall.
pub(super) const DECAYS: &[&str] = &["constant", "linear", "cosine", "step"];

/// A setting: an entry of [`Settings`](super::Settings) and of its TOML document.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The name in a TOML document.
    pub name: &'static str,
    /// What it means. Another setting is called "the setting `NAME`".
    pub meaning: &'static str,
    /// What it is unless given, in words; empty where nothing need be said.
    pub usual: &'static str,
    /// What it may be.
    pub value: Value,
    /// What it describes.
    pub part: Part,
    /// What depends on it.
    pub effect: Effect,
}

/// The kinds of value; the text stands for a value in a description of usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A whole number from 1.
    Count(&'static str),
    /// A whole number from 0.
    Natural(&'static str),
    /// A whole number from 0 that starts random numbers.
    Seed,
    /// A number.
    Number(&'static str),
    /// `true` or `false`, which is what it is unless given.
    Truth,
    /// One of these words.
    Word(&'static str, &'static [&'static str]),
    /// A text.
    Text(&'static str),
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
    /// The numbers of a run. One that goes on must have the same.
    Numbers,
    /// The numbers of a run. One that goes on may have another, so that it can go on more carefully where it did not stay finite.
    FromHereOn,
    /// No number.
    Nothing,
}

/// The value of a setting, of the kind that [`Setting::value`] says.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// A whole number.
    Integer(u64),
    /// A number.
    Number(f64),
    /// `true` or `false`.
    Truth(bool),
    /// A word or a text.
    Text(String),
    /// A path.
    Path(PathBuf),
}

/// All settings, in the order in which they are shown.
pub const SETTINGS: &[Setting] = &[
    run("model", "The model", "sbn", Value::Text("MODEL")),
    Setting {
        part: Part::Data,
        ..run(
            "data",
            "`digits` (1797 images of 8x8, in the binary), a directory of IDX files such as MNIST's, a .npy or a .csv file",
            "digits, or the model's own",
            Value::Text("NAME|DIR|FILE"),
        )
    },
    Setting {
        part: Part::Data,
        ..run(
            "binarization",
            "How grey pixels become black and white (sbn, vae, structured): by a threshold, by chance once, or by chance at every \
             step",
            "threshold",
            Value::Word("BINARIZATION", BINARIZATIONS),
        )
    },
    run(
        "estimator",
        "Estimator of the latents, with options",
        "reinforce_loo, or pathwise where it can",
        Value::Text("ESTIMATOR"),
    ),
    run("objective", "What is maximised", "", Value::Word("OBJECTIVE", OBJECTIVES)),
    run("importance-samples", "K of iwae and wake-sleep", "5", Value::Count("K")),
    run("steps", "Number of gradient steps", "10000", Value::Count("N")),
    run("batch", "Rows in a minibatch", "100", Value::Count("N")),
    model("latents", "Number of latents in a layer", "", Value::Count("N")),
    model("layers", "Layers of latents (sbn, structured)", "", Value::Count("N")),
    model(
        "nonlinear",
        "Perceptrons with two hidden layers between layers of latents (sbn, structured)",
        "",
        Value::Truth,
    ),
    model(
        "latent",
        "Family of the latents (vae)",
        "",
        Value::Word("LATENT", &["bernoulli", "categorical", "gaussian"]),
    ),
    model("categories", "Categories of a latent (vae), clusters (gmm)", "", Value::Count("N")),
    model("init", "Where weights start (sbn)", "glorot", Value::Word("INIT", &["glorot", "kaiming"])),
    model("episode", "Steps of an episode (cartpole)", "", Value::Count("N")),
    model("hidden", "Units in hidden layers", "", Value::Count("N")),
    Setting {
        effect: Effect::FromHereOn,
        ..run(
            "lr",
            "Learning rate",
            "0.003 for adam, adamw and radam, 0.001 for rmsprop, 0.1 for sgd, 0.01 for momentum",
            Value::Number("X"),
        )
    },
    run("optimizer", "Rule of the steps", "adam", Value::Word("OPTIMIZER", &optim::NAMES)),
    run("beta2", "Second decay of adam, adamw and radam", "0.999", Value::Number("X")),
    run("weight-decay", "AdamW's weight decay", "0.01", Value::Number("X")),
    run("warm-up", "Steps of linear warm-up", "", Value::Natural("N")),
    run("decay", "How the learning rate falls", "constant", Value::Word("DECAY", DECAYS)),
    run("decay-every", "Steps between falls of a step decay", "", Value::Count("N")),
    run("decay-factor", "What a step decay multiplies the rate by", "", Value::Number("X")),
    Setting {
        effect: Effect::FromHereOn,
        ..run("clip", "The largest norm of a gradient; longer ones are scaled down", "", Value::Number("X"))
    },
    Setting {
        effect: Effect::FromHereOn,
        ..run(
            "tuning-factor",
            "Estimators' own parameters learn faster by this factor",
            "10",
            Value::Number("X"),
        )
    },
    run(
        "samples",
        "K: samples averaged in one estimate",
        "the fewest that the estimator accepts",
        Value::Count("K"),
    ),
    run("seed", "Seed of weights, minibatches and noise", "0", Value::Seed),
    Setting {
        part: Part::Data,
        ..run(
            "data-seed",
            "Seed of the data, where anything of them is drawn: static binarization, held-out pixels of a dynamic one, data that \
             are made up; apart from the setting `seed`, so that seeds can be compared on the same rows",
            "0",
            Value::Seed,
        )
    },
    run("eval-every", "Steps between looks at the held-out data", "a tenth of all", Value::Count("N")),
    run("eval-samples", "K: samples of the latents for each held-out row", "100", Value::Count("K")),
    run(
        "eval-rows",
        "Held-out rows to look at on the way; all are judged at the end",
        "1000",
        Value::Count("N"),
    ),
    output(
        "checkpoint",
        "Save everything: a .safetensors file that is replaced, or a directory that keeps the last three and holds no other run's",
        "where it was resumed from",
        Value::Path("FILE|DIR"),
    ),
    output(
        "checkpoint-every",
        "Steps between checkpoints",
        "those between looks at the held-out data",
        Value::Count("N"),
    ),
    output(
        "metrics",
        "Write metrics to a file, one JSON object a line; a file that holds anything else is refused",
        "",
        Value::Path("FILE"),
    ),
    output("tensorboard", "Write TensorBoard's event files into a directory", "", Value::Path("DIR")),
];

const fn run(name: &'static str, meaning: &'static str, usual: &'static str, value: Value) -> Setting {
    Setting { name, meaning, usual, value, part: Part::Run, effect: Effect::Numbers }
}

const fn model(name: &'static str, meaning: &'static str, usual: &'static str, value: Value) -> Setting {
    Setting { part: Part::Model, ..run(name, meaning, usual, value) }
}

/// What is written changes no number.
const fn output(name: &'static str, meaning: &'static str, usual: &'static str, value: Value) -> Setting {
    Setting { effect: Effect::Nothing, ..run(name, meaning, usual, value) }
}

impl Setting {
    /// The setting of that name.
    pub fn find(name: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }
}
