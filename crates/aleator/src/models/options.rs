//! The options of the built-in models, and what they mean.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{Convolutions, DataSummary, Latent, LatentLayers, Likelihood, Maps, Widths};
use crate::error::{Error, Result};
use crate::nearest::nearest;
use crate::nn::{Activation, Init};

/// The upper limit of all sizes. The number of parameters is checked separately.
pub(super) const MOST: usize = 1 << 20;
/// The largest number of hidden layers.
const MOST_HIDDEN: usize = 16;
/// The largest number of layers of latents.
const MOST_LAYERS: usize = 10;

/// The options of models. Each model accepts only the options that it uses.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ModelOptions {
    /// The number of layers of latents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<usize>,
    /// The number of latents in a layer, or in each layer from the data on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latents: Option<Widths>,
    /// Whether the maps between layers are perceptrons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonlinear: Option<bool>,
    /// `bernoulli`, `categorical` or `gaussian`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latent: Option<String>,
    /// The number of categories of a latent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub categories: Option<usize>,
    /// The initial values of weights: `glorot` or `kaiming` (normal, of variance 2 / inputs).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<String>,
    /// The number of steps of an episode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub episode: Option<usize>,
    /// The number of units in each hidden layer, from the data on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Widths>,
    /// The name of an [`Activation`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation: Option<String>,
    /// The number of channels of each convolution, from the data on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub convolutions: Option<Widths>,
    /// The height and width of the kernel of convolutions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<usize>,
    /// The stride of convolutions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stride: Option<usize>,
    /// `bernoulli` or `gaussian` (also `normal`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub likelihood: Option<String>,
    /// The scale of a Gaussian likelihood: `shared` or `columns`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub likelihood_scale: Option<String>,
}

impl ModelOptions {
    /// The name of an option that is given, if there is one.
    ///
    /// # Errors
    /// Returns an error if a number is too large for TOML.
    pub fn first(&self) -> Result<Option<String>> {
        let given = toml::Table::try_from(self).map_err(|e| Error::Invalid(e.to_string()))?;
        Ok(given.keys().next().cloned())
    }
}

impl ModelOptions {
    /// Whether the likelihood that is asked for is one of real numbers, so that data are not binarised.
    pub fn is_real(&self) -> bool {
        matches!(self.likelihood.as_deref(), Some("gaussian" | "normal"))
    }

    pub(super) fn in_range(
        &self,
        name: &str,
        given: Option<usize>,
        usual: usize,
        range: RangeInclusive<usize>,
    ) -> Result<usize> {
        let value = given.unwrap_or(usual);
        if range.contains(&value) {
            return Ok(value);
        }
        let (low, high) = (range.start(), range.end());
        Err(Error::Invalid(format!("{name} must be {low} to {high}, got {value}")))
    }

    /// An option that may be a list, where there is only one size.
    pub(super) fn one(&self, name: &str, given: Option<&Widths>, usual: usize) -> Result<usize> {
        match given.map(|widths| &widths.0[..]) {
            None => Ok(usual),
            Some(&[one]) => self.in_range(name, Some(one), usual, 1..=MOST),
            Some(several) => Err(Error::Invalid(format!(
                "{name} must be one number from 1 to {MOST} for this model, got {} numbers",
                several.len()
            ))),
        }
    }

    /// The number of latents of a model with one layer of them.
    pub(super) fn latents(&self, usual: usize) -> Result<usize> {
        self.one("latents", self.latents.as_ref(), usual)
    }

    /// The widths of hidden layers.
    pub(super) fn hidden(&self, usual: &[usize]) -> Result<Vec<usize>> {
        let Some(Widths(widths)) = &self.hidden else { return Ok(usual.to_vec()) };
        if widths.len() > MOST_HIDDEN {
            return Err(Error::Invalid(format!(
                "there can be at most {MOST_HIDDEN} hidden layers, got {}",
                widths.len()
            )));
        }
        match widths.iter().find(|width| !(1..=MOST).contains(*width)) {
            Some(wrong) => Err(Error::Invalid(format!(
                "hidden must be 1 to {MOST} units in each layer, got {wrong}; `hidden = none` means no hidden layer"
            ))),
            None => Ok(widths.clone()),
        }
    }

    /// The activation; `used` is whether there is something to which it applies.
    pub(super) fn activation(&self, used: bool) -> Result<Activation> {
        let Some(name) = self.activation.as_deref() else { return Ok(Activation::Tanh) };
        let names = || Activation::NAMED.iter().map(|(name, _)| *name);
        let Some((_, found)) = Activation::NAMED.iter().find(|(other, _)| *other == name) else {
            let remedy = match nearest(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("choose one of {}", names().collect::<Vec<_>>().join(", ")),
            };
            return Err(Error::Invalid(format!("there is no activation `{name}`; {remedy}")));
        };
        if !used {
            return Err(Error::invalid(
                "an activation requires hidden layers; add the setting `hidden`, such as `hidden = 64`, or remove the setting \
                 `activation`",
            ));
        }
        Ok(*found)
    }

