//! Stochastic graphs as their authors write them: parameters, data, sites, costs; and their diagrams.

mod choice;
mod diagram;
mod model;

pub(crate) use choice::Choice;
pub use diagram::{Diagram, DiagramNode, NodeKind};
pub use model::{Cost, Data, Graph, Param, Sampled, SiteDef, State};
