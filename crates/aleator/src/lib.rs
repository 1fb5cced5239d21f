//! Stochastic computation graphs and gradient estimators.

mod citation;
pub mod control_variates;
pub mod data;
pub mod diagnostics;
pub mod distributions;
mod error;
pub mod estimators;
pub mod graph;
pub mod language;
pub mod optim;
pub mod problems;
mod program;

pub use citation::citation;
pub use error::{Error, Result};
pub use program::{Estimate, Options, Program};
