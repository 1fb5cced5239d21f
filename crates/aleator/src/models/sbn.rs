//! The sigmoid belief network: one to three layers of Bernoulli latents.
//!
//! ```text
//! prior      p(h_L)         = Bernoulli(logits = b)
//! decoder    p(h_{l-1}|h_l) = Bernoulli(logits = D_l(2 h_l − 1)),   p(x|h₁) likewise
//! encoder    q(h₁|x)        = Bernoulli(logits = E₁(x − x̄)),   q(h_l|h_{l-1}) = Bernoulli(logits = E_l(2 h_{l-1} − 1))
//! log w      log p(x|h₁) + Σ_l log p(h_l|h_{l+1}) − Σ_l log q(h_l|h_{l-1})
//! ```
//!
//! E and D are linear, or perceptrons with two hidden layers of tanh units. x̄ is the mean image of the training data, and the
//! bias of the output is initialised with its logits.
//!
//! log q is part of the cost and depends on the encoder directly, so it has a gradient in addition to the one through h. Rows are
//! combined only in the sum over the batch: the score of row i multiplies only the cost of row i.
//!
//! The log p of a Bernoulli is linear between its outcomes. Estimators that use a relaxed h (`gumbel_softmax`) train on this
//! linear extension, which is a common choice. It is not the density of the relaxed h, so the training objective is not a bound.
//! Held-out rows are always evaluated at discrete samples.
//!
//! References: `neal1992connectionist` (the model), `mnih2014neural` (its ELBO with a learned encoder).

use aleator_engine::graph::Expr;

use super::bernoulli::logits_of_mean;
use super::{Build, Model};
use crate::distributions::Bernoulli;
use crate::nn::{Activation, Init, Mlp, Spec};
use crate::objectives::{DrawTerms, Terms};

/// The sizes of a sigmoid belief network, and the mean image that is subtracted from its input.
#[derive(Clone, Debug)]
pub struct Sbn {
    /// The number of layers of latents, at least 1.
    pub layers: usize,
    /// The number of Bernoulli latents in each layer.
    pub latents: usize,
    /// Whether the maps between layers have two hidden layers of tanh units, as many as there are latents.
    pub nonlinear: bool,
    /// The initial values of weights. Biases are initially 0.
    pub init: Init,
    /// x̄, one number in [0, 1] for each pixel.
    pub mean: Vec<f64>,
}

impl Sbn {
    /// One linear layer.
    pub fn new(mean: Vec<f64>, latents: usize) -> Self {
        Sbn { layers: 1, latents, nonlinear: false, init: Init::Glorot, mean }
    }

    fn map(&self, name: String, inputs: usize, outputs: usize) -> Mlp {
        let hidden: &[usize] = if self.nonlinear { &[self.latents; 2] } else { &[] };
        Mlp::new(&name, inputs, hidden, outputs, Activation::Tanh).with_weights(&self.init)
    }

    /// E_l, for l from 1.
    fn encoder(&self, l: usize) -> Mlp {
        let inputs = if l == 1 { self.mean.len() } else { self.latents };
        self.map(format!("encoder.{l}"), inputs, self.latents)
    }

    /// D_l, for l from 1.
    fn decoder(&self, l: usize) -> Mlp {
        match l {
            1 => self
                .map("decoder.1".into(), self.latents, self.mean.len())
                .with_last_bias(Init::Values(logits_of_mean(&self.mean))),
            _ => self.map(format!("decoder.{l}"), self.latents, self.latents),
        }
    }

    fn site(&self, l: usize) -> String {
        if self.layers == 1 { "h".into() } else { format!("h{l}") }
    }
}

impl Model for Sbn {
    fn name(&self) -> &'static str {
        "sbn"
    }

    fn describe(&self) -> String {
        let kind = if self.nonlinear { "nonlinear" } else { "linear" };
        let layers = if self.layers == 1 { "layer" } else { "layers" };
        format!("{} {kind} {layers} of {} latents", self.layers, self.latents)
    }

    fn width(&self) -> usize {
        self.mean.len()
    }

    fn specs(&self) -> Vec<Spec> {
        let encoders = (1..=self.layers).flat_map(|l| self.encoder(l).specs());
        let decoders = (1..=self.layers).flat_map(|l| self.decoder(l).specs());
        let prior = Spec::new("prior.logits", [self.latents], Init::Constant(0.0));
        encoders.chain(decoders).chain([prior]).collect()
    }

    fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g> {
        let mean = build.tensor([self.mean.len()], self.mean.clone());
        let signs = |h: Expr<'g>| 2.0 * h - 1.0;
        let sum = |terms: Vec<Expr<'g>>| terms.into_iter().reduce(|sum, term| sum + term);
        // Upwards: h₁ of x, h_l of h_{l−1}.
        let (mut below, mut hidden, mut log_q) = (x - mean, Vec::new(), Vec::new());
        for l in 1..=self.layers {
            let q = Bernoulli::from_finite_logits(build.mlp(&self.encoder(l), below));
            let h = build.sample(&self.site(l), q.clone());
            log_q.push(q.log_prob(h).sum_last(1));
            hidden.push(h);
            below = signs(h);
        }
        // Downwards: h_l of h_{l+1}, x of h₁.
        let mut log_p = Vec::new();
        for (l, &h) in (1..).zip(&hidden) {
            let logits = match hidden.get(l) {
                Some(&above) => build.mlp(&self.decoder(l + 1), signs(above)),
                None => build.parameter("prior.logits"),
            };
            log_p.push(Bernoulli::from_finite_logits(logits).log_prob(h).sum_last(1));
        }
        let pixel_logits = build.mlp(&self.decoder(1), signs(hidden[0]));
        let log_likelihood = Bernoulli::from_finite_logits(pixel_logits).log_prob(x).sum_last(1);
        build.graph().note("pixel_logits", pixel_logits);
        build.graph().note("log_likelihood", log_likelihood);
        let draws = sum(log_p)
            .zip(sum(log_q))
            .map(|(log_prior, log_posterior)| DrawTerms { log_prior, log_posterior });
        Terms { log_likelihood, draws, kl: None }
    }

    fn generate<'g>(&self, build: &Build<'g>, rows: usize) -> Option<Expr<'g>> {
        let prior = build.parameter("prior.logits").broadcast_to([rows, self.latents]);
        let mut h = build.sample(&self.site(self.layers), Bernoulli::from_finite_logits(prior));
        for l in (2..=self.layers).rev() {
            let logits = build.mlp(&self.decoder(l), 2.0 * h - 1.0);
            h = build.sample(&self.site(l - 1), Bernoulli::from_finite_logits(logits));
        }
        Some(build.mlp(&self.decoder(1), 2.0 * h - 1.0).sigmoid())
    }

    fn reconstruct<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Option<Expr<'g>> {
        let mean = build.tensor([self.mean.len()], self.mean.clone());
        let h = Bernoulli::from_finite_logits(build.mlp(&self.encoder(1), x - mean));
        let h = build.sample(&self.site(1), h);
        Some(build.mlp(&self.decoder(1), 2.0 * h - 1.0).sigmoid())
    }
}
