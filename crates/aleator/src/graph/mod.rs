//! Stochastic graphs: sites, costs, cones, and the rewriting into surrogates.

mod between;
mod cone;
mod count;
mod drawing;
mod influence;
mod inspect;
mod jump;
mod lint;
mod log_sum_exp;
mod model;
mod own;
mod plan;
mod range;
mod site;
mod surrogate;
mod terms;

pub use cone::{Cone, Later};
pub use drawing::{Drawing, DrawnNode, NodeKind};
pub use influence::{AxisMap, Influence};
pub use inspect::{Inspection, SiteReport, inspect};
pub use jump::{Jump, JumpKind, jump};
pub use lint::{Lint, lints};
pub use model::{Cost, Data, Graph, Param, Sampled, SiteDef, State};
pub use own::{OwnParam, Rule, Tuning};
pub use plan::Plan;
pub use site::{Draw, Site};
pub use surrogate::{DomainCheck, Layout, MOST_ALTERNATIVES, Surrogate, build};
