//! Derivatives, graph to graph: what they return are expressions of the same graph, so they nest to any order.
//!
//! Each operation has its rules in one file of `rules`: elementwise operations give their partial derivatives, from
//! which both modes follow; the others give the derivative of their result along tangents of their inputs (forward)
//! and along a cotangent of their result (reverse).

mod flow;
mod forward;
mod reverse;
mod rules;

pub use forward::jvp;
pub use reverse::{grad, vjp};
