//! Structured prediction: the lower half of an image from its upper half, through layers of Bernoulli latents.
//!
//! ```text
//! h₁ ~ Bernoulli(logits = E₁(u − ū)),   h_l ~ Bernoulli(logits = E_l(2 h_{l-1} − 1)),   p(y|h_L) = Bernoulli(logits = D(2 h_L − 1))
//! maximised   E log p(y|h_L) ≤ log p(y|u)
//! ```
//!
//! u is the upper half and y is the lower half. Draws are from the model, so there is no approximate posterior, and log w = log
//! p(y|h). Reference: `raiko2015techniques`.

use aleator_engine::graph::{Expr, concat};

use super::bernoulli::logits_of_mean;
use super::{Build, Model};
use crate::distributions::Bernoulli;
use crate::nn::{Activation, Init, Mlp, Spec};
use crate::objectives::Terms;

/// The sizes of the network.
#[derive(Clone, Debug)]
pub struct Structured {
    /// The number of layers of latents, at least 1.
    pub layers: usize,
    /// The number of Bernoulli latents in each layer.
    pub latents: usize,
    /// Whether the maps between layers have two hidden layers of tanh units.
    pub nonlinear: bool,
    /// The mean image of the training data, at least two pixels.
    pub mean: Vec<f64>,
}

impl Structured {
    /// The number of pixels of the upper half.
    fn upper(&self) -> usize {
        self.mean.len() / 2
    }

    fn map(&self, l: usize, inputs: usize, outputs: usize) -> Mlp {
        let hidden: &[usize] = if self.nonlinear { &[self.latents; 2] } else { &[] };
        Mlp::new(&format!("layer.{l}"), inputs, hidden, outputs, Activation::Tanh)
    }

    /// The map into layer l, counted from 1. The last map is into the pixels.
    fn layer(&self, l: usize) -> Mlp {
        let inputs = if l == 1 { self.upper() } else { self.latents };
        if l <= self.layers {
            return self.map(l, inputs, self.latents);
        }
        let lower = &self.mean[self.upper()..];
        self.map(l, inputs, lower.len()).with_last_bias(Init::Values(logits_of_mean(lower)))
    }

    /// The logits of the pixels of the lower half.
    fn pixel_logits<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Expr<'g> {
        let mean = build.tensor([self.upper()], self.mean[..self.upper()].to_vec());
        let mut below = x.slice(-1, 0, self.upper()) - mean;
        for l in 1..=self.layers {
            let name = if self.layers == 1 { "h".into() } else { format!("h{l}") };
            let h = build.sample(&name, Bernoulli::from_finite_logits(build.mlp(&self.layer(l), below)));
            below = 2.0 * h - 1.0;
        }
        build.mlp(&self.layer(self.layers + 1), below)
    }
}

impl Model for Structured {
    fn name(&self) -> &'static str {
        "structured"
    }

    fn describe(&self) -> String {
        let layers = if self.layers == 1 { "layer" } else { "layers" };
        let kind = if self.nonlinear { "nonlinear" } else { "linear" };
        format!("{} {kind} {layers} of {} latents", self.layers, self.latents)
    }

    fn width(&self) -> usize {
        self.mean.len()
    }

    fn specs(&self) -> Vec<Spec> {
        (1..=self.layers + 1).flat_map(|l| self.layer(l).specs()).collect()
    }

    fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g> {
        let lower = x.slice(-1, self.upper(), self.mean.len() - self.upper());
        let pixels = Bernoulli::from_finite_logits(self.pixel_logits(build, x));
        Terms::likelihood(pixels.log_prob(lower).sum_last(1))
    }

    fn reconstruct<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Option<Expr<'g>> {
        let lower = self.pixel_logits(build, x).sigmoid();
        let upper = x.slice(-1, 0, self.upper()).unsqueeze(-3);
        concat(&[upper, lower], -1)
    }
}
