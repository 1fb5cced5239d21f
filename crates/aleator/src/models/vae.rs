//! The variational autoencoder: one layer of Bernoulli, categorical or Gaussian latents between two perceptrons.
//!
//! ```text
//! latents        q(z|x)                                   p(z)
//! bernoulli      Bernoulli(logits = φ)                    Bernoulli(½)
//! categorical    OneHotCategorical(logits = φ), L of C    uniform
//! gaussian       Normal(μ, exp(λ))                        N(0, 1)
//!
//! p(x|z) = Bernoulli(logits = D(z)),   φ or (μ, λ) = E(x − x̄)
//! ```
//!
//! E and D are perceptrons, by default with one hidden layer of tanh units; the hidden layers of D are those of E in reverse. With
//! [convolutions](super::Convolutions), E begins and D ends with them. The input of D for a Bernoulli latent z is 2 z − 1. With a
//! [Normal likelihood](super::Likelihood), p(x|z) is Normal, and x − x̄ is in units of the data. References: `kingma2014auto`,
//! `jang2017categorical`, `maddison2017concrete`.

use std::fmt;
use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::hidden::{debug_hidden, describe_hidden};
use super::{Build, Convolutions, Likelihood, Model};
use crate::distributions::{Bernoulli, Distribution, Normal, OneHotCategorical, kl};
use crate::estimators::{Pathwise, ReinforceLoo};
use crate::nn::{Activation, Init, Mlp, Spec};
use crate::objectives::{DrawTerms, Terms};
use crate::rewrite::Estimator;

/// The family of the latents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Latent {
    /// 0 or 1.
    #[default]
    Bernoulli,
    /// One of the given number of categories.
    Categorical(usize),
    /// Real numbers.
    Gaussian,
}

/// The sizes of a variational autoencoder.
#[derive(Clone)]
pub struct Vae {
    /// The family of the latents.
    pub latent: Latent,
    /// The number of latents.
    pub latents: usize,
    /// The number of units in each hidden layer of the encoder, from the data on; the decoder has them in reverse.
    pub hidden: Vec<usize>,
    /// The activation of hidden layers and convolutions.
    pub activation: Activation,
    /// Convolutions between the image and the hidden layers.
    pub convolutions: Option<Convolutions>,
    /// The distribution of a row given the latents.
    pub likelihood: Likelihood,
    /// The initial values of weights. Biases are initially 0.
    pub init: Init,
    /// x̄, one number for each column; in [0, 1] for a Bernoulli likelihood.
    pub mean: Vec<f64>,
}

impl Vae {
    /// Bernoulli latents and pixels, and one hidden layer of 200 tanh units.
    pub fn new(mean: Vec<f64>, latents: usize) -> Self {
        Vae {
            latent: Latent::Bernoulli,
            latents,
            hidden: vec![200],
            activation: Activation::Tanh,
            convolutions: None,
            likelihood: Likelihood::Bernoulli,
            init: Init::Glorot,
            mean,
        }
    }

    /// The number of encoder outputs per latent, and of decoder inputs per latent.
    fn numbers(&self) -> (usize, usize) {
        match self.latent {
            Latent::Bernoulli => (1, 1),
            Latent::Categorical(c) => (c, c),
            Latent::Gaussian => (2, 1),
        }
    }

    /// The number of numbers between convolutions and hidden layers.
    fn features(&self) -> usize {
        self.convolutions.as_ref().map_or(self.mean.len(), Convolutions::features)
    }

    fn encoder(&self) -> Mlp {
        let outputs = self.latents.saturating_mul(self.numbers().0);
        Mlp::new("encoder", self.features(), &self.hidden, outputs, self.activation).with_weights(&self.init)
    }

    fn decoder(&self) -> Mlp {
        let inputs = self.latents.saturating_mul(self.numbers().1);
        let hidden: Vec<usize> = self.hidden.iter().rev().copied().collect();
        let layers = Mlp::new("decoder", inputs, &hidden, self.features(), self.activation);
        let layers = layers.with_weights(&self.init);
        match self.convolutions {
            Some(_) => layers,
            None => layers.with_last_bias(self.likelihood.initial_bias(&self.mean)),
        }
    }

