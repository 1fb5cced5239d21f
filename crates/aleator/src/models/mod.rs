//! Models with random layers: each says what its draws are and how probable they and the data are, and can then be
//! trained by any objective and estimator, evaluated and drawn from.
//!
//! A model of your own is a type with the trait [`Model`]; nothing in the crate's own uses anything that yours cannot.

mod bayes_logistic;
mod bernoulli;
mod build;
mod cartpole;
mod gmm;
mod model;
mod sbn;
mod sequence;
mod structured;
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
pub use structured::Structured;
pub use table::{Choice, Entry, ModelOptions, all, find};
pub use vae::{Latent, Vae};

/// Number of parameters of a model; `None` if it overflows.
pub fn parameter_count(model: &dyn Model) -> Option<usize> {
    model
        .specs()
        .iter()
        .filter(|s| s.learned)
        .try_fold(0_usize, |sum, spec| sum.checked_add(spec.shape.checked_numel()?))
}
