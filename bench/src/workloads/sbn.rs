//! The sigmoid belief network of the two `sbn` workloads: the library's own training graph on black and white noise.

use std::sync::Arc;

use aleator::estimators::Estimator;
use aleator::models::{Model, Objective, Sbn, training_graph};
use aleator::nn::{Tensor, initial};
use aleator::rewrite::Tuning;
use aleator::{Options, Program};

use super::{SEED, double, site_noise, uniform};
use crate::array::Array;
use crate::error::Result;

/// The sizes of a network and its minibatch.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Number of black and white pixels.
    pub pixels: usize,
    /// Number of Bernoulli latents.
    pub latents: usize,
    /// Number of images.
    pub batch: usize,
    /// K, the samples of each latent.
    pub samples: usize,
}

/// The peers' names of the parameters, in the model's order.
const PARAMETERS: [&str; 5] =
    ["encoder_weight", "encoder_bias", "decoder_weight", "decoder_bias", "prior_logits"];

/// A network with its parameters, a minibatch, and the estimator that serves the latents.
pub struct Network {
    sizes: Sizes,
    model: Sbn,
    tensors: Vec<Tensor>,
    x: Vec<f32>,
    estimator: Arc<dyn Estimator>,
}

impl Network {
    /// A network of these sizes, with its initial parameters.
    pub fn new(sizes: Sizes, estimator: Arc<dyn Estimator>) -> Self {
        let Sizes { pixels, latents, batch, .. } = sizes;
        let mean = uniform(0, pixels, 0.05, 0.95);
        let model = Sbn::new(double(&mean), latents);
        let mut tensors = initial(&model.specs(), SEED).expect("a small network whose layers differ in name");
        // All sides start from the same 32-bit numbers, and no bias from 0.
        for (number, tensor) in tensors.iter_mut().enumerate() {
            if tensor.values.iter().all(|&v| v == 0.0) {
                tensor.values = double(&uniform(10 + number as u32, tensor.values.len(), -0.5, 0.5));
            }
            tensor.values.iter_mut().for_each(|v| *v = f64::from(*v as f32));
        }
        let pixel_noise = uniform(1, batch * pixels, 0.0, 1.0);
        let x = pixel_noise.iter().zip(mean.iter().cycle()).map(|(u, p)| f32::from(u < p)).collect();
        Network { sizes, model, tensors, x, estimator }
    }

    /// Builds the graph, differentiates and compiles it.
    ///
    /// # Errors
    /// If it cannot be compiled.
    pub fn compile(&self) -> Result<Program<f32>> {
        let estimator = self.estimator.clone();
        let graph = training_graph(&self.model, Objective::Elbo, self.sizes.batch, &self.tensors, estimator)?;
        let options = Options::new().seed(SEED).samples(self.sizes.samples).tuning(Tuning::Held);
        let mut program = Program::compile(&graph, std::slice::from_ref(&self.estimator), &options)?;
        program.set_data("x", &self.x)?;
        Ok(program)
    }

    /// Parameters, minibatch, mean image, and the noise of a step.
    pub fn inputs(&self, step: u64) -> Vec<Array> {
        let Sizes { pixels, latents, batch, samples } = self.sizes;
        let single = |(name, t): (&&'static str, &Tensor)| {
            Array::new(name, &t.shape, t.values.iter().map(|&v| v as f32).collect())
        };
        let mut inputs: Vec<Array> = PARAMETERS.iter().zip(&self.tensors).map(single).collect();
        inputs.push(Array::new("x", &[batch, pixels], self.x.clone()));
        let mean = self.model.mean.iter().map(|&m| m as f32).collect();
        inputs.push(Array::new("mean", &[pixels], mean));
        inputs.push(site_noise(&[samples, batch, latents], step));
        inputs
    }

    /// The loss and the gradients at the noise of a step.
    ///
    /// # Errors
    /// If the step fails.
    pub fn outputs(&self, program: &mut Program<f32>, step: u64) -> Result<Vec<Array>> {
        let estimate = program.run_step(step)?;
        let mut outputs = vec![Array::new("loss", &[], vec![estimate.objective() as f32])];
        for (place, (name, tensor)) in PARAMETERS.iter().zip(&self.tensors).enumerate() {
            outputs.push(Array::new(name, &tensor.shape, estimate.gradient_at(place).to_vec()));
        }
        Ok(outputs)
    }

    /// The sizes.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }
}
