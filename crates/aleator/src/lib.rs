//! Stochastic computation graphs and gradient estimators.
//!
//! Write a computation in which some nodes are random, J(θ) = E\[F(z; θ)\] with z ~ p(z; θ), name an estimator for each
//! random node or let the library choose an unbiased one, and get a compiled program that estimates J and ∇θ J.
//!
//! ```
//! use aleator::prelude::*;
//!
//! let g = Graph::new();
//! let theta = g.param("theta", 0.0);
//! let b = g.sample("b", Bernoulli::from_logits(theta).via(ReinforceLoo));
//! g.cost("loss", (b - 0.45).square());
//!
//! let mut program = g.compile(&Options::new().samples(16))?;
//! let estimate = program.run()?;
//! println!("{} and {:?}", estimate.objective(), estimate.gradient("theta")?);
//! # Ok::<(), aleator::Error>(())
//! ```
//!
//! The modules are rooms in a row. Each imports only from those above it.
//!
//! | module | holds |
//! |---|---|
//! | [`distributions`] | probability distributions as expressions, one file each |
//! | [`graph`] | what an author writes: parameters, data, random sites, costs; and its diagram |
//! | [`drawing`] | the diagram of a graph as SVG, DOT or Mermaid |
//! | [`analysis`] | what is known of a graph: what a site influences, terms of the objective, jumps |
//! | [`rewrite`] | what an estimator is, and the rewriting of a graph and a plan into a surrogate |
//! | [`control_variates`] | what is subtracted from a cost before it multiplies a score |
//! | [`estimators`] | gradient estimators, one file each, and the table of all |
//! | [`plan`] | which estimator serves which site, and what to be warned of |
//! | [`Program`] | a compiled estimate: run it, read the objective and its gradient |
//! | [`diagnostics`] | bias, variance and computational cost, with the exact answer beside them; minimisation |
//! | [`certify`] | whether the mean of an estimate is the gradient: proofs and certificates |
//! | [`optim`], [`nn`], [`objectives`], [`models`], [`train`] | optimisers, layers, bounds, built-in models, and training on real data |
//! | [`language`], [`data`], [`files`], [`problems`] | the `.scg` language, real data, files, small problems |
//! | [`external_program`] | black boxes that are programs of their own |
//!
//! The modules [`language`], [`data`], and [`models`] with [`train`] are features of those names, all of them enabled by default. The
//! feature `serde` makes the reports of [`diagnostics`] serialisable.

#![forbid(unsafe_code)]

pub mod analysis;
pub mod certify;
mod citation;
pub mod control_variates;
#[cfg(feature = "data")]
pub mod data;
pub mod diagnostics;
pub mod distributions;
pub mod drawing;
mod error;
pub mod estimators;
#[cfg(feature = "language")]
pub mod external_program;
#[cfg(feature = "train")]
pub mod files;
pub mod graph;
mod interruption;
#[cfg(feature = "language")]
pub mod language;
#[cfg(feature = "train")]
pub mod models;
mod nearest;
pub mod nn;
pub mod objectives;
pub mod optim;
pub mod plan;
pub mod problems;
mod program;
mod quadrature;
pub mod rewrite;
#[cfg(feature = "train")]
pub mod train;

pub use aleator_engine::exec::pool::set_threads;
pub use citation::citation;
pub use error::{Error, Result};
pub use interruption::interruptible;
pub use program::{Estimate, Options, Program};

/// What most programs need: graphs, programs, and all estimators and distributions.
pub mod prelude {
    pub use crate::diagnostics::{Compare, compare};
    pub use crate::distributions::{
        Bernoulli, Beta, BetaBinomial, Binomial, Categorical, Cauchy, Chi2, ContinuousBernoulli, Dirichlet,
        DirichletMultinomial, Distribution, Exponential, Gamma, Geometric, Gumbel, HalfCauchy, HalfNormal,
        InverseGamma, KSubset, Kumaraswamy, Laplace, LogNormal, Logistic, Multinomial, MultivariateNormal,
        NegativeBinomial, Normal, OneHotCategorical, Pareto, Poisson, RelaxedBernoulli,
        RelaxedOneHotCategorical, StudentT, TruncatedNormal, Uniform, VonMises, Weibull,
    };
    pub use crate::estimators::{
        Antithetic, Arm, Arms, DecoupledStraightThrough, Disarm, DisarmCategorical, DoublyReparameterized,
        Enumeration, Estimator, Fini, GappedStraightThrough, GeneralizedReparameterization, Grpo, GumbelRao,
        GumbelSoftmax, ImplicitReparameterization, Lax, LocalExpectation, MeasureValued, MuProp, Nvil,
        Pathwise, PerturbationAnalysis, QuasiMonteCarlo, Rebar, ReinMax, ReinforceLoo,
        RejectionReparameterization, Relax, ScoreFunction, StickingTheLanding, StraightThrough,
        StraightThroughGumbelSoftmax, SumAndSample, UnorderedSet, Vimco, WithoutReplacement,
    };
    pub use crate::graph::{Expr, Graph, Reduction, concat};
    pub use crate::program::{Estimate, Options, Program};
}

#[cfg(all(doctest, feature = "language"))]
#[doc = include_str!("../README.md")]
struct Readme;
