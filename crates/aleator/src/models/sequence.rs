//! Sequences of variable length: a recurrent autoencoder with Bernoulli latents.
//!
//! ```text
//! q(z|x) = Bernoulli(logits = A e_T),     e_t = m_t GRU(embed x_t, e_{t-1}) + (1 − m_t) e_{t-1}
//! p(x|z) = Π_t p(x_t|x_{<t}, z)^{m_t},    d_t = GRU(embed x_{t-1}, d_{t-1}),   d_0 = tanh(B(2 z − 1)),   softmax(C d_t)
//! p(z)   = Bernoulli(½)
//! ```
//!
//! A row contains tokens as numbers. The token 0 ends it, and everything after the first 0 is ignored: the mask m is 1 up to and
//! including the first 0. An additional token starts every sequence.

use aleator_engine::graph::Expr;

use super::{Build, Model};
use crate::distributions::{Bernoulli, Categorical, kl};
use crate::nn::{Embedding, GruCell, Linear, Spec};
use crate::objectives::{DrawTerms, Terms};

/// The sizes of the autoencoder.
#[derive(Clone, Debug)]
pub struct Sequence {
    /// The number of tokens, including the end token.
    pub tokens: usize,
    /// The length of the longest sequence, including the end token.
    pub length: usize,
    /// The number of latents.
    pub latents: usize,
    /// The width of states and embeddings.
    pub hidden: usize,
}

struct Layers {
    embedding: Embedding,
    encoder: GruCell,
    posterior: Linear,
    start: Linear,
    decoder: GruCell,
    output: Linear,
}

impl Sequence {
    fn layers(&self) -> Layers {
        let (h, l) = (self.hidden, self.latents);
        Layers {
            embedding: Embedding::new("embedding", self.tokens + 1, h),
            encoder: GruCell::new("encoder", h, h),
            posterior: Linear::new("posterior", h, l),
            start: Linear::new("start", l, h),
            decoder: GruCell::new("decoder", h, h),
            output: Linear::new("output", h, self.tokens),
        }
    }
}

impl Model for Sequence {
    fn name(&self) -> &'static str {
        "sequence"
    }

    fn describe(&self) -> String {
        format!("{} latents, {} tokens, {} hidden units", self.latents, self.tokens, self.hidden)
    }

    fn width(&self) -> usize {
        self.length
    }

    fn specs(&self) -> Vec<Spec> {
        let l = self.layers();
        let parts = [l.embedding.specs(), l.encoder.specs(), l.posterior.specs()];
        let rest = [l.start.specs(), l.decoder.specs(), l.output.specs()];
        [parts.concat(), rest.concat()].concat()
    }

    fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g> {
        let (layers, parameters) = (self.layers(), build.parameters());
        let rows = x.shape().from_end(1);
        let token = |t: usize| x.slice(-1, t, 1).squeeze(-1);
        let constant = |value: f64, width: usize| build.tensor([rows, width], vec![value; rows * width]);
        // m_t, of shape [rows, 1].
        let mut masks = vec![constant(1.0, 1)];
        for t in 1..self.length {
            let going_on = token(t - 1).not_equal(0.0).unsqueeze(-1);
            masks.push(masks[t - 1] * going_on);
        }
        let inputs: Vec<Expr<'g>> =
            (0..self.length).map(|t| layers.embedding.apply(parameters, token(t))).collect();
        let mut state = constant(0.0, self.hidden);
        for (&input, &mask) in inputs.iter().zip(&masks) {
            let next = layers.encoder.apply(parameters, input, state);
            state = mask * next + (1.0 - mask) * state;
        }
        let prior = Bernoulli::from_finite_logits(build.tensor([], vec![0.0]));
        let posterior = Bernoulli::from_finite_logits(build.linear(&layers.posterior, state));
        let z = build.sample("z", posterior.clone());
        let mut state = build.linear(&layers.start, 2.0 * z - 1.0).tanh();
        let start = constant(self.tokens as f64, 1).squeeze(-1);
        let mut input = layers.embedding.apply(parameters, start);
        let mut log_likelihood: Option<Expr<'g>> = None;
        for t in 0..self.length {
            state = layers.decoder.apply(parameters, input, state);
            let next = Categorical::from_logits(build.linear(&layers.output, state));
            let term = masks[t].squeeze(-1) * next.log_prob(token(t));
            log_likelihood = Some(log_likelihood.map_or(term, |sum| sum + term));
            input = inputs[t];
        }
        Terms {
            log_likelihood: log_likelihood.unwrap_or(state),
            draws: Some(DrawTerms {
                log_prior: prior.log_prob(z).sum_last(1),
                log_posterior: posterior.log_prob(z).sum_last(1),
            }),
            kl: kl(&posterior, &prior).ok().map(|divergence| divergence.sum_last(1)),
        }
    }
}
