//! Layers of Bernoulli latents, and the maps between them.

use std::fmt::DebugStruct;

use super::hidden::{debug_activation, describe_activation, listed};
use crate::nn::{Activation, Mlp};

/// The hidden layers of the maps into and out of layers of latents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Maps {
    /// None: the maps are linear.
    #[default]
    Linear,
    /// Two, with as many units as the layer of latents that is further from the data.
    Nonlinear,
    /// Of these widths, from the data on.
    Hidden(Vec<usize>),
}

/// The widths of layers of Bernoulli latents, and what is between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatentLayers {
    /// The number of latents of each layer, from the data on. There is at least one layer.
    pub latents: Vec<usize>,
    /// The maps between layers.
    pub maps: Maps,
    /// The activation of hidden layers.
    pub activation: Activation,
}

impl LatentLayers {
    /// Linear maps between layers of these numbers of latents.
    pub fn linear(latents: Vec<usize>) -> Self {
        LatentLayers { latents, maps: Maps::Linear, activation: Activation::Tanh }
    }

    /// The number of layers.
    pub fn count(&self) -> usize {
        self.latents.len()
    }

    /// The number of latents of layer l, counted from 1 (of the last one if there are fewer).
    pub fn width(&self, l: usize) -> usize {
        self.latents.get(l.saturating_sub(1)).or(self.latents.last()).copied().unwrap_or(0)
    }

    /// The name of layer l, counted from 1.
    pub fn name(&self, l: usize) -> String {
        if self.count() == 1 { "h".into() } else { format!("h{l}") }
    }

    /// A map away from the data or towards it, on the data's side of layer l.
    pub fn map(&self, name: &str, l: usize, inputs: usize, outputs: usize, towards_data: bool) -> Mlp {
        let mut hidden = match &self.maps {
            Maps::Linear => Vec::new(),
            Maps::Nonlinear => vec![self.width(l); 2],
            Maps::Hidden(widths) => widths.clone(),
        };
        if towards_data {
            hidden.reverse();
        }
        Mlp::new(name, inputs, &hidden, outputs, self.activation)
    }

    /// The sizes in a few words, such as `2 linear layers of 200 latents`.
    pub fn describe(&self) -> String {
        let kind = if self.maps == Maps::Linear { "linear" } else { "nonlinear" };
        let layers = if self.count() == 1 { "layer" } else { "layers" };
        let hidden = match &self.maps {
            Maps::Linear | Maps::Nonlinear => String::new(),
            Maps::Hidden(widths) => format!(", hidden layers of {}", listed(widths)),
        };
        let activation = describe_activation(self.activation);
        let widths = if self.is_uniform() { self.width(1).to_string() } else { listed(&self.latents) };
        format!("{} {kind} {layers} of {widths} latents{hidden}{activation}", self.count())
    }

    fn is_uniform(&self) -> bool {
        self.latents.windows(2).all(|pair| pair[0] == pair[1])
    }

    /// Adds what training depends on to the `Debug` output of a model. Options that are newer than saved runs appear only if they
    /// are used, so that such runs can be resumed.
    pub(super) fn debug(&self, to: &mut DebugStruct<'_, '_>) {
        let LatentLayers { latents, maps, activation } = self;
        to.field("layers", &self.count());
        match self.is_uniform() {
            true => to.field("latents", &self.width(1)),
            false => to.field("latents", latents),
        };
        to.field("nonlinear", &(*maps == Maps::Nonlinear));
        if let Maps::Hidden(widths) = maps {
            to.field("hidden", widths);
        }
        debug_activation(to, *activation);
    }
}
