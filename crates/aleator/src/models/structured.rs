//! Structured prediction: the lower half of an image from its upper half, through layers of Bernoulli latents.
//!
//! ```text
//! h₁ ~ Bernoulli(logits = E₁(u − ū)),   h_l ~ Bernoulli(logits = E_l(2 h_{l-1} − 1)),   p(y|h_L) = Bernoulli(logits = D(2 h_L − 1))
//! maximised   E log p(y|h_L) ≤ log p(y|u)
//! ```
//!
//! u is the upper half and y is the lower half. Draws are from the model, so there is no approximate posterior, and log w = log
//! p(y|h). With a [Normal likelihood](super::Likelihood), p(y|h_L) is Normal, and u − ū is in units of the data. Reference:
//! `raiko2015techniques`.

use std::fmt;
use std::ops::Range;

use aleator_engine::graph::{Expr, concat};

use super::{Build, LatentLayers, Likelihood, Model};
use crate::distributions::Bernoulli;
use crate::nn::{Init, Mlp, Spec};
use crate::objectives::Terms;

/// The sizes of the network.
#[derive(Clone)]
pub struct Structured {
    /// The layers of latents.
    pub layers: LatentLayers,
    /// The distribution of a row given the latents.
    pub likelihood: Likelihood,
    /// The initial values of weights. Biases are initially 0.
    pub init: Init,
    /// The mean row of the training data, at least two numbers; in [0, 1] for a Bernoulli likelihood.
    pub mean: Vec<f64>,
}

impl Structured {
    /// The columns of the upper half.
    fn upper(&self) -> Range<usize> {
        0..self.mean.len() / 2
    }

    /// The columns of the lower half.
    fn lower(&self) -> Range<usize> {
        self.mean.len() / 2..self.mean.len()
    }

    /// The map into layer l, counted from 1. The last map is into the lower half.
    fn layer(&self, l: usize) -> Mlp {
        let inputs = if l == 1 { self.upper().len() } else { self.layers.width(l - 1) };
        let into_latents = l <= self.layers.count();
        let outputs = if into_latents { self.layers.width(l) } else { self.lower().len() };
        let map = self.layers.map(&format!("layer.{l}"), l, inputs, outputs, !into_latents);
        let map = map.with_weights(&self.init);
        if into_latents {
            map
        } else {
            map.with_last_bias(self.likelihood.initial_bias(&self.mean[self.lower()]))
        }
    }

    /// The output for the lower half.
    fn output<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Expr<'g> {
        let upper = x.slice(-1, 0, self.upper().len());
        let likelihood = self.likelihood.of_columns(self.upper());
        let mut below = likelihood.centred(build, upper, &self.mean[self.upper()]);
        for l in 1..=self.layers.count() {
            let logits = build.mlp(&self.layer(l), below);
            let h = build.sample(&self.layers.name(l), Bernoulli::from_finite_logits(logits));
            below = 2.0 * h - 1.0;
        }
        build.mlp(&self.layer(self.layers.count() + 1), below)
    }
}

/// Everything on which training depends; what is newer than saved runs only where it is used, so that these can be resumed.
impl fmt::Debug for Structured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Structured { layers, likelihood, init, mean } = self;
        let mut all = f.debug_struct("Structured");
        layers.debug(&mut all);
        if *init != Init::Glorot {
            all.field("init", init);
        }
        if *likelihood != Likelihood::Bernoulli {
            all.field("likelihood", likelihood);
        }
        all.field("mean", mean).finish()
    }
}

impl Model for Structured {
    fn name(&self) -> &'static str {
        "structured"
    }

    fn describe(&self) -> String {
        format!("{}{}", self.layers.describe(), self.likelihood.description())
    }

    fn width(&self) -> usize {
        self.mean.len()
    }

    fn specs(&self) -> Vec<Spec> {
        let maps = (1..=self.layers.count() + 1).flat_map(|l| self.layer(l).specs());
        maps.chain(self.likelihood.of_columns(self.lower()).specs()).collect()
    }

    fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g> {
        let lower = x.slice(-1, self.lower().start, self.lower().len());
        let output = self.output(build, x);
        let likelihood = self.likelihood.of_columns(self.lower());
        Terms::likelihood(likelihood.log_prob(build, output, lower, &self.mean[self.lower()]))
    }

    fn reconstruct<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Option<Expr<'g>> {
        let likelihood = self.likelihood.of_columns(self.lower());
        let lower = likelihood.mean(build, self.output(build, x), &self.mean[self.lower()]);
        let upper = x.slice(-1, 0, self.upper().len()).unsqueeze(-3);
        concat(&[upper, lower], -1)
    }
}
