//! Probability distributions as expressions: every quantity is a graph, so everything has derivatives.
//!
//! A *family* (one file each) holds the formulas; a [`Distribution`] is a family with its parameters. Parameters
//! broadcast against each other over their batch axes; the event axes are the last ones. Axis order is always sample,
//! batch, event. Families that accept `probs` or `logits` keep whichever was given, so that probabilities of exactly
//! 0 and 1 and logits of ±10³ are both exact.

mod bernoulli;
mod beta;
mod categorical;
mod exponential;
mod family;
mod gamma;
mod gumbel;
mod laplace;
mod log_normal;
mod logistic;
mod noise;
mod normal;
mod one_hot_categorical;
mod poisson;
mod special;
mod table;
mod uniform;

pub use bernoulli::Bernoulli;
pub use beta::Beta;
pub use categorical::Categorical;
pub use exponential::Exponential;
pub use family::{Constraint, Distribution, Family, Parameter, Support};
pub use gamma::Gamma;
pub use gumbel::Gumbel;
pub use laplace::Laplace;
pub use log_normal::LogNormal;
pub use logistic::Logistic;
pub use noise::Noise;
pub use normal::Normal;
pub use one_hot_categorical::OneHotCategorical;
pub use poisson::Poisson;
pub use table::{Entry, Signature, all, find};
pub use uniform::Uniform;
