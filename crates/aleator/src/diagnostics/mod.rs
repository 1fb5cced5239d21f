//! Measurements of estimators: bias, variance, computational cost, and the exact answer for comparison.

mod blind;
mod candidates;
mod compare;
mod exact;
mod exact_path;
mod hessian;
mod inspection;
mod kinks;
mod measure;
mod moments;
#[cfg(feature = "serde")]
mod number_in_json;
mod one_sided;
mod optimize;
mod origin;
mod pilot;
mod profile;
mod report;
mod tails;
mod timing;
mod verdict;

pub use blind::blind_spots;
pub(crate) use candidates::fixed_sites;
pub use candidates::plan_with;
pub use compare::{Compare, ExactAnswer, Progress, compare, grad};
pub(crate) use exact::exact_by;
pub use exact::{exact, exact_within};
pub use hessian::{SecondEstimate, SecondOrder, SecondReport, hessian};
pub use inspection::{Inspection, SiteReport, inspect};
pub use kinks::kinks;
pub use measure::{Measure, Measurement, measure};
pub use moments::Moments;
#[cfg(feature = "train")]
pub(crate) use optimize::fixed_places;
pub use optimize::{Optimize, optimize};
pub use origin::{origin, origin_or_advice};
pub use pilot::{Chosen, Pilot, choose_by_measurement};
pub use profile::{Limits, Profile, ProfiledPart, profile};
#[cfg(feature = "train")]
pub(crate) use report::own_parameters;
pub use report::*;
pub(crate) use tails::{MOST_KEPT, tail};
pub use timing::Timing;
pub use verdict::Verdict;
