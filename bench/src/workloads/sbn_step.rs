//! `sbn-step`: one training gradient by leave-one-out REINFORCE.

use std::sync::Arc;

use aleator::Program;
use aleator::estimators::ReinforceLoo;
use serde_json::{Value, json};

use super::sbn::{Network, Sizes};
use super::{Size, Workload};
use crate::array::Array;
use crate::error::Result;

/// Forward, all gradients, sampling.
pub struct SbnStep {
    network: Network,
    program: Program<f32>,
}

/// The network of the workload.
pub fn network(size: Size) -> Network {
    let sizes = match size {
        Size::Full => Sizes { pixels: 784, latents: 200, batch: 100, samples: 2 },
        Size::Small => Sizes { pixels: 7, latents: 4, batch: 3, samples: 2 },
    };
    network_of(sizes)
}

/// The same network of other sizes.
pub fn network_of(sizes: Sizes) -> Network {
    Network::new(sizes, Arc::new(ReinforceLoo))
}

impl SbnStep {
    /// Compiles it.
    ///
    /// # Errors
    /// If it cannot be compiled.
    pub fn new(size: Size) -> Result<Self> {
        let network = network(size);
        let program = network.compile()?;
        Ok(SbnStep { network, program })
    }
}

impl Workload for SbnStep {
    fn name(&self) -> &'static str {
        "sbn-step"
    }

    fn summary(&self) -> String {
        let Sizes { pixels, latents, batch, samples } = self.network.sizes();
        format!(
            "one training gradient of a {pixels}-{latents}-{pixels} sigmoid belief network, batch {batch}, \
             leave-one-out REINFORCE with K = {samples}"
        )
    }

    fn settings(&self) -> Value {
        json!({})
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
}
