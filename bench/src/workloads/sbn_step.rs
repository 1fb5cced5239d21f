//! One training gradient by an estimator that needs nothing of the cost but its values: leave-one-out REINFORCE, DisARM, ARMS and
//! local expectation.

use std::sync::Arc;

use aleator::Program;
use aleator::estimators::{Arms, Disarm, Estimator, LocalExpectation, ReinforceLoo};
use serde_json::{Value, json};

use super::sbn::{Network, Sizes};
use super::{Size, Workload};
use crate::array::Array;
use crate::error::Result;

/// Which estimator serves the latents.
#[derive(Clone, Copy, Debug)]
pub enum Method {
    /// Leave-one-out REINFORCE with two samples.
    LeaveOneOut,
    /// DisARM with one pair.
    Disarm,
    /// ARMS with four coupled samples.
    Arms,
    /// Local expectation with one sample: one more evaluation for each latent, all at once.
    LocalExpectation,
}

impl Method {
    fn workload(self) -> &'static str {
        match self {
            Method::LeaveOneOut => "sbn-step",
            Method::Disarm => "sbn-disarm",
            Method::Arms => "sbn-arms",
            Method::LocalExpectation => "sbn-local-expectation",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Method::LeaveOneOut => "leave-one-out REINFORCE",
            Method::Disarm => "DisARM",
            Method::Arms => "ARMS",
            Method::LocalExpectation => "local expectation",
        }
    }

    fn estimator(self) -> Arc<dyn Estimator> {
        match self {
            Method::LeaveOneOut => Arc::new(ReinforceLoo),
            Method::Disarm => Arc::new(Disarm),
            Method::Arms => Arc::new(Arms),
            Method::LocalExpectation => Arc::new(LocalExpectation),
        }
    }

    /// K
    fn samples(self) -> usize {
        match self {
            Method::LeaveOneOut | Method::Disarm => 2,
            Method::Arms => 4,
            Method::LocalExpectation => 1,
        }
    }

    fn network(self, size: Size) -> Network {
        let samples = self.samples();
        let sizes = match size {
            Size::Full => Sizes { pixels: 784, latents: 200, batch: 100, samples },
            Size::Small => Sizes { pixels: 7, latents: 4, batch: 3, samples },
        };
        Network::new(sizes, self.estimator())
    }
}

/// Forward, all gradients, sampling.
pub struct SbnStep {
    method: Method,
    network: Network,
    program: Program<f32>,
}

/// The network of `sbn-step`.
pub fn network(size: Size) -> Network {
    Method::LeaveOneOut.network(size)
}

/// The same network of other sizes.
pub fn network_of(sizes: Sizes) -> Network {
    Network::new(sizes, Method::LeaveOneOut.estimator())
}

impl SbnStep {
    /// Compiles it.
    ///
    /// # Errors
    /// If it cannot be compiled.
    pub fn new(method: Method, size: Size) -> Result<Self> {
        let network = method.network(size);
        let program = network.compile()?;
        Ok(SbnStep { method, network, program })
    }
}

impl Workload for SbnStep {
    fn name(&self) -> &'static str {
        self.method.workload()
    }

    fn summary(&self) -> String {
        let Sizes { pixels, latents, batch, samples } = self.network.sizes();
        format!(
            "one training gradient of a {pixels}-{latents}-{pixels} sigmoid belief network, batch {batch}, \
             {} with K = {samples}",
            self.method.title()
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
