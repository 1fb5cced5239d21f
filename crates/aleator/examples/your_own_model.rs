//! A model written outside the crate: a convolutional autoencoder of images with Bernoulli latents.
//!
//! ```text
//! prior     p(z) = Bernoulli(½)^16
//! encoder   q(z|x) = Bernoulli(logits = linear(relu(norm(conv(x)))))
//! decoder   p(x|z) = Bernoulli(logits = transposed conv(relu(linear(2 z − 1))))
//! ```
//!
//! It is trained here on the digits that come with the crate; `Dataset::load` takes a `.npy` or `.csv` file or a directory of IDX files
//! in the same way. Any estimator serves its latents, one of your own too (example `your_own_estimator`).
//!
//! `cargo run --release -p aleator --example your_own_model`

use std::ops::ControlFlow;
use std::sync::Arc;

use aleator::Result;
use aleator::data::{Binarization, Dataset};
use aleator::distributions::kl;
use aleator::estimators::{Rebar, ReinforceLoo, describe};
use aleator::models::{Build, Model, logits_of_mean};
use aleator::nn::{BatchNorm, Conv2d, Init, Linear, Spec};
use aleator::objectives::{DrawTerms, Terms};
use aleator::prelude::*;
use aleator::train::{TrainConfig, train};

const LATENTS: usize = 16;
const CHANNELS: usize = 8;
/// Images of 8 × 8 pixels, and what the convolution makes of them.
const SIDE: usize = 8;
const HALF: usize = SIDE / 2;

/// The layers, by name. They own no numbers: those are the trainer's.
#[derive(Debug)]
struct ConvolutionalAutoencoder {
    convolution: Conv2d,
    norm: BatchNorm,
    encoder: Linear,
    decoder: Linear,
    transposed: Conv2d,
    /// Where the output's bias starts, one number for each pixel.
    bias: Vec<f64>,
}

impl ConvolutionalAutoencoder {
    /// For images with this mean.
    fn new(mean: &[f64]) -> Self {
        let features = HALF * HALF * CHANNELS;
        ConvolutionalAutoencoder {
            convolution: Conv2d::new("encoder.convolution", 1, CHANNELS, [3, 3])
                .with_stride(2)
                .with_padding(1),
            norm: BatchNorm::of_images("encoder.norm", CHANNELS),
            encoder: Linear::new("encoder.logits", features, LATENTS),
            decoder: Linear::new("decoder.features", LATENTS, features).with_weight(Init::Kaiming),
            transposed: Conv2d::transposed("decoder.convolution", CHANNELS, 1, [4, 4])
                .with_stride(2)
                .with_padding(1),
            bias: logits_of_mean(mean),
        }
    }
}

impl Model for ConvolutionalAutoencoder {
    fn name(&self) -> &'static str {
        "convolutional-autoencoder"
    }

    fn describe(&self) -> String {
        format!("{LATENTS} latents, {CHANNELS} channels")
    }

    fn width(&self) -> usize {
        SIDE * SIDE
    }

    fn specs(&self) -> Vec<Spec> {
        let bias = Spec::new("decoder.bias", [SIDE * SIDE], Init::Values(self.bias.clone()));
        let encoder = [self.convolution.specs(), self.norm.specs(), self.encoder.specs()].concat();
        [encoder, self.decoder.specs(), self.transposed.specs(), vec![bias]].concat()
    }

    fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g> {
        let learned = build.parameters();
        let image = x.reshape_last(1, [SIDE, SIDE, 1]);
        let features = self.norm.apply(learned, self.convolution.apply(learned, image)).relu();
        let logits = build.linear(&self.encoder, features.reshape_last(3, [HALF * HALF * CHANNELS]));
        let (prior, posterior) = (
            Bernoulli::from_finite_logits(build.tensor([], vec![0.0])),
            Bernoulli::from_finite_logits(logits),
        );
        // Behind a draw there are axes of samples in front of the rows. Layers act on the last axes and need not know.
        let z = build.sample("z", posterior.clone());
        let features = build.linear(&self.decoder, 2.0 * z - 1.0).relu();
        let pixels = self.transposed.apply(learned, features.reshape_last(1, [HALF, HALF, CHANNELS]));
        let pixel_logits = pixels.reshape_last(3, [SIDE * SIDE]) + build.parameter("decoder.bias");
        Terms {
            log_likelihood: Bernoulli::from_finite_logits(pixel_logits).log_prob(x).sum_last(1),
            draws: Some(DrawTerms {
                log_prior: prior.log_prob(z).sum_last(1),
                log_posterior: posterior.log_prob(z).sum_last(1),
            }),
            kl: kl(&posterior, &prior).ok().map(|divergence| divergence.sum_last(1)),
        }
    }
}

fn main() -> Result<()> {
    let digits = Arc::new(Dataset::load("digits", Binarization::Threshold, 0)?);
    let model = Arc::new(ConvolutionalAutoencoder::new(&digits.train.mean()));
    let estimators: [Arc<dyn Estimator>; 2] = [Arc::new(ReinforceLoo), Arc::new(Rebar::default())];
    for estimator in estimators {
        let usual = TrainConfig::new(model.clone(), digits.clone());
        let config = TrainConfig { estimator: Some(estimator), steps: 600, ..usual };
        let report = train(&config, &|_| ControlFlow::Continue(()))?;
        println!("{}", config.estimator.as_ref().map_or("the default".into(), |e| describe(&**e)));
        for point in &report.history {
            println!("{:6} steps   {:8.3} ± {:.3} nats", point.step, point.elbo, point.elbo_std_error);
        }
    }
    Ok(())
}
