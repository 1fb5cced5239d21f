//! Stochastic graphs: sites, costs, cones, and the rewriting into surrogates.

mod between;
mod cone;
mod constants;
mod count;
mod drawing;
mod draws;
mod influence;
mod inspect;
mod jump;
mod lint;
mod log_sum_exp;
mod meeting;
mod model;
mod one_hot;
mod outcomes;
mod own;
mod plan;
mod points;
mod range;
mod reach;
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
pub(crate) use range::Ranges;
pub use site::{Draw, Site};
pub(crate) use surrogate::build_with;
pub use surrogate::{Audit, DomainCheck, Layout, MOST_ALTERNATIVES, Surrogate, build};
