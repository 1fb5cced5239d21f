//! The sigmoid belief network with one layer of Bernoulli latents.
//!
//! ```text
//! prior      p(h)   = Bernoulli(logits = b_p)
//! decoder    p(x|h) = Bernoulli(logits = (2h − 1) W_d + b_d)
//! encoder    q(h|x) = Bernoulli(logits = (x − x̄) W_e + b_e)          x̄: the mean image of the training data
//! objective  −1/B Σ_i E_q [ log p(x_i|h_i) + log p(h_i) − log q(h_i|x_i) ]          the negative ELBO, minimised
//! ```
//!
//! log q(h|x) is part of the cost and depends on the encoder directly, so it has a gradient of its own besides the one
//! through h. Rows meet nowhere but in the sum over the batch: the score of row i multiplies the cost of row i alone, and
//! that of one latent, of all terms of log p(h) and log q(h|x), its own.
//!
//! All three logarithms are written as z φ − softplus(φ), which is log Bernoulli(z; σ(φ)) for z in {0, 1} and linear in
//! between. Estimators that use a relaxed h (`gumbel_softmax`) train on this linear extension, a common choice; it is
//! not the density of the relaxed h, so their training objective is not a bound. What is held out is always judged at
//! hard samples.
//!
//! References: `neal1992connectionist` (the model), `mnih2014neural` (its ELBO by a learned encoder).

use std::sync::Arc;

use aleator_engine::exec::philox;
use aleator_engine::graph::{Expr, Shape};

use super::streams;
use crate::data::ImageSet;
use crate::distributions::Bernoulli;
use crate::estimators::{Estimator, ScoreFunction};
use crate::graph::{Graph, Sampled};

/// A named tensor of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name in the graph.
    pub name: &'static str,
    /// Its shape.
    pub shape: Shape,
    /// Its values, row-major.
    pub values: Vec<f64>,
}

/// The shape of a sigmoid belief network, and the mean image that it centres its input by.
#[derive(Clone, Debug)]
pub struct Sbn {
    /// Number of Bernoulli latents.
    pub latents: usize,
    /// x̄, one number in [0, 1] for each pixel.
    pub mean: Vec<f64>,
}

/// Mean pixels are taken to be at least this far from 0 and 1 when they become the output's first biases.
const CLIP: f64 = 1e-3;

impl Sbn {
    /// A network for images like these, which are black and white.
    pub fn new(images: &ImageSet, latents: usize) -> Self {
        Sbn { latents, mean: images.mean_image().into_iter().map(f64::from).collect() }
    }

    /// Number of pixels.
    pub fn pixels(&self) -> usize {
        self.mean.len()
    }

    /// Number of parameters; `None` if it overflows.
    pub fn parameter_count(&self) -> Option<usize> {
        let matrix = self.pixels().checked_mul(self.latents)?;
        matrix.checked_mul(2)?.checked_add(self.latents.checked_mul(2)?)?.checked_add(self.pixels())
    }

    /// The parameters to start from, in the order in which the graphs take them: matrices uniform in
    /// ±√(6 / (rows + columns)), the output's bias at the logits of the mean image, the others 0.
    pub fn initial(&self, seed: u64) -> Vec<Tensor> {
        let (pixels, latents) = (self.pixels(), self.latents);
        let matrix = |name, rows: usize, columns: usize, number| {
            let mut values = vec![0.0; rows * columns];
            philox::fill_uniform(&mut values, seed, streams::INITIAL - number, 0, 0);
            let limit = (6.0 / (rows + columns) as f64).sqrt();
            values.iter_mut().for_each(|u| *u = limit * (2.0 * *u - 1.0));
            Tensor { name, shape: [rows, columns].into(), values }
        };
        let vector = |name, values: Vec<f64>| Tensor { name, shape: [values.len()].into(), values };
        let logit = |p: &f64| {
            let p = p.clamp(CLIP, 1.0 - CLIP);
            (p / (1.0 - p)).ln()
        };
        vec![
            matrix("encoder_weight", pixels, latents, 0),
            vector("encoder_bias", vec![0.0; latents]),
            matrix("decoder_weight", latents, pixels, 1),
            vector("decoder_bias", self.mean.iter().map(logit).collect()),
            vector("prior_logits", vec![0.0; latents]),
        ]
    }

