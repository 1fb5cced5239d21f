//! Stochastic computation graphs and gradient estimators.
pub mod data;
pub mod diagnostics;
pub mod graph;
