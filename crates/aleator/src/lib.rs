//! Stochastic computation graphs and gradient estimators.

pub mod control_variates;
pub mod data;
pub mod diagnostics;
pub mod distributions;
mod error;
pub mod estimators;
pub mod graph;
pub mod language;
pub mod optim;
mod program;
pub mod train;

pub use error::{Error, Result};
pub use program::{Estimate, Options, Program};
