//! Tables for the terminal.

mod certificate;
mod choices;
mod columns;
mod comparison;
mod conclusions;
mod gradient;
mod optimization;
mod runs;
mod training;
mod values;

pub use certificate::certificate;
pub(crate) use certificate::{certificate_cells, certificate_sentence, remarks as certificate_remarks};
pub use choices::choices;
pub use comparison::comparison;
pub(crate) use comparison::comparison_cells;
pub(crate) use conclusions::best as best_sentence;
pub use gradient::gradient;
pub(crate) use optimization::group_names;
pub use optimization::{optimization, optimizations};
pub use runs::{Spread, evaluation, spread, training_spread};
pub(crate) use training::sign;
pub use training::{training, training_comparison};
pub(crate) use values::{element_name, l2, label, norm};

#[cfg(test)]
pub(crate) mod tests;
