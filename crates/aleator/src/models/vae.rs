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
//! E and D have one hidden layer of tanh units. The input of D for a Bernoulli latent z is 2 z − 1. References: `kingma2014auto`,
//! `jang2017categorical`, `maddison2017concrete`.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::bernoulli::logits_of_mean;
use super::{Build, Model};
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
#[derive(Clone, Debug)]
pub struct Vae {
    /// The family of the latents.
    pub latent: Latent,
    /// The number of latents.
    pub latents: usize,
    /// The number of units in the hidden layers of encoder and decoder.
    pub hidden: usize,
    /// x̄, one number in [0, 1] for each pixel.
    pub mean: Vec<f64>,
}

impl Vae {
    /// The number of encoder outputs per latent, and of decoder inputs per latent.
    fn numbers(&self) -> (usize, usize) {
        match self.latent {
            Latent::Bernoulli => (1, 1),
            Latent::Categorical(c) => (c, c),
            Latent::Gaussian => (2, 1),
        }
    }

    fn encoder(&self) -> Mlp {
        let outputs = self.latents * self.numbers().0;
        Mlp::new("encoder", self.mean.len(), &[self.hidden], outputs, Activation::Tanh)
    }

    fn decoder(&self) -> Mlp {
        let inputs = self.latents * self.numbers().1;
        Mlp::new("decoder", inputs, &[self.hidden], self.mean.len(), Activation::Tanh)
            .with_last_bias(Init::Values(logits_of_mean(&self.mean)))
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
        let mean = build.tensor([self.mean.len()], self.mean.clone());
        let numbers = build.mlp(&self.encoder(), x - mean);
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

    /// Pixel logits from the latents.
    fn decode<'g>(&self, build: &Build<'g>, z: Expr<'g>) -> Expr<'g> {
        let numbers = match self.latent {
            Latent::Bernoulli => 2.0 * z - 1.0,
            Latent::Categorical(c) => z.reshape_last(2, [self.latents * c]),
            Latent::Gaussian => z,
        };
        build.mlp(&self.decoder(), numbers)
    }
}

impl Model for Vae {
    fn name(&self) -> &'static str {
        "vae"
    }

    fn describe(&self) -> String {
        match self.latent {
            Latent::Bernoulli => format!("{} Bernoulli latents", self.latents),
            Latent::Categorical(c) => format!("{} latents of {c} categories", self.latents),
            Latent::Gaussian => format!("{} Gaussian latents", self.latents),
        }
    }

    fn width(&self) -> usize {
        self.mean.len()
    }

    fn specs(&self) -> Vec<Spec> {
        [self.encoder().specs(), self.decoder().specs()].concat()
    }

    fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g> {
        let (prior, posterior) = (self.prior(build, &[]), self.posterior(build, x));
        let z = build.sample("z", posterior.clone());
        let pixels = Bernoulli::from_finite_logits(self.decode(build, z));
        Terms {
            log_likelihood: pixels.log_prob(x).sum_last(1),
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
        Some(self.decode(build, z).sigmoid())
    }

    fn reconstruct<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Option<Expr<'g>> {
        let z = build.sample("z", self.posterior(build, x));
        Some(self.decode(build, z).sigmoid())
    }
}
