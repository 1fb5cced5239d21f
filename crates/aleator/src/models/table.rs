//! The built-in models by name, and their options.

use std::sync::Arc;

use super::options::ModelOptions;
use super::synthetic::{clusters, labelled, starts, walks};
use super::{BayesLogistic, Cartpole, DataSummary, Gmm, Latent, Model, Sbn, Sequence, Structured, Vae};
use crate::data::{Binarization, Dataset};
use crate::error::{Error, Result};

/// An option of a model.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// The name.
    pub name: &'static str,
    /// The meaning, with the range.
    pub meaning: &'static str,
    /// The default.
    pub usual: &'static str,
}

const fn choice(name: &'static str, meaning: &'static str, usual: &'static str) -> Choice {
    Choice { name, meaning, usual }
}

/// A built-in model.
pub struct Entry {
    /// The name.
    pub name: &'static str,
    /// A description in one line.
    pub summary: &'static str,
    /// The options that the model accepts.
    pub options: &'static [Choice],
    /// The quantity that is maximised, and by which held-out rows are evaluated.
    pub objective: &'static str,
    /// The keys in `references.bib`.
    pub references: &'static [&'static str],
    /// Whether a row consists of the pixels of a binarised image.
    pub pixels: bool,
    /// The default data.
    pub data: fn(seed: u64) -> Dataset,
    build: fn(&ModelOptions, &DataSummary) -> Result<Arc<dyn Model>>,
}

impl Entry {
    /// Creates the model for the data.
    ///
    /// # Errors
    /// Returns an error if the model does not have an option, or if an option is out of range.
    pub fn build(&self, options: &ModelOptions, data: &Dataset) -> Result<Arc<dyn Model>> {
        self.build_for(options, &DataSummary::of(data))
    }

    /// Whether the last element of a row is a label.
    pub fn has_label(&self) -> bool {
        self.name == "bayes-logistic"
    }

    /// Whether rows are tokens or states, whose numbers have a meaning of their own that a change of units would destroy.
    pub fn has_fixed_units(&self) -> bool {
        ["sequence", "cartpole"].contains(&self.name)
    }

    /// Creates the model for data of which only a summary is known.
    ///
    /// # Errors
    /// As [`Entry::build`].
    pub fn build_for(&self, options: &ModelOptions, data: &DataSummary) -> Result<Arc<dyn Model>> {
        let given = toml::Table::try_from(options).map_err(|e| Error::Invalid(e.to_string()))?;
        let names: Vec<&str> = self.options.iter().map(|option| option.name).collect();
        if let Some(name) = given.keys().find(|name| !names.contains(&name.as_str())) {
            let there_are = if names.is_empty() { "no options at all".into() } else { names.join(", ") };
            return Err(Error::Invalid(format!(
                "`{}` has no option `{name}`; it has {there_are}",
                self.name
            )));
        }
        (self.build)(options, data)
    }
}

/// All models, in the order in which they are listed.
pub fn all() -> &'static [Entry] {
    &ALL
}

/// The model of that name.
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|e| e.name == name)
}

const LAYERS: Choice = choice(
    "layers",
    "layers of latents, 1 to 10; as many as there are numbers of latents, if these are several",
    "1",
);
const LATENTS_OF_IMAGES: Choice = choice(
    "latents",
    "latents in a layer, or in each layer from the data on (200,100)",
    "50 for at most 256 columns, else 200",
);
const NONLINEAR: Choice =
    choice("nonlinear", "whether perceptrons with two hidden layers join the layers of latents", "false");
const HIDDEN_BETWEEN: Choice =
    choice("hidden", "units in each hidden layer of the maps between layers of latents", "none");
const ACTIVATION: Choice = choice(
    "activation",
    "of hidden layers: tanh, relu, leaky-relu, elu, gelu, silu, softplus or sigmoid",
    "tanh",
);
const LIKELIHOOD: Choice = choice(
    "likelihood",
    "of a row given the latents: bernoulli, or gaussian for real numbers (with a learned scale)",
    "bernoulli",
);
const LIKELIHOOD_SCALE: Choice = choice(
    "likelihood-scale",
    "scale of a gaussian likelihood: shared, or one for each of the columns",
    "shared for images, else columns",
);
const INIT: Choice = choice("init", "where weights start: glorot or kaiming", "glorot");

