//! Plans: the choice of an estimator for each site, and warnings about a plan.

mod choice;
mod enumerated;
mod lint;
mod moving;
mod observation;
mod second_order;

pub use choice::Plan;
pub(crate) use lint::is_unbiased;
pub use lint::{Lint, lints};
