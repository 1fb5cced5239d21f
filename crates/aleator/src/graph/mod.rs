//! Stochastic graphs: sites, costs, cones, and the rewriting into surrogates.

mod cone;
mod drawing;
mod influence;
mod model;
mod site;
mod surrogate;
mod terms;

pub use cone::{Cone, Later};
pub use drawing::{Drawing, DrawnNode, NodeKind};
pub use influence::{AxisMap, Influence};
pub use model::{Cost, Data, Graph, Param, Sampled, SiteDef};
pub use site::{Draw, Memory, Site};
pub(crate) use surrogate::Analysis;
pub use surrogate::{DomainCheck, Layout, MOST_ALTERNATIVES, Surrogate, build};
