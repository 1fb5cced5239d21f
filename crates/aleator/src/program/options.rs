//! How to compile a graph.

use aleator_engine::compile::CompileOptions;

use crate::optim::Adam;
use crate::rewrite::{SecondDerivatives, Tuning};

/// How to compile a graph.
///
/// ```
/// use aleator::prelude::*;
///
/// let g = Graph::new();
/// let b = g.sample("b", Bernoulli::from_logits(g.param("theta", 0.0)).via(ReinforceLoo));
/// g.cost("loss", (b - 0.45).square());
///
/// // Three independent estimates a run, each the mean of four samples.
/// let mut program = g.compile(&Options::new().samples(4).replicates(3).seed(7))?;
/// let estimate = program.run()?;
/// assert_eq!((estimate.objectives().len(), estimate.gradient("theta")?.len()), (3, 3));
/// # Ok::<(), aleator::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(super) samples: Option<usize>,
    pub(super) replicates: Option<usize>,
    pub(super) seed: u64,
    pub(super) tuning: Tuning,
    pub(super) tuning_rate: Option<f64>,
    pub(super) tuning_rule: Adam,
    pub(super) audit: bool,
    pub(super) second: SecondDerivatives,
    pub(super) compile: CompileOptions,
}

impl Options {
    /// The defaults: the smallest K that the plan accepts, one estimate per run, seed 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets K, the number of samples that are averaged in one estimate.
    pub fn samples(self, samples: usize) -> Self {
        Options { samples: Some(samples), ..self }
    }

    /// Sets R, the number of independent estimates per run. Each has its own gradient, on a leading axis.
    pub fn replicates(self, replicates: usize) -> Self {
        Options { replicates: Some(replicates), ..self }
    }

    /// Sets the seed of all noise.
    pub fn seed(self, seed: u64) -> Self {
        Options { seed, ..self }
    }

    /// Selects which of the estimators' own parameters (coefficients, temperatures, baselines) change after each run. The
    /// default is all of them.
    pub fn tuning(self, tuning: Tuning) -> Self {
        Options { tuning, ..self }
    }

    /// Sets the learning rate (of Adam) of those own parameters that are optimised. The default is 0.01.
    pub fn tuning_rate(self, rate: f64) -> Self {
        Options { tuning_rate: Some(rate), ..self }
    }

    /// Sets Adam's constants for those own parameters that are optimised. The default is [`Adam::default`].
    pub fn tuning_rule(self, rule: Adam) -> Self {
        Options { tuning_rule: rule, ..self }
    }

    /// Also computes second derivatives, by estimators that have a proof of them. The gradient is then computed from the same
    /// estimate.
    pub fn second_derivatives(self, second: SecondDerivatives) -> Self {
        Options { second, ..self }
    }

    /// Also computes the diagnostics that tell whether the estimate can be trusted: see `Program::masses` and
    /// `Program::blind_sites`.
    pub(crate) fn audit(self) -> Self {
        Options { audit: true, ..self }
    }

    /// Sets the limits of memory and threads.
    pub fn compile_options(self, compile: CompileOptions) -> Self {
        Options { compile, ..self }
    }
}