const ELBO: &str = "the ELBO, E_q [log p(x, z) - log q(z|x)] <= log p(x), in nats; the setting `objective` selects another bound";

static ALL: [Entry; 7] = [
    Entry {
        name: "sbn",
        summary: "sigmoid belief network: 1 to 10 layers of Bernoulli latents, linear or nonlinear, encoder and decoder",
        options: &[
            LAYERS,
            LATENTS_OF_IMAGES,
            NONLINEAR,
            HIDDEN_BETWEEN,
            ACTIVATION,
            LIKELIHOOD,
            LIKELIHOOD_SCALE,
            INIT,
        ],
        objective: ELBO,
        references: &["neal1992connectionist", "mnih2014neural"],
        pixels: true,
        data: digits,
        build: |options, data| {
            Ok(Arc::new(Sbn {
                init: options.init()?,
                layers: options.latent_layers(usual(data))?,
                likelihood: options.likelihood("sbn", data)?,
                mean: data.mean.clone(),
            }))
        },
    },
    Entry {
        name: "vae",
        summary: "variational autoencoder: one layer of Bernoulli, categorical or Gaussian latents between perceptrons",
        options: &[
            choice(
                "latents",
                "number of latents",
                "50 for at most 256 pixels, else 200; 20 if not bernoulli",
            ),
            choice("latent", "their family: bernoulli, categorical or gaussian", "bernoulli"),
            choice("categories", "categories of each, if categorical, from 2", "10"),
            choice(
                "hidden",
                "units in each hidden layer of the encoder, from the data on (400,200), or none; the decoder has them in reverse",
                "200",
            ),
            ACTIVATION,
            choice(
                "convolutions",
                "channels of convolutions between image and hidden layers (16,32)",
                "none",
            ),
            choice("kernel", "height and width of the kernel of convolutions, 1 to 15", "3"),
            choice("stride", "stride of convolutions, from 1 to that of the kernel", "2"),
            LIKELIHOOD,
            LIKELIHOOD_SCALE,
            INIT,
        ],
        objective: ELBO,
        references: &["kingma2014auto", "jang2017categorical", "maddison2017concrete"],
        pixels: true,
        data: digits,
        build: |options, data| {
            let latent = options.latent()?;
            let usual_latents = match latent {
                Latent::Bernoulli => usual(data),
                _ => 20,
            };
            let convolutions = options.convolutions(data)?;
            let hidden = options.hidden(&[200])?;
            Ok(Arc::new(Vae {
                latent,
                latents: options.latents(usual_latents)?,
                activation: options.activation(!hidden.is_empty() || convolutions.is_some())?,
                hidden,
                convolutions,
                likelihood: options.likelihood("vae", data)?,
                init: options.init()?,
                mean: data.mean.clone(),
            }))
        },
    },
    Entry {
        name: "structured",
        summary: "the lower half of an image from its upper half, through 1 to 10 layers of Bernoulli latents",
        options: &[
            LAYERS,
            LATENTS_OF_IMAGES,
            NONLINEAR,
            HIDDEN_BETWEEN,
            ACTIVATION,
            LIKELIHOOD,
            LIKELIHOOD_SCALE,
            INIT,
        ],
        objective: "E log p(lower half|h), h drawn from the model, \
                    a bound of log p(lower half|upper half) in nats; the setting `objective` selects another bound",
        references: &["raiko2015techniques"],
        pixels: true,
        data: digits,
        build: |options, data| {
            let likelihood = options.likelihood("structured", data)?;
            if data.width < 2 {
                return Err(Error::invalid("an image of one pixel has no halves"));
            }
            Ok(Arc::new(Structured {
                init: options.init()?,
                layers: options.latent_layers(usual(data))?,
                likelihood,
                mean: data.mean.clone(),
            }))
        },
    },
    Entry {
        name: "gmm",
        summary: "mixture of Gaussians with discrete assignments, inferred by a network; on synthetic clusters",
        options: &[
            choice("categories", "number of clusters, 2 to 10000", "5"),
            choice("hidden", "units in each hidden layer of the network (20,20), or none", "20"),
            ACTIVATION,
        ],
        objective: ELBO,
        references: &[],
        pixels: false,
        data: clusters,
        build: |options, data| {
            let hidden = options.hidden(&[20])?;
            Ok(Arc::new(Gmm {
                categories: options.in_range("categories", options.categories, 5, 2..=10_000)?,
                activation: options.activation(!hidden.is_empty())?,
                hidden,
                mean: data.mean.clone(),
                scale: data.scale.clone(),
            }))
        },
    },
    Entry {
        name: "bayes-logistic",
        summary: "Bayesian logistic regression with a Gaussian posterior; the last column is the label",
        options: &[],
        objective: "the ELBO, E_q [mean log p(y|x, w)] - KL(q(w) | p(w)) / rows, in nats; held-out rows are judged by \
                    the predictive log p(y|x)",
        references: &["jaakkola2000bayesian"],
        pixels: false,
        data: labelled,
        build: |_, data| {
            let classes = data.classes.filter(|_| data.width >= 2).ok_or_else(|| {
                Error::invalid(format!(
                    "`bayes-logistic` takes rows of features and a label 0, 1, .. in the last column; `{}` has others",
                    data.name
                ))
            })?;
            Ok(Arc::new(BayesLogistic { features: data.width - 1, rows: data.rows, classes: classes.max(2) }))
        },
    },
    Entry {
        name: "cartpole",
        summary: "policy gradients: a pole on a cart, a native environment whose rewards are a black box",
        options: &[
            choice("episode", "steps of an episode, 1 to 500", "200"),
            choice("hidden", "units in each hidden layer of the policy (16,16), or none", "16"),
            ACTIVATION,
        ],
        objective: "the expected reward: for how many steps of an episode the pole stands",
        references: &["barto1983neuronlike"],
        pixels: false,
        data: starts,
        build: |options, _| {
            let hidden = options.hidden(&[16])?;
            Ok(Arc::new(Cartpole {
                steps: options.in_range("episode", options.episode, 200, 1..=500)?,
                activation: options.activation(!hidden.is_empty())?,
                hidden,
            }))
        },
    },
    Entry {
        name: "sequence",
        summary: "recurrent autoencoder of sequences of variable length, with mask and end token, Bernoulli latents",
        options: &[
            choice("latents", "number of latents", "10"),
            choice("hidden", "width of recurrent states and embeddings", "32"),
        ],
        objective: ELBO,
        references: &[],
        pixels: false,
        data: walks,
        build: |options, data| {
            let [_, largest] = data.range;
            if data.width > LONGEST || !data.whole || largest >= MOST_TOKENS as f64 {
                return Err(Error::invalid(format!(
                    "`sequence` takes rows of at most {LONGEST} tokens from 0 to {}; `{}` has others",
                    MOST_TOKENS - 1,
                    data.name
                )));
            }
            Ok(Arc::new(Sequence {
                tokens: largest.max(0.0) as usize + 1,
                length: data.width,
                latents: options.latents(10)?,
                hidden: options.one("hidden", options.hidden.as_ref(), 32)?,
            }))
        },
    },
];