    /// p(z), the same for all latents, with leading batch axes `batch`.
    fn prior<'g>(&self, build: &Build<'g>, batch: &[usize]) -> Distribution<'g> {
        let full = |event: &[usize], value: f64| {
            let shape = [batch, event].concat();
            build.tensor(shape.clone(), vec![value; shape.iter().product()])
        };
        match self.latent {
            Latent::Bernoulli => Bernoulli::from_finite_logits(full(&[], 0.0)),
            Latent::Categorical(c) => OneHotCategorical::from_logits(full(&[c], 0.0)),
            Latent::Gaussian => Normal::new(full(&[], 0.0), full(&[], 1.0)),
        }
    }

    /// q(z|x)
    fn posterior<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Distribution<'g> {
        let y = self.likelihood.centred(build, x, &self.mean);
        let features = match &self.convolutions {
            Some(convolutions) => convolutions.encode(build, y, self.activation),
            None => y,
        };
        let numbers = build.mlp(&self.encoder(), features);
        match self.latent {
            Latent::Bernoulli => Bernoulli::from_finite_logits(numbers),
            Latent::Categorical(c) => {
                OneHotCategorical::from_logits(numbers.reshape_last(1, [self.latents, c]))
            }
            Latent::Gaussian => Normal::new(
                numbers.slice(-1, 0, self.latents),
                numbers.slice(-1, self.latents, self.latents).exp(),
            ),
        }
    }

    /// The output for each column from the latents.
    fn decode<'g>(&self, build: &Build<'g>, z: Expr<'g>) -> Expr<'g> {
        let numbers = match self.latent {
            Latent::Bernoulli => 2.0 * z - 1.0,
            Latent::Categorical(c) => z.reshape_last(2, [self.latents * c]),
            Latent::Gaussian => z,
        };
        let features = build.mlp(&self.decoder(), numbers);
        match &self.convolutions {
            Some(convolutions) => convolutions.decode(build, features, self.activation),
            None => features,
        }
    }
}

/// Everything on which training depends; what is newer than saved runs only where it is used, so that these can be resumed.
impl fmt::Debug for Vae {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Vae { latent, latents, hidden, activation, convolutions, likelihood, init, mean } = self;
        let mut all = f.debug_struct("Vae");
        all.field("latent", latent).field("latents", latents);
        debug_hidden(&mut all, hidden, *activation);
        if let Some(convolutions) = convolutions {
            all.field("convolutions", convolutions);
        }
        if *likelihood != Likelihood::Bernoulli {
            all.field("likelihood", likelihood);
        }
        if *init != Init::Glorot {
            all.field("init", init);
        }
        all.field("mean", mean).finish()
    }
}

impl Model for Vae {
    fn name(&self) -> &'static str {
        "vae"
    }

    fn describe(&self) -> String {
        let latents = match self.latent {
            Latent::Bernoulli => format!("{} Bernoulli latents", self.latents),
            Latent::Categorical(c) => format!("{} latents of {c} categories", self.latents),
            Latent::Gaussian => format!("{} Gaussian latents", self.latents),
        };
        let hidden = describe_hidden(&self.hidden, self.activation);
        let convolutions = self.convolutions.as_ref().map(|c| format!(", {}", c.describe()));
        let convolutions = convolutions.unwrap_or_default();
        format!("{latents}{hidden}{convolutions}{}", self.likelihood.description())
    }

    fn width(&self) -> usize {
        self.mean.len()
    }

    fn specs(&self) -> Vec<Spec> {
        let layers = [self.encoder().specs(), self.decoder().specs()].concat();
        let layers = match &self.convolutions {
            Some(c) => {
                let bias = self.likelihood.initial_bias(&self.mean);
                [c.encoder_specs(&self.init), layers, c.decoder_specs(&self.init, bias)].concat()
            }
            None => layers,
        };
        [layers, self.likelihood.specs()].concat()
    }

    fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g> {
        let (prior, posterior) = (self.prior(build, &[]), self.posterior(build, x));
        let z = build.sample("z", posterior.clone());
        let output = self.decode(build, z);
        Terms {
            log_likelihood: self.likelihood.log_prob(build, output, x, &self.mean),
            draws: Some(DrawTerms {
                log_prior: prior.log_prob(z).sum_last(1),
                log_posterior: posterior.log_prob(z).sum_last(1),
            }),
            kl: kl(&posterior, &prior).ok().map(|divergence| divergence.sum_last(1)),
        }
    }

    fn default_estimator(&self) -> Arc<dyn Estimator> {
        match self.latent {
            Latent::Gaussian => Arc::new(Pathwise),
            _ => Arc::new(ReinforceLoo),
        }
    }

    fn generate<'g>(&self, build: &Build<'g>, rows: usize) -> Option<Expr<'g>> {
        let z = build.sample("z", self.prior(build, &[rows, self.latents]));
        Some(self.likelihood.generated(build, self.decode(build, z), &self.mean))
    }

    fn reconstruct<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Option<Expr<'g>> {
        let z = build.sample("z", self.posterior(build, x));
        Some(self.likelihood.mean(build, self.decode(build, z), &self.mean))
    }
}
