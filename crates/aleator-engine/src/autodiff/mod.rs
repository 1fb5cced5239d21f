//! Differentiation from graph to graph: derivatives are expressions of the same graph, so they can be nested to any order.
//!
//! The rules of each operation are in one file of `rules`. Elementwise operations return their partial derivatives, from which
//! both modes follow. The other operations return the derivative of their result along tangents of their inputs (forward) and
//! along a cotangent of their result (reverse).

mod flow;
mod forward;
mod reverse;
mod rules;

pub use forward::jvp;
pub use reverse::{grad, vjp};
