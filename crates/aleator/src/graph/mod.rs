//! Stochastic graphs.
mod drawing;
pub use drawing::{Drawing, DrawnNode, NodeKind};
