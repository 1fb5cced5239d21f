//! A stochastic computation graph as a picture: deterministic nodes are squares, sites circles, costs diamonds.

mod dot;
mod edges;
mod layout;
mod legend;
mod mermaid;
mod nodes;
mod sites;
mod svg;
pub mod text;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;