    /// The negative ELBO averaged over `batch` rows, with `tensors` as its parameters and the latents `h` served by
    /// `estimator`. Data: `x`, of shape `[batch, pixels]`, and the mean image.
    pub fn training_graph(&self, batch: usize, tensors: &[Tensor], estimator: Arc<dyn Estimator>) -> Graph {
        let graph = Graph::new();
        let (x, mean) = self.data(&graph, batch);
        let parameters: Vec<Expr<'_>> =
            tensors.iter().map(|t| graph.param_tensor(t.name, &t.shape, t.values.clone())).collect();
        let elbo = self.elbo(&graph, x, mean, &parameters, estimator);
        graph.cost("negative_elbo", -elbo / batch as f64);
        graph
    }

    /// The negative ELBO as a weighted sum over `batch` rows, at hard samples and without parameters to differentiate
    /// by. Data: `x` and the mean image as in training, `row_weight` of shape `[batch]`, then the tensors.
    pub fn evaluation_graph(&self, batch: usize, tensors: &[Tensor]) -> Graph {
        let graph = Graph::new();
        let (x, mean) = self.data(&graph, batch);
        let row_weight = graph.data("row_weight", [batch], vec![0.0]);
        let tensors: Vec<Expr<'_>> =
            tensors.iter().map(|t| graph.data(t.name, &t.shape, t.values.clone())).collect();
        // Without a parameter only its draw matters: an exact sample.
        let elbo = self.elbo(&graph, x, mean, &tensors, Arc::new(ScoreFunction::default()));
        graph.cost("negative_elbo", -elbo * row_weight);
        graph
    }

    fn data<'g>(&self, graph: &'g Graph, batch: usize) -> (Expr<'g>, Expr<'g>) {
        let x = graph.data("x", [batch, self.pixels()], vec![0.0]);
        (x, graph.data("mean", [self.pixels()], self.mean.clone()))
    }

    /// The integrand of the ELBO for each row, of shape `[batch]`.
    fn elbo<'g>(
        &self,
        graph: &'g Graph,
        x: Expr<'g>,
        mean: Expr<'g>,
        tensors: &[Expr<'g>],
        estimator: Arc<dyn Estimator>,
    ) -> Expr<'g> {
        let &[encoder_weight, encoder_bias, decoder_weight, decoder_bias, prior_logits] = tensors else {
            unreachable!("a network has five tensors");
        };
        let posterior_logits = (x - mean).matmul(encoder_weight) + encoder_bias;
        let posterior = Bernoulli::from_logits(posterior_logits);
        let h = graph.sample("h", Sampled::from(posterior).via_shared(estimator));
        let pixel_logits = (2.0 * h - 1.0).matmul(decoder_weight) + decoder_bias;
        let log_p_x = log_bernoulli(x, pixel_logits).sum_last(1);
        let log_p_h = log_bernoulli(h, prior_logits).sum_last(1);
        let log_q_h = log_bernoulli(h, posterior_logits).sum_last(1);
        for (name, expr) in [
            ("posterior_logits", posterior_logits),
            ("pixel_logits", pixel_logits),
            ("log_p_x", log_p_x),
            ("log_p_h", log_p_h),
            ("log_q_h", log_q_h),
        ] {
            graph.note(name, expr);
        }
        log_p_x + log_p_h - log_q_h
    }
}

/// z φ − softplus(φ): log Bernoulli(z; σ(φ)), and linear between the outcomes.
fn log_bernoulli<'g>(z: Expr<'g>, logits: Expr<'g>) -> Expr<'g> {
    z * logits - logits.softplus()
}
