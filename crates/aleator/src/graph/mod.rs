//! Stochastic graphs as an author writes them: parameters, data, sites and costs, and the diagrams of graphs.

mod batched_data;
mod choice;
mod diagram;
mod model;

pub use aleator_engine::graph::{Axes, Axis, Expr, FromEnd, Reduction, Shape, concat};
pub use batched_data::{BatchedData, RowData};
pub(crate) use choice::Choice;
pub use diagram::{Diagram, DiagramNode, NodeKind};
pub use model::{Cost, Data, Graph, Param, Rewards, Sampled, SiteDef, State};
pub(crate) use model::{Law, Observation};