/// The largest number of tokens and the largest length of `sequence`.
const MOST_TOKENS: usize = 10_000;
const LONGEST: usize = 200;

fn digits(seed: u64) -> Dataset {
    Dataset::of_images("digits", &crate::data::digits_split(), Binarization::Threshold, seed)
}

/// The default number of latents: 50 for small images such as the digits, 200 for larger ones such as MNIST.
fn usual(data: &DataSummary) -> usize {
    if data.width <= 256 { 50 } else { 200 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::citation;

    #[test]
    fn every_option_that_is_shown_is_taken_and_every_reference_is_there() {
        for entry in all() {
            let data = (entry.data)(0);
            assert_eq!(data.image.is_some(), entry.pixels, "{}", entry.name);
            assert!(entry.references.iter().all(|key| citation(key).is_some()), "{}", entry.name);
            for option in entry.options {
                let value = match option.name {
                    "nonlinear" => "true",
                    "latent" | "likelihood" => "\"gaussian\"",
                    "init" => "\"kaiming\"",
                    "activation" => "\"relu\"",
                    "likelihood-scale" => "\"columns\"",
                    _ => "2",
                };
                // What an option requires.
                let more = match option.name {
                    "activation" if entry.options.iter().any(|other| other.name == "nonlinear") => {
                        "\nnonlinear = true"
                    }
                    "kernel" | "stride" => "\nconvolutions = 2",
                    "likelihood-scale" => "\nlikelihood = \"gaussian\"",
                    _ => "",
                };
                let options = toml::from_str(&format!("{} = {value}{more}", option.name)).unwrap();
                entry.build(&options, &data).unwrap();
            }
        }
    }
}