    /// The layers of Bernoulli latents.
    pub(super) fn latent_layers(&self, usual: usize) -> Result<LatentLayers> {
        let given = self.latents.as_ref().map_or(&[][..], |widths| &widths.0);
        let latents = match (given, self.layers) {
            ([] | [_], layers) => {
                let width = self.one("latents", self.latents.as_ref(), usual)?;
                vec![width; self.in_range("layers", layers, 1, 1..=MOST_LAYERS)?]
            }
            (several, Some(layers)) if layers != several.len() => {
                return Err(Error::Invalid(format!(
                    "there are {layers} layers, but latents has {} widths: remove the setting `layers`, or name one width for all",
                    several.len()
                )));
            }
            (several, _) => {
                self.in_range("layers", Some(several.len()), 1, 1..=MOST_LAYERS)?;
                for &width in several {
                    self.in_range("latents", Some(width), usual, 1..=MOST)?;
                }
                several.to_vec()
            }
        };
        let hidden = self.hidden(&[])?;
        let maps = match (self.nonlinear.unwrap_or(false), hidden.is_empty()) {
            (true, true) if self.hidden.is_none() => Maps::Nonlinear,
            (true, _) => {
                return Err(Error::invalid(
                    "nonlinear means two hidden layers of as many units as latents; remove it, because the setting `hidden` is given",
                ));
            }
            (false, true) => Maps::Linear,
            (false, false) => Maps::Hidden(hidden),
        };
        let activation = self.activation(maps != Maps::Linear)?;
        Ok(LatentLayers { latents, maps, activation })
    }

    /// The convolutions of images.
    pub(super) fn convolutions(&self, data: &DataSummary) -> Result<Option<Convolutions>> {
        let given = self.convolutions.as_ref().map_or(&[][..], |widths| &widths.0);
        if given.is_empty() {
            let others = [("kernel", self.kernel), ("stride", self.stride)];
            return match others.into_iter().find(|(_, value)| value.is_some()) {
                Some((name, _)) => Err(Error::Invalid(format!(
                    "{name} is that of convolutions, but there are none; add the setting `convolutions`, such as \
                     `convolutions = 16`, or remove the setting `{name}`"
                ))),
                None => Ok(None),
            };
        }
        let Some(image) = data.image else {
            return Err(Error::Invalid(format!(
                "convolutions need images, but a row of `{}` is {} numbers without a height and width; save the data as a .npy file of \
                 shape [rows, height, width], or remove the setting `convolutions`",
                data.name, data.width
            )));
        };
        Convolutions::new(image, given.to_vec(), self.kernel.unwrap_or(3), self.stride.unwrap_or(2)).map(Some)
    }

    /// The likelihood of rows of these data.
    pub(super) fn likelihood(&self, model: &str, data: &DataSummary) -> Result<Likelihood> {
        let shared = match self.likelihood_scale.as_deref() {
            None => data.image.is_some(),
            Some("shared") => true,
            Some("columns") => false,
            Some(other) => {
                return Err(Error::Invalid(format!(
                    "there is no likelihood-scale `{other}`: choose shared or columns"
                )));
            }
        };
        match self.likelihood.as_deref() {
            None | Some("bernoulli") if self.likelihood_scale.is_some() => Err(Error::invalid(
                "a Bernoulli likelihood has no scale; likelihood-scale requires `likelihood = gaussian`",
            )),
            None | Some("bernoulli") if data.is_grey() => Ok(Likelihood::Bernoulli),
            None | Some("bernoulli") => Err(Error::Invalid(format!(
                "`{model}` takes images with pixels from 0 to 1, but `{}` has numbers from {} to {}; for real numbers, use \
                 `likelihood = gaussian`",
                data.name, data.range[0], data.range[1]
            ))),
            Some("gaussian" | "normal") => Ok(Likelihood::normal(shared, data)),
            Some(other) => {
                Err(Error::Invalid(format!("there is no likelihood `{other}`: choose bernoulli or gaussian")))
            }
        }
    }

    pub(super) fn init(&self) -> Result<Init> {
        match self.init.as_deref() {
            None | Some("glorot") => Ok(Init::Glorot),
            Some("kaiming") => Ok(Init::KaimingNormal),
            Some(other) => {
                Err(Error::Invalid(format!("there is no init `{other}`: choose glorot or kaiming")))
            }
        }
    }

    pub(super) fn latent(&self) -> Result<Latent> {
        let categories = self.in_range("categories", self.categories, 10, 2..=MOST)?;
        match self.latent.as_deref() {
            Some("bernoulli" | "gaussian" | "normal") if self.categories.is_some() => {
                Err(Error::invalid("categories require latent = \"categorical\""))
            }
            None if self.categories.is_some() => Ok(Latent::Categorical(categories)),
            None | Some("bernoulli") => Ok(Latent::Bernoulli),
            Some("categorical") => Ok(Latent::Categorical(categories)),
            Some("gaussian" | "normal") => Ok(Latent::Gaussian),
            Some(other) => Err(Error::Invalid(format!(
                "there is no latent `{other}`: choose bernoulli, categorical or gaussian"
            ))),
        }
    }
}
