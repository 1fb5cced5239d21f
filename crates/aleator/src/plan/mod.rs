//! Plans: which estimator serves which site, and what to be warned of under a plan.

mod choice;
mod lint;
mod moving;

pub use choice::Plan;
pub(crate) use lint::is_unbiased;
pub use lint::{Lint, lints};
