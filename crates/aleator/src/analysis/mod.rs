//! Properties of a graph that are determined before it is rewritten. Nothing here creates an expression that a run computes.
//!
//! | question | files |
//! |---|---|
//! | Which costs does a site influence, and along which axes and draws? | `influence`, `reach`, `draws`, `meeting`, `constants` |
//! | Into which terms does the objective decompose? | `terms`, `log_sum_exp` |
//! | Which values can a node take? | `range`, `polynomial`, `count`, `between` |
//! | Which sites have a score? | `scores` |
//! | How does the log-density of a draw enter the costs? | `own_density`, `density_use` |
//! | Which parameter does a black box depend on directly? | `black_box` |
//! | Where does a cost jump, and do both sides meet there? | `discontinuity`, `steps`, `way`, `continuity`, `first_discontinuity`, `moving`, `stopped` |
//!
//! `graph_analysis` collects the answers for the rewriting, and `site_info`, filled by `describe_site`, provides what an estimator
//! may ask about one site.

mod axes;
mod between;
mod black_box;
mod constants;
mod continuity;
mod count;
mod density_use;
mod describe_site;
mod discontinuity;
mod draws;
mod elements;
mod first_discontinuity;
mod graph_analysis;
mod influence;
mod log_sum_exp;
mod meeting;
mod moving;
mod multilinear;
mod own_density;
mod polynomial;
mod range;
mod ranges;
mod reach;
mod scores;
mod selected;
mod site_info;
mod steps;
mod stopped;
mod terms;
mod way;

pub(crate) use axes::relocate;
pub(crate) use black_box::parameter_into_black_box;
pub(crate) use continuity::Continuity;
pub use discontinuity::{Discontinuity, DiscontinuityKind};
pub use first_discontinuity::FirstDiscontinuities;
pub(crate) use first_discontinuity::{first_discontinuities, never_met};
pub(crate) use graph_analysis::{Analysis, TermGroup, laws_depend_on_params, may_move};
pub use influence::{AxisMap, Influence};
pub(crate) use log_sum_exp::{LogSumExp, find as find_log_sum_exp};
pub use moving::discontinuity_moves;
pub(crate) use moving::{Moving, moving};
pub(crate) use own_density::{enters_linearly, own_densities};
pub(crate) use ranges::Ranges;
pub(crate) use scores::scored;
pub(crate) use selected::norm_of;
pub use site_info::SiteInfo;
pub(crate) use steps::Steps;
pub(crate) use stopped::Stopped;
pub(crate) use way::{FirstOnTheWay, Stops};
