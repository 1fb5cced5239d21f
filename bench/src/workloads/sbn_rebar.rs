//! `sbn-rebar`: one training gradient by REBAR at fixed η and τ.

use std::sync::Arc;

use aleator::Program;
use aleator::estimators::Rebar;
use serde_json::{Value, json};

use super::sbn::{Network, Sizes};
use super::{Size, Workload};
use crate::array::Array;
use crate::error::Result;

/// The control variate's coefficient.
const ETA: f64 = 1.0;
/// The relaxation's temperature.
const TAU: f64 = 0.5;

/// Forward at the hard sample and two relaxed ones, all gradients, sampling. The decoder's gradient comes from the hard
/// sample alone.
pub struct SbnRebar {
    network: Network,
    program: Program<f32>,
}

impl SbnRebar {
    /// Compiles it.
    ///
    /// # Errors
    /// If it cannot be compiled.
    pub fn new(size: Size) -> Result<Self> {
        let sizes = match size {
            Size::Full => Sizes { pixels: 784, latents: 200, batch: 100, samples: 1 },
            Size::Small => Sizes { pixels: 7, latents: 4, batch: 3, samples: 1 },
        };
        let rebar = Rebar { temperature: TAU, coefficient: ETA, tune: false, ..Rebar::default() };
        let network = Network::new(sizes, Arc::new(rebar));
        let program = network.compile()?;
        Ok(SbnRebar { network, program })
    }
}

impl Workload for SbnRebar {
    fn name(&self) -> &'static str {
        "sbn-rebar"
    }

    fn summary(&self) -> String {
        let Sizes { pixels, latents, batch, .. } = self.network.sizes();
        format!(
            "one training gradient of a {pixels}-{latents}-{pixels} sigmoid belief network, batch {batch}, \
             one sample of REBAR with fixed η = {ETA} and τ = {TAU}"
        )
    }

    fn settings(&self) -> Value {
        json!({"eta": ETA, "tau": TAU})
    }

    fn inputs(&self, step: u64) -> Vec<Array> {
        self.network.inputs(step)
    }

    fn outputs(&mut self, step: u64) -> Result<Vec<Array>> {
        self.network.outputs(&mut self.program, step)
    }

    fn programs(&mut self) -> Vec<(&'static str, &mut Program<f32>)> {
        vec![("", &mut self.program)]
    }

    fn run(&mut self, iterations: usize) -> Result<()> {
        for _ in 0..iterations {
            self.program.run()?;
        }
        Ok(())
    }

    /// Given a draw, noise is computed by subtraction of nearly equal numbers.
    fn tolerance(&self) -> f64 {
        1e-4
    }
}
