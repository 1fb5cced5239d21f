//! The variational autoencoder: one layer of Bernoulli, categorical or Gaussian latents between two perceptrons.
//!
//! ```text
//! latents        q(z|x)                                   p(z)              KL(q ‖ p)
//! bernoulli      Bernoulli(logits = φ)                    Bernoulli(½)      Σ p φ − softplus(φ) + log 2,   p = σ(φ)
//! categorical    OneHotCategorical(logits = φ), L of C    uniform           Σ_l [ Σ_c p_c log p_c + log C ]
//! gaussian       Normal(μ, exp(λ))                        N(0, 1)           Σ ½ (μ² + e^{2λ} − 1) − λ
//!
//! p(x|z) = Bernoulli(logits = D(z)),   φ or (μ, λ) = E(x − x̄)
//! ```
//!
//! E and D have one hidden layer of tanh units. A Bernoulli latent enters D as 2 z − 1.
//! References: `kingma2014auto`, `jang2017categorical`, `maddison2017concrete`.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::bernoulli::{log_bernoulli, logits_of_mean};
use super::{Build, Model};
use crate::distributions::{Bernoulli, Distribution, Normal, OneHotCategorical};
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
    /// One of so many categories.
    Categorical(usize),
    /// Real.
    Gaussian,
}

/// The shape of a variational autoencoder.
#[derive(Clone, Debug)]
pub struct Vae {
    /// The family of the latents.
    pub latent: Latent,
    /// Number of latents.
    pub latents: usize,
    /// Units in the hidden layer of encoder and decoder.
    pub hidden: usize,
    /// x̄, one number in [0, 1] for each pixel.
    pub mean: Vec<f64>,
}

/// q with its log-density and its KL from the prior.
struct Posterior<'g> {
    q: Distribution<'g>,
    parameters: Vec<Expr<'g>>,
}

impl Vae {
    /// Numbers of the encoder for each latent, and of each latent for the decoder.
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

    fn posterior<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Posterior<'g> {
        let mean = build.tensor([self.mean.len()], self.mean.clone());
        let numbers = build.mlp(&self.encoder(), x - mean);
        match self.latent {
            Latent::Bernoulli => Posterior { q: Bernoulli::from_logits(numbers), parameters: vec![numbers] },
            Latent::Categorical(c) => {
                let logits = numbers.reshape_last(1, [self.latents, c]);
                Posterior { q: OneHotCategorical::from_logits(logits), parameters: vec![logits] }
            }
            Latent::Gaussian => {
                let loc = numbers.slice(0, 0, self.latents);
                let log_scale = numbers.slice(0, self.latents, self.latents);
                Posterior { q: Normal::new(loc, log_scale.exp()), parameters: vec![loc, log_scale] }
            }
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

impl<'g> Posterior<'g> {
    /// log p(z), log q(z|x) and the KL, for each row.
    fn densities(&self, latent: Latent, z: Expr<'g>) -> ([Expr<'g>; 2], Expr<'g>) {
        let parameters = &self.parameters;
        match latent {
            Latent::Bernoulli => {
                let logits = parameters[0];
                let half = std::f64::consts::LN_2;
                let kl = (logits.sigmoid() * logits - logits.softplus() + half).sum_last(1);
                let prior = (0.0 * z - half).sum_last(1);
                ([prior, log_bernoulli(z, logits).sum_last(1)], kl)
            }
            Latent::Categorical(c) => {
                let log_probs = parameters[0].log_softmax();
                let uniform = (c as f64).ln();
                let kl = ((log_probs.exp() * log_probs).sum_last(1) + uniform).sum_last(1);
                let prior = (z.sum_last(1) * -uniform).sum_last(1);
                ([prior, (z * log_probs).sum_last(2)], kl)
            }
            Latent::Gaussian => {
                let (loc, log_scale) = (parameters[0], parameters[1]);
                let kl = (0.5 * (loc.square() + (2.0 * log_scale).exp() - 1.0) - log_scale).sum_last(1);
                let constant = 0.5 * (2.0 * std::f64::consts::PI).ln();
                let prior = (-0.5 * z.square() - constant).sum_last(1);
                ([prior, self.q.log_prob(z).sum_last(1)], kl)
            }
        }
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
        let posterior = self.posterior(build, x);
        let z = build.sample("z", posterior.q.clone());
        let ([log_prior, log_posterior], kl) = posterior.densities(self.latent, z);
        let draws = Some(DrawTerms { log_prior, log_posterior });
        let log_likelihood = log_bernoulli(x, self.decode(build, z)).sum_last(1);
        Terms { log_likelihood, draws, kl: Some(kl) }
    }

    fn default_estimator(&self) -> Arc<dyn Estimator> {
        match self.latent {
            Latent::Gaussian => Arc::new(Pathwise),
            _ => Arc::new(ReinforceLoo),
        }
    }

    fn dream<'g>(&self, build: &Build<'g>, rows: usize) -> Option<Expr<'g>> {
        let zeros = |shape: &[usize]| build.tensor(shape, vec![0.0; shape.iter().product()]);
        let prior = match self.latent {
            Latent::Bernoulli => Bernoulli::from_logits(zeros(&[rows, self.latents])),
            Latent::Categorical(c) => OneHotCategorical::from_logits(zeros(&[rows, self.latents, c])),
            Latent::Gaussian => Normal::new(zeros(&[rows, self.latents]), 1.0),
        };
        let z = build.sample("z", prior);
        Some(self.decode(build, z).sigmoid())
    }

    fn reconstruct<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Option<Expr<'g>> {
        let z = build.sample("z", self.posterior(build, x).q);
        Some(self.decode(build, z).sigmoid())
    }
}
