//! The ELBO of held-out images: always the same images and the same noise, so that two points of a history differ by
//! the parameters alone.

use crate::data::ImageSet;
use crate::diagnostics::Moments;
use crate::error::{Error, Result};
use crate::program::{Options, Program};

use super::sbn::{Sbn, Tensor};
use super::trainer::FIRST_EVALUATION_STEP;

/// Images times samples that one run works on.
const ROWS_PER_RUN: usize = 1000;

/// Places of the data in [`Sbn::evaluation_graph`].
const X: usize = 0;
const ROW_WEIGHT: usize = 2;
const FIRST_TENSOR: usize = 3;

/// A compiled evaluation.
pub struct Evaluation<'a> {
    program: Program<f32>,
    images: &'a ImageSet,
    rows: usize,
    pixels: Vec<f32>,
    weights: Vec<f32>,
    sums: Vec<f64>,
}

impl<'a> Evaluation<'a> {
    /// Of all `images`, with `samples` draws of the latents for each.
    pub fn new(
        model: &Sbn,
        tensors: &[Tensor],
        images: &'a ImageSet,
        samples: usize,
        seed: u64,
    ) -> Result<Self> {
        let rows = (ROWS_PER_RUN / samples).clamp(1, images.count);
        let graph = model.evaluation_graph(rows, tensors);
        let options = Options::new().seed(seed).samples(1).replicates(samples);
        let plan: Vec<_> = graph.sites().into_iter().filter_map(|site| site.estimator).collect();
        Ok(Evaluation {
            program: Program::compile(&graph, &plan, &options)?,
            images,
            rows,
            pixels: vec![0.0; rows * images.pixels()],
            weights: vec![0.0; rows],
            sums: vec![0.0; samples],
        })
    }

    /// Mean ELBO over all images and samples, and its standard error over the samples, at these parameters.
    pub fn run<'t>(&mut self, tensors: impl Iterator<Item = &'t [f32]>) -> Result<(f64, f64)> {
        for (place, values) in tensors.enumerate() {
            self.program.set_data(FIRST_TENSOR + place, values)?;
        }
        self.sums.fill(0.0);
        let size = self.images.pixels();
        for (run, pixels) in self.images.images.chunks(self.rows * size).enumerate() {
            // A last run with too few images is filled up with images that have no weight.
            self.pixels[..pixels.len()].copy_from_slice(pixels);
            let present = pixels.len() / size;
            self.weights[..present].fill(1.0);
            self.weights[present..].fill(0.0);
            self.program.set_data(X, &self.pixels)?;
            self.program.set_data(ROW_WEIGHT, &self.weights)?;
            let estimate = self.program.run_step(FIRST_EVALUATION_STEP + run as u64)?;
            for (sum, &negative) in self.sums.iter_mut().zip(estimate.objectives()) {
                *sum -= f64::from(negative);
            }
        }
        let mut moments = Moments::default();
        moments.add(self.sums.iter().map(|sum| sum / self.images.count as f64));
        if !moments.mean.is_finite() {
            return Err(Error::NotFinite(format!("the held-out ELBO is {}", moments.mean)));
        }
        let variance = moments.variance().unwrap_or(0.0);
        Ok((moments.mean, (variance / self.sums.len() as f64).sqrt()))
    }
}
