//! The built-in models by name, with the options that they have in common.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Latent, Model, Sbn, Vae};
use crate::data::{Binarization, Dataset};
use crate::error::{Error, Result};

/// Sizes and kinds. Each model takes those that mean something to it and refuses the others.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ModelOptions {
    /// Layers of latents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<usize>,
    /// Latents in a layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latents: Option<usize>,
    /// Whether maps between layers are perceptrons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonlinear: Option<bool>,
    /// `bernoulli`, `categorical` or `gaussian`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latent: Option<String>,
    /// Categories of a latent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub categories: Option<usize>,
    /// Units in hidden layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<usize>,
}

/// A built-in model.
pub struct Entry {
    /// Its name on the command line.
    pub name: &'static str,
    /// One line: what it is.
    pub summary: &'static str,
    /// Names of the options that it takes.
    pub options: &'static [&'static str],
    /// Its data, unless others are named.
    pub data: fn(seed: u64) -> Dataset,
    build: fn(&ModelOptions, &Dataset) -> Result<Arc<dyn Model>>,
}

impl Entry {
    /// The model for this data.
    ///
    /// # Errors
    /// If an option means nothing to it or is out of range.
    pub fn build(&self, options: &ModelOptions, data: &Dataset) -> Result<Arc<dyn Model>> {
        let given = toml::Table::try_from(options).map_err(|e| Error::Invalid(e.to_string()))?;
        if let Some(name) = given.keys().find(|name| !self.options.contains(&name.as_str())) {
            return Err(Error::Invalid(format!(
                "`{}` has no option `{name}`; it has {}",
                self.name,
                self.options.join(", ")
            )));
        }
        (self.build)(options, data)
    }
}

/// All of them, in the order in which they are shown.
pub fn all() -> &'static [Entry] {
    &ALL
}

/// The model of that name.
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|e| e.name == name)
}

static ALL: [Entry; 2] = [
    Entry {
        name: "sbn",
        summary: "sigmoid belief network: 1 to 3 layers of Bernoulli latents, linear or nonlinear, encoder and decoder",
        options: &["layers", "latents", "nonlinear"],
        data: digits,
        build: |options, data| {
            Ok(Arc::new(Sbn {
                layers: options.in_range("layers", options.layers, 1, 1..=3)?,
                latents: options.in_range("latents", options.latents, usual(data), 1..=MOST)?,
                nonlinear: options.nonlinear.unwrap_or(false),
                mean: probabilities("sbn", data)?,
            }))
        },
    },
    Entry {
        name: "vae",
        summary: "variational autoencoder: one layer of Bernoulli, categorical or Gaussian latents between perceptrons",
        options: &["latents", "latent", "categories", "hidden"],
        data: digits,
        build: |options, data| {
            let latent = options.latent()?;
            let usual_latents = match latent {
                Latent::Bernoulli => usual(data),
                _ => 20,
            };
            Ok(Arc::new(Vae {
                latent,
                latents: options.in_range("latents", options.latents, usual_latents, 1..=MOST)?,
                hidden: options.in_range("hidden", options.hidden, 200, 1..=MOST)?,
                mean: probabilities("vae", data)?,
            }))
        },
    },
];

/// The most of anything; the number of parameters is checked besides.
const MOST: usize = 1 << 20;

fn digits(seed: u64) -> Dataset {
    Dataset::of_images("digits", &crate::data::digits_split(), Binarization::Threshold, seed)
}

/// Latents for images of this size: 50 for small ones such as the digits, 200 for MNIST.
fn usual(data: &Dataset) -> usize {
    if data.train.width <= 256 { 50 } else { 200 }
}

/// The mean row of data that are pixels.
fn probabilities(model: &str, data: &Dataset) -> Result<Vec<f64>> {
    let mean = data.train.mean();
    let within = |v: &f32| (0.0..=1.0).contains(v);
    if data.train.values.iter().all(within) && data.held_out.values.iter().all(within) {
        return Ok(mean);
    }
    Err(Error::Invalid(format!("`{model}` takes images with pixels from 0 to 1; `{}` has other numbers", data.name)))
}

impl ModelOptions {
    fn in_range(
        &self,
        name: &str,
        given: Option<usize>,
        usual: usize,
        range: std::ops::RangeInclusive<usize>,
    ) -> Result<usize> {
        let value = given.unwrap_or(usual);
        if range.contains(&value) {
            return Ok(value);
        }
        let (low, high) = (range.start(), range.end());
        Err(Error::Invalid(format!("{name} must be {low} to {high}, got {value}")))
    }

    fn latent(&self) -> Result<Latent> {
        let categories = self.in_range("categories", self.categories, 10, 2..=MOST)?;
        match self.latent.as_deref() {
            None if self.categories.is_some() => Ok(Latent::Categorical(categories)),
            None | Some("bernoulli") => Ok(Latent::Bernoulli),
            Some("categorical") => Ok(Latent::Categorical(categories)),
            Some("gaussian") => Ok(Latent::Gaussian),
            Some(other) => Err(Error::Invalid(format!(
                "there is no latent `{other}`: choose bernoulli, categorical or gaussian"
            ))),
        }
    }
}
