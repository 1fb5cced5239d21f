//! Stochastic computation graphs and gradient estimators.
pub mod diagnostics;
pub mod graph;
pub mod language;
