//! The sigmoid belief network: layers of Bernoulli latents.
//!
//! ```text
//! prior      p(h_L)         = Bernoulli(logits = b)
//! decoder    p(h_{l-1}|h_l) = Bernoulli(logits = D_l(2 h_l − 1)),   p(x|h₁) likewise
//! encoder    q(h₁|x)        = Bernoulli(logits = E₁(x − x̄)),   q(h_l|h_{l-1}) = Bernoulli(logits = E_l(2 h_{l-1} − 1))
//! log w      log p(x|h₁) + Σ_l log p(h_l|h_{l+1}) − Σ_l log q(h_l|h_{l-1})
//! ```
//!
//! E and D are linear, or perceptrons; the hidden layers of D_l are those of E_l in reverse. x̄ is the mean row of the training data,
//! and the bias of the output is initialised with its logits. With a [Normal likelihood](super::Likelihood), p(x|h₁) is Normal instead,
//! and x − x̄ is in units of the data.
//!
//! log q is part of the cost and depends on the encoder directly, so it has a gradient in addition to the one through h. Rows are
//! combined only in the sum over the batch: the score of row i multiplies only the cost of row i.
//!
//! The log p of a Bernoulli is linear between its outcomes. Estimators that use a relaxed h (`gumbel_softmax`) train on this
//! linear extension, which is a common choice. It is not the density of the relaxed h, so the training objective is not a bound.
//! Held-out rows are always evaluated at discrete samples.
//!
//! References: `neal1992connectionist` (the model), `mnih2014neural` (its ELBO with a learned encoder).

use std::fmt;

use aleator_engine::graph::Expr;

use super::{Build, LatentLayers, Likelihood, Model};
use crate::distributions::Bernoulli;
use crate::nn::{Init, Mlp, Spec};
use crate::objectives::{DrawTerms, Terms};

/// The sizes of a sigmoid belief network, and the mean row that is subtracted from its input.
#[derive(Clone)]
pub struct Sbn {
    /// The layers of latents.
    pub layers: LatentLayers,
    /// The distribution of a row given the latents.
    pub likelihood: Likelihood,
    /// The initial values of weights. Biases are initially 0.
    pub init: Init,
    /// x̄, one number for each column; in [0, 1] for a Bernoulli likelihood.
    pub mean: Vec<f64>,
}

impl Sbn {
    /// One linear layer, and pixels that are 0 or 1.
    pub fn new(mean: Vec<f64>, latents: usize) -> Self {
        let layers = LatentLayers::linear(vec![latents]);
        Sbn { layers, likelihood: Likelihood::Bernoulli, init: Init::Glorot, mean }
    }

    /// The number of columns for l = 0, else the number of latents of layer l.
    fn size(&self, l: usize) -> usize {
        if l == 0 { self.mean.len() } else { self.layers.width(l) }
    }

    /// E_l, for l from 1.
    fn encoder(&self, l: usize) -> Mlp {
        let map = self.layers.map(&format!("encoder.{l}"), l, self.size(l - 1), self.size(l), false);
        map.with_weights(&self.init)
    }

    /// D_l, for l from 1.
    fn decoder(&self, l: usize) -> Mlp {
        let map = self.layers.map(&format!("decoder.{l}"), l, self.size(l), self.size(l - 1), true);
        let map = map.with_weights(&self.init);
        if l == 1 { map.with_last_bias(self.likelihood.initial_bias(&self.mean)) } else { map }
    }
}

/// Everything on which training depends; what is newer than saved runs only where it is used, so that these can be resumed.
impl fmt::Debug for Sbn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sbn { layers, likelihood, init, mean } = self;
        let mut all = f.debug_struct("Sbn");
        layers.debug(&mut all);
        all.field("init", init).field("mean", mean);
        if *likelihood != Likelihood::Bernoulli {
            all.field("likelihood", likelihood);
        }
        all.finish()
    }
}

impl Model for Sbn {
    fn name(&self) -> &'static str {
        "sbn"
    }

    fn describe(&self) -> String {
        format!("{}{}", self.layers.describe(), self.likelihood.description())
    }

    fn width(&self) -> usize {
        self.mean.len()
    }

    fn specs(&self) -> Vec<Spec> {
        let layers = self.layers.count();
        let encoders = (1..=layers).flat_map(|l| self.encoder(l).specs());
        let decoders = (1..=layers).flat_map(|l| self.decoder(l).specs());
        let prior = Spec::new("prior.logits", [self.size(layers)], Init::Constant(0.0));
        encoders.chain(decoders).chain([prior]).chain(self.likelihood.specs()).collect()
    }

    fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g> {
        let signs = |h: Expr<'g>| 2.0 * h - 1.0;
        let sum = |terms: Vec<Expr<'g>>| terms.into_iter().reduce(|sum, term| sum + term);
        // Upwards: h₁ of x, h_l of h_{l−1}.
        let (mut below, mut hidden, mut log_q) =
            (self.likelihood.centred(build, x, &self.mean), Vec::new(), Vec::new());
        for l in 1..=self.layers.count() {
            let q = Bernoulli::from_finite_logits(build.mlp(&self.encoder(l), below));
            let h = build.sample(&self.layers.name(l), q.clone());
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
        let output = build.mlp(&self.decoder(1), signs(hidden[0]));
        let log_likelihood = self.likelihood.log_prob(build, output, x, &self.mean);
        if self.likelihood == Likelihood::Bernoulli {
            build.graph().note("pixel_logits", output);
        }
        build.graph().note("log_likelihood", log_likelihood);
        let draws = sum(log_p)
            .zip(sum(log_q))
            .map(|(log_prior, log_posterior)| DrawTerms { log_prior, log_posterior });
        Terms { log_likelihood, draws, kl: None }
    }

    fn generate<'g>(&self, build: &Build<'g>, rows: usize) -> Option<Expr<'g>> {
        let layers = self.layers.count();
        let prior = build.parameter("prior.logits").broadcast_to([rows, self.size(layers)]);
        let mut h = build.sample(&self.layers.name(layers), Bernoulli::from_finite_logits(prior));
        for l in (2..=layers).rev() {
            let logits = build.mlp(&self.decoder(l), 2.0 * h - 1.0);
            h = build.sample(&self.layers.name(l - 1), Bernoulli::from_finite_logits(logits));
        }
        let output = build.mlp(&self.decoder(1), 2.0 * h - 1.0);
        Some(self.likelihood.generated(build, output, &self.mean))
    }

    fn reconstruct<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Option<Expr<'g>> {
        let x = self.likelihood.centred(build, x, &self.mean);
        let h = Bernoulli::from_finite_logits(build.mlp(&self.encoder(1), x));
        let h = build.sample(&self.layers.name(1), h);
        let output = build.mlp(&self.decoder(1), 2.0 * h - 1.0);
        Some(self.likelihood.mean(build, output, &self.mean))
    }
}
