//! Tables for the terminal.

mod catalogue;
mod certificate;
mod choices;
mod columns;
mod comparison;
mod conclusions;
mod gradient;
mod optimization;
mod runs;
mod second;
mod training;
mod values;

pub use catalogue::catalogue;
pub(crate) use catalogue::{catalogue_counts, catalogue_identities, catalogue_reasons};
pub use certificate::certificate;
pub(crate) use certificate::{
    certificate_cells, certificate_sentence, identity_lines, remarks as certificate_remarks,
};
pub use choices::choices;
pub use comparison::comparison;
pub(crate) use comparison::comparison_cells;
pub(crate) use conclusions::best as best_sentence;
pub use gradient::gradient;
pub(crate) use optimization::group_names;
pub use optimization::{optimization, optimizations};
pub(crate) use runs::training_spread_cells;
pub use runs::{Spread, evaluation, spread, training_spread};
pub use second::second_derivatives;
pub(crate) use training::{
    gradient_cells, history_cells, sign, training_comparison_cells, training_conclusions, training_header,
};
pub use training::{training, training_comparison};
pub(crate) use values::{element_name, l2, label, norm};

#[cfg(test)]
pub(crate) mod tests;
