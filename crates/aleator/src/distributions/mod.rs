//! Probability distributions as expressions. Every quantity is part of a graph and can be differentiated.
//!
//! A *family* (one file each) contains the formulas; a [`Distribution`] is a family with its parameters. Parameters broadcast
//! against each other over their batch axes; the event axes are the last ones. The order of axes is always sample, batch, event.
//! Families that accept `probs` or `logits` compute with the given one, so that both probabilities of exactly 0 and 1 and logits
//! of ±10³ are accurate.

// `Normal::new` returns a distribution of the family `Normal`.
#![allow(clippy::new_ret_no_self)]

mod argument;
mod bernoulli;
mod beta;
mod beta_binomial;
mod binomial;
mod categorical;
mod cauchy;
mod chi2;
mod compositions;
mod continuous_bernoulli;
mod coordinates;
mod dirichlet;
mod dirichlet_multinomial;
mod exponential;
mod family;
mod gamma;
mod geometric;
mod gumbel;
mod half;
mod half_cauchy;
mod half_normal;
mod implicit;
mod inverse_gamma;
mod jumps;
mod k_subset;
mod kl;
mod kumaraswamy;
mod laplace;
mod location_scale;
mod log_normal;
mod logistic;
mod misfit;
mod multinomial;
mod multivariate_normal;
mod negative_binomial;
mod net;
mod noise;
mod normal;
mod normal_tail;
mod one_hot_categorical;
mod pareto;
mod perturbation;
mod poisson;
mod quadratic_variance;
mod relaxed_bernoulli;
mod relaxed_one_hot_categorical;
mod sobol_matrices;
mod special;
mod student_t;
mod symmetric;
mod table;
mod transformation;
mod truncated_normal;
mod uniform;
mod von_mises;
mod weak_derivative;
mod weibull;

pub use argument::{Argument, Literal};
pub use bernoulli::Bernoulli;
pub use beta::Beta;
pub use beta_binomial::BetaBinomial;
pub use binomial::Binomial;
pub use categorical::Categorical;
pub use cauchy::Cauchy;
pub use chi2::Chi2;
pub use continuous_bernoulli::ContinuousBernoulli;
pub use dirichlet::Dirichlet;
pub use dirichlet_multinomial::DirichletMultinomial;
pub use exponential::Exponential;
pub use family::{Constraint, Distribution, Family, Parameter, Support};
pub use gamma::Gamma;
pub use geometric::Geometric;
pub use gumbel::Gumbel;
pub use half::Half;
pub use half_cauchy::HalfCauchy;
pub use half_normal::HalfNormal;
pub use implicit::{Flux, ImplicitReparameterization};
pub use inverse_gamma::InverseGamma;
pub use jumps::{JumpRates, Jumps};
pub use k_subset::KSubset;
#[cfg(feature = "language")]
pub(crate) use kl::has_kl;
pub use kl::{kl, kl_pairs};
pub use kumaraswamy::Kumaraswamy;
pub use laplace::Laplace;
pub use location_scale::LocationScale;
pub use log_normal::LogNormal;
pub use logistic::Logistic;
pub use multinomial::Multinomial;
pub use multivariate_normal::MultivariateNormal;
pub use negative_binomial::NegativeBinomial;
pub use net::{MOST_DIGITS, MOST_DIMENSIONS, Net, Scramble};
pub use noise::{FIRST_STREAM_OF_COINS, Noise, STREAMS_PER_SITE};
pub use normal::Normal;
pub use one_hot_categorical::OneHotCategorical;
pub use pareto::Pareto;
pub use perturbation::{Coupling, Perturbation};
pub use poisson::Poisson;
pub use quadratic_variance::QuadraticVariance;
pub use relaxed_bernoulli::RelaxedBernoulli;
pub use relaxed_one_hot_categorical::RelaxedOneHotCategorical;
pub use student_t::StudentT;
pub use table::{Entry, Signature, all, find, names};
pub use transformation::{Transform, Transformation, Transformed};
pub use truncated_normal::TruncatedNormal;
pub use uniform::Uniform;
pub use von_mises::VonMises;
pub use weak_derivative::{Place, Triple, WeakDerivative};
pub use weibull::Weibull;
