//! Models with random layers. A model defines its draws and the log-densities of draws and data. It can then be trained with any
//! objective and estimator, evaluated, and sampled from.
//!
//! To write your own model, implement the trait [`Model`]. The models of this crate use nothing that is not public.

mod bayes_logistic;
mod bernoulli;
mod build;
mod cartpole;
mod gmm;
mod model;
mod sbn;
mod sequence;
mod standardization;
mod structured;
mod summary;
mod synthetic;
mod table;
mod vae;

pub use bayes_logistic::BayesLogistic;
pub use bernoulli::logits_of_mean;
pub use build::Build;
pub use cartpole::Cartpole;
pub use gmm::Gmm;
pub use model::{Model, Objective, Score, X_NAME, training_graph};
pub use sbn::Sbn;
pub use sequence::Sequence;
pub use standardization::Standardization;
pub use structured::Structured;
pub use summary::DataSummary;
pub use table::{Choice, Entry, ModelOptions, all, find};
pub use vae::{Latent, Vae};

/// The number of parameters of a model; `None` if it overflows.
pub fn parameter_count(model: &dyn Model) -> Option<usize> {
    model
        .specs()
        .iter()
        .filter(|s| s.learned)
        .try_fold(0_usize, |sum, spec| sum.checked_add(spec.shape.checked_numel()?))
}
