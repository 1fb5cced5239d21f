//! Tables for the terminal.

mod columns;
mod comparison;
mod conclusions;
mod gradient;
mod optimization;
mod runs;
mod training;
mod values;

pub use comparison::comparison;
pub use gradient::gradient;
pub use optimization::optimization;
pub use runs::{Spread, evaluation, spread, training_spread};
pub(crate) use training::sign;
pub use training::{training, training_comparison};
pub(crate) use values::{element_name, l2, label, norm};

#[cfg(test)]
pub(crate) mod tests;
