//! Tensor graphs as data: shapes, derivatives, and their execution on the CPU.
//!
//! A [`graph::Graph`] holds operations on dense real tensors; [`graph::Expr`] handles write it down with the
//! operators of arithmetic. [`autodiff`] takes derivatives from graph to graph, so they nest to any order.
//! [`exec::Program`] runs a graph in fused loops with reproducible random numbers; it is one [`backend`] of possibly several.
//! [`mod@export`] writes graphs down for other programs.

// Six files of `exec` need unsafe code and allow it, each with its reason: the arena that kernels share (`memory`), the kernels
// that read and write it (`fused`, `matmul`, `plain`, `draw/kernel`) and the threads that run them (`pool`). It is denied in
// the rest of `exec`, and forbidden in all other modules.
#![deny(unsafe_code)]

#[forbid(unsafe_code)]
pub mod autodiff;
#[forbid(unsafe_code)]
pub mod backend;
#[forbid(unsafe_code)]
pub mod compile;
#[forbid(unsafe_code)]
mod error;
pub mod exec;
#[forbid(unsafe_code)]
pub mod export;
#[forbid(unsafe_code)]
pub mod graph;

pub use error::{Error, human_bytes};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
