//! Tensor graphs as data: shapes, derivatives, and their execution on the CPU.
//!
//! A [`graph::Graph`] holds operations on dense real tensors; [`graph::Expr`] handles write it down with the
//! operators of arithmetic. [`autodiff`] takes derivatives from graph to graph, so they nest to any order.
//! [`exec::Program`] runs a graph in fused loops with reproducible random numbers.

#![deny(unsafe_code)]

pub mod autodiff;
pub mod compile;
mod error;
pub mod exec;
pub mod graph;

pub use error::{Error, human_bytes};
