//! Models with random layers. A model defines its draws and the log-densities of draws and data. It can then be trained with any
//! objective and estimator, evaluated, and sampled from.
//!
//! To write your own model, implement the trait [`Model`]. The models of this crate use nothing that is not public.

mod bayes_logistic;
mod bernoulli;
mod build;
mod cartpole;
mod convolutions;
mod gmm;
mod hidden;
mod latent_layers;
mod likelihood;
mod model;
mod options;
mod sbn;
mod sequence;
mod standardization;
mod structured;
mod summary;
mod synthetic;
mod table;
mod vae;
mod widths;

pub use bayes_logistic::BayesLogistic;
pub use bernoulli::logits_of_mean;
pub use build::Build;
pub use cartpole::Cartpole;
pub use convolutions::Convolutions;
pub use gmm::Gmm;
pub use latent_layers::{LatentLayers, Maps};
pub use likelihood::Likelihood;
pub use model::{Model, Objective, Score, X_NAME, training_graph};
pub use options::ModelOptions;
pub use sbn::Sbn;
pub use sequence::Sequence;
pub use standardization::Standardization;
pub use structured::Structured;
pub use summary::DataSummary;
pub use table::{Choice, Entry, all, find};
pub use vae::{Latent, Vae};
pub use widths::Widths;

/// The number of parameters of a model; `None` if it overflows.
pub fn parameter_count(model: &dyn Model) -> Option<usize> {
    model
        .specs()
        .iter()
        .filter(|s| s.learned)
        .try_fold(0_usize, |sum, spec| sum.checked_add(spec.shape.checked_numel()?))
}
